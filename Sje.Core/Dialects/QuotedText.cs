using System.Text;
using System.Text.RegularExpressions;

namespace Sje.Core.Dialects;

/// <summary>What quotes mean in the expressions of a dialect.</summary>
internal enum QuoteRule
{
    /// <summary>As in our own: double quotes make a name, a quote in a text is written twice.</summary>
    NamesInDoubleQuotes,

    /// <summary>As in Spark: double quotes make a text, a backslash takes the next letter along.</summary>
    TextsInDoubleQuotes,
}

/// <summary>
/// An expression, cut at its quotes, to be written in our language or in Spark's. Nothing else is changed but <c>==</c>, which is Spark's
/// other word for <c>=</c>; what stays as it was keeps its place, so that a fault's column is the user's.
/// </summary>
internal sealed partial class QuotedText
{
    private readonly List<(char Quote, string Text)> parts = [];

    private QuotedText() { }

    /// <summary>Whether a quote is opened and not closed.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Cuts a text. One that ends inside quotes keeps its end as it is, for the parser to complain about.</summary>
    public static QuotedText Read(string text, QuoteRule rule)
    {
        var result = new QuotedText();
        var start = 0;
        for (var at = 0; at < text.Length; )
        {
            if (text[at] is not ('\'' or '"' or '`'))
            {
                at++;
                continue;
            }

            if (End(text, at, rule) is not { } quoted)
            {
                result.IsOpen = true;
                break;
            }

            result.parts.Add(('\0', text[start..at]));
            var isName = text[at] == '`' || (text[at] == '"' && rule == QuoteRule.NamesInDoubleQuotes);
            result.parts.Add((isName ? text[at] : '\'', quoted.Text));
            start = at = quoted.End;
        }

        result.parts.Add(('\0', text[start..]));
        return result;
    }

    /// <summary>In our expression language.</summary>
    public string Ours() =>
        string.Concat(
            parts.Select(part =>
                part.Quote == '\0'
                    ? TwoEqualSigns().Replace(part.Text, "= ")
                    : part.Quote
                        + part.Text.Replace($"{part.Quote}", $"{part.Quote}{part.Quote}", StringComparison.Ordinal)
                        + part.Quote
            )
        );

    /// <summary>In Spark's. Values that the run puts in are texts there.</summary>
    public string Sparks() =>
        string.Concat(
            parts.Select(part =>
                part.Quote switch
                {
                    '\0' => TemplateAlone().Replace(part.Text, "'$0'"),
                    '\'' => SparkSqlText.Quote(part.Text),
                    _ => SparkSqlText.Name(part.Text),
                }
            )
        );

    /// <summary>What would make more than one expression of it, and so reach beyond its place in a statement; null for nothing.</summary>
    public string? Escape()
    {
        var open = 0;
        foreach (var letter in parts.Where(part => part.Quote == '\0').SelectMany(part => part.Text))
        {
            open += letter switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (open < 0 || letter == ';')
            {
                return letter == ';' ? "a semicolon outside quotes" : "a ')' that nothing opens";
            }
        }

        return IsOpen ? "a quote that is never closed"
            : open > 0 ? "a '(' that is never closed"
            : parts.Any(part => part.Quote == '\0' && Comment().IsMatch(part.Text)) ? "a comment"
            : null;
    }

    private static (string Text, int End)? End(string text, int start, QuoteRule rule)
    {
        var quote = text[start];
        var takesAlong = rule == QuoteRule.TextsInDoubleQuotes && quote != '`';
        var value = new StringBuilder();
        for (var at = start + 1; at < text.Length; at++)
        {
            if (takesAlong && text[at] == '\\' && at + 1 < text.Length)
            {
                at++;
                value.Append(
                    text[at] switch
                    {
                        'n' => '\n',
                        't' => '\t',
                        'r' => '\r',
                        var letter => letter,
                    }
                );
            }
            else if (text[at] != quote)
            {
                value.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == quote)
            {
                value.Append(quote);
                at++;
            }
            else
            {
                return (value.ToString(), at + 1);
            }
        }

        return null;
    }

    [GeneratedRegex("(?<![<>!=])==(?!=)")]
    private static partial Regex TwoEqualSigns();

    [GeneratedRegex(@"\{\{[^{}]*\}\}")]
    private static partial Regex TemplateAlone();

    [GeneratedRegex(@"--|/\*")]
    private static partial Regex Comment();
}
