using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;
using static Sje.Core.Pipelines.Expressions.Functions.Function;
using static Sje.Core.Pipelines.Expressions.Functions.Overload;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>Arithmetic, comparison and logic (EXPRESSIONS.md, section 2).</summary>
internal static class Operators
{
    public static IReadOnlyList<Function> All { get; } =
    [
        Scalar("+", IntegerOperator("@0 + @1"), DecimalSum("+"), DoubleOperator("@0 + @1")),
        Scalar("-", IntegerOperator("@0 - @1"), DecimalSum("-"), DoubleOperator("@0 - @1")),
        Scalar("*", IntegerOperator("@0 * @1"), DecimalProduct(), DoubleOperator("@0 * @1")),
        Scalar("/", On("number, number -> double", "CAST(@0 AS DOUBLE) / nullif(CAST(@1 AS DOUBLE), 0)")),
        Scalar("%", Remainder(), DecimalRemainder(), DoubleOperator("@0 % nullif(@1, 0)")),
        Scalar("mod", Remainder(), DecimalRemainder(), DoubleOperator("@0 % nullif(@1, 0)")),
        Scalar("div", IntegerOperator("@0 // @1")),
        Scalar(
            "pmod",
            On(
                "int32, int32 -> int32",
                "CASE WHEN @1 IN (1, -1) AND @0 IS NOT NULL THEN 0 ELSE CASE WHEN (@0 % nullif(@1, 0)) <> 0 AND ((@0 % nullif(@1, 0)) < 0) <> (@1 < 0)"
                    + " THEN @0 % nullif(@1, 0) + @1 ELSE @0 % nullif(@1, 0) END END"
            )
        ),
        Scalar(
            "negate",
            On("int32 -> int32", "-@0"),
            On("int64 -> int64", "-@0"),
            SameDecimal("-@0"),
            On("double -> double", "-@0")
        ),
        .. new[] { "=", "<>", "<", "<=", ">", ">=" }.Select(op => Scalar(op, Comparison($"@0 {op} @1"))),
        Scalar("is distinct from", Comparison("@0 IS DISTINCT FROM @1")),
        Scalar("is not distinct from", Comparison("@0 IS NOT DISTINCT FROM @1")),
        Scalar("is null", On("T -> boolean", "@0 IS NULL")),
        Scalar("is not null", On("T -> boolean", "@0 IS NOT NULL")),
        Scalar("is_nan", On("double -> boolean", "isnan(@0)")),
        Scalar("and", On("boolean, boolean -> boolean", "@0 AND @1")),
        Scalar("or", On("boolean, boolean -> boolean", "@0 OR @1")),
        Scalar("not", On("boolean -> boolean", "NOT @0")),
        Scalar("||", On("string, string -> string", "@0 || @1")),
    ];

    private static Overload Comparison(string duckDb) =>
        On("T, T -> boolean", duckDb) with
        {
            Check = arguments => arguments[0].Type is MapType ? "maps cannot be compared" : null,
        };

    /// <summary>A form for integers whose result has the wider of the two types.</summary>
    private static Overload IntegerOperator(string duckDb) => On("int, int -> int64", duckDb) with { Result = Wider };

    private static Overload DoubleOperator(string duckDb) => On("double, double -> double", duckDb);

    private static Overload SameDecimal(string duckDb) =>
        On("decimal -> int64", duckDb) with
        {
            Result = arguments => arguments[0].Type,
        };

    private static Overload Remainder() =>
        On(
            "int, int -> int64",
            o =>
                $"CASE WHEN @1 = -1 AND @0 IS NOT NULL THEN CAST(0 AS {(o.Result == DataType.Int64 ? "BIGINT" : "INTEGER")}) ELSE @0 % nullif(@1, 0) END"
        ) with
        {
            Result = Wider,
        };

    private static DataType Wider(IReadOnlyList<Typed> arguments) =>
        Widening.Common(arguments[0].Type, arguments[1].Type)!; // both integers

    private static Overload DecimalSum(string op) =>
        On(
            "exact, exact -> int64",
            o =>
            {
                var to = (DecimalType)o.Result;
                var whole = $"DECIMAL({to.Precision},{to.Scale})";
                return o.Type(0) == to && o.Type(1) == to
                    ? $"CAST(@0 {op} @1 AS {whole})"
                    : $"CAST(CAST(@0 AS {whole}) {op} @1 AS {whole})";
            }
        ) with
        {
            Check = arguments => NeedsDecimals(arguments, SumType),
            Result = arguments => SumType(Decimals(arguments)),
        };

    private static Overload DecimalProduct() =>
        On(
            "exact, exact -> int64",
            o =>
            {
                var to = (DecimalType)o.Result;
                return $"CAST(CAST(@0 AS DECIMAL(38,{Widening.AsDecimal(o.Type(0))!.Scale})) * @1 AS DECIMAL({to.Precision},{to.Scale}))";
            }
        ) with
        {
            Check = arguments => NeedsDecimals(arguments, ProductType),
            Result = arguments => ProductType(Decimals(arguments)),
        };

    private static Overload DecimalRemainder() =>
        On(
            "exact, exact -> int64",
            o =>
            {
                var to = (DecimalType)o.Result;
                return $"CAST(@0 % nullif(@1, 0) AS DECIMAL({to.Precision},{to.Scale}))";
            }
        ) with
        {
            Check = arguments => NeedsDecimals(arguments, RemainderType),
            Result = arguments => RemainderType(Decimals(arguments)),
        };

    /// <summary>Refuses results of more than 38 digits: Spark would cut the scale silently, DuckDB fail at some row.</summary>
    private static string? NeedsDecimals(
        IReadOnlyList<Typed> arguments,
        Func<(DecimalType A, DecimalType B), DecimalType> result
    ) =>
        result(Decimals(arguments)) is { Precision: > DecimalType.MaxPrecision } type
            ? $"the result would need {type.Precision} digits, at most {DecimalType.MaxPrecision} are possible: cast an operand to a smaller decimal or to double first"
            : null;

    private static (DecimalType A, DecimalType B) Decimals(IReadOnlyList<Typed> arguments) =>
        (Widening.AsDecimal(arguments[0].Type)!, Widening.AsDecimal(arguments[1].Type)!); // the overload is reached with these only

    private static DecimalType SumType((DecimalType A, DecimalType B) of)
    {
        var (a, b) = of;
        var scale = Math.Max(a.Scale, b.Scale);
        return a == b && a.Precision == DecimalType.MaxPrecision
            ? a
            : new DecimalType(Math.Max(a.Precision - a.Scale, b.Precision - b.Scale) + scale + 1, scale);
    }

    private static DecimalType ProductType((DecimalType A, DecimalType B) of) =>
        new(of.A.Precision + of.B.Precision + 1, of.A.Scale + of.B.Scale);

    private static DecimalType RemainderType((DecimalType A, DecimalType B) of)
    {
        var scale = Math.Max(of.A.Scale, of.B.Scale);
        return new DecimalType(Math.Min(of.A.Precision - of.A.Scale, of.B.Precision - of.B.Scale) + scale, scale);
    }
}
