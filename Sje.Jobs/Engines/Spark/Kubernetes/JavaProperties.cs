using System.Globalization;
using System.Text;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>Writes a properties file as <c>java.util.Properties.load</c> reads it.</summary>
internal static class JavaProperties
{
    /// <summary>One line each, in the order of their names.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> properties)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in properties.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            Append(text, name, isName: true);
            text.Append('=');
            Append(text, value, isName: false);
            text.Append('\n');
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string part, bool isName)
    {
        for (var i = 0; i < part.Length; i++)
        {
            var letter = part[i];
            switch (letter)
            {
                case ' ' when isName || i == 0:
                    text.Append("\\ ");
                    break;
                case '\\':
                    text.Append("\\\\");
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case '=' or ':' or '#' or '!':
                    text.Append('\\').Append(letter);
                    break;
                case < ' ' or > '~':
                    text.Append("\\u").Append(((int)letter).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(letter);
                    break;
            }
        }
    }
}
