using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>Ends what waited longer than its limit and what took longer in all, in every process, row by row.</summary>
internal sealed partial class Deadlines(Database database, Signals signals, TimeProvider clock, ILogger<Deadlines> log)
    : BackgroundService
{
    private const string WaitedTooLong = """
        select execution_id, id from sje.tasks
        where queued_deadline_at <= clock_timestamp() and state in ('queued', 'waiting_retry') limit 100
        """;

    private const string TookTooLong = """
        select id from sje.executions
        where total_deadline_at <= clock_timestamp() and finished_at is null and cancel_requested_at is null limit 100
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
        foreach (var (execution, task) in await FindAsync(WaitedTooLong, 2, stop))
        {
            await EndAsync(execution, "queued timeout", task, stop);
        }

        foreach (var (execution, _) in await FindAsync(TookTooLong, 1, stop))
        {
            await EndAsync(execution, "total timeout", null, stop);
        }
    }

    private async Task<List<(Guid Execution, Guid Task)>> FindAsync(string sql, int columns, CancellationToken stop)
    {
        var found = new List<(Guid, Guid)>();
        await using var command = database.Main.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
        {
            found.Add((rows.GetGuid(0), columns == 2 ? rows.GetGuid(1) : default));
        }

        return found;
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
