using Npgsql;
using Sje.Core.Security;

namespace Sje.Jobs.Storage;

/// <summary>A queue with what waits and runs in it now.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Lane">What carries its tasks to a worker.</param>
/// <param name="PausedAt">Since when it starts nothing.</param>
/// <param name="PausedBy">Who paused it.</param>
/// <param name="PauseReason">Why.</param>
/// <param name="HeldBecause">Why it starts nothing now although something is due; null where it starts tasks, or has none.</param>
/// <param name="Depth">Tasks that wait for a worker or for their next attempt.</param>
/// <param name="Blocked">Tasks that wait for others.</param>
/// <param name="Queued">Tasks that wait for a worker.</param>
/// <param name="Running">Tasks that run.</param>
/// <param name="WaitingRetry">Tasks that wait for their next attempt.</param>
/// <param name="OldestWaitSeconds">How long the oldest that is due has waited.</param>
/// <param name="InPerSecond">Tasks that are accepted for it a second, over the last minute.</param>
/// <param name="OutPerSecond">Tasks of it that end a second, over the last minute.</param>
/// <param name="Workers">Live workers that serve it.</param>
/// <param name="MaxRunning">How many of its tasks may run at a time.</param>
/// <param name="MaxQueued">How many may wait.</param>
/// <param name="MaxStarts">How many may start in <paramref name="PerSeconds"/>.</param>
/// <param name="PerSeconds">The stretch of time of <paramref name="MaxStarts"/>.</param>
public sealed record QueueStatus(
    string Name,
    string Lane,
    DateTimeOffset? PausedAt,
    string? PausedBy,
    string? PauseReason,
    string? HeldBecause,
    long Depth,
    long Blocked,
    long Queued,
    long Running,
    long WaitingRetry,
    double? OldestWaitSeconds,
    double InPerSecond,
    double OutPerSecond,
    int Workers,
    int? MaxRunning,
    int? MaxQueued,
    int? MaxStarts,
    double? PerSeconds
)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>Reads queues, those among them that only tasks name.</summary>
public sealed class QueueReader(Database database)
{
    private const string ListSql = """
        with counted as (
            select queue, min(lane) as lane,
                   count(*) filter (where state = 'blocked') as blocked,
                   count(*) filter (where state = 'queued') as queued,
                   count(*) filter (where state = 'running') as running,
                   count(*) filter (where state = 'waiting_retry') as waiting_retry,
                   extract(epoch from now() - min(coalesce(queued_at, accepted_at)) filter (where state = 'queued' and available_at <= now()))
                       as oldest_wait
            from sje.tasks
            where $1::text is null or queue = $1
            group by queue
        ), came as (
            -- Ids begin with the time of acceptance, so the primary key knows the last minute.
            select queue, sum(task_count) as tasks from sje.executions
            where id >= sje.id_at(now() - interval '2 minutes') and accepted_at >= now() - interval '1 minute' group by queue
        ), ended as (
            select queue, count(*) as tasks from sje.finished_tasks where finished_at >= now() - interval '1 minute' group by queue
        ), serving as (
            select unnest(queues) as queue, paused_at is not null or drain_requested_at is not null as paused from sje.workers
            where state = 'active' and lease_until > now()
        )
        select coalesce(q.name, c.queue) as name, coalesce(q.lane, c.lane) as lane, q.paused_at,
               coalesce(c.blocked, 0), coalesce(c.queued, 0), coalesce(c.running, 0), coalesce(c.waiting_retry, 0),
               c.oldest_wait::float8,
               w.alive, q.max_running, q.max_queued, q.max_starts, extract(epoch from q.starts_per)::float8,
               q.paused_by, q.pause_reason, coalesce(i.tasks, 0)::bigint, coalesce(o.tasks, 0)::bigint, w.alive - w.paused,
               q.max_starts is not null and (select coalesce(sum(s.tasks), 0) from sje.queue_starts s
                   where s.queue = q.name and s.at > clock_timestamp() - q.starts_per) >= q.max_starts
        from (select * from sje.queues where $1::text is null or name = $1) q
        full join counted c on c.queue = q.name
        left join came i on i.queue = coalesce(q.name, c.queue)
        left join ended o on o.queue = coalesce(q.name, c.queue)
        cross join lateral (
            select count(*)::int as alive, (count(*) filter (where v.paused))::int as paused from serving v
            where v.queue in (coalesce(q.name, c.queue), '*')) w
        where $2::text is null or coalesce(q.name, c.queue) > $2 collate "C"
        order by coalesce(q.name, c.queue) collate "C"
        limit $3
        """;

    /// <summary>Queues by name, those after <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<QueueStatus>> ListAsync(string? after, int limit, CancellationToken stop) =>
        ReadAsync(null, after, limit, stop);

    /// <summary>One queue; null when neither a person nor a task ever named it.</summary>
    public async Task<QueueStatus?> FindAsync(string name, CancellationToken stop) =>
        await ReadAsync(name, null, 1, stop) is [var only] ? only : null;

    private async Task<IReadOnlyList<QueueStatus>> ReadAsync(
        string? name,
        string? after,
        int limit,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(ListSql);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)name ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)after ?? DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        var queues = new List<QueueStatus>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            queues.Add(Read(reader));
        }

        return queues;
    }

    private static QueueStatus Read(NpgsqlDataReader row)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        int? Whole(int column) => row.IsDBNull(column) ? null : row.GetInt32(column);
        var queue = new QueueStatus(
            row.GetString(0),
            row.GetString(1),
            row.IsDBNull(2) ? null : row.GetFieldValue<DateTimeOffset>(2),
            Text(13),
            Text(14),
            null,
            row.GetInt64(4) + row.GetInt64(6),
            row.GetInt64(3),
            row.GetInt64(4),
            row.GetInt64(5),
            row.GetInt64(6),
            row.IsDBNull(7) ? null : Math.Round(row.GetDouble(7), 3),
            Math.Round(row.GetInt64(15) / 60.0, 3),
            Math.Round(row.GetInt64(16) / 60.0, 3),
            row.GetInt32(8),
            Whole(9),
            Whole(10),
            Whole(11),
            row.IsDBNull(12) ? null : row.GetDouble(12)
        );
        return queue with { HeldBecause = HeldBecause(queue, row.GetInt32(17), row.GetBoolean(18)) };
    }

    private static string? HeldBecause(QueueStatus queue, int claiming, bool startedAll) =>
        queue switch
        {
            { PausedAt: not null } => "it is paused",
            { OldestWaitSeconds: null } => null,
            { Workers: 0 } => "no live worker serves it",
            _ when claiming == 0 => "every worker that serves it is paused or drains",
            { MaxRunning: { } most } when queue.Running >= most => $"it runs {queue.Running} of {most} tasks",
            { MaxStarts: { } most } when startedAll =>
                $"it has started {most} tasks in the last {queue.PerSeconds} s, as many as it may",
            _ => null,
        };
}
