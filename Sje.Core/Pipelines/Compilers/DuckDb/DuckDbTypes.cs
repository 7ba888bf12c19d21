using System.Text.RegularExpressions;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>
/// Reads DuckDB's names of types. Types that the language lacks come as the next wider one that it has, by a cast: small
/// integers as int32, unsigned ones as the next wider, floats as double, other precisions of timestamps as microseconds.
/// </summary>
public static partial class DuckDbTypes
{
    private const int MaxDepth = 16;

    /// <summary>The type, and whether values already have it; null when the language has nothing for it (TIME, INTERVAL).</summary>
    public static (DataType Type, bool Exact)? Read(string name) => Read(name.Trim(), 0);

    private static (DataType Type, bool Exact)? Read(string name, int depth)
    {
        if (depth > MaxDepth)
        {
            return null;
        }

        if (name.EndsWith("[]", StringComparison.Ordinal))
        {
            return Read(name[..^2], depth + 1) is var (element, exact) ? (new ArrayType(element), exact) : null;
        }

        if (Inner(name, "STRUCT") is { } fields)
        {
            return Struct(fields, depth);
        }

        if (Inner(name, "MAP") is { } entry)
        {
            return
                Split(entry) is [var k, var v]
                && Read(k, depth + 1) is var (key, keyExact)
                && Read(v, depth + 1) is var (value, valueExact)
                ? (new MapType(key, value), keyExact && valueExact)
                : null;
        }

        if (DecimalPattern().Match(name) is { Success: true } match)
        {
            return (new DecimalType(int.Parse(match.Groups[1].ValueSpan), int.Parse(match.Groups[2].ValueSpan)), true);
        }

        return Scalar(name);
    }

    private static (DataType Type, bool Exact)? Scalar(string name) =>
        name switch
        {
            "BOOLEAN" => (DataType.Boolean, true),
            "INTEGER" => (DataType.Int32, true),
            "TINYINT" or "SMALLINT" or "UTINYINT" or "USMALLINT" => (DataType.Int32, false),
            "BIGINT" => (DataType.Int64, true),
            "UINTEGER" => (DataType.Int64, false),
            "UBIGINT" => (new DecimalType(20, 0), false),
            "DOUBLE" => (DataType.Double, true),
            "FLOAT" => (DataType.Double, false),
            "VARCHAR" => (DataType.String, true),
            "UUID" or "JSON" => (DataType.String, false),
            _ when name.StartsWith("ENUM", StringComparison.Ordinal) => (DataType.String, false),
            "BLOB" => (DataType.Binary, true),
            "DATE" => (DataType.Date, true),
            "TIMESTAMP" => (DataType.Timestamp, true),
            "TIMESTAMP_S" or "TIMESTAMP_MS" or "TIMESTAMP_NS" => (DataType.Timestamp, false),
            "TIMESTAMP WITH TIME ZONE" => (DataType.Instant, true),
            _ => null,
        };

    private static (DataType Type, bool Exact)? Struct(string fields, int depth)
    {
        var columns = new List<Column>();
        var all = true;
        foreach (var field in Split(fields))
        {
            var match = FieldPattern().Match(field);
            if (!match.Success || Read(match.Groups["type"].Value.Trim(), depth + 1) is not var (type, exact))
            {
                return null;
            }

            var name = match.Groups["name"].Value;
            columns.Add(
                new Column(
                    name.StartsWith('"') ? name[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : name,
                    type
                )
            );
            all &= exact;
        }

        return (new StructType([.. columns]), all);
    }

    private static string? Inner(string name, string kind) =>
        name.StartsWith(kind + "(", StringComparison.Ordinal) && name.EndsWith(')')
            ? name[(kind.Length + 1)..^1]
            : null;

    /// <summary>Splits at commas outside of brackets and quotes.</summary>
    private static List<string> Split(string text)
    {
        var parts = new List<string>();
        var (depth, start, quoted) = (0, 0, false);
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0 && !quoted))
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
            else
            {
                quoted ^= text[i] == '"';
                depth += quoted
                    ? 0
                    : text[i] switch
                    {
                        '(' => 1,
                        ')' => -1,
                        _ => 0,
                    };
            }
        }

        return parts;
    }

    [GeneratedRegex(@"^DECIMAL\((\d+),(\d+)\)$")]
    private static partial Regex DecimalPattern();

    [GeneratedRegex("""^(?<name>"(?:[^"]|"")*"|\S+)\s+(?<type>.+)$""")]
    private static partial Regex FieldPattern();
}
