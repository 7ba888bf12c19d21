using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Store;

namespace Sje.Jobs.Engines.Spark;

/// <summary>
/// Ends applications that no attempt will come for: their task was cancelled, timed out or given up while its worker was dead or the cluster
/// silent. Every worker does it for the clusters it knows; a row is one worker's for a minute.
/// </summary>
internal sealed partial class SparkSweep(
    SparkStore store,
    SparkClusters clusters,
    IOptions<SparkOptions> options,
    TimeProvider clock,
    ILogger<SparkSweep> log
) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    // Less than the row is ours.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(45);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var known = options.Value.Clusters.Keys.ToArray();
        while (known.Length > 0 && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var application in await store.TakeAbandonedAsync(known, stoppingToken))
                {
                    await EndAsync(application, stoppingToken);
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

    [LoggerMessage(602, LogLevel.Warning, "No round of Spark applications without a task: {Reason}")]
    private static partial void LogNoRound(ILogger logger, string reason);
}
