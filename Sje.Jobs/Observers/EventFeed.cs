using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Observers;

/// <summary>
/// Gives new events to everybody in this process who watches. One poll serves them all, and none is made while nobody watches. A
/// watcher that cannot keep up loses the live copies and reads what it missed from the database: it sees every event, once, in order.
/// </summary>
public sealed class EventFeed(EventReader reader, Signals signals, TimeProvider time, ILogger<EventFeed> log)
    : BackgroundService
{
    private const int BatchSize = 1000;
    private const int BatchesKept = 16;
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    // A signal wakes the poll early; under load there are hundreds a second, and one read tells of many.
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(2);

    private readonly Lock gate = new();
    private readonly HashSet<Watcher> watchers = [];
    private TaskCompletionSource firstWatcher = NewSignal();
    private TaskCompletionSource polling = NewSignal();

    /// <summary>
    /// Events after <paramref name="after"/> (null: from now on), of one execution or of all, until <paramref name="stop"/>. An empty
    /// list comes first, when the watch has begun: whatever happens from then on is told.
    /// </summary>
    public async IAsyncEnumerable<IReadOnlyList<StoredEvent>> WatchAsync(
        EventPosition? after,
        Guid? executionId,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        var watcher = new Watcher();
        try
        {
            // Live copies come from here on, so reading the past afterwards leaves no gap between the two.
            await Add(watcher).WaitAsync(stop);
            var position = after ?? await reader.FindEndAsync(stop);
            yield return [];
            while (true)
            {
                if (watcher.TakeMissed())
                {
                    IReadOnlyList<StoredEvent> past;
                    do
                    {
                        past = await reader.ReadAsync(position, executionId, BatchSize, stop);
                        if (past.Count > 0)
                        {
                            position = past[^1].Position;
                            yield return past;
                        }
                    } while (past.Count == BatchSize);
                }

                await watcher.Live.Reader.WaitToReadAsync(stop);

                // The mark is set before any later batch is written: a batch that follows a lost one is never taken for the next.
                while (watcher.Live.Reader.TryRead(out var live) && !watcher.Missed)
                {
                    var fresh = live.Where(e =>
                            e.Position > position
                            && (
                                executionId is null
                                || (e.ExecutionId == executionId && e.Topic != EventTopics.DeadLetters)
                            )
                        )
                        .ToList();
                    if (fresh.Count > 0)
                    {
                        position = fresh[^1].Position;
                        yield return fresh;
                    }
                }
            }
        }
        finally
        {
            Remove(watcher);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await NextFirstWatcher().WaitAsync(stoppingToken);
            try
            {
                await PollAsync(await reader.FindEndAsync(stoppingToken), stoppingToken);
            }
            catch (NpgsqlException failure)
            {
                log.EventPollFailed(failure);
                await Task.Delay(FailurePause, time, stoppingToken);
            }
        }
    }

    private async Task PollAsync(EventPosition position, CancellationToken stop)
    {
        lock (gate)
        {
            polling.TrySetResult();
        }

        while (!StopsForLackOfWatchers())
        {
            IReadOnlyList<StoredEvent> batch = [];
            var change = signals.Next(SignalKind.Change);
            try
            {
                batch = await reader.ReadAsync(position, null, BatchSize, stop);
            }
            catch (NpgsqlException failure)
            {
                // The place is kept, so an outage delays events and loses none.
                log.EventPollFailed(failure);
                await Task.Delay(FailurePause, time, stop);
            }

            if (batch.Count > 0)
            {
                position = batch[^1].Position;
                Publish(batch);
            }

            if (batch.Count < BatchSize)
            {
                await Task.Delay(LeastPause, time, stop);
                await signals.WaitAsync(change, PollInterval, stop);
            }
        }
    }

    private void Publish(IReadOnlyList<StoredEvent> batch)
    {
        lock (gate)
        {
            foreach (var watcher in watchers)
            {
                watcher.Offer(batch);
            }
        }
    }

    private Task NextFirstWatcher()
    {
        lock (gate)
        {
            return firstWatcher.Task;
        }
    }

    private bool StopsForLackOfWatchers()
    {
        lock (gate)
        {
            if (watchers.Count > 0)
            {
                return false;
            }

            firstWatcher = NewSignal();
            polling = NewSignal();
            return true;
        }
    }

    private Task Add(Watcher watcher)
    {
        lock (gate)
        {
            watchers.Add(watcher);
            firstWatcher.TrySetResult();
            return polling.Task;
        }
    }

    private void Remove(Watcher watcher)
    {
        lock (gate)
        {
            watchers.Remove(watcher);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Watcher
    {
        private volatile bool missed = true;

        public Channel<IReadOnlyList<StoredEvent>> Live { get; } =
            Channel.CreateBounded<IReadOnlyList<StoredEvent>>(
                new BoundedChannelOptions(BatchesKept) { SingleReader = true }
            );

        /// <summary>Whether the database holds something that was not offered live; true at first, for the past.</summary>
        public bool Missed => missed;

        public bool TakeMissed()
        {
            var was = missed;
            missed = false;
            return was;
        }

        public void Offer(IReadOnlyList<StoredEvent> batch)
        {
            if (!Live.Writer.TryWrite(batch))
            {
                missed = true;
            }
        }
    }
}
