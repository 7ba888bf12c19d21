using Sje.Core.Pipelines.Expressions.Values;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;
using static Sje.Core.Pipelines.Expressions.Functions.TextFunctions;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions on arrays. Places count from 1.</summary>
internal static class ArrayFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar(
            "size",
            On("array<T> -> int32", "CAST(len(@0) AS INTEGER)"),
            On("map<K,V> -> int32", "CAST(cardinality(@0) AS INTEGER)")
        ),
        Scalar("contains", On("array<T>, T -> boolean", "list_contains(@0, @1)")),
        Scalar(
            "slice",
            On("array<T>, =int32, =int32 -> array<T>", Slice) with
            {
                Check = arguments =>
                    arguments[1] is Literal { Value: 0 }
                        ? "places count from 1, or from the end below 0"
                        : LiteralRange(2, 0, int.MaxValue)(arguments),
            }
        ),
        Scalar("sort", On("array<T> -> array<T>", "list_sort(@0, 'ASC', 'NULLS LAST')")),
        Scalar("sort_desc", On("array<T> -> array<T>", "list_sort(@0, 'DESC', 'NULLS LAST')")),
        Scalar(
            "distinct",
            On("array<T> -> array<T>", "list_filter(@0, lambda sje_x, sje_i: list_position(@0, sje_x) = sje_i)")
        ),
        Scalar(
            "concat",
            On(
                "array<T>, array<T> -> array<T>",
                "CASE WHEN @0 IS NOT NULL AND @1 IS NOT NULL THEN list_concat(@0, @1) END"
            )
        ),
        Scalar("append", On("array<T>, T -> array<T>", "CASE WHEN @0 IS NOT NULL THEN list_append(@0, @1) END")),
        Scalar("prepend", On("array<T>, T -> array<T>", "CASE WHEN @0 IS NOT NULL THEN list_prepend(@1, @0) END")),
        Scalar(
            "transform",
            On("array<T>, (T:U) -> array<U>", "list_transform(@0, @1)"),
            On("array<T>, (T,int64:U) -> array<U>", "list_transform(@0, @1)")
        ),
        Scalar("filter", On("array<T>, (T:boolean) -> array<T>", "list_filter(@0, @1)")),
        Scalar(
            "any",
            On(
                "array<T>, (T:boolean) -> boolean",
                "CASE WHEN @0 IS NULL THEN NULL WHEN list_contains(list_transform(@0, @1), true) THEN true"
                    + " WHEN list_position(list_transform(@0, @1), NULL) > 0 THEN NULL ELSE false END"
            )
        ),
        Scalar(
            "all",
            On(
                "array<T>, (T:boolean) -> boolean",
                "CASE WHEN @0 IS NULL THEN NULL WHEN list_contains(list_transform(@0, @1), false) THEN false"
                    + " WHEN list_position(list_transform(@0, @1), NULL) > 0 THEN NULL ELSE true END"
            )
        ),
        Scalar("reduce", On("array<T>, A, (A,T:A) -> A", "list_reduce(@0, @2, @1)")),
        Scalar(
            "flatten",
            On(
                "array<array<T>> -> array<T>",
                "CASE WHEN len(list_filter(@0, lambda sje_x: sje_x IS NULL)) = 0 THEN flatten(@0) END"
            )
        ),
        Scalar(
            "sequence",
            On("int64, int64 -> array<int64>", "generate_series(@0, @1)"),
            On("int64, int64, =int64 -> array<int64>", "generate_series(@0, @1, @2)") with
            {
                Check = arguments => arguments[2] is Literal { Value: 0L } ? "the step must not be 0" : null,
            }
        ),
        Scalar(
            "array_join",
            On(
                "array<string>, string -> string",
                "CASE WHEN @0 IS NOT NULL THEN coalesce(array_to_string(@0, @1), '') END"
            )
        ),
        Scalar("array_min", On("array<T> -> T", "list_min(@0)")),
        Scalar("array_max", On("array<T> -> T", "list_max(@0)")),
        Scalar(
            "index_of",
            On(
                "array<T>, T -> int32",
                "CASE WHEN @0 IS NOT NULL AND @1 IS NOT NULL THEN coalesce(list_position(@0, @1), 0) END"
            )
        ),
        Scalar("reverse", On("array<T> -> array<T>", "list_reverse(@0)")),
        Scalar(
            "remove",
            On(
                "array<T>, T -> array<T>",
                "CASE WHEN @1 IS NOT NULL THEN list_filter(@0, lambda sje_x: sje_x IS DISTINCT FROM @1) END"
            )
        ),
        Scalar(
            "intersect",
            On(
                "array<T>, array<T> -> array<T>",
                "CASE WHEN @1 IS NOT NULL THEN list_filter(@0, lambda sje_x, sje_i: list_position(@0, sje_x) = sje_i AND list_position(@1, sje_x) IS NOT NULL) END"
            )
        ),
        Scalar(
            "except",
            On(
                "array<T>, array<T> -> array<T>",
                "CASE WHEN @1 IS NOT NULL THEN list_filter(@0, lambda sje_x, sje_i: list_position(@0, sje_x) = sje_i AND list_position(@1, sje_x) IS NULL) END"
            )
        ),
        Scalar(
            "union",
            On(
                "array<T>, array<T> -> array<T>",
                "CASE WHEN @0 IS NOT NULL AND @1 IS NOT NULL THEN list_filter(list_concat(@0, @1), lambda sje_x, sje_i: list_position(list_concat(@0, @1), sje_x) = sje_i) END"
            )
        ),
        Scalar("overlaps", On("array<T>, array<T> -> boolean", "list_has_any(@0, @1)")),
        Scalar(
            "array_repeat",
            On("T, =int32 -> array<T>", "list_transform(generate_series(1, @1), lambda sje_i: @0)") with
            {
                Check = LiteralRange(1, 0, 1_000_000),
            }
        ),
    ];

    private static string Slice(Operands o)
    {
        var (start, count) = (o.Integer(1), o.Integer(2));
        if (start > 0)
        {
            return $"@0[{start}:{(long)start + count - 1}]";
        }

        // From the end: a start before the array gives [], where DuckDB alone would begin at its first item.
        var first = start + 1L;
        return $"CASE WHEN @0 IS NULL THEN NULL WHEN len(@0) < {-(long)start} THEN [] ELSE @0[len(@0) + {first}:len(@0) + {first + count - 1}] END";
    }
}
