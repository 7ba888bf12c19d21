using Hangfire;
using Hangfire.Common;
using Sje.Jobs.Scheduling;

namespace Sje.Jobs.Background;

/// <summary>
/// Hangfire's recurring jobs as its dashboard and code handle them. Those that are schedules of ours are triggered and removed in our
/// tables; all others are Hangfire's business.
/// </summary>
internal sealed class RecurringJobs(
    IRecurringJobManagerV2 stock,
    ScheduleStore schedules,
    ScheduleFiring firing,
    RecurringView view
) : IRecurringJobManagerV2
{
    /// <summary>Who is named where people look.</summary>
    private static string By => Actor.Current?.Name ?? "hangfire";

    /// <inheritdoc/>
    public JobStorage Storage => stock.Storage;

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The name is that of a schedule of ours.</exception>
    public void AddOrUpdate(string recurringJobId, Job job, string cronExpression, RecurringJobOptions options)
    {
        if (Find(recurringJobId) is not null)
        {
            throw new InvalidOperationException(
                $"Recurring job '{recurringJobId}' is the schedule of that name; it changes where schedules are changed."
            );
        }

        stock.AddOrUpdate(recurringJobId, job, cronExpression, options);
    }

    /// <inheritdoc/>
    public void Trigger(string recurringJobId) => TriggerJob(recurringJobId);

    /// <summary>Starts the job of a schedule. Its background job is made after that, so there is no id to return yet.</summary>
    public string? TriggerJob(string recurringJobId)
    {
        if (Find(recurringJobId) is null)
        {
            return stock.TriggerJob(recurringJobId);
        }

        var result = schedules
            .TriggerAsync(recurringJobId, new ScheduleTrigger { By = By }, CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        var error = result switch
        {
            ScheduleResult.JobUnreadable unreadable => ScheduledJobs.Unreadable(unreadable.Faults),
            ScheduleResult.ParametersWrong wrong => ScheduledJobs.Unfit(wrong.Faults),
            _ => null,
        };
        if (error is not null)
        {
            // The page from which it was triggered shows the schedule's error, and has no other way to say it.
            firing.NoteErrorAsync(recurringJobId, error, CancellationToken.None).GetAwaiter().GetResult();
        }

        view.TryBringUp(recurringJobId);
        return null;
    }

    /// <inheritdoc/>
    public void RemoveIfExists(string recurringJobId)
    {
        if (
            schedules.DeleteAsync(recurringJobId, null, By, CancellationToken.None).GetAwaiter().GetResult()
            is ScheduleResult.NotFound
        )
        {
            stock.RemoveIfExists(recurringJobId);
        }
        else
        {
            view.TryBringUp(recurringJobId);
        }
    }

    private SavedSchedule? Find(string name) =>
        schedules.FindAsync(name, CancellationToken.None).GetAwaiter().GetResult();
}

/// <summary>Makes <see cref="RecurringJobs"/> for whoever asks Hangfire for a manager: its dashboard, and code that has one injected.</summary>
internal sealed class RecurringJobsFactory(
    IJobFilterProvider filters,
    ScheduleStore schedules,
    ScheduleFiring firing,
    RecurringView view
) : IRecurringJobManagerFactoryV2
{
    /// <inheritdoc/>
    public IRecurringJobManagerV2 GetManagerV2(JobStorage storage) =>
        new RecurringJobs(new RecurringJobManager(storage, filters), schedules, firing, view);

    /// <inheritdoc/>
    public IRecurringJobManager GetManager(JobStorage storage) => GetManagerV2(storage);
}
