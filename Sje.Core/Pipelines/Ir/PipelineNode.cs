using System.Text.Json.Nodes;

namespace Sje.Core.Pipelines.Ir;

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
