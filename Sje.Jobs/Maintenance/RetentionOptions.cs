using System.ComponentModel.DataAnnotations;
using Sje.Core.Jobs;

namespace Sje.Jobs.Maintenance;

/// <summary>How long a partition of the history is.</summary>
public enum PartitionWidth
{
    /// <summary>A day in UTC.</summary>
    Day,

    /// <summary>From Monday to Monday in UTC.</summary>
    Week,

    /// <summary>A calendar month in UTC.</summary>
    Month,
}

/// <summary>
/// How long what has ended is kept. Section <c>retention</c>. Lengths of time are written as in job files: <c>36h</c>, <c>30d</c>.
/// </summary>
public sealed class RetentionOptions : IValidatableObject
{
    /// <summary>The configuration section.</summary>
    public const string Section = "retention";

    /// <summary>No shorter history: Hangfire keeps its own ended jobs for a day, and they lead to ours.</summary>
    public static readonly TimeSpan ShortestHistory = TimeSpan.FromDays(2);

    private static readonly TimeSpan Shortest = TimeSpan.FromHours(1);

    /// <summary>Executions with all that belongs to them, after their end; at least 2 days.</summary>
    public string History { get; set; } = "30d";

    /// <summary>Log lines, after the end of their execution; an hour to <see cref="History"/>. Default: 14 days, or that where it is shorter.</summary>
    public string? Logs { get; set; }

    /// <summary>Executions with a task that failed for good and that nobody has dismissed, after that failure, where it is longer than <see cref="History"/>.</summary>
    public string DeadLetters { get; set; } = "90d";

    /// <summary>Idempotency keys, after their first use; an hour to <see cref="History"/>. Default: 7 days, or that where it is shorter.</summary>
    public string? IdempotencyKeys { get; set; }

    /// <summary>How much time one partition holds. Fewer, larger ones cost statements less; smaller ones give disk space back sooner.</summary>
    public PartitionWidth Partition { get; set; } = PartitionWidth.Week;

    /// <summary><see cref="History"/>.</summary>
    public TimeSpan HistoryTime => Time(History);

    /// <summary><see cref="Logs"/>.</summary>
    public TimeSpan LogsTime => Time(Logs, 14);

    /// <summary><see cref="DeadLetters"/>.</summary>
    public TimeSpan DeadLettersTime => Time(DeadLetters);

    /// <summary><see cref="IdempotencyKeys"/>.</summary>
    public TimeSpan IdempotencyKeysTime => Time(IdempotencyKeys, 7);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        var unreadable = false;
        foreach (
            var (name, text) in new[]
            {
                (nameof(History), History),
                (nameof(Logs), Logs),
                (nameof(DeadLetters), DeadLetters),
                (nameof(IdempotencyKeys), IdempotencyKeys),
            }
        )
        {
            if (text is null)
            {
                continue;
            }

            if (!DurationText.TryParse(text, out var time))
            {
                unreadable = true;
                yield return new ValidationResult($"{DurationText.Examples} is needed", [name]);
            }
            else if (time < Shortest)
            {
                yield return new ValidationResult("it must be 1h or more", [name]);
            }
        }

        if (unreadable)
        {
            yield break;
        }

        if (HistoryTime < ShortestHistory)
        {
            yield return new ValidationResult(
                "it must be 2d or more: Hangfire's ended jobs, which lead here, stay for a day",
                [nameof(History)]
            );
        }

        foreach (var (name, time) in new[] { (nameof(Logs), LogsTime), (nameof(IdempotencyKeys), IdempotencyKeysTime) })
        {
            if (time > HistoryTime)
            {
                yield return new ValidationResult($"it must not be longer than {Section}:history ({History})", [name]);
            }
        }
    }

    private TimeSpan Time(string? text, int days) =>
        text is not null ? Time(text)
        : HistoryTime < TimeSpan.FromDays(days) ? HistoryTime
        : TimeSpan.FromDays(days);

    private static TimeSpan Time(string text) =>
        DurationText.TryParse(text, out var time)
            ? time
            : throw new InvalidOperationException($"Section {Section}: '{text}' is no length of time.");
}
