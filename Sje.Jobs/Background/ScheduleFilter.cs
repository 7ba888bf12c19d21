using Hangfire.Client;
using Hangfire.Common;
using Microsoft.Extensions.Logging;
using Sje.Jobs.Scheduling;

namespace Sje.Jobs.Background;

/// <summary>
/// Meets Hangfire's own trigger of a schedule's recurring job: does what our loop does (which changes nothing where the loop was first)
/// and cancels the background job that would come of it. Never throws: Hangfire disables a recurring job whose filter fails five times.
/// </summary>
internal sealed partial class ScheduleFilter(ScheduleFiring firing, ILogger<ScheduleFilter> log)
    : JobFilterAttribute,
        IClientFilter
{
    /// <inheritdoc/>
    public void OnCreating(CreatingContext context)
    {
        context.Canceled = true;
        if (context.Job.Args is not [_, string schedule])
        {
            return;
        }

        try
        {
            firing.FireDueAsync(schedule, CancellationToken.None).GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            // The loop does it, as soon as it can.
            LogFailed(log, schedule, e.Message);
        }
    }

    /// <inheritdoc/>
    public void OnCreated(CreatedContext context) { }

    [LoggerMessage(340, LogLevel.Warning, "Hangfire's trigger of schedule '{Schedule}' is left to the loop: {Reason}")]
    private static partial void LogFailed(ILogger logger, string schedule, string reason);
}
