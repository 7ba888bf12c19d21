using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Examples;

/// <summary>The examples on a standalone cluster.</summary>
[Collection(Alone.Name)]
public sealed class StandaloneExampleTests(StandaloneSpark spark, TestDatabase db)
    : SparkExamples(db),
        IClassFixture<StandaloneSpark>
{
    private protected override Task<SparkClusterOptions> ProfileAsync() => Task.FromResult(spark.Profile);

    private protected override async Task<bool> RunsAsync(string submission) =>
        (await spark.DriversAsync()).Any(driver => driver.Id == submission && driver.State == "RUNNING");
}
