using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Sje.Jobs.Background;
using Sje.Jobs.Execution;
using Sje.Jobs.Faults;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>
/// kill -9 between every pair of steps. Each point has a database of its own, a process that dies there, and one that goes on; said per
/// point is what is allowed: how often the task ran, how its attempts ended, what became of the execution.
/// </summary>
[Collection(Alone.Name)]
public sealed class CrashPointTests(ITestOutputHelper output)
{
    // Before the engine has started nothing has run yet: the one run is the second attempt's. Between the engine's end and the write of
    // it nobody can know that it ran: two runs. Once the end is written nothing runs again.
    private static readonly CrashPoint[] Dispatching =
    [
        new(FaultPoint.DispatchAttached, "", "succeeded", 1),
        // Its own feed may see the task before it dies.
        new(FaultPoint.DispatchMade, "", "succeeded", 1) { OrElse = "lost,succeeded" },
    ];

    // An attempt takes Hangfire's lock only after its change without one has not come back.
    private static readonly CrashPoint[] Working =
    [
        new(FaultPoint.ClaimCommitted, "", "lost,succeeded", 1),
        new(FaultPoint.SlotTaken, "", "lost,succeeded", 1),
        new(FaultPoint.StateCommitted("Processing") + ":throw," + FaultPoint.LockHeld, "", "lost,succeeded", 1),
        new(FaultPoint.StateElected("Processing"), "", "lost,succeeded", 1),
        new(FaultPoint.StateWritten("Processing"), "", "lost,succeeded", 1),
        new(FaultPoint.SlotBegun, "", "lost,succeeded", 1),
        new(FaultPoint.AttemptRan, "", "lost,succeeded", 2),
        new(FaultPoint.AttemptEndWritten, "", "succeeded", 1),
        new(FaultPoint.StateCommitted("Succeeded") + ":throw," + FaultPoint.LockHeld, "", "succeeded", 1),
        new(FaultPoint.StateElected("Succeeded"), "", "succeeded", 1),
        new(FaultPoint.StateWritten("Succeeded"), "", "succeeded", 1),
        new(FaultPoint.SlotDone, "", "succeeded", 1),
        new(FaultPoint.AttemptRan, CrashPoint.FailsOnce, "lost,succeeded", 2),
        new(FaultPoint.AttemptEndWritten, CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateElected("Scheduled"), CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateWritten("Scheduled"), CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.SlotDone, CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.ClaimCommitted + ":2", CrashPoint.FailsOnce, "failed,lost,succeeded", 2),
        new(FaultPoint.StateWritten("Processing") + ":2", CrashPoint.FailsOnce, "failed,lost,succeeded", 2),
        new(FaultPoint.AttemptEndWritten, CrashPoint.Fails, "failed", 1, "failed"),
        new(FaultPoint.StateElected("Failed"), CrashPoint.Fails, "failed", 1, "failed"),
        new(FaultPoint.StateWritten("Failed"), CrashPoint.Fails, "failed", 1, "failed"),
    ];

    // Where it makes a difference that somebody looks on, and takes over before anything is started again.
    private static readonly string[] Watched =
    [
        FaultPoint.ClaimCommitted,
        FaultPoint.LockHeld,
        FaultPoint.StateWritten("Processing"),
        FaultPoint.SlotBegun,
        FaultPoint.AttemptRan,
        FaultPoint.AttemptEndWritten,
        FaultPoint.StateWritten("Succeeded"),
        FaultPoint.StateWritten("Scheduled"),
        FaultPoint.StateWritten("Failed"),
        FaultPoint.ClaimCommitted + ":2",
    ];

    // The process lives, and never hears what became of its statement.
    private static readonly CrashPoint[] Unheard =
    [
        new(FaultPoint.DispatchAttached, "", "succeeded", 1),
        new(FaultPoint.DispatchMade, "", "succeeded", 1),
        new(FaultPoint.ClaimCommitted, "", "released,succeeded", 1),
        new(FaultPoint.StateWritten("Processing"), "", "succeeded", 1),
        new(FaultPoint.StateCommitted("Processing"), "", "succeeded", 1),
        new(FaultPoint.AttemptEndWritten, "", "succeeded", 1),
        new(FaultPoint.StateWritten("Succeeded"), "", "succeeded", 1),
        new(FaultPoint.StateCommitted("Succeeded"), "", "succeeded", 1),
        new(FaultPoint.AttemptEndWritten, CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateWritten("Scheduled"), CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.StateCommitted("Scheduled"), CrashPoint.FailsOnce, "failed,succeeded", 2),
        new(FaultPoint.ClaimCommitted + ":2", CrashPoint.FailsOnce, "failed,released,succeeded", 2),
        new(FaultPoint.AttemptEndWritten, CrashPoint.Fails, "failed", 1, "failed"),
    ];

    [Fact]
    public Task A_worker_killed_between_any_two_steps_and_started_again_leaves_both_views_right() =>
        Crashes.EachAsync(
            Dispatching.Concat(Working),
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var victim = await scene.WorkerAsync(point.Fault + ":kill");
                var id = await scene.SubmitAsync(point.Script, point.MaxAttempts);
                await CrashScene.DiesAsync(victim);

                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);

                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    [Fact]
    public Task A_worker_killed_between_any_two_steps_beside_a_living_one_leaves_both_views_right() =>
        Crashes.EachAsync(
            Working.DistinctBy(point => point.Fault).Where(point => Watched.Contains(point.Fault)),
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var engine = new ScriptedEngine();
                // It has one slot, and that is taken until the victim is dead.
                await using var other = await TestNode.StartAsync(
                    scene.Db,
                    options: o => (o.Slots, o.LeaseSeconds, o.HeartbeatSeconds) = (1, 7, 2),
                    engine: engine
                );
                other.Services.GetRequiredService<IOptions<StorageOptions>>().Value.Root = scene.Folder;
                await other.SubmitAsync(TestNode.Task("main", "hold"));
                await Eventually.TrueAsync(() => Task.FromResult(engine.Started == 1), "the slot is taken", 60);
                var victim = await scene.WorkerAsync(point.Fault + ":kill");
                var id = await scene.SubmitAsync(point.Script, point.MaxAttempts);
                await CrashScene.DiesAsync(victim);

                engine.Release();
                var seconds = await scene.BothRightAsync(60);

                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    [Fact]
    public Task A_worker_that_never_hears_what_became_of_a_statement_leaves_both_views_right() =>
        Crashes.EachAsync(
            Unheard,
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var worker = await scene.WorkerAsync(point.Fault + ":throw");
                var id = await scene.SubmitAsync(point.Script, point.MaxAttempts);
                await CrashScene.IsStruckAsync(worker);

                var seconds = await scene.BothRightAsync(60);

                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    [Fact]
    public Task A_server_killed_while_it_accepts_work_has_accepted_all_or_nothing_and_takes_the_same_key_again() =>
        Crashes.EachAsync(
            [new(FaultPoint.AcceptWritten, "", "succeeded", 1), new(FaultPoint.AcceptCommitted, "", "succeeded", 1)],
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var victim = scene.Start(["all", "--port", "0"], point.Fault + ":kill");
                using (var http = new HttpClient { BaseAddress = new Uri(await victim.ReadyAsync(scene.Folder)) })
                {
                    await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(http, scene));
                }

                await CrashScene.DiesAsync(victim);
                Assert.Equal(
                    point.Fault == FaultPoint.AcceptCommitted ? 1 : 0,
                    await scene.Db.ScalarAsync<long>("select count(*) from sje.executions")
                );

                var again = scene.Start(["all", "--port", "0"]);
                using var client = new HttpClient { BaseAddress = new Uri(await again.ReadyAsync(scene.Folder)) };
                var seconds = await scene.BothRightAsync(60);
                var (status, id) = await PostAsync(client, scene);

                Assert.Equal(
                    point.Fault == FaultPoint.AcceptCommitted ? HttpStatusCode.OK : HttpStatusCode.Accepted,
                    status
                );
                await point.CheckAsync(scene, id);
                Assert.Equal(1, await scene.Db.ScalarAsync<long>("select count(*) from sje.executions"));
                return seconds;
            }
        );

    [Fact]
    public Task A_process_killed_while_it_brings_Hangfire_up_leaves_both_views_right() =>
        Crashes.EachAsync(
            [
                new(FaultPoint.ReconcileChosen, "", null, 0, "cancelled"),
                new(FaultPoint.ReconcileChanged, "", null, 0, "cancelled"),
            ],
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var victim = await scene.WorkerAsync(point.Fault + ":kill");
                await scene.Db.ScalarAsync<int>("update sje.queues set paused_at = now()");
                var id = await scene.SubmitAsync();
                await scene.Db.HangfireBecomesAsync(id, "main", "Enqueued", 60);
                await scene.CancelAsync(id);
                await CrashScene.DiesAsync(victim);

                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);

                await point.CheckAsync(scene, id);
                Assert.Equal("1", await scene.CountersAsync("stats:deleted"));
                return seconds;
            }
        );

    [Fact]
    public Task A_process_killed_while_it_takes_over_leaves_the_rest_to_the_next() =>
        Crashes.EachAsync(
            [
                new(FaultPoint.TakeoverMarked, "", "lost,succeeded", 1),
                new(FaultPoint.TakeoverEnded, "", "lost,succeeded", 1),
            ],
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var first = await scene.WorkerAsync(FaultPoint.SlotBegun + ":2:kill");
                Guid[] ids = [await scene.SubmitAsync(), await scene.SubmitAsync()];
                await CrashScene.DiesAsync(first);
                // Both are the dead worker's now, or one has ended.
                var second = await scene.WorkerAsync(point.Fault + ":kill");
                await CrashScene.DiesAsync(second);

                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);

                foreach (var id in ids)
                {
                    await scene.Db.ExecutionBecomesAsync(id, "succeeded", 60);
                    Assert.InRange(scene.Runs(id), 1, 2);
                }

                Assert.Contains(
                    "lost,succeeded",
                    new[] { await scene.Db.OutcomesAsync(ids[0]), await scene.Db.OutcomesAsync(ids[1]) }
                );
                return seconds;
            }
        );

    [Fact]
    public Task A_worker_killed_in_its_drain_leaves_both_views_right() =>
        Crashes.EachAsync(
            [
                new(FaultPoint.DrainBegun, CrashPoint.SleepsOnce, "lost,succeeded", 2),
                new(FaultPoint.AttemptRan, CrashPoint.SleepsOnce, "lost,succeeded", 2),
                new(FaultPoint.AttemptEndWritten, CrashPoint.SleepsOnce, "drained,succeeded", 2),
                new(FaultPoint.DrainEmptied, CrashPoint.SleepsOnce, "drained,succeeded", 2),
            ],
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                var victim = await scene.WorkerAsync(point.Fault + ":kill");
                var id = await scene.SubmitAsync(point.Script);
                await Eventually.TrueAsync(() => Task.FromResult(scene.Runs(id) == 1), "it runs", 60);
                await scene.Db.HangfireBecomesAsync(id, "main", "Processing", 60);
                victim.Signal("TERM");
                await CrashScene.DiesAsync(victim);

                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);

                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    [Fact]
    public Task A_process_killed_while_it_deletes_a_background_job_without_a_task_leaves_that_to_the_next() =>
        Crashes.EachAsync(
            [new(FaultPoint.StraysTaken, "", "succeeded", 1)],
            output,
            async point =>
            {
                await using var scene = await CrashScene.OpenAsync();
                await scene.Db.ScalarAsync<int>("update sje.queues set paused_at = now()");
                var id = await scene.SubmitAsync();
                var victim = await scene.WorkerAsync(point.Fault + ":kill");
                await scene.Db.HangfireBecomesAsync(id, "main", "Enqueued", 60);
                var task = await scene.Db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", id);
                await using (var node = await TestNode.StartAsync(scene.Db, worker: false))
                {
                    // As a process does that was slow to make it.
                    node.Hangfire.Create(
                        new Job(
                            typeof(TaskJob),
                            typeof(TaskJob).GetMethod(nameof(TaskJob.Run))!,
                            ["again", task],
                            "default"
                        ),
                        new EnqueuedState("default")
                    );
                }

                await CrashScene.DiesAsync(victim);
                await scene.Db.ScalarAsync<int>("update sje.queues set paused_at = null");
                await scene.WorkerAsync();
                var seconds = await scene.BothRightAsync(60);

                await point.CheckAsync(scene, id);
                return seconds;
            }
        );

    private static async Task<(HttpStatusCode Status, Guid Id)> PostAsync(HttpClient http, CrashScene scene)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task")
        {
            Content = JsonContent.Create(
                new
                {
                    name = "main",
                    type = "process",
                    process = new { command = scene.Counting("") },
                }
            ),
        };
        request.Headers.Add("Idempotency-Key", "once");
        using var answer = await http.SendAsync(request);
        var body = await answer.Content.ReadFromJsonAsync<JsonObject>();
        return (answer.StatusCode, Guid.Parse(body!["taskId"]!.GetValue<string>()));
    }
}
