using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Testbed;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Examples;

/// <summary>The examples on Kubernetes.</summary>
[Collection(Alone.Name)]
public sealed class KubernetesExampleTests(TestDatabase db) : SparkExamples(db)
{
    private protected override async Task<SparkClusterOptions> ProfileAsync()
    {
        var profile = (await KubernetesCluster.StartedAsync()).Profile;
        profile.SparkConf["spark.driver.memory"] = "512m";
        profile.SparkConf["spark.executor.memory"] = "512m";
        profile.SparkConf["spark.executor.instances"] = "1";
        // What a pod writes elsewhere goes with it.
        foreach (var role in new[] { "driver", "executor" })
        {
            var volume = $"spark.kubernetes.{role}.volumes.hostPath.kept.";
            profile.SparkConf[volume + "mount.path"] = Folder;
            profile.SparkConf[volume + "options.path"] = Folder;
        }

        return profile;
    }

    private protected override async Task<bool> RunsAsync(string submission)
    {
        var cluster = await KubernetesCluster.StartedAsync();
        var pod = await cluster.Admin.FindAsync<JsonObject>(
            $"api/v1/namespaces/{LoopbackKubernetes.Space}/pods/{DriverNames.Of(submission).Pod}",
            CancellationToken.None
        );
        return pod?["status"]?["phase"]?.ToString() == "Running";
    }
}
