using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Advice;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Engines.Spark.Store;

namespace Sje.Jobs.Engines.Spark;

/// <summary>
/// What is learned of one application beside its state: progress and figures from its driver while it runs; after it, from its event log, what
/// it did, what could be better and what it cost. Whatever goes wrong here is nothing to the application.
/// </summary>
internal sealed class SparkInsight(
    SparkApplication application,
    ITaskReporter reporter,
    HttpMessageInvoker http,
    TimeProvider clock
)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MeasureEvery = TimeSpan.FromSeconds(10);

    // A log of gigabytes is read in seconds; the task must not wait for one that never ends.
    private static readonly TimeSpan LongestReading = TimeSpan.FromMinutes(1);

    // On one machine the driver gives way last, so its log may be closed a moment after its state is known.
    private static readonly TimeSpan LogAppears = TimeSpan.FromSeconds(3);

    private Uri? driverUi;
    private DriverWatch? watch;
    private long lookedAt;
    private long measuredAt;
    private SparkFacts? measured;

    /// <summary>The application that the driver says it is; null until it could be asked.</summary>
    public string? ApplicationId { get; private set; }

    /// <summary>Looks at the driver, where there is one and the last look is not just over.</summary>
    public async Task LookAsync(Uri? ui, string? applicationId, CancellationToken stop)
    {
        if (ui is null || (lookedAt != 0 && clock.GetElapsedTime(lookedAt) < LookEvery))
        {
            return;
        }

        if (watch is null || ui != driverUi)
        {
            driverUi = ui;
            watch = new DriverWatch(new DriverRest(http, ui, clock), new SparkProgress(), clock);
        }

        lookedAt = clock.GetTimestamp();
        try
        {
            if (await watch.LookAsync(applicationId, stop) is not { } look)
            {
                return;
            }

            ApplicationId = look.Application.Id;
            reporter.Progress(look.Step.Fraction, look.Step.Text);
            reporter.Metric("executors", look.Executors);
            reporter.Metric("cores", look.Cores);
            reporter.Metric("running_tasks", look.RunningTasks);
            if (measuredAt == 0 || clock.GetElapsedTime(measuredAt) >= MeasureEvery)
            {
                measuredAt = clock.GetTimestamp();
                measured = await watch.MeasureAsync(applicationId, stop) ?? measured;
                Report(measured);
            }
        }
        catch (DriverUnavailableException)
        {
            // It is just coming up, or just going.
        }
    }

    /// <summary>What is to be kept of the run, now that it has ended.</summary>
    public async Task<SparkOutcome> ConcludeAsync(string? applicationId, CancellationToken stop)
    {
        var facts = await ReadLogAsync(applicationId ?? measured?.ApplicationId, stop) ?? measured;
        if (facts is null)
        {
            return new SparkOutcome();
        }

        Report(facts);
        var advice = SparkAdvisor.Advise(facts, application.Properties);
        foreach (var one in advice)
        {
            reporter.Log(LogStream.System, $"Advice: {one.Text}");
        }

        var cost = SparkCost.Of(
            facts,
            application.Cluster.Price,
            application.Kubernetes.ExecutorNodeSelector.Count > 0
        );
        return new SparkOutcome(
            facts.ToJson(),
            SparkAdvice.ToJson(advice),
            cost is null ? null : JsonSerializer.SerializeToNode(cost, JsonSerializerOptions.Web)
        );
    }

    /// <summary>The outcome as a task shows it: <c>{facts, advice, cost}</c>; null for nothing.</summary>
    public static JsonNode? Parts(SparkOutcome outcome) =>
        outcome.Facts is null
            ? null
            : new JsonObject
            {
                ["facts"] = outcome.Facts.DeepClone(),
                ["advice"] = outcome.Advice?.DeepClone(),
                ["cost"] = outcome.Cost?.DeepClone(),
            };

    private void Report(SparkFacts? facts)
    {
        foreach (var (name, value) in facts?.Metrics() ?? [])
        {
            reporter.Metric(name, value);
        }
    }

    private async Task<SparkFacts?> ReadLogAsync(string? applicationId, CancellationToken stop)
    {
        if (
            applicationId is null
            || application.Properties.GetValueOrDefault("spark.eventLog.enabled") != "true"
            || application.Properties.GetValueOrDefault("spark.eventLog.dir") is not { } folder
            || !Uri.TryCreate(folder, UriKind.Absolute, out var place)
            || !place.IsFile
        )
        {
            return null;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(LongestReading);
        try
        {
            var began = clock.GetTimestamp();
            while (true)
            {
                if (EventLogFiles.Find(place.LocalPath, applicationId) is { } log)
                {
                    return await EventLog.ReadAsync(log, limit.Token);
                }

                if (clock.GetElapsedTime(began) > LogAppears)
                {
                    return null;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(200), clock, limit.Token);
            }
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or EventLogUnreadableException
                || (e is OperationCanceledException && !stop.IsCancellationRequested)
            )
        {
            reporter.Log(LogStream.System, $"The event log could not be read: {e.Message}");
            return null;
        }
    }
}
