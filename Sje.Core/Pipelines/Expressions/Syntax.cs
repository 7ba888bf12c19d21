using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>An expression as written: names not yet looked up, types not yet known.</summary>
internal abstract record Syntax(int Position);

/// <summary>A literal with the type its spelling gives it. The value is bool, int, long, string (text, decimals, dates), double or null.</summary>
internal sealed record LiteralSyntax(object? Value, DataType Type, int Position) : Syntax(Position);

/// <summary><c>{{ path }}</c>.</summary>
internal sealed record TemplateSyntax(string Path, int Position) : Syntax(Position);

/// <summary>A column, lambda parameter or, before a dot, a relation.</summary>
internal sealed record NameSyntax(string Name, int Position) : Syntax(Position);

/// <summary><c>target.name</c>: a field of a struct, or a column of a relation.</summary>
internal sealed record FieldSyntax(Syntax Target, string Name, int Position) : Syntax(Position);

/// <summary><c>target[index]</c>.</summary>
internal sealed record IndexSyntax(Syntax Target, Syntax Index, int Position) : Syntax(Position);

/// <summary>An operator of one or two operands, named as in the function catalogue.</summary>
internal sealed record OperatorSyntax(string Name, IReadOnlyList<Syntax> Operands, int Position) : Syntax(Position);

/// <summary><c>value [not] in (items)</c>.</summary>
internal sealed record InSyntax(Syntax Value, IReadOnlyList<Syntax> Items, bool Negated, int Position)
    : Syntax(Position);

/// <summary><c>value [not] between low and high</c>.</summary>
internal sealed record BetweenSyntax(Syntax Value, Syntax Low, Syntax High, bool Negated, int Position)
    : Syntax(Position);

/// <summary><c>value [not] like pattern</c>, or ilike.</summary>
internal sealed record LikeSyntax(Syntax Value, Syntax Pattern, bool IgnoreCase, bool Negated, int Position)
    : Syntax(Position);

/// <summary><c>case [subject] when ... then ... else ... end</c>.</summary>
internal sealed record CaseSyntax(
    Syntax? Subject,
    IReadOnlyList<(Syntax When, Syntax Then)> Branches,
    Syntax? Else,
    int Position
) : Syntax(Position);

/// <summary><c>cast(value as type)</c>, <c>try_cast(value as type)</c>.</summary>
internal sealed record CastSyntax(Syntax Value, DataType Type, bool Try, int Position) : Syntax(Position);

/// <summary><c>[a, b]</c>.</summary>
internal sealed record ArraySyntax(IReadOnlyList<Syntax> Items, int Position) : Syntax(Position);

/// <summary><c>{x: a, y: b}</c>; without fields, the empty map.</summary>
internal sealed record StructSyntax(IReadOnlyList<(string Name, Syntax Value)> Fields, int Position) : Syntax(Position);

/// <summary><c>x -> e</c>, <c>(x, i) -> e</c>.</summary>
internal sealed record LambdaSyntax(IReadOnlyList<string> Parameters, Syntax Body, int Position) : Syntax(Position);

/// <summary><c>*</c> as the argument of count.</summary>
internal sealed record StarSyntax(int Position) : Syntax(Position);

/// <summary>A function call with everything that may hang on it.</summary>
internal sealed record CallSyntax(string Name, IReadOnlyList<Syntax> Arguments, int Position) : Syntax(Position)
{
    public bool Distinct { get; init; }

    public IReadOnlyList<OrderSyntax> OrderBy { get; init; } = [];

    public Syntax? Filter { get; init; }

    public bool IgnoreNulls { get; init; }

    public WindowSyntax? Over { get; init; }
}

/// <summary>A key of an order; nulls come last unless said otherwise, in both directions.</summary>
internal sealed record OrderSyntax(Syntax Key, bool Descending, bool NullsFirst);

/// <summary><c>over (partition by ... order by ... frame)</c>.</summary>
internal sealed record WindowSyntax(
    IReadOnlyList<Syntax> PartitionBy,
    IReadOnlyList<OrderSyntax> OrderBy,
    FrameSyntax? Frame
);

/// <summary>The rows that a window function sees, from one bound to the other.</summary>
internal sealed record FrameSyntax(bool Range, FrameBound Start, FrameBound End);

/// <summary>Where a frame starts or ends.</summary>
internal enum FrameBoundKind
{
    UnboundedPreceding,
    Preceding,
    CurrentRow,
    Following,
    UnboundedFollowing,
}

/// <summary>A bound; the offset is the digits written, for Preceding and Following.</summary>
internal sealed record FrameBound(FrameBoundKind Kind, string? Offset = null);
