using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// Reads the sources, transformations and sinks of the Spark designer. Transformations follow each other; each may name what it works on
/// (<c>input</c>), and then it is a graph.
/// </summary>
internal sealed class DesignerFlow
{
    private static readonly Dictionary<string, string> Operations = new(StringComparer.OrdinalIgnoreCase)
    {
        ["filter"] = "filter",
        ["where"] = "filter",
        ["select"] = "select",
        ["join"] = "join",
        ["aggregate"] = "aggregate",
        ["groupBy"] = "aggregate",
        ["withColumn"] = "withColumn",
        ["derive"] = "withColumn",
        ["drop"] = "drop",
        ["rename"] = "rename",
        ["sort"] = "sort",
        ["orderBy"] = "sort",
        ["limit"] = "limit",
        ["distinct"] = "distinct",
        ["deduplicate"] = "distinct",
        ["union"] = "union",
    };

    // What stands for no operation in particular: then 'operation' says which.
    private static readonly string[] AnyKind = ["transform", "transformation"];

    private readonly FaultList faults;
    private readonly Flow flow;
    private readonly DesignerEnds ends;
    private readonly Transformations transformations;
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);

    public DesignerFlow(FaultList faults)
    {
        this.faults = faults;
        flow = new Flow(faults);
        ends = new DesignerEnds(flow, faults);
        transformations = new Transformations(QuoteRule.NamesInDoubleQuotes, faults);
    }

    public Flow Read(Fields pipeline)
    {
        var sources = Flow.Objects(pipeline, "sources", faults);
        var works = Flow.Objects(pipeline, "transformations", faults);
        var sinks = Flow.Objects(pipeline, "sinks", faults);
        pipeline.RefuseOthers();
        if (sources.Count == 0 && !pipeline.Has("sources"))
        {
            pipeline.Missing("sources");
        }

        if (sinks.Count == 0 && !pipeline.Has("sinks"))
        {
            pipeline.Missing("sinks");
        }

        foreach (var source in sources)
        {
            ends.Source(source, (called, step, at) => Name(called, step.Id, at));
        }

        // Names first: in a graph a transformation may work on one that is written below it.
        var read = works.Select(work => (Work: work, Step: Named(work))).ToList();
        var before = flow.Steps.FirstOrDefault() is { } first ? (first.Id, first.Pointer) : ((string, string)?)null;
        foreach (var (work, step) in read)
        {
            flow.Steps.Add(step);
            Transform(step, work, before);
            before = (step.Id, step.Pointer);
        }

        foreach (var sink in sinks)
        {
            var from = Inputs(sink, before, one: true).FirstOrDefault();
            ends.Sink(sink, (from.Id ?? "missing", from.Pointer ?? sink.Pointer));
        }

        return flow;
    }

    private FlowStep Named(Fields work)
    {
        var operation = OperationOf(work);
        var id = work.Text("id");
        // Of a column more, the name beside the expression is the column's.
        var name = operation == "withColumn" && !work.Has("parameters") ? null : work.Text("name");
        var output = work.Text("output");
        var step = new FlowStep(
            StepKind.Transformation,
            flow.NewId(id ?? name ?? output ?? operation ?? "transformation"),
            work.Pointer
        );
        foreach (var (called, field) in new[] { (id, "id"), (name, "name"), (output, "output") })
        {
            if (called is not null && !(names.TryGetValue(called, out var known) && known == step.Id))
            {
                Name(called, step.Id, work.At(field));
            }
        }

        return step;
    }

    /// <summary>What a transformation does, in one of our words; null and no fault where that cannot be told.</summary>
    private static string? OperationOf(Fields work)
    {
        var (type, operation) = (AsText(work, "type"), AsText(work, "operation"));
        return operation is not null
            && Operations.TryGetValue(operation, out var named)
            && (type is null || !IsKnown(type) || Same(type, operation))
                ? named
            : type is not null && Operations.TryGetValue(type, out var kind) ? kind
            : null;
    }

    private static bool IsKnown(string word) => Operations.ContainsKey(word);

    private static bool Same(string type, string operation) =>
        Operations.GetValueOrDefault(type) == Operations.GetValueOrDefault(operation);

    private static string? AsText(Fields work, string name) =>
        work.Any(name)?.GetValueKind() == JsonValueKind.String ? work.Text(name) : null;

    private void Transform(FlowStep step, Fields work, (string Id, string Pointer)? before)
    {
        work.Text("description");
        var joins = CheckOperation(work, out var operation);
        // Everything it works on is known before its fields are looked at: those may stand in an object of their own.
        var inputs = Inputs(work, before, one: false);
        var fields = work.Has("parameters") ? work.Map("parameters") : work;
        if (operation is null || fields is null)
        {
            return;
        }

        var one = inputs.Count > 0 ? inputs[0].Id : null;
        if (operation is not ("join" or "union"))
        {
            if (inputs.Count > 1)
            {
                faults.Add(
                    Fault.At(work.At("input"), 1),
                    FaultCodes.InvalidValue,
                    $"A transformation of type {operation} works on one input."
                );
            }

            Single(operation, step, one, fields);
        }
        else if (operation == "union")
        {
            Union(step, work, fields, inputs);
        }
        else
        {
            Join(step, work, fields, inputs, joins);
        }

        fields.RefuseOthers();
        if (fields != work)
        {
            work.RefuseOthers(_ => " What a transformation is given stands in 'parameters' here.");
        }
    }

    private void Single(string operation, FlowStep step, string? input, Fields fields)
    {
        // Where there is none that has been said; its fields are looked at all the same.
        var from = input ?? "missing";
        switch (operation)
        {
            case "filter":
                transformations.Filter(step, from, fields);
                break;
            case "select":
                transformations.Select(step, from, fields);
                break;
            case "aggregate":
                transformations.Aggregate(step, from, fields, "groupBy", countsAlone: false);
                break;
            case "withColumn":
                transformations.WithColumn(step, from, fields);
                break;
            case "drop":
                Transformations.Drop(step, from, fields);
                break;
            case "rename":
                Transformations.Rename(step, from, fields);
                break;
            case "sort":
                transformations.Sort(step, from, fields);
                break;
            case "limit":
                transformations.Limit(step, from, fields);
                break;
            default:
                Transformations.Distinct(step, from, fields);
                break;
        }
    }

    /// <summary>Says what is wrong with <c>type</c> and <c>operation</c>; of a join the operation may be its kind.</summary>
    private string? CheckOperation(Fields work, out string? operation)
    {
        operation = null;
        if (work.RequiredText("type") is not { } type)
        {
            work.Text("operation");
            return null;
        }

        var given = work.Text("operation");
        operation = OperationOf(work);
        if (operation is null)
        {
            var (wrong, at) =
                given is not null && (AnyKind.Contains(type, StringComparer.OrdinalIgnoreCase) || IsKnown(type))
                    ? (given, work.At("operation"))
                    : (type, work.At("type"));
            faults.Add(
                at,
                FaultCodes.InvalidValue,
                $"There is no transformation {Excerpt.Quote(wrong)}.{NearName.Hint(wrong, Operations.Keys)} There are {string.Join(", ", Operations.Values.Distinct())}."
            );
            return null;
        }

        if (given is null || (IsKnown(given) && (Same(type, given) || !IsKnown(type))))
        {
            if (given is not null && !IsKnown(type) && !AnyKind.Contains(type, StringComparer.OrdinalIgnoreCase))
            {
                faults.Add(
                    work.At("type"),
                    FaultCodes.InvalidValue,
                    $"There is no transformation {Excerpt.Quote(type)}.{NearName.Hint(type, Operations.Keys)} There are {string.Join(", ", Operations.Values.Distinct())}."
                );
            }

            return null;
        }

        if (operation == "join")
        {
            return transformations.JoinKind(given, work.At("operation"));
        }

        faults.Add(
            work.At("operation"),
            FaultCodes.Conflict,
            $"The type is {Excerpt.Quote(type)}, and the operation {Excerpt.Quote(given)} is another one or none."
        );
        return null;
    }

    private void Union(FlowStep step, Fields work, Fields fields, List<(string? Id, string Pointer)> inputs)
    {
        // In a chain the others are named as those of a join are.
        if (fields.Has("table") && Table(fields) is { } other)
        {
            inputs.Add(other);
        }

        if (inputs.Count < 2)
        {
            faults.Add(
                work.At(fields.Has("table") ? "table" : "input"),
                FaultCodes.Required,
                "A union works on two inputs or more: 'input' names them, or 'table' the second."
            );
        }
        else
        {
            Transformations.Union(step, [.. inputs.Select(input => (input.Id ?? "missing", input.Pointer))], fields);
        }
    }

    private void Join(
        FlowStep step,
        Fields work,
        Fields fields,
        List<(string? Id, string Pointer)> inputs,
        string? operation
    )
    {
        var kind = operation;
        foreach (var name in new[] { "joinType", "how" })
        {
            if (fields.Text(name) is { } word)
            {
                kind = transformations.JoinKind(word, fields.At(name));
            }
        }

        if (fields.Has("table"))
        {
            if (inputs.Count > 1)
            {
                faults.Add(
                    fields.At("table"),
                    FaultCodes.Conflict,
                    "'input' names both sides of the join already; leave 'table' out."
                );
            }
            else if (Table(fields) is { } right)
            {
                inputs.Add(right);
            }
        }
        else if (inputs.Count == 1)
        {
            fields.Missing("table");
        }

        if (inputs.Count > 2)
        {
            faults.Add(Fault.At(work.At("input"), 2), FaultCodes.InvalidValue, "A join works on two inputs.");
        }

        (string?, string) nothing = ("missing", step.Pointer);
        var (left, right2) = (inputs.FirstOrDefault(nothing), inputs.Skip(1).FirstOrDefault(nothing));
        transformations.Join(
            step,
            (left.Item1 ?? "missing", left.Item2),
            (right2.Item1 ?? "missing", right2.Item2),
            fields,
            kind
        );
    }

    /// <summary>The other side of a join: a source or transformation by its name, else a table of Spark's catalogue.</summary>
    private (string? Id, string Pointer)? Table(Fields fields)
    {
        var at = fields.At("table");
        if (fields.Text("table") is not { } table)
        {
            return null;
        }

        if (names.TryGetValue(table, out var known))
        {
            return (known, at);
        }

        if (!table.Contains('.', StringComparison.Ordinal) && NearName.Find(table, names.Keys) is { } near)
        {
            faults.Add(
                at,
                FaultCodes.InvalidValue,
                $"There is no source {Excerpt.Quote(table)}. Did you mean '{near}'? A table of the catalogue is written with its database: db.{Excerpt.Cut(table)}."
            );
            return null;
        }

        var step = new FlowStep(StepKind.Source, flow.NewId(table), at)
        {
            NeedsSpark = new Fault(
                at,
                $"There is no source {Excerpt.Quote(table)}, so it is a table of the catalogue, and those need Spark.",
                FaultCodes.Conflict
            ),
        };
        step.View($"AS SELECT * FROM {SparkSqlText.Table(table)}");
        flow.Steps.Add(step);
        names[table] = step.Id;
        return (step.Id, at);
    }

    /// <summary>What it works on: what <c>input</c> names, else what came before.</summary>
    private List<(string? Id, string Pointer)> Inputs(Fields work, (string Id, string Pointer)? before, bool one)
    {
        var result = new List<(string?, string)>();
        if (!work.Has("input"))
        {
            if (before is { } last)
            {
                result.Add((last.Id, work.Pointer));
            }
            else
            {
                faults.Add(work.Pointer, FaultCodes.Required, "There is nothing before it to work on: no source.");
            }

            return result;
        }

        var written = FieldTexts.OneOrMore(work, "input") ?? [];
        if (work.Any("input") is JsonArray { Count: 0 } || (one && written.Count > 1))
        {
            faults.Add(
                work.At("input"),
                FaultCodes.InvalidValue,
                one ? "A sink takes the rows of one transformation or source." : "At least one input is needed."
            );
        }

        for (var index = 0; index < written.Count; index++)
        {
            var at = FieldTexts.ItemAt(work, "input", index);
            if (names.TryGetValue(written[index], out var id))
            {
                result.Add((id, at));
            }
            else
            {
                faults.Add(
                    at,
                    FaultCodes.InvalidValue,
                    $"There is no source and no transformation {Excerpt.Quote(written[index])}.{NearName.Hint(written[index], names.Keys)}"
                );
                result.Add((null, at));
            }
        }

        return result;
    }

    private void Name(string name, string id, string pointer)
    {
        if (!names.TryAdd(name, id))
        {
            faults.Add(
                pointer,
                FaultCodes.DuplicateName,
                $"There is something called {Excerpt.Quote(name)} already; give one of them another 'name'."
            );
        }
    }
}
