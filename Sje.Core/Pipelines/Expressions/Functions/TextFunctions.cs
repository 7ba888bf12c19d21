using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions on text and bytes. Lengths and places count code points.</summary>
internal static class TextFunctions
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar(
            "length",
            On("string -> int32", "CAST(length(@0) AS INTEGER)"),
            On("binary -> int32", "CAST(octet_length(@0) AS INTEGER)")
        ),
        Scalar("octet_length", On("string -> int32", "CAST(strlen(@0) AS INTEGER)")),
        Scalar("upper", On("string -> string", "sje_upper(@0)")),
        Scalar("lower", On("string -> string", "lower(replace(@0, 'İ', 'i' || chr(775)))")),
        Scalar("initcap", On("string -> string", "sje_initcap(@0)")),
        Trim("trim"),
        Trim("ltrim"),
        Trim("rtrim"),
        Pad("lpad"),
        Pad("rpad"),
        Scalar(
            "substr",
            On("string, int32 -> string", "substr(@0, @1)"),
            On(
                "string, int32, int32 -> string",
                // A start before the text uses up some of the length, as on Spark.
                "substr(@0, CASE WHEN @1 = 0 OR @1 < -length(@0) THEN 1 ELSE @1 END,"
                    + " greatest(CASE WHEN @1 < -length(@0) THEN @2 + (@1 + length(@0)) ELSE @2 END, CASE WHEN @2 IS NOT NULL THEN 0 END))"
            )
        ),
        Scalar("left", On("string, int32 -> string", "left(@0, greatest(@1, CASE WHEN @1 IS NOT NULL THEN 0 END))")),
        Scalar("right", On("string, int32 -> string", "right(@0, greatest(@1, CASE WHEN @1 IS NOT NULL THEN 0 END))")),
        Scalar("position", On("string, string -> int32", "CAST(instr(@1, @0) AS INTEGER)")),
        Scalar("replace", On("string, string, string -> string", "replace(@0, @1, @2)")),
        Scalar("reverse", On("string -> string", "array_to_string(list_reverse(string_split(@0, '')), '')")),
        Scalar("repeat", On("string, int32 -> string", "repeat(@0, @1)")),
        Scalar(
            "split",
            On("string, =string -> array<string>", "string_split(@0, @1)") with
            {
                Check = NotEmpty(1, "the separator"),
            }
        ),
        Scalar(
            "split_part",
            On("string, =string, =int32 -> string", "split_part(@0, @1, @2)") with
            {
                Check = arguments =>
                    NotEmpty(1, "the separator")(arguments)
                    ?? (
                        arguments[2] is Literal { Value: 0 }
                            ? "parts are counted from 1, or from the end below 0; 0 is none"
                            : null
                    ),
            }
        ),
        Scalar("concat", On("string... -> string", o => o.Join(" || "))),
        Scalar("concat_ws", On("string, string... -> string", o => $"concat_ws({o.Join(", ")})")),
        Scalar("translate", On("string, string, string -> string", "translate(@0, @1, @2)")),
        Scalar("starts_with", On("string, string -> boolean", "starts_with(@0, @1)")),
        Scalar("ends_with", On("string, string -> boolean", "ends_with(@0, @1)")),
        Scalar("contains", On("string, string -> boolean", "contains(@0, @1)")),
        Scalar("levenshtein", On("string, string -> int32", "sje_levenshtein(@0, @1)")),
        Scalar("md5", On("string -> string", "md5(@0)")),
        Scalar("sha1", On("string -> string", "sha1(@0)")),
        Scalar("sha256", On("string -> string", "sha256(@0)")),
        Scalar("to_base64", On("string -> string", "to_base64(encode(@0))"), On("binary -> string", "to_base64(@0)")),
        Scalar(
            "from_base64",
            On(
                "string -> binary",
                "CASE WHEN regexp_matches(@0, '^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$') THEN from_base64(@0) END"
            )
        ),
        Scalar(
            "hex",
            On("string -> string", "hex(@0)"),
            On("binary -> string", "hex(@0)"),
            On("int64 -> string", "hex(@0)")
        ),
        Scalar("unhex", On("string -> binary", "CASE WHEN regexp_matches(@0, '^[0-9A-Fa-f]*$') THEN unhex(@0) END")),
        Scalar("url_encode", On("string -> string", "url_encode(@0)")),
        Scalar(
            "url_decode",
            On("string -> string", "CASE WHEN regexp_matches(@0, '^([^%]|%[0-9A-Fa-f]{2})*$') THEN url_decode(@0) END")
        ),
        Scalar("ascii", On("string -> int32", "ascii(@0)")),
        Scalar("chr", On("int32 -> string", "chr(@0)")),
        Scalar("bin", On("int64 -> string", "bin(@0)")),
        Scalar("is_blank", On("string -> boolean", @"NOT regexp_matches(@0, '[^\t\n\f\r ]')")),
        Scalar(
            "to_fixed",
            On(
                "decimal, =int32 -> string",
                o =>
                {
                    var of = (DecimalType)o.Type(0);
                    var digits = o.Integer(1);
                    return $"CAST(CAST(@0 AS DECIMAL({Math.Min(of.Precision - of.Scale + 1 + digits, DecimalType.MaxPrecision)},{digits})) AS VARCHAR)";
                }
            ) with
            {
                Check = LiteralRange(1, 0, 18),
            }
        ),
        Scalar(
            "zero_pad",
            On(
                "int64, =int32 -> string",
                "CASE WHEN @0 < 0 THEN '-' ELSE '' END || CASE WHEN length(ltrim(CAST(@0 AS VARCHAR), '-')) < @1"
                    + " THEN lpad(ltrim(CAST(@0 AS VARCHAR), '-'), @1, '0') ELSE ltrim(CAST(@0 AS VARCHAR), '-') END"
            ) with
            {
                Check = LiteralRange(1, 0, 1000),
            }
        ),
    ];

    /// <summary>A check that a literal is a number of a range.</summary>
    internal static Func<IReadOnlyList<Typed>, string?> LiteralRange(int index, long low, long high) =>
        arguments =>
            arguments[index] is Literal { Value: int or long } literal
            && Convert.ToInt64(literal.Value, System.Globalization.CultureInfo.InvariantCulture) is var value
            && (value < low || value > high)
                ? $"argument {index + 1} is {value}; it must be from {low} to {high}"
                : null;

    internal static Func<IReadOnlyList<Typed>, string?> NotEmpty(int index, string what) =>
        arguments => arguments[index] is Literal { Value: "" } ? $"{what} must not be empty" : null;

    private static Function Trim(string name) =>
        Scalar(name, On("string -> string", $"{name}(@0, ' ')"), On("string, =string -> string", $"{name}(@0, @1)"));

    private static Function Pad(string name) =>
        Scalar(
            name,
            On("string, int32, =string -> string", $"{name}(@0, @1, @2)") with
            {
                Check = NotEmpty(2, "the filling"),
            }
        );
}
