using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions that choose between values; <c>case</c> has a node of its own.</summary>
internal static class Conditionals
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar("if", On("boolean, T, T -> T", "CASE WHEN @0 THEN @1 ELSE @2 END")),
        Scalar("coalesce", On("T... -> T", o => $"coalesce({o.Join(", ")})")),
        Scalar("nullif", On("T, T -> T", "nullif(@0, @1)")),
        Scalar("greatest", On("T... -> T", o => $"greatest({o.Join(", ")})")),
        Scalar("least", On("T... -> T", o => $"least({o.Join(", ")})")),
    ];
}
