using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

/// <summary>What tasks share: a queue among tenants, a key, the starts of a queue, a job's executions, a target out of order.</summary>
public abstract class ShareContract(string lane) : LaneContract(lane)
{
    private QueueSettings Settings => new(Queue, Background ? Lanes.Background : Lanes.Direct);

    [Fact]
    public async Task A_tenant_with_a_thousand_tasks_delays_the_single_one_of_another_by_no_more_than_a_few_starts()
    {
        await using var accepting = await StartAsync(worker: false);
        var many = Enumerable.Range(0, 1_000).Select(_ => Job(Task("main", "ok")) with { Tenant = "many" });
        await accepting.Intake.AcceptAsync([.. many], CancellationToken.None);
        var single = Accepted(
            await accepting.Intake.AcceptAsync(
                [Job(Task("main", "ok")) with { Tenant = "few" }],
                CancellationToken.None
            )
        );
        await AllCanBeClaimedAsync();
        await using var node = await StartAsync(options: o => o.Slots = 2);

        await Db.ExecutionBecomesAsync(single, "succeeded");

        Assert.InRange(await StartsBeforeAsync(single), 0, 6);
    }

    [Fact]
    public async Task Tenants_share_a_queue_by_their_weights()
    {
        await using var accepting = await StartAsync(worker: false);
        await accepting.Services.GetRequiredService<LimitControl>().SaveTenantAsync("heavy", 3, CancellationToken.None);
        await accepting.Intake.AcceptAsync(
            [
                .. Enumerable
                    .Range(0, 240)
                    .Select(i => Job(Task("main", "ok")) with { Tenant = i < 120 ? "light" : "heavy" }),
            ],
            CancellationToken.None
        );
        await AllCanBeClaimedAsync();
        await using var node = await StartAsync(options: o => o.Slots = 4);

        await EndedAsync(240);

        // Of the first 80 starts: a quarter and three quarters, give or take what was under way at a time.
        Assert.InRange(
            await Db.ScalarAsync<long>(
                """
                select count(*) from (
                    select e.tenant from sje.all_attempts a join sje.executions e on e.id = a.execution_id
                    order by a.started_at limit 80) first
                where tenant = 'light'
                """
            ),
            14,
            26
        );
    }

    [Fact]
    public async Task No_more_with_a_key_run_at_once_than_it_says_over_queues_workers_retries_and_a_death()
    {
        const int Limit = 3;
        var engine = new ScriptedEngine();
        await using var first = await StartAsync(engine: engine, options: o => (o.Slots, o.Queues) = (16, ["*"]));
        await using var second = await StartAsync(engine: engine, options: o => (o.Slots, o.Queues) = (16, ["*"]));
        await first
            .Services.GetRequiredService<QueueControl>()
            .SaveAsync(Settings with { Name = "beside" }, CancellationToken.None);
        var key = new ConcurrencyKey("shared", Limit);
        var ids = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            var task = Task("main", i % 3 == 0 ? "fail-once" : "ok") with { ConcurrencyKey = key };
            var job = Job(task);
            job = job with { Job = job.Job with { Queue = i % 2 == 0 ? Queue : "beside" } };
            ids.Add(Accepted(await first.Intake.AcceptAsync([job], CancellationToken.None)));
        }

        var worker = first.Services.GetRequiredService<WorkerSession>().Id;
        await Db.ScalarAsync<int>(
            "update sje.workers set state = 'dead', ended_at = now() where id = $1 returning 1",
            worker
        );

        foreach (var id in ids)
        {
            await Db.ExecutionBecomesAsync(id, "succeeded", 60);
        }

        Assert.InRange(await MostAtOnceAsync(), 1, Limit);
    }

    [Fact]
    public async Task A_used_up_key_does_not_hold_up_what_stands_behind_it_and_says_so()
    {
        await using var node = await StartAsync(options: o => o.Slots = 4);
        var key = new ConcurrencyKey("shared", 1);
        await node.SubmitAsync(Task("main", "hold") with { ConcurrencyKey = key });
        await RunningAsync(node, 1);
        var waiting = await node.SubmitAsync(Task("main", "ok") with { ConcurrencyKey = key });

        await Db.ExecutionBecomesAsync(await node.SubmitAsync(Task("main", "ok")), "succeeded");
        Assert.Equal("queued", await Db.TaskStateAsync(waiting));
        await SaysAsync(node, waiting, "concurrency key 'shared' has 1 of 1 tasks running");

        await node.Services.GetRequiredService<LimitControl>().SaveKeyAsync("shared", 2, CancellationToken.None);
        await Db.ExecutionBecomesAsync(waiting, "succeeded");

        // Set by hand, it is no longer the jobs' to change.
        await node.SubmitAsync(Task("main", "ok") with { ConcurrencyKey = key });
        Assert.Equal(
            2,
            await Db.ScalarAsync<int>("select max_running from sje.concurrency_keys where name = 'shared'")
        );
        node.Engine.Release();
    }

    [Fact]
    public async Task A_forgotten_key_still_counts_for_a_task_that_is_run_again()
    {
        await using var node = await StartAsync();
        var control = node.Services.GetRequiredService<LimitControl>();
        var limits = node.Services.GetRequiredService<LimitReader>();
        var id = await node.SubmitAsync(Task("main", "fail", 1) with { ConcurrencyKey = new("shared", 1) });
        await Db.ExecutionBecomesAsync(id, "failed");

        Assert.True(await control.ForgetKeyAsync("shared", CancellationToken.None));
        Assert.False(await control.ForgetKeyAsync("shared", CancellationToken.None));
        Assert.Null(await limits.FindKeyAsync("shared", CancellationToken.None));

        await node.Control.RetryAsync(id, CancellationToken.None);
        await Eventually.TrueAsync(async () => await Db.OutcomesAsync(id) == "failed,failed", "it has run again");
    }

    [Fact]
    public async Task No_more_of_a_queue_start_in_its_stretch_of_time_than_may_over_all_workers()
    {
        await using var first = await StartAsync();
        await using var second = await StartAsync();
        await first
            .Services.GetRequiredService<QueueControl>()
            .SaveAsync(Settings with { MaxStarts = 4, Per = TimeSpan.FromSeconds(1) }, CancellationToken.None);
        await first.Intake.AcceptAsync(
            [.. Enumerable.Range(0, 14).Select(i => Job(Task("main", i % 5 == 0 ? "fail-once" : "ok")))],
            CancellationToken.None
        );

        await EndedAsync(14);

        Assert.Equal(
            17,
            await Db.ScalarAsync<long>("select count(*) from sje.all_attempts where outcome <> 'released'")
        );
        Assert.InRange(
            await Db.ScalarAsync<long>(
                """
                select max(n) from (
                    select (select count(*) from sje.all_attempts o
                        where o.started_at >= a.started_at and o.started_at < a.started_at + interval '1 second') as n
                    from sje.all_attempts a) at_once
                """
            ),
            1,
            4
        );
        // Not slower than it has to be, either: 17 starts of 4 a second take a little over 4 s.
        Assert.InRange(
            await Db.ScalarAsync<double>(
                "select extract(epoch from max(started_at) - min(started_at))::float8 from sje.all_attempts"
            ),
            4,
            15
        );
    }

    [Fact]
    public async Task One_more_execution_of_a_job_than_may_go_on_waits_for_its_turn()
    {
        await using var node = await StartAsync();
        await using var other = await StartAsync();
        var results = await System.Threading.Tasks.Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(i =>
                    (i % 2 == 0 ? node : other).Intake.AcceptAsync(
                        [Limited(2, ConcurrencyPolicy.Queue, Task("a", "fail-once"), Task("b", "ok", 3, "a"))],
                        CancellationToken.None
                    )
                )
        );

        foreach (var result in results)
        {
            await Db.ExecutionBecomesAsync(Accepted(result), "succeeded", 60);
        }

        // An execution has its place from its admission to its end, also while its task waits for a retry.
        Assert.InRange(
            await Db.ScalarAsync<long>(
                """
                select max(n) from (
                    select (select count(*) from sje.executions o where o.admitted_at <= e.admitted_at and o.finished_at > e.admitted_at) as n
                    from sje.executions e) at_once
                """
            ),
            2,
            2
        );
    }

    [Fact]
    public async Task What_waits_for_its_turn_says_so_and_is_admitted_by_priority_also_after_a_retry()
    {
        await using var node = await StartAsync();
        var first = Accepted(
            await node.Intake.AcceptAsync([Limited(1, ConcurrencyPolicy.Queue, Task("main", "hold"))], default)
        );
        await RunningAsync(node, 1);
        var low = Accepted(
            await node.Intake.AcceptAsync([Limited(1, ConcurrencyPolicy.Queue, Task("main", "fail", 1))], default)
        );
        var urgent = Limited(1, ConcurrencyPolicy.Queue, Task("main", "ok"));
        var high = Accepted(
            await node.Intake.AcceptAsync([urgent with { Job = urgent.Job with { Priority = 20 } }], default)
        );
        await SaysAsync(node, low, "job 'test' has 1 of 1 executions going on");
        Assert.Equal("queued", await Db.TaskStateAsync(low));

        node.Engine.Release();
        await Db.ExecutionBecomesAsync(first, "succeeded");
        await Db.ExecutionBecomesAsync(high, "succeeded");
        await Db.ExecutionBecomesAsync(low, "failed");
        Assert.True(
            await Db.ScalarAsync<bool>(
                "select (select admitted_at from sje.executions where id = $1) < (select admitted_at from sje.executions where id = $2)",
                high,
                low
            )
        );

        // A retry of one that had ended has to be admitted like any other.
        var held = Accepted(
            await node.Intake.AcceptAsync([Limited(1, ConcurrencyPolicy.Queue, Task("main", "wait"))], default)
        );
        await Db.TaskBecomesAsync(held, "main", "running");
        await node.Control.RetryAsync(low, CancellationToken.None);
        await System.Threading.Tasks.Task.Delay(TimeSpan.FromSeconds(1.5), TimeProvider.System);
        Assert.Equal("queued", await Db.TaskStateAsync(low));
        await node.Control.CancelAsync(held, "enough", CancellationToken.None);
        await Db.ExecutionBecomesAsync(low, "failed");
    }

    [Fact]
    public async Task One_more_is_skipped_cancelled_or_replaces_the_oldest_as_its_policy_says()
    {
        await using var node = await StartAsync();
        var first = Accepted(
            await node.Intake.AcceptAsync([Limited(1, ConcurrencyPolicy.Skip, Task("main", "wait"))], default)
        );
        await RunningAsync(node, 1);

        var skipped = await node.Intake.AcceptAsync([Limited(1, ConcurrencyPolicy.Skip, Task("main", "ok"))], default);
        Assert.Equal(ExecutionState.Succeeded, ((SubmissionAccepted)skipped[0]).State);
        Assert.Equal("skipped", await Db.TaskStateAsync(Accepted(skipped)));
        await Db.ExecutionBecomesAsync(Accepted(skipped), "succeeded");

        var cancelled = await node.Intake.AcceptAsync(
            [Limited(1, ConcurrencyPolicy.Cancel, Task("main", "ok"), Task("then", "ok", 3, "main"))],
            default
        );
        Assert.Equal(ExecutionState.Cancelled, ((SubmissionAccepted)cancelled[0]).State);
        await Db.ExecutionBecomesAsync(Accepted(cancelled), "cancelled");
        Assert.Equal("running", await Db.TaskStateAsync(first));

        // Three at once: only the last of them is left to run, and not before the first has really stopped.
        var replacing = await node.Intake.AcceptAsync(
            [
                Limited(1, ConcurrencyPolicy.Replace, Task("main", "ok")),
                Limited(1, ConcurrencyPolicy.Replace, Task("main", "ok")),
                Limited(1, ConcurrencyPolicy.Replace, Task("main", "ok")),
            ],
            default
        );
        var ids = replacing.Select(r => ((SubmissionAccepted)r).ExecutionId).ToList();
        await Db.ExecutionBecomesAsync(first, "cancelled");
        await Db.ExecutionBecomesAsync(ids[0], "cancelled");
        await Db.ExecutionBecomesAsync(ids[1], "cancelled");
        await Db.ExecutionBecomesAsync(ids[2], "succeeded");
        Assert.Equal(1, node.Engine.MostRunning);
        Assert.Equal(2, node.Engine.Started);
        await ShowsAsync(first, "main", "Deleted");
    }

    [Fact]
    public async Task A_target_that_fails_is_left_alone_then_tried_by_one_task_at_a_time_and_costs_no_attempts_meanwhile()
    {
        await using var node = await StartAsync(
            options: o => o.Slots = 8,
            breakers: o => (o.Failures, o.OpenSeconds, o.Successes) = (3, 1.5, 2)
        );
        var broken = new List<Guid>();
        for (var i = 0; i < 3; i++)
        {
            broken.Add(await node.SubmitAsync(Task("main", "down", 1) with { Target = "http:a" }));
        }

        foreach (var id in broken)
        {
            await Db.ExecutionBecomesAsync(id, "failed");
        }

        var waiting = new List<Guid>();
        for (var i = 0; i < 6; i++)
        {
            waiting.Add(await node.SubmitAsync(Task("main", "ok", 1) with { Target = "http:a" }));
        }

        // Another target, and none, are not held up.
        await Db.ExecutionBecomesAsync(
            await node.SubmitAsync(Task("main", "ok") with { Target = "http:b" }),
            "succeeded"
        );
        await Db.ExecutionBecomesAsync(await node.SubmitAsync(Task("main", "ok")), "succeeded");

        foreach (var id in waiting)
        {
            await Db.ExecutionBecomesAsync(id, "succeeded");
        }

        Assert.Equal(
            "closed",
            await Db.ScalarAsync<string>("select state from sje.circuit_breakers where target = 'http:a'")
        );
        // Nothing was started while it was open, and the first two after it one by one.
        Assert.InRange(
            await Db.ScalarAsync<double>(
                """
                select extract(epoch from min(started_at) - (select max(ended_at) from sje.all_attempts where outcome = 'failed'))::float8
                from sje.all_attempts where execution_id = any ($1)
                """,
                waiting.ToArray()
            ),
            1.4,
            15
        );
        Assert.True(
            await Db.ScalarAsync<bool>(
                """
                with a as (
                    select started_at, ended_at, row_number() over (order by started_at) as n from sje.all_attempts where execution_id = any ($1))
                select (select started_at from a where n = 2) >= (select ended_at from a where n = 1)
                    and (select started_at from a where n = 3) >= (select ended_at from a where n = 2)
                """,
                waiting.ToArray()
            )
        );
        Assert.Equal(
            6L,
            await Db.ScalarAsync<long>(
                "select count(*) from sje.all_attempts where execution_id = any ($1)",
                waiting.ToArray()
            )
        );
    }

    [Fact]
    public async Task Tasks_of_a_broken_target_do_not_stand_before_others()
    {
        await using var node = await StartAsync(
            options: o => o.Slots = 2,
            breakers: o => (o.Failures, o.OpenSeconds, o.Successes) = (1, 3600, 1)
        );
        await Db.ExecutionBecomesAsync(
            await node.SubmitAsync(Task("main", "down", 1) with { Target = "http:a" }),
            "failed"
        );
        for (var i = 0; i < 20; i++)
        {
            await node.SubmitAsync(Task("main", "ok") with { Target = "http:a" });
        }

        // More of them are older than it than the worker has room for.
        await Db.ExecutionBecomesAsync(await node.SubmitAsync(Task("main", "ok")), "succeeded");
        await Db.ExecutionBecomesAsync(
            await node.SubmitAsync(Task("main", "ok") with { Target = "http:b" }),
            "succeeded"
        );

        Assert.Equal(
            20L,
            await Db.ScalarAsync<long>("select count(*) from sje.tasks where target = 'http:a' and state = 'queued'")
        );
    }

    [Fact]
    public async Task An_open_breaker_is_seen_explained_and_reset()
    {
        await using var node = await StartAsync(breakers: o => (o.Failures, o.OpenSeconds, o.Successes) = (1, 3600, 1));
        await Db.ExecutionBecomesAsync(
            await node.SubmitAsync(Task("main", "down", 1) with { Target = "sql:x" }),
            "failed"
        );
        var waiting = await node.SubmitAsync(Task("main", "ok") with { Target = "sql:x" });
        await Eventually.TrueAsync(
            async () =>
                await node.Services.GetRequiredService<LimitReader>().FindBreakerAsync("sql:x", default)
                    is { State: "open", Failures: 1, Waiting: 1, LastError: "gone" },
            "it is open"
        );
        await SaysAsync(node, waiting, "the circuit breaker of 'sql:x' is open until ");

        Assert.False(await node.Services.GetRequiredService<CircuitBreakers>().ResetAsync("sql:y", default));
        Assert.True(await node.Services.GetRequiredService<CircuitBreakers>().ResetAsync("sql:x", default));

        await Db.ExecutionBecomesAsync(waiting, "succeeded");
    }

    private static Guid Accepted(IReadOnlyList<IntakeResult> results) =>
        ((SubmissionAccepted)results.Single()).ExecutionId;

    private Submission Limited(int max, ConcurrencyPolicy policy, params TaskSpec[] tasks)
    {
        var job = Job(tasks);
        return job with { Job = job.Job with { Concurrency = new ConcurrencySpec(max, policy) } };
    }

    private Task AllCanBeClaimedAsync() =>
        Eventually.TrueAsync(
            async () =>
                await Db.ScalarAsync<long>("select count(*) from sje.tasks where state = 'queued' and not dispatched")
                == 0,
            "all can be claimed",
            60
        );

    private Task EndedAsync(int executions) =>
        Eventually.TrueAsync(
            async () =>
                await Db.ScalarAsync<long>("select count(*) from sje.executions where state = 'succeeded'")
                == executions,
            "all have succeeded",
            60
        );

    private static Task RunningAsync(TestNode node, int count) =>
        Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(node.Engine.Running == count), "they run");

    private Task<long> StartsBeforeAsync(Guid execution) =>
        Db.ScalarAsync<long>(
            "select count(*) from sje.all_attempts where started_at < (select min(started_at) from sje.all_attempts where execution_id = $1)",
            execution
        );

    private Task<long> MostAtOnceAsync() =>
        Db.ScalarAsync<long>(
            """
            select max(n) from (
                select (select count(*) from sje.all_attempts o where o.started_at <= a.started_at and o.ended_at > a.started_at) as n
                from sje.all_attempts a) at_once
            """
        );

    private static async Task SaysAsync(TestNode node, Guid execution, string reason)
    {
        var reader = node.Services.GetRequiredService<TaskReader>();
        await Eventually.GetAsync(
            async () =>
                (
                    await node
                        .Services.GetRequiredService<WaitReasons>()
                        .ExplainAsync(
                            await reader.ListAsync(execution, 0, 10, CancellationToken.None),
                            CancellationToken.None
                        )
                ).Values.First(),
            said => said.Text.StartsWith(reason, StringComparison.Ordinal),
            "the reason"
        );
    }
}

/// <summary>On the background lane.</summary>
public sealed class BackgroundShareTests() : ShareContract(Lanes.Background);

/// <summary>On the direct lane.</summary>
public sealed class DirectShareTests() : ShareContract(Lanes.Direct);
