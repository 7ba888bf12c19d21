using System.Globalization;
using Sje.Core.Pipelines.Expressions.Values;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>
/// Checks regular expressions against the subset that means the same in RE2 and Java (EXPRESSIONS.md, section 4), counts
/// groups, and tells whether the empty text matches.
/// </summary>
internal sealed class PortablePattern
{
    private const int MaxRepeat = 1000;
    private const int MaxDepth = 32;

    private readonly string pattern;
    private int at;
    private int depth;

    private PortablePattern(string pattern) => this.pattern = pattern;

    private int Groups { get; set; }

    public static string? Check(IReadOnlyList<Typed> arguments, bool mayBeEmpty) =>
        arguments[1] is Literal { Value: string pattern } ? Read(pattern, mayBeEmpty, out _) : null;

    public static string? CheckGroup(IReadOnlyList<Typed> arguments, bool mayBeEmpty)
    {
        if (arguments[1] is not Literal { Value: string pattern })
        {
            return null;
        }

        return Read(pattern, mayBeEmpty, out var groups)
            ?? (
                arguments[2] is Literal { Value: int group } && (group < 0 || group > groups)
                    ? $"the pattern has {groups} groups; there is no group {group}"
                    : null
            );
    }

    public static string? CheckReplacement(IReadOnlyList<Typed> arguments)
    {
        if (
            arguments[1] is not Literal { Value: string pattern }
            || arguments[2] is not Literal { Value: string replacement }
        )
        {
            return null;
        }

        if (Read(pattern, mayBeEmpty: false, out var groups) is { } fault)
        {
            return fault;
        }

        for (var i = 0; i < replacement.Length; i++)
        {
            if (replacement[i] != '\\')
            {
                continue;
            }

            i++;
            if (i == replacement.Length || (replacement[i] != '\\' && !char.IsAsciiDigit(replacement[i])))
            {
                return "in a replacement a backslash stands before a digit (a group) or another backslash";
            }

            if (char.IsAsciiDigit(replacement[i]) && replacement[i] - '0' > groups)
            {
                return $"the pattern has {groups} groups; there is no \\{replacement[i]}";
            }
        }

        return null;
    }

    private static string? Read(string pattern, bool mayBeEmpty, out int groups)
    {
        var reader = new PortablePattern(pattern);
        groups = 0;
        try
        {
            if (pattern.StartsWith("(?i)", StringComparison.Ordinal))
            {
                reader.at = 4;
            }

            var empty = reader.Alternatives();
            if (reader.at < pattern.Length)
            {
                return "the pattern closes a group that is not open";
            }

            groups = reader.Groups;
            return empty && !mayBeEmpty
                ? "the pattern can match the empty text, which the engines treat differently"
                : null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    /// <summary>Reads <c>a|b</c>; true when the empty text matches.</summary>
    private bool Alternatives()
    {
        if (++depth > MaxDepth)
        {
            throw new FormatException($"the pattern is nested deeper than {MaxDepth} levels");
        }

        var empty = false;
        while (true)
        {
            empty |= Sequence();
            if (at < pattern.Length && pattern[at] == '|')
            {
                at++;
                continue;
            }

            depth--;
            return empty;
        }
    }

    private bool Sequence()
    {
        var empty = true;
        while (at < pattern.Length && pattern[at] is not ('|' or ')'))
        {
            var atomEmpty = Atom(out var repeatable);
            var repeated = Repeat(out var zero);
            if (repeated && !repeatable)
            {
                throw new FormatException("^, $ and \\b cannot be repeated");
            }

            empty &= atomEmpty || zero;
        }

        return empty;
    }

    private bool Atom(out bool repeatable)
    {
        repeatable = true;
        var c = pattern[at++];
        switch (c)
        {
            case '(':
                return Group();
            case '[':
                Class();
                return false;
            case '^' or '$':
                repeatable = false;
                return true;
            case '\\':
                repeatable = Escape(inClass: false);
                return !repeatable;
            case '*' or '+' or '?':
                throw new FormatException($"{c} has nothing to repeat");
            case '{' or '}':
                throw new FormatException($"a literal {c} is written \\{c}");
            default:
                return false;
        }
    }

    private bool Group()
    {
        if (at < pattern.Length && pattern[at] == '?')
        {
            if (string.CompareOrdinal(pattern, at, "?:", 0, 2) == 0)
            {
                at += 2;
            }
            else if (
                string.CompareOrdinal(pattern, at, "?P<", 0, 3) == 0
                && pattern.IndexOf('>', at) is > 0 and var end
                && pattern[(at + 3)..end] is { Length: > 0 } name
                && name.All(char.IsAsciiLetterOrDigit)
                && char.IsAsciiLetter(name[0])
            )
            {
                at = end + 1;
                Groups++;
            }
            else
            {
                throw new FormatException(
                    "of the groups that begin with (? there are (?: and (?P<name>; (?i) stands at the start of the pattern only"
                );
            }
        }
        else
        {
            Groups++;
        }

        var empty = Alternatives();
        if (at >= pattern.Length)
        {
            throw new FormatException("a group is not closed");
        }

        at++;
        return empty;
    }

    private void Class()
    {
        if (at < pattern.Length && pattern[at] == '^')
        {
            at++;
        }

        var first = true;
        while (true)
        {
            if (at >= pattern.Length)
            {
                throw new FormatException("a class is not closed");
            }

            var c = pattern[at++];
            if (c == ']' && !first)
            {
                return;
            }

            if (c == ']' || (c == '[' && at < pattern.Length && pattern[at] is ':' or '.' or '='))
            {
                throw new FormatException(
                    c == ']'
                        ? "an empty class; a literal ] is written \\]"
                        : "[: :] classes are of one engine only: use [A-Za-z], \\p{L}"
                );
            }

            if (c == '\\')
            {
                Escape(inClass: true);
            }

            first = false;
        }
    }

    /// <summary>Reads what follows a backslash; false for <c>\b</c>, which takes no room.</summary>
    private bool Escape(bool inClass)
    {
        if (at >= pattern.Length)
        {
            throw new FormatException("the pattern ends with a backslash");
        }

        var c = pattern[at++];
        switch (c)
        {
            case 'd' or 'D' or 'w' or 'W' or 's' or 'S' or 't' or 'n' or 'r' or 'f':
                return true;
            case 'b' when !inClass:
                return false;
            case 'p' or 'P':
                Braced(
                    name => name is "L" or "Lu" or "Ll" or "N" or "P" or "Z" or "S",
                    "\\p takes {L}, {Lu}, {Ll}, {N}, {P}, {Z} or {S}"
                );
                return true;
            case 'x' when at < pattern.Length && pattern[at] == '{':
                Braced(
                    hex =>
                        hex.Length is >= 1 and <= 6
                        && int.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                        && code <= 0x10FFFF,
                    "\\x{...} takes a code point in hexadecimal"
                );
                return true;
            case 'x'
                when at + 1 < pattern.Length
                    && char.IsAsciiHexDigit(pattern[at])
                    && char.IsAsciiHexDigit(pattern[at + 1]):
                at += 2;
                return true;
            default:
                return char.IsAscii(c) && (char.IsPunctuation(c) || char.IsSymbol(c) || c == ' ')
                    ? true
                    : throw new FormatException($"\\{c} is not in the subset that all engines understand alike");
        }
    }

    private void Braced(Func<string, bool> allowed, string otherwise)
    {
        var end = at < pattern.Length && pattern[at] == '{' ? pattern.IndexOf('}', at) : -1;
        if (end < 0 || !allowed(pattern[(at + 1)..end]))
        {
            throw new FormatException(otherwise);
        }

        at = end + 1;
    }

    /// <summary>Reads a repetition if there is one; <paramref name="zero"/> says that it allows none.</summary>
    private bool Repeat(out bool zero)
    {
        zero = false;
        if (at >= pattern.Length)
        {
            return false;
        }

        switch (pattern[at])
        {
            case '*' or '?':
                zero = true;
                at++;
                break;
            case '+':
                at++;
                break;
            case '{':
                zero = Counted() == 0;
                break;
            default:
                return false;
        }

        if (at < pattern.Length && pattern[at] == '?')
        {
            at++;
        }

        return at < pattern.Length && pattern[at] is '*' or '+' or '?' or '{'
            ? throw new FormatException(
                "a repetition of a repetition (possessive in Java) is not portable: use a group"
            )
            : true;
    }

    private int Counted()
    {
        var end = pattern.IndexOf('}', at);
        var parts = end < 0 ? [] : pattern[(at + 1)..end].Split(',');
        if (
            parts.Length is not (1 or 2)
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var low)
            || (
                parts.Length == 2
                && parts[1].Length > 0
                && (
                    !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var high)
                    || high < low
                    || high > MaxRepeat
                )
            )
            || low > MaxRepeat
        )
        {
            throw new FormatException(
                $"a count is {{n}}, {{n,}} or {{n,m}}, up to {MaxRepeat}; a literal {{ is written \\{{"
            );
        }

        at = end + 1;
        return low;
    }
}
