using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions.Values;

/// <summary>A checked expression: every name resolved, every implicit conversion written out, every node with its type.</summary>
internal abstract record Typed(DataType Type);

/// <summary>A column of the input, or of one of two inputs (<c>l</c>, <c>r</c>).</summary>
internal sealed record ColumnValue(string? Alias, string Name, DataType Type) : Typed(Type);

/// <summary>
/// A known value: bool, int, long, double, or text (strings, digits of decimals, hex of binaries, normal form of dates and times).
/// </summary>
internal sealed record Literal(object? Value, DataType Type) : Typed(Type)
{
    /// <summary>Whether a job's parameter gave the value: its text may then stand for a date or time.</summary>
    public bool FromTemplate { get; init; }
}

/// <summary>A template whose value is not known before the task runs. Nothing that holds one can be emitted.</summary>
internal sealed record UnboundTemplate(string Path, DataType Type) : Typed(Type);

/// <summary>A cast, written or implicit. <paramref name="Try"/> gives null where a cast fails.</summary>
internal sealed record Converted(Typed Value, DataType Type, bool Try = false) : Typed(Type);

/// <summary>An array of given items.</summary>
internal sealed record ArrayValue(IReadOnlyList<Typed> Items, DataType Type) : Typed(Type);

/// <summary>A struct of given fields.</summary>
internal sealed record StructValue(IReadOnlyList<(string Name, Typed Value)> Fields, DataType Type) : Typed(Type);

/// <summary>The empty map.</summary>
internal sealed record EmptyMap(DataType Type) : Typed(Type);

/// <summary>An item of an array (from 1, or from the end below 0), or of a map by key; null when there is none.</summary>
internal sealed record ElementValue(Typed Target, Typed Index, DataType Type) : Typed(Type);

/// <summary>A field of a struct.</summary>
internal sealed record FieldValue(Typed Target, string Name, DataType Type) : Typed(Type);
