using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>
/// Writes a job as YAML that reads back to an equal job. What is short stands on one line, texts of several lines as blocks; every text
/// that could be taken for something else stands in quotes.
/// </summary>
public static partial class YamlText
{
    private const int Longest = 120;

    // Words that some reader of YAML takes for a boolean or for nothing.
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "true",
        "false",
        "null",
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
    };

    /// <summary>The job, its fields at the beginning of lines.</summary>
    public static string Write(JsonObject job)
    {
        var result = new StringBuilder();
        foreach (var (name, value) in job)
        {
            Field(result, name, value, 0);
        }

        return result.ToString();
    }

    private static void Field(StringBuilder result, string name, JsonNode? value, int indent)
    {
        result.Append(' ', indent).Append(Scalar(name)).Append(':');
        Value(result, value, indent, indent + Scalar(name).Length + 2);
    }

    /// <summary>What follows a <c>name:</c> or a <c>-</c>, with the end of its line.</summary>
    private static void Value(StringBuilder result, JsonNode? value, int indent, int column)
    {
        if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && IsBlock(text.GetValue<string>()))
        {
            Block(result, text.GetValue<string>(), indent + 2);
            return;
        }

        var line = OneLine(value);
        if (value is not (JsonObject { Count: > 0 } or JsonArray { Count: > 0 }) || Fits(value, line, column))
        {
            result.Append(' ').Append(line).Append('\n');
        }
        else if (value is JsonObject map)
        {
            result.Append('\n');
            foreach (var (name, inner) in map)
            {
                Field(result, name, inner, indent + 2);
            }
        }
        else
        {
            result.Append('\n');
            foreach (var item in value.AsArray())
            {
                Item(result, item, indent + 2);
            }
        }
    }

    private static void Item(StringBuilder result, JsonNode? item, int indent)
    {
        result.Append(' ', indent).Append('-');
        if (item is not JsonObject { Count: > 0 } map || Fits(map, OneLine(map), indent + 2))
        {
            Value(result, item, indent, indent + 2);
            return;
        }

        // Its first field stands on the line of the dash.
        var start = result.Length;
        foreach (var (name, inner) in map)
        {
            Field(result, name, inner, indent + 2);
        }

        result.Remove(start, indent + 1);
    }

    /// <summary>Whether it may stand on its line: short, and without a text of several lines in it.</summary>
    private static bool Fits(JsonNode value, string line, int column) =>
        column + line.Length <= Longest && !HasBlock(value);

    private static bool HasBlock(JsonNode? node) =>
        node switch
        {
            JsonObject map => map.Any(field => HasBlock(field.Value)),
            JsonArray list => list.Any(HasBlock),
            JsonValue value when value.GetValueKind() == JsonValueKind.String => IsBlock(value.GetValue<string>()),
            _ => false,
        };

    private static string OneLine(JsonNode? node) =>
        node switch
        {
            null => "null",
            JsonObject map =>
                $"{{{string.Join(", ", map.Select(field => $"{Scalar(field.Key)}: {OneLine(field.Value)}"))}}}",
            JsonArray list => $"[{string.Join(", ", list.Select(OneLine))}]",
            _ when node.GetValueKind() == JsonValueKind.String => Scalar(node.GetValue<string>()),
            _ => node.ToJsonString(),
        };

    private static string Scalar(string text) => IsPlain(text) ? text : Quoted(text);

    private static bool IsPlain(string text) =>
        text.Length is > 0 and < 1_000
        && (char.IsAsciiLetter(text[0]) || text[0] is '_' or '/' || Amount().IsMatch(text))
        && text[^1] != ' '
        && !Reserved.Contains(text)
        && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.' or '/' or ' ');

    private static bool IsBlock(string text)
    {
        if (!text.Contains('\n', StringComparison.Ordinal) || text[0] is ' ' or '\n')
        {
            return false;
        }

        return text.EnumerateRunes()
            .All(rune =>
                rune.Value is '\n' or (>= ' ' and < 0x7F) or (>= 0xA0 and < 0xD800 and not (0x2028 or 0x2029))
            );
    }

    private static void Block(StringBuilder result, string text, int indent)
    {
        var body = text.TrimEnd('\n');
        // One line break at the end is the rule of '|'; none and several have signs of their own.
        result.Append(
            (text.Length - body.Length) switch
            {
                0 => " |-\n",
                1 => " |\n",
                _ => " |+\n",
            }
        );
        foreach (var line in (body + new string('\n', Math.Max(0, text.Length - body.Length - 1))).Split('\n'))
        {
            result.Append(' ', line.Length > 0 ? indent : 0).Append(line).Append('\n');
        }
    }

    private static string Quoted(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            result.Append(
                rune.Value switch
                {
                    '"' => "\\\"",
                    '\\' => "\\\\",
                    '\n' => "\\n",
                    '\t' => "\\t",
                    '\r' => "\\r",
                    (>= ' ' and < 0x7F) or (>= 0xA0 and < 0xD800 and not (0x2028 or 0x2029)) => rune.ToString(),
                    <= 0xFFFF => string.Create(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}"),
                    _ => string.Create(CultureInfo.InvariantCulture, $"\\U{rune.Value:x8}"),
                }
            );
        }

        return result.Append('"').ToString();
    }

    // 30m, 1h30m, 2GiB: what begins like a number and is none by any reader.
    [GeneratedRegex("^[1-9][0-9]*[dhmsgkMGT][A-Za-z]*([0-9]+[dhms][a-z]*)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Amount();
}
