using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Reliability;
using Sje.Core.Scheduling;

namespace Sje.Core.Jobs;

/// <summary>A job as far as its form could be read, and where in the document each of its tasks stands.</summary>
internal sealed record JobForm(JobSpec Spec, IReadOnlyList<string> TaskPointers);

/// <summary>
/// Reads the fields of the canonical job file (API.md). Notes faults of form: missing and unknown fields, wrong kinds of values.
/// What a well-formed value may be is for the validators; what could not be read has its default, so that they can go on.
/// </summary>
internal sealed class JobFormReader(TaskTypes types, RetryPolicies policies, FaultList faults)
{
    /// <summary>The name of the task of a job that has a <c>type</c> of its own.</summary>
    public const string OnlyTask = "main";

    private static readonly string[] TypeFields = ["type", "jobType"];
    private static readonly string[] JobFieldsToCome = ["triggers", "sla"];
    private static readonly string[] TaskFieldsToCome = ["runIf", "forEach", "split", "runJob"];

    public JobForm Read(JsonObject root, string? defaultName)
    {
        var job = new Fields(root, "", faults);
        var name = job.Text("name");
        var label = job.Text("jobId");
        var parameters = new ParameterReader(faults).Read(job);
        var timeouts = job.Map("timeouts");
        var total = timeouts?.Duration("total");
        var (limit, key) = new ConcurrencyReader(faults).ReadJob(job.Map("concurrency"));
        var shared = ReadCommon(
            job,
            timeouts,
            new TaskSpec
            {
                Name = OnlyTask,
                Type = "",
                Settings = [],
                ConcurrencyKey = key,
            }
        );

        job.NotYet(JobFieldsToCome);
        RefuseNotifications(job);
        var (tasks, pointers) = ReadTasks(job, shared, parameters);
        var spec = new JobSpec
        {
            Name =
                name
                ?? defaultName
                ?? NameRules.From(label)
                ?? (tasks is [var only, ..] && only.Type.Length > 0 ? only.Type : "job"),
            Description = job.Text("description"),
            Label = label,
            Queue = job.Text("queue") ?? "default",
            Priority = ReadPriority(job),
            Parameters = parameters,
            Tasks = tasks,
            TotalTimeout = total,
            PermitPartialFailures = job.Flag("permitPartialFailures") ?? false,
            Concurrency = limit,
            Schedule = ReadSchedule(job.Map("schedule")),
            Tags = job.Texts("tags") ?? [],
            Canonical = [],
        };
        job.RefuseOthers(field =>
            types.TryFind(field, out _)
                ? $" It holds settings of type '{field}', and this job {(job.Has("tasks") ? "names its types in 'tasks'" : "is of another type")}."
                : null
        );
        return new JobForm(spec, pointers);
    }

    private ScheduleSpec? ReadSchedule(Fields? schedule)
    {
        if (schedule is null)
        {
            return null;
        }

        var cron = schedule.RequiredText("cron");
        var zone = schedule.Text("timeZone") ?? CronSchedule.DefaultTimeZone;
        schedule.RefuseOthers();
        if (cron is null)
        {
            return null;
        }

        if (CronSchedule.TryParse(cron, zone, out var read, out var wrong))
        {
            return new ScheduleSpec(read.Cron, read.TimeZone);
        }

        faults.Add(
            schedule.At(wrong.Part == CronPart.Cron ? "cron" : "timeZone"),
            FaultCodes.InvalidValue,
            wrong.Detail
        );
        return null;
    }

    private (IReadOnlyList<TaskSpec> Tasks, IReadOnlyList<string> Pointers) ReadTasks(
        Fields job,
        TaskSpec shared,
        IReadOnlyList<JobParameter> parameters
    )
    {
        if (!job.Has("tasks"))
        {
            job.NotYet(TaskFieldsToCome);
            return ([ReadWork(job, shared, parameters)], [""]);
        }

        var tasks = new List<TaskSpec>();
        var pointers = new List<string>();
        foreach (var field in TypeFields.Where(job.Has))
        {
            faults.Add(
                job.At(field),
                FaultCodes.Conflict,
                $"A job has either a '{field}' or 'tasks', which have their own."
            );
        }

        var list = job.List("tasks") ?? [];
        if (list.Count > TaskGraph.MostTasks)
        {
            faults.Add(
                job.At("tasks"),
                FaultCodes.TooMany,
                $"{list.Count:N0} tasks; at most {TaskGraph.MostTasks:N0}."
            );
            return ([], []);
        }

        for (var index = 0; index < list.Count; index++)
        {
            var pointer = Fault.At(job.At("tasks"), index);
            if (list[index] is JsonObject task)
            {
                tasks.Add(ReadTask(new Fields(task, pointer, faults), index, shared, parameters));
                pointers.Add(pointer);
            }
            else
            {
                faults.Add(
                    pointer,
                    FaultCodes.WrongType,
                    $"A task must be an object, and is {Fields.KindOf(list[index])}."
                );
            }
        }

        if (list.Count == 0)
        {
            faults.Add(job.At("tasks"), FaultCodes.Required, "A job has at least one task.");
        }

        return (tasks, pointers);
    }

    private TaskSpec ReadTask(Fields task, int index, TaskSpec shared, IReadOnlyList<JobParameter> parameters)
    {
        var timeouts = task.Map("timeouts");
        var result = ReadCommon(task, timeouts, shared) with
        {
            Name = task.RequiredText("name") ?? $"unnamed task {index}",
            Description = task.Text("description"),
            DependsOn = task.Texts("dependsOn") ?? [],
            Queue = task.Text("queue"),
            ConcurrencyKey = new ConcurrencyReader(faults).ReadTask(task.Map("concurrency")) ?? shared.ConcurrencyKey,
        };
        task.NotYet(TaskFieldsToCome);
        task.NotYet("priority");
        RefuseNotifications(task);
        result = ReadWork(task, result, parameters);
        task.RefuseOthers(field =>
            types.TryFind(field, out var other)
                ? $" It holds settings of type '{other.Type}', and this task is of another type."
                : null
        );
        return result;
    }

    /// <summary>The settings that a job may make for all its tasks and a task for itself; the task's win, field by field.</summary>
    private TaskSpec ReadCommon(Fields owner, Fields? timeouts, TaskSpec inherited)
    {
        var result = inherited with
        {
            QueuedTimeout = timeouts?.Duration("queued") ?? inherited.QueuedTimeout,
            RunTimeout = timeouts?.Duration("run") ?? inherited.RunTimeout,
            Retry = new RetryReader(policies, faults).Read(owner.Map("retry"), inherited.Retry).With(policies),
            Resources = ReadResources(owner.Map("resources"), inherited.Resources),
        };
        timeouts?.RefuseOthers(field => field == "total" ? " The total is the job's." : null);
        return result;
    }

    private static ResourceSpec ReadResources(Fields? resources, ResourceSpec inherited)
    {
        if (resources is null)
        {
            return inherited;
        }

        var result = new ResourceSpec
        {
            Cpus = resources.Number("cpus") ?? inherited.Cpus,
            MemoryBytes = resources.Size("memory") ?? inherited.MemoryBytes,
            Labels = resources.Texts("labels") ?? inherited.Labels,
        };
        resources.RefuseOthers();
        return result;
    }

    /// <summary>The type, and the settings under its name.</summary>
    private TaskSpec ReadWork(Fields task, TaskSpec common, IReadOnlyList<JobParameter> parameters)
    {
        if (ReadType(task) is not { } type)
        {
            // Which settings belong here is not known, so nothing can be said against any.
            foreach (var name in types.NamesAndAliases)
            {
                task.Pass(name);
            }

            return common;
        }

        var given = task.Object(type.Type);
        var settings = type.Normalise(given ?? []);
        if (given is not null || !task.Has(type.Type))
        {
            faults.AddRange(type.Validate(settings, task.At(type.Type), parameters));
        }

        return common with
        {
            Type = type.Type,
            Settings = settings.DeepClone().AsObject(),
        };
    }

    private ITaskType? ReadType(Fields task)
    {
        var hasType = task.Has("type");
        var hasJobType = task.Has("jobType");
        if (!hasType && !hasJobType)
        {
            // Whoever writes jobId speaks the older words.
            var wanted = task.Pointer.Length == 0 && task.Has("jobId") ? "jobType" : "type";
            faults.Add(
                task.At(wanted),
                FaultCodes.Required,
                $"'type' (or 'jobType') is missing; it is one of {KnownTypes}."
            );
            return null;
        }

        var field = hasType ? "type" : "jobType";
        var name = task.Text(field);
        if (hasType && hasJobType && task.Text("jobType") is { } other && other != name)
        {
            faults.Add(
                task.At("jobType"),
                FaultCodes.Conflict,
                "'jobType' is another name of 'type'; here they differ."
            );
        }

        if (name is null)
        {
            return null;
        }

        if (!types.TryFind(name, out var type))
        {
            task.Pass(name);
            faults.Add(
                task.At(field),
                FaultCodes.UnknownType,
                $"There is no task type {Excerpt.Quote(name)}.{NearName.Hint(name, types.NamesAndAliases)} Known are {KnownTypes}."
            );
        }

        return type;
    }

    private string KnownTypes => string.Join(", ", types.Names);

    private int ReadPriority(Fields job)
    {
        if (job.Any("priority")?.GetValueKind() != JsonValueKind.String)
        {
            return job.Whole("priority") ?? 0;
        }

        var word = job.Text("priority")!;
        if (Priorities.TryParse(word, out var priority))
        {
            return priority;
        }

        faults.Add(
            job.At("priority"),
            FaultCodes.InvalidValue,
            $"{Excerpt.Quote(word)} is no priority.{NearName.Hint(word, Priorities.Words)} Write {string.Join(", ", Priorities.Words)} or a number from -100 to 100."
        );
        return 0;
    }

    /// <summary>An empty <c>notify</c> asks for nothing and is fine.</summary>
    private static void RefuseNotifications(Fields fields)
    {
        if (fields.Any("notify") is not (JsonObject { Count: 0 } or JsonArray { Count: 0 }))
        {
            fields.NotYet("notify");
        }
    }
}
