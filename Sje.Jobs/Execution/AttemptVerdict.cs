using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Execution;

/// <summary>What follows from how an attempt ended: pure decisions, no I/O.</summary>
internal static class AttemptVerdict
{
    /// <summary>After the engine came to an end by itself.</summary>
    public static AttemptEnd Of(ClaimedTask task, EngineResult result, JsonObject? metrics)
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
            return OfStop(task, metrics);
        }

        if (result.Error is { } error)
        {
            return OfFailure(task, AttemptOutcome.Failed, TaskState.Failed, error, metrics, result.RetryAfter) with
            {
                Parts = result.Parts,
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
    public static AttemptEnd OfStop(ClaimedTask task, JsonObject? metrics) =>
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
                metrics
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
        TimeSpan? retryAfter = null
    )
    {
        var failures = task.Failures + 1;
        var retry = RetryPolicy.MayRetry(task.Retry, failures, error);
        return new AttemptEnd
        {
            Outcome = outcome,
            Next = retry ? TaskState.WaitingRetry : final,
            RetryDelay = retry
                ? RetryPolicy.NotBefore(
                    RetryPolicy.NextDelay(task.Retry, failures, Random.Shared.NextDouble()),
                    retryAfter
                )
                : TimeSpan.Zero,
            Error = error,
            Reason = error.Message,
            Metrics = metrics,
        };
    }
}
