using System.Globalization;
using Hangfire.Storage;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Background;

/// <summary>
/// A claimed task in the hands of one of Hangfire's worker threads. Whatever way the thread lets go of it without having run it (a Delete
/// between claim and Processing, an error of its own, a shutdown), the task goes back.
/// </summary>
internal sealed class FetchedTask(ClaimedTask task, WorkerFeed feed) : IFetchedJob
{
    /// <inheritdoc/>
    public string JobId => task.HangfireJobId!.Value.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public void RemoveFromQueue()
    {
        FaultPoint.At(FaultPoint.SlotDone);
        Release("its background job or its worker's lease was changed before it ran");
    }

    /// <inheritdoc/>
    public void Requeue() => Release("its slot failed before it ran");

    /// <inheritdoc/>
    public void Dispose()
    {
        Release("its slot let it go");
        CurrentClaim.Task = null;
        task.Dispose();
    }

    private void Release(string why)
    {
        if (!task.Started)
        {
            feed.ReleaseAsync(task, why).GetAwaiter().GetResult();
        }
    }
}
