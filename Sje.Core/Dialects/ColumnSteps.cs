using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads transformations that choose, name or add columns of every row.</summary>
internal sealed class ColumnSteps(QuoteRule quotes, FaultList faults)
{
    /// <summary>Some of the columns, in this order: names, or <c>{name, as}</c>.</summary>
    public void Select(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        var chosen = new JsonArray();
        var written = new List<string>();
        var list = fields.Has("columns") ? fields.List("columns") ?? [] : [];
        if (!fields.Has("columns"))
        {
            fields.Missing("columns");
        }

        step.Component = "select";
        for (var index = 0; index < list.Count; index++)
        {
            var at = Fault.At(fields.At("columns"), index);
            step.Places.Add(($"columns/{index}", at));
            if (list[index] is JsonObject map)
            {
                var item = new Fields(map, at, faults);
                var (name, label) = (item.RequiredText("name"), item.Text("as"));
                item.RefuseOthers();
                if (name is not null)
                {
                    var choice = new JsonObject { ["name"] = name };
                    if (label is not null)
                    {
                        choice["as"] = label;
                    }

                    chosen.Add(choice);
                    written.Add(SparkSqlText.Name(name) + (label is null ? "" : $" AS {SparkSqlText.Name(label)}"));
                }
            }
            else if (list[index]?.GetValueKind() == JsonValueKind.String)
            {
                chosen.Add(list[index]!.DeepClone());
                written.Add(SparkSqlText.Name(list[index]!.GetValue<string>()));
            }
            else
            {
                faults.Add(
                    at,
                    FaultCodes.WrongType,
                    $"Must be the name of a column or {{name, as}}, and is {Fields.KindOf(list[index])}."
                );
            }
        }

        if (fields.Any("columns") is JsonArray { Count: 0 })
        {
            faults.Add(fields.At("columns"), FaultCodes.Required, "At least one column is needed.");
        }

        step.Set("columns", chosen, fields.At("columns"));
        step.View($"AS SELECT {string.Join(", ", written)} FROM {SparkSqlText.Name(input)}");
    }

    /// <summary>A column more: <c>name</c> and <c>expression</c>.</summary>
    public void WithColumn(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        var name = fields.RequiredText("name");
        if (step.Expression(fields, "expression", quotes) is not { } value || name is null)
        {
            return;
        }

        step.Component = "derive";
        step.Set(
            "columns",
            new JsonArray(new JsonObject { ["name"] = name, ["expr"] = value.Ours() }),
            fields.At("expression")
        );
        step.View($"AS SELECT *, {value.Sparks()} AS {SparkSqlText.Name(name)} FROM {SparkSqlText.Name(input)}");
    }

    /// <summary>All columns but some.</summary>
    public static void Drop(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        step.Component = "drop";
        step.NeedsSpark4 = true;
        var names = FieldTexts.Required(fields, "columns");
        step.SetTexts("columns", names, fields, "columns");
        step.View($"AS SELECT * EXCEPT ({SparkSqlText.Names(names)}) FROM {SparkSqlText.Name(input)}");
    }

    /// <summary>Other names for columns: <c>columns: {old: new}</c>.</summary>
    public static void Rename(FlowStep step, string input, Fields fields)
    {
        step.WorkOn(input);
        step.Component = "rename";
        step.NeedsSpark4 = true;
        var map = new JsonObject();
        if (!fields.Has("columns"))
        {
            fields.Missing("columns");
        }

        if (fields.Map("columns") is { } columns)
        {
            foreach (var (old, _) in columns.Values)
            {
                if (columns.RequiredText(old) is { } name)
                {
                    map[old] = name;
                    step.Places.Add(($"map/{Fault.At("", old)[1..]}", columns.At(old)));
                }
            }
        }

        step.Set("map", map, fields.At("columns"));
        var renamed = map.Select(entry =>
            $"{SparkSqlText.Name(entry.Key)} AS {SparkSqlText.Name(entry.Value!.GetValue<string>())}"
        );
        step.View(
            $"AS SELECT * EXCEPT ({SparkSqlText.Names(map.Select(entry => entry.Key))}), {string.Join(", ", renamed)} FROM {SparkSqlText.Name(input)}"
        );
    }
}
