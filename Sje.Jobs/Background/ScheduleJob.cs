using Sje.Jobs.Scheduling;

namespace Sje.Jobs.Background;

/// <summary>
/// The method that the recurring job of a schedule calls, so to speak: our own loop fires schedules, and a background job of this kind
/// is never made where our filters are (<see cref="ScheduleFilter"/>). One that a process without them has made does no harm.
/// </summary>
internal sealed class ScheduleJob(ScheduleFiring firing)
{
    /// <summary>Starts what is due of a schedule, if the loop has not.</summary>
    /// <param name="title">The job that the schedule starts, as the dashboard shows it.</param>
    /// <param name="schedule">The schedule's name.</param>
    public void Fire(string title, string schedule)
    {
        _ = title;
        firing.FireDueAsync(schedule, CancellationToken.None).GetAwaiter().GetResult();
    }
}
