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

/// <summary>A state change. <see cref="ExecutionVersion"/> and <see cref="Tenant"/> are the execution's of now.</summary>
public sealed record StoredEvent(
    EventPosition Position,
    DateTimeOffset At,
    Guid ExecutionId,
    Guid? TaskId,
    string Kind,
    JsonObject Data,
    string? Tenant,
    long? ExecutionVersion
)
{
    /// <summary>Whether it tells of an operation, whose id then stands in place of the execution's.</summary>
    public bool IsOfOperation => Kind.StartsWith("operation.", StringComparison.Ordinal);
}

/// <summary>
/// Reads events without gaps: a number is drawn before its transaction commits, so only events of transactions that are older than
/// every open one are taken, in order (xid, seq). What is read so never gets a predecessor later.
/// </summary>
public sealed class EventReader(Database database)
{
    // A row may tell of a task and of its execution: that is two events, one after the other. seq here is twice the row's, and one more for
    // the second.
    private const string Columns = """
        select e.xid, 2 * e.seq + p.part, e.at, e.execution_id, case when p.part = 0 then e.task_id end,
            case when p.part = 0 then e.kind else 'execution.' || e.execution_state end, case when p.part = 0 then e.data::text else '{}' end,
            case when e.kind like 'operation.%' then (select o.tenant from sje.operations o where o.id = e.execution_id) else x.tenant end, x.version
        from sje.events e left join sje.executions x on x.id = e.execution_id
            cross join (values (0), (1)) p (part)
        """;

    private const string ReadAllSql =
        Columns
        + """

            where (e.xid, e.seq) >= ($1, $2 / 2) and (e.xid > $1 or 2 * e.seq + p.part > $2)
                and (p.part = 0 or e.execution_state is not null) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
            order by e.xid, e.seq, p.part
            limit $3
            """;

    private const string ReadExecutionSql =
        Columns
        + """

            where (e.xid, e.seq) >= ($1, $2 / 2) and (e.xid > $1 or 2 * e.seq + p.part > $2)
                and (p.part = 0 or e.execution_state is not null) and e.xid < pg_snapshot_xmin(pg_current_snapshot())
                and e.execution_id = $4
            order by e.xid, e.seq, p.part
            limit $3
            """;

    private const string FindEndSql = "select pg_snapshot_xmin(pg_current_snapshot())";

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
                    reader.GetGuid(3),
                    await reader.IsDBNullAsync(4, stop) ? null : reader.GetGuid(4),
                    reader.GetString(5),
                    JsonNode.Parse(reader.GetString(6)) as JsonObject ?? [],
                    await reader.IsDBNullAsync(7, stop) ? null : reader.GetString(7),
                    await reader.IsDBNullAsync(8, stop) ? null : reader.GetInt64(8)
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
