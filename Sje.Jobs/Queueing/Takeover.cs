using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Jobs.Faults;
using Sje.Jobs.Observability;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Takes tasks away from dead workers, in every process, row by row. A process may do so only after one whole lease of unbroken contact
/// of its own with the database: after a restart or failover every live worker gets to beat first, so a pause kills no work.
/// </summary>
internal sealed partial class Takeover(
    Database database,
    AttemptLedger ledger,
    Signals signals,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<Takeover> log
) : BackgroundService
{
    private const string MarkDead = """
        update sje.workers set state = 'dead', ended_at = clock_timestamp()
        where state in ('active', 'draining') and lease_until < clock_timestamp()
        returning id, name
        """;

    private const string Abandoned = """
        select t.execution_id, t.id, t.attempt, t.worker_id, t.name from sje.tasks t join sje.workers w on w.id = t.worker_id
        where t.state = 'running' and w.state in ('dead', 'stopped') order by t.rank limit 100
        """;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private double contactSince = double.MaxValue;
    private double lastContact;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RoundAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                contactSince = double.MaxValue;
                LogFailed(log, e.Message);
            }

            await Task.Delay(Interval, clock, stoppingToken);
        }
    }

    private async Task RoundAsync(CancellationToken stop)
    {
        if (!await HasContactAsync(stop))
        {
            return;
        }

        await MarkDeadAsync(stop);
        await TakeAbandonedAsync(stop);
    }

    /// <summary>Marks every worker dead whose lease has lapsed.</summary>
    internal async Task MarkDeadAsync(CancellationToken stop)
    {
        await using var mark = database.Main.CreateCommand(MarkDead);
        await using var dead = await mark.ExecuteReaderAsync(stop);
        while (await dead.ReadAsync(stop))
        {
            CoreMetrics.WorkerLost();
            LogDead(log, dead.GetString(1), dead.GetGuid(0));
        }
    }

    /// <summary>Ends the attempts of dead workers.</summary>
    internal async Task TakeAbandonedAsync(CancellationToken stop)
    {
        var abandoned = new List<(Guid Execution, Guid Task, int Attempt, Guid Worker, string Name)>();
        await using (var find = database.Main.CreateCommand(Abandoned))
        {
            await using var rows = await find.ExecuteReaderAsync(stop);
            while (await rows.ReadAsync(stop))
            {
                abandoned.Add((rows.GetGuid(0), rows.GetGuid(1), rows.GetInt32(2), rows.GetGuid(3), rows.GetString(4)));
            }
        }

        foreach (var (execution, task, attempt, worker, name) in abandoned)
        {
            FaultPoint.At(FaultPoint.TakeoverMarked);
            var ended = await ledger.EndLostAsync(execution, task, attempt, worker, stop);
            if (ended.State is { } state)
            {
                FaultPoint.At(FaultPoint.TakeoverEnded);
                CoreMetrics.TakenOver(state);
                LogTaken(log, name, execution, attempt, worker, state.ToString());
                signals.Raise(SignalKind.Work);
            }
        }
    }

    /// <summary>Whether contact has been unbroken for a lease. A gap between rounds breaks it too: this process may have been stopped.</summary>
    private async Task<bool> HasContactAsync(CancellationToken stop)
    {
        var sent = BootClock.Now;
        await using (var probe = database.Main.CreateCommand("select 1"))
        {
            probe.CommandTimeout = 2;
            await probe.ExecuteScalarAsync(stop);
        }

        if (contactSince == double.MaxValue || sent - lastContact > 3)
        {
            contactSince = sent;
        }

        lastContact = BootClock.Now;
        return lastContact - contactSince >= options.Value.LeaseSeconds;
    }

    [LoggerMessage(130, LogLevel.Warning, "Worker {Worker} ({WorkerId}) let its lease lapse and is marked dead")]
    private static partial void LogDead(ILogger logger, string worker, Guid workerId);

    [LoggerMessage(
        131,
        LogLevel.Warning,
        "Took task {Task} of {ExecutionId}, attempt {Attempt}, from dead worker {WorkerId}: now {State}"
    )]
    private static partial void LogTaken(
        ILogger logger,
        string task,
        Guid executionId,
        int attempt,
        Guid workerId,
        string state
    );

    [LoggerMessage(132, LogLevel.Warning, "No takeover round: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
