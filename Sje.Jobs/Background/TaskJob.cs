using System.Reflection;
using Hangfire.Common;
using Hangfire.Server;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Background;

/// <summary>
/// The method that every background job of ours calls. Its arguments are for people: what runs is the claim that this slot holds.
/// It takes no CancellationToken: Hangfire would put in its own and ask the database for every job; ours comes from the lease.
/// </summary>
internal sealed class TaskJob(AttemptRunner runner, HangfireView view)
{
    private static readonly MethodInfo Method = typeof(TaskJob).GetMethod(nameof(Run))!;

    /// <summary>The background job of a task.</summary>
    /// <param name="title">What runs, as the dashboard shows it.</param>
    /// <param name="taskId">The task.</param>
    /// <param name="label">The label of its queue.</param>
    public static Job Of(string title, Guid taskId, string label) =>
        new(typeof(TaskJob), Method, [title, taskId], label);

    /// <summary>The background job of a claimed task. Its label is of no account any more.</summary>
    public static Job Of(ClaimedTask task) =>
        Of(BackgroundJobTitle.Of(task.Identity, task.SingleTask), task.Identity.TaskId, QueueLabels.CatchAll);

    /// <summary>Runs the attempt that this thread's slot has claimed.</summary>
    /// <param name="title">What runs, as the dashboard shows it.</param>
    /// <param name="taskId">The task; read by the queue when the job is made.</param>
    /// <exception cref="JobAbortedException">The job's state is left as it is: it is another attempt's, or already brought up.</exception>
    /// <exception cref="TaskFailedException">The attempt failed; the state filter makes Scheduled or Failed of it.</exception>
    public void Run(string title, Guid taskId)
    {
        _ = title;
        FaultPoint.At(FaultPoint.SlotBegun);
        if (
            CurrentClaim.Task is not { Settled: false, Cause: not StopCause.LeaseLost } task
            || task.Identity.TaskId != taskId
        )
        {
            throw new JobAbortedException();
        }

        AttemptReport report;
        try
        {
            report = runner.RunAsync(task).GetAwaiter().GetResult();
        }
        catch (AttemptNotOwnedException)
        {
            throw new JobAbortedException();
        }

        switch (report.State)
        {
            case TaskState.Succeeded:
                return;
            case TaskState.WaitingRetry or TaskState.Failed or TaskState.TimedOut:
                throw new TaskFailedException(report);
            default:
                // Cancelled, restarted or drained: what Hangfire's worker would write fits none of these, and what its job shows by now
                // is not for the claim to say.
                task.BackgroundJobState = null;
                view.BringUpAsync(taskId, CancellationToken.None).GetAwaiter().GetResult();
                throw new JobAbortedException();
        }
    }
}

/// <summary>An attempt failed. Carries to the state filter what our tables already say.</summary>
internal sealed class TaskFailedException : Exception
{
    private readonly AttemptReport report;

    /// <summary>The failure of one attempt.</summary>
    public TaskFailedException(AttemptReport report)
        : base(report.Reason)
    {
        this.report = report;
        // What Hangfire keeps and shows in place of a stack trace (its ShallowExceptionHelper; StackTrace itself it walks round).
        Data["OriginalStackTrace"] = StackTrace;
    }

    /// <summary>When the next attempt is due; null when there is none.</summary>
    public DateTimeOffset? RetryAt => report.State == TaskState.WaitingRetry ? report.RetryAt : null;

    /// <summary>The end of the task's log: where our own code was is of no interest to those who read Hangfire's page.</summary>
    public override string StackTrace => report.Error?.LogTail ?? "";

    /// <inheritdoc/>
    public override string ToString() => report.Error?.LogTail is { Length: > 0 } tail ? $"{Message}\n{tail}" : Message;
}
