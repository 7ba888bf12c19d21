namespace Sje.Jobs.Queueing;

/// <summary>
/// How long the parts of a stop may take, each longer than the one inside it. A limit of the host that came first would abort the process;
/// Hangfire's, before a task has written its end, would abandon the thread that is to write it. Both then look like a crash: the
/// lease lapses, and what ran counts as lost instead of drained.
/// </summary>
/// <param name="Drain">
/// From the signal until no task is left: the time running tasks are given, then from SIGTERM to SIGKILL, then to write the checkpoint and
/// the end.
/// </param>
/// <param name="Hangfire">How long Hangfire's server waits for its threads, once it is told to stop after the drain.</param>
/// <param name="Host">The whole stop.</param>
public sealed record StopTimes(TimeSpan Drain, TimeSpan Hangfire, TimeSpan Host)
{
    // For the session to be gone after SIGKILL, the rest of the log and the end to be written, on a busy machine.
    private static readonly TimeSpan Writing = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(10);

    /// <summary>The times that follow from the settings.</summary>
    /// <param name="worker">How long running tasks may go on.</param>
    /// <param name="stopGraceSeconds">From SIGTERM to SIGKILL of a task.</param>
    public static StopTimes Of(WorkerOptions worker, double stopGraceSeconds)
    {
        ArgumentNullException.ThrowIfNull(worker);
        var drain = TimeSpan.FromSeconds(worker.DrainSeconds) + TimeSpan.FromSeconds(stopGraceSeconds) + Writing;
        var hangfire = drain + Margin;

        // One after the other: Hangfire is told to stop when the drain is over.
        return new StopTimes(drain, hangfire, drain + hangfire + Margin);
    }
}
