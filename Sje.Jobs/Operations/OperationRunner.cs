using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Operations;

/// <summary>
/// Works off operations, in every process, a slice at a time. A slice that fails on one row's account is tried row by row; that row is noted as
/// failed, and the others go on.
/// </summary>
internal sealed partial class OperationRunner(
    OperationStore operations,
    Signals signals,
    TimeProvider clock,
    ILogger<OperationRunner> log
) : BackgroundService
{
    /// <summary>Rows of a slice: its executions are locked for some tens of milliseconds.</summary>
    internal const int MostTogether = 500;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var alone = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var control = signals.Next(SignalKind.Control);
            try
            {
                var worked = await operations.WorkAsync(alone > 0 ? 1 : MostTogether, null, stoppingToken);
                alone = Math.Max(0, alone - 1);
                if (worked is { } at)
                {
                    if (at.Over)
                    {
                        LogOver(log, at.Operation);
                    }

                    continue;
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (PostgresException e) when (DatabaseOutage.Classify(e) is null && !e.IsTransient)
            {
                LogRowFailed(log, e.MessageText);
                if (alone == 0)
                {
                    alone = MostTogether;
                    continue;
                }

                if (await PassOverAsync(e.MessageText, stoppingToken))
                {
                    continue;
                }
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
                await Task.Delay(Poll, clock, stoppingToken);
            }

            await signals.WaitAsync(control, Poll, stoppingToken);
        }
    }

    private async Task<bool> PassOverAsync(string why, CancellationToken stop)
    {
        try
        {
            await operations.WorkAsync(1, why, stop);
            return true;
        }
        catch (NpgsqlException e)
        {
            LogFailed(log, e.Message);
            return false;
        }
    }

    [LoggerMessage(180, LogLevel.Information, "Operation {OperationId} is over")]
    private static partial void LogOver(ILogger logger, Guid operationId);

    [LoggerMessage(181, LogLevel.Warning, "A row of an operation could not be changed: {Reason}")]
    private static partial void LogRowFailed(ILogger logger, string reason);

    [LoggerMessage(182, LogLevel.Warning, "No slice of an operation: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
