using System.Globalization;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>Lets Hangfire's view follow ours, in every process, row by row; and deletes background jobs that belong to no task.</summary>
internal sealed partial class Reconciler(
    Database database,
    SjeStorage storage,
    HangfireView view,
    Signals signals,
    TimeProvider time,
    ILogger<Reconciler> log
) : BackgroundService
{
    // The note outlives the one who takes it, in case he does not come to delete the job.
    private const string TakeStrays = """
        update sje.stray_background_jobs set noted_at = clock_timestamp() where hangfire_job_id in (
            select hangfire_job_id from sje.stray_background_jobs where noted_at < clock_timestamp() - interval '5 seconds'
            limit 100 for update skip locked)
        returning hangfire_job_id
        """;

    private const string StrayGone = "delete from sje.stray_background_jobs where hangfire_job_id = $1";

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan BetweenStrays = TimeSpan.FromSeconds(5);

    private long? straysAt;
    private readonly BackgroundJobClient plain = new(storage, new JobFilterCollection());

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Hangfire's client is synchronous; its waits must not hold the thread that starts the host.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var control = signals.Next(SignalKind.Control);
            try
            {
                if (await view.BringUpLaggingAsync(stoppingToken))
                {
                    continue;
                }

                if (straysAt is not { } at || time.GetElapsedTime(at) >= BetweenStrays)
                {
                    await DeleteStraysAsync(stoppingToken);
                    straysAt = time.GetTimestamp();
                }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await signals.WaitAsync(control, Poll, stoppingToken);
        }
    }

    private async Task DeleteStraysAsync(CancellationToken stop)
    {
        var strays = new List<long>();
        await using (var take = database.Main.CreateCommand(TakeStrays))
        {
            await using var rows = await take.ExecuteReaderAsync(stop);
            while (await rows.ReadAsync(stop))
            {
                strays.Add(rows.GetInt64(0));
            }
        }

        foreach (var job in strays)
        {
            FaultPoint.At(FaultPoint.StraysTaken);
            plain.ChangeState(
                job.ToString(CultureInfo.InvariantCulture),
                new DeletedState { Reason = "no task has this background job (any more)" },
                null
            );
            await using var gone = database.Main.CreateCommand(StrayGone);
            gone.Parameters.Add(P(job));
            await gone.ExecuteNonQueryAsync(stop);
            LogStray(log, job);
        }
    }

    [LoggerMessage(320, LogLevel.Warning, "No round of reconciling: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(321, LogLevel.Information, "Deleted background job {JobId}: no task has it")]
    private static partial void LogStray(ILogger logger, long jobId);
}
