using System.Text.Json.Nodes;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>A standalone cluster, by <c>spark-submit</c>, whose driver is known by its mark alone.</summary>
[Collection(Alone.Name)]
public sealed class StandaloneSparkSubmitTests(StandaloneSpark spark, TestDatabase db)
    : IClassFixture<StandaloneSpark>,
        IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_worker_that_dies_over_spark_submit_leaves_one_driver_in_the_end()
    {
        await using var scene = new SparkSubmitScene(db, Settings());
        var jar = await SparkHome.CompileAsync(
            RepositoryFiles.Path("examples", "spark", "MonteCarloPi.java"),
            scene.Folder,
            "MonteCarloPi"
        );
        var before = (await spark.DriversAsync()).Count;
        var first = scene.Worker("first");
        var id = await scene.SubmitAsync(
            new JsonObject
            {
                ["application"] = jar,
                ["arguments"] = new JsonArray("2", "100000"),
                ["cluster"] = "lab",
                ["submit"] = "spark-submit",
            }
        );
        await scene.SubmittingAsync(id);

        first.Signal("KILL");
        await first.EndAsync();
        await scene.SubmittedAsync(id);
        scene.Worker("second");

        await db.ExecutionBecomesAsync(id, "succeeded", 240);
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
        Assert.Equal(before + 1, (await spark.DriversAsync()).Count);
        var log = await scene.LogAsync(id);
        Assert.Contains("Goes to cluster lab with spark-submit: the job says so", log, StringComparison.Ordinal);
        Assert.Contains("Pi is roughly 3.1", log, StringComparison.Ordinal);
    }

    private Dictionary<string, string> Settings()
    {
        var profile = spark.Profile;
        return new Dictionary<string, string>
        {
            ["SJE_spark__installations__4.1__home"] = spark.Home,
            ["SJE_spark__clusters__lab__master"] = profile.Master,
            ["SJE_spark__clusters__lab__rest__0"] = profile.Rest[0],
            ["SJE_spark__clusters__lab__webUi__0"] = profile.WebUi[0],
            ["SJE_spark__clusters__lab__sparkConf__spark.driver.memory"] = "512m",
            ["SJE_spark__clusters__lab__sparkConf__spark.executor.memory"] = "512m",
            ["SJE_spark__clusters__lab__sparkConf__spark.cores.max"] = "2",
        };
    }
}
