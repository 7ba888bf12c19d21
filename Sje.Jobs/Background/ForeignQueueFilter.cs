using Hangfire.Common;
using Hangfire.States;

namespace Sje.Jobs.Background;

/// <summary>
/// Keeps jobs that are not ours off the labels of our queues: stock Hangfire puts a job without a queue, and every retry of one, into
/// <c>default</c>, which is ours.
/// </summary>
internal sealed class ForeignQueueFilter : JobFilterAttribute, IElectStateFilter
{
    private readonly QueueLabels labels;

    /// <summary>After the filters that may elect Enqueued, such as a retry without a delay.</summary>
    public ForeignQueueFilter(QueueLabels labels)
    {
        this.labels = labels;
        Order = int.MaxValue;
    }

    /// <inheritdoc/>
    public void OnStateElection(ElectStateContext context)
    {
        if (context.CandidateState is EnqueuedState enqueued && labels.Has(enqueued.Queue))
        {
            // The job may name its queue itself; Hangfire looks there where the state says default.
            enqueued.Queue =
                context.BackgroundJob.Job?.Queue is { } own && !labels.Has(own) ? own : ForeignJobOptions.DefaultQueue;
        }
    }
}
