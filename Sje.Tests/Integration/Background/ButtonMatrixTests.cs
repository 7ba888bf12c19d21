using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Background;

/// <summary>Every button on a task's job in each state: from code, on the job's page, on a list; in the application as it is put together.</summary>
public sealed class ButtonMatrixTests(SjeFactory factory) : IClassFixture<SjeFactory>, IDisposable
{
    private static readonly string[] States = ["Enqueued", "Scheduled", "Processing", "Succeeded", "Failed", "Deleted"];

    private readonly DashboardClient dashboard = new(factory);

    private TestDatabase Db => factory.Clone;

    /// <summary>The dashboard has no list button for two of them.</summary>
    public static TheoryData<string, string, string> Buttons =>
        [
            .. from state in States
            from button in new[] { "delete", "requeue" }
            from via in new[] { "client", "page", "list" }
            where via != "list" || button == "requeue" || state is not ("Succeeded" or "Deleted")
            select (state, button, via),
        ];

    public void Dispose() => dashboard.Dispose();

    [Theory]
    [MemberData(nameof(Buttons))]
    public async Task A_button_does_to_the_task_what_it_says_and_both_views_tell_so(
        string state,
        string button,
        string via
    )
    {
        var execution = await InAsync(state);
        var job = await Db.HangfireJobAsync(execution);
        var attempts = await AttemptAsync(execution);

        await dashboard.PressAsync(via, button, state.ToLowerInvariant(), job);

        var (last, outcomes, meaning, kind) = (button, state) switch
        {
            ("delete", "Enqueued") => ("cancelled", null, "the task is cancelled", "task.cancelled"),
            ("delete", "Scheduled") => ("cancelled", "failed", "the task is cancelled", "task.cancelled"),
            ("delete", "Processing") => (
                "cancelled",
                "cancelled",
                "the task is being cancelled; attempt 1 has been asked to stop",
                "task.cancel_requested"
            ),
            ("delete", "Succeeded") => ("succeeded", "succeeded", "the succeeded task is dismissed", "task.dismissed"),
            ("delete", "Failed") => ("failed", "failed", "the failed task is dismissed", "task.dismissed"),
            ("delete", _) => ("cancelled", null, "the task had ended before, cancelled", null),
            (_, "Enqueued") => ("succeeded", "succeeded", "attempt 1 need not wait any longer", "task.queued"),
            (_, "Scheduled") => ("succeeded", "failed,succeeded", "attempt 2 need not wait any longer", "task.queued"),
            (_, "Processing") => (
                "succeeded",
                "restarted,succeeded",
                "restart requested; attempt 1 is still running, attempt 2 begins when it has stopped",
                "task.restart_requested"
            ),
            (_, "Succeeded") => ("succeeded", "succeeded,succeeded", "attempt 2 runs the task again", "task.queued"),
            (_, "Failed") => ("succeeded", "failed,succeeded", "attempt 2 runs the task again", "task.queued"),
            _ => ("succeeded", "succeeded", "attempt 1 runs the task again", "task.queued"),
        };
        await Db.ExecutionBecomesAsync(execution, last, 40);
        await Eventually.GetAsync(() => Db.OutcomesAsync(execution), o => o == outcomes, $"attempts {outcomes}", 40);
        await ViewAuditor.AgreeAsync(Db);
        Assert.Equal(
            (button, last) switch
            {
                ("delete", _) => "Deleted",
                (_, "succeeded") => "Succeeded",
                _ => "Failed",
            },
            await Db.ScalarAsync<string>("select statename from hangfire.job where id = $1", job)
        );
        Assert.Equal(job, await Db.HangfireJobAsync(execution));
        var who = via == "client" ? "by a program" : "in the dashboard by anonymous";
        var act = button == "delete" ? "deleted" : "requeued";
        Assert.Contains(
            await ViewAuditor.HistoryAsync(Db, job),
            s => s.State == (button == "delete" ? "Deleted" : "Enqueued") && s.Reason == $"{act} {who}: {meaning}"
        );
        if (kind is not null)
        {
            Assert.Equal(
                $"{act} {who}",
                await Db.ScalarAsync<string>(
                    "select data ->> 'reason' from sje.events where execution_id = $1 and kind = $2 and data ? 'reason' order by seq desc limit 1",
                    execution,
                    kind
                )
            );
        }

        Assert.Equal(
            last is "succeeded" && button == "delete" || last is "failed" && button == "delete",
            await Db.ScalarAsync<bool>(
                "select dismissed_at is not null from sje.all_tasks where execution_id = $1",
                execution
            )
        );
        Assert.InRange(await AttemptAsync(execution), attempts, attempts + 1);
    }

    [Fact]
    public async Task Delete_in_the_dashboard_ends_the_whole_tree_of_processes()
    {
        var execution = await SubmitAsync(
            "(setsid sh -c 'sleep 614 & sleep 614' &); (sleep 614 & sleep 614) & echo ready; wait"
        );
        await Db.HangfireBecomesAsync(execution, "main", "Processing");
        var task = await Db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", execution);
        await Eventually.GetAsync(
            () => System.Threading.Tasks.Task.FromResult(Carriers(task)),
            found => found >= 4,
            "the tree has grown",
            40
        );

        await dashboard.PressAsync("page", "delete", "", await Db.HangfireJobAsync(execution));

        await Db.ExecutionBecomesAsync(execution, "cancelled", 40);
        Assert.Equal(0, Carriers(task));
        await ViewAuditor.AgreeAsync(Db);
    }

    [Fact]
    public async Task A_requeue_while_a_delete_is_under_way_restarts_and_a_delete_while_a_requeue_is_under_way_cancels()
    {
        // It takes its time to stop, so that the second button comes while the first is still at work.
        const string Slow = "trap 'sleep 3; exit 9' TERM; while :; do sleep 0.1; done";
        var restarted = await SubmitAsync($"[ $SJE_ATTEMPT = 2 ] && exit 0; {Slow}");
        var cancelled = await SubmitAsync(Slow);
        await Db.HangfireBecomesAsync(restarted, "main", "Processing", 40);
        await Db.HangfireBecomesAsync(cancelled, "main", "Processing", 40);
        var (one, other) = (await Db.HangfireJobAsync(restarted), await Db.HangfireJobAsync(cancelled));

        await dashboard.PressAsync("page", "delete", "", one);
        await dashboard.PressAsync("page", "requeue", "", one);
        await dashboard.PressAsync("page", "requeue", "", other);
        await dashboard.PressAsync("page", "delete", "", other);

        await Db.ExecutionBecomesAsync(restarted, "succeeded", 40);
        await Db.ExecutionBecomesAsync(cancelled, "cancelled", 40);
        Assert.Equal("restarted,succeeded", await Db.OutcomesAsync(restarted));
        Assert.Equal("cancelled", await Db.OutcomesAsync(cancelled));
        await ViewAuditor.AgreeAsync(Db);
        Assert.Contains(
            await ViewAuditor.HistoryAsync(Db, one),
            s => s.Reason?.Contains("instead of the cancel, a restart requested", StringComparison.Ordinal) == true
        );
    }

    [Fact]
    public async Task More_than_a_thousand_jobs_are_deleted_and_requeued_at_once_in_seconds()
    {
        const int Jobs = 1_100;
        await Db.ScalarAsync<int>(
            "insert into sje.queues (name, paused_at) values ('bulk', now()) on conflict do nothing returning 1"
        );
        var intake = factory.Services.GetRequiredService<ExecutionIntake>();
        await intake.AcceptAsync(
            [.. Enumerable.Range(0, Jobs).Select(_ => Job("true", "bulk"))],
            CancellationToken.None
        );
        await Eventually.GetAsync(
            () => Db.ScalarAsync<long>("select count(*) from sje.tasks where queue = 'bulk' and dispatched"),
            n => n == Jobs,
            "all have their jobs",
            120
        );
        var ids = await Db.ScalarAsync<long[]>("select array_agg(hangfire_job_id) from sje.tasks where queue = 'bulk'");

        var clock = Stopwatch.StartNew();
        await dashboard.PressAsync("list", "delete", "enqueued", ids!); // all have their jobs
        var deleted = clock.Elapsed.TotalSeconds;
        Assert.Equal(
            Jobs,
            await Db.ScalarAsync<long>(
                "select count(*) from sje.finished_tasks where queue = 'bulk' and state = 'cancelled'"
            )
        );
        clock.Restart();
        await dashboard.PressAsync("list", "requeue", "deleted", ids!); // as above
        var requeued = clock.Elapsed.TotalSeconds;

        Assert.Equal(
            Jobs,
            await Db.ScalarAsync<long>(
                "select count(*) from sje.tasks where queue = 'bulk' and state = 'queued' and dispatched"
            )
        );
        await ViewAuditor.AgreeAsync(Db);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Jobs} deleted in {deleted:0.0} s, requeued in {requeued:0.0} s"
        );
        Assert.True(deleted < 60 && requeued < 60, $"deleted in {deleted:0.0} s, requeued in {requeued:0.0} s");
        await dashboard.PressAsync("list", "delete", "enqueued", ids!); // as above
    }

    private static int Carriers(Guid task) =>
        ProcessTable
            .Read()
            .Count(p => ProcessTable.CarriesEnvironment(p.Id, $"SJE_TASK_ID={task}", "SJE_ATTEMPT=1") == true);

    private static Submission Job(
        string command,
        string queue = "default",
        int maxAttempts = 1,
        string policy = "none"
    ) =>
        new()
        {
            Job = new JobSpec
            {
                Name = "buttons",
                Queue = queue,
                Tasks =
                [
                    new TaskSpec
                    {
                        Name = "main",
                        Type = "process",
                        Settings = new JsonObject { ["command"] = command },
                        Retry = new RetrySpec
                        {
                            MaxAttempts = maxAttempts,
                            InitialDelay = TimeSpan.FromHours(1),
                            MaxDelay = TimeSpan.FromHours(1),
                            Policy = policy,
                        },
                    },
                ],
                Canonical = new JsonObject { ["name"] = "buttons" },
            },
        };

    private async Task<Guid> SubmitAsync(
        string command,
        int maxAttempts = 1,
        string policy = "none",
        string queue = "default"
    )
    {
        var intake = factory.Services.GetRequiredService<ExecutionIntake>();
        var answers = await intake.AcceptAsync([Job(command, queue, maxAttempts, policy)], CancellationToken.None);
        var id = ((SubmissionAccepted)answers[0]).ExecutionId;
        await Eventually.GetAsync(() => Db.HangfireJobAsync(id), j => j > 0, "a background job", 40);
        return id;
    }

    /// <summary>An execution whose job shows this state. Its second attempt, and a first one that comes later, succeeds.</summary>
    private async Task<Guid> InAsync(string state)
    {
        Guid id;
        switch (state)
        {
            case "Enqueued":
                id = await DelayedAsync();
                break;
            case "Scheduled":
                id = await SubmitAsync("[ $SJE_ATTEMPT = 2 ]", 2, "fixed");
                break;
            case "Processing":
                id = await SubmitAsync("[ $SJE_ATTEMPT = 2 ] || sleep 613");
                break;
            case "Succeeded":
                id = await SubmitAsync("true");
                break;
            case "Failed":
                id = await SubmitAsync("[ $SJE_ATTEMPT = 2 ]");
                break;
            default:
                id = await DelayedAsync();
                await factory
                    .Services.GetRequiredService<ExecutionControl>()
                    .CancelAsync(id, "for the test", CancellationToken.None);
                break;
        }

        await Db.HangfireBecomesAsync(id, "main", state, 40);
        await ViewAuditor.AgreeAsync(Db);
        return id;
    }

    private async Task<Guid> DelayedAsync()
    {
        await Db.ScalarAsync<int>("update sje.queues set paused_at = now() where name = 'default' returning 1");
        var id = await SubmitAsync("true");
        await Db.ScalarAsync<int>(
            "update sje.tasks set available_at = now() + interval '1 hour' where execution_id = $1 returning 1",
            id
        );
        await Db.ScalarAsync<int>("update sje.queues set paused_at = null where name = 'default' returning 1");
        return id;
    }

    private Task<int> AttemptAsync(Guid execution) =>
        Db.ScalarAsync<int>("select attempt from sje.all_tasks where execution_id = $1", execution);
}
