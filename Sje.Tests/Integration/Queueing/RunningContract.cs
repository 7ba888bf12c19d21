using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public abstract class RunningContract(string lane) : LaneContract(lane)
{
    [Fact]
    public async Task A_task_runs_and_all_views_say_succeeded()
    {
        await using var node = await StartAsync();

        var id = await node.SubmitAsync(Task("main", "ok"));

        await Db.ExecutionBecomesAsync(id, "succeeded");
        await ShowsAsync(id, "main", "Succeeded");
        Assert.Equal("succeeded", await Db.OutcomesAsync(id));
        Assert.Equal(
            "{\"attempt\": 1}",
            await Db.ScalarAsync<string>("select outputs::text from sje.finished_tasks where execution_id = $1", id)
        );
        Assert.Contains(
            "attempt 1",
            await Db.ScalarAsync<string>("select body from sje.log_chunks where execution_id = $1", id)
        );
    }

    [Fact]
    public async Task A_failing_task_is_retried_until_its_attempts_are_used_up()
    {
        await using var node = await StartAsync();

        var id = await node.SubmitAsync(Task("main", "fail"));

        await Db.ExecutionBecomesAsync(id, "failed");
        await ShowsAsync(id, "main", "Failed");
        Assert.Equal("failed,failed,failed", await Db.OutcomesAsync(id));
    }

    [Fact]
    public async Task A_permanent_failure_is_not_retried()
    {
        await using var node = await StartAsync();

        var id = await node.SubmitAsync(Task("main", "invalid"));

        await Db.ExecutionBecomesAsync(id, "failed");
        Assert.Equal("failed", await Db.OutcomesAsync(id));
    }

    [Fact]
    public async Task Tasks_wait_for_what_they_depend_on_and_see_its_outputs()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(engine: engine);

        var id = await node.SubmitAsync(
            Task("a", "fail-once"),
            Task("b", "ok", 3, "a"),
            Task("c", "ok", 3, "a"),
            Task("d", "ok", 3, "b", "c")
        );

        await Db.ExecutionBecomesAsync(id, "succeeded");
        var last = engine.Contexts.Single(c => c.Identity.TaskName == "d");
        Assert.Equal("2", last.Scope.Find("tasks.a.outputs.attempt")!.ToJsonString());
        Assert.Equal("d", engine.Contexts[^1].Identity.TaskName);
    }

    [Fact]
    public async Task What_depends_on_a_failed_task_is_skipped_all_the_way_and_runs_after_a_retry()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(
            Task("a", "fail-once", 1),
            Task("b", "ok", 3, "a"),
            Task("c", "ok", 3, "b"),
            Task("x", "ok")
        );
        await Db.ExecutionBecomesAsync(id, "failed");
        Assert.Equal("skipped", await Db.TaskStateAsync(id, "c"));

        Assert.IsType<ChangeMade>(await node.Control.RetryAsync(id, CancellationToken.None));

        await Db.ExecutionBecomesAsync(id, "succeeded");
        Assert.Equal("failed,succeeded", await Db.OutcomesAsync(id, "a"));
        Assert.Equal("succeeded", await Db.OutcomesAsync(id, "x"));
        await ShowsAsync(id, "a", "Succeeded");
    }

    [Fact]
    public async Task A_running_task_is_cancelled_in_both_views_only_after_it_has_stopped()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(engine: engine);
        var id = await node.SubmitAsync(Task("main", "stubborn"));
        await Db.TaskBecomesAsync(id, "main", "running");
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(engine.Started == 1), "it runs");

        var done = Assert.IsType<ChangeMade>(await node.Control.CancelAsync(id, "enough", CancellationToken.None));

        Assert.NotNull(done.CancelRequestedAt);
        Assert.Equal(ExecutionState.Running, done.State);
        engine.Release();
        await Db.ExecutionBecomesAsync(id, "cancelled");
        await ShowsAsync(id, "main", "Deleted");
        Assert.IsType<WrongState>(await node.Control.CancelAsync(id, "again", CancellationToken.None));
        Assert.IsType<NotFound>(await node.Control.CancelAsync(Guid.NewGuid(), "nobody", CancellationToken.None));
    }

    [Fact]
    public async Task A_waiting_task_is_cancelled_at_once()
    {
        await using var node = await StartAsync(worker: false);
        var id = await node.SubmitAsync(Task("a", "ok"), Task("b", "ok", 3, "a"));

        Assert.Equal(
            new ChangeMade(ExecutionState.Cancelled, null),
            (
                Assert.IsType<ChangeMade>(await node.Control.CancelAsync(id, "never mind", CancellationToken.None)) with
                {
                    CancelRequestedAt = null,
                }
            )
        );

        Assert.Equal("cancelled", await Db.TaskStateAsync(id, "b"));
    }

    [Fact]
    public async Task Limits_of_queue_run_and_total_time_end_a_task_each_in_its_own_way()
    {
        await using var node = await StartAsync();
        var waits = Task("main", "ok") with
        {
            QueuedTimeout = TimeSpan.FromMilliseconds(300),
            Resources = new() { Labels = ["nobody-has-this"] },
        };
        var runs = Task("main", "wait", 1) with { RunTimeout = TimeSpan.FromMilliseconds(300) };
        var total = Job(Task("main", "wait"));
        total = total with { Job = total.Job with { TotalTimeout = TimeSpan.FromMilliseconds(500) } };

        var waiting = await node.SubmitAsync(waits);
        var running = await node.SubmitAsync(runs);
        var both = (
            (SubmissionAccepted)(await node.Intake.AcceptAsync([total], CancellationToken.None))[0]
        ).ExecutionId;

        await Db.ExecutionBecomesAsync(waiting, "timed_out");
        await Db.ExecutionBecomesAsync(running, "timed_out");
        await Db.ExecutionBecomesAsync(both, "timed_out");
        Assert.Null(await Db.OutcomesAsync(waiting));
        Assert.Equal("timed_out", await Db.OutcomesAsync(running));
        await ShowsAsync(running, "main", "Failed");
        await ShowsAsync(both, "main", "Failed");
    }

    [Fact]
    public async Task A_drained_task_goes_back_with_its_checkpoint_and_another_worker_goes_on()
    {
        var second = new ScriptedEngine();
        Guid id;
        await using (var first = await StartAsync())
        {
            id = await first.SubmitAsync(Task("main", "wait"));
            await Eventually.TrueAsync(
                async () =>
                    await Db.ScalarAsync<long>("select count(*) from sje.checkpoints where execution_id = $1", id) == 1,
                "a checkpoint"
            );
        }

        Assert.Equal("queued", await Db.TaskStateAsync(id));
        Assert.Equal("drained", await Db.OutcomesAsync(id));
        await using var other = await StartAsync(engine: second);
        await Eventually.TrueAsync(
            () => System.Threading.Tasks.Task.FromResult(second.Started == 1),
            "attempt 2 starts"
        );
        Assert.Equal("{\"at\":1}", second.Contexts[0].Checkpoint!.ToJsonString());
        await other.Control.CancelAsync(id, "done", CancellationToken.None);
        await Db.ExecutionBecomesAsync(id, "cancelled");
    }

    [Fact]
    public async Task A_worker_of_all_queues_runs_what_waits_in_a_queue_made_later_and_a_paused_one_waits()
    {
        await using var node = await StartAsync(options: o => o.Queues = ["*"]);
        var pause = (QueueControl)node.Services.GetService(typeof(QueueControl))!;
        var first = await node.SubmitAsync(Task("main", "ok") with { Queue = "made-later" });
        await Db.ExecutionBecomesAsync(first, "succeeded");

        Assert.True(await pause.PauseAsync("made-later", CancellationToken.None));
        var second = await node.SubmitAsync(Task("main", "ok") with { Queue = "made-later" });
        var third = await node.SubmitAsync(Task("main", "ok"));
        await Db.ExecutionBecomesAsync(third, "succeeded");
        Assert.Equal("queued", await Db.TaskStateAsync(second));
        Assert.True(await pause.ResumeAsync("made-later", CancellationToken.None));
        await Db.ExecutionBecomesAsync(second, "succeeded");
        Assert.False(await pause.PauseAsync("nobody-has-this", CancellationToken.None));
    }

    [Fact]
    public async Task A_task_whose_stored_specification_cannot_be_read_fails_for_good_and_its_neighbours_run()
    {
        await using var accepting = await StartAsync(worker: false);
        var specs = new[]
        {
            """{"settings": {}, "retry": {}, "parameters": [], "resources": null}""",
            """{"settings": "none"}""",
            "[]",
        };
        var broken = new List<Guid>();
        var whole = new List<Guid>();
        foreach (var spec in specs)
        {
            whole.Add(await accepting.SubmitAsync(Task("main", "ok")));
            broken.Add(await accepting.SubmitAsync(Task("main", "ok", 3)));
            await Db.ExecuteAsync($"update sje.tasks set spec = '{spec}' where execution_id = '{broken[^1]}'");
        }

        await using var node = await StartAsync();

        foreach (var id in whole)
        {
            await Db.ExecutionBecomesAsync(id, "succeeded");
        }

        foreach (var id in broken)
        {
            await Db.ExecutionBecomesAsync(id, "failed");
            Assert.Equal(
                "invalid|1",
                await Db.ScalarAsync<string>(
                    "select (error ->> 'class') || '|' || attempt from sje.finished_tasks where execution_id = $1 and dismissed_at is null and fingerprint is not null",
                    id
                )
            );
        }

        Assert.StartsWith(
            "The stored specification of task 'main' cannot be read: 'resources' is missing or incomplete.",
            await Db.ScalarAsync<string>(
                "select error ->> 'message' from sje.finished_tasks where execution_id = $1",
                broken[0]
            )
        );
    }

    [Fact]
    public async Task A_higher_priority_goes_first_and_an_old_task_before_a_young_one()
    {
        await using var accepting = await StartAsync(worker: false);
        var ids = new List<Guid>();
        foreach (var priority in new[] { 0, 0, 10, -10 })
        {
            var job = Job(Task("main", "ok"));
            ids.Add(
                (
                    (SubmissionAccepted)
                        (
                            await accepting.Intake.AcceptAsync(
                                [job with { Job = job.Job with { Priority = priority } }],
                                CancellationToken.None
                            )
                        )[0]
                ).ExecutionId
            );
        }

        await Eventually.TrueAsync(
            async () => await Db.ScalarAsync<long>("select count(*) from sje.tasks where not dispatched") == 0,
            "all have jobs"
        );
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(options: o => o.Slots = 1, engine: engine);

        await Db.ExecutionBecomesAsync(ids[3], "succeeded");
        Assert.Equal([ids[2], ids[0], ids[1], ids[3]], engine.Contexts.Select(c => c.Identity.ExecutionId));
    }
}

/// <summary>On the background lane.</summary>
public sealed class BackgroundRunningTests() : RunningContract(Lanes.Background)
{
    [Fact]
    public async Task A_failing_task_is_retried_as_one_background_job_until_its_attempts_are_used_up()
    {
        await using var node = await StartAsync();

        var id = await node.SubmitAsync(Task("main", "fail"));

        await Db.ExecutionBecomesAsync(id, "failed");
        await ShowsAsync(id, "main", "Failed");
        Assert.Equal("failed,failed,failed", await Db.OutcomesAsync(id));
        var job = await Db.HangfireJobAsync(id);
        Assert.Equal(
            "Enqueued,Processing,Failed,Scheduled,Processing,Failed,Scheduled,Processing,Failed",
            await Db.ScalarAsync<string>(
                "select string_agg(name, ',' order by id) from hangfire.state where jobid = $1",
                job
            )
        );
        Assert.Equal(
            1L,
            await Db.ScalarAsync<long>(
                "select count(*) from hangfire.job where arguments::text like '%' || (select id::text from sje.all_tasks where execution_id = $1) || '%'",
                id
            )
        );
    }
}

/// <summary>On the direct lane.</summary>
public sealed class DirectRunningTests() : RunningContract(Lanes.Direct);
