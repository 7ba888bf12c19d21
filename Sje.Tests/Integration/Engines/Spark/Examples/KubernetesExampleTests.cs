using Sje.Jobs.Engines.Spark.Configuration;
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
        return profile;
    }
}
