using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>What a child that runs an engine is told, and where it answers: two JSON files in the attempt's private directory.</summary>
internal sealed record ChildRequest
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public required string Engine { get; init; }

    public required AttemptIdentity Identity { get; init; }

    public required JsonObject Settings { get; init; }

    public required JsonObject Scope { get; init; }

    public IReadOnlyList<JobParameter> Parameters { get; init; } = [];

    public required ResourceSpec Resources { get; init; }

    public required string WorkingDirectory { get; init; }

    public required string StorageRoot { get; init; }

    public JsonNode? Checkpoint { get; init; }

    /// <summary>Where the result goes, by rename.</summary>
    public required string ResultFile { get; init; }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json));

    public static ChildRequest Read(string path) =>
        JsonSerializer.Deserialize<ChildRequest>(File.ReadAllText(path), Json)
        ?? throw new JsonException($"{path} holds no request.");

    /// <summary>Writes the result so that it is whole or absent.</summary>
    public void WriteResult(EngineResult result)
    {
        var draft = ResultFile + ".draft";
        File.WriteAllText(draft, JsonSerializer.Serialize(result, Json));
        File.Move(draft, ResultFile, overwrite: true);
    }

    /// <summary>The result; null when the child left none.</summary>
    public EngineResult? ReadResult() =>
        File.Exists(ResultFile) ? JsonSerializer.Deserialize<EngineResult>(File.ReadAllText(ResultFile), Json) : null;
}
