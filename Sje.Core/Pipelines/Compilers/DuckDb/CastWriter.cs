using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>
/// Spells casts so that DuckDB does what the language says (EXPRESSIONS.md, "Cast"): its own casts round and wrap where ours cut
/// and fail, and take texts (<c>0x10</c>, <c>1_000</c>) that ours refuse. Templates with <c>@0</c>, as in the function catalogue.
/// </summary>
internal static class CastWriter
{
    private const string Trimmed = "trim(@0, ' ' || chr(9) || chr(10) || chr(12) || chr(13))";
    private const string IntegerText = @"^\s*[+-]?[0-9]+\s*$";
    private const string DecimalText = @"^\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)\s*$";
    private const string DoubleText =
        @"^\s*([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?([iI][nN][fF]([iI][nN][iI][tT][yY])?)|[nN][aA][nN])\s*$";
    private const string DateText = "^ *[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} *$";
    private const string TimestampText =
        @"^ *[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([ T]([01]?[0-9]|2[0-3]):[0-5]?[0-9](:[0-5]?[0-9](\.[0-9]{1,9})?)?)? *$";

    public static string Template(DataType from, DataType to, bool isTry)
    {
        var cast = isTry ? "TRY_CAST" : "CAST";
        return (from, to) switch
        {
            _ when from == DataType.String => FromText(to, isTry),
            _ when to == DataType.String => ToText(from, cast),
            (ScalarType { Kind: ScalarKind.Double or ScalarKind.Float }, _) when to.IsInteger =>
                $"{cast}(trunc(@0) AS {Sql.Type(to)})",
            (DecimalType, _) when to.IsInteger => $"{cast}(trunc(@0) AS {Sql.Type(to)})",
            (ScalarType { Kind: ScalarKind.Double or ScalarKind.Float }, DecimalType) =>
                $"{cast}(sje_plain(CAST(@0 AS VARCHAR)) AS {Sql.Type(to)})",
            (ScalarType { Kind: ScalarKind.Instant }, ScalarType { Kind: ScalarKind.Timestamp }) =>
                "@0 AT TIME ZONE 'UTC'",
            (ScalarType { Kind: ScalarKind.Timestamp }, ScalarType { Kind: ScalarKind.Instant }) =>
                "@0 AT TIME ZONE 'UTC'",
            _ => $"{cast}(@0 AS {Sql.Type(to)})",
        };
    }

    private static string ToText(DataType from, string cast) =>
        from switch
        {
            ScalarType { Kind: ScalarKind.Double } => "sje_double_text(@0)",
            ScalarType { Kind: ScalarKind.Float } => "sje_double_text(CAST(@0 AS DOUBLE))",
            ScalarType { Kind: ScalarKind.Instant } => $"{cast}(@0 AT TIME ZONE 'UTC' AS VARCHAR)",
            ScalarType { Kind: ScalarKind.Binary } => "decode(@0)",
            _ => $"{cast}(@0 AS VARCHAR)",
        };

    private static string FromText(DataType to, bool isTry) =>
        to switch
        {
            DecimalType => Guarded(DecimalText, Trimmed, to, isTry),
            ScalarType { Kind: ScalarKind.Int32 or ScalarKind.Int64 } => Guarded(IntegerText, Trimmed, to, isTry),
            ScalarType { Kind: ScalarKind.Double or ScalarKind.Float } => Guarded(DoubleText, Trimmed, to, isTry),
            ScalarType { Kind: ScalarKind.Date } => Guarded(DateText, "trim(@0, ' ')", to, isTry),
            ScalarType { Kind: ScalarKind.Timestamp } => Guarded(TimestampText, "trim(@0, ' ')", to, isTry),
            ScalarType { Kind: ScalarKind.Boolean } => $"{(isTry ? "TRY_CAST" : "CAST")}({Trimmed} AS BOOLEAN)",
            ScalarType { Kind: ScalarKind.Binary } => "encode(@0)",
            _ => throw new InvalidOperationException($"no cast from text to {to}; the checker refuses it"),
        };

    private static string Guarded(string pattern, string trimmed, DataType to, bool isTry)
    {
        var type = Sql.Type(to);
        return isTry
            ? $"CASE WHEN regexp_matches(@0, '{pattern}') THEN TRY_CAST({trimmed} AS {type}) END"
            : $"CASE WHEN regexp_matches(@0, '{pattern}') THEN CAST({trimmed} AS {type})"
                + $" WHEN @0 IS NOT NULL THEN CAST(error('cannot cast to {type}: ' || @0) AS {type}) END";
    }
}
