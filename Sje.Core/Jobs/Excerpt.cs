using System.Globalization;
using System.Text;

namespace Sje.Core.Jobs;

/// <summary>What a user wrote, made fit for a message: short and on one line, so that no message carries a megabyte.</summary>
internal static class Excerpt
{
    private const int Longest = 60;

    /// <summary><c>'late departures'</c>; a long text is cut, and its length told.</summary>
    public static string Quote(string text) =>
        text.Length <= Longest
            ? $"'{Cut(text)}'"
            : string.Create(CultureInfo.InvariantCulture, $"'{Cut(text)}'... ({text.Length:N0} characters)");

    /// <summary>The beginning of a text, with control characters as <c>\u000a</c>.</summary>
    public static string Cut(string text) => Start(text, Longest);

    /// <summary>As much of another program's message as fits on a line.</summary>
    public static string Line(string text) => Start(text, 200);

    private static string Start(string text, int length)
    {
        var result = new StringBuilder();
        foreach (var rune in text.AsSpan(0, Math.Min(text.Length, length)).EnumerateRunes())
        {
            if (Rune.IsControl(rune))
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            }
            else
            {
                result.Append(rune.ToString());
            }
        }

        return result.ToString();
    }
}
