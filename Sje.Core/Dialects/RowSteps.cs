using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads transformations that choose, order or add rows.</summary>
internal sealed class RowSteps(QuoteRule quotes, FaultList faults)
{
    /// <summary>Rows for which a condition holds.</summary>
    public void Filter(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        if (step.Expression(fields, "condition", quotes) is not { } condition)
        {
            return;
        }

        step.Component = "filter";
        step.Set("condition", condition.Ours(), fields.At("condition"));
        step.View($"AS SELECT * FROM {SparkSqlText.Name(input)} WHERE {condition.Sparks()}");
    }

    /// <summary>Rows in an order: <c>by</c>, names or <c>{column, desc}</c>.</summary>
    public void Sort(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        step.Component = "sort";
        var keys = new JsonArray();
        var written = new List<string>();
        if (!fields.Has("by"))
        {
            fields.Missing("by");
        }

        var list =
            fields.Any("by")?.GetValueKind() == JsonValueKind.String ? [fields.Text("by")] : fields.List("by") ?? [];
        for (var index = 0; index < list.Count; index++)
        {
            var at = FieldTexts.ItemAt(fields, "by", index);
            step.Places.Add(($"by/{index}", at));
            var item = list[index] as JsonObject;
            var entry = item is null ? null : new Fields(item, at, faults);
            var column =
                entry is not null ? entry.RequiredText("column")
                : list[index]?.GetValueKind() == JsonValueKind.String ? list[index]!.GetValue<string>()
                : null;
            var descending = entry?.Flag("desc") ?? false;
            entry?.RefuseOthers();
            if (column is not null)
            {
                keys.Add(new JsonObject { ["col"] = column, ["desc"] = descending });
                written.Add($"{SparkSqlText.Name(column)} {(descending ? "DESC" : "ASC")} NULLS LAST");
            }
            else if (entry is null)
            {
                faults.Add(
                    at,
                    FaultCodes.WrongType,
                    $"Must be the name of a column or {{column, desc}}, and is {Fields.KindOf(list[index])}."
                );
            }
        }

        step.Set("by", keys, fields.At("by"));
        step.View($"AS SELECT * FROM {SparkSqlText.Name(input)} ORDER BY {string.Join(", ", written)}");
    }

    /// <summary>The first <c>n</c> rows.</summary>
    public void Limit(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        step.Component = "limit";
        if (!fields.Has("n"))
        {
            fields.Missing("n");
        }
        else if (fields.Whole("n") is { } count)
        {
            step.Set("n", count, fields.At("n"));
            step.View($"AS SELECT * FROM {SparkSqlText.Name(input)} LIMIT {count}");
            if (count < 0)
            {
                faults.Add(fields.At("n"), FaultCodes.OutOfRange, "Must be 0 or more.");
            }
        }
    }

    /// <summary>Each row once, or each combination of <c>columns</c>.</summary>
    public static void Distinct(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        step.Component = "distinct";
        var names = FieldTexts.OneOrMore(fields, "columns") ?? [];
        if (fields.Has("columns"))
        {
            step.SetTexts("columns", names, fields, "columns");
        }

        var what = names.Count == 0 ? "*" : SparkSqlText.Names(names);
        step.View($"AS SELECT DISTINCT {what} FROM {SparkSqlText.Name(input)}");
    }

    /// <summary>The rows of all inputs; columns are matched by name, with <c>byName: false</c> by place.</summary>
    public static void Union(FlowStep step, IReadOnlyList<(string Id, string Pointer)> inputs, Fields fields)
    {
        step.Component = "union";
        step.Inputs.AddRange(inputs.Select((input, index) => ($"in{index + 1}", input.Id, input.Pointer)));
        if (fields.Flag("byName") is { } byName)
        {
            step.Set("byName", byName, fields.At("byName"));
        }

        if (fields.Flag("byName") != false)
        {
            step.NotOnSpark = new Fault(
                step.Pointer,
                "Spark SQL matches the columns of a union by place: say 'byName: false' where their order is the same.",
                FaultCodes.Conflict
            );
        }

        step.View(
            $"AS {string.Join(" UNION ALL ", inputs.Select(input => $"SELECT * FROM {SparkSqlText.Name(input.Id)}"))}"
        );
    }
}
