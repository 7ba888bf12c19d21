using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>What waits and runs in a queue. <see cref="Workers"/> counts the live ones that serve it.</summary>
public sealed record QueueLoad(
    string Name,
    bool Paused,
    long Blocked,
    long Queued,
    long WaitingRetry,
    long RunningBackground,
    long RunningDirect,
    double? OldestWaitSeconds,
    int Workers
);

/// <summary>A worker that holds a lease now; <see cref="HeartbeatAgeSeconds"/> is by the database's clock.</summary>
public sealed record LiveWorker(
    Guid Id,
    string Name,
    string State,
    IReadOnlyList<string> Queues,
    int Slots,
    int DirectSlots,
    double HeartbeatAgeSeconds
);

/// <summary>
/// What the core has to do now, over all tenants. Up to <see cref="CoreLoadReader.ExactPages"/> pages of live tasks every figure is exact. Beyond, counts of
/// a queue are exact up to <see cref="CoreLoadReader.ExactRows"/> and then scaled up from a sample, and so is <see cref="WaitingByPriority"/>;
/// <see cref="Exact"/> says which.
/// </summary>
public sealed record CoreLoad(
    IReadOnlyList<QueueLoad> Queues,
    IReadOnlyDictionary<int, long> WaitingByPriority,
    long RunningExecutions,
    long DeadLetters,
    IReadOnlyList<LiveWorker> Workers,
    bool Exact
);

/// <summary>
/// Reads <see cref="CoreLoad"/> for those who watch. What it costs does not grow with what waits: at most a fixed number of pages of the table is
/// read, and of an index so many rows a queue. An answer serves everybody who asks within two seconds.
/// </summary>
public sealed class CoreLoadReader(Database database, TimeProvider clock)
{
    /// <summary>Pages of <c>sje.tasks</c> that are read whole; of a larger table as many are drawn.</summary>
    public const int ExactPages = 2_000;

    /// <summary>How far tasks of a queue in a state are counted when not all are read.</summary>
    public const int ExactRows = 10_000;

    /// <summary>Queues that are told apart, by name; the others are one.</summary>
    public const int MostQueues = 200;

    /// <summary>The name of these others. No queue can be called so.</summary>
    public const string OtherQueues = "(other)";

    private const string Share = "least(100, 100.0 * 2000 / greatest(pg_relation_size('sje.tasks') / 8192, 1))::real";

    private const string Waiting = $$"""
        select queue, state, dispatched and holds = '{}', priority, count(*),
            extract(epoch from clock_timestamp() - min(available_at) filter (where state = 'queued' and available_at <= clock_timestamp()))::float8,
            {{Share}}
        from sje.tasks tablesample system ({{Share}}) where state <> 'running' group by 1, 2, 3, 4
        """;

    private const string Running = "select queue, lane, count(*) from sje.tasks where state = 'running' group by 1, 2";

    private const string Totals = $"""
        select (select count(distinct execution_id) from sje.tasks where state = 'running'),
            (select count(*) from (
                select 1 from sje.finished_tasks where state in ('failed', 'timed_out') and dismissed_at is null limit 10000) dead),
            {Share}
        """;

    private const string Workers = """
        select id, name, state, queues, slots, direct_slots, extract(epoch from clock_timestamp() - heartbeat_at)::float8
        from sje.workers where state in ('active', 'draining') and lease_until > clock_timestamp() order by id
        """;

    private const string Queues = "select name, paused_at is not null from sje.queues order by name limit 200";

    // Along the indexes of the claim, of retries and of blocked tasks.
    private const string Counted = """
        select q.name,
            (select count(*) from (select 1 from sje.tasks t
                where t.queue = q.name and t.state = 'blocked' limit 10000) x),
            ready.count,
            (select count(*) from (select 1 from sje.tasks t
                where t.queue = q.name and t.state = 'waiting_retry' limit 10000) x),
            extract(epoch from clock_timestamp() - ready.oldest)::float8
        from unnest($1::text[]) q(name)
        cross join lateral (
            select count(*) as count, min(available_at) filter (where available_at <= clock_timestamp()) as oldest from (
                select available_at from sje.tasks t
                where t.queue = q.name and t.state = 'queued' and t.dispatched and t.holds = '{}' limit 10000) x) ready
        """;

    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private long readAt;
    private CoreLoad? last;

    /// <summary>The load of now, or of less than two seconds ago.</summary>
    /// <exception cref="NpgsqlException">The database cannot be asked.</exception>
    public CoreLoad Read()
    {
        // Whoever watches may wait for another's look, and then has its answer.
        lock (gate)
        {
            if (last is null || clock.GetElapsedTime(readAt) >= GoodFor)
            {
                last = ReadNow();
                readAt = clock.GetTimestamp();
            }

            return last;
        }
    }

    private CoreLoad ReadNow()
    {
        using var connection = database.Main.OpenConnection();
        var paused = new Dictionary<string, bool>(StringComparer.Ordinal);
        var waiting = new List<Sampled>();
        var running = new List<(string Queue, string Lane, long Count)>();
        var workers = new List<LiveWorker>();
        long executions,
            dead;
        double share;
        using (var batch = new NpgsqlBatch(connection) { Timeout = 5 })
        {
            foreach (var sql in new[] { Queues, Waiting, Running, Workers, Totals })
            {
                batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
            }

            using var row = batch.ExecuteReader();
            while (row.Read())
            {
                paused[row.GetString(0)] = row.GetBoolean(1);
            }

            row.NextResult();
            while (row.Read())
            {
                waiting.Add(
                    new Sampled(
                        row.GetString(0),
                        row.GetString(1),
                        row.GetBoolean(2),
                        row.GetInt16(3),
                        row.GetInt64(4) * 100 / (double)row.GetFloat(6),
                        row.IsDBNull(5) ? null : row.GetDouble(5)
                    )
                );
            }

            row.NextResult();
            while (row.Read())
            {
                running.Add((row.GetString(0), row.GetString(1), row.GetInt64(2)));
            }

            row.NextResult();
            while (row.Read())
            {
                workers.Add(
                    new LiveWorker(
                        row.GetGuid(0),
                        row.GetString(1),
                        row.GetString(2),
                        row.GetFieldValue<string[]>(3),
                        row.GetInt32(4),
                        row.GetInt32(5),
                        row.GetDouble(6)
                    )
                );
            }

            row.NextResult();
            row.Read();
            (executions, dead, share) = (row.GetInt64(0), row.GetInt64(1), row.GetFloat(2));
        }

        var exact = share >= 100;
        var counted = exact ? [] : CountAlongIndexes(connection, [.. paused.Keys]);
        return new CoreLoad(
            [.. Names(paused, waiting, running).Select(name => Of(name, paused, waiting, running, workers, counted))],
            waiting
                .GroupBy(group => (int)group.Priority)
                .ToDictionary(group => group.Key, group => (long)Math.Round(group.Sum(g => g.Count))),
            executions,
            dead,
            workers,
            exact
        );
    }

    private static IEnumerable<string> Names(
        Dictionary<string, bool> known,
        List<Sampled> waiting,
        List<(string Queue, string Lane, long Count)> running
    ) =>
        waiting.Select(w => w.Queue).Concat(running.Select(r => r.Queue)).Any(queue => !known.ContainsKey(queue))
            ? known.Keys.Append(OtherQueues)
            : known.Keys;

    private static QueueLoad Of(
        string name,
        Dictionary<string, bool> known,
        List<Sampled> waiting,
        List<(string Queue, string Lane, long Count)> running,
        List<LiveWorker> workers,
        Dictionary<string, Counts> counted
    )
    {
        bool Mine(string queue) => known.ContainsKey(queue) ? queue == name : name == OtherQueues;
        var own = waiting.Where(w => Mine(w.Queue)).ToList();
        var has = counted.TryGetValue(name, out var exactly);

        // A count that reached its end says "so many or more".
        long Figure(Func<Counts, long> index, Func<Sampled, bool> which)
        {
            var sampled = (long)Math.Round(own.Where(which).Sum(w => w.Count));
            return !has ? sampled
                : index(exactly!) < ExactRows ? index(exactly!)
                : Math.Max(sampled, ExactRows);
        }

        return new QueueLoad(
            name,
            known.GetValueOrDefault(name),
            Figure(c => c.Blocked, w => w.State == "blocked"),
            Figure(c => c.Queued, w => w is { State: "queued", Claimable: true })
                + (long)Math.Round(own.Where(w => w is { State: "queued", Claimable: false }).Sum(w => w.Count)),
            Figure(c => c.WaitingRetry, w => w.State == "waiting_retry"),
            running.Where(r => Mine(r.Queue) && r.Lane != "direct").Sum(r => r.Count),
            running.Where(r => Mine(r.Queue) && r.Lane == "direct").Sum(r => r.Count),
            // The longest of a sample is near the longest of all.
            has && exactly!.Queued < ExactRows
                ? exactly.OldestWait
                : own.Max(w => w.OldestWait),
            name == OtherQueues ? 0 : workers.Count(w => w.Queues.Contains(name) || w.Queues.Contains("*"))
        );
    }

    private static Dictionary<string, Counts> CountAlongIndexes(NpgsqlConnection connection, string[] queues)
    {
        using var command = new NpgsqlCommand(Counted, connection) { CommandTimeout = 5 };
        command.Parameters.Add(new NpgsqlParameter { Value = queues });
        using var row = command.ExecuteReader();
        var counted = new Dictionary<string, Counts>(StringComparer.Ordinal);
        while (row.Read())
        {
            counted[row.GetString(0)] = new Counts(
                row.GetInt64(1),
                row.GetInt64(2),
                row.GetInt64(3),
                row.IsDBNull(4) ? null : row.GetDouble(4)
            );
        }

        return counted;
    }

    private sealed record Sampled(
        string Queue,
        string State,
        bool Claimable,
        short Priority,
        double Count,
        double? OldestWait
    );

    private sealed record Counts(long Blocked, long Queued, long WaitingRetry, double? OldestWait);
}
