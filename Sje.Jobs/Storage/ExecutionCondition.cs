using System.Buffers.Binary;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>
/// A filter as SQL over <c>sje.executions e</c>: one text for lists, counts, series and changes, so that they are about the same
/// executions.
/// </summary>
internal sealed class ExecutionCondition
{
    /// <summary>Whether a task <c>t</c> of <c>sje.tasks</c> is trying again; in these words its index knows it too.</summary>
    public const string Retries = "t.failures + t.lost > 0 and t.state in ('queued', 'running', 'waiting_retry')";

    /// <summary>Whether an execution <c>e</c> has such a task.</summary>
    public const string IsRetrying =
        $"(e.finished_at is null and exists (select 1 from sje.tasks t where t.execution_id = e.id and {Retries}))";

    // Ids carry the clock of the process that made them, accepted_at the database's. Twice what any of them may be wrong.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromHours(1);

    private readonly List<string> conditions = [];
    private readonly List<(object Value, NpgsqlDbType Type)> values = [];

    public ExecutionCondition(ExecutionFilter filter)
    {
        And("e.tenant = {0}", filter.Tenant, NpgsqlDbType.Text);
        And("e.name = {0}", filter.Job, NpgsqlDbType.Text);
        And("e.queue = {0}", filter.Queue, NpgsqlDbType.Text);
        And("e.tags @> array[{0}]", filter.Tag, NpgsqlDbType.Text);
        And(
            "e.schedule_id = (select s.id from sje.schedules s where s.name = {0})",
            filter.Schedule,
            NpgsqlDbType.Text
        );
        if (filter.Ids is { } ids)
        {
            And("e.id = any ({0})", ids.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Uuid);
        }

        if (Guid.TryParse(filter.Text, out var id))
        {
            conditions.Add(
                $"(e.id = {Add(id, NpgsqlDbType.Uuid)} or e.label = {Add(filter.Text!, NpgsqlDbType.Text)})" // It was parsed.
            );
        }
        else if (filter.Text is { } text)
        {
            And(
                @"(e.name ilike {0} escape '\' or e.label ilike {0} escape '\')",
                SearchPattern.Contains(text),
                NpgsqlDbType.Text
            );
        }

        // The bound on the id lets the primary key do the search; the one on accepted_at is what was asked.
        if (filter.Since is { } since)
        {
            And("e.id >= {0}", FirstIdOf(since, -ClockSlack), NpgsqlDbType.Uuid);
            And("e.accepted_at >= {0}", since.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        }

        if (filter.Until is { } until)
        {
            And("e.id < {0}", FirstIdOf(until, ClockSlack), NpgsqlDbType.Uuid);
            And("e.accepted_at < {0}", until.ToUniversalTime(), NpgsqlDbType.TimestampTz);
        }

        if (filter is { Retrying: true, States.Count: 0 })
        {
            conditions.Add(IsRetrying);
        }
        else if (filter.States.Count > 0)
        {
            conditions.Add(InStates(filter));
        }
    }

    /// <summary>The parameters, new ones for each command.</summary>
    public NpgsqlParameter[] Parameters =>
        [.. values.Select((value, i) => new NpgsqlParameter(NameOf(i), value.Type) { Value = value.Value })];

    /// <summary>The condition, true where nothing is asked for.</summary>
    public override string ToString() => conditions.Count == 0 ? "true" : string.Join(" and ", conditions);

    /// <summary>One condition more; none where there is no value. <c>{0}</c> stands for the value.</summary>
    public ExecutionCondition And(string condition, object? value, NpgsqlDbType type)
    {
        if (value is not null)
        {
            conditions.Add(condition.Replace("{0}", Add(value, type), StringComparison.Ordinal));
        }

        return this;
    }

    /// <summary>Adds a parameter and says how it is mentioned.</summary>
    public string Add(object value, NpgsqlDbType type)
    {
        values.Add((value, type));
        return "@" + NameOf(values.Count - 1);
    }

    // Live ones and ended ones stand in an index each; no index holds the state itself, which changes too often.
    private string InStates(ExecutionFilter filter)
    {
        string Words(bool final) =>
            Add(
                filter.States.Where(state => state.IsFinal() == final).Select(state => state.ToSnake()).ToArray(),
                NpgsqlDbType.Array | NpgsqlDbType.Text
            );
        var chosen = $"e.ended_as = any ({Words(true)}) or (e.finished_at is null and e.state = any ({Words(false)}))";
        return filter.Retrying ? $"({chosen} or {IsRetrying})" : $"({chosen})";
    }

    private static string NameOf(int index) => string.Create(CultureInfo.InvariantCulture, $"f{index}");

    /// <summary>The smallest UUIDv7 of an instant (RFC 9562 section 5.7: 48 bits of Unix milliseconds come first).</summary>
    private static Guid FirstIdOf(DateTimeOffset instant, TimeSpan slack)
    {
        var milliseconds = Math.Clamp(
            instant.ToUnixTimeMilliseconds() + (long)slack.TotalMilliseconds,
            0,
            (1L << 48) - 1
        );
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, milliseconds << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
