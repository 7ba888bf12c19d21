using System.Globalization;
using Npgsql;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>What a living worker offers.</summary>
internal sealed record WorkerOffer(
    string[] Queues,
    string[] Engines,
    string[] Labels,
    double Cpus,
    long MemoryBytes,
    int DirectSlots = 0,
    bool Paused = false
);

/// <summary>What decides whether tasks can run now.</summary>
internal sealed record WaitFacts
{
    public required DateTimeOffset Now { get; init; }
    public required IReadOnlyList<WorkerOffer> Workers { get; init; }
    public required IReadOnlyDictionary<string, DateTimeOffset> PausedQueues { get; init; }

    /// <summary>Of each queue that may start no task now: why.</summary>
    public IReadOnlyDictionary<string, string> FullQueues { get; init; } = new Dictionary<string, string>();

    /// <summary>What limits beside its queue hold a task back, by the task's id.</summary>
    public IReadOnlyDictionary<Guid, string> HeldBy { get; init; } = new Dictionary<Guid, string>();

    /// <summary>Names of the unfinished tasks that a blocked one waits for, by the blocked task's id.</summary>
    public IReadOnlyDictionary<Guid, string[]> BlockedOn { get; init; } = new Dictionary<Guid, string[]>();

    /// <summary>Runnable tasks before a task in its queue, by the task's id; counted up to <see cref="WaitReasons.MaxBehind"/>.</summary>
    public IReadOnlyDictionary<Guid, int> Behind { get; init; } = new Dictionary<Guid, int>();
}

/// <summary>Why a task does not run, in words.</summary>
/// <param name="Text">The reason.</param>
/// <param name="Position">Its place among those that only wait for others before them, from 1; null where something else keeps it.</param>
public sealed record WaitReason(string Text, int? Position);

/// <summary>
/// Says in words why a task does not run. Nothing of it is stored: it is worked out from the tables of now when somebody asks.
/// </summary>
public sealed class WaitReasons(Database database)
{
    internal const int MaxBehind = 1000;

    private const string WorkersSql = """
        select queues, engines, labels, cpus, memory_bytes, direct_slots, paused_at is not null from sje.workers where state = 'active' and lease_until > now()
        """;

    private const string PausedSql = "select name, paused_at from sje.queues where paused_at is not null";

    // Those that run as many tasks as they may, or have started as many.
    private const string FullSql = """
        select q.name, format('queue ''%s'' runs %s of %s tasks', name, max_running, max_running) from sje.queues q
        where q.max_running is not null
            and (select count(*) from sje.tasks t where t.state = 'running' and t.queue = q.name) >= q.max_running
        union all
        select q.name, format('queue ''%s'' has started %s tasks in the last %s s, as many as it may', name, max_starts,
            trim_scale(extract(epoch from starts_per)::numeric)) from sje.queues q
        where q.max_starts is not null and (select sum(tasks) from sje.queue_starts s
            where s.queue = q.name and s.at > clock_timestamp() - q.starts_per) >= q.max_starts
        """;

    // The first that applies: the job is paused, its executions are as many as may be, the key is used up, the target is broken.
    private const string HeldBySql = $"""
        select t.id, case
            when '{TaskHolds.Job}' = any (t.holds) then format('job ''%s'' is paused', e.name)
            when '{TaskHolds.Concurrency}' = any (t.holds) then
                format('job ''%s'' has %s of %s executions going on', e.name, e.concurrency_max, e.concurrency_max)
            when k.name is not null then format('concurrency key ''%s'' has %s of %s tasks running', k.name, k.max_running, k.max_running)
            when b.open_until > now() then format('the circuit breaker of ''%s'' is open until %s', b.target,
                to_char(b.open_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
            else format('''%s'' is tried by one task at a time: its circuit breaker was open', b.target) end
        from sje.tasks t join sje.executions e on e.id = t.execution_id
            left join sje.concurrency_keys k on k.name = t.concurrency_key
                and (select count(*) from sje.tasks r
                    where r.state = 'running' and r.concurrency_key <> '' and r.concurrency_key = k.name) >= k.max_running
            left join sje.circuit_breakers b on b.target = t.target and b.state = 'open' and (b.open_until > now()
                or exists (select 1 from sje.tasks r where r.state = 'running' and r.target = b.target))
        where t.id = any ($1) and (t.holds <> {TaskHolds.None} or k.name is not null or b.target is not null)
        """;

    private const string NowSql = "select now()";

    private const string BlockedOnSql = """
        select t.id, array_agg(d.name order by d.ordinal)
        from sje.tasks t join sje.tasks d on d.id = any(t.depends_on)
        where t.id = any($1)
        group by t.id
        """;

    private const string BehindSql = """
        select t.id, (select count(*)::int from (select 1 from sje.tasks o
                                                 where o.queue = t.queue and o.tenant = t.tenant and o.concurrency_key = t.concurrency_key
                                                   and o.state = 'queued' and o.dispatched and o.holds = '{}' and o.available_at <= now()
                                                   and (o.rank, o.id) < (t.rank, t.id)
                                                 limit 1000) before)
        from sje.tasks t where t.id = any($1)
        """;

    /// <summary>The reason of each task that waits; a task that runs or has ended has none.</summary>
    public async Task<IReadOnlyDictionary<Guid, WaitReason>> ExplainAsync(
        IReadOnlyList<TaskDetail> tasks,
        CancellationToken stop
    )
    {
        var waiting = tasks
            .Where(t => t.State is TaskState.Blocked or TaskState.Queued or TaskState.WaitingRetry)
            .ToList();
        if (waiting.Count == 0)
        {
            return new Dictionary<Guid, WaitReason>();
        }

        var facts = await LoadAsync(waiting, stop);
        return waiting.ToDictionary(t => t.Id, t => new WaitReason(Explain(t, facts), PositionOf(t, facts)));
    }

    internal static string Explain(TaskDetail task, WaitFacts facts)
    {
        if (task.CancelRequestedAt is { } cancelled)
        {
            return $"a cancel is under way since {Instant(cancelled)}";
        }

        if (task.State == TaskState.Blocked)
        {
            var names = facts.BlockedOn.GetValueOrDefault(task.Id, []);
            return names.Length == 0
                ? "waits for its dependencies to be noted as done"
                : $"blocked on {List("task", names)}";
        }

        if (facts.PausedQueues.TryGetValue(task.Queue, out var paused))
        {
            return $"queue '{task.Queue}' is paused since {Instant(paused)}";
        }

        if (task.AvailableAt > facts.Now)
        {
            return task.State == TaskState.WaitingRetry
                ? $"waits for its retry at {Instant(task.AvailableAt)} ({task.Failures} of {task.MaxAttempts} attempts failed)"
                : $"is not to start before {Instant(task.AvailableAt)}";
        }

        return facts.HeldBy.GetValueOrDefault(task.Id)
            ?? NoWorkerFor(task, facts.Workers)
            ?? facts.FullQueues.GetValueOrDefault(task.Queue)
            ?? (
                facts.Behind.GetValueOrDefault(task.Id) is var behind and > 0
                    ? $"behind {(behind >= MaxBehind ? $"{MaxBehind} or more" : behind.ToString(CultureInfo.InvariantCulture))} "
                        + $"other{(behind == 1 ? "" : "s")} in queue '{task.Queue}'"
                    : "waits for a free slot"
            );
    }

    private static int? PositionOf(TaskDetail task, WaitFacts facts) =>
        task.State == TaskState.Queued
        && task.CancelRequestedAt is null
        && task.AvailableAt <= facts.Now
        && !facts.PausedQueues.ContainsKey(task.Queue)
        && !facts.HeldBy.ContainsKey(task.Id)
        && facts.Behind.TryGetValue(task.Id, out var behind)
            ? behind + 1
            : null;

    // Narrows the living workers down, one demand at a time; the demand that leaves none is the reason.
    private static string? NoWorkerFor(TaskDetail task, IReadOnlyList<WorkerOffer> alive)
    {
        if (alive.Count == 0)
        {
            return "no worker is alive";
        }

        var left = alive.Where(w => w.Queues.Contains(task.Queue) || w.Queues.Contains("*")).ToList();
        if (left.Count == 0)
        {
            return $"no live worker serves queue '{task.Queue}'";
        }

        left = left.FindAll(w => w.Engines.Contains(task.Type));
        if (left.Count == 0)
        {
            return $"no worker of queue '{task.Queue}' offers the engine '{task.Type}'";
        }

        if (task.Lane == "direct")
        {
            left = left.FindAll(w => w.DirectSlots > 0);
            if (left.Count == 0)
            {
                return $"no worker of queue '{task.Queue}' has slots for the direct lane";
            }
        }

        var needs = task.Resources;
        left = left.FindAll(w => needs.Labels.All(w.Labels.Contains));
        if (left.Count == 0)
        {
            return $"no worker of queue '{task.Queue}' has {List("label", needs.Labels)}";
        }

        left = left.FindAll(w => w.Cpus >= needs.Cpus);
        if (left.Count == 0)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"needs {needs.Cpus} cpus; the largest worker that could take it has {alive.Max(w => w.Cpus)}"
            );
        }

        var able = left.FindAll(w => w.MemoryBytes >= needs.MemoryBytes);
        return able.Count > 0
            ? able.TrueForAll(w => w.Paused)
                ? "every worker that could take it is paused"
                : null
            : $"needs {Mebibytes(needs.MemoryBytes)} of memory; the largest worker that could take it has "
                + Mebibytes(left.Max(w => w.MemoryBytes));
    }

    private async Task<WaitFacts> LoadAsync(List<TaskDetail> waiting, CancellationToken stop)
    {
        var workers = new List<WorkerOffer>();
        var paused = new Dictionary<string, DateTimeOffset>();
        var full = new Dictionary<string, string>();
        var heldBy = new Dictionary<Guid, string>();
        var blockedOn = new Dictionary<Guid, string[]>();
        var behind = new Dictionary<Guid, int>();
        await using var batch = database.Main.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NowSql));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(WorkersSql));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(PausedSql));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(FullSql));
        batch.BatchCommands.Add(WithIds(HeldBySql, waiting.Where(t => t.State != TaskState.Blocked)));
        batch.BatchCommands.Add(WithIds(BlockedOnSql, waiting.Where(t => t.State == TaskState.Blocked)));
        // Counting what stands before each task of a whole page would cost more than it tells: the first few are enough.
        batch.BatchCommands.Add(WithIds(BehindSql, waiting.Where(t => t.State == TaskState.Queued).Take(20)));
        await using var reader = await batch.ExecuteReaderAsync(stop);
        await reader.ReadAsync(stop);
        var now = reader.GetFieldValue<DateTimeOffset>(0);
        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            workers.Add(
                new WorkerOffer(
                    reader.GetFieldValue<string[]>(0),
                    reader.GetFieldValue<string[]>(1),
                    reader.GetFieldValue<string[]>(2),
                    reader.GetDouble(3),
                    reader.GetInt64(4),
                    reader.GetInt32(5),
                    reader.GetBoolean(6)
                )
            );
        }

        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            paused[reader.GetString(0)] = reader.GetFieldValue<DateTimeOffset>(1);
        }

        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            full.TryAdd(reader.GetString(0), reader.GetString(1));
        }

        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            heldBy[reader.GetGuid(0)] = reader.GetString(1);
        }

        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            blockedOn[reader.GetGuid(0)] = reader.GetFieldValue<string[]>(1);
        }

        await reader.NextResultAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            behind[reader.GetGuid(0)] = reader.GetInt32(1);
        }

        return new WaitFacts
        {
            Now = now,
            Workers = workers,
            PausedQueues = paused,
            FullQueues = full,
            HeldBy = heldBy,
            BlockedOn = blockedOn,
            Behind = behind,
        };
    }

    private static NpgsqlBatchCommand WithIds(string sql, IEnumerable<TaskDetail> tasks) =>
        new(sql) { Parameters = { new NpgsqlParameter { Value = tasks.Select(t => t.Id).ToArray() } } };

    private static string List(string noun, IReadOnlyList<string> names)
    {
        var shown = names.Take(5).Select(name => $"'{name}'");
        var rest = names.Count > 5 ? $" and {names.Count - 5} more" : "";
        return $"{noun}{(names.Count == 1 ? "" : "s")} {string.Join(", ", shown)}{rest}";
    }

    private static string Instant(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Mebibytes(long bytes) => $"{(bytes >> 20).ToString(CultureInfo.InvariantCulture)} MiB";
}
