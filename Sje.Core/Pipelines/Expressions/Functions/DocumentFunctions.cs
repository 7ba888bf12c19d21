using System.Text.RegularExpressions;
using Sje.Core.Pipelines.Expressions.Values;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions on maps and on JSON text.</summary>
internal static partial class DocumentFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar("map_keys", On("map<K,V> -> array<K>", "map_keys(@0)")),
        Scalar("map_values", On("map<K,V> -> array<V>", "map_values(@0)")),
        Scalar(
            "has_key",
            On("map<K,V>, K -> boolean", "CASE WHEN @0 IS NOT NULL AND @1 IS NOT NULL THEN map_contains(@0, @1) END")
        ),
        Scalar(
            "map",
            On("array<K>, array<V> -> map<K,V>", "CASE WHEN @0 IS NOT NULL AND @1 IS NOT NULL THEN map(@0, @1) END")
        ),
        Scalar(
            "map_concat",
            On(
                "map<K,V>, map<K,V> -> map<K,V>",
                "CASE WHEN @0 IS NOT NULL AND @1 IS NOT NULL THEN map_concat(@0, @1) END"
            )
        ),
        Scalar(
            "json_get",
            On(
                "string, =string -> string",
                o => $"CASE WHEN json_valid(@0) THEN json_extract_string(@0, {o.Text(JsonPath(o.String(1)))}) END"
            ) with
            {
                Check = arguments =>
                    arguments[1] is Literal { Value: string path } && !PathPattern().IsMatch(path)
                        ? $"'{path}' is no path: $ with .name, [\"name\"] and [0] steps"
                        : null,
            }
        ),
        Scalar(
            "json_array_length",
            On(
                "string -> int32",
                "CASE WHEN json_valid(@0) THEN CASE WHEN json_type(@0) = 'ARRAY' THEN CAST(json_array_length(@0) AS INTEGER) END END"
            )
        ),
        Scalar(
            "json_keys",
            On(
                "string -> array<string>",
                "CASE WHEN json_valid(@0) THEN CASE WHEN json_type(@0) = 'OBJECT' THEN json_keys(@0) END END"
            )
        ),
        Scalar(
            "to_json",
            On("struct -> string", "CAST(to_json(@0) AS VARCHAR)"),
            On("array<T> -> string", "CAST(to_json(@0) AS VARCHAR)")
        ),
    ];

    /// <summary>DuckDB writes <c>["x.y"]</c> as <c>."x.y"</c>.</summary>
    private static string JsonPath(string path) => QuotedStep().Replace(path, ".\"$1\"");

    [GeneratedRegex("""^\$(\.[A-Za-z_][A-Za-z0-9_]*|\["[^"\\]+"\]|\[[0-9]{1,9}\])*$""")]
    private static partial Regex PathPattern();

    [GeneratedRegex("""\["([^"\\]+)"\]""")]
    private static partial Regex QuotedStep();
}
