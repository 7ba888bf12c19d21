using Hangfire.Common;
using Hangfire.PostgreSql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// A transaction in which Hangfire writes what it believes of recurring jobs: after its own trigger, say, that nothing was made and there
/// is no last job. For schedules of ours <see cref="RecurringView"/> writes these fields, and only the score in the set, by which Hangfire
/// finds what is due, is written here, as our row has it.
/// </summary>
internal sealed class RecurringTransaction(PostgreSqlStorage storage, Database database, TimeProvider time)
    : PostgreSqlWriteOnlyTransaction(storage, () => null)
{
    private static readonly string FindOurs = $"""
        select s.next_at from sje.schedules s
        where s.name = $1 and exists (
            select from hangfire.hash h where h.key = '{RecurringView.HashPrefix}' || s.name and h.field = 'Job' and {RecurringView.IsOurs})
        """;

    private static readonly HashSet<string> FieldsOfRuns =
    [
        "NextExecution",
        "LastExecution",
        "LastJobId",
        "Error",
        "RetryAttempt",
    ];

    /// <inheritdoc/>
    public override void SetRangeInHash(string key, IEnumerable<KeyValuePair<string, string>> keyValuePairs)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.StartsWith(RecurringView.HashPrefix, StringComparison.Ordinal))
        {
            var pairs = keyValuePairs.ToList();
            if (Ours(key[RecurringView.HashPrefix.Length..]) is not null)
            {
                pairs.RemoveAll(pair => FieldsOfRuns.Contains(pair.Key));
            }

            base.SetRangeInHash(key, pairs);
            return;
        }

        base.SetRangeInHash(key, keyValuePairs);
    }

    /// <inheritdoc/>
    public override void AddToSet(string key, string value, double score)
    {
        if (key == RecurringView.Set && Ours(value) is { } ours)
        {
            // A row that is due still: the score is Hangfire's, after now, else its scheduler would find it again and again.
            score =
                ours.NextAt is not { } next ? -1
                : next > time.GetUtcNow() ? JobHelper.ToTimestamp(next.UtcDateTime)
                : score;
        }

        base.AddToSet(key, value, score);
    }

    private OurSchedule? Ours(string name)
    {
        using var command = database.Main.CreateCommand(FindOurs);
        command.Parameters.Add(P(name));
        using var row = command.ExecuteReader();
        return row.Read() ? new OurSchedule(row.IsDBNull(0) ? null : row.GetFieldValue<DateTimeOffset>(0)) : null;
    }

    private sealed record OurSchedule(DateTimeOffset? NextAt);
}
