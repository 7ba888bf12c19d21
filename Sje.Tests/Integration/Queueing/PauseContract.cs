using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public abstract class PauseContract(string lane) : LaneContract(lane)
{
    private const string Held =
        "select count(*) from sje.tasks t join sje.executions e on e.id = t.execution_id where e.job_id = $1 and 'job' = any (t.holds)";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_waits_of_a_paused_job_and_what_is_submitted_waits_until_it_is_resumed()
    {
        await using var node = await StartAsync(options: o => o.Slots = 1);
        var job = await SaveAsync("paused");
        var running = await SubmitAsync(node, job, Task("main", "hold"));
        await Db.TaskBecomesAsync(running, "main", "running");
        var before = await SubmitAsync(node, job, Task("main", "ok"), Task("then", "ok", 3, "main"));

        Assert.True(await Pauses(node).PauseJobAsync("paused", Stop));
        Assert.True(await Pauses(node).PauseJobAsync("paused", Stop));
        var after = await SubmitAsync(node, job, Task("main", "ok"));
        var another = await node.SubmitAsync(Task("main", "ok"));
        node.Engine.Release();

        await Db.ExecutionBecomesAsync(running, "succeeded");
        await Db.ExecutionBecomesAsync(another, "succeeded");
        Assert.Equal("queued", await Db.ExecutionStateAsync(before));
        Assert.Equal("queued", await Db.ExecutionStateAsync(after));
        Assert.Equal(3, await Db.ScalarAsync<long>(Held, job));
        Assert.Equal("job 'paused' is paused", await ReasonAsync(node, after));

        Assert.True(await Pauses(node).ResumeJobAsync("paused", Stop));

        await Db.ExecutionBecomesAsync(before, "succeeded");
        await Db.ExecutionBecomesAsync(after, "succeeded");
        Assert.Equal(0, await Db.ScalarAsync<long>(Held, job));
        Assert.False(await Pauses(node).PauseJobAsync("nothing", Stop));
    }

    [Fact]
    public async Task A_task_that_runs_at_the_pause_is_not_tried_again_before_the_resume_and_a_retry_waits_too()
    {
        await using var node = await StartAsync();
        var job = await SaveAsync("paused");
        var failed = await SubmitAsync(node, job, Task("main", "fail", 1));
        await Db.ExecutionBecomesAsync(failed, "failed");
        var running = await SubmitAsync(node, job, Task("main", "zombie-fails"));
        await Db.TaskBecomesAsync(running, "main", "running");

        await Pauses(node).PauseJobAsync("paused", Stop);
        Assert.IsType<ChangeMade>(await node.Control.RetryAsync(failed, Stop));
        node.Engine.Release();
        node.Engine.ReleaseNext();

        await Db.TaskBecomesAsync(running, "main", "waiting_retry");
        await System.Threading.Tasks.Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Stop);
        Assert.Equal("waiting_retry", await Db.TaskStateAsync(running));
        Assert.Equal("queued", await Db.TaskStateAsync(failed));

        await Pauses(node).ResumeJobAsync("paused", Stop);

        await Db.ExecutionBecomesAsync(running, "succeeded");
        await Db.ExecutionBecomesAsync(failed, "failed");
        Assert.Equal("failed,failed", await Db.OutcomesAsync(failed));
    }

    [Fact]
    public async Task However_many_submit_while_it_is_paused_and_resumed_nothing_is_held_that_should_not_be()
    {
        await using var node = await StartAsync(worker: false);
        await using var other = await StartAsync(worker: false);
        var job = await SaveAsync("paused");
        for (var round = 0; round < 10; round++)
        {
            var paused = round % 2 == 0;
            var change = paused
                ? Pauses(other).PauseJobAsync("paused", Stop)
                : Pauses(other).ResumeJobAsync("paused", Stop);
            var submits = Enumerable.Range(0, 10).Select(_ => SubmitAsync(node, job, Task("main", "ok"))).ToList();
            await System.Threading.Tasks.Task.WhenAll([change, .. submits]);

            Assert.Equal(paused ? 10 * (round + 1) : 0, await Db.ScalarAsync<long>(Held, job));
        }
    }

    [Fact]
    public async Task What_waits_of_a_paused_job_goes_on_when_the_job_is_deleted()
    {
        await using var node = await StartAsync();
        var job = await SaveAsync("paused");
        await Pauses(node).PauseJobAsync("paused", Stop);
        var id = await SubmitAsync(node, job, Task("main", "ok"));

        await node.Services.GetRequiredService<JobStore>().DeleteAsync("paused", null, Stop);

        await Db.ExecutionBecomesAsync(id, "succeeded");
    }

    [Fact]
    public async Task A_drained_worker_hands_back_what_does_not_end_in_its_grace_and_goes_on_when_it_is_resumed()
    {
        await using var node = await StartAsync(options: o => o.DrainSeconds = 0.5);
        var session = node.Services.GetRequiredService<WorkerSession>();
        var workers = node.Services.GetRequiredService<WorkerReader>();
        var id = await node.SubmitAsync(Task("main", "hold"));
        await Db.TaskBecomesAsync(id, "main", "running");
        var busy = (await workers.FindAsync(session.Id, Stop))!;

        Assert.True(await Pauses(node).DrainWorkerAsync(session.Id, new PauseNote("me", "new kernel"), Stop));
        await Db.TaskBecomesAsync(id, "main", "queued");

        Assert.Equal("drained", await Db.OutcomesAsync(id));
        var drained = (await workers.FindAsync(session.Id, Stop))!;
        Assert.Equal(
            (WorkerCondition.Draining, "me", "new kernel", 0),
            (drained.Condition, drained.PausedBy, drained.PauseReason, drained.CurrentTasks.Count)
        );
        Assert.Equal("main", Assert.Single(busy.CurrentTasks).Task);
        Assert.True(drained.CpuUsed >= 0 && drained.MemoryUsedBytes > 1_000_000);

        Assert.True(await Pauses(node).ResumeWorkerAsync(session.Id, Stop));
        node.Engine.Release();
        await Db.ExecutionBecomesAsync(id, "succeeded");
        Assert.Equal(WorkerCondition.Alive, (await workers.FindAsync(session.Id, Stop))!.Condition);
    }

    [Fact]
    public async Task A_paused_worker_claims_nothing_until_it_is_resumed_and_another_takes_the_work()
    {
        await using var node = await StartAsync();
        var session = node.Services.GetRequiredService<WorkerSession>();
        var running = await node.SubmitAsync(Task("main", "hold"));
        await Db.TaskBecomesAsync(running, "main", "running");

        Assert.True(await Pauses(node).PauseWorkerAsync(session.Id, Stop));
        var id = await node.SubmitAsync(Task("main", "ok"));
        await Eventually.GetAsync(
            () => ReasonAsync(node, id),
            reason => reason == "every worker that could take it is paused",
            "the reason"
        );
        node.Engine.Release();
        await Db.ExecutionBecomesAsync(running, "succeeded");
        Assert.NotNull((await node.Services.GetRequiredService<WorkerReader>().FindAsync(session.Id, Stop))!.PausedAt);

        // It is the process that is paused, whatever becomes of its registration.
        await Db.ScalarAsync<int>(
            "update sje.workers set state = 'dead', ended_at = now() where id = $1 returning 1",
            session.Id
        );
        var old = session.Id;
        await Eventually.TrueAsync(
            () => System.Threading.Tasks.Task.FromResult(session.Id != old),
            "it has registered anew"
        );
        await System.Threading.Tasks.Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Stop);
        Assert.Equal("queued", await Db.TaskStateAsync(id));
        Assert.False(await Pauses(node).ResumeWorkerAsync(old, Stop));

        await using (var other = await StartAsync())
        {
            await Db.ExecutionBecomesAsync(id, "succeeded");
            Assert.Equal(1, other.Engine.Started);
        }

        var last = await node.SubmitAsync(Task("main", "ok"));
        Assert.True(await Pauses(node).ResumeWorkerAsync(session.Id, Stop));
        await Db.ExecutionBecomesAsync(last, "succeeded");
    }

    private static PauseControl Pauses(TestNode node) => node.Services.GetRequiredService<PauseControl>();

    private static async Task<string?> ReasonAsync(TestNode node, Guid id) =>
        (
            await node
                .Services.GetRequiredService<WaitReasons>()
                .ExplainAsync(await node.Services.GetRequiredService<TaskReader>().ListAsync(id, 0, 10, Stop), Stop)
        )
            .Values.FirstOrDefault()
            ?.Text;

    private Task<Guid> SaveAsync(string name) =>
        Db.ScalarAsync<Guid>(
            "insert into sje.jobs (id, name, spec) values (gen_random_uuid(), $1, '{}') returning id",
            name
        );

    private async Task<Guid> SubmitAsync(TestNode node, Guid job, params TaskSpec[] tasks)
    {
        var submission = Job(tasks);
        submission = submission with { JobId = job, Job = submission.Job with { Name = "paused" } };
        return ((SubmissionAccepted)(await node.Intake.AcceptAsync([submission], Stop))[0]).ExecutionId;
    }
}

public sealed class BackgroundPauseTests() : PauseContract(Lanes.Background);

public sealed class DirectPauseTests() : PauseContract(Lanes.Direct);
