using System.Text.Json.Nodes;
using Sje.Tests.Support;

namespace Sje.Tests.Conformance;

/// <summary>The vectors that every engine must satisfy: expressions one a line, components one file each.</summary>
internal static class ConformanceFiles
{
    public static string Components { get; } = RepositoryFiles.Path("Sje.Tests", "Conformance", "components");

    public static IReadOnlyList<JsonObject> Expressions { get; } =
    [
        .. File.ReadLines(RepositoryFiles.Path("Sje.Tests", "Conformance", "expressions.jsonl"))
            .Where(l => l.Length > 0)
            .Select(l => JsonNode.Parse(l)!.AsObject()),
    ];

    public static IReadOnlyList<JsonObject> Cases(string component) =>
        [
            .. JsonNode.Parse(File.ReadAllText(Path.Combine(Components, component + ".json")))!["cases"]!
                .AsArray()
                .Select(c => c!.AsObject()),
        ];
}
