using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>On a standalone cluster.</summary>
[Collection(Alone.Name)]
public sealed class StandaloneCrashTests(StandaloneSpark spark) : SubmissionCrashes, IClassFixture<StandaloneSpark>
{
    // A killed driver leaves its Python process behind, as long as that does not use Spark.
    private const string Program = """
        import os, sys, time, uuid
        folder, parent = sys.argv[1], os.getppid()
        open(f"{folder}/ran.{uuid.uuid4()}", "w").close()
        while os.getppid() == parent and not os.path.exists(folder + "/go"):
            time.sleep(0.2)
        """;

    private protected override Task<SparkClusterOptions> ProfileAsync()
    {
        var profile = spark.Profile;
        // These drivers write none.
        profile.EventLogDir = null;
        return Task.FromResult(profile);
    }

    private protected override JsonObject Driver(string folder)
    {
        var program = Path.Combine(folder, "driver.py");
        File.WriteAllText(program, Program);
        return new JsonObject { ["application"] = program, ["arguments"] = new JsonArray(folder) };
    }

    private protected override async Task<IReadOnlyList<SparkState>> ApplicationsAsync(Guid task) =>
        [
            .. (await spark.DriversWithAsync(task.ToString())).Select(driver =>
                driver.State switch
                {
                    "SUBMITTED" => SparkState.Pending,
                    "RUNNING" => SparkState.Running,
                    "FINISHED" => SparkState.Succeeded,
                    "KILLED" => SparkState.Killed,
                    _ => SparkState.Failed,
                }
            ),
        ];

    private protected override async Task<LossyCluster> RouteAsync(SparkClusterOptions profile)
    {
        var route = await LossyRoute.OpenAsync(
            new Uri(profile.Rest[0]),
            (method, path) => method == "POST" && path.EndsWith("/create", StringComparison.Ordinal)
        );
        profile.Rest = [route.Address];
        return new LossyCluster(profile, route);
    }

    private protected override Task BreakMasterAsync() => spark.KillMasterAsync();

    private protected override Task MendMasterAsync() => spark.StartMasterAgainAsync();

    private protected override async Task KillMachineAsync(Guid task)
    {
        // The next attempt needs a place.
        await spark.AddWorkerAsync();
        await spark.KillWorkerOfAsync(Assert.Single(await spark.DriversWithAsync(task.ToString())).Id);
    }

    private protected override Task MendMachineAsync() => Task.CompletedTask;

    [Fact]
    public Task A_master_that_forgets_what_it_ran_fails_the_attempt_and_the_next_one_succeeds() =>
        LosesItsMachineAsync(
            async _ =>
            {
                await spark.KillMasterAsync();
                await spark.StartMasterAgainAsync(forgets: true);
            },
            () => Task.CompletedTask
        );
}
