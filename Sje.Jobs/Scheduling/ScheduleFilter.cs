using System.Globalization;

namespace Sje.Jobs.Scheduling;

/// <summary>Which schedules a list shows, and in what order; a null shows all.</summary>
public sealed record ScheduleFilter
{
    private const string Never = "infinity";

    /// <summary>The exact name of the job.</summary>
    public string? Job { get; init; }

    /// <summary>Part of the schedule's name.</summary>
    public string? Text { get; init; }

    /// <summary>Those that are paused, or those that are not.</summary>
    public bool? Paused { get; init; }

    /// <summary>Those due soonest first, those that are never due last; else by name.</summary>
    public bool ByNext { get; init; }

    /// <summary>Where in this order a schedule stands; the next page begins behind it.</summary>
    public string KeyOf(SavedSchedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return ByNext
            ? $"{schedule.NextAt?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) ?? Never} {schedule.Name}"
            : schedule.Name;
    }

    /// <summary>False when a key is none of this order.</summary>
    public bool IsKey(string key) => !ByNext || SplitKey(key).Next is not null;

    internal (string? Next, string? Name) SplitKey(string? key)
    {
        if (!ByNext || key is null)
        {
            return (null, key);
        }

        var space = key.IndexOf(' ', StringComparison.Ordinal);
        var next = space < 0 ? "" : key[..space];
        return
            next == Never
            || DateTimeOffset.TryParseExact(
                next,
                "O",
                CultureInfo.InvariantCulture,
                DateTimeStyles.RoundtripKind,
                out _
            )
            ? (next, key[(space + 1)..])
            : (null, null);
    }
}
