using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>Lengths of time as job files write them: <c>90s</c>, <c>15m</c>, <c>1h30m</c>, <c>500ms</c>, <c>2d</c>.</summary>
public static partial class DurationText
{
    /// <summary>The longest length of time that is read: ten years.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <summary>What a good one looks like, for messages.</summary>
    public const string Examples = "a length of time like 500ms, 90s, 15m, 1h30m or 2d";

    /// <summary>Reads whole numbers with their units, from the largest unit to the smallest, each at most once.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = TimeSpan.Zero;
        if (text.Length is 0 or > 60 || Pattern().Match(text) is not { Success: true } match)
        {
            return false;
        }

        double milliseconds = 0;
        foreach (var (unit, length) in Units)
        {
            if (match.Groups[unit] is { Success: true } digits)
            {
                milliseconds +=
                    double.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture) * length;
            }
        }

        if (milliseconds > Longest.TotalMilliseconds)
        {
            return false;
        }

        duration = TimeSpan.FromMilliseconds(milliseconds);
        return true;
    }

    /// <summary>Writes what <see cref="TryParse"/> reads; parts of a millisecond are dropped.</summary>
    public static string Format(TimeSpan duration)
    {
        var rest = (long)duration.TotalMilliseconds;
        var text = new StringBuilder();
        foreach (var (unit, length) in Units)
        {
            if (rest >= length)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / length}{unit}");
                rest %= length;
            }
        }

        return text.Length == 0 ? "0s" : text.ToString();
    }

    private static readonly (string Unit, long Milliseconds)[] Units =
    [
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1_000),
        ("ms", 1),
    ];

    [GeneratedRegex(
        @"^((?<d>[0-9]+)d)?((?<h>[0-9]+)h)?((?<m>[0-9]+)m(?!s))?((?<s>[0-9]+)s)?((?<ms>[0-9]+)ms)?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Pattern();
}
