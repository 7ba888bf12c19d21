using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>Spells names, text and types in DuckDB's SQL. The only place where text of users becomes part of a statement.</summary>
internal static class Sql
{
    /// <summary>A name in double quotes.</summary>
    public static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>Text in single quotes; DuckDB knows no escapes in it.</summary>
    public static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>The list of files that a reading function takes.</summary>
    public static string TextList(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Text))}]";

    public static string Type(DataType type) =>
        type switch
        {
            DecimalType d => $"DECIMAL({d.Precision},{d.Scale})",
            ArrayType a => $"{Type(a.Element)}[]",
            MapType m => $"MAP({Type(m.Key)}, {Type(m.Value)})",
            StructType s => $"STRUCT({string.Join(", ", s.Fields.Select(f => $"{Name(f.Name)} {Type(f.Type)}"))})",
            ScalarType { Kind: var kind } => kind switch
            {
                ScalarKind.Boolean => "BOOLEAN",
                ScalarKind.Int32 => "INTEGER",
                ScalarKind.Int64 => "BIGINT",
                ScalarKind.Float => "FLOAT",
                ScalarKind.Double => "DOUBLE",
                ScalarKind.String => "VARCHAR",
                ScalarKind.Binary => "BLOB",
                ScalarKind.Date => "DATE",
                ScalarKind.Timestamp => "TIMESTAMP",
                ScalarKind.Instant => "TIMESTAMP WITH TIME ZONE",
                _ => throw new InvalidOperationException(
                    "a bare null reached the compiler; the checker gives it a type"
                ),
            },
            _ => throw new InvalidOperationException($"no DuckDB type for {type}"),
        };
}
