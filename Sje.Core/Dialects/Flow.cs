using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;

namespace Sje.Core.Dialects;

/// <summary>The steps of a job of another dialect, until it is known which engine takes them.</summary>
internal sealed class Flow(FaultList faults)
{
    /// <summary>As many as a pipeline has nodes.</summary>
    private const int MostSteps = 1_000;

    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);
    private readonly int faultsBefore = faults.Count;

    public List<FlowStep> Steps { get; } = [];

    /// <summary>Whether every step was understood. Of a flow with holes nothing can be said about columns.</summary>
    public bool IsWhole => faults.Count == faultsBefore;

    /// <summary>What makes Spark necessary; null where our own pipelines will do.</summary>
    public Fault? NeedsSpark => Steps.Select(step => step.NeedsSpark).FirstOrDefault(reason => reason is not null);

    /// <summary>The objects of a list of steps; none, and a fault, where there are too many.</summary>
    public static IReadOnlyList<Fields> Objects(Fields owner, string name, FaultList faults)
    {
        var list = owner.List(name) ?? [];
        if (list.Count > MostSteps)
        {
            faults.Add(owner.At(name), FaultCodes.TooMany, $"{list.Count:N0} of them; at most {MostSteps:N0}.");
            return [];
        }

        var result = new List<Fields>();
        for (var index = 0; index < list.Count; index++)
        {
            var at = Fault.At(owner.At(name), index);
            if (list[index] is JsonObject item)
            {
                result.Add(new Fields(item, at, faults));
            }
            else
            {
                faults.Add(at, FaultCodes.WrongType, $"Must be an object, and is {Fields.KindOf(list[index])}.");
            }
        }

        return result;
    }

    /// <summary>An id for a step, made of what the file calls it: fit for a node, and unlike the others.</summary>
    public string NewId(string wanted)
    {
        var letters = string.Concat(
            wanted.Take(80).Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' ? letter : '_')
        );
        var name =
            letters.Length > 0 && (char.IsAsciiLetter(letters[0]) || letters[0] == '_') ? letters : "_" + letters;
        var id = name;
        for (var number = 2; !taken.Add(id); number++)
        {
            id = $"{name}-{number}";
        }

        return id;
    }

    /// <summary>The pipeline of our own form, as <c>type</c> and <c>pipeline</c> of the job.</summary>
    public void WritePipeline(JsonObject job, PointerMap places, string whole, JsonObject spark)
    {
        faults.AddRange(Steps.SelectMany(step => step.NotOurs));
        CheckExpressions(text => ExpressionCompiler.Parse(text.Ours()).Fault?.ToString());
        CheckWiring(whole);
        var nodes = new JsonArray();
        foreach (var step in Steps)
        {
            var node = Fault.At("/pipeline/nodes", nodes.Count);
            places.Add(node, step.Pointer);
            places.AddWord($"node {step.Id} ", $"{Word(step)} '{step.Id}' ");
            places.AddWord($"node {step.Id}: ", "");
            foreach (var (parameter, pointer) in step.Places)
            {
                places.Add($"{node}/params/{parameter}", pointer);
            }

            foreach (var (port, _, pointer) in step.Inputs)
            {
                places.Add($"{node}/inputs/{port}", pointer);
            }

            var written = new JsonObject
            {
                ["id"] = step.Id,
                ["type"] = step.Component,
                ["params"] = step.Params,
            };
            if (step.Inputs.Count > 0)
            {
                written["inputs"] = new JsonObject(
                    step.Inputs.Select(input => KeyValuePair.Create(input.Port, (JsonNode?)input.Id))
                );
            }

            nodes.Add(written);
        }

        var pipeline = new JsonObject { ["nodes"] = nodes };
        if (spark.Count > 0)
        {
            pipeline["spark"] = spark;
        }

        job["type"] = "pipeline";
        job["pipeline"] = pipeline;
        places.Add("/pipeline", whole);
        SilenceUnlessWhole("/pipeline/nodes", places);
    }

    /// <summary>A script of Spark SQL, as <c>type</c> and <c>spark</c> of the job.</summary>
    public void WriteSpark(JsonObject job, PointerMap places, string whole, JsonObject spark, string? version)
    {
        CheckExpressions(text => text.Escape() is { } wrong ? $"There is {wrong} in this expression." : null);
        CheckWiring(whole);
        CheckTemplates();
        foreach (var step in Steps)
        {
            if (step.NotOnSpark is { } refusal)
            {
                faults.Add(refusal);
            }

            if (step.NeedsSpark4 && version is not null && (version[0] is '2' or '3') && version[1..2] is "" or ".")
            {
                faults.Add(
                    step.Pointer,
                    FaultCodes.InvalidValue,
                    $"This transformation needs Spark 4 or later, and the cluster's version is {Excerpt.Cut(version)}."
                );
            }
        }

        if (Steps.Exists(step => step.IsDelta))
        {
            var properties = spark["sparkConf"] as JsonObject ?? [];
            spark["sparkConf"] = properties;
            properties.TryAdd("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension");
            properties.TryAdd("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog");
        }

        var script = string.Concat(Ordered().SelectMany(step => step.Sql).Select(statement => statement + ";\n"));
        spark["sql"] = script.Length > 0 ? script : "select 1";
        job["type"] = "spark";
        job["spark"] = spark;
        places.Add("/spark/sql", whole);
        SilenceUnlessWhole("/spark/sql", places);
    }

    private void SilenceUnlessWhole(string part, PointerMap places)
    {
        if (!IsWhole)
        {
            places.Silence(part);
        }
    }

    private void CheckExpressions(Func<QuotedText, string?> problemOf)
    {
        foreach (var (pointer, text) in Steps.SelectMany(step => step.Expressions))
        {
            if (problemOf(text) is { } problem)
            {
                faults.Add(pointer, FaultCodes.InvalidValue, problem);
            }
        }
    }

    /// <summary>Says of each step what would be said of the script as a whole, where nobody finds it.</summary>
    private void CheckTemplates()
    {
        foreach (var step in Steps)
        {
            var templates = step.Sql.Select(Template.Parse).ToList();
            var problems = templates
                .SelectMany(template => template.Errors.Select(error => error.Detail))
                .Concat(
                    templates
                        .SelectMany(template => template.References)
                        .Where(reference => reference.Path[0] != "execution")
                        .Select(reference =>
                            $"{Excerpt.Quote(reference.Text)} is nothing that this file has; there are execution.id and execution.scheduledFor."
                        )
                );
            foreach (var problem in problems.Distinct())
            {
                faults.Add(step.Pointer, FaultCodes.Template, problem);
            }
        }
    }

    /// <summary>Says in the file's words what the planner would say in ours: no sink, a step that leads nowhere, a circle.</summary>
    private void CheckWiring(string whole)
    {
        if (!IsWhole)
        {
            return;
        }

        if (Steps.TrueForAll(step => step.Kind != StepKind.Sink))
        {
            faults.Add(whole, FaultCodes.Required, "There is no sink, so the job would do nothing.");
            return;
        }

        var used = Steps.SelectMany(step => step.Inputs.Select(input => input.Id)).ToHashSet(StringComparer.Ordinal);
        foreach (var step in Steps.Where(step => step.Kind != StepKind.Sink && !used.Contains(step.Id)))
        {
            faults.Add(
                step.Pointer,
                FaultCodes.InvalidValue,
                $"Nothing works on what this {Word(step)} gives ({Excerpt.Quote(step.Id)}): no transformation and no sink."
            );
        }

        if (Ordered().Count < Steps.Count)
        {
            var circle = Steps.Except(Ordered()).ToList();
            faults.Add(
                circle[0].Pointer,
                FaultCodes.Cycle,
                $"These wait for each other: {string.Join(", ", circle.Select(step => Excerpt.Quote(step.Id)))}."
            );
        }
    }

    /// <summary>The steps, each behind those that it works on; without those on or behind a circle.</summary>
    private List<FlowStep> Ordered()
    {
        var done = new List<FlowStep>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        while (
            Steps.Where(step => !names.Contains(step.Id) && step.Inputs.TrueForAll(input => names.Contains(input.Id)))
                is var next
            && next.ToList() is { Count: > 0 } ready
        )
        {
            done.AddRange(ready);
            names.UnionWith(ready.Select(step => step.Id));
        }

        return done;
    }

    private static string Word(FlowStep step) =>
        step.Kind switch
        {
            StepKind.Source => "source",
            StepKind.Sink => "sink",
            _ => "transformation",
        };
}
