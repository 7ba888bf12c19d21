using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>The files of the child protocol in the private directory of an attempt.</summary>
internal sealed class AttemptFiles(string directory)
{
    public string Temporary { get; } = Path.Combine(directory, "tmp");

    public string Stdin { get; } = Path.Combine(directory, "stdin");

    public string Parameters { get; } = Path.Combine(directory, "parameters.json");

    public string Outputs { get; } = Path.Combine(directory, "outputs");

    public string CheckpointIn { get; } = Path.Combine(directory, "checkpoint-in.json");

    public string CheckpointOut { get; } = Path.Combine(directory, "checkpoint.json");

    /// <summary>Writes what the command reads.</summary>
    public void Prepare(EngineContext context, string? stdin)
    {
        Directory.CreateDirectory(Temporary);
        File.WriteAllText(Parameters, (context.Scope.Values["parameters"] as JsonObject ?? []).ToJsonString());
        if (context.Checkpoint is { } checkpoint)
        {
            File.WriteAllText(CheckpointIn, checkpoint.ToJsonString());
        }

        if (stdin is not null)
        {
            File.WriteAllText(Stdin, stdin);
        }
    }
}
