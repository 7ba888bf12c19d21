using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Store;

/// <summary>For a run without a database: nobody comes after it, so there is nothing to be remembered.</summary>
internal sealed class UnstoredApplications(TimeProvider clock) : ISparkStore
{
    public Task<StoredApplication?> FindOpenAsync(AttemptIdentity attempt, CancellationToken stop) =>
        Task.FromResult<StoredApplication?>(null);

    public Task<StoredApplication> ChooseAsync(
        AttemptIdentity attempt,
        SparkApplication application,
        string identity,
        CancellationToken stop
    ) =>
        Task.FromResult(
            new StoredApplication(
                attempt.TaskId,
                attempt.Attempt,
                application.ClusterName,
                new SparkSubmission(SparkMark.Of(attempt.TaskId, attempt.Attempt), identity, clock.GetUtcNow())
            )
        );

    public Task NoteAsync(StoredApplication application, SparkStatus status, CancellationToken stop) =>
        Task.CompletedTask;

    public Task EndAsync(
        StoredApplication application,
        SparkState state,
        SparkOutcome outcome,
        CancellationToken stop
    ) => Task.CompletedTask;
}
