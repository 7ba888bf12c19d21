using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;
using static Sje.Core.Pipelines.Expressions.Functions.TextFunctions;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Functions on numbers. Where one engine fails and the other gives NaN (roots of negatives), the result is null.</summary>
internal static class NumberFunctions
{
    /// <summary>The decimal digits of a double, exactly as its shortest text has them.</summary>
    private const string Digits = "CAST(sje_plain(CAST(@0 AS VARCHAR)) AS DECIMAL(38,16))";

    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar(
            "abs",
            On("int32 -> int32", "abs(@0)"),
            On("int64 -> int64", "abs(@0)"),
            Decimal("decimal", "abs(@0)", t => t),
            On("double -> double", "abs(@0)")
        ),
        Scalar(
            "sign",
            On("exact -> int32", "CAST(sign(@0) AS INTEGER)"),
            On("double -> int32", "CASE WHEN NOT isnan(@0) THEN CAST(sign(@0) AS INTEGER) END")
        ),
        Scalar(
            "round",
            On("double -> double", $"CASE WHEN abs(@0) < 1e15 THEN CAST(round({Digits}, 0) AS DOUBLE) ELSE @0 END"),
            Decimal("decimal", o => $"CAST(round(@0, 0) AS {Name(o)})", t => Rounded(t, 0)),
            On(
                "double, =int32 -> double",
                $"CASE WHEN abs(@0) < 1e15 THEN CAST(round({Digits}, @1) AS DOUBLE) ELSE @0 END"
            ) with
            {
                Check = LiteralRange(1, -15, 16),
            },
            RoundedDecimal("round"),
            RoundedInteger("int32", "INTEGER"),
            RoundedInteger("int64", "BIGINT")
        ),
        Scalar(
            "bround",
            On(
                "double, =int32 -> double",
                $"CASE WHEN abs(@0) < 1e15 THEN CAST(sje_bround({Digits}, @1) AS DOUBLE) ELSE @0 END"
            ) with
            {
                Check = LiteralRange(1, 0, 8),
            },
            DecimalDigits(
                "bround",
                o => $"CAST(sje_bround(@0, @1) AS {Name(o)})",
                (t, n) => new DecimalType(t.Precision - t.Scale + n + 1, n)
            )
        ),
        WholeNumber("floor"),
        WholeNumber("ceil"),
        Scalar(
            "trunc",
            On("double -> double", "trunc(@0)"),
            DecimalDigits(
                "trunc",
                o => $"CAST(trunc(@0, @1) AS {Name(o)})",
                (t, n) => new DecimalType(t.Precision - t.Scale + n + 1, n)
            )
        ),
        Of("sqrt", "CASE WHEN @0 >= 0 THEN sqrt(@0) END"),
        Of("cbrt", "cbrt(@0)"),
        Scalar(
            "pow",
            On("double, double -> double", "CASE WHEN abs(@0) = 1 AND isinf(@1) THEN 1 ELSE pow(@0, @1) END")
        ),
        Of("exp", "exp(@0)"),
        Of("ln", "CASE WHEN @0 > 0 THEN ln(@0) END"),
        Of("log10", "CASE WHEN @0 > 0 THEN log10(@0) END"),
        Of("log2", "CASE WHEN @0 > 0 THEN log2(@0) END"),
        Scalar(
            "log",
            On("double, double -> double", "CASE WHEN @0 > 0 AND @0 <> 1 AND @1 > 0 THEN ln(@1) / ln(@0) END")
        ),
        Of("sin", "CASE WHEN NOT isinf(@0) THEN sin(@0) END"),
        Of("cos", "CASE WHEN NOT isinf(@0) THEN cos(@0) END"),
        Of("tan", "CASE WHEN NOT isinf(@0) THEN tan(@0) END"),
        Of("asin", "CASE WHEN abs(@0) <= 1 THEN asin(@0) END"),
        Of("acos", "CASE WHEN abs(@0) <= 1 THEN acos(@0) END"),
        Of("atan", "atan(@0)"),
        Of("sinh", "sinh(@0)"),
        Of("cosh", "cosh(@0)"),
        Of("tanh", "tanh(@0)"),
        Of("degrees", "degrees(@0)"),
        Of("radians", "radians(@0)"),
        Scalar("atan2", On("double, double -> double", "atan2(@0, @1)")),
        Scalar("pi", On("-> double", "pi()")),
        Scalar("nan", On("-> double", "CAST('NaN' AS DOUBLE)")),
        Scalar("inf", On("-> double", "CAST('Infinity' AS DOUBLE)")),
        Scalar("bit_and", On("int32, int32 -> int32", "@0 & @1"), On("int64, int64 -> int64", "@0 & @1")),
        Scalar("bit_or", On("int32, int32 -> int32", "@0 | @1"), On("int64, int64 -> int64", "@0 | @1")),
        Scalar("bit_xor", On("int32, int32 -> int32", "xor(@0, @1)"), On("int64, int64 -> int64", "xor(@0, @1)")),
        Scalar("bit_not", On("int32 -> int32", "~@0"), On("int64 -> int64", "~@0")),
        Scalar("shift_left", On("int64, =int32 -> int64", ShiftLeft) with { Check = LiteralRange(1, 0, 62) }),
        Scalar(
            "shift_right",
            On("int32, =int32 -> int32", "@0 >> @1") with
            {
                Check = LiteralRange(1, 0, 31),
            },
            On("int64, =int32 -> int64", "@0 >> @1") with
            {
                Check = LiteralRange(1, 0, 63),
            }
        ),
        Scalar("bit_count", On("int64 -> int32", "CAST(bit_count(CAST(@0 AS BIGINT)) AS INTEGER)")),
        Scalar(
            "width_bucket",
            On(
                "double, =double, =double, =int32 -> int64",
                "CASE WHEN @0 < @1 THEN CAST(0 AS BIGINT) WHEN isnan(@0) THEN NULL WHEN @0 >= @2 THEN CAST(@3 + 1 AS BIGINT)"
                    + " ELSE CAST(floor((@0 - @1) / ((@2 - @1) / CAST(@3 AS DOUBLE))) + 1 AS BIGINT) END"
            ) with
            {
                Check = LiteralRange(3, 1, 1_000_000),
            }
        ),
        Scalar(
            "factorial",
            On("int32 -> int64", "CASE WHEN @0 BETWEEN 0 AND 20 THEN CAST(factorial(@0) AS BIGINT) END")
        ),
        Scalar(
            "hash_bucket",
            On("string, =int32 -> int64", "CAST('0x' || substr(md5(@0), 1, 8) AS BIGINT) % @1") with
            {
                Check = LiteralRange(1, 1, int.MaxValue),
            }
        ),
    ];

    private static Function Of(string name, string duckDb) => Scalar(name, On("double -> double", duckDb));

    private static string Name(Operands o) =>
        o.Result is DecimalType d ? $"DECIMAL({d.Precision},{d.Scale})" : "DOUBLE";

    private static Overload Decimal(string kind, string duckDb, Func<DecimalType, DataType> result) =>
        Decimal(kind, _ => duckDb, result);

    private static Overload Decimal(string kind, Func<Operands, string> duckDb, Func<DecimalType, DataType> result) =>
        On($"{kind} -> int64", duckDb) with
        {
            Result = arguments => result((DecimalType)arguments[0].Type),
        };

    /// <summary>decimal(p,s) rounded to n digits below s is decimal(p-s+n+1, n): rounding may carry into a new digit.</summary>
    private static DecimalType Rounded(DecimalType type, int digits) =>
        digits >= type.Scale ? type : new DecimalType(type.Precision - type.Scale + digits + 1, digits);

    private static Overload RoundedDecimal(string name) =>
        DecimalDigits(name, o => $"CAST({name}(@0, @1) AS {Name(o)})", Rounded);

    private static Overload DecimalDigits(
        string name,
        Func<Operands, string> duckDb,
        Func<DecimalType, int, DecimalType> result
    ) =>
        On("decimal, =int32 -> int64", duckDb) with
        {
            Check = arguments =>
                arguments[1] is Literal { Value: int n }
                && (n < 0 || n >= Math.Max(((DecimalType)arguments[0].Type).Scale, 1))
                    ? $"{name} of {arguments[0].Type} takes a number of digits from 0 to below its scale"
                    : null,
            Result = arguments =>
                result((DecimalType)arguments[0].Type, arguments[1] is Literal { Value: int n } ? n : 0),
        };

    private static Overload RoundedInteger(string type, string name) =>
        On($"{type}, =int32 -> {type}", $"CAST(round(CAST(@0 AS DECIMAL(38,0)), @1) AS {name})") with
        {
            Check = LiteralRange(1, -18, 0),
        };

    private static Function WholeNumber(string name) =>
        Scalar(
            name,
            On("int32 -> int32", "@0"),
            On("int64 -> int64", "@0"),
            Decimal(
                "decimal",
                o => $"CAST({name}(@0) AS {Name(o)})",
                t => new DecimalType(Math.Min(t.Precision - t.Scale + 1, DecimalType.MaxPrecision), 0)
            ),
            On("double -> double", $"{name}(@0)")
        );

    /// <summary>Bits lost to the left are lost: computed in 128 bits and folded back into 64.</summary>
    private static string ShiftLeft(Operands o)
    {
        var factor = 1L << o.Integer(1);
        var shifted = $"((CAST(@0 AS HUGEINT) * {factor}) % 18446744073709551616::HUGEINT)";
        return $"CAST(CASE WHEN {shifted} >= 9223372036854775808::HUGEINT THEN {shifted} - 18446744073709551616::HUGEINT"
            + $" WHEN {shifted} < -9223372036854775808::HUGEINT THEN {shifted} + 18446744073709551616::HUGEINT ELSE {shifted} END AS BIGINT)";
    }
}
