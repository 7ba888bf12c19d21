using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

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

/// <summary>A scalar function or operator.</summary>
internal sealed record Call(Overload Overload, IReadOnlyList<Typed> Arguments, DataType Type) : Typed(Type);

/// <summary>An aggregate, or any function over a window.</summary>
internal sealed record GroupCall(Overload Overload, IReadOnlyList<Typed> Arguments, DataType Type) : Typed(Type)
{
    public bool Distinct { get; init; }

    public IReadOnlyList<OrderKey> OrderBy { get; init; } = [];

    public Typed? Filter { get; init; }

    public bool IgnoreNulls { get; init; }

    public TypedWindow? Over { get; init; }
}

/// <summary>A key of an order.</summary>
internal sealed record OrderKey(Typed Value, bool Descending, bool NullsFirst);

/// <summary>A window with the frame that the function sees; null where the function takes none.</summary>
internal sealed record TypedWindow(IReadOnlyList<Typed> PartitionBy, IReadOnlyList<OrderKey> OrderBy, FrameSyntax? Frame);

/// <summary>The first branch whose condition is true; subject forms keep their subject.</summary>
internal sealed record Conditional(
    Typed? Subject, IReadOnlyList<(Typed When, Typed Then)> Branches, Typed? Else, DataType Type) : Typed(Type);

/// <summary>Three-valued membership.</summary>
internal sealed record Membership(Typed Value, IReadOnlyList<Typed> Items, bool Negated) : Typed(DataType.Boolean);

/// <summary>Low &lt;= value &lt;= high, three-valued.</summary>
internal sealed record Ranged(Typed Value, Typed Low, Typed High, bool Negated) : Typed(DataType.Boolean);

/// <summary>A match against a checked pattern.</summary>
internal sealed record Like(Typed Value, Typed Pattern, bool IgnoreCase, bool Negated) : Typed(DataType.Boolean);

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

/// <summary>A function given to a function; its type is the type of its body.</summary>
internal sealed record Lambda(IReadOnlyList<LambdaParameter> Parameters, Typed Body) : Typed(Body.Type);

/// <summary>A parameter of a lambda, under a name that no column has.</summary>
internal sealed record LambdaParameter(string Name, DataType Type) : Typed(Type);
