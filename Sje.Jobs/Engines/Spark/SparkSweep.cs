using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Spark;

/// <summary>
/// Ends applications that no attempt will come for: their task was cancelled, timed out or given up while its worker was dead or the cluster
/// silent. Every worker does it for the clusters it knows; a row is one worker's for a minute. On Kubernetes it also takes away what drivers
/// that have ended have left (pods, and with them services and config maps), where whoever ran them could not.
/// </summary>
internal sealed partial class SparkSweep(
    SparkStore store,
    SparkClusters clusters,
    IOptions<SparkOptions> options,
    IOptions<StorageOptions> storage,
    TimeProvider clock,
    ILogger<SparkSweep> log
) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    // Less than the row is ours.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(45);

    private static readonly TimeSpan LeftoversEvery = TimeSpan.FromMinutes(10);

    // Whoever ran a driver cleans up within seconds, and may be slow.
    private static readonly TimeSpan LeftoversAfter = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = options.Value.Clusters.Keys.ToArray();
        var swept = clock.GetTimestamp();
        while (known.Length > 0 && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var application in await store.TakeAbandonedAsync(known, stoppingToken))
                {
                    await EndAsync(application, stoppingToken);
                }

                if (clock.GetElapsedTime(swept) >= LeftoversEvery)
                {
                    swept = clock.GetTimestamp();
                    await RemoveLeftoversAsync(LeftoversAfter, stoppingToken);
                }
            }
            catch (NpgsqlException e)
            {
                LogNoRound(log, e.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Every, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Removes what ended drivers have left on the clusters of Kubernetes for longer than <paramref name="after"/>; returns how many.</summary>
    internal async Task<int> RemoveLeftoversAsync(TimeSpan after, CancellationToken stop)
    {
        var removed = 0;
        foreach (var name in options.Value.Clusters.Keys)
        {
            try
            {
                if (clusters.Find(name) is KubernetesSparkCluster cluster)
                {
                    removed += await RemoveLeftoversAsync(name, cluster, after, stop);
                }
            }
            catch (Exception e) when (e is SparkClusterUnavailableException or FormatException)
            {
                LogNotSwept(log, name, e.Message);
            }
        }

        return removed;
    }

    private async Task<int> RemoveLeftoversAsync(
        string name,
        KubernetesSparkCluster cluster,
        TimeSpan after,
        CancellationToken stop
    )
    {
        // Only what this database knows to have ended: a driver whose end nobody has noted yet is still to be looked at, and others may share
        // the namespace.
        var ended = (await store.EndedAsync(name, stop)).ToHashSet(StringComparer.Ordinal);
        var spaces = ended.Select(identity => DriverNames.Of(identity).Namespace).Distinct(StringComparer.Ordinal);
        var removed = 0;
        foreach (var space in spaces)
        {
            removed += await cluster.SweepAsync(space, after, stop, ended);
        }

        if (removed > 0)
        {
            LogSwept(log, removed, name);
        }

        return removed;
    }

    private async Task EndAsync(StoredApplication application, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Longest);
        try
        {
            if (clusters.Find(application.Cluster) is not { } cluster)
            {
                return;
            }

            await cluster.KillAsync(application.Submission, limit.Token);
            await store.EndAsync(application, SparkState.Killed, new SparkOutcome(), stop);
            SqlScripts.Remove(application.TaskId, application.Number, storage.Value.FullRoot);
            LogEnded(log, application.Submission.Identity, application.Cluster, application.TaskId);
        }
        catch (Exception e)
            when (e is SparkClusterUnavailableException or FormatException
                || (e is OperationCanceledException && !stop.IsCancellationRequested)
            )
        {
            LogNotEnded(log, application.Submission.Identity, application.Cluster, e.Message);
        }
    }

    [LoggerMessage(
        600,
        LogLevel.Warning,
        "Ended the Spark application {Identity} on cluster {Cluster}: its task {TaskId} had ended without it"
    )]
    private static partial void LogEnded(ILogger logger, string identity, string cluster, Guid taskId);

    [LoggerMessage(
        601,
        LogLevel.Warning,
        "The Spark application {Identity} on cluster {Cluster} may still run and could not be ended: {Reason}"
    )]
    private static partial void LogNotEnded(ILogger logger, string identity, string cluster, string reason);

    [LoggerMessage(
        603,
        LogLevel.Information,
        "Removed {Count} ended Spark drivers that were left on cluster {Cluster}"
    )]
    private static partial void LogSwept(ILogger logger, int count, string cluster);

    [LoggerMessage(
        604,
        LogLevel.Warning,
        "What ended Spark drivers have left on cluster {Cluster} stays there: {Reason}"
    )]
    private static partial void LogNotSwept(ILogger logger, string cluster, string reason);

    [LoggerMessage(602, LogLevel.Warning, "No round of Spark applications without a task: {Reason}")]
    private static partial void LogNoRound(ILogger logger, string reason);
}
