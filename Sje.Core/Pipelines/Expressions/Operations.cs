using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

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
internal sealed record TypedWindow(
    IReadOnlyList<Typed> PartitionBy,
    IReadOnlyList<OrderKey> OrderBy,
    FrameSyntax? Frame
);

/// <summary>The first branch whose condition is true; subject forms keep their subject.</summary>
internal sealed record Conditional(
    Typed? Subject,
    IReadOnlyList<(Typed When, Typed Then)> Branches,
    Typed? Else,
    DataType Type
) : Typed(Type);

/// <summary>Three-valued membership.</summary>
internal sealed record Membership(Typed Value, IReadOnlyList<Typed> Items, bool Negated) : Typed(DataType.Boolean);

/// <summary>Low &lt;= value &lt;= high, three-valued.</summary>
internal sealed record Ranged(Typed Value, Typed Low, Typed High, bool Negated) : Typed(DataType.Boolean);

/// <summary>A match against a checked pattern.</summary>
internal sealed record Like(Typed Value, Typed Pattern, bool IgnoreCase, bool Negated) : Typed(DataType.Boolean);

/// <summary>A function given to a function; its type is the type of its body.</summary>
internal sealed record Lambda(IReadOnlyList<LambdaParameter> Parameters, Typed Body) : Typed(Body.Type);

/// <summary>A parameter of a lambda, under a name that no column has.</summary>
internal sealed record LambdaParameter(string Name, DataType Type) : Typed(Type);
