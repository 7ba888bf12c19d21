using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Engines.Spark.Store;

/// <summary>
/// Repeats writes through an outage of the database, for as long as the attempt can still be the worker's: an application goes on whatever our
/// database does, and must not fail for it.
/// </summary>
internal sealed class PatientStore(ISparkStore inner, IAttemptLease lease, TimeProvider clock) : ISparkStore
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(300);

    public Task<StoredApplication?> FindOpenAsync(AttemptIdentity attempt, CancellationToken stop) =>
        inner.FindOpenAsync(attempt, stop);

    public Task<StoredApplication> ChooseAsync(
        AttemptIdentity attempt,
        SparkApplication application,
        string identity,
        CancellationToken stop
    ) => inner.ChooseAsync(attempt, application, identity, stop);

    public Task NoteAsync(StoredApplication application, SparkStatus status, CancellationToken stop) =>
        ThroughAsync(() => inner.NoteAsync(application, status, stop), stop);

    public Task EndAsync(
        StoredApplication application,
        SparkState state,
        SparkOutcome outcome,
        CancellationToken stop
    ) => ThroughAsync(() => inner.EndAsync(application, state, outcome, stop), stop);

    private async Task ThroughAsync(Func<Task> write, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await write();
                return;
            }
            catch (NpgsqlException e)
                when (DatabaseOutage.Classify(e) is not null && lease.DeadlineUptime > BootClock.Now)
            {
                await Task.Delay(Again, clock, stop);
            }
        }
    }
}
