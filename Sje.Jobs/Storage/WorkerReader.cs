using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Core.Security;

namespace Sje.Jobs.Storage;

/// <summary>How a worker is, in one word.</summary>
public enum WorkerCondition
{
    /// <summary>It beats, and claims what it has room for.</summary>
    Alive,

    /// <summary>It has missed heartbeats, and its lease has not lapsed yet.</summary>
    Suspect,

    /// <summary>Its lease has lapsed without a farewell: it died, or cannot reach the database.</summary>
    Lost,

    /// <summary>It claims nothing; what it runs ends or is handed back.</summary>
    Draining,

    /// <summary>It claims nothing; what it runs goes on.</summary>
    Paused,

    /// <summary>It has taken leave.</summary>
    Stopped,
}

/// <summary>A task that a worker runs.</summary>
public sealed record WorkerTask(
    Guid ExecutionId,
    string Execution,
    Guid TaskId,
    string Task,
    string Type,
    string Queue,
    int Attempt,
    double? Progress,
    DateTimeOffset? StartedAt
);

/// <summary>A worker; <see cref="Alive"/> is whether it holds a lease now by the database's clock, <see cref="Running"/> what it has claimed and not ended, <see cref="RunningDirect"/> how much of that on the direct lane, <see cref="CurrentTasks"/> those of it that began first. <see cref="CpuUsed"/>: cores in use by it and its children, as of its last heartbeat.</summary>
public sealed record WorkerStatus(
    Guid Id,
    string Name,
    string Host,
    int ProcessId,
    string Version,
    string State,
    WorkerCondition Condition,
    bool Alive,
    IReadOnlyList<string> Queues,
    IReadOnlyList<string> Engines,
    IReadOnlyList<string> Labels,
    int Slots,
    int DirectSlots,
    int Running,
    int RunningDirect,
    double Cpus,
    double? CpuUsed,
    long MemoryBytes,
    long? MemoryUsedBytes,
    DateTimeOffset StartedAt,
    DateTimeOffset HeartbeatAt,
    DateTimeOffset LeaseUntil,
    DateTimeOffset? EndedAt,
    DateTimeOffset? PausedAt,
    string? PausedBy,
    string? PauseReason,
    DateTimeOffset? DrainRequestedAt,
    IReadOnlyList<WorkerTask> CurrentTasks
)
{
    /// <summary>What the caller may do to it now; filled in for whoever is shown it.</summary>
    public IReadOnlyList<ObjectAction> Actions { get; init; } = [];
}

/// <summary>Reads workers. Plain SQL, because whether one is alive is for the database's clock to say.</summary>
public sealed class WorkerReader(Database database)
{
    /// <summary>How many of the tasks that a worker runs are named.</summary>
    public const int MostTasks = 50;

    // Who has lapsed is lost, also before anybody has marked it.
    private const string ListSql = """
        select w.id, w.name, w.host, w.process_id, w.version, w.state,
               w.state in ('active', 'draining') and w.lease_until > now() as alive,
               w.queues, w.engines, w.labels, w.slots, w.direct_slots, r.running, r.direct,
               w.cpus, w.memory_bytes, w.started_at, w.heartbeat_at, w.lease_until, w.ended_at, w.paused_at,
               w.paused_by, w.pause_reason, w.drain_requested_at, w.cpu_used, w.memory_used_bytes,
               case when w.state = 'stopped' then 'stopped'
                    when w.state = 'dead' or w.lease_until <= now() then 'lost'
                    when now() > w.heartbeat_at + 0.6 * (w.lease_until - w.heartbeat_at) then 'suspect'
                    when w.state = 'draining' or w.drain_requested_at is not null then 'draining'
                    when w.paused_at is not null then 'paused'
                    else 'alive' end,
               r.tasks
        from sje.workers w cross join lateral (
            select count(*)::int as running, (count(*) filter (where t.lane = 'direct'))::int as direct, (
                select coalesce(json_agg(x), '[]')::text from (
                    select o.execution_id as "executionId", e.name as "execution", o.id as "taskId", o.name as "task", o.type, o.queue, o.attempt,
                        o.progress, o.attempt_started_at as "startedAt"
                    from sje.tasks o join sje.executions e on e.id = o.execution_id
                    where o.worker_id = w.id and o.state = 'running' order by o.attempt_started_at, o.id limit 50) x) as tasks
            from sje.tasks t where t.worker_id = w.id and t.state = 'running') r
        where ($1::uuid is null or w.id = $1)
          and ($2::uuid is null or w.id < $2)
          and ($3 or (w.state in ('active', 'draining') and w.lease_until > now()))
        order by w.id desc
        limit $4
        """;

    private const string CountAliveSql =
        "select count(*)::int from sje.workers where state in ('active', 'draining') and lease_until > now()";

    /// <summary>Workers, newest first, those older than <paramref name="before"/>; only the living unless <paramref name="gone"/>.</summary>
    public Task<IReadOnlyList<WorkerStatus>> ListAsync(bool gone, Guid? before, int limit, CancellationToken stop) =>
        ReadAsync(null, before, gone, limit, stop);

    /// <summary>One worker, alive or gone.</summary>
    public async Task<WorkerStatus?> FindAsync(Guid id, CancellationToken stop) =>
        await ReadAsync(id, null, gone: true, 1, stop) is [var only] ? only : null;

    /// <summary>How many workers hold a lease.</summary>
    public async Task<int> CountAliveAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(CountAliveSql);
        return (int)(await command.ExecuteScalarAsync(stop))!; // count(*) is never null.
    }

    private async Task<IReadOnlyList<WorkerStatus>> ReadAsync(
        Guid? id,
        Guid? before,
        bool gone,
        int limit,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(ListSql);
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)id ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }
        );
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)before ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid }
        );
        command.Parameters.Add(new NpgsqlParameter { Value = gone });
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        var workers = new List<WorkerStatus>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            workers.Add(Read(reader));
        }

        return workers;
    }

    private static WorkerStatus Read(NpgsqlDataReader row)
    {
        DateTimeOffset? Instant(int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        return new WorkerStatus(
            row.GetGuid(0),
            row.GetString(1),
            row.GetString(2),
            row.GetInt32(3),
            row.GetString(4),
            row.GetString(5),
            StateNames.ParseSnake<WorkerCondition>(row.GetString(26)),
            row.GetBoolean(6),
            row.GetFieldValue<string[]>(7),
            row.GetFieldValue<string[]>(8),
            row.GetFieldValue<string[]>(9),
            row.GetInt32(10),
            row.GetInt32(11),
            row.GetInt32(12),
            row.GetInt32(13),
            row.GetDouble(14),
            row.IsDBNull(24) ? null : Math.Round(row.GetDouble(24), 2),
            row.GetInt64(15),
            row.IsDBNull(25) ? null : row.GetInt64(25),
            row.GetFieldValue<DateTimeOffset>(16),
            row.GetFieldValue<DateTimeOffset>(17),
            row.GetFieldValue<DateTimeOffset>(18),
            Instant(19),
            Instant(20),
            Text(21),
            Text(22),
            Instant(23),
            JsonSerializer.Deserialize<WorkerTask[]>(row.GetString(27), JsonSerializerOptions.Web) ?? []
        );
    }
}
