using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Links;

namespace Sje.Web.Api;

/// <summary>
/// An execution in a list. What it says of attempts, progress and error is of the task that tells most (a running one first). <c>retrying</c>: it has
/// not ended, and a task of it tries again. <c>reason</c> is one line: why it waits, what went wrong, or what it is doing. <c>queuePosition</c> is its
/// place among those of its queue that nothing but others before it keeps waiting, from 1. <c>warnings</c> counts lines of warning in its logs.
/// <c>typicalDurationMs</c>, in a list only where it was asked for: the median of what the last executions of the job that succeeded took, up to 20; none where
/// fewer than 3 have. <c>actions</c> is what the caller may do to it now.
/// </summary>
internal record ExecutionItem(
    Guid Id,
    string Name,
    string? Label,
    int? JobVersion,
    string JobType,
    string Queue,
    int Priority,
    string Tenant,
    IReadOnlyList<string> Tags,
    ExecutionState State,
    bool Retrying,
    string? Reason,
    string? WaitReason,
    int? QueuePosition,
    double? Progress,
    string? ProgressMessage,
    int Attempt,
    int Failures,
    int MaxAttempts,
    DateTimeOffset? NextAttemptAt,
    string? Worker,
    string Trigger,
    string? Schedule,
    DateTimeOffset? ScheduledFor,
    Guid? RerunOf,
    string? AcceptedBy,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? CancelRequestedAt,
    string? CancelReason,
    string? ErrorClass,
    string? ErrorMessage,
    long Warnings,
    long? TypicalDurationMs,
    long Version,
    IReadOnlyList<ObjectAction> Actions
);

/// <summary>An execution on its own page: also the job as it was accepted, its values, results and tasks.</summary>
internal sealed record ExecutionDetail : ExecutionItem
{
    public ExecutionDetail(ExecutionItem item)
        : base(item) { }

    public required JsonObject Job { get; init; }
    public required JsonObject Parameters { get; init; }
    public JsonObject? Outputs { get; init; }
    public JsonObject? Metrics { get; init; }
    public JsonObject? Error { get; init; }
    public required IReadOnlyDictionary<string, int> TaskCounts { get; init; }

    /// <summary>The first thousand; the rest are under <c>/tasks</c>.</summary>
    public required IReadOnlyList<TaskItem> Tasks { get; init; }
}

/// <summary>A task of an execution. <c>actions</c> is what the caller may do to it now; it is a dead letter as long as it may be requeued.</summary>
internal sealed record TaskItem(
    Guid Id,
    string Name,
    int Ordinal,
    string Type,
    string Queue,
    string Lane,
    TaskState State,
    string? WaitReason,
    int? QueuePosition,
    double? Progress,
    string? ProgressMessage,
    int Attempt,
    int Failures,
    int Lost,
    int MaxAttempts,
    string? Worker,
    IReadOnlyList<string> DependsOn,
    ResourceItem Resources,
    DateTimeOffset? NextAttemptAt,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? QueuedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? AttemptStartedAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? CancelRequestedAt,
    string? Reason,
    JsonObject? Error,
    JsonObject? Outputs,
    JsonObject? Metrics,
    JsonNode? Parts,
    long? BackgroundJobId,
    string? BackgroundJobUrl,
    IReadOnlyList<ObjectAction> Actions
);

/// <summary>What a task needs of a worker; 0 is no demand.</summary>
internal sealed record ResourceItem(double Cpus, long MemoryBytes, IReadOnlyList<string> Labels);

/// <summary>
/// A page of executions. Counts are by state, under the same filters but the state; none goes beyond <c>countsUpTo</c>. <c>retrying</c> among them
/// counts some of the queued and running ones again.
/// </summary>
internal sealed record ExecutionPage(
    IReadOnlyList<ExecutionItem> Items,
    string? NextCursor,
    IReadOnlyDictionary<string, int> Counts,
    int CountsUpTo
);

/// <summary>How many there are by state, under a filter; none goes beyond <c>countsUpTo</c>. <c>retrying</c> counts some of the queued and running ones again.</summary>
internal sealed record ExecutionCountsView(IReadOnlyDictionary<string, int> Counts, int CountsUpTo)
{
    public static ExecutionCountsView Of(ExecutionCounts counts)
    {
        var named = counts.States.ToDictionary(c => c.Key.ToSnake(), c => c.Value);
        named[ExecutionStateWords.Retrying] = counts.Retrying;
        return new ExecutionCountsView(named, ExecutionReader.MaxCount);
    }
}

/// <summary>Translates what storage read into what the API shows.</summary>
internal static class ExecutionViews
{
    /// <summary>How many tasks an execution's page shows itself; the rest are on <c>/tasks</c>.</summary>
    public const int TasksShown = 1000;

    private const int LongestReason = 200;

    public static ExecutionItem ToItem(
        ExecutionSummary execution,
        TaskDetail? telling,
        WaitReason? wait,
        ExecutionTaskFacts facts,
        TimeSpan? typical,
        Role role
    ) =>
        new(
            execution.Id,
            execution.Name,
            execution.Label,
            execution.JobVersion,
            execution.JobType,
            execution.Queue,
            execution.Priority,
            execution.Tenant,
            execution.Tags,
            execution.State,
            facts.Retrying,
            ReasonOf(execution, telling, wait, facts.Retrying),
            wait?.Text,
            wait?.Position,
            telling?.Progress,
            telling?.ProgressMessage,
            telling?.Attempt ?? 0,
            telling?.Failures ?? 0,
            telling?.MaxAttempts ?? 0,
            NextAttemptOf(telling),
            telling?.Worker,
            execution.Trigger,
            execution.Schedule,
            execution.ScheduledFor,
            execution.RerunOf,
            execution.AcceptedBy,
            execution.AcceptedAt,
            execution.StartedAt,
            execution.FinishedAt,
            execution.CancelRequestedAt,
            execution.CancelReason,
            Text(telling?.Error, "class"),
            Text(telling?.Error, "message"),
            facts.Warnings,
            (long?)typical?.TotalMilliseconds,
            execution.Version,
            AllowedActions.OfExecution(role, facts.Of(execution))
        );

    public static TaskItem ToItem(
        TaskDetail task,
        WaitReason? wait,
        IReadOnlyDictionary<Guid, string> names,
        Role role
    ) =>
        new(
            task.Id,
            task.Name,
            task.Ordinal,
            task.Type,
            task.Queue,
            task.Lane,
            task.State,
            wait?.Text,
            wait?.Position,
            task.Progress,
            task.ProgressMessage,
            task.Attempt,
            task.Failures,
            task.Lost,
            task.MaxAttempts,
            task.Worker,
            [.. task.DependsOn.Select(id => names.TryGetValue(id, out var name) ? name : id.ToString())],
            new ResourceItem(task.Resources.Cpus, task.Resources.MemoryBytes, task.Resources.Labels),
            NextAttemptOf(task),
            task.AcceptedAt,
            task.QueuedAt,
            task.StartedAt,
            task.AttemptStartedAt,
            task.FinishedAt,
            task.CancelRequestedAt,
            task.Reason,
            Copy(task.Error),
            Copy(task.Outputs),
            Copy(task.Metrics),
            task.Parts?.DeepClone(),
            task.BackgroundJobId,
            task.BackgroundJobId is { } job ? ExecutionLinks.OfBackgroundJob(job) : null,
            AllowedActions.OfTask(role, task.State, task.DismissedAt is not null)
        );

    /// <summary>One task's outputs as they are; those of several under their names. So with metrics.</summary>
    public static JsonObject? Joined(IReadOnlyList<TaskDetail> tasks, Func<TaskDetail, JsonObject?> part)
    {
        if (tasks is [var only])
        {
            return Copy(part(only));
        }

        var joined = new JsonObject();
        foreach (var task in tasks)
        {
            if (part(task) is { } value)
            {
                joined[task.Name] = value.DeepClone();
            }
        }

        return joined.Count == 0 ? null : joined;
    }

    /// <summary>The share of the work that is done: of one task what it says, of several their mean, an ended one counting whole.</summary>
    public static double? ProgressOf(IReadOnlyList<TaskDetail> tasks)
    {
        if (tasks.Count == 0 || tasks.All(task => task.Progress is null && !task.State.IsFinal()))
        {
            return null;
        }

        return Math.Round(
            tasks.Average(task =>
                task.State.IsFinal()
                    ? task.State == TaskState.Succeeded
                        ? 1
                        : task.Progress ?? 0
                    : task.Progress ?? 0
            ),
            6
        );
    }

    /// <summary>The failure that speaks for the execution: that of the task which failed first.</summary>
    public static JsonObject? ErrorOf(IReadOnlyList<TaskDetail> tasks) =>
        Copy(
            (
                tasks
                    .Where(task => task.State is TaskState.Failed or TaskState.TimedOut && task.Error is not null)
                    .OrderBy(task => task.FinishedAt)
                    .FirstOrDefault()
                ?? tasks.FirstOrDefault(task => task.Error is not null)
            )?.Error
        );

    public static JsonObject? Copy(JsonObject? node) => node?.DeepClone().AsObject();

    public static string? Text(JsonObject? node, string key) =>
        node is not null
        && node.TryGetPropertyValue(key, out var value)
        && value is JsonValue text
        && text.TryGetValue<string>(out var found)
            ? found
            : null;

    private static string? ReasonOf(ExecutionSummary execution, TaskDetail? telling, WaitReason? wait, bool retrying)
    {
        var message = Text(telling?.Error, "message");
        return OneLine(
            execution.State switch
            {
                ExecutionState.Succeeded => null,
                ExecutionState.Cancelled => execution.CancelReason ?? telling?.Reason,
                ExecutionState.Failed or ExecutionState.TimedOut or ExecutionState.PartiallySucceeded => message
                    ?? telling?.Reason,
                _ when execution.CancelRequestedAt is not null => execution.CancelReason ?? "a cancel is under way",
                _ when telling?.State == TaskState.WaitingRetry && message is not null =>
                    $"attempt {telling.Attempt} of {telling.MaxAttempts} failed: {message}",
                _ when wait is not null => wait.Text,
                _ when retrying && message is not null => $"the attempt before failed: {message}",
                _ => telling?.ProgressMessage,
            }
        );
    }

    private static string? OneLine(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var line = text.AsSpan().Trim();
        var end = line.IndexOfAny('\r', '\n');
        line = end < 0 ? line : line[..end];
        return line.Length <= LongestReason ? line.ToString() : $"{line[..LongestReason]}...";
    }

    private static DateTimeOffset? NextAttemptOf(TaskDetail? task) =>
        task?.State == TaskState.WaitingRetry ? task.AvailableAt : null;
}
