using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// The task of the original SJE: <c>{jobId, jobType: "SparkApp", sparkAppPath, parameters: {name: value}, dependencies: [jars]}</c>.
/// It becomes a job of type <c>spark</c>: parameters are <c>--name value</c> arguments in the order given, Python files among the
/// dependencies go to <c>pyFiles</c>. Fields of our own form (<c>queue</c>, <c>retry</c>, ...) may stand beside.
/// </summary>
internal sealed class OriginalTask : JobDialect
{
    private const string Spark = "spark";
    private static readonly string[] OwnFields = ["sparkAppPath", "parameters", "dependencies"];
    private static readonly string[] TypeFields = ["jobType", "type"];
    private static readonly string[] OtherWork = [Spark, "tasks"];

    public override string Name => "original task";

    public override bool Recognises(JsonObject root) => root.ContainsKey("sparkAppPath");

    internal override TranslatedJob Translate(JsonObject root, FaultList faults)
    {
        var task = new Fields(root, "", faults);
        var places = new PointerMap();
        var job = new JsonObject(
            root.Where(field => !OwnFields.Contains(field.Key))
                .Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))
        );

        RefuseOtherKinds(task, job, faults);
        var settings = new JsonObject();
        if (task.RequiredText("sparkAppPath") is { } path)
        {
            settings["application"] = path;
            NameAfterFile(job, path);
        }
        else
        {
            // Said here, at the field as the user knows it; the type need not miss it again.
            settings["application"] = "missing";
        }

        places.Add("/spark/application", "/sparkAppPath");
        places.AddWord("'application' ", "'sparkAppPath' ");
        AddArguments(task, settings, places, faults);
        AddDependencies(task, settings, places);
        job[Spark] = settings;
        return new TranslatedJob(job, places);
    }

    private static void RefuseOtherKinds(Fields task, JsonObject job, FaultList faults)
    {
        if (!TypeFields.Any(task.Has))
        {
            faults.Add(
                task.At("jobType"),
                FaultCodes.Required,
                "'jobType' is missing; a task with a 'sparkAppPath' is of type SparkApp."
            );
            job["type"] = Spark;
        }

        foreach (var field in TypeFields)
        {
            if (task.Any(field) is { } type && Template.PlainText(type) is not ("SparkApp" or Spark))
            {
                faults.Add(task.At(field), FaultCodes.Conflict, "A task with a 'sparkAppPath' is of type SparkApp.");
                job[field] = Spark;
            }
        }

        foreach (var field in OtherWork.Where(task.Has))
        {
            faults.Add(task.At(field), FaultCodes.Conflict, $"'{field}' cannot stand beside 'sparkAppPath'.");
            job.Remove(field);
        }
    }

    private static void NameAfterFile(JsonObject job, string path)
    {
        var label = job["jobId"]?.GetValueKind() == JsonValueKind.String ? job["jobId"]!.GetValue<string>() : null;
        if (job["name"] is null && NameRules.From(label) is null)
        {
            job["name"] = NameRules.From(path[(path.LastIndexOf('/') + 1)..]) ?? Spark;
        }
    }

    private static void AddArguments(Fields task, JsonObject settings, PointerMap places, FaultList faults)
    {
        var arguments = new JsonArray();
        foreach (var (name, value) in task.Object("parameters") ?? [])
        {
            var pointer = Fault.At("/parameters", name);
            if (string.IsNullOrWhiteSpace(name) || name.Any(char.IsControl))
            {
                faults.Add(
                    pointer,
                    FaultCodes.InvalidValue,
                    $"{Excerpt.Quote(name)} cannot be the name of an argument."
                );
            }
            else if (value?.GetValueKind() is null or JsonValueKind.Object or JsonValueKind.Array)
            {
                faults.Add(
                    pointer,
                    FaultCodes.WrongType,
                    $"Must be a text, a number, true or false, and is {Fields.KindOf(value)}."
                );
            }
            else
            {
                foreach (var argument in new[] { "--" + name, Template.PlainText(value) })
                {
                    places.Add(Fault.At("/spark/arguments", arguments.Count), pointer);
                    arguments.Add(argument);
                }
            }
        }

        AddList(settings, "arguments", arguments);
    }

    private static void AddDependencies(Fields task, JsonObject settings, PointerMap places) =>
        SparkDependencies.Add(
            settings,
            "/spark",
            places,
            task.Texts("dependencies") ?? [],
            index => Fault.At("/dependencies", index),
            coordinates: false
        );

    private static void AddList(JsonObject settings, string name, JsonArray list)
    {
        if (list.Count > 0)
        {
            settings[name] = list;
        }
    }
}
