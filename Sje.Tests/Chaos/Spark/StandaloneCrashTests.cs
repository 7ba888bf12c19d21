using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Faults;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>
/// Workers that die between any two steps of a submission to a standalone cluster: in the end there was one application, and it ended once.
/// </summary>
public sealed class StandaloneCrashTests(StandaloneSpark spark, TestDatabase db)
    : IClassFixture<StandaloneSpark>,
        IClassFixture<TestDatabase>,
        IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-spark-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(FaultPoint.SparkChosen)]
    [InlineData(FaultPoint.SparkSubmitted)]
    [InlineData(FaultPoint.SparkNoted)]
    [InlineData(FaultPoint.SparkEnded)]
    public async Task A_worker_that_dies_leaves_one_application_and_the_next_goes_on_with_it(string point)
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        var before = (await spark.DriversAsync()).Count;
        await using var first = Worker("first", $"{point}:kill");
        var id = await SubmitAsync(node, Script(seconds: 5));
        await Eventually.TrueAsync(() => Task.FromResult(first.HasExited), "the first worker dies", 120);

        await using var second = Worker("second");

        await db.ExecutionBecomesAsync(id, "succeeded", 180);
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
        Assert.Equal(before + 1, (await spark.DriversAsync()).Count);
        Assert.Single(Directory.GetFiles(folder, "ran.*"));
        Assert.Equal(
            1L,
            await db.ScalarAsync<long>(
                "select count(*) from sje.spark_applications where execution_id = $1 and ended_at is not null and state = 'succeeded'",
                id
            )
        );
    }

    [Fact]
    public async Task A_drained_worker_leaves_the_application_running_and_a_cancel_by_the_next_one_ends_it()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await using var first = Worker("first");
        var id = await SubmitAsync(node, Script(seconds: 600));
        await Eventually.TrueAsync(
            () => Task.FromResult(Directory.GetFiles(folder, "ran.*").Length == 1),
            "it runs",
            120
        );

        first.Signal("TERM");
        Assert.Equal(0, await first.EndAsync());
        Assert.Contains(await spark.DriversAsync(), driver => driver.State == "RUNNING");

        await using var second = Worker("second");
        await Eventually.TrueAsync(
            async () => await db.OutcomesAsync(id) == "drained,running",
            "the second has it",
            60
        );
        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);

        await db.ExecutionBecomesAsync(id, "cancelled", 60);
        Assert.DoesNotContain(await spark.DriversAsync(), driver => driver.State == "RUNNING");
        Assert.Single(Directory.GetFiles(folder, "ran.*"));
    }

    [Fact]
    public async Task What_is_cancelled_while_nobody_follows_it_is_ended_by_the_next_worker()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await using var first = Worker("first");
        var id = await SubmitAsync(node, Script(seconds: 600));
        await Eventually.TrueAsync(
            () => Task.FromResult(Directory.GetFiles(folder, "ran.*").Length == 1),
            "it runs",
            120
        );
        first.Signal("TERM");
        await first.EndAsync();

        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);
        await db.ExecutionBecomesAsync(id, "cancelled", 60);
        Assert.Contains(await spark.DriversAsync(), driver => driver.State == "RUNNING");
        await using var second = Worker("second");

        await Eventually.TrueAsync(
            async () => (await spark.DriversAsync()).All(driver => driver.State != "RUNNING"),
            "the application is ended",
            60
        );
    }

    private string Script(int seconds)
    {
        var file = Path.Combine(folder, "app.py");
        File.WriteAllText(
            file,
            $"""
            import time, uuid
            open("{folder}/ran." + str(uuid.uuid4()), "w").close()
            time.sleep({seconds})
            """
        );
        return file;
    }

    private static async Task<Guid> SubmitAsync(TestNode node, string script) =>
        await node.SubmitAsync(
            new TaskSpec
            {
                Name = "main",
                Type = "spark",
                Settings = new JsonObject { ["application"] = script, ["cluster"] = "lab" },
            }
        );

    private SjeProcess Worker(string name, string? fault = null)
    {
        var profile = spark.Profile;
        var environment = new Dictionary<string, string>
        {
            ["SJE_WORKER__DRAINSECONDS"] = "1",
            ["SJE_spark__clusters__lab__master"] = profile.Master,
            ["SJE_spark__clusters__lab__rest__0"] = profile.Rest[0],
            ["SJE_spark__clusters__lab__webUi__0"] = profile.WebUi[0],
            ["SJE_spark__clusters__lab__sparkConf__spark.driver.memory"] = "512m",
        };
        if (fault is not null)
        {
            environment[FaultPoint.Variable] = fault;
        }

        return SjeProcess.Start(
            folder,
            ["worker", "--name", name, "--slots", "2", "--db", db.ConnectionString],
            environment
        );
    }
}
