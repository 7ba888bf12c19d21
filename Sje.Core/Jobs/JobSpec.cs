using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>A job as the user wrote it, in its canonical form (API.md, "The job file"): checked, with defaults filled in.</summary>
public sealed record JobSpec
{
    /// <summary>1-200 characters of letters, digits, <c>-_. </c>; the name of a saved job, a title for a submitted one.</summary>
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>The client's own label (<c>jobId</c>); may repeat.</summary>
    public string? Label { get; init; }

    /// <summary>Where its tasks wait, unless a task says otherwise.</summary>
    public string Queue { get; init; } = "default";

    /// <summary>-100..100, higher first; 0 is normal, high 10, urgent 20, critical 30, low -10.</summary>
    public int Priority { get; init; }

    /// <summary>Declared parameters by name, in the order written.</summary>
    public IReadOnlyList<JobParameter> Parameters { get; init; } = [];

    /// <summary>At least one. A job with a <c>type</c> of its own has one task, named <c>main</c>.</summary>
    public required IReadOnlyList<TaskSpec> Tasks { get; init; }

    /// <summary>Limit of the whole execution, from acceptance; null is none.</summary>
    public TimeSpan? TotalTimeout { get; init; }

    /// <summary>Whether an execution with failed and succeeded tasks counts as partially succeeded.</summary>
    public bool PermitPartialFailures { get; init; }

    /// <summary>How many of its executions may go on at a time; null is any number.</summary>
    public ConcurrencySpec? Concurrency { get; init; }

    /// <summary>When it starts by itself, once it is saved; null is never.</summary>
    public ScheduleSpec? Schedule { get; init; }

    /// <summary>Words to find it by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The job in canonical JSON, as stored and shown.</summary>
    public required JsonObject Canonical { get; init; }
}

/// <summary>A parameter of a job. A bare value in the file is the value of this execution and also tells the type.</summary>
public sealed record JobParameter
{
    /// <summary>A letter or underscore, then letters, digits, underscores.</summary>
    public required string Name { get; init; }

    /// <summary><c>string</c>, <c>int</c>, <c>double</c>, <c>boolean</c>, <c>date</c>, <c>timestamp</c> or <c>json</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The value when the execution gives none; null when one must be given.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>Whether an execution must give a value.</summary>
    public bool Required { get; init; }
}

/// <summary>One task of a job: what one worker runs.</summary>
public sealed record TaskSpec
{
    /// <summary>Unique within the job.</summary>
    public required string Name { get; init; }

    /// <summary>Free text.</summary>
    public string? Description { get; init; }

    /// <summary>The canonical task type: <c>pipeline</c>, <c>process</c>, <c>spark</c>, ...</summary>
    public required string Type { get; init; }

    /// <summary>The engine's settings (the object under the type's name), templates not yet filled in.</summary>
    public required JsonObject Settings { get; init; }

    /// <summary>What outside the worker it depends on, for circuit breakers (<see cref="ITaskType.TargetOf"/>); null for nothing known.</summary>
    public string? Target { get; init; }

    /// <summary>Names of tasks that must have succeeded before.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Overrides the job's queue.</summary>
    public string? Queue { get; init; }

    /// <summary>What happens after a failure.</summary>
    public RetrySpec Retry { get; init; } = new();

    /// <summary>Longest wait in the queue, counted anew each time the task comes back to it; null is none.</summary>
    public TimeSpan? QueuedTimeout { get; init; }

    /// <summary>Longest run of one attempt; null is none.</summary>
    public TimeSpan? RunTimeout { get; init; }

    /// <summary>A limit that it shares with other tasks; null is none.</summary>
    public ConcurrencyKey? ConcurrencyKey { get; init; }

    /// <summary>What it needs of a worker.</summary>
    public ResourceSpec Resources { get; init; } = new();
}

/// <summary>What a task needs of a worker, and may use.</summary>
public sealed record ResourceSpec
{
    /// <summary>Processor cores; 0 means no demand.</summary>
    public double Cpus { get; init; }

    /// <summary>Bytes; 0 means no demand and no limit.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Labels that a worker must have, all of them.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];
}
