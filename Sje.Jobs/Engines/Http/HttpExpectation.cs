using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Http;

/// <summary>
/// What must be in the answer: a path that finds something, or, with a value, one that finds nothing but that value.
/// </summary>
internal sealed record HttpExpectation(string Path, bool HasValue, JsonNode? Value)
{
    private const int LongestShown = 200;

    /// <summary>Reads <c>expect.jsonPath</c>: a list of paths, or an object of paths and values.</summary>
    /// <exception cref="TemplateException">A template in a value has no value.</exception>
    public static IReadOnlyList<HttpExpectation> Read(JsonNode? setting, TemplateScope scope) =>
        setting switch
        {
            JsonObject map =>
            [
                .. map.Select(field => new HttpExpectation(field.Key, true, Template.FillAll(field.Value, scope))),
            ],
            JsonArray list => [.. list.Select(path => new HttpExpectation(Template.PlainText(path), false, null))],
            null => [],
            _ => [new HttpExpectation(Template.PlainText(setting), false, null)],
        };

    /// <summary>What is not as expected, in a sentence, or null.</summary>
    /// <exception cref="FormatException">The path cannot be followed.</exception>
    public string? Problem(JsonNode? body)
    {
        var found = JsonPath.Select(body, Path);
        if (found.Count == 0)
        {
            return $"{Path} finds nothing in the answer.";
        }

        var others = HasValue ? found.Where(value => !JsonNode.DeepEquals(value, Value)).ToList() : [];
        return others.Count == 0 ? null : $"{Path} is {Shown(others[0])}, and {Shown(Value)} is expected.";
    }

    private static string Shown(JsonNode? value)
    {
        var text = value?.ToJsonString() ?? "null";
        return text.Length <= LongestShown ? text : text[..LongestShown] + "...";
    }
}
