using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Examples;

/// <summary>The examples on YARN.</summary>
[Collection(Alone.Name)]
public sealed class YarnExampleTests(YarnNodes yarn, TestDatabase db) : SparkExamples(db), IClassFixture<YarnNodes>
{
    private protected override Task<SparkClusterOptions> ProfileAsync() => Task.FromResult(yarn.Profile);

    private protected override async Task<bool> RunsAsync(string submission) =>
        (await yarn.ApplicationsAsync()).Any(application => application == (submission, "RUNNING"));
}
