using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Store;

/// <summary>
/// Remembers which applications were or may have been submitted. A row is durable before anything is sent to a cluster, and is closed only
/// when the cluster has nothing of it running any more.
/// </summary>
internal interface ISparkStore
{
    /// <summary>
    /// The application of the task that may still run on its cluster, chosen by any attempt of it; or the one that succeeded under the attempt before
    /// this, which was lost before it could say so. Null when there is none. A driver that was a worker's child is none.
    /// </summary>
    Task<StoredApplication?> FindOpenAsync(AttemptIdentity attempt, CancellationToken stop);

    /// <summary>Writes down an identity, as long as the attempt is its worker's; durable when this returns.</summary>
    /// <exception cref="AttemptGoneException">It is not.</exception>
    Task<StoredApplication> ChooseAsync(
        AttemptIdentity attempt,
        SparkApplication application,
        string identity,
        CancellationToken stop
    );

    /// <summary>Notes what has become known of it: ids, state, addresses.</summary>
    Task NoteAsync(StoredApplication application, SparkStatus status, CancellationToken stop);

    /// <summary>Closes it: nothing of it runs. Figures that are null stay as they were.</summary>
    Task EndAsync(StoredApplication application, SparkState state, SparkOutcome outcome, CancellationToken stop);
}

/// <summary>A stored submission.</summary>
/// <param name="TaskId">The task.</param>
/// <param name="Number">The attempt that chose the identity.</param>
/// <param name="Cluster">The name of the cluster profile.</param>
/// <param name="Submission">How to find it there.</param>
internal sealed record StoredApplication(Guid TaskId, int Number, string Cluster, SparkSubmission Submission)
{
    /// <summary>What is kept of its run, when it has succeeded; null while that is not known.</summary>
    public SparkOutcome? Succeeded { get; init; }
}

/// <summary>What is kept of a run after its end, each in the shape of its own part; null for nothing.</summary>
internal sealed record SparkOutcome(JsonNode? Facts = null, JsonNode? Advice = null, JsonNode? Cost = null);

/// <summary>The attempt belongs to its worker no longer; nothing may be submitted for it.</summary>
internal sealed class AttemptGoneException(AttemptIdentity attempt)
    : Exception($"Attempt {attempt.Attempt} of task {attempt.TaskName} belongs to this worker no longer.");
