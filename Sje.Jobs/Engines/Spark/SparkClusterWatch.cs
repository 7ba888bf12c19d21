using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Planning;

namespace Sje.Jobs.Engines.Spark;

/// <summary>A cluster profile of the configuration, and how its cluster was when it was last asked.</summary>
/// <param name="Name">The name that jobs use.</param>
/// <param name="Kind"><c>local</c>, <c>standalone</c>, <c>yarn</c> or <c>kubernetes</c>; null where the master is none of them.</param>
/// <param name="Master">The master, as it is configured.</param>
/// <param name="DeployMode"><c>cluster</c> or <c>client</c>, for jobs that do not say it.</param>
/// <param name="Default">Whether jobs go there that name no cluster.</param>
/// <param name="Installation">The installation of jobs that name no version; null for the first.</param>
/// <param name="Queue">YARN: the queue.</param>
/// <param name="Namespace">Kubernetes: the namespace.</param>
/// <param name="EventLogDir">Where event logs go; null for none, and for the place that <c>local[*]</c> has by itself.</param>
/// <param name="Health">Null for <c>local[...]</c>, which is no cluster to be asked, and before the first answer.</param>
public sealed record SparkClusterStatus(
    string Name,
    string? Kind,
    string Master,
    string DeployMode,
    bool Default,
    string? Installation,
    string? Queue,
    string? Namespace,
    string? EventLogDir,
    SparkClusterReport? Health
);

/// <summary>How a cluster was.</summary>
/// <param name="Up">Whether it works.</param>
/// <param name="Message">In words for people, with addresses; empty for nothing to say.</param>
/// <param name="TotalCores">Cores that it has; null where it does not say.</param>
/// <param name="UsedCores">Cores that are given away, to anybody.</param>
/// <param name="TotalMemoryBytes">Memory that it has.</param>
/// <param name="UsedMemoryBytes">Memory that is given away.</param>
/// <param name="Nodes">Machines that take work.</param>
/// <param name="CheckedAt">When it was asked.</param>
/// <param name="DurationMs">How long the answer took.</param>
public sealed record SparkClusterReport(
    bool Up,
    string Message,
    double? TotalCores,
    double? UsedCores,
    long? TotalMemoryBytes,
    long? UsedMemoryBytes,
    int? Nodes,
    DateTimeOffset CheckedAt,
    double DurationMs
)
{
    /// <summary>Used over all cores, 0 to 1; null where the cluster does not tell.</summary>
    public double? Utilization =>
        UsedCores is { } used && TotalCores is > 0 and var total ? Math.Clamp(used / total, 0, 1) : null;
}

/// <summary>
/// Asks each cluster how it is, every <see cref="Every"/>, each by itself: one that does not answer keeps nobody waiting. Whoever wants to know
/// gets the last answer. Where no cluster is configured, nothing runs.
/// </summary>
public sealed partial class SparkClusterWatch : BackgroundService
{
    private readonly SparkPlanner planner;
    private readonly SparkClusters clusters;
    private readonly IOptions<SparkOptions> options;
    private readonly TimeProvider time;
    private readonly ILogger<SparkClusterWatch> log;
    private readonly ConcurrentDictionary<string, SparkClusterReport> reports = new(StringComparer.OrdinalIgnoreCase);

    internal SparkClusterWatch(
        SparkPlanner planner,
        SparkClusters clusters,
        IOptions<SparkOptions> options,
        TimeProvider time,
        ILogger<SparkClusterWatch> log
    ) => (this.planner, this.clusters, this.options, this.time, this.log) = (planner, clusters, options, time, log);

    /// <summary>From one question to a cluster to the next.</summary>
    internal TimeSpan Every { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long one may take to answer.</summary>
    internal TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>All profiles by name, <c>local</c> among them.</summary>
    public IReadOnlyList<SparkClusterStatus> List()
    {
        var wanted = options.Value.DefaultCluster;
        return
        [
            .. options
                .Value.Clusters.Keys.Append(SparkPlanner.Local)
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .Order(StringComparer.OrdinalIgnoreCase)
                .Select(name =>
                {
                    var profile = planner.FindCluster(name).Profile;
                    var kind = KindOf(profile);
                    return new SparkClusterStatus(
                        name,
                        kind?.ToSnake(),
                        profile.Master,
                        profile.DeployMode ?? (kind == SparkClusterKind.Local ? "client" : "cluster"),
                        string.Equals(name, wanted, StringComparison.OrdinalIgnoreCase),
                        profile.Installation,
                        kind == SparkClusterKind.Yarn ? profile.Queue : null,
                        kind == SparkClusterKind.Kubernetes ? profile.Namespace : null,
                        profile.EventLogDir,
                        reports.GetValueOrDefault(name)
                    );
                }),
        ];
    }

    /// <summary>Sizes that jobs may name, by name.</summary>
    public IReadOnlyDictionary<string, SparkSizeOptions> Sizes => options.Value.Sizes;

    /// <summary>The last answers, by the cluster's name; only of clusters that can be asked.</summary>
    internal IEnumerable<(string Name, SparkClusterKind? Kind, SparkClusterReport Report)> Reports =>
        reports
            .OrderBy(report => report.Key, StringComparer.OrdinalIgnoreCase)
            .Select(report => (report.Key, KindOf(planner.FindCluster(report.Key).Profile), report.Value));

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(
            options
                .Value.Clusters.Where(cluster => KindOf(cluster.Value) != SparkClusterKind.Local)
                .Select(cluster => WatchAsync(cluster.Key, stoppingToken))
        );

    private async Task WatchAsync(string name, CancellationToken stop)
    {
        // The host's start waits for none of them.
        await Task.Yield();
        while (!stop.IsCancellationRequested)
        {
            var report = await AskAsync(name, stop);
            if (report is not null)
            {
                var before = reports.GetValueOrDefault(name);
                reports[name] = report;
                if (!report.Up && before?.Up != false)
                {
                    LogDown(log, name, report.Message);
                }
                else if (report.Up && before?.Up == false)
                {
                    LogUp(log, name);
                }
            }

            await Task.Delay(Every, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Null when this process stops.
    private async Task<SparkClusterReport?> AskAsync(string name, CancellationToken stop)
    {
        var (began, at) = (time.GetTimestamp(), time.GetUtcNow());
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        SparkClusterHealth health;
        try
        {
            health = clusters.Find(name) is { } cluster
                ? await cluster.HealthAsync(either.Token).WaitAsync(either.Token)
                : new SparkClusterHealth(false, "it is no cluster to be asked");
        }
        catch (OperationCanceledException)
        {
            health = new SparkClusterHealth(false, $"It does not answer within {Patience.TotalSeconds:0.#} s.");
        }
        catch (Exception e)
        {
            // A profile that is wrong, an answer that nobody foresaw: that cluster cannot be used, and the others go on.
            health = new SparkClusterHealth(false, e.Message);
        }

        return stop.IsCancellationRequested
            ? null
            : new SparkClusterReport(
                health.Up,
                health.Message,
                health.TotalCores,
                health.UsedCores,
                health.TotalMemoryBytes,
                health.UsedMemoryBytes,
                health.Nodes,
                at,
                Math.Round(time.GetElapsedTime(began).TotalMilliseconds, 1)
            );
    }

    private static SparkClusterKind? KindOf(SparkClusterOptions profile)
    {
        try
        {
            return SparkPlanner.KindOf(profile.Master);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    [LoggerMessage(610, LogLevel.Warning, "Spark cluster {Cluster} cannot be used: {Reason}")]
    private static partial void LogDown(ILogger logger, string cluster, string reason);

    [LoggerMessage(611, LogLevel.Information, "Spark cluster {Cluster} can be used again")]
    private static partial void LogUp(ILogger logger, string cluster);
}
