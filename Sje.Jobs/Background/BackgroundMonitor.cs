using System.Globalization;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Hangfire.Storage.Monitoring;

namespace Sje.Jobs.Background;

/// <summary>
/// What the dashboard reads. All but the queue pages is Hangfire's own: its storage sorts a queue by job id, knows running jobs only from
/// its own queue table, and asks its own provider about names that were not there at start. For our queues these come from our tables.
/// </summary>
internal sealed class BackgroundMonitor(IMonitoringApi stock, QueuePages pages) : IMonitoringApi
{
    private const int FirstJobs = 5;

    /// <inheritdoc/>
    public IList<QueueWithTopEnqueuedJobsDto> Queues()
    {
        // Stock asks every provider for its names, ours among them.
        var queues = stock.Queues();
        foreach (var queue in queues.Where(queue => pages.Knows(queue.Name)))
        {
            queue.FirstJobs = ToEnqueued(pages.ReadWaiting(queue.Name, 0, FirstJobs));
        }

        return queues;
    }

    /// <inheritdoc/>
    public JobList<EnqueuedJobDto> EnqueuedJobs(string queue, int from, int perPage) =>
        pages.Knows(queue)
            ? ToEnqueued(pages.ReadWaiting(queue, from, perPage))
            : stock.EnqueuedJobs(queue, from, perPage);

    /// <inheritdoc/>
    public JobList<FetchedJobDto> FetchedJobs(string queue, int from, int perPage) =>
        pages.Knows(queue)
            ? ToFetched(pages.ReadRunning(queue, from, perPage))
            : stock.FetchedJobs(queue, from, perPage);

    /// <inheritdoc/>
    public long EnqueuedCount(string queue) =>
        pages.Knows(queue) ? pages.GetEnqueuedAndFetchedCount(queue).EnqueuedCount : stock.EnqueuedCount(queue);

    /// <inheritdoc/>
    public long FetchedCount(string queue) =>
        pages.Knows(queue) ? pages.GetEnqueuedAndFetchedCount(queue).FetchedCount : stock.FetchedCount(queue);

    /// <inheritdoc/>
    public IList<ServerDto> Servers() => stock.Servers();

    /// <inheritdoc/>
    public JobDetailsDto JobDetails(string jobId) => stock.JobDetails(jobId);

    /// <inheritdoc/>
    public StatisticsDto GetStatistics() => stock.GetStatistics();

    /// <inheritdoc/>
    public JobList<ProcessingJobDto> ProcessingJobs(int from, int count) => stock.ProcessingJobs(from, count);

    /// <inheritdoc/>
    public JobList<ScheduledJobDto> ScheduledJobs(int from, int count) => stock.ScheduledJobs(from, count);

    /// <inheritdoc/>
    public JobList<SucceededJobDto> SucceededJobs(int from, int count) => stock.SucceededJobs(from, count);

    /// <inheritdoc/>
    public JobList<FailedJobDto> FailedJobs(int from, int count) => stock.FailedJobs(from, count);

    /// <inheritdoc/>
    public JobList<DeletedJobDto> DeletedJobs(int from, int count) => stock.DeletedJobs(from, count);

    /// <inheritdoc/>
    public long ScheduledCount() => stock.ScheduledCount();

    /// <inheritdoc/>
    public long FailedCount() => stock.FailedCount();

    /// <inheritdoc/>
    public long ProcessingCount() => stock.ProcessingCount();

    /// <inheritdoc/>
    public long SucceededListCount() => stock.SucceededListCount();

    /// <inheritdoc/>
    public long DeletedListCount() => stock.DeletedListCount();

    /// <inheritdoc/>
    public IDictionary<DateTime, long> SucceededByDatesCount() => stock.SucceededByDatesCount();

    /// <inheritdoc/>
    public IDictionary<DateTime, long> FailedByDatesCount() => stock.FailedByDatesCount();

    /// <inheritdoc/>
    public IDictionary<DateTime, long> HourlySucceededJobs() => stock.HourlySucceededJobs();

    /// <inheritdoc/>
    public IDictionary<DateTime, long> HourlyFailedJobs() => stock.HourlyFailedJobs();

    private static JobList<EnqueuedJobDto> ToEnqueued(List<QueuedJob> jobs) =>
        ToList(
            jobs,
            (job, what) =>
                new EnqueuedJobDto
                {
                    Job = what,
                    State = job.State,
                    InEnqueuedState = job.State == EnqueuedState.StateName,
                    EnqueuedAt = JobHelper.DeserializeNullableDateTime(job.EnqueuedAt),
                }
        );

    private static JobList<FetchedJobDto> ToFetched(List<QueuedJob> jobs) =>
        ToList(
            jobs,
            (job, what) =>
                new FetchedJobDto
                {
                    Job = what,
                    State = job.State,
                    FetchedAt = job.AttemptStartedAt,
                }
        );

    // A pair without a value is a job that Hangfire has no more: the pages say so.
    private static JobList<T> ToList<T>(List<QueuedJob> jobs, Func<QueuedJob, Job?, T> view)
        where T : class =>
        new(
            jobs.Select(job => new KeyValuePair<string, T>(
                job.Id.ToString(CultureInfo.InvariantCulture),
                job.Invocation is null ? null! : view(job, JobOf(job.Invocation, job.Arguments))
            ))
        );

    private static Job? JobOf(string invocation, string? arguments)
    {
        var data = SerializationHelper.Deserialize<InvocationData>(invocation);
        data.Arguments = arguments;
        try
        {
            return data.DeserializeJob();
        }
        catch (JobLoadException)
        {
            return null;
        }
    }
}
