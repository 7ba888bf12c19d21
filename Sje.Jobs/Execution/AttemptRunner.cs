using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Faults;
using Sje.Jobs.Observability;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Execution;

/// <summary>How an attempt ended for those who watch: what is written in our tables, in words.</summary>
internal sealed record AttemptReport(TaskState State, DateTimeOffset? RetryAt, string Reason, TaskError? Error);

/// <summary>This worker no longer owns the attempt; nothing may be said about it any more.</summary>
internal sealed class AttemptNotOwnedException(Guid taskId, int attempt)
    : Exception($"Attempt {attempt} of task {taskId} belongs to this worker no longer.");

/// <summary>
/// Runs one attempt from claim to end, the same on both lanes: starts the engine, keeps the journal, enforces the run limit, decides
/// what follows and writes it behind the fence. The write is repeated through a database outage for as long as the lease can still be
/// ours: without that, every task that ends during a restart of the database runs twice.
/// </summary>
internal sealed partial class AttemptRunner(
    Database database,
    AttemptLedger ledger,
    WorkerSession session,
    EngineRegistry engines,
    EngineHost host,
    AttemptDirectories directories,
    IOptions<StorageOptions> storage,
    Signals signals,
    CircuitBreakers breakers,
    TimeProvider clock,
    ILogger<AttemptRunner> log
) : IAttemptRunner
{
    private static readonly TimeSpan WriteAgain = TimeSpan.FromMilliseconds(300);

    // A hundred that ask in vain would keep the heartbeat from coming through.
    private static readonly TimeSpan LeaseAgain = TimeSpan.FromSeconds(1);

    /// <summary>Runs the attempt. When this returns, the end is durable.</summary>
    /// <exception cref="AttemptNotOwnedException">The attempt was taken over meanwhile; whatever it did counts for nothing.</exception>
    public async Task<AttemptReport> RunAsync(ClaimedTask task)
    {
        // This process stood still: somebody else may run it by now, and the next heartbeat will tell.
        if (session.Lease.DeadlineUptime <= BootClock.Now)
        {
            throw new AttemptNotOwnedException(task.Identity.TaskId, task.Identity.Attempt);
        }

        task.Started = true;
        CoreMetrics.Started(task.Type, task.Lane, task.Queue, task.Waited + clock.GetElapsedTime(task.ClaimedAt));
        using var span = CoreTracing.Attempt(task.TraceParent, task.Claim, Tags(task));
        using var scope = log.BeginScope(
            new Dictionary<string, object>
            {
                ["ExecutionId"] = task.Identity.ExecutionId,
                ["Task"] = task.Identity.TaskName,
                ["Attempt"] = task.Identity.Attempt,
                ["Queue"] = task.Queue,
                ["WorkerId"] = task.WorkerId,
            }
        );
        try
        {
            await using var journal = new AttemptJournal(task, database, signals, clock, log);
            journal.Start();
            LogStarted(log, task.Identity.ExecutionName, task.Identity.TaskName, task.Identity.Attempt);
            var began = clock.GetTimestamp();
            var end = await RunEngineAsync(task, journal, began);
            FaultPoint.At(FaultPoint.AttemptRan);
            var ended = await WriteEndAsync(task, journal, end);
            await breakers.NoteAsync(task, end);
            Count(task, end, ended.State!.Value, clock.GetElapsedTime(began), span);
            LogEnded(
                log,
                task.Identity.ExecutionName,
                task.Identity.TaskName,
                task.Identity.Attempt,
                ended.State!.Value,
                (long)clock.GetElapsedTime(began).TotalMilliseconds,
                end.Reason ?? end.Outcome.ToSnake()
            );
            return new AttemptReport(
                ended.State.Value,
                ended.AvailableAt,
                end.Reason ?? $"attempt {task.Identity.Attempt}: {ended.State!.Value.ToSnake()}",
                end.Error
            );
        }
        finally
        {
            task.Settled = true;
            session.Remove(task);
        }
    }

    private static void Count(ClaimedTask task, AttemptEnd end, TaskState state, TimeSpan took, Activity? span)
    {
        CoreMetrics.Ended(task.Type, task.Lane, end.Outcome, state, end.Error?.Class, took);
        if (task.SingleTask && state.IsFinal())
        {
            CoreMetrics.ExecutionEnded(task.Type, CoreMetrics.Word(state), task.ExecutionElapsed + took);
        }

        if (span is not null)
        {
            CoreTracing.Ended(span, end.Outcome.ToSnake(), CoreMetrics.Word(state), end.Error?.Class, end.Reason);
        }
    }

    // Worked out only when somebody listens.
    private static IEnumerable<KeyValuePair<string, object?>> Tags(ClaimedTask task)
    {
        yield return new("sje.execution.id", task.Identity.ExecutionId.ToString());
        yield return new("sje.execution.name", task.Identity.ExecutionName);
        yield return new("sje.task.id", task.Identity.TaskId.ToString());
        yield return new("sje.task.name", task.Identity.TaskName);
        yield return new("sje.attempt", task.Identity.Attempt);
        yield return new("sje.engine", task.Type);
        yield return new("sje.queue", task.Queue);
        yield return new("sje.lane", task.Lane);
    }

    Task IAttemptRunner.RunAsync(ClaimedTask task) => RunAsync(task);

    private async Task<AttemptEnd> RunEngineAsync(ClaimedTask task, AttemptJournal journal, long began)
    {
        using var limit = task.RunTimeout is { } longest ? new CancellationTokenSource(longest, clock) : null;
        await using var limited = limit?.Token.Register(() => task.Stop(StopCause.RunTimeout));
        try
        {
            if (!engines.TryFind(task.Type, out var engine))
            {
                throw new InvalidOperationException(
                    $"This worker claimed a task of type '{task.Type}' and has no engine for it."
                );
            }

            using var directory = engine.UsesFiles ? directories.Create(storage.Value.FullRoot, task.Identity) : null;
            var context = new EngineContext
            {
                Identity = task.Identity,
                Settings = task.Settings,
                Scope = task.Scope,
                Parameters = task.Parameters,
                Resources = task.Resources,
                WorkingDirectory = directory?.Path ?? "",
                StorageRoot = storage.Value.FullRoot,
                Checkpoint = task.Checkpoint,
                Reporter = journal,
                Lease = session.Lease,
                HandsOver = () => task.Cause is StopCause.Drain or StopCause.LeaseLost,
            };
            var result = await host.RunAsync(engine, context, task.Stopping);
            return AttemptVerdict.Of(task, result, journal.Metrics, clock.GetElapsedTime(began));
        }
        catch (OperationCanceledException) when (task.Cause != StopCause.None)
        {
            return AttemptVerdict.OfStop(task, journal.Metrics, clock.GetElapsedTime(began));
        }
        catch (Exception e)
        {
            LogEngineFailed(log, e);
            return AttemptVerdict.Of(
                task,
                new EngineResult { Error = EngineFailure.From(e) },
                journal.Metrics,
                clock.GetElapsedTime(began)
            );
        }
    }

    private async Task<AttemptEnded> WriteEndAsync(ClaimedTask task, AttemptJournal journal, AttemptEnd end)
    {
        // A stop that comes after the engine's end has nothing to stop any more, also one for a database that answered nothing or for a
        // row that is gone because the answer to our own write was lost. Whether the attempt is still ours the database will say.
        var endedByItself = task.Cause != StopCause.LeaseLost;
        var sentBefore = false;
        while (endedByItself || task.Cause != StopCause.LeaseLost)
        {
            var again = WriteAgain;
            try
            {
                await journal.FlushAsync(CancellationToken.None);
                var ended = await ledger.EndAsync(task, end, CancellationToken.None);
                FaultPoint.At(FaultPoint.AttemptEndWritten);
                if (!ended.Owned && sentBefore)
                {
                    ended = await ledger.FindEndAsync(task, CancellationToken.None);
                }

                return ended.Owned
                    ? ended
                    : throw new AttemptNotOwnedException(task.Identity.TaskId, task.Identity.Attempt);
            }
            catch (LeaseNotLiveException)
            {
                again = LeaseAgain;
                LogEndWaits(log, "the lease has to be renewed first");
            }
            catch (NpgsqlException e) when (DatabaseOutage.Classify(e) is not null)
            {
                sentBefore = true;
                LogEndWaits(log, e.Message);
            }

            await Task.Delay(again, clock, CancellationToken.None);
        }

        throw new AttemptNotOwnedException(task.Identity.TaskId, task.Identity.Attempt);
    }

    [LoggerMessage(201, LogLevel.Information, "{Execution}/{TaskName}: attempt {AttemptNumber} starts")]
    private static partial void LogStarted(ILogger logger, string execution, string taskName, int attemptNumber);

    [LoggerMessage(
        202,
        LogLevel.Information,
        "{Execution}/{TaskName}: attempt {AttemptNumber} ended, now {State}, after {DurationMs} ms: {Reason}"
    )]
    private static partial void LogEnded(
        ILogger logger,
        string execution,
        string taskName,
        int attemptNumber,
        TaskState state,
        long durationMs,
        string reason
    );

    [LoggerMessage(203, LogLevel.Error, "The engine failed on its own account")]
    private static partial void LogEngineFailed(ILogger logger, Exception error);

    [LoggerMessage(204, LogLevel.Warning, "The attempt's end waits to be written: {Reason}")]
    private static partial void LogEndWaits(ILogger logger, string reason);
}
