using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Jobs.Execution;

/// <summary>JSON that a task wrote.</summary>
internal static class TaskJson
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 64, AllowDuplicateProperties = false };

    /// <summary>Parses strictly: no comments, no trailing commas, no duplicate keys, at most 64 levels, no NUL.</summary>
    /// <exception cref="JsonException">It is not JSON, or JSON that cannot be stored.</exception>
    public static JsonNode? Parse(string text)
    {
        var node = JsonNode.Parse(text, documentOptions: Strict);
        if (text.Contains("\\u0000", StringComparison.Ordinal) && HoldsNul(node))
        {
            throw new JsonException("Text with a NUL character cannot be stored.");
        }

        return node;
    }

    private static bool HoldsNul(JsonNode? node) =>
        node switch
        {
            JsonObject map => map.Any(field =>
                field.Key.Contains('\0', StringComparison.Ordinal) || HoldsNul(field.Value)
            ),
            JsonArray list => list.Any(HoldsNul),
            JsonValue value when value.TryGetValue<string>(out var text) => text.Contains(
                '\0',
                StringComparison.Ordinal
            ),
            _ => false,
        };
}
