namespace Sje.Core.Jobs;

/// <summary>The life of an execution. Written in JSON and SQL in snake_case (<see cref="StateNames"/>).</summary>
public enum ExecutionState
{
    /// <summary>Stored, its tasks not yet runnable.</summary>
    Accepted,

    /// <summary>At least one task waits for a worker and none has been claimed.</summary>
    Queued,

    /// <summary>From the first claim until every task is final.</summary>
    Running,

    /// <summary>Every task succeeded or was skipped.</summary>
    Succeeded,

    /// <summary>Some tasks failed, some succeeded, and the job permits that.</summary>
    PartiallySucceeded,

    /// <summary>A task failed or timed out for good.</summary>
    Failed,

    /// <summary>Ended by a person or a program.</summary>
    Cancelled,

    /// <summary>Ended by its total time limit.</summary>
    TimedOut,
}

/// <summary>The life of a task. Written in JSON and SQL in snake_case (<see cref="StateNames"/>).</summary>
public enum TaskState
{
    /// <summary>Waits for other tasks of its execution.</summary>
    Blocked,

    /// <summary>Waits for a worker.</summary>
    Queued,

    /// <summary>A worker runs an attempt of it.</summary>
    Running,

    /// <summary>An attempt failed; the next one waits for its time.</summary>
    WaitingRetry,

    /// <summary>Final: an attempt succeeded.</summary>
    Succeeded,

    /// <summary>Final: no attempt is left, or the failure is permanent.</summary>
    Failed,

    /// <summary>Final: ended by a person or a program.</summary>
    Cancelled,

    /// <summary>Final: a time limit ran out.</summary>
    TimedOut,

    /// <summary>Final: never ran, because a dependency did not succeed or a person skipped it.</summary>
    Skipped,
}

/// <summary>How an attempt ended. Only <see cref="Failed"/> and <see cref="TimedOut"/> count against <c>maxAttempts</c>.</summary>
public enum AttemptOutcome
{
    /// <summary>It did its work.</summary>
    Succeeded,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>It was stopped on request.</summary>
    Cancelled,

    /// <summary>It ran longer than allowed.</summary>
    TimedOut,

    /// <summary>Its worker died or lost its lease.</summary>
    Lost,

    /// <summary>Its worker shut down; the task went back to the queue with its checkpoint.</summary>
    Drained,

    /// <summary>It was handed back before it ran.</summary>
    Released,

    /// <summary>It was stopped to start again.</summary>
    Restarted,
}

/// <summary>The one table of state moves (API.md, "States"), and the spelling of states outside C#.</summary>
public static class StateNames
{
    /// <summary>snake_case as in JSON and SQL: <c>waiting_retry</c>.</summary>
    public static string ToSnake<TState>(this TState state)
        where TState : struct, Enum => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString());

    /// <summary>Reads snake_case; false for an unknown word.</summary>
    public static bool TryParseSnake<TState>(string? text, out TState state)
        where TState : struct, Enum
    {
        foreach (var value in Enum.GetValues<TState>())
        {
            if (value.ToSnake() == text)
            {
                state = value;
                return true;
            }
        }

        state = default;
        return false;
    }

    /// <summary>Reads snake_case as stored by us.</summary>
    /// <exception cref="ArgumentException">The word is none of the states.</exception>
    public static TState ParseSnake<TState>(string text)
        where TState : struct, Enum =>
        TryParseSnake<TState>(text, out var state)
            ? state
            : throw new ArgumentException($"'{text}' is no {typeof(TState).Name}.", nameof(text));
}
