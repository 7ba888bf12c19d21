using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos.Storm;

/// <summary>An auditor that finds nothing is worth nothing: each of its checks is seen to find what was planted for it.</summary>
public sealed class AuditorTests : IAsyncLifetime
{
    private readonly TestDatabase db = new();
    private readonly string effects = Path.GetTempFileName();
    private readonly List<StormAnswer> answers = [];

    public async ValueTask InitializeAsync()
    {
        await db.InitializeAsync();
        await using var node = await TestNode.StartAsync(db, options: o => o.Queues = ["default", "swarm"]);
        for (var i = 0; i < 3; i++)
        {
            var job = TestNode.Job(TestNode.Task("main", i == 2 ? "fail-once" : "ok"));
            job = job with { Job = job.Job with { Label = $"label-{i}" } };
            var accepted = (SubmissionAccepted)(await node.Intake.AcceptAsync([job], default))[0];
            answers.Add(new StormAnswer($"label-{i}", accepted.ExecutionId));
            await db.ExecutionBecomesAsync(accepted.ExecutionId, "succeeded", 60);
        }

        await ViewAuditor.AgreeAsync(db, 60);
    }

    public async ValueTask DisposeAsync()
    {
        await db.DisposeAsync();
        File.Delete(effects);
    }

    [Fact]
    public async Task What_is_in_order_passes()
    {
        var report = await AuditAsync();

        Assert.True(report.Clean, string.Join('\n', report.Findings));
        Assert.Equal("7 faults, 3 tasks, 0 lost, 0 doubled, 0 limit breaches, 0 orphans, 0 disagreements", report.Line);
    }

    [Fact]
    public async Task An_accepted_execution_that_is_gone_or_never_ends_is_lost()
    {
        await FindsAsync(
            r => r.Lost,
            "was accepted and is not there",
            () =>
            {
                answers.Add(new StormAnswer("label-9", Guid.NewGuid()));
                return Task.CompletedTask;
            }
        );
        await FindsAsync(
            r => r.Lost,
            "is running",
            () => RunAsync("update sje.executions set finished_at = null, state = 'running' where label = 'label-1'")
        );
    }

    [Fact]
    public async Task A_success_without_a_process_that_ended_is_lost_work()
    {
        await RunAsync("update sje.tasks set type = 'process'; update sje.finished_tasks set type = 'process'");
        await FindsAsync(r => r.Lost, "no process of it came to its end", () => Task.CompletedTask);
    }

    [Fact]
    public Task An_attempt_that_ended_twice_is_found() =>
        FindsAsync(
            r => r.Doubled,
            "ended 2 times",
            () =>
                RunAsync(
                    """
                    insert into sje.events (execution_id, task_id, kind, data)
                    select execution_id, task_id, 'task.note', data from sje.events where data ->> 'outcome' = 'succeeded' limit 1
                    """
                )
        );

    [Fact]
    public Task A_task_that_was_final_twice_is_found() =>
        FindsAsync(
            r => r.Doubled,
            "follows task.succeeded without a retry between",
            () =>
                RunAsync(
                    """
                    insert into sje.events (execution_id, task_id, kind)
                    select execution_id, task_id, 'task.failed' from sje.events where kind = 'task.succeeded' limit 1
                    """
                )
        );

    [Fact]
    public Task One_that_ran_again_after_its_end_is_found() =>
        FindsAsync(
            r => r.Doubled,
            "task.running of task",
            () =>
                RunAsync(
                    """
                    insert into sje.events (execution_id, task_id, kind)
                    select execution_id, task_id, 'task.running' from sje.events where kind = 'task.succeeded' limit 1
                    """
                )
        );

    [Fact]
    public async Task A_retry_that_is_written_down_is_in_order()
    {
        await RunAsync(
            """
            insert into sje.events (execution_id, task_id, kind)
            select execution_id, task_id, kind from (
                select execution_id, task_id from sje.events where kind = 'task.succeeded' limit 1) t,
                unnest(array['task.queued', 'task.running', 'task.succeeded']) with ordinality k(kind, nth) order by nth
            """
        );

        Assert.True((await AuditAsync()).Clean);
    }

    [Fact]
    public async Task One_submission_with_two_executions_is_found_in_the_database_and_in_what_was_told()
    {
        await FindsAsync(
            r => r.Doubled,
            "was answered with",
            () =>
            {
                answers.Add(answers[1] with { Label = "label-0" });
                return Task.CompletedTask;
            }
        );
        await FindsAsync(
            r => r.Doubled,
            "label-0 is 2 executions",
            () => RunAsync("update sje.executions set label = 'label-0' where label = 'label-1'")
        );
    }

    [Fact]
    public Task What_was_refused_and_runs_all_the_same_is_found() =>
        FindsAsync(
            r => r.Doubled,
            "was refused, and is stored",
            () =>
            {
                answers.Add(new StormAnswer("label-1", null));
                return Task.CompletedTask;
            }
        );

    [Fact]
    public Task A_state_that_another_attempt_has_written_is_found() =>
        FindsAsync(
            r => r.Doubled,
            "succeeded, and its last attempt 1 ended as lost",
            () => RunAsync("update sje.attempts set outcome = 'lost' where number = 1 and outcome = 'succeeded'")
        );

    [Fact]
    public Task Outputs_that_another_attempt_has_written_are_found() =>
        FindsAsync(
            r => r.Doubled,
            "has the outputs of attempt 7",
            () => RunAsync("update sje.finished_tasks set outputs = '{\"attempt\": 7}'")
        );

    [Fact]
    public Task An_attempt_that_is_not_written_down_is_found() =>
        FindsAsync(
            r => r.Doubled,
            "is at attempt 2, and 1 are written",
            () => RunAsync("delete from sje.attempts where number = 1 and outcome = 'failed'")
        );

    [Fact]
    public async Task Processes_that_ran_twice_or_at_once_or_for_nobody_are_found()
    {
        var task = await db.ScalarAsync<Guid>("select id from sje.finished_tasks where attempt = 2");
        await FindsAsync(r => r.Doubled, "ran 2 times", () => WriteAsync($"S {task} 1 x 1", $"S {task} 1 x 2"));
        await FindsAsync(
            r => r.Doubled,
            "attempts 1 and 2",
            () => WriteAsync($"S {task} 1 x 1", $"S {task} 2 x 5", $"E {task} 1 x 6")
        );
        await FindsAsync(r => r.Doubled, "nobody has written it down", () => WriteAsync($"S {task} 3 x 9"));
    }

    [Fact]
    public async Task More_at_once_than_may_is_found_for_queues_keys_slots_and_jobs()
    {
        // All attempts at the same time, and each of the tests of one limit.
        await RunAsync(
            """
            update sje.attempts set started_at = '2026-01-01', ended_at = '2026-01-01 00:01' where outcome = 'succeeded';
            update sje.finished_tasks set concurrency_key = 'shared';
            update sje.events set at = '2026-01-01' where execution_state = 'running';
            """
        );
        var report = await AuditAsync(
            new(
                new Dictionary<string, int> { ["default"] = 2 },
                new Dictionary<string, int> { ["shared"] = 2 },
                new Dictionary<string, int> { ["test"] = 2 }
            )
        );
        Assert.Equal(
            ["job test: 3", "key shared: 3", "queue default: 3"],
            report.Breaches.Select(line => line.Split(" at once")[0]).Order()
        );
        await FindsAsync(r => r.Breaches, "slots of worker", () => RunAsync("update sje.workers set slots = 2"));
        Assert.True(
            (
                await AuditAsync(
                    new(
                        new Dictionary<string, int> { ["default"] = 3 },
                        new Dictionary<string, int>(),
                        new Dictionary<string, int>()
                    )
                )
            ).Breaches.All(line => line.StartsWith("slots", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_view_of_Hangfires_that_says_otherwise_is_a_disagreement() =>
        await FindsAsync(
            r => r.Disagreements,
            "Hangfire shows Failed",
            () =>
                RunAsync(
                    "update hangfire.job set statename = 'Failed' where id = (select max(hangfire_job_id) from sje.finished_tasks)"
                )
        );

    [Fact]
    public async Task A_process_that_is_left_is_an_orphan_with_its_name()
    {
        var folder = Directory.CreateTempSubdirectory("sje-orphan-").FullName;
        using var left = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("sleep", ["60"])
            {
                Environment = { ["SJE_STORAGE_ROOT"] = folder, ["SJE_TASK_ID"] = "t-1" },
            }
        )!; // sleep is everywhere
        try
        {
            Assert.Contains("t-1", Assert.Single(Leftovers.Of(folder)), StringComparison.Ordinal);
            Assert.Empty(Leftovers.Of(folder + "-other"));
        }
        finally
        {
            left.Kill();
            await left.WaitForExitAsync();
            Directory.Delete(folder);
        }

        Assert.Empty(Leftovers.Of(folder));
    }

    private async Task FindsAsync(Func<StormReport, IReadOnlyList<string>> kind, string words, Func<Task> plant)
    {
        await plant();
        var report = await AuditAsync();
        Assert.Contains(kind(report), line => line.Contains(words, StringComparison.Ordinal));
        Assert.False(report.Clean);
    }

    private Task<StormReport> AuditAsync(StormLimits? limits = null) =>
        new Auditor(
            db,
            effects,
            limits ?? new(new Dictionary<string, int>(), new Dictionary<string, int>(), new Dictionary<string, int>())
        ).AuditAsync(answers, 7, []);

    private Task WriteAsync(params string[] lines) => File.WriteAllLinesAsync(effects, lines);

    private async Task RunAsync(string sql)
    {
        await using var command = db.Database.Main.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
