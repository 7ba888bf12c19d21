using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Queueing;

/// <summary>How an attempt ended and what shall follow, as decided by the one who ran it. The database has the last word.</summary>
public sealed record AttemptEnd
{
    /// <summary>How the attempt ended.</summary>
    public required AttemptOutcome Outcome { get; init; }

    /// <summary>Where the task goes unless a cancel or a restart was asked for meanwhile.</summary>
    public required TaskState Next { get; init; }

    /// <summary>When <see cref="Next"/> is a retry: how long to wait.</summary>
    public TimeSpan RetryDelay { get; init; }

    /// <summary>Of a failure: how many the policy allows that decided on it; null leaves what the task says.</summary>
    public int? MaxAttempts { get; init; }

    /// <summary>Why it failed.</summary>
    public TaskError? Error { get; init; }

    /// <summary>Of a failure: whether a circuit breaker counts it; null leaves that to the error's class.</summary>
    public bool? TargetAtFault { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Outputs of a success.</summary>
    public JsonObject? Outputs { get; init; }

    /// <summary>Preview of results.</summary>
    public JsonNode? Preview { get; init; }

    /// <summary>Figures per part.</summary>
    public JsonNode? Parts { get; init; }

    /// <summary>Named figures.</summary>
    public JsonObject? Metrics { get; init; }
}

/// <summary>What the database made of an <see cref="AttemptEnd"/>.</summary>
/// <param name="State">The task's state now; null when this attempt no longer owned the task and nothing was changed.</param>
/// <param name="AvailableAt">When a retry is due.</param>
public readonly record struct AttemptEnded(TaskState? State, DateTimeOffset? AvailableAt)
{
    /// <summary>Whether the attempt was still the owner.</summary>
    public bool Owned => State is not null;
}
