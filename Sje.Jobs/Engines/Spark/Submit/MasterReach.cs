using System.Net.Sockets;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Planning;

namespace Sje.Jobs.Engines.Spark.Submit;

/// <summary>
/// Whether a driver on this worker would find its cluster. Spark itself needs a JVM and minutes of patience to find out that it does not.
/// </summary>
internal static class MasterReach
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What is wrong; null for nothing.</summary>
    public static async Task<TaskError?> FaultAsync(
        SparkApplication application,
        ISparkCluster? cluster,
        CancellationToken stop
    )
    {
        switch (SparkPlanner.KindOf(application.Cluster.Master))
        {
            case SparkClusterKind.Standalone:
                return await ListensAsync(application, stop);
            // Where its ResourceManagers are, Hadoop's configuration says to Spark alone.
            case SparkClusterKind.Yarn when application.Cluster.ResourceManagers.Length == 0:
                return null;
        }

        if (cluster is null)
        {
            return null;
        }

        var health = await cluster.HealthAsync(stop);
        return health.Up
            ? null
            : new TaskError("network", $"Cluster {application.ClusterName} cannot be used now: {health.Message}");
    }

    private static async Task<TaskError?> ListensAsync(SparkApplication application, CancellationToken stop)
    {
        var troubles = new List<string>();
        foreach (var master in application.Cluster.Master["spark://".Length..].Split(','))
        {
            if (!Uri.TryCreate("tcp://" + master.Trim(), UriKind.Absolute, out var address) || address.Port < 0)
            {
                return new TaskError(
                    FailureClasses.Invalid,
                    $"Cluster {application.ClusterName}: '{application.Cluster.Master}' names no host and port: spark://host:7077."
                );
            }

            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync(address.Host, address.Port, limit.Token);
                return null;
            }
            catch (SocketException e)
            {
                troubles.Add($"{master}: {e.Message}");
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                troubles.Add($"{master}: no answer within {Patience.TotalSeconds:0} s");
            }
        }

        return new TaskError(
            "network",
            $"No master of cluster {application.ClusterName} can be reached: {string.Join("; ", troubles)}."
        );
    }
}
