using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Plan;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines;

/// <summary>A pipeline as the user wrote it, its wiring checked: nodes in an order in which every node follows its inputs.</summary>
public sealed record Pipeline(IReadOnlyList<PipelineNode> Nodes)
{
    /// <summary>The node of this id; ids differ by more than case.</summary>
    public PipelineNode? Find(string id) => Nodes.FirstOrDefault(n => string.Equals(n.Id, id, StringComparison.OrdinalIgnoreCase));

    /// <summary>The sources, with templates in their texts filled in before.</summary>
    public IReadOnlyList<SourceFiles> Sources() =>
    [
        .. Nodes.Where(n => n.Type is "source.csv" or "source.parquet").Select(n => new SourceFiles(n.Id, n.Params["path"]!.GetValue<string>()) // required
        {
            Csv = n.Type == "source.csv" ? Components.Sources.Format(n.Params) : null,
            Merge = n.Params["mergeSchema"]?.GetValue<bool>() ?? false,
            Declared = n.Type == "source.csv" ? Components.Sources.Declared(n.Params) : null,
        }),
    ];

    /// <summary>The sinks.</summary>
    public IReadOnlyList<SinkFiles> Sinks() =>
    [
        .. Nodes.Where(n => n.Type is "sink.csv" or "sink.parquet").Select(n => new SinkFiles(
            n.Id,
            n.Params["path"]!.GetValue<string>(), // required
            n.Params["mode"]?.GetValue<string>() ?? "overwrite",
            n.Params["partitionBy"] is JsonArray { Count: > 0 })),
    ];

    /// <summary>The same pipeline with templates in texts filled in; expressions keep theirs, which become typed values.</summary>
    /// <exception cref="TemplateException">A value is missing.</exception>
    public Pipeline Filled(TemplateScope scope) => new([.. Nodes.Select(n => n with { Params = Components.TextTemplates.Fill(n, scope) })]);

    /// <summary>How many inputs of other nodes this node feeds.</summary>
    public int FanOut(string id) => Nodes.Sum(n => n.Inputs.Count(i => i.NodeId == id));
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

/// <summary>One use of a component.</summary>
public sealed record PipelineNode
{
    /// <summary>Letters, digits, <c>_</c> and <c>-</c>; unique without regard to case.</summary>
    public required string Id { get; init; }

    /// <summary>The component: <c>filter</c>, <c>source.csv</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The component's parameters as written.</summary>
    public required JsonObject Params { get; init; }

    /// <summary>Where each input port gets its rows, in the order of the ports.</summary>
    public required IReadOnlyList<NodeInput> Inputs { get; init; }

    /// <summary>Where the node stands in the user's document, as a JSON pointer.</summary>
    public required string Pointer { get; init; }
}

/// <summary>An input port and the node whose output it takes.</summary>
public sealed record NodeInput(string Port, string NodeId);
