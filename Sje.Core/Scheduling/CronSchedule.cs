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
public sealed record CronFault(CronPart Part, string Detail);

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
            fault = new CronFault(CronPart.Cron, $"'{line}' never comes due: no date is like that.");
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
                fault = new CronFault(CronPart.Cron, $"There is no macro '{Cut(macro)}'. {WantedCron}.");
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
            );
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
            );
            return false;
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
