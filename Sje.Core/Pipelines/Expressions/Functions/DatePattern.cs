using System.Text;
using Sje.Core.Pipelines.Expressions.Values;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>
/// Date patterns (EXPRESSIONS.md, section 5): a subset of Java's letters, which Spark takes as they are. DuckDB gets strftime
/// codes and, for parsing, a regular expression in front, since its own parser takes more than the pattern says.
/// </summary>
internal static class DatePattern
{
    /// <summary>Letters, strftime code, and what may be parsed (null: formatting only).</summary>
    private static readonly (string Letters, string Code, string? Parse)[] Tokens =
    [
        ("yyyy", "%Y", "[0-9]{4}"),
        ("MM", "%m", "[0-9]{2}"),
        ("dd", "%d", "[0-9]{2}"),
        ("HH", "%H", "[0-9]{2}"),
        ("mm", "%M", "[0-9]{2}"),
        ("ss", "%S", "[0-9]{2}"),
        ("SSSSSS", "%f", "[0-9]{6}"),
        ("SSS", "%g", "[0-9]{3}"),
        ("yy", "%y", null),
        ("M", "%-m", "[0-9]{1,2}"),
        ("d", "%-d", "[0-9]{1,2}"),
        ("H", "%-H", "[0-9]{1,2}"),
        ("hh", "%I", "[0-9]{2}"),
        ("h", "%-I", "[0-9]{1,2}"),
        ("a", "%p", "(AM|PM)"),
        ("EEEE", "%A", null),
        ("EEE", "%a", null),
        ("MMMM", "%B", null),
        ("MMM", "%b", null),
        ("DDD", "%j", null),
    ];

    public static string? CheckFormat(IReadOnlyList<Typed> arguments) =>
        arguments[1] is Literal { Value: string pattern } ? Read(pattern, parsing: false).Fault : null;

    public static string? CheckParse(IReadOnlyList<Typed> arguments) =>
        arguments[1] is Literal { Value: string pattern } ? Read(pattern, parsing: true).Fault : null;

    public static string Strftime(string pattern) => Read(pattern, parsing: false).Code;

    public static string Guard(string pattern) => $"^{Read(pattern, parsing: true).Guard}$";

    private static (string Code, string Guard, string? Fault) Read(string pattern, bool parsing)
    {
        var (code, guard) = (new StringBuilder(), new StringBuilder());
        for (var at = 0; at < pattern.Length; )
        {
            if (char.IsAsciiLetter(pattern[at]))
            {
                var run = pattern[at..].TakeWhile(c => c == pattern[at]).Count();
                var letters = pattern.Substring(at, run);
                var token = Tokens.FirstOrDefault(t => t.Letters == letters);
                if (token.Code is null || (parsing && token.Parse is null))
                {
                    return (
                        "",
                        "",
                        parsing && token.Code is not null
                            ? $"{letters} cannot be parsed, only formatted"
                            : $"{letters} is no part of a date pattern; there are {string.Join(' ', Tokens.Select(t => t.Letters))}"
                    );
                }

                code.Append(token.Code);
                guard.Append(token.Parse);
                at += run;
            }
            else if (pattern[at] == '\'')
            {
                var end = at + 1;
                var text = new StringBuilder();
                while (
                    end < pattern.Length
                    && (pattern[end] != '\'' || (end + 1 < pattern.Length && pattern[end + 1] == '\''))
                )
                {
                    end += pattern[end] == '\'' ? 1 : 0;
                    text.Append(pattern[end++]);
                }

                if (end >= pattern.Length)
                {
                    return ("", "", "a quote in the pattern is not closed");
                }

                AppendText(text.Length == 0 ? "'" : text.ToString());
                at = end + 1;
            }
            else
            {
                AppendText(pattern[at++].ToString());
            }
        }

        return (code.ToString(), guard.ToString(), code.Length == 0 ? "the pattern is empty" : null);

        void AppendText(string text)
        {
            code.Append(text.Replace("%", "%%", StringComparison.Ordinal));
            foreach (var c in text)
            {
                guard.Append(char.IsAsciiLetterOrDigit(c) || c is ' ' || c > 127 ? c.ToString() : $"\\{c}");
            }
        }
    }
}
