using System.Diagnostics;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Jobs.Queueing;

/// <summary>Why a worker stops an attempt that is under way. The causes end in different states.</summary>
public enum StopCause
{
    /// <summary>It was not stopped.</summary>
    None,

    /// <summary>Somebody cancelled the task or its execution.</summary>
    Cancel,

    /// <summary>Somebody asked to start it again.</summary>
    Restart,

    /// <summary>It ran longer than its limit.</summary>
    RunTimeout,

    /// <summary>The worker shuts down.</summary>
    Drain,

    /// <summary>The worker no longer owns it, or can no longer know; nothing may be written about it.</summary>
    LeaseLost,
}

/// <summary>A task as claimed by this worker: one attempt, with what is needed to run it and the switch that stops it.</summary>
public sealed class ClaimedTask : IDisposable
{
    private readonly CancellationTokenSource stop = new();
    private int cause;

    /// <summary>Which attempt it is; the number is the fencing token.</summary>
    public required AttemptIdentity Identity { get; init; }

    /// <summary>The worker that claimed it: the other half of the fence.</summary>
    public required Guid WorkerId { get; init; }

    /// <summary>Hangfire's job of the task; null on the direct lane.</summary>
    public required long? HangfireJobId { get; init; }

    /// <summary>
    /// The state of Hangfire's job, as far as this worker knows it; null where that has to be read. Believed only by changes that make it
    /// their condition.
    /// </summary>
    public string? BackgroundJobState { get; set; }

    /// <summary>When its execution was accepted.</summary>
    public required DateTimeOffset AcceptedAt { get; init; }

    /// <summary>The queue it waited in.</summary>
    public required string Queue { get; init; }

    /// <summary>The task type.</summary>
    public required string Type { get; init; }

    /// <summary>What outside the worker it depends on, for circuit breakers; empty for nothing known.</summary>
    public string Target { get; init; } = "";

    /// <summary>Whether a limit counts it that other workers may wait for: of its queue, its key, its target.</summary>
    public bool Limited { get; init; }

    /// <summary>The engine's settings.</summary>
    public required JsonObject Settings { get; init; }

    /// <summary>The declared parameters of its job.</summary>
    public required IReadOnlyList<JobParameter> Parameters { get; init; }

    /// <summary>What happens after a failure.</summary>
    public required RetrySpec Retry { get; init; }

    /// <summary>What it may use.</summary>
    public required ResourceSpec Resources { get; init; }

    /// <summary>Longest run of this attempt.</summary>
    public required TimeSpan? RunTimeout { get; init; }

    /// <summary>Failures before this attempt.</summary>
    public required int Failures { get; init; }

    /// <summary>
    /// When this attempt was claimed, how long ago the first of those began that failures are counted from; nothing where no failure was
    /// before it or nobody asks for it (<see cref="RetrySpec.MaxElapsed"/>).
    /// </summary>
    public required TimeSpan ElapsedBefore { get; init; }

    /// <summary>What templates see.</summary>
    public required TemplateScope Scope { get; init; }

    /// <summary>The last checkpoint of any attempt.</summary>
    public required JsonNode? Checkpoint { get; init; }

    /// <summary>Whether it is its execution's only task.</summary>
    public required bool SingleTask { get; init; }

    /// <summary>How long it could have been claimed before it was.</summary>
    public TimeSpan Waited { get; init; }

    /// <summary>When this attempt was claimed, how long ago its execution had begun to run.</summary>
    public TimeSpan ExecutionElapsed { get; init; }

    /// <summary>The span that accepted its execution (<c>traceparent</c>); null where nobody traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>The span of its claim.</summary>
    public ActivityContext Claim { get; set; }

    /// <summary>When this process had the claim in its hands, by <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long ClaimedAt { get; set; }

    /// <summary>How it comes to run: with a background job, or without.</summary>
    public string Lane => HangfireJobId is null ? Lanes.Direct : Lanes.Background;

    /// <summary>Fires when the attempt has to stop; <see cref="Cause"/> says why.</summary>
    public CancellationToken Stopping => stop.Token;

    /// <summary>Why it has to stop, or <see cref="StopCause.None"/>.</summary>
    public StopCause Cause => (StopCause)Volatile.Read(ref cause);

    /// <summary>Whether its end is written, or somebody else's business by now.</summary>
    public bool Settled { get; set; }

    /// <summary>Whether an engine was started for it.</summary>
    public bool Started { get; set; }

    /// <summary>Asks the attempt to stop. The first cause stands, but for a lost lease, which outranks all.</summary>
    public void Stop(StopCause why)
    {
        if (why == StopCause.LeaseLost)
        {
            Volatile.Write(ref cause, (int)why);
        }
        else
        {
            Interlocked.CompareExchange(ref cause, (int)why, (int)StopCause.None);
        }

        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stop.Dispose();
}
