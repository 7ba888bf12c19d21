using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>What an engine must know of a pipeline's files before it compiles: what is read, what is written, with templates filled in.</summary>
public static class PipelineFiles
{
    /// <summary>The sources, with templates in their texts filled in before.</summary>
    public static IReadOnlyList<SourceFiles> Sources(this Pipeline pipeline) =>
        [
            .. pipeline
                .Nodes.Where(n => n.Type is "source.csv" or "source.parquet")
                .Select(n => new SourceFiles(n.Id, n.Params["path"]!.GetValue<string>()) // required
                {
                    Csv = n.Type == "source.csv" ? SourceComponents.Format(n.Params) : null,
                    Merge = n.Params["mergeSchema"]?.GetValue<bool>() ?? false,
                    Declared = n.Type == "source.csv" ? SourceComponents.Declared(n.Params) : null,
                }),
        ];

    /// <summary>The sinks.</summary>
    public static IReadOnlyList<SinkFiles> Sinks(this Pipeline pipeline) =>
        [
            .. pipeline
                .Nodes.Where(n => n.Type is "sink.csv" or "sink.parquet")
                .Select(n => new SinkFiles(
                    n.Id,
                    n.Params["path"]!.GetValue<string>(), // required
                    n.Params["mode"]?.GetValue<string>() ?? "overwrite",
                    n.Params["partitionBy"] is JsonArray { Count: > 0 }
                )),
        ];

    /// <summary>The same pipeline with templates in texts filled in; expressions keep theirs, which become typed values.</summary>
    /// <exception cref="TemplateException">A value is missing.</exception>
    public static Pipeline Filled(this Pipeline pipeline, TemplateScope scope) =>
        new([.. pipeline.Nodes.Select(n => n with { Params = TextTemplates.Fill(n, scope) })]);
}

/// <summary>A source of a pipeline as the engine must look at it before compiling.</summary>
public sealed record SourceFiles(string NodeId, string Path)
{
    /// <summary>For CSV, its texture; null for Parquet.</summary>
    public CsvFormat? Csv { get; init; }

    /// <summary>Whether columns of several Parquet files are put together by name.</summary>
    public bool Merge { get; init; }

    /// <summary>The declared columns, which need no looking; null when the files must tell.</summary>
    public Schema? Declared { get; init; }
}

/// <summary>A sink of a pipeline: where it writes, and what happens when something is there already.</summary>
public sealed record SinkFiles(string NodeId, string Path, string Mode, bool Partitioned);
