using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>
/// A job of the job orchestrator: <c>{job_name, job_type, priority, execution_engine, job_data, max_retries, timeout, depends_on, tags,
/// resource_requirements}</c>. What its <c>job_data</c> holds is a flow of files, or a script.
/// </summary>
internal sealed class OrchestratorJob : JobDialect
{
    private const string Data = "/job_data";

    private static readonly string[] Types =
    [
        "data_processing",
        "batch_processing",
        "stream_processing",
        "machine_learning",
        "data_analysis",
        "model_training",
        "model_inference",
        "data_validation",
        "data_quality",
        "data_cleaning",
        "deduplication",
        "identity_matching",
        "entity_resolution",
        "record_linkage",
        "household_detection",
        "etl_pipeline",
        "data_migration",
        "data_synchronization",
        "bulk_export",
        "bulk_import",
        "custom_workflow",
        "scheduled_task",
        "notification_job",
        "system_maintenance",
        "backup_job",
        "cleanup_job",
    ];

    // Their work is not in the file: it is a program of the orchestrator's, and no plug-in here stands for it.
    private static readonly string[] NeedPlugIn =
    [
        "custom_workflow",
        "machine_learning",
        "model_training",
        "model_inference",
    ];

    private static readonly string[] PriorityWords = ["low", "normal", "medium", "high", "urgent", "critical"];
    private static readonly string[] Engines = ["spark", "local"];

    // What the orchestrator writes into a job while it runs.
    private static readonly string[] OfARun =
    [
        "status",
        "progress_percent",
        "records_processed",
        "records_total",
        "retry_count",
        "error_message",
        "started_at",
        "completed_at",
    ];

    public override string Name => "job orchestrator";

    public override bool Recognises(JsonObject root) => root.ContainsKey("job_name") || root.ContainsKey("job_data");

    internal override TranslatedJob Translate(JsonObject root, FaultList faults)
    {
        var file = new Fields(root, "", faults);
        var job = new JsonObject();
        var places = new PointerMap();
        places.Add("", "");
        places.Add("/name", "/job_name");
        places.Add("/jobId", "/job_id");
        if (file.RequiredText("job_name") is { } name)
        {
            job["name"] = name;
        }

        foreach (var (theirs, ours) in new[] { ("job_id", "jobId"), ("description", "description") })
        {
            if (file.Text(theirs) is { } text)
            {
                job[ours] = text;
            }
        }

        places.Add("/description", "/description");
        ReadTags(file, job, places, faults);
        ReadPriority(file, job, faults);
        ReadLimits(file, job, places, faults);
        ReadWork(file, job, places, faults);
        RefuseRest(file, faults);
        return new TranslatedJob(job, places);
    }

    private static void ReadTags(Fields file, JsonObject job, PointerMap places, FaultList faults)
    {
        var tags = new JsonArray();
        if (file.RequiredText("job_type") is { } type)
        {
            var word = type.ToLowerInvariant();
            if (!Types.Contains(word))
            {
                faults.Add(
                    "/job_type",
                    FaultCodes.UnknownType,
                    $"There is no job type {Excerpt.Quote(type)}.{NearName.Hint(word, Types)} There are {string.Join(", ", Types)}."
                );
            }
            else if (NeedPlugIn.Contains(word))
            {
                faults.Add(
                    "/job_type",
                    FaultCodes.UnknownType,
                    $"Jobs of type {word} are programs of the orchestrator's, and no plug-in here stands for them; give the program as a job of type 'process' or 'spark'."
                );
            }
            else
            {
                places.Add("/tags/0", "/job_type");
                tags.Add(word);
            }
        }

        var given = file.Texts("tags") ?? [];
        places.Add("/tags", "/tags");
        for (var index = 0; index < given.Count; index++)
        {
            if (!tags.Any(tag => tag!.GetValue<string>() == given[index]))
            {
                places.Add(Fault.At("/tags", tags.Count), Fault.At("/tags", index));
                tags.Add(given[index]);
            }
        }

        if (tags.Count > 0)
        {
            job["tags"] = tags;
        }
    }

    private static void ReadPriority(Fields file, JsonObject job, FaultList faults)
    {
        if (file.Text("priority") is not { } priority)
        {
            return;
        }

        var word = priority.ToLowerInvariant();
        if (PriorityWords.Contains(word))
        {
            job["priority"] = word == "medium" ? "normal" : word;
        }
        else
        {
            faults.Add(
                "/priority",
                FaultCodes.InvalidValue,
                $"{Excerpt.Quote(priority)} is no priority.{NearName.Hint(word, PriorityWords)} There are {string.Join(", ", PriorityWords)}."
            );
        }
    }

    private static void ReadLimits(Fields file, JsonObject job, PointerMap places, FaultList faults)
    {
        if (file.Whole("max_retries") is { } retries)
        {
            if (retries is >= 0 and < 100)
            {
                // The first attempt is no retry.
                job["retry"] = new JsonObject { ["maxAttempts"] = retries + 1 };
                places.Add("/retry", "/max_retries");
            }
            else
            {
                faults.Add("/max_retries", FaultCodes.OutOfRange, "Must be from 0 to 99.");
            }
        }

        if (file.Number("timeout") is { } seconds)
        {
            if (seconds is >= 0.001 and <= 315_360_000)
            {
                job["timeouts"] = new JsonObject { ["run"] = DurationText.Format(TimeSpan.FromSeconds(seconds)) };
                places.Add("/timeouts", "/timeout");
            }
            else
            {
                faults.Add("/timeout", FaultCodes.OutOfRange, "Must be more than 0 seconds, and at most ten years.");
            }
        }
    }

    private static void RefuseRest(Fields file, FaultList faults)
    {
        FieldTexts.NothingIn(
            file,
            "depends_on",
            faults,
            "A job that waits for other jobs is not carried over; write them as tasks of one job, with 'dependsOn'."
        );
        FieldTexts.NothingIn(
            file,
            "job_metadata",
            faults,
            "Metadata is not kept; write it into 'description' or 'tags'."
        );
        FieldTexts.NothingIn(file, "config", faults, "There is nothing here that 'config' could mean.");
        if (
            file.Text("processing_strategy") is { } strategy
            && !strategy.Equals("sequential", StringComparison.OrdinalIgnoreCase)
        )
        {
            faults.Add(
                "/processing_strategy",
                FaultCodes.NotSupportedYet,
                $"Strategy {Excerpt.Quote(strategy)} is not carried over: the engine decides how it divides the work. 'sequential' is taken."
            );
        }

        file.RefuseOthers(field =>
            OfARun.Contains(field) ? " It tells how a run of the job went, and is no part of the job."
            : field == "scheduled_at" ? " A job starts when it is submitted; a saved one by a schedule."
            : field == "created_by" ? " Whose key submits it is written down."
            : null
        );
    }

    private static void ReadWork(Fields file, JsonObject job, PointerMap places, FaultList faults)
    {
        var engine = file.Text("execution_engine")?.ToLowerInvariant();
        if (engine is not null && !Engines.Contains(engine))
        {
            faults.Add(
                "/execution_engine",
                FaultCodes.InvalidValue,
                $"There is no engine {Excerpt.Quote(engine)}.{NearName.Hint(engine, Engines)} There are spark and local; without one the job's parts decide."
            );
            engine = null;
        }

        var needs = ReadResources(file.Map("resource_requirements"));
        if (!file.Has("job_data"))
        {
            file.Missing("job_data");
        }

        if (file.Map("job_data") is not { } data)
        {
            // Nothing can be said of the work; the rest of the job is looked at all the same.
            Nothing(job, places);
            return;
        }

        if (data.Has("script_path"))
        {
            OrchestratorWork.ReadScript(data, job, places);
            if (engine == "spark")
            {
                faults.Add("/execution_engine", FaultCodes.Conflict, "A script is run on a worker, not by Spark.");
            }

            Place(job, places, needs, "/resource_requirements");
            data.RefuseOthers();
            return;
        }

        var flow = OrchestratorWork.ReadFlow(data, faults);
        data.RefuseOthers();
        if (engine == "spark" || (engine is null && flow.NeedsSpark is not null))
        {
            flow.WriteSpark(job, places, Data, Executor(needs, places), version: null);
            return;
        }

        if (flow.NeedsSpark is { } reason)
        {
            faults.Add(reason with { Detail = reason.Detail + " And 'execution_engine' is local." });
            Nothing(job, places);
            return;
        }

        flow.WritePipeline(job, places, Data, []);
        Place(job, places, needs, "/resource_requirements");
    }

    private static void Nothing(JsonObject job, PointerMap places)
    {
        job["type"] = "pipeline";
        job["pipeline"] = new JsonObject();
        places.Silence("/pipeline");
    }

    private sealed record Needs(double? Cores, double? Megabytes);

    private static Needs ReadResources(Fields? requirements)
    {
        if (requirements is null)
        {
            return new Needs(null, null);
        }

        var needs = new Needs(requirements.Number("cpu_cores"), requirements.Number("memory_mb"));
        requirements.RefuseOthers();
        return needs;
    }

    private static void Place(JsonObject job, PointerMap places, Needs needs, string at)
    {
        var resources = new JsonObject();
        if (needs.Cores is { } cores)
        {
            resources["cpus"] = cores;
        }

        if (needs.Megabytes is { } megabytes)
        {
            resources["memory"] = JsonValue.Create((long)Math.Clamp(megabytes * 1024 * 1024, long.MinValue, 1L << 60));
        }

        if (resources.Count > 0)
        {
            job["resources"] = resources;
            places.Add("/resources", at);
            places.Add("/resources/cpus", at + "/cpu_cores");
            places.Add("/resources/memory", at + "/memory_mb");
        }
    }

    /// <summary>On Spark the work is done by executors, and what the job needs is theirs.</summary>
    private static JsonObject Executor(Needs needs, PointerMap places)
    {
        var executor = new JsonObject();
        if (needs.Cores is { } cores)
        {
            executor["cores"] = JsonValue.Create(cores);
            places.Add("/spark/executor/cores", "/resource_requirements/cpu_cores");
        }

        if (needs.Megabytes is { } megabytes)
        {
            executor["memory"] = FormattableString.Invariant($"{megabytes:0}m");
            places.Add("/spark/executor/memory", "/resource_requirements/memory_mb");
        }

        return executor.Count > 0 ? new JsonObject { ["executor"] = executor } : [];
    }
}
