using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Jobs.Storage;

/// <summary>
/// Makes text of running tasks storable. PostgreSQL takes neither NUL nor unpaired surrogates, in text or as escapes in jsonb; tasks
/// print what they like. Each such character becomes U+FFFD.
/// </summary>
internal static partial class StorableText
{
    /// <summary>The text without characters that PostgreSQL refuses.</summary>
    public static string Clean(string text)
    {
        var bad = false;
        for (var i = 0; i < text.Length && !bad; i++)
        {
            bad =
                text[i] == '\0'
                || (char.IsSurrogate(text[i]) && !(i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])));
            i += !bad && char.IsHighSurrogate(text[i]) ? 1 : 0;
        }

        if (!bad)
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(rune.Value == 0 ? Rune.ReplacementChar : rune);
        }

        return clean.ToString();
    }

    /// <summary>JSON text that jsonb takes; null stays null.</summary>
    public static string? Json(JsonNode? node) =>
        node is null ? null : RefusedEscapes().Replace(node.ToJsonString(), m => m.Groups["keep"].Value + "\\uFFFD");

    // An escape counts only after an even number of backslashes. A high surrogate's escape needs a low one behind it and the other way round.
    [GeneratedRegex(
        """(?<keep>(?<!\\)(?:\\\\)*)\\u(?:0000|[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u)[dD][c-fC-F][0-9a-fA-F]{2})""",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex RefusedEscapes();
}
