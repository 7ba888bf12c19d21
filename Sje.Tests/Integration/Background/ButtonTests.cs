using System.Globalization;
using Hangfire;
using Npgsql;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>What people do in Hangfire's dashboard, through the same client.</summary>
public sealed class ButtonTests : IAsyncLifetime
{
    // What another test leaves waiting must not run here, where starts are counted.
    private readonly TestDatabase db = new();

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public ValueTask DisposeAsync() => db.DisposeAsync();

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
        await using var node = await StartAsync(db, options: o => o.LeaseSeconds = 30, engine: engine);
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
    public async Task A_wish_does_not_wait_for_an_attempt_that_notes_a_state_on_its_way()
    {
        await using var node = await StartAsync(db, worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var job = await JobOfAsync(id);

        // An attempt notes Failed before it asks for its task's row, to go on to Scheduled: with the note it holds its job's key.
        await using var attempt = await db.Database.Main.OpenConnectionAsync();
        await using var transaction = await attempt.BeginTransactionAsync();
        await using var note = new NpgsqlCommand(
            "insert into hangfire.state (jobid, name, createdat) values ($1, 'Failed', now())",
            attempt,
            transaction
        );
        note.Parameters.Add(new() { Value = long.Parse(job, CultureInfo.InvariantCulture) });
        await note.ExecuteNonQueryAsync();
        var wish = System.Threading.Tasks.Task.Run(() => node.Hangfire.Requeue(job));

        Assert.True(await wish.WaitAsync(TimeSpan.FromSeconds(10)));
        await transaction.CommitAsync();
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

    [Fact]
    public async Task Deleting_one_running_task_of_a_workflow_skips_what_depends_on_it_and_lets_its_siblings_go_on()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine);
        var id = await node.SubmitAsync(
            Task("left", "wait"),
            Task("right", "hold"),
            Task("after-left", "ok", 1, "left"),
            Task("after-right", "ok", 1, "right"),
            Task("after-both", "ok", 1, "left", "right")
        );
        await db.HangfireBecomesAsync(id, "left", "Processing");
        await db.HangfireBecomesAsync(id, "right", "Processing");

        Assert.True(node.Hangfire.Delete(await JobOfAsync(id, "left")));
        await db.TaskBecomesAsync(id, "left", "cancelled");
        Assert.Equal("running", await db.TaskStateAsync(id, "right"));
        engine.Release();

        await db.TaskBecomesAsync(id, "after-right", "succeeded");
        await db.TaskBecomesAsync(id, "after-left", "skipped");
        await db.TaskBecomesAsync(id, "after-both", "skipped");
        await ViewAuditor.AgreeAsync(db);

        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id, "left")));
        await db.HangfireBecomesAsync(id, "left", "Processing");
        Assert.Equal("blocked", await db.TaskStateAsync(id, "after-both"));
        Assert.Equal("succeeded", await db.TaskStateAsync(id, "after-right"));
        await ViewAuditor.AgreeAsync(db);
        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);
        await db.ExecutionBecomesAsync(id, "cancelled");
    }

    [Fact]
    public async Task Requeueing_a_task_lets_those_behind_it_that_have_not_begun_wait_for_it_again()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine, options: o => o.Queues = ["*"]);
        await PauseAsync("behind", true);
        var id = await node.SubmitAsync(
            Task("first", "zombie"),
            Task("second", "ok", 1, "first") with
            {
                Queue = "behind",
            },
            Task("third", "ok", 1, "second")
        );
        engine.Release();
        await db.HangfireBecomesAsync(id, "second", "Enqueued");

        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id, "first")));

        await db.HangfireBecomesAsync(id, "second", "Awaiting");
        Assert.Equal("blocked", await db.TaskStateAsync(id, "second"));
        Assert.Equal(
            await JobOfAsync(id, "first"),
            await db.ScalarAsync<string>(
                "select s.data ->> 'ParentId' from hangfire.job j join hangfire.state s on s.id = j.stateid where j.id = $1",
                await db.HangfireJobAsync(id, "second")
            )
        );
        await PauseAsync("behind", false);

        // Its own button cannot start it before its time, and says so.
        Assert.True(node.Hangfire.Requeue(await JobOfAsync(id, "second")));
        await db.HangfireBecomesAsync(id, "second", "Awaiting");
        await ViewAuditor.AgreeAsync(db);
        Assert.Contains(
            await ViewAuditor.HistoryAsync(db, await db.HangfireJobAsync(id, "second")),
            s => s.Reason?.EndsWith("starts by itself when they have succeeded", StringComparison.Ordinal) == true
        );
        engine.ReleaseNext();

        await db.ExecutionBecomesAsync(id, "succeeded");
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal("succeeded,succeeded", await db.OutcomesAsync(id, "first"));
        Assert.Equal("succeeded", await db.OutcomesAsync(id, "second"));
        Assert.Equal("succeeded", await db.OutcomesAsync(id, "third"));
    }

    [Fact]
    public async Task A_state_that_means_nothing_to_a_task_is_taken_back()
    {
        await using var node = await StartAsync(db, worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var job = await JobOfAsync(id);

        foreach (
            var state in new Hangfire.States.IState[]
            {
                new Hangfire.States.SucceededState(null, 0, 0),
                new Hangfire.States.ScheduledState(TimeSpan.FromHours(1)),
                new Hangfire.States.FailedState(new InvalidOperationException("somebody said so")),
            }
        )
        {
            Assert.True(node.Hangfire.ChangeState(job, state, null));
            await db.HangfireBecomesAsync(id, "main", "Enqueued");
        }

        Assert.Equal("queued", await db.TaskStateAsync(id));
        await ViewAuditor.AgreeAsync(db);
    }

    [Fact]
    public async Task A_reason_that_a_program_gives_is_kept_before_ours()
    {
        await using var node = await StartAsync(db, worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var job = await JobOfAsync(id);

        Assert.True(
            node.Hangfire.ChangeState(job, new Hangfire.States.DeletedState { Reason = "the customer left" }, null)
        );

        Assert.Equal(
            "the customer left: deleted by a program: the task is cancelled",
            (await ViewAuditor.HistoryAsync(db, await db.HangfireJobAsync(id)))[^1].Reason
        );
    }

    private async Task PauseAsync(string queue, bool pause) =>
        await db.ScalarAsync<int>(
            """
            insert into sje.queues (name, paused_at) values ($1, case when $2 then now() end)
            on conflict (name) do update set paused_at = excluded.paused_at returning 1
            """,
            queue,
            pause
        );

    private async Task<string> JobOfAsync(Guid execution, string task = "main")
    {
        var job = await Eventually.GetAsync(() => db.HangfireJobAsync(execution, task), j => j > 0, "a background job");
        return job.ToString(CultureInfo.InvariantCulture);
    }
}
