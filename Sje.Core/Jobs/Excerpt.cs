using System.Globalization;
using System.Text;

namespace Sje.Core.Jobs;

/// <summary>What a user wrote, made fit for a message: short, on one line, in quotes.</summary>
internal static class Excerpt
{
    private const int Longest = 60;

    /// <summary><c>'late departures'</c>; a long text is cut and its length told, so that no message carries a megabyte.</summary>
    public static string Quote(string text)
    {
        var result = new StringBuilder("'");
        foreach (var rune in text.Length > Longest ? text.AsSpan(0, Longest).EnumerateRunes() : text.AsSpan().EnumerateRunes())
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

        result.Append('\'');
        if (text.Length > Longest)
        {
            result.Append(CultureInfo.InvariantCulture, $"... ({text.Length:N0} characters)");
        }

        return result.ToString();
    }
}
