using Hangfire;
using Hangfire.Common;
using Hangfire.States;

namespace Sje.Jobs.Background;

/// <summary>
/// Filters by job: ours get our state filter, the statistics, the marks of retries and nothing else (no AutomaticRetry: our runner decides; no culture, no
/// continuations: two statements less a job); schedules have theirs; jobs of others keep what Hangfire gives them.
/// </summary>
internal sealed class TaskFilters(TaskStateFilter states, ScheduleFilter schedules, QueueLabels labels)
    : IJobFilterProvider
{
    private readonly JobFilter[] ofSchedules = [new(schedules, JobFilterScope.Global, null)];

    // Hangfire asks a provider of its own in this order: the statistics count what has been elected, so a retry is no failure of the day.
    private readonly JobFilter[] ours =
    [
        new(states, JobFilterScope.Global, null),
        new(new TaskStatistics(), JobFilterScope.Global, null),
        new(new RetryMarks(), JobFilterScope.Global, null),
    ];

    private readonly JobFilter foreign = new(new ForeignQueueFilter(labels), JobFilterScope.Global, null);

    /// <inheritdoc/>
    public IEnumerable<JobFilter> GetFilters(Job? job) =>
        job?.Type == typeof(TaskJob) ? ours
        : job?.Type == typeof(ScheduleJob) ? ofSchedules
        : JobFilterProviders.Providers.GetFilters(job).Append(foreign);
}

/// <summary>
/// Hangfire's figures per day and hour. They count at the election, so they come after the vote: what is voted down did not happen, and a
/// state that is kept happened before.
/// </summary>
internal sealed class TaskStatistics : JobFilterAttribute, IElectStateFilter
{
    private readonly StatisticsHistoryAttribute stock = new();

    /// <inheritdoc/>
    public void OnStateElection(ElectStateContext context)
    {
        if (context.CandidateState is not IKeptState)
        {
            stock.OnStateElection(context);
        }
    }
}
