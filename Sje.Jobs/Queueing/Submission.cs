using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Queueing;

/// <summary>A request to run a job once.</summary>
public sealed record Submission
{
    /// <summary>The job, checked.</summary>
    public required JobSpec Job { get; init; }

    /// <summary>Values of its parameters, bound and checked.</summary>
    public JsonObject Parameters { get; init; } = [];

    /// <summary>A submit under the same key and tenant happens once; 1-200 characters.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Tells whether a repeat under the key is the same request. Needed with <see cref="IdempotencyKey"/>.</summary>
    public byte[]? BodyHash { get; init; }

    /// <summary>Whose work it is.</summary>
    public string Tenant { get; init; } = "default";

    /// <summary>Who submitted it: the name of a key.</summary>
    public string? AcceptedBy { get; init; }

    /// <summary>
    /// What started it: <c>api</c>, <c>rerun</c>, <c>schedule</c> (its time had come), <c>manual</c> (somebody triggered the schedule).
    /// </summary>
    public string Trigger { get; init; } = "api";

    /// <summary>The saved job it runs, if any.</summary>
    public Guid? JobId { get; init; }

    /// <summary>The version of that job.</summary>
    public int? JobVersion { get; init; }

    /// <summary>The execution it repeats, if any.</summary>
    public Guid? RerunOf { get; init; }

    /// <summary>The schedule that started it, by its time or by hand.</summary>
    public Guid? ScheduleId { get; init; }

    /// <summary>The due time it is for, if its time started it. One execution for a due time of a schedule.</summary>
    public DateTimeOffset? ScheduledFor { get; init; }

    /// <summary>The span that its attempts go on from, where that is not the one it is stored in.</summary>
    internal string? TraceParent { get; init; }
}

/// <summary>What became of a <see cref="Submission"/>.</summary>
public abstract record IntakeResult;

/// <summary>Stored; it will run.</summary>
public sealed record SubmissionAccepted(Guid ExecutionId, ExecutionState State, string Queue, string? Label)
    : IntakeResult
{
    /// <summary>Whether its job limits how many of its executions go on: others may have been asked to end.</summary>
    internal bool Limited { get; init; }
}

/// <summary>The same request was accepted before under this key; its execution is given.</summary>
public sealed record Repeated(Guid ExecutionId, ExecutionState State, string Queue, string? Label) : IntakeResult;

/// <summary>The key belongs to another request.</summary>
public sealed record KeyReused(string Key) : IntakeResult;

/// <summary>As many tasks wait in one of its queues as may; it may be sent again later.</summary>
public sealed record QueueFull(string Queue, int MaxQueued) : IntakeResult
{
    /// <summary>When to try again. A guess: how fast a queue empties is for its tasks to say.</summary>
    public static TimeSpan RetryAfter { get; } = TimeSpan.FromSeconds(5);

    /// <summary>For people.</summary>
    public string Detail => $"{MaxQueued} tasks wait in queue '{Queue}', and no more may; try again in a few seconds.";
}

/// <summary>Nothing wrong with it, but with another of its batch, which was to be accepted whole or not at all.</summary>
public sealed record HeldBack : IntakeResult;
