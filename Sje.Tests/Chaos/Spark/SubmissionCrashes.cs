using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Faults;
using Sje.Testbed;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos.Spark;

/// <summary>
/// Workers that die around a submission to a real cluster, answers that get lost, masters and machines that go: the same for every kind of cluster.
/// In the end there was one application for each attempt that the job's retry policy asked for, and it ended once.
/// </summary>
public abstract class SubmissionCrashes : IAsyncDisposable
{
    // Drivers' programs say that they run, and how often they were started.
    private const string Started = "ran.*";

    private const double Long = 300;

    private static readonly string[] Points =
    [
        FaultPoint.SparkChosen,
        FaultPoint.SparkSubmitted,
        FaultPoint.SparkNoted,
        FaultPoint.SparkEnded,
        FaultPoint.AttemptRan,
    ];

    private readonly List<CrashScene> scenes = [];

    /// <summary>How many drivers the cluster brings up at once in good time.</summary>
    private protected virtual int AtOnce => 3;

    /// <summary>Whether the cluster gives up a driver that takes long to come up, as on a busy machine.</summary>
    private protected virtual bool GivesSlowDriversUp => false;

    [Fact]
    public async Task A_worker_that_dies_between_any_two_steps_leaves_one_application_and_the_next_goes_on_with_it()
    {
        var profile = await ProfileAsync();
        using var room = new SemaphoreSlim(AtOnce);
        await Task.WhenAll(
            Points.Select(async point =>
            {
                await room.WaitAsync();
                try
                {
                    await DiesAtAsync(profile, point);
                }
                finally
                {
                    room.Release();
                }
            })
        );
    }

    [Fact]
    public async Task A_worker_that_stood_still_before_its_submission_submits_nothing_when_it_wakes()
    {
        var scene = await OpenAsync(await ProfileAsync());
        var first = await scene.WorkerAsync($"{FaultPoint.SparkChosen}:stop");
        var id = await SubmitAsync(scene);
        await CrashScene.StandsAsync(first);
        await scene.WorkerAsync();
        await RunsAsync(scene, 1);

        first.Signal("CONT");
        await Eventually.TrueAsync(
            async () =>
                await scene.Db.ScalarAsync<long>(
                    "select count(*) from sje.workers where name = 'w0' and state = 'active'"
                ) == 1,
            "the first worker is there again, as another one",
            60
        );
        Release(scene);

        await scene.Db.ExecutionBecomesAsync(id, "succeeded", Long);
        Assert.Equal("lost,succeeded", await scene.Db.OutcomesAsync(id));
        await WasOnceAsync(scene, id, SparkState.Succeeded);
    }

    [Fact]
    public async Task An_answer_that_is_lost_on_its_way_leaves_one_application()
    {
        await using var route = await RouteAsync(await ProfileAsync());
        var scene = await OpenAsync(route.Profile);
        await scene.WorkerAsync();
        var id = await SubmitAsync(scene);
        Release(scene);

        await scene.Db.ExecutionBecomesAsync(id, "succeeded", Long);

        Assert.Equal(0, route.Lossy.Left);
        Assert.Equal("succeeded", await scene.Db.OutcomesAsync(id));
        await WasOnceAsync(scene, id, SparkState.Succeeded);
    }

    [Fact]
    public async Task A_master_that_is_away_before_the_submission_and_during_the_run_leaves_one_application()
    {
        var scene = await OpenAsync(await ProfileAsync());
        await scene.WorkerAsync($"{FaultPoint.SparkChosen}:delay=5s");
        var id = await SubmitAsync(scene);
        await Eventually.TrueAsync(
            async () => await OpenRowsAsync(scene, id) == 1,
            "the identity of the application is stored",
            60
        );
        await BreakMasterAsync();
        // The submission meets nobody, and waits.
        await Task.Delay(TimeSpan.FromSeconds(7), TimeProvider.System);
        await MendMasterAsync();
        await RunsAsync(scene, 1);

        await BreakMasterAsync();
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        await MendMasterAsync();
        Release(scene);

        await scene.Db.ExecutionBecomesAsync(id, "succeeded", Long);
        Assert.Equal("succeeded", await scene.Db.OutcomesAsync(id));
        await WasOnceAsync(scene, id, SparkState.Succeeded);
    }

    [Fact]
    public async Task Applications_outlive_their_worker_and_a_cancel_ends_them_whether_or_not_somebody_follows()
    {
        var profile = await ProfileAsync();
        var (followed, alone) = (await OpenAsync(profile), await OpenAsync(profile));
        var ids = new Dictionary<CrashScene, Guid>();
        foreach (var scene in new[] { followed, alone })
        {
            var first = await scene.WorkerAsync();
            ids[scene] = await SubmitAsync(scene);
            await RunsAsync(scene, 1);
            first.Signal("TERM");
            Assert.Equal(0, await first.EndAsync());
            Assert.Equal([SparkState.Running], await StatesAsync(scene, ids[scene]));
        }

        await followed.WorkerAsync();
        await Eventually.TrueAsync(
            async () => await followed.Db.OutcomesAsync(ids[followed]) == "drained,running",
            "the second worker has it",
            60
        );
        await followed.CancelAsync(ids[followed]);
        await alone.CancelAsync(ids[alone]);
        await alone.Db.ExecutionBecomesAsync(ids[alone], "cancelled", 60);
        Assert.Equal([SparkState.Running], await StatesAsync(alone, ids[alone]));
        await alone.WorkerAsync();

        await followed.Db.ExecutionBecomesAsync(ids[followed], "cancelled", 90);
        foreach (var scene in new[] { followed, alone })
        {
            await Eventually.TrueAsync(
                async () => await OpenRowsAsync(scene, ids[scene]) == 0,
                "the application is known to be ended",
                90
            );
            Assert.DoesNotContain(
                await StatesAsync(scene, ids[scene]),
                state => state is SparkState.Running or SparkState.Pending
            );
            Assert.Single(Directory.GetFiles(scene.Folder, Started));
        }
    }

    [Fact]
    public Task A_machine_that_dies_with_its_driver_fails_the_attempt_and_the_next_one_succeeds() =>
        LosesItsMachineAsync(KillMachineAsync, MendMachineAsync);

    public async ValueTask DisposeAsync()
    {
        foreach (var scene in scenes)
        {
            await scene.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>How workers know the cluster. Starts it, or skips the test.</summary>
    private protected abstract Task<SparkClusterOptions> ProfileAsync();

    /// <summary>
    /// Settings of a task whose driver makes a file <c>ran.SOMETHING</c> in the folder when it runs, and goes on until there is a file <c>go</c>.
    /// </summary>
    private protected abstract JsonObject Driver(string folder);

    /// <summary>The cluster's own word on every application that it knows of a task.</summary>
    private protected abstract Task<IReadOnlyList<SparkState>> ApplicationsAsync(Guid task);

    /// <summary>The same cluster behind a route that loses the answer to a submission.</summary>
    private protected abstract Task<LossyCluster> RouteAsync(SparkClusterOptions profile);

    /// <summary>Takes away whom we talk to: the master, the ResourceManager, the API server.</summary>
    private protected abstract Task BreakMasterAsync();

    private protected abstract Task MendMasterAsync();

    /// <summary>Kills the machine on which the driver of a task runs.</summary>
    private protected abstract Task KillMachineAsync(Guid task);

    private protected abstract Task MendMachineAsync();

    /// <summary>A driver's machine goes while it runs: the attempt fails for now, and the retry policy has one more attempt.</summary>
    private protected async Task LosesItsMachineAsync(Func<Guid, Task> strike, Func<Task> mend)
    {
        var scene = await OpenAsync(await ProfileAsync());
        await scene.WorkerAsync();
        var id = await SubmitAsync(scene, maxAttempts: 2);
        await RunsAsync(scene, 1);
        try
        {
            await strike(await TaskAsync(scene, id));
            await Eventually.TrueAsync(
                async () => (await scene.Db.OutcomesAsync(id))?.StartsWith("failed", StringComparison.Ordinal) == true,
                "the attempt has failed",
                Long
            );
            Release(scene);
            await scene.Db.ExecutionBecomesAsync(id, "succeeded", Long);
        }
        finally
        {
            await mend();
        }

        Assert.Equal("failed,succeeded", await scene.Db.OutcomesAsync(id));
        Assert.Equal(
            "temporary",
            await scene.Db.ScalarAsync<string>(
                "select error ->> 'class' from sje.all_attempts where execution_id = $1 and number = 1",
                id
            )
        );
        Assert.Equal(2, Directory.GetFiles(scene.Folder, Started).Length);
        await Eventually.TrueAsync(
            async () =>
                (await StatesAsync(scene, id)).Where(state => state != SparkState.Failed).ToList()
                    is [SparkState.Succeeded],
            "nothing else of it is on the cluster than one that has succeeded",
            120
        );
        Assert.Equal(
            "lost,succeeded",
            await scene.Db.ScalarAsync<string>(
                "select string_agg(state, ',' order by number) from sje.spark_applications where execution_id = $1",
                id
            )
        );
        Assert.Equal(0, await OpenRowsAsync(scene, id));
    }

    private async Task DiesAtAsync(SparkClusterOptions profile, string point)
    {
        for (var tries = 1; !await DiesAtOnceAsync(profile, point, last: tries == 3); tries++)
        {
            // The cluster gave a driver up that came up slowly: that is another story.
        }
    }

    /// <returns>False where it has to be seen again.</returns>
    private async Task<bool> DiesAtOnceAsync(SparkClusterOptions profile, string point, bool last)
    {
        var scene = await OpenAsync(profile);
        var first = await scene.WorkerAsync($"{point}:kill");
        var id = await SubmitAsync(scene);
        Release(scene);
        await Eventually.TrueAsync(() => Task.FromResult(first.HasExited), $"the worker dies at {point}", Long);
        await CrashScene.DiesAsync(first);

        await scene.WorkerAsync();

        await scene.Db.ExecutionBecomesAsync(id, "succeeded", Long);
        if (GivesSlowDriversUp && !last && await scene.Db.OutcomesAsync(id) == "lost,failed,succeeded")
        {
            return false;
        }

        Assert.Equal((point, "lost,succeeded"), (point, await scene.Db.OutcomesAsync(id)));
        await WasOnceAsync(scene, id, SparkState.Succeeded);
        return true;
    }

    private async Task WasOnceAsync(CrashScene scene, Guid id, SparkState end)
    {
        Assert.Single(Directory.GetFiles(scene.Folder, Started));
        Assert.Equal([end], await StatesAsync(scene, id));
        Assert.Equal(
            end.ToSnake(),
            await scene.Db.ScalarAsync<string>(
                "select string_agg(state, ',') from sje.spark_applications where execution_id = $1 and ended_at is not null",
                id
            )
        );
        Assert.Equal(0, await OpenRowsAsync(scene, id));
    }

    private async Task<CrashScene> OpenAsync(SparkClusterOptions profile)
    {
        var scene = await CrashScene.OpenAsync(ProfileVariables.Of("lab", profile));
        scenes.Add(scene);
        return scene;
    }

    private Task<Guid> SubmitAsync(CrashScene scene, int maxAttempts = 3)
    {
        var settings = Driver(scene.Folder);
        settings["cluster"] = "lab";
        return scene.SubmitAsync(
            TestNode.Job(
                new TaskSpec
                {
                    Name = "main",
                    Type = "spark",
                    Settings = settings,
                    Retry = new RetrySpec
                    {
                        Policy = "fixed",
                        MaxAttempts = maxAttempts,
                        InitialDelay = TimeSpan.FromSeconds(1),
                    },
                }
            )
        );
    }

    /// <summary>Lets drivers of a scene come to their end.</summary>
    private static void Release(CrashScene scene) => File.WriteAllText(Path.Combine(scene.Folder, "go"), "");

    private static Task RunsAsync(CrashScene scene, int times) =>
        Eventually.TrueAsync(
            () => Task.FromResult(Directory.GetFiles(scene.Folder, Started).Length == times),
            "the driver runs",
            Long
        );

    private static Task<Guid> TaskAsync(CrashScene scene, Guid id) =>
        scene.Db.ScalarAsync<Guid>("select id from sje.all_tasks where execution_id = $1", id);

    private async Task<IReadOnlyList<SparkState>> StatesAsync(CrashScene scene, Guid id) =>
        await ApplicationsAsync(await TaskAsync(scene, id));

    private static Task<long> OpenRowsAsync(CrashScene scene, Guid id) =>
        scene.Db.ScalarAsync<long>(
            "select count(*) from sje.spark_applications where execution_id = $1 and ended_at is null",
            id
        );

    /// <summary>A cluster's profile that leads over a route which loses answers.</summary>
    private protected sealed record LossyCluster(SparkClusterOptions Profile, LossyRoute Lossy) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Lossy.DisposeAsync();
    }
}
