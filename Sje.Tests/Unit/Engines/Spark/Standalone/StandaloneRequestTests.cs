using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Standalone;

namespace Sje.Tests.Unit.Engines.Spark.Standalone;

/// <summary>What is asked of a master, so that its driver does what <c>spark-submit</c> would have done before.</summary>
public sealed class StandaloneRequestTests
{
    [Fact]
    public void Packages_are_left_to_the_driver_to_resolve()
    {
        var request = StandaloneRequest.Of(
            Jar() with
            {
                Packages = ["org:a:1", "org:b:2"],
                ExcludePackages = ["org:c"],
                Repositories = ["https://r"],
                Properties = new Dictionary<string, string> { ["spark.jars.packages"] = "org:d:3" },
            }
        );

        Assert.Equal("org:a:1,org:b:2,org:d:3", Property(request, "spark.jars.packages"));
        Assert.Equal("org:c", Property(request, "spark.jars.excludes"));
        Assert.Equal("https://r", Property(request, "spark.jars.repositories"));
        Assert.Equal("example.Main", request["mainClass"]!.ToString());
        Assert.Equal("file:/apps/main.jar", request["appResource"]!.ToString());
    }

    [Fact]
    public void In_another_users_name_the_application_is_submitted_inside_the_driver()
    {
        var request = StandaloneRequest.Of(Jar() with { ProxyUser = "bob", Arguments = ["1", "two words"] });

        var words = request["appArgs"]!.AsArray().Select(word => word!.ToString()).ToList();
        Assert.Equal("org.apache.spark.deploy.SparkSubmit", request["mainClass"]!.ToString());
        Assert.Equal("", request["appResource"]!.ToString());
        Assert.Equal("bob", words[words.IndexOf("--proxy-user") + 1]);
        Assert.Equal("example.Main", words[words.IndexOf("--class") + 1]);
        Assert.Equal(["/apps/main.jar", "1", "two words"], words[^3..]);
    }

    private static string? Property(JsonObject request, string name) => request["sparkProperties"]![name]?.ToString();

    private static SparkApplication Jar() =>
        new()
        {
            Attempt = new AttemptIdentity(Guid.Empty, Guid.Empty, "nightly", "main", 1),
            Name = "nightly",
            ClusterName = "lab",
            Cluster = new() { Master = "spark://m:7077" },
            DeployMode = "cluster",
            Resource = "/apps/main.jar",
            MainClass = "example.Main",
            IsPython = false,
            Properties = new Dictionary<string, string>(),
        };
}
