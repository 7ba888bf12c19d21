using System.Collections.Concurrent;
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

/// <summary>
/// Makes the background job of every runnable task that has none, in every process, under a dispatch lease on the row. The job's id lands
/// on the row inside Hangfire's own transaction (<see cref="TaskJobQueue.Enqueue"/>), so a crash leaves either both or none; a lease that
/// ran out is anybody's. Its 8 seconds are many times what a chunk takes, and short enough for a task of a killed process to be seen in
/// both views soon. Without the lease, sweeps raced creators and made two jobs for most tasks (COMPAT C13, "Strays").
/// </summary>
internal sealed partial class Dispatcher(
    Database database,
    IBackgroundJobClient client,
    QueueLabels labels,
    Signals signals,
    ILogger<Dispatcher> log
) : BackgroundService
{
    private const int Chunk = 64;

    private const string Lease = """
        with picked as (
            select id from sje.tasks
            where hangfire_job_id is null and lane = 'background' and state = 'queued'
                and (dispatch_until is null or dispatch_until < clock_timestamp())
            order by rank limit $1 for update skip locked
        ), leased as (
            update sje.tasks t set dispatch_until = clock_timestamp() + interval '8 seconds' from picked p where t.id = p.id
            returning t.id, t.name, t.queue, t.execution_id, t.rank
        )
        select l.id, l.queue, e.name || case when e.task_count > 1 then ' / ' || l.name else '' end
        from leased l join sje.executions e on e.id = l.execution_id
        order by l.rank
        """;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var work = signals.Next(SignalKind.Work);
            try
            {
                if (await DispatchAsync(stoppingToken) == Chunk)
                {
                    continue;
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

            await signals.WaitAsync(work, Poll, stoppingToken);
        }
    }

    private async Task<int> DispatchAsync(CancellationToken stop)
    {
        var tasks = new List<(Guid Id, string Queue, string Title)>();
        await using (var lease = database.Main.CreateCommand(Lease))
        {
            lease.Parameters.Add(P(Chunk));
            await using var rows = await lease.ExecuteReaderAsync(stop);
            while (await rows.ReadAsync(stop))
            {
                tasks.Add((rows.GetGuid(0), rows.GetString(1), rows.GetString(2)));
            }
        }

        if (tasks.Count > 0)
        {
            FaultPoint.At(FaultPoint.DispatchLeased);
        }

        if (tasks.Count == 1)
        {
            Create(tasks[0]);
        }
        else if (tasks.Count > 1)
        {
            // Hangfire's client waits on the database for each job; a few at a time use its group commit.
            var partitions = Partitioner.Create(tasks, EnumerablePartitionerOptions.NoBuffering);
            await Parallel.ForEachAsync(
                partitions.GetDynamicPartitions(),
                new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = stop },
                (task, _) =>
                {
                    Create(task);
                    return ValueTask.CompletedTask;
                }
            );
        }

        return tasks.Count;
    }

    private void Create((Guid Id, string Queue, string Title) task)
    {
        var label = labels.For(task.Queue);
        var job = new Job(
            typeof(TaskJob),
            typeof(TaskJob).GetMethod(nameof(TaskJob.Run))!,
            [task.Title, task.Id],
            label
        );
        client.Create(job, new EnqueuedState(label));
        FaultPoint.At(FaultPoint.DispatchMade);
        signals.Raise(SignalKind.Work);
    }

    [LoggerMessage(330, LogLevel.Warning, "Background jobs wait to be made: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
