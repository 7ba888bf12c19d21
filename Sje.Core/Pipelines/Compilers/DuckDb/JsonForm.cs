using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>
/// Brings values to the forms that JSON carries without loss: decimals as text, dates and times in ISO 8601, binaries in
/// base64, NaN and the infinities as words, maps as lists of pairs. Done in SQL, since the driver's types hold less than DuckDB's.
/// </summary>
public static class JsonForm
{
    /// <summary>A SELECT of the columns in that form; a column whose type nests others comes as one JSON text.</summary>
    public static string Select(Schema schema, string from) =>
        $"SELECT {string.Join(", ", schema.Columns.Select(c => $"{Column(c)} AS {Sql.Name(c.Name)}"))} FROM {from}";

    /// <summary>Whether the column comes as JSON text.</summary>
    public static bool IsNested(DataType type) => type is ArrayType or MapType or StructType;

    private static string Column(Column column)
    {
        var value = Sql.Name(column.Name);
        return IsNested(column.Type) ? $"CAST(to_json({Value(value, column.Type, 0)}) AS VARCHAR)"
            : column.Type == DataType.Double || column.Type == DataType.Float ? $"CAST({value} AS DOUBLE)"
            : Value(value, column.Type, 0);
    }

    private static string Value(string value, DataType type, int depth) =>
        type switch
        {
            DecimalType => $"CAST({value} AS VARCHAR)",
            ArrayType a => $"list_transform({value}, lambda j{depth}: {Value($"j{depth}", a.Element, depth + 1)})",
            MapType m =>
                $"list_transform(map_entries({value}), lambda j{depth}: [{Json($"j{depth}.key", m.Key, depth)}, {Json($"j{depth}.value", m.Value, depth)}])",
            StructType s =>
                $"CASE WHEN {value} IS NOT NULL THEN {{{string.Join(", ", s.Fields.Select(f => $"{Sql.Text(f.Name)}: {Value($"struct_extract({value}, {Sql.Text(f.Name)})", f.Type, depth)}"))}}} END",
            ScalarType { Kind: ScalarKind.Date } => $"CAST({value} AS VARCHAR)",
            ScalarType { Kind: ScalarKind.Timestamp } => $"strftime({value}, '%Y-%m-%dT%H:%M:%S.%f')",
            ScalarType { Kind: ScalarKind.Instant } =>
                $"(strftime({value} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f') || 'Z')",
            ScalarType { Kind: ScalarKind.Binary } => $"to_base64({value})",
            ScalarType { Kind: ScalarKind.Double or ScalarKind.Float } =>
                $"CASE WHEN isfinite({value}) THEN to_json({value}) WHEN {value} IS NOT NULL THEN to_json(sje_double_text(CAST({value} AS DOUBLE))) END",
            _ => value,
        };

    private static string Json(string value, DataType type, int depth) => $"to_json({Value(value, type, depth + 1)})";
}
