using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Examples;

/// <summary>The examples on a standalone cluster: all of them.</summary>
[Collection(Alone.Name)]
public sealed class StandaloneExampleTests(StandaloneSpark spark, TestDatabase db)
    : SparkExamples(db),
        IClassFixture<StandaloneSpark>
{
    [Fact]
    public async Task Late_departures_are_what_the_local_engine_finds()
    {
        await using var node = await NodeAsync();
        var answer = Path.Combine(Folder, "late-departures");
        var expected = LateDepartures.Expected();

        var run = await RunAsync(
            node,
            new()
            {
                ["application"] = Example("flights.py"),
                ["arguments"] = new JsonArray(
                    RepositoryFiles.SampleData("flights-3m.parquet"),
                    RepositoryFiles.SampleData("airports.csv"),
                    answer,
                    "60"
                ),
            }
        );

        Assert.True(run.State == "succeeded", run.ToString());
        Assert.True(expected.Count > 40, $"only {expected.Count} states");
        Assert.Equal(expected, LateDepartures.In(answer));
    }

    [Fact]
    public async Task The_advice_names_the_skew()
    {
        await using var node = await NodeAsync();

        var run = await RunAsync(node, new() { ["application"] = Example("skewed.py") });

        Assert.True(run.State == "succeeded", run.ToString());
        var skew = Assert.Single(run.Advice!.AsArray(), advice => advice!["kind"]!.ToString() == "skew");
        Assert.Contains("seal the orders of each customer", skew!["text"]!.ToString(), StringComparison.Ordinal);
        // It stands in the task's log, too.
        Assert.Contains("Advice: " + skew["text"], run.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_runs_long_is_cancelled_and_leaves_nothing()
    {
        await using var node = await NodeAsync();
        var id = await SubmitAsync(
            node,
            new() { ["application"] = Example("slow.py"), ["arguments"] = new JsonArray("600") }
        );
        // Its tasks run, and are seen to.
        await Eventually.TrueAsync(
            () =>
                Db.ScalarAsync<bool>("select coalesce(progress, 0) > 0 from sje.all_tasks where execution_id = $1", id),
            "it runs",
            180
        );

        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);

        await Db.ExecutionBecomesAsync(id, "cancelled", 90);
        Assert.DoesNotContain(await spark.DriversAsync(), driver => driver.State == "RUNNING");
        Assert.Equal(
            "killed",
            await Db.ScalarAsync<string>("select state from sje.spark_applications where execution_id = $1", id)
        );
    }

    private protected override Task<SparkClusterOptions> ProfileAsync() => Task.FromResult(spark.Profile);
}
