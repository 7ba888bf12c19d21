using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Yarn;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>On YARN.</summary>
[Collection(Alone.Name)]
public sealed class YarnCrashTests(YarnNodes yarn) : SubmissionCrashes, IClassFixture<YarnNodes>
{
    private const int MostAttempts = 5;

    // YARN gives a driver half a minute to say that it has come up, which is until it has a context.
    private const string Program = """
        import os, sys, time, uuid
        from pyspark import SparkContext
        folder, context = sys.argv[1], SparkContext()
        open(f"{folder}/ran.{uuid.uuid4()}", "w").close()
        while not os.path.exists(folder + "/go"):
            time.sleep(0.2)
        context.stop()
        """;

    private protected override int AtOnce => 2;

    private protected override bool GivesSlowDriversUp => true;

    private protected override Task<SparkClusterOptions> ProfileAsync() => Task.FromResult(yarn.Profile);

    private protected override JsonObject Driver(string folder)
    {
        var program = Path.Combine(folder, "driver.py");
        File.WriteAllText(program, Program);
        return new JsonObject
        {
            ["application"] = program,
            ["arguments"] = new JsonArray(folder),
            // It has nothing for executors to do.
            ["dynamicAllocation"] = new JsonObject { ["initialExecutors"] = 0, ["minExecutors"] = 0 },
            ["sparkConf"] = new JsonObject { ["spark.executor.instances"] = "0" },
        };
    }

    private protected override async Task<IReadOnlyList<SparkState>> ApplicationsAsync(Guid task)
    {
        var found = new List<SparkState>();
        for (var number = 1; number <= MostAttempts; number++)
        {
            found.AddRange(
                (await yarn.TaggedAsync(YarnSubmission.TagOf(SparkMark.Of(task, number)))).Select(application =>
                    application.State switch
                    {
                        "RUNNING" => SparkState.Running,
                        "FINISHED" => SparkState.Succeeded,
                        "KILLED" => SparkState.Killed,
                        "FAILED" => SparkState.Failed,
                        _ => SparkState.Pending,
                    }
                )
            );
        }

        return found;
    }

    private protected override async Task<LossyCluster> RouteAsync(SparkClusterOptions profile)
    {
        var route = await LossyRoute.OpenAsync(
            new Uri(yarn.ResourceManager),
            (method, path) => method == "POST" && path.StartsWith("/ws/v1/cluster/apps?", StringComparison.Ordinal)
        );
        profile.ResourceManagers = [route.Address];
        return new LossyCluster(profile, route);
    }

    private protected override Task BreakMasterAsync() => yarn.KillResourceManagerAsync();

    private protected override Task MendMasterAsync() => yarn.UpAsync();

    private protected override async Task KillMachineAsync(Guid task) =>
        await yarn.KillNodeOfAsync(
            Assert.Single(await yarn.TaggedAsync(YarnSubmission.TagOf(SparkMark.Of(task, 1)))).Id
        );

    private protected override Task MendMachineAsync() => yarn.UpAsync();
}
