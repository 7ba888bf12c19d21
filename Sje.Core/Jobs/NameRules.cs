using System.Text;

namespace Sje.Core.Jobs;

/// <summary>How names of jobs and tasks look: 1-200 letters, digits, <c>-_. </c>, a letter or digit first.</summary>
internal static class NameRules
{
    public const int Longest = 200;

    public const string Wanted = "1 to 200 letters, digits, '-', '_', '.' and spaces, with a letter or digit first";

    public static bool IsName(string text) =>
        Length(text) is > 0 and <= Longest
        && Rune.TryGetRuneAt(text, 0, out var first)
        && Rune.IsLetterOrDigit(first)
        && text.EnumerateRunes().All(IsAllowed);

    /// <summary>Counted in characters, as a person counts, not in UTF-16 units; beyond the limit any number will do.</summary>
    public static int Length(string text) => text.Length > 2 * Longest ? text.Length : text.EnumerateRunes().Count();

    /// <summary>A name made of a label or the name of a file, or null where it holds no letter and no digit.</summary>
    public static string? From(string? text)
    {
        var name = new StringBuilder();
        var length = 0;
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            if (length == Longest)
            {
                break;
            }

            if (length > 0 || Rune.IsLetterOrDigit(rune))
            {
                name.Append(IsAllowed(rune) ? rune.ToString() : "-");
                length++;
            }
        }

        return length == 0 ? null : name.ToString();
    }

    /// <summary>Whether it is a queue's name: 1 to 50 of a-z, 0-9, _ and -.</summary>
    public static bool IsQueue(string text) =>
        text.Length is > 0 and <= 50 && text.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-');

    private static bool IsAllowed(Rune rune) => Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_' or '.' or ' ';
}
