using System.Collections.Immutable;
using System.Globalization;

namespace Sje.Core.Pipelines.Types;

/// <summary>Reads types as they are written in job files and casts.</summary>
internal static class DataTypeText
{
    private const int MaxDepth = 16;

    /// <summary>The names of the types without parameters; <c>timestamptz</c> is another name of instant.</summary>
    private static readonly Dictionary<string, DataType> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["boolean"] = DataType.Boolean,
        ["int32"] = DataType.Int32,
        ["int64"] = DataType.Int64,
        ["float"] = DataType.Float,
        ["double"] = DataType.Double,
        ["string"] = DataType.String,
        ["binary"] = DataType.Binary,
        ["date"] = DataType.Date,
        ["timestamp"] = DataType.Timestamp,
        ["instant"] = DataType.Instant,
        ["timestamptz"] = DataType.Instant,
    };

    public static IEnumerable<string> ScalarNames => Names.Keys.Where(n => n != "timestamptz").Append("decimal(p,s)");

    public static bool TryParse(string text, out DataType type)
    {
        var at = 0;
        var read = Read(text, ref at, 0);
        Blank(text, ref at);
        type = read ?? DataType.Null;
        return read is not null && at == text.Length;
    }

    /// <summary>Reads one type from <paramref name="at"/> on and moves behind it; null when there is none.</summary>
    public static DataType? Read(string text, ref int at, int depth)
    {
        if (depth > MaxDepth)
        {
            return null;
        }

        var name = Word(text, ref at);
        return name.ToLowerInvariant() switch
        {
            "decimal" => ReadDecimal(text, ref at),
            "array" => Take(text, ref at, '<')
            && Read(text, ref at, depth + 1) is { } element
            && Take(text, ref at, '>')
                ? new ArrayType(element)
                : null,
            "map" => Take(text, ref at, '<')
            && Read(text, ref at, depth + 1) is { } key
            && Take(text, ref at, ',')
            && Read(text, ref at, depth + 1) is { } value
            && Take(text, ref at, '>')
                ? new MapType(key, value)
                : null,
            "struct" => ReadStruct(text, ref at, depth),
            _ => Names.GetValueOrDefault(name),
        };
    }

    private static DecimalType? ReadDecimal(string text, ref int at) =>
        Take(text, ref at, '(')
        && int.TryParse(Word(text, ref at), NumberStyles.None, CultureInfo.InvariantCulture, out var precision)
        && Take(text, ref at, ',')
        && int.TryParse(Word(text, ref at), NumberStyles.None, CultureInfo.InvariantCulture, out var scale)
        && Take(text, ref at, ')')
        && precision is >= 1 and <= DecimalType.MaxPrecision
        && scale <= precision
            ? new DecimalType(precision, scale)
            : null;

    private static StructType? ReadStruct(string text, ref int at, int depth)
    {
        var fields = ImmutableArray.CreateBuilder<Column>();
        if (!Take(text, ref at, '<'))
        {
            return null;
        }

        do
        {
            var name = Word(text, ref at);
            if (name.Length == 0 || !Take(text, ref at, ':') || Read(text, ref at, depth + 1) is not { } type)
            {
                return null;
            }

            fields.Add(new Column(name, type));
        } while (Take(text, ref at, ','));

        var schema = new Schema(fields.ToImmutable());
        return Take(text, ref at, '>') && schema.Duplicate() is null ? new StructType(schema.Columns) : null;
    }

    private static string Word(string text, ref int at)
    {
        Blank(text, ref at);
        var start = at;
        while (at < text.Length && (char.IsLetterOrDigit(text[at]) || text[at] == '_'))
        {
            at++;
        }

        return text[start..at];
    }

    private static bool Take(string text, ref int at, char expected)
    {
        Blank(text, ref at);
        if (at >= text.Length || text[at] != expected)
        {
            return false;
        }

        at++;
        return true;
    }

    private static void Blank(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n')
        {
            at++;
        }
    }
}
