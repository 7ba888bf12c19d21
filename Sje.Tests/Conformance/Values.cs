using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Types;

namespace Sje.Tests.Conformance;

/// <summary>Values of the vectors: as SQL, and compared.</summary>
internal static class Values
{
    /// <summary>A value of a vector as a DuckDB literal. Binary is hex in expressions and base64 in components.</summary>
    public static string Literal(JsonNode? value, DataType type, bool base64 = false)
    {
        var name = Sql.Type(type);
        return (value, type) switch
        {
            (null, _) => $"CAST(NULL AS {name})",
            (JsonArray items, ArrayType a) =>
                $"CAST([{string.Join(", ", items.Select(i => Literal(i, a.Element, base64)))}] AS {name})",
            (JsonArray { Count: 0 }, MapType) => $"CAST(MAP {{}} AS {name})",
            (JsonArray pairs, MapType m) =>
                $"MAP([{string.Join(", ", pairs.Select(p => Literal(p![0], m.Key, base64)))}], [{string.Join(", ", pairs.Select(p => Literal(p![1], m.Value, base64)))}])",
            (JsonObject fields, StructType s) =>
                $"{{{string.Join(", ", s.Fields.Select(f => $"{Sql.Text(f.Name)}: {Literal(fields[f.Name], f.Type, base64)}"))}}}",
            (_, ScalarType { Kind: ScalarKind.Binary }) => base64
                ? $"from_base64({Sql.Text(value.GetValue<string>())})"
                : $"unhex({Sql.Text(value.GetValue<string>())})",
            (_, ScalarType { Kind: ScalarKind.String }) => Sql.Text(value.GetValue<string>()),
            _ =>
                $"CAST({Sql.Text(value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString())} AS {name})",
        };
    }

    /// <summary>Whether two values are equal: doubles to a relative difference, decimals and everything else exactly.</summary>
    public static bool Equal(JsonNode? expected, JsonNode? actual, DataType type, double tolerance) =>
        (expected, actual, type) switch
        {
            (null, null, _) => true,
            (null, _, _) or (_, null, _) => false,
            (JsonArray e, JsonArray a, ArrayType t) => e.Count == a.Count
                && e.Zip(a).All(p => Equal(p.First, p.Second, t.Element, tolerance)),
            (JsonArray e, JsonArray a, MapType t) => e.Count == a.Count
                && e.All(x =>
                    a.Any(y => Equal(x![0], y![0], t.Key, tolerance) && Equal(x[1], y[1], t.Value, tolerance))
                ),
            (JsonObject e, JsonObject a, StructType t) => t.Fields.All(f =>
                Equal(e[f.Name], a[f.Name], f.Type, tolerance)
            ),
            (_, _, ScalarType { Kind: ScalarKind.Double or ScalarKind.Float }) => Near(
                Number(expected),
                Number(actual),
                tolerance
            ),
            (_, _, ScalarType { Kind: ScalarKind.Timestamp or ScalarKind.Instant }) => Moment(expected)
                == Moment(actual),
            _ => expected.ToJsonString() == actual.ToJsonString(),
        };

    private static string Moment(JsonNode node)
    {
        var text = node.GetValue<string>().Replace('T', ' ').TrimEnd('Z');
        return text.Contains('.', StringComparison.Ordinal) ? text.TrimEnd('0').TrimEnd('.') : text;
    }

    private static double Number(JsonNode node) =>
        node.GetValueKind() == JsonValueKind.String
            ? node.GetValue<string>() switch
            {
                "NaN" => double.NaN,
                "Infinity" => double.PositiveInfinity,
                _ => double.NegativeInfinity,
            }
            : double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);

    private static bool Near(double expected, double actual, double tolerance) =>
        expected.Equals(actual)
        || expected == actual
        || Math.Abs(expected - actual) <= tolerance * Math.Max(Math.Abs(expected), Math.Abs(actual));
}
