using System.Text;
using System.Text.RegularExpressions;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>Cuts an expression into words.</summary>
internal static partial class Lexer
{
    /// <summary>Longest expression in characters; a job has at most 1 MiB anyway.</summary>
    public const int MaxLength = 64 * 1024;

    private static readonly string[] Symbols =
    [
        "->",
        "<>",
        "<=",
        ">=",
        "!=",
        "||",
        "+",
        "-",
        "*",
        "/",
        "%",
        "=",
        "<",
        ">",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        ":",
    ];

    public static List<Token> Read(string text)
    {
        if (text.Length > MaxLength)
        {
            throw new ExpressionException(
                $"the expression has {text.Length} characters; at most {MaxLength} are allowed",
                0
            );
        }

        var tokens = new List<Token>();
        var at = 0;
        while (true)
        {
            at = SkipBlanks(text, at);
            if (at == text.Length)
            {
                tokens.Add(new Token(TokenKind.End, "", at));
                return tokens;
            }

            tokens.Add(Next(text, ref at));
        }
    }

    private static Token Next(string text, ref int at)
    {
        var start = at;
        var c = text[at];
        if (c is 'x' or 'X' && at + 1 < text.Length && text[at + 1] == '\'')
        {
            at++;
            return Bytes(ReadQuoted(text, ref at, '\''), start);
        }

        if (c == '\'')
        {
            return Text(ReadQuoted(text, ref at, c), start);
        }

        if (c is '"' or '`')
        {
            var name = ReadQuoted(text, ref at, c);
            return name.Length > 0
                ? new Token(TokenKind.QuotedName, name, start)
                : throw new ExpressionException(
                    "a name in quotes must not be empty; text is written in single quotes",
                    start
                );
        }

        if (char.IsLetter(c) || c == '_' || char.IsSurrogate(c))
        {
            while (
                at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_' || char.IsSurrogate(text[at]))
            )
            {
                at++;
            }

            return new Token(TokenKind.Word, text[start..at], start);
        }

        if (char.IsAsciiDigit(c) || (c == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1])))
        {
            return Number(text, ref at);
        }

        if (c == '{' && at + 1 < text.Length && text[at + 1] == '{')
        {
            var match = TemplatePattern().Match(text, at);
            if (!match.Success)
            {
                throw new ExpressionException(
                    "{{ must be followed by a path and }}, as in {{ parameters.minDelay }}",
                    at
                );
            }

            at += match.Length;
            return new Token(TokenKind.Template, match.Groups["path"].Value, start);
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(text, at, symbol, 0, symbol.Length) == 0)
            {
                at += symbol.Length;
                return new Token(TokenKind.Symbol, symbol == "!=" ? "<>" : symbol, start);
            }
        }

        throw new ExpressionException($"unexpected character \"{Rune.GetRuneAt(text, at)}\"", at);
    }

    private static Token Text(string value, int start)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new ExpressionException("text must not contain the NUL character", start);
        }

        return TemplateInTextPattern().IsMatch(value)
            ? throw new ExpressionException(
                "a template is a typed value: write {{ ... }} without quotes around it, and join text with ||",
                start
            )
            : new Token(TokenKind.Text, value, start);
    }

    private static Token Bytes(string digits, int start) =>
        digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit)
            ? new Token(TokenKind.Bytes, digits, start)
            : throw new ExpressionException("x'...' takes pairs of hexadecimal digits", start);

    /// <summary>Text between quotes; the quote itself is written twice.</summary>
    private static string ReadQuoted(string text, ref int at, char quote)
    {
        var start = at;
        var value = new StringBuilder();
        for (at++; at < text.Length; at++)
        {
            if (text[at] != quote)
            {
                value.Append(text[at]);
            }
            else if (at + 1 < text.Length && text[at + 1] == quote)
            {
                value.Append(text[at++]);
            }
            else
            {
                at++;
                return value.ToString();
            }
        }

        throw new ExpressionException($"{quote} is opened here and never closed", start);
    }

    private static Token Number(string text, ref int at)
    {
        var match = NumberPattern().Match(text, at);
        var start = at;
        at += match.Length;
        if (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_'))
        {
            throw new ExpressionException($"a number must not be followed directly by \"{text[at]}\"", at);
        }

        var digits = match.Groups["digits"].Value;
        return match switch
        {
            _ when match.Groups["exponent"].Success => new Token(TokenKind.Double, match.Value, start),
            _ when match.Groups["long"].Success => new Token(TokenKind.Long, digits, start),
            _ when digits.Contains('.', StringComparison.Ordinal) => new Token(TokenKind.Decimal, digits, start),
            _ => new Token(TokenKind.Integer, digits, start),
        };
    }

    private static int SkipBlanks(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
        {
            at++;
        }

        return at;
    }

    [GeneratedRegex(@"\G(?<digits>[0-9]+(\.[0-9]*)?|\.[0-9]+)(?:(?<exponent>[eE][+-]?[0-9]+)|(?<long>[lL]))?")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"\G\{\{\s*(?<path>[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_-]+)+)\s*\}\}")]
    private static partial Regex TemplatePattern();

    [GeneratedRegex(@"\{\{\s*(parameters|execution|tasks)\.")]
    private static partial Regex TemplateInTextPattern();
}
