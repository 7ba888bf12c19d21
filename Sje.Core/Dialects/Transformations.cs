using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// Reads what a transformation does: each of them once, for our pipelines and for Spark SQL. The fields of a transformation are the
/// same in all dialects that have it.
/// </summary>
internal sealed class Transformations(QuoteRule quotes, FaultList faults)
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

    /// <summary>Rows for which a condition holds.</summary>
    public void Filter(FlowStep step, string input, Fields fields)
    {
        Take(step, input);
        if (Expression(step, fields, "condition") is not { } condition)
        {
            return;
        }

        step.Component = "filter";
        step.Set("condition", condition.Ours(), fields.At("condition"));
        step.View($"AS SELECT * FROM {SparkSqlText.Name(input)} WHERE {condition.Sparks()}");
    }

    /// <summary>Some of the columns, in this order: names, or <c>{name, as}</c>.</summary>
    public void Select(FlowStep step, string input, Fields fields)
    {
        Take(step, input);
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

    /// <summary>One row for each group: keys in <paramref name="keysField"/>, <c>aggregations: {column: function}</c>.</summary>
    /// <param name="step">What is read.</param>
    /// <param name="input">Whose rows.</param>
    /// <param name="fields">The transformation.</param>
    /// <param name="keysField">What the dialect calls the keys.</param>
    /// <param name="countsAlone">Whether groups without aggregations are counted.</param>
    public void Aggregate(FlowStep step, string input, Fields fields, string keysField, bool countsAlone)
    {
        Take(step, input);
        step.Component = "aggregate";
        var keys = FieldTexts.OneOrMore(fields, keysField) ?? [];
        if (keys.Count > 0)
        {
            step.Set("groupBy", new JsonArray([.. keys.Select(key => JsonValue.Create(key))]), fields.At(keysField));
            step.Places.AddRange(
                keys.Select((_, index) => ($"groupBy/{index}", FieldTexts.ItemAt(fields, keysField, index)))
            );
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

    /// <summary>The rows of two inputs that match: <c>on</c> (names, or <c>{left, right}</c>) or a <c>condition</c> over l. and r.</summary>
    public void Join(
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
            if (Expression(step, fields, "condition") is { } condition)
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
            step.Set("keys", new JsonArray([.. keys.Select(key => JsonValue.Create(key))]), fields.At("on"));
            step.Places.AddRange(keys.Select((_, index) => ($"keys/{index}", FieldTexts.ItemAt(fields, "on", index))));
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
    public string? JoinKind(string written, string pointer)
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

    /// <summary>A column more: <c>name</c> and <c>expression</c>.</summary>
    public void WithColumn(FlowStep step, string input, Fields fields)
    {
        Take(step, input);
        var name = fields.RequiredText("name");
        if (Expression(step, fields, "expression") is not { } value || name is null)
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
        Take(step, input);
        step.Component = "drop";
        step.NeedsSpark4 = true;
        var names = Names(step, fields);
        step.View($"AS SELECT * EXCEPT ({SparkSqlText.Names(names)}) FROM {SparkSqlText.Name(input)}");
    }

    /// <summary>Other names for columns: <c>columns: {old: new}</c>.</summary>
    public static void Rename(FlowStep step, string input, Fields fields)
    {
        Take(step, input);
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

    /// <summary>Rows in an order: <c>by</c>, names or <c>{column, desc}</c>.</summary>
    public void Sort(FlowStep step, string input, Fields fields)
    {
        Take(step, input);
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
        Take(step, input);
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
        Take(step, input);
        step.Component = "distinct";
        var names = fields.Has("columns") ? Names(step, fields) : [];
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

    private static void Take(FlowStep step, string input) => step.Inputs.Add(("in", input, step.Pointer));

    private static IReadOnlyList<string> Names(FlowStep step, Fields fields)
    {
        var names = FieldTexts.Required(fields, "columns");
        step.Set("columns", new JsonArray([.. names.Select(name => JsonValue.Create(name))]), fields.At("columns"));
        step.Places.AddRange(
            names.Select((_, index) => ($"columns/{index}", FieldTexts.ItemAt(fields, "columns", index)))
        );
        return names;
    }

    private QuotedText? Expression(FlowStep step, Fields fields, string name)
    {
        if (fields.RequiredText(name) is not { } text)
        {
            return null;
        }

        var read = QuotedText.Read(text, quotes);
        step.Expressions.Add((fields.At(name), read));
        return read;
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
