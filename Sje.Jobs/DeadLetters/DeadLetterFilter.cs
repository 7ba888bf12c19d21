using System.Text.Json.Serialization;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Storage;

namespace Sje.Jobs.DeadLetters;

/// <summary>Which dead letters are meant; a null means all. Kept as JSON with the operation that works on them.</summary>
public sealed record DeadLetterFilter
{
    /// <summary>The exact name of the job.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Job { get; init; }

    /// <summary>The exact queue.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Queue { get; init; }

    /// <summary>The failure class, as it stands before the hyphen of a fingerprint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Class { get; init; }

    /// <summary>Those that look alike.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Fingerprint { get; init; }

    /// <summary>Failed for good at this instant or later.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Since { get; init; }

    /// <summary>Failed for good before this instant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? Until { get; init; }

    /// <summary>Part of the job's name, of the label or of the error's message.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }

    /// <summary>Whether it means all dead letters.</summary>
    [JsonIgnore]
    public bool MeansAll => this == new DeadLetterFilter();
}

/// <summary>A filter as SQL over <c>sje.finished_tasks t join sje.executions e</c>; the parameters stand where they are mentioned.</summary>
internal sealed class DeadLetterCondition
{
    /// <summary>The tables that the conditions are about.</summary>
    public const string From = "sje.finished_tasks t join sje.executions e on e.id = t.execution_id";

    /// <summary>What makes a task a dead letter; in these words the indexes know it too.</summary>
    public const string Dead = "t.state in ('failed', 'timed_out') and t.dismissed_at is null";

    private readonly List<string> conditions = [Dead];
    private readonly List<NpgsqlParameter> parameters = [];

    /// <summary>The dead letters of a tenant, or of all, that a filter means.</summary>
    public DeadLetterCondition(DeadLetterFilter filter, string? tenant, bool anyClass = false)
    {
        And("t.tenant = {0}", tenant, NpgsqlDbType.Text);
        And("e.name = {0}", filter.Job, NpgsqlDbType.Text);
        And("t.queue = {0}", filter.Queue, NpgsqlDbType.Text);
        And("t.fingerprint = {0}", filter.Fingerprint, NpgsqlDbType.Text);
        And("t.finished_at >= {0}", filter.Since, NpgsqlDbType.TimestampTz);
        And("t.finished_at < {0}", filter.Until, NpgsqlDbType.TimestampTz);
        if (filter.Class is { } name && !anyClass)
        {
            // '.' comes right after '-'.
            And("t.fingerprint >= {0}", name + "-", NpgsqlDbType.Text);
            And("t.fingerprint < {0}", name + ".", NpgsqlDbType.Text);
        }

        if (filter.Text is { } text)
        {
            And(
                "(e.name ilike {0} or e.label ilike {0} or t.error ->> 'message' ilike {0} or t.reason ilike {0})",
                SearchPattern.Contains(text),
                NpgsqlDbType.Text
            );
        }

        Tables = filter.Job is null && filter.Text is null ? "sje.finished_tasks t" : From;
    }

    /// <summary>The tables that are needed to tell.</summary>
    public string Tables { get; }

    /// <summary>The condition.</summary>
    public override string ToString() => string.Join(" and ", conditions);

    /// <summary>One condition more; none where there is no value. <c>{0}</c> stands for the value.</summary>
    public DeadLetterCondition And(string condition, object? value, NpgsqlDbType type)
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
        parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = type });
        return $"${parameters.Count}";
    }

    /// <summary>A command with the parameters.</summary>
    public NpgsqlCommand Command(Database database, string sql) => Fill(database.Main.CreateCommand(sql));

    /// <summary>A command with the parameters, in a transaction.</summary>
    public NpgsqlCommand Command(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql) =>
        Fill(new NpgsqlCommand(sql, connection, transaction));

    private NpgsqlCommand Fill(NpgsqlCommand command)
    {
        command.Parameters.AddRange(parameters.ToArray());
        return command;
    }
}
