using System.Globalization;
using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>What Hangfire's pages read: queues, retries, counts.</summary>
public sealed class DashboardDataTests : IAsyncLifetime
{
    // What another test leaves waiting must not run here, where starts are counted.
    private readonly TestDatabase db = new();

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public ValueTask DisposeAsync() => db.DisposeAsync();

    [Fact]
    public async Task A_queue_lists_its_waiting_jobs_in_the_order_of_claiming_page_by_page()
    {
        await using var node = await StartAsync(db, worker: false);
        var queue = $"q-{Guid.NewGuid():N}";
        var low = await SubmitAsync(node, queue, -10);
        var first = await SubmitAsync(node, queue, 0);
        var second = await SubmitAsync(node, queue, 0);
        var urgent = await SubmitAsync(node, queue, 20);
        var jobs = new List<string>();
        foreach (var id in new[] { urgent, first, second, low })
        {
            jobs.Add((await JobOfAsync(id)).ToString(CultureInfo.InvariantCulture));
        }

        var monitor = Monitor(node);

        Assert.Equal(4, monitor.EnqueuedCount(queue));
        Assert.Equal(jobs, monitor.EnqueuedJobs(queue, 0, 10).Select(j => j.Key));
        Assert.Equal(jobs[1..3], monitor.EnqueuedJobs(queue, 1, 2).Select(j => j.Key));
        Assert.All(
            monitor.EnqueuedJobs(queue, 0, 10),
            j => Assert.True(j.Value is { InEnqueuedState: true, Job: not null, EnqueuedAt: not null })
        );
        var shown = Assert.Single(monitor.Queues(), q => q.Name == queue);
        Assert.Equal(jobs, shown.FirstJobs.Select(j => j.Key));
        Assert.Equal(0, monitor.EnqueuedCount("default"));
    }

    [Fact]
    public async Task A_queue_lists_its_running_jobs_as_fetched()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine);
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");

        var monitor = Monitor(node);

        Assert.Equal(1, monitor.FetchedCount("default"));
        var (job, what) = Assert.Single(monitor.FetchedJobs("default", 0, 10));
        Assert.Equal((await JobOfAsync(id)).ToString(CultureInfo.InvariantCulture), job);
        Assert.Equal("Processing", what.State);
        Assert.NotNull(what.FetchedAt);
        engine.Release();
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
    }

    [Fact]
    public async Task A_retry_is_on_the_page_of_retries_until_it_runs()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Slow("fail-once"));
        await db.HangfireBecomesAsync(id, "main", "Scheduled");
        Assert.True(await IsMarkedAsync(id));

        Assert.True(node.Hangfire.Requeue((await JobOfAsync(id)).ToString(CultureInfo.InvariantCulture)));

        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        Assert.False(await IsMarkedAsync(id));
    }

    [Fact]
    public async Task A_retry_that_is_cancelled_in_our_tables_leaves_the_page_of_retries()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Slow("fail"));
        await db.HangfireBecomesAsync(id, "main", "Scheduled");
        Assert.True(await IsMarkedAsync(id));

        await node.Control.CancelAsync(id, "no more", CancellationToken.None);

        await db.HangfireBecomesAsync(id, "main", "Deleted");
        Assert.False(await IsMarkedAsync(id));
    }

    [Fact]
    public async Task A_retry_that_the_reconciler_brings_up_is_on_the_page_of_retries()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Slow("fail-once"));
        await db.HangfireBecomesAsync(id, "main", "Scheduled");
        var job = await JobOfAsync(id);

        // As after a crash between our commit and Hangfire's.
        await db.ScalarAsync<int>("update hangfire.job set statename = 'Processing' where id = $1", job);
        await db.ScalarAsync<int>(
            "delete from hangfire.set where key = 'retries' and value = $1",
            job.ToString(CultureInfo.InvariantCulture)
        );
        await db.ScalarAsync<int>(
            "update sje.tasks set hangfire_sync_at = clock_timestamp() where execution_id = $1",
            id
        );

        await db.HangfireBecomesAsync(id, "main", "Scheduled");
        Assert.True(await IsMarkedAsync(id));
        await node.Control.CancelAsync(id, "seen", CancellationToken.None);
        await db.HangfireBecomesAsync(id, "main", "Deleted");
    }

    [Fact]
    public async Task A_late_success_of_a_worker_that_was_marked_dead_is_not_counted()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine);
        var before = Succeeded(node);
        var id = await node.SubmitAsync(Task("main", "zombie"));
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(engine.Started == 1), "attempt 1 runs");
        await db.ScalarAsync<int>("update sje.workers set state = 'dead', ended_at = now() where state = 'active'");
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(engine.Started == 2), "attempt 2 runs");
        engine.ReleaseNext();
        await db.HangfireBecomesAsync(id, "main", "Succeeded");

        engine.Release();
        await Eventually.TrueAsync(
            () => System.Threading.Tasks.Task.FromResult(engine.Running == 0),
            "attempt 1 has ended too"
        );
        // Its slot has let go of it when another task has gone through every slot.
        for (var i = 0; i < 4; i++)
        {
            var next = await node.SubmitAsync(Task("main", "ok"));
            await db.HangfireBecomesAsync(next, "main", "Succeeded");
        }

        Assert.Equal(before + 5, Succeeded(node));
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
    }

    private static long Succeeded(TestNode node) => Monitor(node).HourlySucceededJobs().Values.Sum();

    private static IMonitoringApi Monitor(TestNode node) =>
        node.Services.GetRequiredService<JobStorage>().GetMonitoringApi();

    private static Sje.Core.Jobs.TaskSpec Slow(string script)
    {
        var task = Task("main", script);
        return task with
        {
            Retry = task.Retry with { InitialDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) },
        };
    }

    private static async System.Threading.Tasks.Task<Guid> SubmitAsync(TestNode node, string queue, int priority)
    {
        var submission = Job(Task("main", "ok") with { Queue = queue });
        submission = submission with { Job = submission.Job with { Queue = queue, Priority = priority } };
        var accepted = await node.Intake.AcceptAsync([submission], CancellationToken.None);
        return ((SubmissionAccepted)accepted[0]).ExecutionId;
    }

    private System.Threading.Tasks.Task<bool> IsMarkedAsync(Guid execution) =>
        db.ScalarAsync<bool>(
            """
            select exists (select 1 from hangfire.set s join sje.all_tasks t on s.value = t.hangfire_job_id::text
                           where s.key = 'retries' and t.execution_id = $1)
            """,
            execution
        );

    private System.Threading.Tasks.Task<long> JobOfAsync(Guid execution) =>
        Eventually.GetAsync(() => db.HangfireJobAsync(execution), j => j > 0, "a background job");
}
