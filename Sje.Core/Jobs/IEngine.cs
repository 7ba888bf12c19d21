using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sje.Core.Reliability;

namespace Sje.Core.Jobs;

/// <summary>Where an engine's code runs.</summary>
public enum EnginePlacement
{
    /// <summary>Inside the worker: pure I/O, or a driver of a child process of its own.</summary>
    Worker,

    /// <summary>Inside a child process of the worker, which is this same binary.</summary>
    Child,
}

/// <summary>What executes the tasks of one type. One instance serves many tasks at once.</summary>
public interface IEngine
{
    /// <summary>The canonical task type it runs.</summary>
    string Type { get; }

    /// <summary>Where <see cref="RunAsync"/> is called.</summary>
    EnginePlacement Placement { get; }

    /// <summary>Whether its attempts get a directory of their own. Pure I/O needs none, and making one costs more than many a request.</summary>
    bool UsesFiles => true;

    /// <summary>
    /// Runs one attempt to its end. Returns the result, success or failure of the user's work; throws
    /// <see cref="OperationCanceledException"/> when <paramref name="stop"/> fired and everything it had started is gone.
    /// </summary>
    Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop);
}

/// <summary>All that an engine is given for one attempt.</summary>
public sealed record EngineContext
{
    /// <summary>Which attempt of which task of which execution this is.</summary>
    public required AttemptIdentity Identity { get; init; }

    /// <summary>The engine's settings, templates not yet filled in.</summary>
    public required JsonObject Settings { get; init; }

    /// <summary>What templates see.</summary>
    public required TemplateScope Scope { get; init; }

    /// <summary>The declared parameters of the job: they give the values in <see cref="Scope"/> their types.</summary>
    public IReadOnlyList<JobParameter> Parameters { get; init; } = [];

    /// <summary>What the task may use.</summary>
    public required ResourceSpec Resources { get; init; }

    /// <summary>A private, empty directory that is removed after the attempt; empty text where <see cref="IEngine.UsesFiles"/> says no.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Where relative paths of the user start (<c>storage.root</c>).</summary>
    public required string StorageRoot { get; init; }

    /// <summary>The last checkpoint any attempt of this task saved.</summary>
    public JsonNode? Checkpoint { get; init; }

    /// <summary>Where the attempt reports while it runs.</summary>
    public required ITaskReporter Reporter { get; init; }

    /// <summary>Until when the worker owns the attempt; a child process must not outlive it.</summary>
    public required IAttemptLease Lease { get; init; }

    /// <summary>
    /// Asked after a stop: whether only this attempt is to end, and the next one goes on with the work (the worker shuts down, or has lost its
    /// lease). What runs outside the worker stays then.
    /// </summary>
    public Func<bool> HandsOver { get; init; } = () => false;
}

/// <summary>Names an attempt: the ids, and the number that is the fencing token.</summary>
public sealed record AttemptIdentity(Guid ExecutionId, Guid TaskId, string ExecutionName, string TaskName, int Attempt);

/// <summary>Where a line of a log came from.</summary>
public enum LogStream
{
    /// <summary>Standard output of the task.</summary>
    Stdout,

    /// <summary>Standard error of the task.</summary>
    Stderr,

    /// <summary>What SJE itself has to say about the task.</summary>
    System,
}

/// <summary>Takes what a running attempt has to say. Every call returns at once; delivery is batched. Thread-safe.</summary>
public interface ITaskReporter
{
    /// <summary>One line of log, without its line break.</summary>
    void Log(LogStream stream, string line);

    /// <summary>How far it is, 0 to 1, and a few words on what it does.</summary>
    void Progress(double fraction, string? message);

    /// <summary>The present value of a named figure (<c>rows_in</c>); a later value replaces an earlier one.</summary>
    void Metric(string name, double value);

    /// <summary>A checkpoint to start from if this attempt is lost; replaces the one before.</summary>
    void Checkpoint(JsonNode checkpoint);
}

/// <summary>The worker's right to an attempt. Times are seconds of the machine's boot clock (<c>/proc/uptime</c>).</summary>
public interface IAttemptLease
{
    /// <summary>The boot-clock second at which the right lapses, as now known; it moves on with every heartbeat.</summary>
    double DeadlineUptime { get; }

    /// <summary>Completes when the deadline has moved past the value that the caller last saw.</summary>
    Task<double> NextDeadlineAsync(double seen, CancellationToken stop);
}

/// <summary>How the user's work ended.</summary>
public sealed record EngineResult
{
    /// <summary>Null on success.</summary>
    public TaskError? Error { get; init; }

    /// <summary>Named values for later tasks and for the caller.</summary>
    public JsonObject Outputs { get; init; } = [];

    /// <summary>
    /// Of a failure: the next attempt begins no sooner than this after it, as when the other side named a time (HTTP's Retry-After). A policy
    /// may wait longer. Null leaves it to the policy.
    /// </summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// Of a failure: whether it is the fault of what the task depends on (<see cref="ITaskType.TargetOf"/>), which a circuit breaker counts. Null
    /// leaves it to the error's class.
    /// </summary>
    public bool? TargetAtFault { get; init; }

    /// <summary>The first rows of each result, <c>[{name, columns: [{name, type}], rows: [[...]]}]</c>, or null.</summary>
    public JsonNode? Preview { get; init; }

    /// <summary>Rows in and out, time and state per part of the work (pipeline nodes), engine's own shape, or null.</summary>
    public JsonNode? Parts { get; init; }
}

/// <summary>
/// Why an attempt failed. <see cref="Class"/> is one of <see cref="FailureClasses"/>, or <c>lost</c>; engines say what they know, and
/// <c>error</c> or <c>exit_code</c> where that is little. <see cref="Exception"/> is the type of an exception of the engine's.
/// </summary>
public sealed record TaskError(
    string Class,
    string Message,
    int? ExitCode = null,
    string? Signal = null,
    string? LogTail = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Exception = null
)
{
    /// <summary>Whether trying again is pointless, unless the job knows better.</summary>
    public bool Permanent => FailureClasses.IsPermanent(Class);
}
