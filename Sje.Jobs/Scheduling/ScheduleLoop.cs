using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Scheduling;

/// <summary>
/// Fires schedules, in every process: sleeps until the next due time, or until a schedule changes, and at most a second.
/// </summary>
internal sealed partial class ScheduleLoop(ScheduleFiring firing, Signals signals, ILogger<ScheduleLoop> log)
    : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    // Somebody else has the row that is due, and is about to fire it.
    private static readonly TimeSpan OtherIsAtIt = TimeSpan.FromMilliseconds(200);

    private bool looked;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var change = signals.Next(SignalKind.Schedule);
            var wait = Poll;
            try
            {
                wait = await RoundAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await signals.WaitAsync(change, wait, stoppingToken);
        }
    }

    /// <summary>Fires what is due and returns how long there is nothing to do.</summary>
    private async Task<TimeSpan> RoundAsync(CancellationToken stop)
    {
        while (true)
        {
            var look = await firing.LookAsync(!looked, stop);
            if (look.NextAt is not { } next || next > look.Now)
            {
                looked = true;
                return look.NextAt - look.Now is { } rest && rest < Poll ? rest : Poll;
            }

            var fired = await firing.FireDueAsync(look, stop);
            looked = true;
            if (fired == 0)
            {
                return OtherIsAtIt;
            }
        }
    }

    [LoggerMessage(160, LogLevel.Warning, "No round of schedules: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
