using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// A job of the visual Spark designer: <c>{name, type, cluster, pipeline: {sources, transformations, sinks}, configuration, schedule,
/// monitoring}</c>. Our own pipelines run it where every part of it is local, Spark otherwise; how Spark is to be set up is kept either way.
/// </summary>
internal sealed class DesignerJob : JobDialect
{
    private static readonly string[] Parts = ["sources", "transformations", "sinks"];
    private static readonly string[] Kinds = ["batch", "streaming"];
    private static readonly string[] Triggers = ["cron", "event"];

    public override string Name => "Spark designer";

    public override bool Recognises(JsonObject root) =>
        root["pipeline"] is JsonObject pipeline && !pipeline.ContainsKey("nodes") && Parts.Any(pipeline.ContainsKey);

    internal override TranslatedJob Translate(JsonObject root, FaultList faults)
    {
        var file = new Fields(root, "", faults);
        var job = new JsonObject();
        var places = new PointerMap();
        places.Add("", "");
        Keep(file, job, places, "name");
        Keep(file, job, places, "description");
        Keep(file, job, places, "tags");
        CheckKind(file, faults);
        // Where the designer stood with it when it wrote the file.
        file.Pass("status");
        file.Pass("id");
        var spark = Setup(file, places, faults);
        ReadPipeline(file, job, places, spark, faults);
        ReadSchedule(file, job, places, faults);
        ReadMonitoring(file, job, places, faults);
        file.RefuseOthers();
        return new TranslatedJob(job, places);
    }

    private static void Keep(Fields file, JsonObject job, PointerMap places, string name)
    {
        if (file.Any(name) is { } value)
        {
            job[name] = value.DeepClone();
            places.AddTree("/" + name, file.At(name));
        }
    }

    private static void CheckKind(Fields file, FaultList faults)
    {
        if (file.Text("type") is not { } kind || kind == "batch")
        {
            return;
        }

        if (kind == "streaming")
        {
            faults.Add(
                file.At("type"),
                FaultCodes.NotSupportedYet,
                "Streaming jobs are not carried over: this server runs batch jobs. A Spark application that streams can be run as a job of type 'spark'."
            );
        }
        else
        {
            faults.Add(
                file.At("type"),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(kind)} is no type of job.{NearName.Hint(kind, Kinds)} There are batch and streaming."
            );
        }
    }

    /// <summary>What says how Spark is set up, as settings of Spark.</summary>
    private static (JsonObject Settings, Action<string> Place) Setup(Fields file, PointerMap places, FaultList faults)
    {
        var settings = new JsonObject();
        var dependencies = new List<(string Text, string Pointer)>();
        if (file.Any("cluster")?.GetValueKind() == JsonValueKind.String)
        {
            settings["cluster"] = file.Text("cluster");
        }
        else if (file.Map("cluster") is { } cluster)
        {
            // The block is ours as it stands, with the same names.
            settings["cluster"] = new JsonObject(
                cluster.Values.Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))
            );
        }

        if (file.Map("configuration") is { } configuration)
        {
            var properties = configuration.Object("sparkConf")?.DeepClone().AsObject() ?? [];
            var list = configuration.Texts("dependencies") ?? [];
            dependencies.AddRange(
                list.Select((text, index) => (text, Fault.At(configuration.At("dependencies"), index)))
            );
            if (configuration.Text("checkpointLocation") is { } checkpoints)
            {
                properties.TryAdd("spark.sql.streaming.checkpointLocation", checkpoints);
            }

            if (properties.Count > 0)
            {
                settings["sparkConf"] = properties;
            }

            configuration.RefuseOthers();
        }

        return (
            settings,
            at =>
            {
                places.AddTree($"{at}/cluster", "/cluster");
                places.AddTree($"{at}/sparkConf", "/configuration/sparkConf");
                places.Add(
                    $"{at}/sparkConf/spark.sql.streaming.checkpointLocation",
                    "/configuration/checkpointLocation"
                );
                SparkDependencies.Add(
                    settings,
                    at,
                    places,
                    [.. dependencies.Select(dependency => dependency.Text)],
                    index => dependencies[index].Pointer,
                    coordinates: true
                );
            }
        );
    }

    private static void ReadPipeline(
        Fields file,
        JsonObject job,
        PointerMap places,
        (JsonObject Settings, Action<string> Place) spark,
        FaultList faults
    )
    {
        var flow = new DesignerFlow(faults).Read(file.Map("pipeline")!); // it is what the file was recognised by
        if (flow.NeedsSpark is null)
        {
            spark.Place("/pipeline/spark");
            flow.WritePipeline(job, places, "/pipeline", spark.Settings);
        }
        else
        {
            spark.Place("/spark");
            var version = Template.PlainText((spark.Settings["cluster"] as JsonObject)?["version"]);
            flow.WriteSpark(job, places, "/pipeline", spark.Settings, version.Length > 0 ? version : null);
        }
    }

    private static void ReadSchedule(Fields file, JsonObject job, PointerMap places, FaultList faults)
    {
        if (file.Map("schedule") is not { } schedule)
        {
            return;
        }

        var kind = schedule.RequiredText("type");
        if (kind == "event")
        {
            faults.Add(
                schedule.At("type"),
                FaultCodes.NotSupportedYet,
                "'event' names a trigger, and there are no triggers yet; a job starts by itself by a cron line only."
            );
            return;
        }

        if (kind is not null and not "cron")
        {
            faults.Add(
                schedule.At("type"),
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(kind)} is no kind of schedule.{NearName.Hint(kind, Triggers)} There are cron and event."
            );
        }

        if (schedule.RequiredText("expression") is { } expression && kind == "cron")
        {
            job["schedule"] = new JsonObject { ["cron"] = expression };
            places.Add("/schedule", schedule.Pointer);
            places.Add("/schedule/cron", schedule.At("expression"));
        }

        schedule.RefuseOthers(field =>
            field.StartsWith("timeZone", StringComparison.OrdinalIgnoreCase) ? " The line counts in UTC." : null
        );
    }

    private static void ReadMonitoring(Fields file, JsonObject job, PointerMap places, FaultList faults)
    {
        if (file.Map("monitoring") is not { } monitoring)
        {
            return;
        }

        FieldTexts.NothingIn(
            monitoring,
            "alerts",
            faults,
            "Alerts are not carried over: this server sends no notifications yet. The metrics page says what to alert on."
        );
        if (monitoring.Number("sla") is { } minutes)
        {
            if (minutes is > 0 and <= 5_256_000)
            {
                job["timeouts"] = new JsonObject { ["total"] = DurationText.Format(TimeSpan.FromMinutes(minutes)) };
                places.Add("/timeouts", monitoring.At("sla"));
            }
            else
            {
                faults.Add(
                    monitoring.At("sla"),
                    FaultCodes.OutOfRange,
                    "Must be more than 0 minutes, and at most ten years."
                );
            }
        }

        monitoring.RefuseOthers();
    }
}
