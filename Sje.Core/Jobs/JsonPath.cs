using System.Text.Json.Nodes;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

namespace Sje.Core.Jobs;

/// <summary>
/// Paths into JSON documents: <c>$.items[0].state</c>, <c>$..id</c>, <c>$.items[?(@.state == 'done')]</c>. The dialect is the one of
/// Newtonsoft.Json; nothing else of that library is used.
/// </summary>
public static class JsonPath
{
    private const int Longest = 1_000;
    private const int MostMatches = 10_000;

    private static readonly JsonSelectSettings Settings = new() { RegexMatchTimeout = TimeSpan.FromSeconds(1) };

    /// <summary>What is wrong with a path, or null.</summary>
    public static string? Problem(string path)
    {
        if (!path.StartsWith('$'))
        {
            return $"{Excerpt.Quote(path)} is no JSONPath: one begins with '$', like $.items[0].state.";
        }

        if (path.Length > Longest)
        {
            return $"{path.Length:N0} characters; at most {Longest:N0}.";
        }

        try
        {
            _ = new JObject().SelectTokens(path, Settings).FirstOrDefault();
            return null;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or OverflowException)
        {
            return $"{Excerpt.Quote(path)} is no JSONPath: {Excerpt.Line(e.Message)}";
        }
    }

    /// <summary>Every value that a path finds, at most 10,000.</summary>
    /// <exception cref="FormatException">The path is none, or what it compares cannot be compared.</exception>
    public static IReadOnlyList<JsonNode?> Select(JsonNode? document, string path)
    {
        // What looks like a date is a text in JSON.
        using var reader = new JsonTextReader(new StringReader(document?.ToJsonString() ?? "null"))
        {
            DateParseHandling = DateParseHandling.None,
            MaxDepth = 2 * DocumentReader.MaxDepth,
        };
        var root = JToken.ReadFrom(reader);
        try
        {
            return
            [
                .. root.SelectTokens(path, Settings)
                    .Take(MostMatches)
                    .Select(token => JsonNode.Parse(token.ToString(Formatting.None))),
            ];
        }
        catch (Exception e)
            when (e is JsonException or ArgumentException or System.Text.RegularExpressions.RegexMatchTimeoutException)
        {
            throw new FormatException($"The JSONPath {Excerpt.Quote(path)} cannot be followed: {e.Message}", e);
        }
    }
}
