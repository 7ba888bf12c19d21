using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Maintenance;

/// <summary>What one round removed and made.</summary>
/// <param name="RangesMade">Ranges of time that got partitions.</param>
/// <param name="RangesDropped">Ranges that are gone.</param>
/// <param name="LogRangesDropped">Ranges whose log lines are gone.</param>
/// <param name="Executions">Executions removed.</param>
/// <param name="IdempotencyKeys">Keys removed.</param>
/// <param name="Workers">Rows of workers that ended long ago.</param>
/// <param name="Checkpoints">Checkpoints of executions that are gone.</param>
/// <param name="DefaultRows">Rows that lay in no partition of their own.</param>
/// <param name="Held">What stays although its time is over.</param>
internal sealed record RetentionReport(
    int RangesMade,
    int RangesDropped,
    int LogRangesDropped,
    long Executions,
    long IdempotencyKeys,
    long Workers,
    long Checkpoints,
    long DefaultRows,
    IReadOnlyList<HeldRange> Held
);

/// <summary>
/// Removes what has been kept for long enough. Executions go one by one, in small batches, when their time after the end is over: they are one
/// table. All that belongs to them, which is nearly everything, goes by the partition, when every execution of its range is gone, or all but a few.
/// Meanwhile their ended tasks are rows without an execution: no list shows them, and nothing revives them (TaskChanges).
/// <para>
/// Every step may be cut off and made again, and by two processes at once: each is a transaction that leaves nothing half done.
/// </para>
/// </summary>
internal sealed class HistoryRetention(Database database, HistoryPartitions partitions, RetentionOptions options)
{
    // Keys go before the executions they stand for: a key without one could answer nothing.
    private const string RemoveKeys = """
        delete from sje.idempotency_keys k using (
            select tenant, key from sje.idempotency_keys where created_at < now() - $1 order by created_at limit $2 for update skip locked) old
        where k.tenant = old.tenant and k.key = old.key
        """;

    // $1 after this one, $2 how long executions are kept, $3 how long dead letters are, $4 how many. Under each one's lock: a retry that comes first
    // has reopened it, and one that comes later finds nothing. What was left of it as a dead letter is one no more, here and in Hangfire.
    private const string RemoveExecutions = """
        with old as materialized (
            select e.id from sje.executions e
            where e.id > $1 and e.id < sje.id_at(now() - $2) and e.finished_at < now() - $2
                and (e.state = 'succeeded' or not exists (
                    select 1 from sje.finished_tasks f
                    where f.execution_id = e.id and f.state in ('failed', 'timed_out') and f.dismissed_at is null and f.finished_at > now() - $3))
            order by e.id limit $4 for update of e skip locked
        ), gone as (
            delete from sje.executions e using old where e.id = old.id returning e.id, e.state
        ), put_away as (
            update sje.finished_tasks f set dismissed_at = clock_timestamp(), row_version = f.row_version + 1,
                hangfire_sync_at = case when f.hangfire_job_id is not null then clock_timestamp() end
            from gone g
            where f.execution_id = g.id and g.state <> 'succeeded' and f.state in ('failed', 'timed_out') and f.dismissed_at is null
        )
        select id from gone order by id desc
        """;

    private const string RemoveWorkers = """
        delete from sje.workers w using (
            select id from sje.workers where ended_at < now() - $1 and state in ('stopped', 'dead')
            order by ended_at limit $2 for update skip locked) old
        where w.id = old.id and not exists (select 1 from sje.tasks t where t.worker_id = old.id and t.state = 'running')
        """;

    private const string RemoveOperations = """
        delete from sje.operations where id in (select id from sje.operations where finished_at < now() - $1 order by finished_at limit $2)
        """;

    // Whoever has watched nothing for longer reads everything anew.
    private const string RemoveNotices = """
        delete from sje.notices where ctid = any (array(select ctid from sje.notices where at < now() - $1 limit $2))
        """;

    private static readonly TimeSpan NoticesTime = TimeSpan.FromDays(1);

    private const string RemoveCheckpoints = """
        delete from sje.checkpoints k using (
            select task_id from sje.checkpoints c
            where c.execution_id < sje.id_at(now() - $1) and not exists (select 1 from sje.executions e where e.id = c.execution_id)
            limit $2) old
        where k.task_id = old.task_id
        """;

    // The default partition holds few rows: what was carried over, and what came while there was no partition.
    private static string RemoveDefault(string table) =>
        $"""
            delete from sje.{table}_default d using (
                select ctid from sje.{table}_default o
                where o.execution_id < sje.id_at(now() - $1) and not exists (select 1 from sje.executions e where e.id = o.execution_id)
                limit $2) old
            where d.ctid = old.ctid
            """;

    private const string RemoveDefaultLogs = """
        delete from sje.log_chunks_default d using (
            select o.ctid from sje.log_chunks_default o join sje.executions e on e.id = o.execution_id
            where o.execution_id < sje.id_at(now() - $1) and e.finished_at < now() - $1
            limit $2) old
        where d.ctid = old.ctid
        """;

    private const string FindNow = "select now()";

    private const int Batch = 1_000;

    /// <summary>One round, to its end.</summary>
    /// <exception cref="NpgsqlException">The database did not answer, or a lock could not be had for long. What was done stays done.</exception>
    public async Task<RetentionReport> RunAsync(CancellationToken stop)
    {
        var made = await partitions.ExtendAsync(options.Partition, stop);
        var keys = await RepeatAsync(RemoveKeys, options.IdempotencyKeysTime, stop);
        var workers = await RepeatAsync(RemoveWorkers, options.HistoryTime, stop);
        await RepeatAsync(RemoveOperations, options.HistoryTime, stop);
        await RepeatAsync(RemoveNotices, NoticesTime, stop);
        var executions = await RemoveExecutionsAsync(stop);
        var checkpoints = await RepeatAsync(RemoveCheckpoints, options.HistoryTime, stop);
        var held = new List<HeldRange>();
        var now = await NowAsync(stop);
        var (ranges, logRanges) = (0, 0);
        foreach (var range in await partitions.ReadAsync(stop))
        {
            if (range.To <= now - options.HistoryTime)
            {
                var why = await partitions.DropAsync(range, stop);
                ranges += why is null ? 1 : 0;
                if (why is not null)
                {
                    held.Add(why);
                }
            }

            // Also of a range that is held.
            if (
                range.To <= now - options.LogsTime
                && range.PartitionByTable.ContainsKey("log_chunks")
                && (range.To > now - options.HistoryTime || held.Any(h => h.To == range.To))
            )
            {
                var why = await partitions.DropLogsAsync(range, options.LogsTime, stop);
                logRanges += why is null ? 1 : 0;
                if (why is not null)
                {
                    held.Add(why);
                }
            }
        }

        await partitions.DropLeftOverAsync(stop);
        var rows = await RepeatAsync(RemoveDefaultLogs, options.LogsTime, stop);
        foreach (var table in HistoryPartitions.Tables)
        {
            rows += await RepeatAsync(RemoveDefault(table), options.HistoryTime, stop);
        }

        return new RetentionReport(made, ranges, logRanges, executions, keys, workers, checkpoints, rows, held);
    }

    private async Task<long> RemoveExecutionsAsync(CancellationToken stop)
    {
        var (removed, after) = (0L, Guid.Empty);
        while (true)
        {
            await using var command = database.Main.CreateCommand(RemoveExecutions);
            command.CommandTimeout = 0;
            command.Parameters.Add(P(after));
            command.Parameters.Add(P(options.HistoryTime));
            command.Parameters.Add(P(options.DeadLettersTime));
            command.Parameters.Add(P(Batch));
            await using var row = await command.ExecuteReaderAsync(stop);
            var count = 0;
            while (await row.ReadAsync(stop))
            {
                // The first one is the last by time. What was passed over before it is not looked at again in this round.
                after = count++ == 0 ? row.GetGuid(0) : after;
            }

            removed += count;
            if (count == 0)
            {
                return removed;
            }
        }
    }

    private async Task<long> RepeatAsync(string sql, TimeSpan keep, CancellationToken stop)
    {
        var removed = 0L;
        while (true)
        {
            await using var command = database.Main.CreateCommand(sql);
            command.CommandTimeout = 0;
            command.Parameters.Add(P(keep));
            command.Parameters.Add(P(Batch));
            var count = await command.ExecuteNonQueryAsync(stop);
            removed += count;
            if (count == 0)
            {
                return removed;
            }
        }
    }

    private async Task<DateTimeOffset> NowAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(FindNow);
        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        return row.GetFieldValue<DateTimeOffset>(0);
    }
}
