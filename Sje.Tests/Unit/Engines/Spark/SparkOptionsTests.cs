using Microsoft.Extensions.Configuration;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Tests.Unit.Engines.Spark;

/// <summary>What may stand in the section <c>spark</c>, and how the rest is said at start.</summary>
public sealed class SparkOptionsTests
{
    [Fact]
    public void What_the_documentation_shows_is_right() =>
        Assert.Empty(
            Faults(
                ("installations:4.1:home", "/opt/spark-4.1"),
                ("installations:3.5:home", "/opt/spark-3.5"),
                ("defaultCluster", "Lab"),
                ("clusters:lab:master", "spark://m1:7077,m2:7077"),
                ("clusters:lab:installation", "4"),
                ("clusters:lab:sparkConf:spark.executor.memory", "4g"),
                ("clusters:lab:price:spotDiscount", "0.7"),
                ("clusters:lake:master", "yarn"),
                ("clusters:lake:resourceManagers:0", "http://rm1:8088"),
                ("clusters:edge:master", "yarn"),
                ("clusters:edge:deployMode", "client"),
                ("clusters:cloud:master", "k8s://https://k8s.example:6443"),
                ("clusters:cloud:namespace", "spark"),
                ("clusters:four:master", "local[4]"),
                ("sizes:small:executorMemory", "4g")
            )
        );

    [Theory]
    [InlineData("installations:old:home", "", "it is missing")]
    [InlineData("defaultCluster", "prod", "no cluster 'prod': those of spark:clusters are lab")]
    [InlineData("clusters:lab:master", "http://m1:7077", "no Spark master")]
    [InlineData("clusters:lab:master", "spark://", "no Spark master")]
    [InlineData("clusters:lab:master", "k8s://", "no Spark master")]
    [InlineData("clusters:lab:master", "", "it is missing")]
    [InlineData("clusters:lab:deployMode", "Cluster", "cluster or client")]
    [InlineData("clusters:lab:installation", "2.4", "those of spark:installations are 4.1")]
    [InlineData("clusters:lab:rest:0", "m1:6066", "no address like http://")]
    [InlineData("clusters:lab:webUi:0", "m1", "no address like http://")]
    [InlineData("clusters:lab:resourceManagers:0", "rm", "no address like http://")]
    [InlineData("clusters:lab:namespace", "Spark_Jobs", "small letters")]
    [InlineData("clusters:lab:sparkConf:spark.master", "yarn", "'master' of the cluster")]
    [InlineData("clusters:lab:sparkConf:hive.x", "1", "begin with 'spark.'")]
    [InlineData("clusters:lab:price:coreHour", "-1", "0 or more")]
    [InlineData("clusters:lab:price:gibHour", "-1", "0 or more")]
    [InlineData("clusters:lab:price:spotDiscount", "70", "from 0 to 1")]
    [InlineData("sizes:small:driverMemory", "2 gigs", "512m, 4g")]
    [InlineData("sizes:small:executorMemory", "1.5g", "512m, 4g")]
    [InlineData("sizes:small:executorCores", "0", "1 or more")]
    [InlineData("sizes:small:driverCores", "0", "1 or more")]
    [InlineData("sizes:small:executorInstances", "-2", "1 or more")]
    public void What_is_wrong_is_said_with_its_key(string key, string value, string words)
    {
        var fault = Assert.Single(
            Faults(
                ("installations:4.1:home", "/opt/spark-4.1"),
                ("clusters:lab:master", "spark://m1:7077"),
                (key, value)
            )
        );

        Assert.Equal(key, fault.Key);
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_go_together_is_said_too()
    {
        Assert.Equal("clusters:lake:resourceManagers", Assert.Single(Faults(("clusters:lake:master", "yarn"))).Key);
        Assert.Equal(
            "clusters:four:deployMode",
            Assert.Single(Faults(("clusters:four:master", "local[4]"), ("clusters:four:deployMode", "cluster"))).Key
        );
        Assert.Equal(
            "clusters:k:kubeconfig",
            Assert
                .Single(
                    Faults(
                        ("clusters:k:master", "k8s://https://k:6443"),
                        ("clusters:k:kubeconfig", "/a"),
                        ("clusters:k:tokenFile", "/b")
                    )
                )
                .Key
        );
        var result = new SparkOptionsValidator().Validate(null, Bound(("clusters:lake:master", "yarn")));
        Assert.StartsWith("spark:clusters:lake:resourceManagers: ", result.FailureMessage, StringComparison.Ordinal);
    }

    private static IReadOnlyList<(string Key, string Message)> Faults(params (string, string)[] settings) =>
        SparkOptionsRules.Faults(Bound(settings));

    private static SparkOptions Bound(params (string Key, string Value)[] settings)
    {
        var options = new SparkOptions();
        new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings
                    .GroupBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase)
                    .Select(pairs => KeyValuePair.Create(pairs.Key, (string?)pairs.Last().Value))
            )
            .Build()
            .Bind(options);
        return options;
    }
}
