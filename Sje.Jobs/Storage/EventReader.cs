using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;

namespace Sje.Jobs.Storage;

/// <summary>
/// A place in the stream of events. Written as <c>xid-seq</c>, seq counted as <see cref="EventReader"/> does; that text is the <c>id</c> of a server-sent event.
/// </summary>
public readonly record struct EventPosition(ulong Xid, long Seq) : IComparable<EventPosition>
{
    /// <summary>Before the first event.</summary>
    public static EventPosition Start { get; } = new(0, 0);

    /// <summary>Reads the written form.</summary>
    public static bool TryParse(string? text, out EventPosition position)
    {
        position = default;
        var parts = text?.Split('-');
        if (
            parts is not [var xid, var seq]
            || !ulong.TryParse(xid, NumberStyles.None, CultureInfo.InvariantCulture, out var x)
            || !long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var s)
        )
        {
            return false;
        }

        position = new EventPosition(x, s);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(EventPosition other) => (Xid, Seq).CompareTo((other.Xid, other.Seq));

    /// <summary>Whether the left one comes first.</summary>
    public static bool operator <(EventPosition left, EventPosition right) => left.CompareTo(right) < 0;

    /// <summary>Whether the left one comes last.</summary>
    public static bool operator >(EventPosition left, EventPosition right) => left.CompareTo(right) > 0;

    /// <summary>Whether the left one does not come last.</summary>
    public static bool operator <=(EventPosition left, EventPosition right) => left.CompareTo(right) <= 0;

    /// <summary>Whether the left one does not come first.</summary>
    public static bool operator >=(EventPosition left, EventPosition right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Xid}-{Seq}");
}

/// <summary>What a change is about, for those who watch only some.</summary>
public static class EventTopics
{
    /// <summary>Executions.</summary>
    public const string Executions = "executions";

    /// <summary>Tasks of executions.</summary>
    public const string Tasks = "tasks";

    /// <summary>Tasks that become dead letters, or are none any more.</summary>
    public const string DeadLetters = "dead_letters";

    /// <summary>Operations.</summary>
    public const string Operations = "operations";

    // Of the table of notices. Whoever may see any of these may see all.
    private static readonly string[] OfEverybody = ["jobs", "schedules", "queues", "workers"];

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [Executions, Tasks, DeadLetters, Operations, .. OfEverybody];

    /// <summary>Whether a topic is no tenant's.</summary>
    public static bool IsOfEverybody(string topic) => OfEverybody.Contains(topic);
}

/// <summary>
/// A state change. <see cref="Topic"/> says of what; <see cref="Subject"/> names it: an id, or a name where it has no other. <see cref="Version"/> is
/// that of the object, of an execution's and a task's the execution's of now; <see cref="Tenant"/> is whose it is, null where it is nobody's.
/// </summary>
public sealed record StoredEvent(
    EventPosition Position,
    DateTimeOffset At,
    string Topic,
    string Subject,
    Guid? ExecutionId,
    Guid? TaskId,
    string Kind,
    JsonObject Data,
    string? Tenant,
    long? Version
);

/// <summary>
/// Reads events without gaps: a number is drawn before its transaction commits, so only events of transactions that are older than
/// every open one are taken, in order (xid, seq). What is read so never gets a predecessor later.
/// <para>
/// Numbers of transactions are drawn by all databases of a server together. Those that are open in another database have no event of ours and are
/// passed over, however long they take.
/// </para>
/// </summary>
public sealed class EventReader(Database database)
{
    // Of the transactions that were open when the statement began those are passed over that are known to be another database's. One that has ended
    // since is in neither view and counts: then the next reading takes more.
    private const string Horizon = """
        (select coalesce((
            select open.xid from pg_snapshot_xip(pg_current_snapshot()) open (xid)
            where not exists (
                    select 1 from pg_stat_activity a join pg_database d on d.oid = a.datid
                    where a.backend_xid = open.xid::xid and d.datname <> current_database())
                and not exists (
                    select 1 from pg_prepared_xacts p where p.transaction = open.xid::xid and p.database <> current_database())
            order by open.xid limit 1), pg_snapshot_xmax(pg_current_snapshot())))
        """;

    // A row may tell of a task, of the dead letter that it becomes or no longer is, and of its execution: up to three events, one after the other. seq
    // here is four times the row's, and what part of it. Notices are numbered by the same sequence.
    private const string Events = $"""
        select e.xid, 4 * e.seq + p.part as seq, e.at,
            case p.part when 1 then 'dead_letters' when 2 then 'executions' else
                case when e.kind like 'operation.%' then 'operations' when e.task_id is null then 'executions' else 'tasks' end end,
            case when p.part = 2 or e.task_id is null then e.execution_id else e.task_id end::text,
            case when e.kind not like 'operation.%' then e.execution_id end, case when p.part < 2 then e.task_id end,
            case p.part when 0 then e.kind when 2 then 'execution.' || e.execution_state else 'dead_letter.' ||
                case e.kind when 'task.dismissed' then 'dismissed' when 'task.queued' then 'requeued' else 'added' end end,
            case when p.part = 0 then e.data::text else '{"{}"}' end,
            case when e.kind like 'operation.%' then (select o.tenant from sje.operations o where o.id = e.execution_id) else x.tenant end, x.version
        from sje.events e left join sje.executions x on x.id = e.execution_id
            cross join (values (0), (1), (2)) p (part)
        where (e.xid, e.seq) >= ($1, $2 / 4) and (e.xid > $1 or 4 * e.seq + p.part > $2) and e.xid < {Horizon}
            and (p.part = 0 or (p.part = 2 and e.execution_state is not null)
        """;

    private const string ReadAllSql = $"""
        select * from (
            ({Events} or (p.part = 1 and (e.kind in ('task.failed', 'task.timed_out', 'task.dismissed')
                or (e.kind = 'task.queued' and e.data ? 'revived'))))
            order by e.xid, e.seq, p.part limit $3)
            union all
            (select n.xid, 4 * n.seq, n.at, n.topic, n.subject, null::uuid, null::uuid, n.kind, '{"{}"}', null::text, n.version
            from sje.notices n
            where (n.xid, n.seq) >= ($1, $2 / 4) and (n.xid > $1 or 4 * n.seq > $2) and n.xid < {Horizon}
            order by n.xid, n.seq limit $3)) s
        order by xid, seq limit $3
        """;

    private const string ReadExecutionSql = $"""
        {Events}) and e.execution_id = $4
        order by e.xid, e.seq, p.part
        limit $3
        """;

    private const string FindEndSql = $"select {Horizon}";

    /// <summary>Events after a place, of one execution or of all.</summary>
    public async Task<IReadOnlyList<StoredEvent>> ReadAsync(
        EventPosition after,
        Guid? executionId,
        int limit,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(executionId is null ? ReadAllSql : ReadExecutionSql);
        command.Parameters.Add(new NpgsqlParameter { Value = after.Xid, NpgsqlDbType = NpgsqlDbType.Xid8 });
        command.Parameters.Add(new NpgsqlParameter { Value = after.Seq });
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        if (executionId is { } id)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = id });
        }

        var events = new List<StoredEvent>();
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            events.Add(
                new StoredEvent(
                    new EventPosition(reader.GetFieldValue<ulong>(0), reader.GetInt64(1)),
                    reader.GetFieldValue<DateTimeOffset>(2),
                    reader.GetString(3),
                    reader.GetString(4),
                    await reader.IsDBNullAsync(5, stop) ? null : reader.GetGuid(5),
                    await reader.IsDBNullAsync(6, stop) ? null : reader.GetGuid(6),
                    reader.GetString(7),
                    JsonNode.Parse(reader.GetString(8)) as JsonObject ?? [],
                    await reader.IsDBNullAsync(9, stop) ? null : reader.GetString(9),
                    await reader.IsDBNullAsync(10, stop) ? null : reader.GetInt64(10)
                )
            );
        }

        return events;
    }

    /// <summary>The present end: every event that can be read now lies before it, every later one behind it.</summary>
    public async Task<EventPosition> FindEndAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(FindEndSql);
        await using var reader = await command.ExecuteReaderAsync(stop);
        await reader.ReadAsync(stop);
        return new EventPosition(reader.GetFieldValue<ulong>(0), 0);
    }
}
