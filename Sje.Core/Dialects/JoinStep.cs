using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Reads a transformation that puts the rows of two inputs side by side.</summary>
internal sealed class JoinStep(QuoteRule quotes, FaultList faults)
{
    private static readonly string[] JoinWords =
    [
        "inner",
        "left",
        "right",
        "full",
        "cross",
        "semi",
        "anti",
        "left_outer",
        "right_outer",
        "full_outer",
        "outer",
        "left_semi",
        "left_anti",
    ];

    // What says which rows of a join match.
    private static readonly string[] Matching = ["on", "condition"];

    /// <summary>The rows of two inputs that match: <c>on</c> (names, or <c>{left, right}</c>) or a <c>condition</c> over l. and r.</summary>
    public void Read(
        FlowStep step,
        (string Id, string Pointer) left,
        (string Id, string Pointer) right,
        Fields fields,
        string? kind
    )
    {
        step.Inputs.Add(("left", left.Id, left.Pointer));
        step.Inputs.Add(("right", right.Id, right.Pointer));
        var word = kind ?? "inner";
        var (l, r) = (SparkSqlText.Name(left.Id), SparkSqlText.Name(right.Id));
        var sparks = word switch
        {
            "semi" => "LEFT SEMI JOIN",
            "anti" => "LEFT ANTI JOIN",
            "full" => "FULL OUTER JOIN",
            _ => word.ToUpperInvariant() + " JOIN",
        };
        step.Component = "join";
        step.Params["type"] = word;
        if (word == "cross")
        {
            step.View($"AS SELECT * FROM {l} CROSS JOIN {r}");
        }
        else if (fields.Has("condition"))
        {
            if (step.Expression(fields, "condition", quotes) is { } condition)
            {
                step.Set("condition", condition.Ours(), fields.At("condition"));
                step.View($"AS SELECT * FROM {l} AS l {sparks} {r} AS r ON {condition.Sparks()}");
            }
        }
        else if (fields.Any("on") is JsonObject or JsonArray { Count: > 0 } && Pairs(step, fields) is { } pairs)
        {
            var on = pairs.Select(pair => $"l.{SparkSqlText.Name(pair.Left)} = r.{SparkSqlText.Name(pair.Right)}");
            step.View($"AS SELECT * FROM {l} AS l {sparks} {r} AS r ON {string.Join(" AND ", on)}");
        }
        else
        {
            var keys = FieldTexts.Required(fields, "on");
            step.Component = word is "semi" or "anti" ? "join.semi-anti" : "join.using";
            step.SetTexts("keys", keys, fields, "on");
            step.View($"AS SELECT * FROM {l} {sparks} {r} USING ({SparkSqlText.Names(keys)})");
        }

        foreach (var other in Matching.Where(name => word == "cross" && fields.Has(name)))
        {
            faults.Add(fields.At(other), FaultCodes.Conflict, $"A cross join takes no '{other}'.");
        }

        if (fields.Has("on") && fields.Has("condition") && word != "cross")
        {
            faults.Add(fields.At("condition"), FaultCodes.Conflict, "'condition' cannot stand beside 'on'.");
        }
    }

    /// <summary>The kind of a join by any of its names; null and a fault for no name of one.</summary>
    public string? KindOf(string written, string pointer)
    {
        var word = written.ToLowerInvariant().Replace(' ', '_').Replace("_join", "", StringComparison.Ordinal);
        if (JoinWords.Contains(word))
        {
            return word switch
            {
                "outer" => "full",
                "left_semi" => "semi",
                "left_anti" => "anti",
                _ => word.Replace("_outer", "", StringComparison.Ordinal),
            };
        }

        faults.Add(
            pointer,
            FaultCodes.InvalidValue,
            $"{Excerpt.Quote(written)} is no kind of join.{NearName.Hint(word, JoinWords)} There are inner, left, right, full, cross, semi, anti."
        );
        return null;
    }

    /// <summary>Pairs of columns, where any of <c>on</c> is a pair: <c>{left, right}</c>, or a map of them. Null where all are names.</summary>
    private List<(string Left, string Right)>? Pairs(FlowStep step, Fields fields)
    {
        var pairs = new List<(string, string)>();
        var on = new JsonArray();
        if (fields.Any("on") is JsonObject map)
        {
            var sides = new Fields(map, fields.At("on"), faults);
            foreach (var (left, _) in map)
            {
                if (sides.RequiredText(left) is { } right)
                {
                    Add(left, right, sides.At(left));
                }
            }
        }
        else if (fields.List("on") is { } list && list.Any(item => item is JsonObject))
        {
            for (var index = 0; index < list.Count; index++)
            {
                var at = Fault.At(fields.At("on"), index);
                if (list[index] is JsonObject pair)
                {
                    var sides = new Fields(pair, at, faults);
                    var (left, right) = (sides.RequiredText("left"), sides.RequiredText("right"));
                    sides.RefuseOthers();
                    if (left is not null && right is not null)
                    {
                        Add(left, right, at);
                    }
                }
                else if (list[index]?.GetValueKind() == JsonValueKind.String)
                {
                    Add(list[index]!.GetValue<string>(), list[index]!.GetValue<string>(), at);
                }
                else
                {
                    faults.Add(
                        at,
                        FaultCodes.WrongType,
                        $"Must be a name or {{left, right}}, and is {Fields.KindOf(list[index])}."
                    );
                }
            }
        }
        else
        {
            return null;
        }

        step.Set("on", on, fields.At("on"));
        return pairs;

        void Add(string left, string right, string at)
        {
            step.Places.Add(($"on/{on.Count}", at));
            on.Add(new JsonObject { ["left"] = left, ["right"] = right });
            pairs.Add((left, right));
        }
    }
}
