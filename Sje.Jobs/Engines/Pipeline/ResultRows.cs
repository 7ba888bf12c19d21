using System.Text.Json.Nodes;
using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Types;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Reads rows that a <see cref="JsonForm"/> select gives as JSON.</summary>
internal static class ResultRows
{
    public static JsonArray Columns(Schema schema) =>
        [.. schema.Columns.Select(c => new JsonObject { ["name"] = c.Name, ["type"] = c.Type.ToString() })];

    public static JsonArray Read(DuckDbSession session, string sql, Schema schema) =>
        [
            .. session
                .Query(sql)
                .Select(row => new JsonArray([.. row.Select((value, i) => Json(value, schema.Columns[i].Type))])),
        ];

    private static JsonNode? Json(object? value, DataType type) =>
        value switch
        {
            null => null,
            string text when JsonForm.IsNested(type) => JsonNode.Parse(text),
            string text => JsonValue.Create(text),
            bool flag => JsonValue.Create(flag),
            int number => JsonValue.Create(number),
            long number => JsonValue.Create(number),
            double.NaN => JsonValue.Create("NaN"),
            double.PositiveInfinity => JsonValue.Create("Infinity"),
            double.NegativeInfinity => JsonValue.Create("-Infinity"),
            double number => JsonValue.Create(number),
            _ => throw new InvalidOperationException($"a column of {type} came as {value.GetType().Name}"),
        };
}
