using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>Ends what waited longer than its limit and what took longer in all, in every process, row by row.</summary>
internal sealed partial class Deadlines(Database database, Signals signals, TimeProvider clock, ILogger<Deadlines> log)
    : BackgroundService
{
    private const string OverTime = """
        (select execution_id, id, 'queued timeout' from sje.tasks
        where queued_deadline_at <= clock_timestamp() and state in ('queued', 'waiting_retry') limit 100)
        union all
        (select id, null, 'total timeout' from sje.executions
        where total_deadline_at <= clock_timestamp() and finished_at is null and cancel_requested_at is null limit 100)
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    /// <summary>Ends what is over time now.</summary>
    internal async Task RoundAsync(CancellationToken stop)
    {
        var found = new List<(Guid Execution, Guid? Task, string Reason)>();
        await using (var command = database.Main.CreateCommand(OverTime))
        {
            await using var rows = await command.ExecuteReaderAsync(stop);
            while (await rows.ReadAsync(stop))
            {
                found.Add((rows.GetGuid(0), await rows.GetFieldValueAsync<Guid?>(1, stop), rows.GetString(2)));
            }
        }

        foreach (var (execution, task, reason) in found)
        {
            await EndAsync(execution, reason, task, stop);
        }
    }

    private async Task EndAsync(Guid execution, string reason, Guid? task, CancellationToken stop)
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var batch = new NpgsqlBatch(connection);
        if (task is { } waiting)
        {
            TaskChanges.AddQueueTimeout(batch, execution, waiting, reason);
        }
        else
        {
            TaskChanges.AddCancel(batch, execution, new Wish(reason), Cancelling.ByTotalTimeout);
        }

        await Settlement.ExecuteAsync(batch, stop);
        LogEnded(log, execution, reason);
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Change);
    }

    [LoggerMessage(140, LogLevel.Information, "Execution {ExecutionId}: {Reason}")]
    private static partial void LogEnded(ILogger logger, Guid executionId, string reason);

    [LoggerMessage(141, LogLevel.Warning, "No round of deadlines: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
