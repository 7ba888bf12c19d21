using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Reliability;
using Sje.Core.Scheduling;

namespace Sje.Core.Jobs;

/// <summary>
/// Writes a job in canonical form: fields in the order of API.md, what has its default left out, what all tasks share written once
/// at the job. Reading it gives an equal job.
/// </summary>
internal static class JobWriter
{
    private static readonly string[] Shareable = ["retry", "timeouts", "resources", "concurrency"];

    public static JsonObject Write(JobSpec job)
    {
        var result = new JsonObject { ["name"] = job.Name };
        Add(result, "jobId", job.Label);
        Add(result, "description", job.Description);
        Add(result, "queue", job.Queue == "default" ? null : job.Queue);
        if (job.Priority != 0)
        {
            result["priority"] = Priorities.WordOf(job.Priority) is { } word ? word : job.Priority;
        }

        Add(
            result,
            "parameters",
            new JsonObject(
                job.Parameters.Select(parameter => KeyValuePair.Create(parameter.Name, (JsonNode?)Write(parameter)))
            )
        );
        if (job.Tasks is [{ Name: JobFormReader.OnlyTask, Queue: null, Description: null } only])
        {
            WriteWork(result, only, job.TotalTimeout, job.Concurrency);
        }
        else
        {
            WriteTasks(result, [.. job.Tasks.Select(Write)], job.TotalTimeout, job.Concurrency);
        }

        if (job.PermitPartialFailures)
        {
            result["permitPartialFailures"] = true;
        }

        Add(result, "schedule", Schedule(job.Schedule));
        Add(result, "tags", Texts(job.Tags));
        return result;
    }

    /// <summary>
    /// A thousand tasks that inherit one block of settings must not carry a copy each: what was read as a megabyte would be stored
    /// as many.
    /// </summary>
    private static void WriteTasks(JsonObject result, JsonObject[] tasks, TimeSpan? total, ConcurrencySpec? concurrency)
    {
        foreach (var field in Shareable)
        {
            var shared = tasks[0][field]?.DeepClone().AsObject() ?? [];
            if (tasks.All(task => JsonNode.DeepEquals(task[field] ?? new JsonObject(), shared)))
            {
                foreach (var task in tasks)
                {
                    task.Remove(field);
                }
            }
            else
            {
                shared = [];
            }

            if (field == "timeouts" && total is { } limit)
            {
                shared["total"] = DurationText.Format(limit);
            }

            if (field == "concurrency")
            {
                shared = Concurrency(concurrency, shared);
            }

            Add(result, field, shared);
        }

        result["tasks"] = new JsonArray([.. tasks]);
    }

    private static JsonObject Write(JobParameter parameter)
    {
        var result = new JsonObject { ["type"] = parameter.Type };
        if (parameter.Default is not null)
        {
            result["default"] = parameter.Default.DeepClone();
        }

        if (parameter.Required)
        {
            result["required"] = true;
        }

        return result;
    }

    private static JsonObject Write(TaskSpec task)
    {
        var result = new JsonObject { ["name"] = task.Name };
        Add(result, "description", task.Description);
        Add(result, "dependsOn", Texts(task.DependsOn));
        Add(result, "queue", task.Queue);
        WriteWork(result, task, null, null);
        return result;
    }

    private static void WriteWork(JsonObject result, TaskSpec task, TimeSpan? total, ConcurrencySpec? concurrency)
    {
        result["type"] = task.Type;
        Add(result, task.Type, task.Settings.DeepClone().AsObject());
        Add(result, "retry", Retry(task.Retry));
        Add(result, "timeouts", Timeouts(task.QueuedTimeout, task.RunTimeout, total));
        Add(result, "resources", Resources(task.Resources));
        var key = new JsonObject();
        if (task.ConcurrencyKey is { } shared)
        {
            key["key"] = shared.Name;
            key["limit"] = shared.Limit;
        }

        Add(result, "concurrency", Concurrency(concurrency, key));
    }

    private static JsonObject Concurrency(ConcurrencySpec? concurrency, JsonObject key)
    {
        if (concurrency is null)
        {
            return key;
        }

        var result = new JsonObject { ["max"] = concurrency.Max };
        Add(
            result,
            "policy",
            concurrency.Policy == ConcurrencyPolicy.Queue ? null : Word<ConcurrencyPolicy>(concurrency.Policy)
        );
        foreach (var (name, value) in key)
        {
            result[name] = value?.DeepClone();
        }

        return result;
    }

    // As it was written: a figure that is the default policy's too is more than that policy for a failure that picks another one.
    private static JsonObject Retry(RetrySpec retry)
    {
        var result = new JsonObject();
        Add(result, "policy", retry.Policy);
        if (retry.MaxAttempts is { } attempts && retry.Policy != RetrySpec.None)
        {
            result["maxAttempts"] = attempts;
        }

        Add(result, "backoff", Word(retry.Backoff));
        Add(result, "initialDelay", Duration(retry.InitialDelay));
        Add(result, "maxDelay", Duration(retry.MaxDelay));
        if (retry.Factor is { } factor)
        {
            result["factor"] = factor;
        }

        Add(result, "jitter", Word(retry.Jitter));
        Add(result, "maxElapsed", Duration(retry.MaxElapsed));
        if (retry.On is not null)
        {
            // An empty list says something: none of the job's rules.
            result["on"] = new JsonArray([.. retry.On.Select(Rule)]);
        }

        return result;
    }

    private static JsonObject Rule(FailureRule rule)
    {
        var result = new JsonObject();
        AddChoice(result, "class", rule.Classes);
        AddChoice(result, "exitCode", rule.ExitCodes);
        AddChoice(result, "signal", rule.KilledBy);
        AddChoice(result, "exception", rule.Exceptions);
        Add(result, "logPattern", rule.LogPattern);
        result["policy"] = rule.Policy;
        return result;
    }

    private static void AddChoice<T>(JsonObject result, string name, IReadOnlyList<T>? choices)
    {
        if (choices is not null)
        {
            result[name] = choices is [var only]
                ? JsonValue.Create(only)
                : new JsonArray([.. choices.Select(choice => JsonValue.Create(choice))]);
        }
    }

    private static string? Word<T>(T? value)
        where T : struct, Enum => JsonSerializer.SerializeToNode(value)?.GetValue<string>();

    private static string? Duration(TimeSpan? time) => time is { } given ? DurationText.Format(given) : null;

    private static JsonObject Timeouts(TimeSpan? queued, TimeSpan? run, TimeSpan? total)
    {
        var result = new JsonObject();
        Add(result, "queued", queued is { } wait ? DurationText.Format(wait) : null);
        Add(result, "run", run is { } limit ? DurationText.Format(limit) : null);
        Add(result, "total", total is { } all ? DurationText.Format(all) : null);
        return result;
    }

    private static JsonObject Schedule(ScheduleSpec? schedule)
    {
        var result = new JsonObject();
        Add(result, "cron", schedule?.Cron);
        Add(result, "timeZone", schedule?.TimeZone == CronSchedule.DefaultTimeZone ? null : schedule?.TimeZone);
        return result;
    }

    private static JsonObject Resources(ResourceSpec resources)
    {
        var result = new JsonObject();
        if (resources.Cpus != 0)
        {
            result["cpus"] = resources.Cpus;
        }

        Add(result, "memory", resources.MemoryBytes == 0 ? null : SizeText.Format(resources.MemoryBytes));
        Add(result, "labels", Texts(resources.Labels));
        return result;
    }

    private static JsonArray Texts(IReadOnlyList<string> texts) =>
        new([.. texts.Select(text => JsonValue.Create(text))]);

    private static void Add(JsonObject result, string name, string? text)
    {
        if (text is not null)
        {
            result[name] = text;
        }
    }

    private static void Add(JsonObject result, string name, JsonNode container)
    {
        if (container is JsonObject { Count: > 0 } or JsonArray { Count: > 0 })
        {
            result[name] = container;
        }
    }
}
