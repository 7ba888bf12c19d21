using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Execution;

/// <summary>What follows from how an attempt ended: pure decisions, no I/O.</summary>
internal static class AttemptVerdict
{
    /// <summary>After the engine came to an end by itself.</summary>
    /// <param name="task">The attempt.</param>
    /// <param name="result">What the engine returned.</param>
    /// <param name="metrics">Its figures.</param>
    /// <param name="ran">How long it ran.</param>
    public static AttemptEnd Of(ClaimedTask task, EngineResult result, JsonObject? metrics, TimeSpan ran)
    {
        // Its guard ended it because our lease had lapsed: nobody's failure.
        if (result.Error is { Class: "lost" } lost)
        {
            return new AttemptEnd
            {
                Outcome = AttemptOutcome.Lost,
                Next = TaskState.Queued,
                Error = lost,
                Reason = lost.Message,
            };
        }

        // Whatever it came to while it was being stopped: an engine may say so by an error of its own.
        if (result.Error is not null && task.Cause is not (StopCause.None or StopCause.LeaseLost))
        {
            return OfStop(task, metrics, ran);
        }

        if (result.Error is { } error)
        {
            return OfFailure(task, AttemptOutcome.Failed, TaskState.Failed, error, metrics, ran, result.RetryAfter) with
            {
                Parts = result.Parts,
                TargetAtFault = result.TargetAtFault,
            };
        }

        return new AttemptEnd
        {
            Outcome = AttemptOutcome.Succeeded,
            Next = TaskState.Succeeded,
            Outputs = result.Outputs,
            Preview = result.Preview,
            Parts = result.Parts,
            Metrics = metrics,
        };
    }

    /// <summary>After the attempt was stopped from outside.</summary>
    public static AttemptEnd OfStop(ClaimedTask task, JsonObject? metrics, TimeSpan ran) =>
        task.Cause switch
        {
            StopCause.Cancel => new AttemptEnd
            {
                Outcome = AttemptOutcome.Cancelled,
                Next = TaskState.Cancelled,
                Metrics = metrics,
            },
            StopCause.Restart => new AttemptEnd
            {
                Outcome = AttemptOutcome.Restarted,
                Next = TaskState.Queued,
                Reason = "restarted on request",
                Metrics = metrics,
            },
            StopCause.Drain => new AttemptEnd
            {
                Outcome = AttemptOutcome.Drained,
                Next = TaskState.Queued,
                Reason = "its worker shut down",
                Metrics = metrics,
            },
            StopCause.RunTimeout => OfFailure(
                task,
                AttemptOutcome.TimedOut,
                TaskState.TimedOut,
                new TaskError("timeout", $"ran longer than its limit of {task.RunTimeout!.Value.TotalSeconds:0.###} s"),
                metrics,
                ran
            ),
            _ => new AttemptEnd
            {
                Outcome = AttemptOutcome.Lost,
                Next = TaskState.Queued,
                Metrics = metrics,
            },
        };

    private static AttemptEnd OfFailure(
        ClaimedTask task,
        AttemptOutcome outcome,
        TaskState final,
        TaskError error,
        JsonObject? metrics,
        TimeSpan ran,
        TimeSpan? retryAfter = null
    )
    {
        var occasion = new RetryOccasion(
            task.Identity.Attempt,
            task.Failures + 1,
            task.ElapsedBefore + ran,
            retryAfter
        );
        var decision = RetryDecision.On(task.Retry, error, occasion, Random.Shared.NextDouble());
        return new AttemptEnd
        {
            Outcome = outcome,
            Next = decision.Delay is null ? final : TaskState.WaitingRetry,
            RetryDelay = decision.Delay ?? TimeSpan.Zero,
            MaxAttempts = decision.Policy?.MaxAttempts,
            Error = decision.Error,
            Reason = decision.Reason,
            Metrics = metrics,
        };
    }
}
