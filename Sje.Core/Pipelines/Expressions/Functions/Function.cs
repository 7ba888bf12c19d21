using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Where a function may stand.</summary>
internal enum FunctionKind
{
    /// <summary>Anywhere.</summary>
    Scalar,

    /// <summary>Over a group, or over a window.</summary>
    Aggregate,

    /// <summary>Over a window only.</summary>
    Window,
}

/// <summary>A function or operator of the language, with its forms.</summary>
internal sealed record Function(string Name, FunctionKind Kind, IReadOnlyList<Overload> Overloads)
{
    public static Function Scalar(string name, params IReadOnlyList<Overload> overloads) =>
        new(name, FunctionKind.Scalar, overloads);

    public static Function Aggregate(string name, params IReadOnlyList<Overload> overloads) =>
        new(name, FunctionKind.Aggregate, overloads);

    public static Function Window(string name, params IReadOnlyList<Overload> overloads) =>
        new(name, FunctionKind.Window, overloads);
}

/// <summary>
/// One form of a function: what it takes, what it gives, and how each engine spells it. A spelling is a template in which
/// <c>@0</c>, <c>@1</c> stand for the operands, each of them already closed off by parentheses where it needs them.
/// Aggregates and window functions have more: <c>@distinct</c>, <c>@order</c> (a whole order clause, or nothing), <c>@nulls</c>
/// (ignore nulls) <c>@tail</c> (the filter and over clauses)
/// and <c>@present</c> (the same, leaving out nulls).
/// </summary>
internal sealed record Overload(Signature Signature, Func<Operands, string> DuckDb)
{
    /// <summary>Replaces the result type of the signature where that is computed.</summary>
    public Func<IReadOnlyList<Typed>, DataType>? Result { get; init; }

    /// <summary>What is wrong with the arguments beyond their types, or null.</summary>
    public Func<IReadOnlyList<Typed>, string?>? Check { get; init; }

    /// <summary>Whether the order clause is asked for.</summary>
    public bool NeedsOrder { get; init; }

    /// <summary>Whether the values themselves are the last key of the order, so that the result does not depend on reading.</summary>
    public bool OrderedByValue { get; init; }

    /// <summary>Whether a window function sees a frame (as aggregates do) or the whole partition.</summary>
    public bool Framed { get; init; }

    public static Overload On(string signature, string duckDb) => new(Signature.Parse(signature), _ => duckDb);

    public static Overload On(string signature, Func<Operands, string> duckDb) =>
        new(Signature.Parse(signature), duckDb);
}

/// <summary>What a spelling may depend on: types and literal values of the operands, never their text.</summary>
internal sealed class Operands(IReadOnlyList<Typed> arguments, DataType result, Func<string, string> quote)
{
    private readonly List<string> extra = [];

    public int Count => arguments.Count;

    public DataType Result => result;

    /// <summary>SQL that stands for operands after the last one.</summary>
    public IReadOnlyList<string> Extra => extra;

    public DataType Type(int index) => arguments[index].Type;

    public int Integer(int index) =>
        Convert.ToInt32(((Literal)arguments[index]).Value, System.Globalization.CultureInfo.InvariantCulture);

    public string String(int index) => (string)((Literal)arguments[index]).Value!; // the checker lets no null through

    /// <summary>
    /// A text literal made by the spelling, as a placeholder. Text that comes from the user must go this way and never into
    /// the template, where it could be taken for a placeholder or for SQL.
    /// </summary>
    public string Text(string value)
    {
        extra.Add(quote(value));
        return $"@{arguments.Count + extra.Count - 1}";
    }

    /// <summary>All operands from one on, joined.</summary>
    public string Join(string separator, int from = 0) =>
        string.Join(separator, Enumerable.Range(from, arguments.Count - from).Select(i => $"@{i}"));
}
