using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Observability.CoreMetrics;

namespace Sje.Jobs.Observability;

/// <summary>
/// What a server reads from the database when it is asked for its figures. All of a scrape come from one reading of
/// <see cref="CoreLoadReader"/>; a database that does not answer takes them away and leaves <c>sje_database_up 0</c>.
/// </summary>
public sealed class LoadGauges(CoreLoadReader reader) : IHostedService, IDisposable
{
    private static readonly string[] States = ["active", "draining"];

    private readonly Meter meter = new(MeterName);

    /// <summary>Adds them to the meter.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meter.CreateObservableGauge(
            MetricCatalogue.DatabaseUp.Instrument,
            () => Load() is null ? 0L : 1L,
            null,
            MetricCatalogue.DatabaseUp.Meaning
        );
        Add(
            MetricCatalogue.QueueDepth,
            load =>
                load.Queues.SelectMany(queue =>
                    new (string State, long Count)[]
                    {
                        ("blocked", queue.Blocked),
                        ("queued", queue.Queued),
                        ("waiting_retry", queue.WaitingRetry),
                    }.Select(depth => Of(depth.Count, Label("queue", queue.Name), Label("state", depth.State)))
                )
        );
        Add(
            MetricCatalogue.QueueRunning,
            load => load.Queues.Select(queue => Of(Running(queue), Label("queue", queue.Name)))
        );
        Add(
            MetricCatalogue.QueueOldestWait,
            load => load.Queues.Select(queue => Of(queue.OldestWaitSeconds ?? 0, Label("queue", queue.Name)))
        );
        Add(
            MetricCatalogue.QueueWorkers,
            load => load.Queues.Select(queue => Of(queue.Workers, Label("queue", queue.Name)))
        );
        Add(
            MetricCatalogue.QueuePaused,
            load => load.Queues.Select(queue => Of(queue.Paused ? 1 : 0, Label("queue", queue.Name)))
        );
        Add(MetricCatalogue.ExecutionsRunning, load => [Of(load.RunningExecutions)]);
        Add(MetricCatalogue.DeadLetters, load => [Of(load.DeadLetters)]);
        Add(
            MetricCatalogue.Workers,
            load =>
                States.Select(state => Of(load.Workers.Count(worker => worker.State == state), Label("state", state)))
        );
        Add(
            MetricCatalogue.SlotsUtilization,
            load =>
                [
                    Of(
                        Ratio(load.Queues.Sum(q => q.RunningBackground), load.Workers.Sum(w => w.Slots)),
                        Label("lane", "background")
                    ),
                    Of(
                        Ratio(load.Queues.Sum(q => q.RunningDirect), load.Workers.Sum(w => w.DirectSlots)),
                        Label("lane", "direct")
                    ),
                ]
        );
        Add(
            MetricCatalogue.LeaseAge,
            load => load.Workers.Count == 0 ? [] : [Of(load.Workers.Max(worker => worker.HeartbeatAgeSeconds))]
        );
        Add(MetricCatalogue.OriginalActiveJobs, load => [Of(load.RunningExecutions)]);
        Add(
            MetricCatalogue.OriginalQueueDepth,
            load =>
                Core.Jobs.Priorities.Words.Select(word =>
                    Of(
                        load.WaitingByPriority.Where(waiting => PriorityWord(waiting.Key) == word)
                            .Sum(waiting => waiting.Value),
                        Label("priority", word)
                    )
                )
        );
        Add(
            MetricCatalogue.OriginalWorkersActive,
            load =>
                load.Workers.Where(worker => worker.State == "active")
                    .GroupBy(worker => string.Join(',', worker.Queues.Order(StringComparer.Ordinal)))
                    .OrderBy(pool => pool.Key, StringComparer.Ordinal)
                    .Index()
                    .GroupBy(pool => pool.Index < MostNames ? pool.Item.Key : OtherName)
                    .Select(pools => Of(pools.Sum(pool => pool.Item.Count()), Label("pool", pools.Key)))
        );
        Add(
            MetricCatalogue.OriginalUtilization,
            load =>
                [
                    Of(
                        100
                            * Ratio(
                                load.Queues.Sum(Running),
                                load.Workers.Sum(worker => worker.Slots + worker.DirectSlots)
                            )
                    ),
                ]
        );
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private static long Running(QueueLoad queue) => queue.RunningBackground + queue.RunningDirect;

    private static double Ratio(long part, long whole) => whole == 0 ? 0 : (double)part / whole;

    private static Measurement<double> Of(double value, params ReadOnlySpan<KeyValuePair<string, object?>> labels) =>
        new(value, labels);

    private void Add(MetricInfo info, Func<CoreLoad, IEnumerable<Measurement<double>>> figures) =>
        meter.CreateObservableGauge(
            info.Instrument,
            () => Load() is { } load ? figures(load) : [],
            info.Unit,
            info.Meaning
        );

    private CoreLoad? Load()
    {
        try
        {
            return reader.Read();
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            return null;
        }
    }
}
