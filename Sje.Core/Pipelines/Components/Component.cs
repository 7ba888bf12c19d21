using Sje.Core.Pipelines.Ir;

namespace Sje.Core.Pipelines.Components;

/// <summary>Where a component stands in a pipeline.</summary>
internal enum ComponentKind
{
    Source,
    Transform,
    Sink,
}

/// <summary>
/// One entry of the catalogue: what it takes, how its result follows from its inputs (the schema function), and how it is
/// lowered. <see cref="Lower"/> reports every fault to its context and returns null when there was one.
/// </summary>
internal sealed record Component(
    string Type,
    ComponentKind Kind,
    IReadOnlyList<ParameterSpec> Parameters,
    Func<NodeContext, Relation?> Lower
)
{
    /// <summary>The input ports; null when any names are allowed, two at least.</summary>
    public IReadOnlyList<string>? Ports { get; init; } = Kind == ComponentKind.Source ? [] : ["in"];
}

/// <summary>What kind of JSON a parameter is, and so how it is checked before anything is known about columns.</summary>
internal enum ParameterKind
{
    /// <summary>Any text; templates are filled in.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>An expression; templates in it are typed values.</summary>
    Expression,

    /// <summary>The name of a column.</summary>
    Column,

    /// <summary>A list of names.</summary>
    Names,

    /// <summary>A list of objects or names, read by the component.</summary>
    List,

    /// <summary>An object, read by the component.</summary>
    Map,

    /// <summary>A scalar.</summary>
    Value,
}

/// <summary>A parameter of a component.</summary>
internal sealed record ParameterSpec(string Name, ParameterKind Kind)
{
    public bool Required { get; init; }

    /// <summary>The words that are allowed, if it is one of a few.</summary>
    public IReadOnlyList<string>? Choices { get; init; }

    /// <summary>The fields that each object of a list may have.</summary>
    public IReadOnlyList<ParameterSpec>? Fields { get; init; }
}
