using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Storage;

/// <summary>A worker; <see cref="Alive"/> is whether it holds a lease now by the database's clock, <see cref="Running"/> what it has claimed and not ended.</summary>
public sealed record WorkerStatus(
    Guid Id,
    string Name,
    string Host,
    int ProcessId,
    string Version,
    string State,
    bool Alive,
    IReadOnlyList<string> Queues,
    IReadOnlyList<string> Engines,
    IReadOnlyList<string> Labels,
    int Slots,
    int DirectSlots,
    int Running,
    double Cpus,
    long MemoryBytes,
    DateTimeOffset StartedAt,
    DateTimeOffset HeartbeatAt,
    DateTimeOffset LeaseUntil,
    DateTimeOffset? EndedAt,
    DateTimeOffset? PausedAt
);

/// <summary>Reads workers. Plain SQL, because whether one is alive is for the database's clock to say.</summary>
public sealed class WorkerReader(Database database)
{
    private const string ListSql = """
        select w.id, w.name, w.host, w.process_id, w.version, w.state,
               w.state in ('active', 'draining') and w.lease_until > now() as alive,
               w.queues, w.engines, w.labels, w.slots, w.direct_slots,
               (select count(*)::int from sje.tasks t where t.worker_id = w.id and t.state = 'running') as running,
               w.cpus, w.memory_bytes, w.started_at, w.heartbeat_at, w.lease_until, w.ended_at, w.paused_at
        from sje.workers w
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
            workers.Add(
                new WorkerStatus(
                    reader.GetGuid(0),
                    reader.GetString(1),
                    reader.GetString(2),
                    reader.GetInt32(3),
                    reader.GetString(4),
                    reader.GetString(5),
                    reader.GetBoolean(6),
                    reader.GetFieldValue<string[]>(7),
                    reader.GetFieldValue<string[]>(8),
                    reader.GetFieldValue<string[]>(9),
                    reader.GetInt32(10),
                    reader.GetInt32(11),
                    reader.GetInt32(12),
                    reader.GetDouble(13),
                    reader.GetInt64(14),
                    reader.GetFieldValue<DateTimeOffset>(15),
                    reader.GetFieldValue<DateTimeOffset>(16),
                    reader.GetFieldValue<DateTimeOffset>(17),
                    await reader.IsDBNullAsync(18, stop) ? null : reader.GetFieldValue<DateTimeOffset>(18),
                    await reader.IsDBNullAsync(19, stop) ? null : reader.GetFieldValue<DateTimeOffset>(19)
                )
            );
        }

        return workers;
    }
}
