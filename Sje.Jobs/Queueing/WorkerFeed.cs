using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Observability;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Feeds this worker: one loop claims for all its queues and hands each task to its lane. For the background lane it claims as many as threads
/// are waiting in <see cref="Take"/>; for the direct lane as many as slots are free, up to <see cref="MostAtOnce"/>, and starts them as calls. It
/// wakes by signal, when a retry is due, when a slot becomes free, and once a second.
/// </summary>
internal sealed partial class WorkerFeed(
    WorkerSession session,
    TaskQueue queue,
    AttemptLedger ledger,
    IAttemptRunner runner,
    Signals signals,
    IOptions<WorkerOptions> options,
    TimeProvider clock,
    ILogger<WorkerFeed> log
) : BackgroundService
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(4);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <summary>Tasks in one claim at most.</summary>
    private const int MostAtOnce = 1_000;

    private readonly ConcurrentQueue<ClaimedTask> ready = new();
    private readonly SemaphoreSlim available = new(0);
    private readonly string[] queues = options.Value.ServedQueues;
    private TaskCompletionSource demand = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int waiting;
    private int directFree = options.Value.DirectSlots;

    private bool directFirst;

    // Whether a lane's last claim left nothing behind; then only news or the clock make another worth its cost.
    private bool backgroundDry;
    private bool directDry;

    // Whether the last claim for the direct lane took all that it had asked for.
    private bool directFull;

    // When something may become claimable by the clock alone, at the latest when the next poll is due; null when that is to be looked up.
    private long? dueAt;

    // Whether a direct slot that becomes free may find work; without that nobody has to be woken for it.
    private volatile bool directBacklog;

    /// <summary>Blocks the calling thread, which is a slot, until there is a task for it.</summary>
    /// <exception cref="OperationCanceledException">The slot is being closed.</exception>
    public ClaimedTask Take(CancellationToken stop)
    {
        Interlocked.Increment(ref waiting);
        Volatile.Read(ref demand).TrySetResult();
        try
        {
            available.Wait(stop);
        }
        catch
        {
            Interlocked.Decrement(ref waiting);
            throw;
        }

        Interlocked.Decrement(ref waiting);
        return ready.TryDequeue(out var task)
            ? task
            : throw new InvalidOperationException("A slot was woken without a task.");
    }

    /// <summary>Hands back a task that was claimed and never ran. It is tried again at once, here or elsewhere.</summary>
    public async Task ReleaseAsync(ClaimedTask task, string why)
    {
        if (task.Settled)
        {
            return;
        }

        task.Settled = true;
        try
        {
            var ended = await ledger.EndAsync(
                task,
                new AttemptEnd
                {
                    Outcome = AttemptOutcome.Released,
                    Next = TaskState.Queued,
                    Reason = why,
                },
                CancellationToken.None
            );
            if (ended.State is { } state)
            {
                CoreMetrics.Ended(task.Type, task.Lane, AttemptOutcome.Released, state, null, took: null);
            }

            LogReleased(log, task.Identity.ExecutionId, task.Identity.TaskName, task.Identity.Attempt, why);
        }
        catch (Exception e) when (e is NpgsqlException or LeaseNotLiveException)
        {
            // Out of the books, the row becomes an orphan of this worker: a heartbeat finds it, or the lease lapses.
            LogReleaseFailed(log, task.Identity.ExecutionId, task.Identity.TaskName, task.Identity.Attempt, e.Message);
        }
        finally
        {
            session.Remove(task);
            task.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var told = Task.CompletedTask;
        var late = false;
        var heardAt = clock.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested && !session.Draining)
        {
            // Taken before anything is looked at: what is said meanwhile makes another round.
            // While one lane has a backlog there is no wait that could end by the clock, and the other lane is looked at once a second all the same.
            var news = late || told.IsCompleted || clock.GetElapsedTime(heardAt) >= Poll;
            var work = told = news ? signals.Next(SignalKind.Work) : told;
            var free = NextDemand();
            try
            {
                await ReleaseOrphansAsync(stoppingToken);
                if (news)
                {
                    heardAt = clock.GetTimestamp();
                }

                if (late)
                {
                    // Nobody has said anything; a claim costs more than to look whether there is something.
                    var (any, at) = await queue.LookAsync(queues, stoppingToken);
                    dueAt = In(at);
                    news = any;
                }

                if (news)
                {
                    (backgroundDry, directDry, dueAt) = (false, false, null);
                }

                late = !(
                    await ClaimRoundAsync(stoppingToken) || await WaitAsync(Task.WhenAny(work, free), stoppingToken)
                );
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception e)
            {
                if (DatabaseOutage.Classify(e) is null)
                {
                    LogClaimFault(log, session.Name, e);
                }
                else
                {
                    LogClaimFailed(log, session.Name, e.Message);
                }

                await Task.Delay(Pause, clock, stoppingToken);
                told = Task.CompletedTask;
            }
        }

        while (ready.TryDequeue(out var task))
        {
            await ReleaseAsync(task, "its worker shuts down");
        }
    }

    /// <summary>Claims for each lane that has room and may have something. True when there is a backlog, so that the next round is to follow at once.</summary>
    private async Task<bool> ClaimRoundAsync(CancellationToken stop)
    {
        var threads = backgroundDry ? 0 : Volatile.Read(ref waiting) - ready.Count;
        var calls = directDry ? 0 : await DirectRoomAsync(stop);
        if (threads <= 0 && calls <= 0)
        {
            return false;
        }

        // What a worker's own cpus and memory hold back comes free without a word from elsewhere.
        var exact = !session.HoldsResources;
        // One after the other, as both draw on the same processors and memory; first the lane that had something last.
        var (background, direct) = (0, 0);
        if (directFirst)
        {
            direct = await ClaimAsync(Lanes.Direct, calls, stop);
            background = await ClaimAsync(Lanes.Background, threads, stop);
        }
        else
        {
            background = await ClaimAsync(Lanes.Background, threads, stop);
            direct = await ClaimAsync(Lanes.Direct, calls, stop);
        }

        directFirst = direct > 0 || (directFirst && background == 0);
        exact &= !session.HoldsResources;
        backgroundDry |= exact && background < threads;
        directDry |= exact && direct < calls;
        directBacklog = options.Value.DirectSlots > 0 && !directDry;
        directFull = calls > 0 && direct == calls;
        dueAt = null;
        var full = threads > 0 && background == threads;
        if (full && !directFull && threads * 4 < options.Value.Slots)
        {
            // There is a backlog. A claim costs nearly the same for one task as for ten, so where few threads are free, others get a
            // moment to become so; what waits in a backlog does not notice.
            await Task.Delay(Gathering, clock, stop);
        }

        return full || directFull;
    }

    /// <summary>How many direct tasks to claim. Where the last claim took all it could, few free slots wait a moment for others.</summary>
    private async Task<int> DirectRoomAsync(CancellationToken stop)
    {
        var most = Math.Min(options.Value.DirectSlots, MostAtOnce);
        var room = Math.Min(Volatile.Read(ref directFree), most);
        for (var (moments, before) = (0, 0); directFull && moments < 5 && room > before && room * 2 < most; moments++)
        {
            await Task.Delay(Gathering, clock, stop);
            (before, room) = (room, Math.Min(Volatile.Read(ref directFree), most));
        }

        return room;
    }

    /// <summary>Waits until there is a word, or something becomes claimable by the clock alone; false when a poll is due without a word.</summary>
    private async Task<bool> WaitAsync(Task word, CancellationToken stop)
    {
        dueAt ??= In((await queue.LookAsync(queues, stop)).Due);
        var left = clock.GetElapsedTime(clock.GetTimestamp(), dueAt.Value);
        return await signals.WaitAsync(word, left > Least ? left : Least, stop);
    }

    private long In(TimeSpan? due)
    {
        var wait = due < Poll ? due.Value : Poll;
        return clock.GetTimestamp() + (long)(wait.TotalSeconds * clock.TimestampFrequency);
    }

    private Task NextDemand()
    {
        var current = Volatile.Read(ref demand);
        if (current.Task.IsCompleted)
        {
            var fresh = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.CompareExchange(ref demand, fresh, current);
        }

        return Volatile.Read(ref demand).Task;
    }

    private async Task<int> ClaimAsync(string lane, int want, CancellationToken stop)
    {
        if (want <= 0)
        {
            return 0;
        }

        var tasks = await ClaimMeasuredAsync(lane, want, stop);
        foreach (var task in tasks)
        {
            session.Add(task);
            LogClaimed(
                log,
                task.Identity.ExecutionId,
                task.Identity.TaskName,
                task.Identity.Attempt,
                task.Queue,
                session.Name
            );
        }

        if (tasks.Count > 0)
        {
            signals.Raise(SignalKind.Change);
        }

        if (lane == Lanes.Direct)
        {
            Interlocked.Add(ref directFree, -tasks.Count);
            foreach (var task in tasks)
            {
                _ = Task.Run(() => RunDirectAsync(task), CancellationToken.None);
            }
        }
        else if (tasks.Count > 0)
        {
            tasks.ForEach(ready.Enqueue);
            available.Release(tasks.Count);
        }

        return tasks.Count;
    }

    private async Task<List<ClaimedTask>> ClaimMeasuredAsync(string lane, int want, CancellationToken stop)
    {
        var asked = clock.GetTimestamp();
        try
        {
            var unreadable = new List<UnreadableTask>();
            var tasks = await queue.ClaimAsync(session.Room(lane, want), unreadable, stop);
            await FailAsync(unreadable);
            var took = clock.GetElapsedTime(asked);
            CoreMetrics.Claimed(lane, tasks.Count, took);
            if (tasks.Count > 0)
            {
                var now = clock.GetTimestamp();
                var span = CoreTracing.Claimed(lane, session.Name, took, tasks.ConvertAll(task => task.TraceParent));
                tasks.ForEach(task => (task.Claim, task.ClaimedAt) = (span, now));
            }

            return tasks;
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            CoreMetrics.ClaimFailed(lane);
            throw;
        }
    }

    // One by one, and not given up with the others: where it does not succeed now the row is an orphan, is handed back, and comes here again.
    private async Task FailAsync(List<UnreadableTask> unreadable)
    {
        foreach (var task in unreadable)
        {
            LogUnreadable(log, task.Name, task.ExecutionId, task.Attempt, task.Why);
            try
            {
                await ledger.EndUnreadableAsync(task, session.Id, CancellationToken.None);
            }
            catch (NpgsqlException e)
            {
                LogReleaseFailed(log, task.ExecutionId, task.Name, task.Attempt, e.Message);
            }
        }
    }

    private async Task RunDirectAsync(ClaimedTask task)
    {
        try
        {
            await runner.RunAsync(task);
        }
        catch (Exception e)
        {
            LogLetGo(log, task.Identity.ExecutionId, task.Identity.TaskName, task.Identity.Attempt, e.Message);
            if (!task.Started)
            {
                await ReleaseAsync(task, "its worker's lease was changed before it ran");
            }
        }
        finally
        {
            task.Dispose();
            Interlocked.Increment(ref directFree);
            if (directBacklog)
            {
                Volatile.Read(ref demand).TrySetResult();
            }
        }
    }

    private async Task ReleaseOrphansAsync(CancellationToken stop)
    {
        foreach (var (task, execution, attempt) in session.TakeOrphans())
        {
            await ledger.EndOrphanAsync(execution, task, attempt, session.Id, stop);
        }
    }

    [LoggerMessage(
        120,
        LogLevel.Debug,
        "Claimed task {Task} of {ExecutionId}, attempt {Attempt}, from {Queue} for {Worker}"
    )]
    private static partial void LogClaimed(
        ILogger logger,
        Guid executionId,
        string task,
        int attempt,
        string queue,
        string worker
    );

    [LoggerMessage(
        124,
        LogLevel.Debug,
        "Task {Task} of {ExecutionId}, attempt {Attempt}, is this worker's no longer: {Reason}"
    )]
    private static partial void LogLetGo(ILogger logger, Guid executionId, string task, int attempt, string reason);

    [LoggerMessage(
        126,
        LogLevel.Error,
        "Task {Task} of {ExecutionId} fails for good in attempt {Attempt}: its stored specification cannot be read: {Reason}"
    )]
    private static partial void LogUnreadable(
        ILogger logger,
        string task,
        Guid executionId,
        int attempt,
        string reason
    );

    [LoggerMessage(121, LogLevel.Warning, "Worker {Worker} could not claim: {Reason}")]
    private static partial void LogClaimFailed(ILogger logger, string worker, string reason);

    [LoggerMessage(125, LogLevel.Error, "Worker {Worker} could not claim")]
    private static partial void LogClaimFault(ILogger logger, string worker, Exception error);

    [LoggerMessage(122, LogLevel.Information, "Released task {Task} of {ExecutionId}, attempt {Attempt}: {Reason}")]
    private static partial void LogReleased(ILogger logger, Guid executionId, string task, int attempt, string reason);

    [LoggerMessage(
        123,
        LogLevel.Warning,
        "Could not release task {Task} of {ExecutionId}, attempt {Attempt}: {Reason}"
    )]
    private static partial void LogReleaseFailed(
        ILogger logger,
        Guid executionId,
        string task,
        int attempt,
        string reason
    );
}
