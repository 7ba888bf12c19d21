using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>Recognises job files of other systems by their keys (the original task of SJE has a reader: <see cref="OriginalTask"/>).</summary>
internal static class Dialects
{
    private static readonly string[] DesignerParts = ["sources", "transformations", "sinks"];

    /// <summary>Where a file shows that it belongs to a dialect without a reader, and what to say.</summary>
    public static (string Pointer, string Detail)? NameOfForeign(JsonObject root)
    {
        if (root.ContainsKey("job_name"))
        {
            return (
                "/job_name",
                "A file of the job orchestrator (job_name, job_data, ...); this server does not read those yet."
            );
        }

        return
            root["pipeline"] is JsonObject pipeline
            && !pipeline.ContainsKey("nodes")
            && DesignerParts.FirstOrDefault(pipeline.ContainsKey) is { } part
            ? (
                $"/pipeline/{part}",
                "A file of the Spark designer (pipeline of sources, transformations, sinks); this server does not read those yet."
            )
            : null;
    }
}
