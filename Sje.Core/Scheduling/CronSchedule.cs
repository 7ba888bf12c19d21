using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Cronos;

namespace Sje.Core.Scheduling;

/// <summary>Which part of a schedule's definition a <see cref="CronFault"/> is about.</summary>
public enum CronPart
{
    /// <summary>The cron line.</summary>
    Cron,

    /// <summary>The time zone.</summary>
    TimeZone,
}

/// <summary>Why a cron line and a time zone make no schedule, and what would be right.</summary>
public sealed record CronFault(CronPart Part, string Detail)
{
    /// <summary>The field of the line that is wrong; null where the line as a whole is.</summary>
    public CronBadPart? BadPart { get; init; }
}

/// <summary>A field of a cron line.</summary>
/// <param name="Index">Its place among the fields, from 0.</param>
/// <param name="Text">The field.</param>
/// <param name="Start">Where it begins in the line as it was given.</param>
public sealed record CronBadPart(int Index, string Text, int Start);

/// <summary>
/// When a schedule is due: a cron line as Cronos reads it (five fields, six with seconds first, macros as <c>@daily</c>), in a time zone.
/// Where clocks go forward, a time that does not exist is due when they have gone; where they go back, fixed times are due once, before
/// the change, and intervals go on through both hours (README of Cronos, "Daylight Saving Time").
/// </summary>
public sealed class CronSchedule
{
    /// <summary>The zone of a schedule that names none.</summary>
    public const string DefaultTimeZone = "UTC";

    private const int LongestCron = 200;
    private const int LongestZone = 100;
    private const int LongestNotesYears = 10;
    private const int MostDue = 10;
    private const int MostWall = 4000;

    private const string WantedCron =
        "A cron line has five fields (minute hour day-of-month month day-of-week), six with seconds first, or is a macro: "
        + "@every_second, @every_minute, @hourly, @daily, @midnight, @weekly, @monthly, @yearly or @annually";

    private const string WantedZone = "a name of the IANA database such as Europe/Berlin, America/New_York or UTC";

    // Before anything that can be asked for: a line with no time after it has none at all.
    private static readonly DateTimeOffset Beginning = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, string> Macros = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@every_second"] = "* * * * * *",
        ["@every_minute"] = "* * * * *",
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private readonly CronExpression expression;
    private readonly TimeZoneInfo zone;

    private CronSchedule(string cron, string fields, CronExpression expression, TimeZoneInfo zone) =>
        (Cron, FiveFields, this.expression, this.zone) = (cron, fields, expression, zone);

    /// <summary>The line as written, without needless spaces.</summary>
    public string Cron { get; }

    /// <summary>The line in fields, for those who know no macros.</summary>
    public string FiveFields { get; }

    /// <summary>The zone's name in the IANA database.</summary>
    public string TimeZone => zone.Id;

    /// <summary>Reads a cron line and a time zone; one of the two results is there.</summary>
    public static bool TryParse(
        string cron,
        string timeZone,
        [NotNullWhen(true)] out CronSchedule? schedule,
        [NotNullWhen(false)] out CronFault? fault
    )
    {
        ArgumentNullException.ThrowIfNull(cron);
        ArgumentNullException.ThrowIfNull(timeZone);
        schedule = null;
        if (!TryReadLine(cron, out var line, out var fields, out var expression, out fault))
        {
            return false;
        }

        if (FindZone(timeZone) is not { } zone)
        {
            fault = new CronFault(
                CronPart.TimeZone,
                $"There is no time zone '{Cut(timeZone)}'.{Hint(timeZone)} A time zone is {WantedZone}."
            );
            return false;
        }

        if (expression.GetNextOccurrence(Beginning, zone) is null)
        {
            fault = new CronFault(CronPart.Cron, $"'{line}' never comes due: no date is like that.")
            {
                // Only a day that no month has is never due.
                BadPart = PartOf(cron, fields.Split(' ').Length == 6 ? 3 : 2),
            };
            return false;
        }

        schedule = new CronSchedule(line, fields, expression, zone);
        return true;
    }

    /// <summary>The first due time after an instant, with the zone's offset then; null when there is none in the calendar.</summary>
    public DateTimeOffset? Next(DateTimeOffset after) => expression.GetNextOccurrence(after, zone);

    /// <summary>Up to <paramref name="count"/> due times after an instant, in order.</summary>
    public IReadOnlyList<DateTimeOffset> Next(DateTimeOffset after, int count)
    {
        var times = new List<DateTimeOffset>();
        for (var next = Next(after); times.Count < count && next is { } due; next = Next(due))
        {
            times.Add(due);
        }

        return times;
    }

    /// <summary>The last due time up to an instant, that instant included; null when there is none in the calendar.</summary>
    public DateTimeOffset? Latest(DateTimeOffset upTo) => expression.GetPreviousOccurrence(upTo, zone, inclusive: true);

    /// <summary>
    /// The changes of the zone's clocks between two instants that touch this schedule, in order, with what it does then: worked out from the same due
    /// times by which it starts.
    /// </summary>
    public IEnumerable<ClockNote> ClockNotes(DateTimeOffset after, DateTimeOffset until)
    {
        // Farther ahead nobody knows the rules of any zone.
        var end = until < after.AddYears(LongestNotesYears) ? until : after.AddYears(LongestNotesYears);
        for (var day = after; day < end; day = day.AddDays(1))
        {
            var (from, to) = (day, day.AddDays(1) < end ? day.AddDays(1) : end);
            var (before, behind) = (zone.GetUtcOffset(from), zone.GetUtcOffset(to));
            if (before != behind && NoteOf(ChangeBetween(from, to), before, behind) is { } note)
            {
                yield return note;
            }
        }
    }

    private DateTimeOffset ChangeBetween(DateTimeOffset from, DateTimeOffset to)
    {
        var before = zone.GetUtcOffset(from);
        while (to - from > TimeSpan.FromSeconds(1))
        {
            var middle = from + (to - from) / 2;
            (from, to) = zone.GetUtcOffset(middle) == before ? (middle, to) : (from, middle);
        }

        return new DateTimeOffset(to.UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
    }

    private ClockNote? NoteOf(DateTimeOffset at, TimeSpan before, TimeSpan behind)
    {
        // What a wall clock would show if it were not changed, and what it shows; both as if they were UTC.
        var (old, now) = ((at + before).UtcDateTime, (at + behind).UtcDateTime);
        var (first, last) = old < now ? (old, now) : (now, old);
        var wall = Wall(first, last);
        if (wall.Count == 0)
        {
            return null;
        }

        var which = wall.Count == 1 ? Clock(wall[0]) : $"{wall.Count} times from {Clock(wall[0])} to {Clock(wall[^1])}";
        var day = first.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (old < now)
        {
            var due = Next(at.AddTicks(-1));
            var moved = due == at && Wall(now, now.AddSeconds(1)).Count == 0;
            return new ClockNote(
                at,
                ClockChange.Gap,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"On {day} clocks go from {Clock(old)} to {Clock(now)}, so {which} {(wall.Count == 1 ? "does" : "do")} not exist: "
                ) + (moved ? $"it starts at {Clock(now)} instead" : "left out"),
                moved ? [at.ToOffset(behind)] : []
            );
        }

        var length = last - first;
        var firstTime = Between(at - length, at);
        var secondTime = Between(at, at + length);
        return new ClockNote(
            at,
            ClockChange.Overlap,
            string.Create(
                CultureInfo.InvariantCulture,
                $"On {day} clocks go back from {Clock(old)} to {Clock(now)}, so {which} {(wall.Count == 1 ? "comes" : "come")} twice: "
            )
                + (
                    secondTime.Count == 0 ? "it starts once, the first time"
                    : firstTime.Count == 0 ? "it starts once, the second time"
                    : "it starts both times"
                ),
            [.. firstTime.Concat(secondTime).Take(MostDue)]
        );
    }

    private static string Clock(DateTime time) => time.ToString("HH:mm", CultureInfo.InvariantCulture);

    private List<DateTime> Wall(DateTime from, DateTime to) =>
        [
            .. expression
                .GetOccurrences(
                    DateTime.SpecifyKind(from, DateTimeKind.Utc),
                    DateTime.SpecifyKind(to, DateTimeKind.Utc)
                )
                .Take(MostWall),
        ];

    private List<DateTimeOffset> Between(DateTimeOffset from, DateTimeOffset to)
    {
        var times = new List<DateTimeOffset>();
        for (var next = Next(from.AddTicks(-1)); times.Count < MostDue && next < to; next = Next(next.Value))
        {
            times.Add(next.Value);
        }

        return times;
    }

    private static bool TryReadLine(
        string cron,
        out string line,
        out string fields,
        [NotNullWhen(true)] out CronExpression? expression,
        [NotNullWhen(false)] out CronFault? fault
    )
    {
        expression = null;
        var words = cron.Length <= LongestCron ? cron.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) : [];
        line = string.Join(' ', words);
        fields = line;
        if (words is [var macro] && macro.StartsWith('@'))
        {
            if (!Macros.TryGetValue(macro, out var meaning))
            {
                fault = new CronFault(CronPart.Cron, $"There is no macro '{Cut(macro)}'. {WantedCron}.")
                {
                    BadPart = PartOf(cron, 0),
                };
                return false;
            }

            fields = meaning;
        }
        else if (words.Length is not (5 or 6))
        {
            fault = new CronFault(
                CronPart.Cron,
                words.Length == 0 && cron.Length > LongestCron
                    ? $"A cron line has at most {LongestCron} characters, and this has {cron.Length}."
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{WantedCron}; '{Cut(cron)}' has {words.Length} {(words.Length == 1 ? "field" : "fields")}."
                    )
            )
            {
                BadPart = words.Length > 6 ? PartOf(cron, 6) : null,
            };
            return false;
        }

        try
        {
            expression = CronExpression.Parse(
                fields,
                fields.Split(' ').Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard
            );
            fault = null;
            return true;
        }
        catch (Exception wrong) when (wrong is CronFormatException or MissingSeedException)
        {
            fault = new CronFault(
                CronPart.Cron,
                $"'{Cut(line)}' is no cron line: {wrong.Message.TrimEnd('.')}. {WantedCron}."
            )
            {
                BadPart = FirstBad(cron, words),
            };
            return false;
        }
    }

    // The first field that is wrong beside others that say nothing.
    private static CronBadPart? FirstBad(string cron, string[] words)
    {
        for (var i = 0; i < words.Length; i++)
        {
            var alone = Enumerable.Repeat("*", words.Length).ToArray();
            alone[i] = words[i];
            try
            {
                CronExpression.Parse(
                    string.Join(' ', alone),
                    words.Length == 6 ? CronFormat.IncludeSeconds : CronFormat.Standard
                );
            }
            catch (Exception wrong) when (wrong is CronFormatException or MissingSeedException)
            {
                return PartOf(cron, i);
            }
        }

        return null;
    }

    private static CronBadPart? PartOf(string cron, int index)
    {
        var (start, seen) = (0, 0);
        while (true)
        {
            while (start < cron.Length && cron[start] is ' ' or '\t')
            {
                start++;
            }

            var end = start;
            while (end < cron.Length && cron[end] is not (' ' or '\t'))
            {
                end++;
            }

            if (start == end)
            {
                return null;
            }

            if (seen == index)
            {
                return new CronBadPart(index, cron[start..end], start);
            }

            (start, seen) = (end, seen + 1);
        }
    }

    /// <summary>Only names of the IANA database: those of Windows are other zones on other machines.</summary>
    private static TimeZoneInfo? FindZone(string name) =>
        name.Length is > 0 and <= LongestZone
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '+' or '-')
        && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone)
        && zone.HasIanaId
            ? zone
            : null;

    private static string Hint(string name)
    {
        var city = name.Trim().Replace(' ', '_');
        var near = TimeZoneInfo
            .GetSystemTimeZones()
            .Select(zone => zone.Id)
            .FirstOrDefault(id =>
                id.Equals(city, StringComparison.OrdinalIgnoreCase)
                || id.EndsWith("/" + city, StringComparison.OrdinalIgnoreCase)
            );
        return near is null ? "" : $" Did you mean '{near}'?";
    }

    private static string Cut(string text) => text.Length <= 60 ? text : text[..60] + "...";
}
