using System.Text.Json;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// Adds up the events of a log, line by line. The quantiles are exact: the end of a task takes some 2 KB of log and three numbers here, and
/// those of a stage are dropped when it ends; no sketch is smaller where it matters.
/// </summary>
internal sealed class EventLogReader
{
    private readonly Dictionary<(int Id, int Attempt), StageTally> stages = [];
    private readonly Dictionary<string, ExecutorTally> executors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> properties = new(StringComparer.Ordinal);
    private readonly JoinPlans joins = new();
    private readonly List<string> taskErrors = [];
    private SparkFacts head = new() { Source = SparkFactsSource.EventLog };
    private DateTimeOffset? lastSeen;
    private int jobs;
    private int failedJobs;

    /// <summary>Takes one line; an event that says nothing of use, or is damaged, changes nothing.</summary>
    public void Take(ReadOnlyMemory<byte> line)
    {
        // Most lines are of no use (starts of tasks, blocks): those are not even parsed.
        if (KindOf(line.Span) is not { } take)
        {
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 512 });
            take(this, document.RootElement);
        }
        catch (JsonException)
        {
            // Cut off, or not an event at all.
        }
    }

    /// <summary>What was read so far.</summary>
    public SparkFacts Facts()
    {
        var end = head.EndedAt ?? lastSeen;
        var facts = head with
        {
            EndedAt = end,
            DurationMs = end > head.StartedAt ? (long)(end.Value - head.StartedAt.Value).TotalMilliseconds : 0,
            Properties = properties,
            TaskErrors = taskErrors,
        };
        return FactsBuilder.Build(
            facts,
            jobs,
            failedJobs,
            stages.OrderBy(stage => stage.Key).Select(stage => stage.Value.Facts(stage.Key.Id, stage.Key.Attempt)),
            executors.Select(executor => executor.Value.Facts(executor.Key)),
            joins.Facts()
        );
    }

    // Spark writes the kind first. The name of a class of Spark SQL has its package in front.
    private static Action<EventLogReader, JsonElement>? KindOf(ReadOnlySpan<byte> line)
    {
        var start = "{\"Event\":\""u8;
        if (!line.StartsWith(start))
        {
            return null;
        }

        var kind = line[start.Length..];
        kind = kind[..Math.Max(kind.IndexOf((byte)'"'), 0)];
        kind = kind[(kind.LastIndexOf((byte)'.') + 1)..];
        var prefix = "SparkListener"u8;
        if (!kind.StartsWith(prefix))
        {
            return null;
        }

        kind = kind[prefix.Length..];
        return kind.SequenceEqual("TaskEnd"u8) ? (reader, e) => reader.TaskEnd(e)
            : kind.SequenceEqual("StageSubmitted"u8) ? (reader, e) => reader.StageSubmitted(e)
            : kind.SequenceEqual("StageCompleted"u8) ? (reader, e) => reader.StageCompleted(e)
            : kind.SequenceEqual("JobStart"u8) ? (reader, e) => reader.JobStart(e)
            : kind.SequenceEqual("JobEnd"u8) ? (reader, e) => reader.JobEnd(e)
            : kind.SequenceEqual("ExecutorAdded"u8) ? (reader, e) => reader.ExecutorAdded(e)
            : kind.SequenceEqual("ExecutorRemoved"u8) ? (reader, e) => reader.ExecutorRemoved(e)
            : kind.SequenceEqual("StageExecutorMetrics"u8) ? (reader, e) => reader.ExecutorMetrics(e)
            : kind.SequenceEqual("EnvironmentUpdate"u8) ? (reader, e) => reader.Keep(e.At("Spark Properties"))
            : kind.SequenceEqual("SQLExecutionStart"u8) ? (reader, e) => reader.Query(e)
            : kind.SequenceEqual("SQLAdaptiveExecutionUpdate"u8) ? (reader, e) => reader.joins.Take(e)
            : kind.SequenceEqual("LogStart"u8) ? (reader, e) => reader.LogStart(e)
            : kind.SequenceEqual("ApplicationStart"u8) ? (reader, e) => reader.ApplicationStart(e)
            : kind.SequenceEqual("ApplicationEnd"u8) ? (reader, e) => reader.ApplicationEnd(e)
            : null;
    }

    private void LogStart(JsonElement e) => head = head with { SparkVersion = e.Text("Spark Version") };

    private void ApplicationStart(JsonElement e) =>
        head = head with
        {
            ApplicationId = e.Text("App ID"),
            AttemptId = e.Text("App Attempt ID"),
            Name = SparkFacts.Shorten(e.Text("App Name")),
            StartedAt = Seen(e, "Timestamp"),
        };

    private void ApplicationEnd(JsonElement e) => head = head with { EndedAt = Seen(e, "Timestamp"), Complete = true };

    private void JobStart(JsonElement e)
    {
        jobs++;
        Seen(e, "Submission Time");
    }

    private void JobEnd(JsonElement e)
    {
        Seen(e, "Completion Time");
        if (e.At("Job Result").Text("Result") is { } result && result != "JobSucceeded")
        {
            failedJobs++;
        }
    }

    private void StageSubmitted(JsonElement e)
    {
        var info = e.At("Stage Info");
        var stage = Stage(info.Int("Stage ID"), info.Int("Stage Attempt ID"));
        stage.State = SparkStageState.Active;
        stage.Description = e.At("Properties").Text("spark.job.description");
        Describe(stage, info);
    }

    private void StageCompleted(JsonElement e)
    {
        var info = e.At("Stage Info");
        var stage = Stage(info.Int("Stage ID"), info.Int("Stage Attempt ID"));
        Describe(stage, info);
        stage.EndedAt = Seen(info, "Completion Time");
        stage.FailureReason = info.Text("Failure Reason");
        stage.State = stage.FailureReason is null ? SparkStageState.Complete : SparkStageState.Failed;
        if (stage.State == SparkStageState.Complete)
        {
            stage.Settle();
        }

        joins.TakeSizes(info.At("Accumulables"));
    }

    private void Describe(StageTally stage, JsonElement info)
    {
        stage.Name = info.Text("Stage Name") ?? stage.Name;
        stage.Tasks = info.Int("Number of Tasks");
        stage.SubmittedAt = Seen(info, "Submission Time") ?? stage.SubmittedAt;
    }

    private void TaskEnd(JsonElement e)
    {
        var info = e.At("Task Info");
        var metrics = e.At("Task Metrics");
        var reason = e.At("Task End Reason");
        var executor = Executor(info.Text("Executor ID") ?? "");
        var launched = info.Time("Launch Time");
        var finished = Seen(info, "Finish Time");
        var length = finished > launched ? (long)(finished.Value - launched.Value).TotalMilliseconds : 0;
        executor.TakeTask(metrics, e.At("Task Executor Metrics"), length);
        var stage = Stage(e.Int("Stage ID"), e.Int("Stage Attempt ID"));
        stage.TakeMetrics(metrics);
        switch (reason.Text("Reason"))
        {
            case "Success":
                executor.Tasks++;
                stage.TakeSuccess(info.Int("Index"), metrics);
                break;
            case "TaskKilled" or "TaskCommitDenied":
                stage.KilledTasks++;
                break;
            case "Resubmitted":
                // A map task whose output was lost with its executor: it had succeeded and been counted.
                break;
            default:
                executor.FailedTasks++;
                stage.FailedTasks++;
                Remember(reason);
                break;
        }
    }

    private void Remember(JsonElement reason)
    {
        var text =
            reason.Text("Class Name") is { } type ? $"{type}: {reason.Text("Description")}"
            : reason.Text("Loss Reason") is { } loss ? $"{reason.Text("Reason")}: {loss}"
            : reason.Text("Message") is { } message ? $"{reason.Text("Reason")}: {message}"
            : reason.Text("Reason");
        if (
            taskErrors.Count < SparkFacts.MostTaskErrors
            && SparkFacts.Shorten(text) is { } line
            && !taskErrors.Contains(line)
        )
        {
            taskErrors.Add(line);
        }
    }

    private void ExecutorAdded(JsonElement e)
    {
        var executor = Executor(e.Text("Executor ID") ?? "");
        var info = e.At("Executor Info");
        executor.Host = info.Text("Host");
        executor.Cores = info.Int("Total Cores");
        executor.AddedAt = Seen(e, "Timestamp");
    }

    private void ExecutorRemoved(JsonElement e)
    {
        var executor = Executor(e.Text("Executor ID") ?? "");
        executor.RemovedAt = Seen(e, "Timestamp");
        executor.RemoveReason = e.Text("Removed Reason");
    }

    private void ExecutorMetrics(JsonElement e) =>
        Executor(e.Text("Executor ID") ?? "").TakePeaks(e.At("Executor Metrics"));

    private void Query(JsonElement e)
    {
        // What a session has set for itself (spark.conf.set) stands only here.
        Keep(e.At("modifiedConfigs"));
        joins.Take(e);
    }

    private void Keep(JsonElement map)
    {
        if (map.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var property in map.EnumerateObject())
        {
            if (SparkSizing.Keeps(property.Name) && property.Value.ValueKind == JsonValueKind.String)
            {
                properties[property.Name] = SparkFacts.Shorten(property.Value.GetString()) ?? "";
            }
        }
    }

    private DateTimeOffset? Seen(JsonElement e, string name)
    {
        var time = e.Time(name);
        lastSeen = time > lastSeen || lastSeen is null ? time ?? lastSeen : lastSeen;
        return time;
    }

    private StageTally Stage(int id, int attempt)
    {
        if (!stages.TryGetValue((id, attempt), out var stage))
        {
            stages.Add((id, attempt), stage = new StageTally());
        }

        return stage;
    }

    private ExecutorTally Executor(string id)
    {
        if (!executors.TryGetValue(id, out var executor))
        {
            executors.Add(id, executor = new ExecutorTally());
        }

        return executor;
    }
}
