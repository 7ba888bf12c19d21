using System.Globalization;
using Hangfire;
using Hangfire.States;
using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Background;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>What somebody's hand in Hangfire's tables did is found and mended, and what is right is left alone.</summary>
public sealed class AuditTests : IAsyncLifetime
{
    // What another test leaves waiting must not run here, where starts are counted.
    private readonly TestDatabase db = new();

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public ValueTask DisposeAsync() => db.DisposeAsync();

    private static readonly AuditPace Quick = new(TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(300), 3);

    [Fact]
    public async Task Ended_tasks_are_shown_as_they_ended_whatever_was_written_over_them()
    {
        await using var node = await NodeAsync();
        foreach (var state in new[] { "Enqueued", "Processing", "Failed", "Deleted", "Awaiting", "Scheduled" })
        {
            var id = await node.SubmitAsync(Task("main", "ok"));
            await db.HangfireBecomesAsync(id, "main", "Succeeded");

            await FalsifyAsync(id, state);

            await db.HangfireBecomesAsync(id, "main", "Succeeded");
            Assert.Equal("succeeded", await db.OutcomesAsync(id));
        }

        await ViewAuditor.AgreeAsync(db);
    }

    [Fact]
    public async Task A_waiting_task_is_claimed_though_its_job_was_made_to_look_ended()
    {
        await using var node = await NodeAsync();
        foreach (var state in new[] { "Succeeded", "Failed", "Deleted", "Awaiting" })
        {
            await PauseAsync(true);
            var id = await node.SubmitAsync(Task("main", "ok"));
            await db.HangfireBecomesAsync(id, "main", "Enqueued");

            await FalsifyAsync(id, state);

            await db.HangfireBecomesAsync(id, "main", "Enqueued");
            await PauseAsync(false);
            await db.ExecutionBecomesAsync(id, "succeeded");
            Assert.Equal("succeeded", await db.OutcomesAsync(id));
        }

        await ViewAuditor.AgreeAsync(db);
    }

    [Fact]
    public async Task A_running_attempt_gets_its_Processing_back_and_is_not_disturbed()
    {
        var engine = new ScriptedEngine();
        await using var node = await NodeAsync(engine);
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");

        foreach (var state in new[] { "Succeeded", "Deleted", "Failed", "Awaiting" })
        {
            await FalsifyAsync(id, state);
            await db.HangfireBecomesAsync(id, "main", "Processing");
        }

        var job = await db.HangfireJobAsync(id);
        Assert.Contains(await ViewAuditor.HistoryAsync(db, job), s => s.Reason == "attempt 1 is still running");
        var server = await db.ScalarAsync<string>(
            "select s.data ->> 'ServerId' from hangfire.job j join hangfire.state s on s.id = j.stateid where j.id = $1",
            job
        );
        Assert.True(
            await db.ScalarAsync<bool>("select exists (select 1 from hangfire.server where id = $1)", server!),
            server
        );
        engine.Release();
        await db.ExecutionBecomesAsync(id, "succeeded");
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        Assert.Equal("succeeded", await db.OutcomesAsync(id));
        Assert.Equal(1, engine.Started);
    }

    [Fact]
    public async Task A_task_whose_job_was_removed_gets_a_new_one()
    {
        await using var node = await NodeAsync();
        await PauseAsync(true);
        var waiting = await node.SubmitAsync(Task("main", "ok"));
        var retry = Task("main", "fail-once");
        var failed = await node.SubmitAsync(
            retry with
            {
                Retry = retry.Retry with { InitialDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) },
            }
        );
        await db.HangfireBecomesAsync(waiting, "main", "Enqueued");
        await db.HangfireBecomesAsync(failed, "main", "Enqueued");
        await RemoveAsync(waiting);
        await db.HangfireBecomesAsync(waiting, "main", "Enqueued");
        await PauseAsync(false);
        await db.HangfireBecomesAsync(failed, "main", "Scheduled");
        await RemoveAsync(failed);

        await db.ExecutionBecomesAsync(waiting, "succeeded");

        // Its time has not come, whatever became of its job.
        await db.HangfireBecomesAsync(failed, "main", "Enqueued");
        await ViewAuditor.AgreeAsync(db);
        Assert.True(
            await db.ScalarAsync<bool>(
                "select state = 'queued' and available_at > now() + interval '50 minutes' from sje.tasks where execution_id = $1",
                failed
            )
        );
        var job = await db.HangfireJobAsync(failed);
        Assert.True(node.Hangfire.Requeue(job.ToString(CultureInfo.InvariantCulture)));
        await db.ExecutionBecomesAsync(failed, "succeeded");
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal("failed,succeeded", await db.OutcomesAsync(failed));
    }

    [Fact]
    public async Task A_job_that_belongs_to_no_task_is_deleted_and_Hangfires_own_queue_keeps_none_of_ours()
    {
        await using var node = await NodeAsync();
        await PauseAsync(true);
        var id = await node.SubmitAsync(Task("main", "ok"));
        await db.HangfireBecomesAsync(id, "main", "Enqueued");
        var task = await db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", id);
        var method = typeof(TaskJob).GetMethod(nameof(TaskJob.Run))!; // it is there
        var stray = long.Parse(
            node.Hangfire.Create(
                new Hangfire.Common.Job(typeof(TaskJob), method, ["twin", task], "default"),
                new EnqueuedState("default")
            ),
            CultureInfo.InvariantCulture
        );
        // As after a crash between taking the note and deleting the job.
        await db.ScalarAsync<int>(
            "delete from sje.stray_background_jobs where hangfire_job_id = $1 returning 1",
            stray
        );
        await db.ScalarAsync<int>(
            "insert into hangfire.jobqueue (jobid, queue) values ($1, 'default'), ($2, 'default') returning 1",
            stray,
            await db.HangfireJobAsync(id)
        );

        await Eventually.GetAsync(
            () => db.ScalarAsync<string>("select statename from hangfire.job where id = $1", stray),
            s => s == "Deleted",
            "the stray is deleted"
        );
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from hangfire.jobqueue"));
        await PauseAsync(false);
        await db.ExecutionBecomesAsync(id, "succeeded");
        Assert.Equal("succeeded", await db.OutcomesAsync(id));

        // Of an ended task whose job somebody has removed.
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        await db.ScalarAsync<int>(
            "insert into hangfire.jobqueue (jobid, queue) values ($1, 'default') returning 1",
            await db.HangfireJobAsync(id)
        );
        await db.ScalarAsync<int>("delete from hangfire.job where id = $1 returning 1", await db.HangfireJobAsync(id));
        await Eventually.GetAsync(
            () => db.ScalarAsync<long>("select count(*) from hangfire.jobqueue"),
            n => n == 0,
            "nothing is left in Hangfire's own queue"
        );
    }

    [Fact]
    public async Task A_waiting_task_that_nobody_may_claim_is_given_free()
    {
        await using var node = await NodeAsync();
        await PauseAsync(true);
        var id = await node.SubmitAsync(Task("main", "ok"));
        await db.HangfireBecomesAsync(id, "main", "Enqueued");
        await db.ScalarAsync<int>("update sje.tasks set dispatched = false where execution_id = $1 returning 1", id);
        await PauseAsync(false);

        await db.ExecutionBecomesAsync(id, "succeeded");
        await ViewAuditor.AgreeAsync(db);
    }

    [Fact]
    public async Task Sweeps_over_views_that_agree_change_nothing_and_go_on_with_the_next_slice()
    {
        await using var node = await NodeAsync();
        var engineless = Task("main", "ok") with { Type = "nobody-has-this" };
        var ids = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            ids.Add(await node.SubmitAsync(i % 2 == 0 ? engineless : Task("main", "ok")));
        }

        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>(
                    "select count(*) from sje.finished_tasks where execution_id = any ($1)",
                    ids.ToArray()
                ) == 4,
            "half of them run"
        );
        await ViewAuditor.AgreeAsync(db);
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>("select count(*) from sje.all_tasks where hangfire_sync_at is not null")
                == 0,
            "nothing is flagged"
        );
        var states = await db.ScalarAsync<long>("select max(id) from hangfire.state");
        var swept = await db.ScalarAsync<DateTime>("select now()");

        await Eventually.TrueAsync(
            async () => await db.ScalarAsync<long>("select count(*) from sje.audits where swept_at > $1", swept) == 2,
            "both sweeps came round"
        );

        Assert.Equal(states, await db.ScalarAsync<long>("select max(id) from hangfire.state"));
        Assert.Equal(
            0,
            await db.ScalarAsync<long>("select count(*) from sje.all_tasks where hangfire_sync_at is not null")
        );
    }

    private async Task FalsifyAsync(Guid execution, string state) =>
        await db.ScalarAsync<int>(
            "update hangfire.job set statename = $2 where id = (select hangfire_job_id from sje.all_tasks where execution_id = $1) returning 1",
            execution,
            state
        );

    private async Task RemoveAsync(Guid execution)
    {
        var job = await db.HangfireJobAsync(execution);
        await db.ScalarAsync<int>("delete from hangfire.job where id = $1 returning 1", job);
        await Eventually.TrueAsync(
            async () => await db.HangfireJobAsync(execution) is var now && now > 0 && now != job,
            "another job"
        );
    }

    private async Task PauseAsync(bool pause) =>
        await db.ScalarAsync<int>(
            "update sje.queues set paused_at = case when $1 then now() end where name = 'default' returning 1",
            pause
        );

    private Task<TestNode> NodeAsync(ScriptedEngine? engine = null) =>
        StartAsync(db, engine: engine, services: s => s.AddSingleton(Quick));
}
