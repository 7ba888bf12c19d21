using System.Text;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// Text for the script with which a NodeManager starts a container. A value passes three readers there: the NodeManager itself, which
/// replaces <c>{{NAME}}</c>, <c>&lt;LOG_DIR&gt;</c> and <c>&lt;CPS&gt;</c> wherever they stand; the script's own shell, for which
/// the command and each variable's value stand between double quotes; and, for the command, the shell that the script starts. What comes
/// from users must reach the program as it is, whatever it has in it.
/// </summary>
internal static class YarnShell
{
    /// <summary>What Linux takes as one argument; the whole command is one argument of the shell.</summary>
    public const int LongestCommand = 128 * 1024;

    /// <summary>A word of the command that is the value, to the letter.</summary>
    /// <exception cref="FormatException">It has a NUL character.</exception>
    public static string Word(string value)
    {
        var word = new StringBuilder(value.Length + 2).Append('\'');
        // The NodeManager must see no pair of its own; quotes that close and open again are nothing to the last shell.
        Write(word, value, apart: "''", quote: "'\\\\''");
        return word.Append('\'').ToString();
    }

    /// <summary>A variable's value that is the text, to the letter.</summary>
    /// <exception cref="FormatException">It has a NUL character.</exception>
    public static string Value(string text)
    {
        var value = new StringBuilder(text.Length);
        Write(value, text, apart: "\"\"", quote: "'");
        return value.ToString();
    }

    /// <summary>
    /// A variable's value in which <c>$NAME</c>, <c>${NAME}</c> and <c>{{NAME}}</c> are other variables of the container, as Spark's users are used
    /// to; all else is to the letter.
    /// </summary>
    public static string ValueWithReferences(string text)
    {
        var value = new StringBuilder(text.Length);
        var literal = 0;
        for (var at = 0; at < text.Length; )
        {
            if (Reference(text, at) is not { } length)
            {
                at++;
                continue;
            }

            // Quotes keep the reference apart from a brace before it and from a letter after it.
            value.Append(Value(text[literal..at])).Append("\"\"").Append(text, at, length).Append("\"\"");
            at += length;
            literal = at;
        }

        return value.Append(Value(text[literal..])).ToString();
    }

    /// <summary>Whether a text is the same before and after it stood in the script as a variable's value.</summary>
    public static bool IsPlain(string text) => Value(text) == text;

    /// <summary>Whether a name may stand before the equals sign of a variable.</summary>
    public static bool IsName(string text) =>
        text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    /// <summary>
    /// Whether a file may have this name in a container: the script makes a link of that name between double quotes, and its folder
    /// without any.
    /// </summary>
    public static bool IsFileName(string text) =>
        text.Length > 0
        && text is not ("." or "..")
        && !text.Any(c => c is '"' or '$' or '`' or '\\' or '/' or '\'' or ',' || char.IsControl(c))
        && !text.Contains("{{", StringComparison.Ordinal)
        && !text.Contains("}}", StringComparison.Ordinal);

    private static int? Reference(string text, int at)
    {
        var rest = text.AsSpan(at);
        var (open, close) =
            rest.StartsWith("{{") ? ("{{", "}}")
            : rest.StartsWith("${") ? ("${", "}")
            : rest.StartsWith("$") ? ("$", "")
            : ("", "");
        if (open.Length == 0)
        {
            return null;
        }

        var length = open.Length;
        while (length < rest.Length && (char.IsAsciiLetterOrDigit(rest[length]) || rest[length] == '_'))
        {
            length++;
        }

        return length > open.Length && !char.IsAsciiDigit(rest[open.Length]) && rest[length..].StartsWith(close)
            ? length + close.Length
            : null;
    }

    private static void Write(StringBuilder to, string value, string apart, string quote)
    {
        var previous = '\0';
        foreach (var c in value)
        {
            if ((c is '{' or '}' && c == previous) || (previous == '<' && char.IsAsciiLetterUpper(c)))
            {
                to.Append(apart);
            }

            _ = c switch
            {
                '\0' => throw new FormatException("A NUL character cannot be handed to a program."),
                '\'' => to.Append(quote),
                '\\' or '$' or '`' or '"' => to.Append('\\').Append(c),
                _ => to.Append(c),
            };
            previous = c;
        }
    }
}
