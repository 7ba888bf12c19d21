using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads a transformation that makes one row of each group.</summary>
internal sealed class AggregationStep(FaultList faults)
{
    // What Spark and we call it, by the words that people write.
    private static readonly Dictionary<string, (string Ours, string Sparks)> Functions = new(StringComparer.Ordinal)
    {
        ["count"] = ("count", "count({0})"),
        ["count_distinct"] = ("count_distinct", "count(DISTINCT {0})"),
        ["countdistinct"] = ("count_distinct", "count(DISTINCT {0})"),
        ["sum"] = ("sum", "sum({0})"),
        ["avg"] = ("avg", "avg({0})"),
        ["mean"] = ("avg", "avg({0})"),
        ["average"] = ("avg", "avg({0})"),
        ["min"] = ("min", "min({0})"),
        ["max"] = ("max", "max({0})"),
        ["stddev"] = ("stddev", "stddev_samp({0})"),
        ["stddev_samp"] = ("stddev", "stddev_samp({0})"),
        ["stddev_pop"] = ("stddev_pop", "stddev_pop({0})"),
        ["variance"] = ("var", "var_samp({0})"),
        ["var_samp"] = ("var", "var_samp({0})"),
        ["var_pop"] = ("var_pop", "var_pop({0})"),
        ["median"] = ("median", "percentile({0}, 0.5)"),
        ["collect_list"] = ("collect", "collect_list({0})"),
        ["collect_set"] = ("collect_set", "collect_set({0})"),
        ["mode"] = ("mode", "mode({0})"),
    };

    /// <summary>One row for each group: keys in <paramref name="keysField"/>, <c>aggregations: {column: function}</c>.</summary>
    /// <param name="step">What is read.</param>
    /// <param name="input">Whose rows.</param>
    /// <param name="fields">The transformation.</param>
    /// <param name="keysField">What the dialect calls the keys.</param>
    /// <param name="countsAlone">Whether groups without aggregations are counted.</param>
    public void Read(FlowStep step, string input, Fields fields, string keysField, bool countsAlone)
    {
        step.WorkOn(input);
        step.Component = "aggregate";
        var keys = FieldTexts.OneOrMore(fields, keysField) ?? [];
        if (keys.Count > 0)
        {
            step.SetTexts("groupBy", keys, fields, keysField);
        }

        var results = new List<string>();
        var aggs = new JsonArray();
        foreach (var (column, functions) in fields.Object("aggregations") ?? [])
        {
            var at = Fault.At(fields.At("aggregations"), column);
            var list = functions as JsonArray ?? [functions?.DeepClone()];
            for (var index = 0; index < list.Count; index++)
            {
                Aggregation(
                    step,
                    column,
                    list[index],
                    functions is JsonArray ? Fault.At(at, index) : at,
                    aggs,
                    results
                );
            }
        }

        if (aggs.Count == 0)
        {
            if (!countsAlone && fields.Any("aggregations") is null or JsonObject { Count: 0 })
            {
                faults.Add(
                    fields.At("aggregations"),
                    FaultCodes.Required,
                    "'aggregations' is missing: {column: function}."
                );
            }

            aggs.Add(new JsonObject { ["fn"] = "count", ["as"] = "count" });
            results.Add("count(*) AS `count`");
        }

        step.Set("aggs", aggs, fields.At(fields.Has("aggregations") ? "aggregations" : keysField));
        var written = keys.Select(SparkSqlText.Name).Concat(results);
        var grouped = keys.Count == 0 ? "" : $" GROUP BY {SparkSqlText.Names(keys)}";
        step.View($"AS SELECT {string.Join(", ", written)} FROM {SparkSqlText.Name(input)}{grouped}");
    }

    private void Aggregation(
        FlowStep step,
        string column,
        JsonNode? written,
        string pointer,
        JsonArray aggs,
        List<string> results
    )
    {
        if (written?.GetValueKind() != JsonValueKind.String)
        {
            faults.Add(
                pointer,
                FaultCodes.WrongType,
                $"Must be the name of a function or a list of them, and is {Fields.KindOf(written)}."
            );
            return;
        }

        var word = written.GetValue<string>().ToLowerInvariant();
        if (!Functions.TryGetValue(word, out var function))
        {
            faults.Add(
                pointer,
                FaultCodes.InvalidValue,
                $"There is no aggregation {Excerpt.Quote(written.GetValue<string>())}.{NearName.Hint(word, Functions.Keys)} There are {string.Join(", ", Functions.Keys)}."
            );
            return;
        }

        var isStar = column == "*";
        if (isStar && word != "count")
        {
            faults.Add(pointer, FaultCodes.InvalidValue, "Of '*' there is a count alone.");
            return;
        }

        var name = isStar ? "count" : $"{word}_{column}";
        var entry = new JsonObject { ["fn"] = function.Ours, ["as"] = name };
        if (!isStar)
        {
            entry["col"] = column;
        }

        step.Places.Add(($"aggs/{aggs.Count}", pointer));
        aggs.Add(entry);
        var argument = isStar ? "*" : SparkSqlText.Name(column);
        results.Add(
            $"{function.Sparks.Replace("{0}", argument, StringComparison.Ordinal)} AS {SparkSqlText.Name(name)}"
        );
    }
}
