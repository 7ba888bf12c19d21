using Hangfire;
using Hangfire.Common;

namespace Sje.Jobs.Background;

/// <summary>
/// Filters by job: ours get the statistics and our state filter and nothing else (no AutomaticRetry: our runner decides; no culture, no
/// continuations: two statements less a job); jobs of others keep what Hangfire gives them.
/// </summary>
internal sealed class TaskFilters(TaskStateFilter states) : IJobFilterProvider
{
    private readonly JobFilter[] ours =
    [
        new(new StatisticsHistoryAttribute(), JobFilterScope.Global, null),
        new(states, JobFilterScope.Global, null),
    ];

    /// <inheritdoc/>
    public IEnumerable<JobFilter> GetFilters(Job? job) =>
        job?.Type == typeof(TaskJob) ? ours : JobFilterProviders.Providers.GetFilters(job);
}
