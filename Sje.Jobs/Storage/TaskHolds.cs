namespace Sje.Jobs.Storage;

/// <summary>
/// Why a task that is queued may not be claimed, whatever a worker has room for: elements of <c>sje.tasks.holds</c>. A task with any stays out
/// of the claim's index. Whoever puts one on says when it goes; a hold that nobody takes off is a task that never runs.
/// </summary>
internal static class TaskHolds
{
    /// <summary>No hold, as SQL: an interpolated raw string cannot hold the braces.</summary>
    public const string None = "'{}'";

    /// <summary>As many executions of its job go on as may; the admission takes it off.</summary>
    public const string Concurrency = "concurrency";

    /// <summary>Its job is paused; the resume takes it off.</summary>
    public const string Job = "job";
}
