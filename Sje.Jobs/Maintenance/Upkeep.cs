using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Maintenance;

/// <summary>
/// The upkeep of what has ended: partitions made ahead and dropped, old rows removed, logs merged. In every process that serves, one of them at a
/// time: whoever has the session advisory lock has the turn, and the database frees it with the process. Two at once would do no harm either.
/// </summary>
internal sealed partial class Upkeep(
    Database database,
    HistoryRetention retention,
    LogMerging merging,
    RetentionStatus status,
    TimeProvider clock,
    ILogger<Upkeep> log
) : BackgroundService
{
    // The lock is this session's. One that stands still for very long loses it.
    private const string TryLock =
        "select set_config('idle_session_timeout', '30min', false), pg_try_advisory_lock(hashtextextended($1, 0))";

    private const int AttemptsAtOnce = 200;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenMerges = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromHours(1);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMinutes(1);

    /// <summary>One round of retention, if one is due and no other process is at it; what it did, or null.</summary>
    public Task<RetentionReport?> RetainAsync(CancellationToken stop) =>
        AloneAsync<RetentionReport?>(
            "sje.retention",
            async () =>
            {
                if (!await status.BeginAsync(BetweenRounds, stop))
                {
                    return null;
                }

                try
                {
                    var report = await retention.RunAsync(stop);
                    await status.EndAsync(report, null, AfterFailure, stop);
                    LogRound(log, report.Executions, report.RangesDropped, report.LogRangesDropped);
                    foreach (var held in report.Held)
                    {
                        LogHeld(log, held.What, held.From, held.To, held.Why);
                    }

                    return report;
                }
                catch (NpgsqlException e)
                {
                    await status.EndAsync(null, e.Message, AfterFailure, stop);
                    throw;
                }
            },
            null,
            stop
        );

    /// <summary>Merges logs, if no other process is at it; returns of how many attempts.</summary>
    public Task<int> MergeAsync(CancellationToken stop) =>
        AloneAsync("sje.log_merging", () => merging.RunAsync(AttemptsAtOnce, stop), 0, stop);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var merged = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await status.IsDueAsync(stoppingToken))
                {
                    await RetainAsync(stoppingToken);
                }

                if (clock.GetElapsedTime(merged) >= BetweenMerges)
                {
                    while (await MergeAsync(stoppingToken) == AttemptsAtOnce) { }

                    merged = clock.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await Task.Delay(Poll, clock, stoppingToken);
        }
    }

    private async Task<T> AloneAsync<T>(string name, Func<Task<T>> act, T otherwise, CancellationToken stop)
    {
        await using var connection = await database.Locks.OpenConnectionAsync(stop);
        await using (var take = new NpgsqlCommand(TryLock, connection))
        {
            take.Parameters.Add(P(name));
            await using var row = await take.ExecuteReaderAsync(stop);
            await row.ReadAsync(stop);
            if (!row.GetBoolean(1))
            {
                return otherwise;
            }
        }

        // Closing the connection resets the session, which frees the lock.
        return await act();
    }

    [LoggerMessage(
        1001,
        LogLevel.Debug,
        "A round of retention removed {Executions} executions, and dropped {Ranges} ranges of history and {LogRanges} of logs"
    )]
    private static partial void LogRound(ILogger logger, long executions, int ranges, int logRanges);

    [LoggerMessage(1002, LogLevel.Information, "The {What} from {From} to {To} is kept for now: {Why}")]
    private static partial void LogHeld(
        ILogger logger,
        string what,
        DateTimeOffset? from,
        DateTimeOffset to,
        string why
    );

    [LoggerMessage(1003, LogLevel.Warning, "No round of upkeep: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
