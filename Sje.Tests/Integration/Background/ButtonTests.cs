using System.Globalization;
using Hangfire;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>What people do in Hangfire's dashboard, through the same client.</summary>
public class ButtonTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Deleting_a_waiting_job_cancels_its_task()
    {
        await using var node = await StartAsync(db, worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var job = await JobOfAsync(id);

        Assert.True(node.Hangfire.Delete(job));

        Assert.Equal("cancelled", await db.ExecutionStateAsync(id));
        Assert.Equal(
            "deleted by a program",
            await db.ScalarAsync<string>("select reason from sje.finished_tasks where execution_id = $1", id)
        );
    }

    [Fact]
    public async Task Deleting_a_running_job_stops_its_task()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine);
        var id = await node.SubmitAsync(Task("main", "wait"));
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(engine.Started == 1), "it runs");
        await db.HangfireBecomesAsync(id, "main", "Processing");

        Assert.True(node.Hangfire.Delete(await JobOfAsync(id)));

        await db.ExecutionBecomesAsync(id, "cancelled");
        await db.HangfireBecomesAsync(id, "main", "Deleted");
        Assert.Equal("cancelled", await db.OutcomesAsync(id));
    }

    [Fact]
    public async Task Requeueing_a_running_job_restarts_it_and_never_runs_it_twice_at_once()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine);
        var id = await node.SubmitAsync(Task("main", "zombie"));
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(engine.Started == 1), "it runs");
        await db.HangfireBecomesAsync(id, "main", "Processing");

        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id)));
        await db.HangfireBecomesAsync(id, "main", "Enqueued");
        Assert.Equal("running", await db.TaskStateAsync(id));
        engine.Release();

        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(engine.Started == 2), "attempt 2 runs");
        engine.ReleaseNext();
        await db.ExecutionBecomesAsync(id, "succeeded");
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        Assert.Equal("restarted,succeeded", await db.OutcomesAsync(id));
        Assert.Equal(1, engine.MostRunning);
    }

    [Fact]
    public async Task Requeueing_an_ended_job_runs_it_again_as_a_new_attempt_of_the_same_execution()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Task("main", "fail-once", 1));
        await db.ExecutionBecomesAsync(id, "failed");
        await db.HangfireBecomesAsync(id, "main", "Failed");

        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id)));

        await db.ExecutionBecomesAsync(id, "succeeded");
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        Assert.Equal("failed,succeeded", await db.OutcomesAsync(id));
    }

    [Fact]
    public async Task Requeueing_a_job_that_waits_for_its_retry_starts_it_now()
    {
        await using var node = await StartAsync(db);
        var task = Task("main", "fail-once");
        var id = await node.SubmitAsync(
            task with
            {
                Retry = task.Retry with { InitialDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) },
            }
        );
        await db.HangfireBecomesAsync(id, "main", "Scheduled");

        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id)));

        await db.ExecutionBecomesAsync(id, "succeeded");
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
    }

    [Fact]
    public async Task Deleting_a_failed_job_dismisses_it()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Task("main", "invalid"));
        await db.HangfireBecomesAsync(id, "main", "Failed");

        Assert.True(node.Hangfire.Delete(await JobOfAsync(id)));

        Assert.Equal("failed", await db.ExecutionStateAsync(id));
        Assert.True(
            await db.ScalarAsync<bool>(
                "select dismissed_at is not null from sje.finished_tasks where execution_id = $1",
                id
            )
        );
    }

    [Fact]
    public async Task A_second_background_job_of_a_task_is_a_stray_and_its_buttons_touch_nothing()
    {
        await using var node = await StartAsync(db, worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var job = await JobOfAsync(id);
        var task = await db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", id);

        var method = Type.GetType("Sje.Jobs.Background.TaskJob, Sje.Jobs")!;
        var stray = node.Hangfire.Create(
            new Hangfire.Common.Job(method, method.GetMethod("Run")!, ["twin", task], "default"),
            new Hangfire.States.EnqueuedState("default")
        );
        Assert.True(node.Hangfire.Delete(stray));

        Assert.Equal(job, await JobOfAsync(id));
        Assert.Equal("queued", await db.TaskStateAsync(id));
        Assert.Equal(
            1L,
            await db.ScalarAsync<long>(
                "select count(*) from sje.stray_background_jobs where hangfire_job_id = $1",
                long.Parse(stray, CultureInfo.InvariantCulture)
            )
        );
    }

    private async Task<string> JobOfAsync(Guid execution)
    {
        var job = await Eventually.GetAsync(() => db.HangfireJobAsync(execution), j => j > 0, "a background job");
        return job.ToString(CultureInfo.InvariantCulture);
    }
}
