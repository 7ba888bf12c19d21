using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions over the rows of a group. Nulls are skipped; on no value the result is null, and 0 for counts.</summary>
internal static class Aggregates
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Framed("count", On("-> int64", "count(*)@tail"), On("T -> int64", "count(@distinct@0)@tail")),
        Framed("count_if", On("boolean -> int64", "count(CASE WHEN @0 THEN 1 END)@tail")),
        Framed(
            "sum",
            On("int -> int64", "CAST(sum(@distinct@0)@tail AS BIGINT)"),
            On(
                "decimal -> int64",
                o => $"CAST(sum(@distinct@0)@tail AS DECIMAL(38,{((DecimalType)o.Type(0)).Scale}))"
            ) with
            {
                Result = arguments => new DecimalType(DecimalType.MaxPrecision, ((DecimalType)arguments[0].Type).Scale),
            },
            On("double -> double", "sum(@distinct@0)@tail")
        ),
        Framed(
            "avg",
            On("decimal -> double", "CAST(sum(@distinct@0)@tail AS DOUBLE) / nullif(count(@distinct@0)@tail, 0)"),
            On("number -> double", "avg(@distinct@0)@tail")
        ),
        Framed("min", Ordered("min")),
        Framed("max", Ordered("max")),
        Framed("bool_and", On("boolean -> boolean", "bool_and(@0)@tail")),
        Framed("bool_or", On("boolean -> boolean", "bool_or(@0)@tail")),
        .. new[] { "stddev_samp", "stddev_pop", "var_samp", "var_pop" }.Select(name =>
            Framed(name, On("double -> double", $"{name}(@distinct@0)@tail"))
        ),
        Framed("median", On("double -> double", "quantile_cont(@0, 0.5)@tail")),
        Framed("quantile_cont", On("double, =double -> double", "quantile_cont(@0, @1)@tail") with { Check = Share }),
        Framed(
            "quantile_disc",
            On("int32, =double -> int32", "quantile_disc(@0, @1)@tail") with
            {
                Check = Share,
            },
            On("int64, =double -> int64", "quantile_disc(@0, @1)@tail") with
            {
                Check = Share,
            },
            On("double, =double -> double", "quantile_disc(@0, @1)@tail") with
            {
                Check = Share,
            }
        ),
        Aggregate("mode", Ordered("mode", " ORDER BY @0")),
        Aggregate(
            "corr",
            On(
                "double, double -> double",
                "covar_pop(@0, @1)@tail / nullif(stddev_pop(CASE WHEN @1 IS NOT NULL THEN @0 END)@tail * stddev_pop(CASE WHEN @0 IS NOT NULL THEN @1 END)@tail, 0)"
            )
        ),
        Aggregate("covar_samp", On("double, double -> double", "covar_samp(@0, @1)@tail")),
        Aggregate("covar_pop", On("double, double -> double", "covar_pop(@0, @1)@tail")),
        Aggregate(
            "regr_slope",
            On(
                "double, double -> double",
                "CASE WHEN NOT isnan(regr_slope(@0, @1)@tail) THEN regr_slope(@0, @1)@tail END"
            )
        ),
        Aggregate(
            "regr_intercept",
            On(
                "double, double -> double",
                "CASE WHEN NOT isnan(regr_intercept(@0, @1)@tail) THEN regr_intercept(@0, @1)@tail END"
            )
        ),
        .. new[] { "bit_and", "bit_or", "bit_xor" }.Select(name =>
            Aggregate(name, On("int32 -> int32", $"{name}(@0)@tail"), On("int64 -> int64", $"{name}(@0)@tail"))
        ),
        Aggregate("first", On("T -> T", "first(@0@order)@tail") with { NeedsOrder = true }),
        Aggregate("last", On("T -> T", "last(@0@order)@tail") with { NeedsOrder = true }),
        Aggregate("max_by", On("T, K -> T", "max_by(@0, @1)@tail")),
        Aggregate("min_by", On("T, K -> T", "min_by(@0, @1)@tail")),
        Aggregate(
            "collect",
            On("T -> array<T>", "coalesce(list(@distinct@0@order)@present, [])") with
            {
                OrderedByValue = true,
            }
        ),
        Aggregate(
            "collect_distinct",
            On("T -> array<T>", "coalesce(list(DISTINCT @0@order)@present, [])") with
            {
                OrderedByValue = true,
            }
        ),
        Aggregate(
            "string_agg",
            On("string, =string -> string", "string_agg(@0, @1@order)@tail") with
            {
                OrderedByValue = true,
            }
        ),
    ];

    /// <summary>An aggregate that may also be asked over a window, with a frame.</summary>
    private static Function Framed(string name, params IReadOnlyList<Overload> overloads) =>
        Aggregate(name, [.. overloads.Select(o => o with { Framed = true })]);

    private static Overload Ordered(string name, string order = "") =>
        On("T -> T", $"{name}(@0{order})@tail") with
        {
            Check = arguments => arguments[0].Type is MapType ? $"{name} has no order for maps" : null,
        };

    private static string? Share(IReadOnlyList<Typed> arguments) =>
        arguments[1] is Literal { Value: double share } && share is not (>= 0 and <= 1)
            ? "the share must be from 0 to 1"
            : null;
}
