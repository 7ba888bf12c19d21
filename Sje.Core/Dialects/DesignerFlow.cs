using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// Reads the sources, transformations and sinks of the Spark designer. Transformations follow each other; each may name what it works on
/// (<c>input</c>), and then it is a graph.
/// </summary>
internal sealed class DesignerFlow
{
    private readonly FaultList faults;
    private readonly Flow flow;
    private readonly DesignerEnds ends;
    private readonly DesignerOperation operations;
    private readonly RowSteps rows;
    private readonly ColumnSteps columns;
    private readonly AggregationStep aggregation;
    private readonly JoinStep join;
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);

    public DesignerFlow(FaultList faults)
    {
        this.faults = faults;
        flow = new Flow(faults);
        ends = new DesignerEnds(flow, faults);
        join = new JoinStep(QuoteRule.NamesInDoubleQuotes, faults);
        operations = new DesignerOperation(join, faults);
        rows = new RowSteps(QuoteRule.NamesInDoubleQuotes, faults);
        columns = new ColumnSteps(QuoteRule.NamesInDoubleQuotes, faults);
        aggregation = new AggregationStep(faults);
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
        var operation = DesignerOperation.Of(work);
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

    private void Transform(FlowStep step, Fields work, (string Id, string Pointer)? before)
    {
        work.Text("description");
        var joins = operations.Check(work, out var operation);
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
                rows.Filter(step, from, fields);
                break;
            case "select":
                columns.Select(step, from, fields);
                break;
            case "aggregate":
                aggregation.Read(step, from, fields, "groupBy", countsAlone: false);
                break;
            case "withColumn":
                columns.WithColumn(step, from, fields);
                break;
            case "drop":
                ColumnSteps.Drop(step, from, fields);
                break;
            case "rename":
                ColumnSteps.Rename(step, from, fields);
                break;
            case "sort":
                rows.Sort(step, from, fields);
                break;
            case "limit":
                rows.Limit(step, from, fields);
                break;
            default:
                RowSteps.Distinct(step, from, fields);
                break;
        }
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
            RowSteps.Union(step, [.. inputs.Select(input => (input.Id ?? "missing", input.Pointer))], fields);
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
                kind = join.KindOf(word, fields.At(name));
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
        join.Read(step, (left.Item1 ?? "missing", left.Item2), (right2.Item1 ?? "missing", right2.Item2), fields, kind);
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
