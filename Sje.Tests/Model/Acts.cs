namespace Sje.Tests.Model;

/// <summary>Names one claim: no other has the same number of the same task.</summary>
internal sealed record ClaimKey(string Execution, string Task, int Attempt, string Worker);

/// <summary>How the one who ran an attempt says that it ended.</summary>
internal enum EndAs
{
    Succeeded,
    FailedRetryNow,
    FailedRetryLater,
    FailedForGood,
    TimedOutForGood,
    Drained,
    Released,
    Cancelled,
    Restarted,
    Lost,
}

/// <summary>Something that is done to the core, in words that the model and the real thing understand.</summary>
internal abstract record Act;

internal sealed record Submit(string Execution, int Shape, string Queue, int Priority, int? Job, string? Key) : Act;

internal sealed record Claim(int Worker, int Slots) : Act;

internal sealed record End(ClaimKey Claimed, EndAs As) : Act;

internal sealed record Cancel(string Execution) : Act;

internal sealed record CancelTask(string Execution, string Task) : Act;

internal sealed record Retry(string Execution) : Act;

internal sealed record RetryTask(string Execution, string Task) : Act;

internal sealed record Repair(string Execution, string Task) : Act;

internal sealed record Requeue(string Execution, string Task) : Act;

internal sealed record Purge(string Execution, string Task) : Act;

internal sealed record Dismiss(string Execution, string Task) : Act;

internal sealed record Skip(string Execution, string Task) : Act;

internal sealed record RetryNow(string Execution, string Task) : Act;

internal sealed record Restart(string Execution, string Task) : Act;

internal sealed record Move(string Execution, int? Priority, string? Queue) : Act;

internal sealed record PauseQueue(string Queue, bool On) : Act;

internal sealed record PauseJob(int Job, bool On) : Act;

internal sealed record PauseWorker(int Worker, bool On) : Act;

internal sealed record Limit(string Queue, int? MaxRunning, int? MaxQueued) : Act;

internal sealed record Lapse(int Worker) : Act;

internal sealed record Renew(int Worker) : Act;

internal sealed record Kill(int Worker) : Act;

/// <summary>The second part of a kill: whoever's lease has lapsed is dead. The model's alone.</summary>
internal sealed record MarkDead : Act;

internal sealed record QueueTimeout(string Execution, string Task) : Act;

internal sealed record TotalTimeout(string Execution) : Act;

/// <summary>The jobs that are submitted: names of tasks with what each depends on.</summary>
internal static class Shapes
{
    public static readonly (string Name, string[] DependsOn)[][] All =
    [
        [("a", [])],
        [("a", []), ("b", ["a"])],
        [("a", []), ("b", [])],
        [("a", []), ("b", ["a"]), ("c", ["a"]), ("d", ["b", "c"])],
        [("a", []), ("b", []), ("c", ["a", "b"])],
        [("a", []), ("b", ["a"]), ("c", ["b"])],
        [("a", []), ("b", []), ("c", ["b"])],
    ];

    /// <summary>Some jobs are content with a part.</summary>
    public static bool PermitsPartial(int shape) => shape >= 4;
}
