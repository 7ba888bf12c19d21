using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>A queue with what waits and runs in it now, how long its oldest task has waited, how many live workers serve it, how many of its tasks may run at a time, how many may wait, and how many may start in how many seconds.</summary>
public sealed record QueueStatus(
    string Name,
    string Lane,
    DateTimeOffset? PausedAt,
    long Blocked,
    long Queued,
    long Running,
    long WaitingRetry,
    double? OldestWaitSeconds,
    int Workers,
    int? MaxRunning,
    int? MaxQueued,
    int? MaxStarts,
    double? PerSeconds
);

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
            group by queue)
        select coalesce(q.name, c.queue) as name, coalesce(q.lane, c.lane) as lane, q.paused_at,
               coalesce(c.blocked, 0), coalesce(c.queued, 0), coalesce(c.running, 0), coalesce(c.waiting_retry, 0),
               c.oldest_wait::float8,
               (select count(*)::int from sje.workers w
                where w.state = 'active' and w.lease_until > now()
                  and (w.queues @> array[coalesce(q.name, c.queue)] or '*' = any(w.queues))),
               q.max_running, q.max_queued, q.max_starts, extract(epoch from q.starts_per)::float8
        from (select * from sje.queues where $1::text is null or name = $1) q
        full join counted c on c.queue = q.name
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
            queues.Add(
                new QueueStatus(
                    reader.GetString(0),
                    reader.GetString(1),
                    await reader.IsDBNullAsync(2, stop) ? null : reader.GetFieldValue<DateTimeOffset>(2),
                    reader.GetInt64(3),
                    reader.GetInt64(4),
                    reader.GetInt64(5),
                    reader.GetInt64(6),
                    await reader.IsDBNullAsync(7, stop) ? null : Math.Round(reader.GetDouble(7), 3),
                    reader.GetInt32(8),
                    await reader.IsDBNullAsync(9, stop) ? null : reader.GetInt32(9),
                    await reader.IsDBNullAsync(10, stop) ? null : reader.GetInt32(10),
                    await reader.IsDBNullAsync(11, stop) ? null : reader.GetInt32(11),
                    await reader.IsDBNullAsync(12, stop) ? null : reader.GetDouble(12)
                )
            );
        }

        return queues;
    }
}
