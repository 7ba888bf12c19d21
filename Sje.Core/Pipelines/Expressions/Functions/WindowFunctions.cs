using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;
using static Sje.Core.Pipelines.Expressions.Functions.TextFunctions;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions that stand over a window only.</summary>
internal static class WindowFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Window("row_number", Ranking("-> int32", "CAST(row_number()@tail AS INTEGER)")),
        Window("rank", Ranking("-> int32", "CAST(rank()@tail AS INTEGER)")),
        Window("dense_rank", Ranking("-> int32", "CAST(dense_rank()@tail AS INTEGER)")),
        Window(
            "ntile",
            Ranking("=int32 -> int32", "CAST(ntile(@0)@tail AS INTEGER)") with
            {
                Check = LiteralRange(0, 1, int.MaxValue),
            }
        ),
        Window("percent_rank", Ranking("-> double", "percent_rank()@tail")),
        Window("cume_dist", Ranking("-> double", "cume_dist()@tail")),
        Shift("lag"),
        Shift("lead"),
        Window("first_value", Value("T -> T", "first_value(@0@nulls)@tail")),
        Window("last_value", Value("T -> T", "last_value(@0@nulls)@tail")),
        Window(
            "nth_value",
            Value("T, =int32 -> T", "nth_value(@0, @1@nulls)@tail") with
            {
                Check = LiteralRange(1, 1, int.MaxValue),
            }
        ),
    ];

    private static Overload Ranking(string signature, string duckDb) =>
        On(signature, duckDb) with
        {
            NeedsOrder = true,
        };

    private static Overload Value(string signature, string duckDb) =>
        On(signature, duckDb) with
        {
            NeedsOrder = true,
            Framed = true,
        };

    private static Function Shift(string name) =>
        Window(
            name,
            Ranking("T -> T", $"{name}(@0, 1@nulls)@tail"),
            Ranking("T, =int32 -> T", $"{name}(@0, @1@nulls)@tail") with
            {
                Check = LiteralRange(1, 0, int.MaxValue),
            },
            Ranking("T, =int32, T -> T", $"{name}(@0, @1, @2@nulls)@tail") with
            {
                Check = LiteralRange(1, 0, int.MaxValue),
            }
        );
}
