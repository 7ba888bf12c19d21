using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public class RetryTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private const string Process = "name: x\ntype: process\n";

    [Fact]
    public async Task An_exit_137_is_tried_again_as_where_resources_are_used_up_and_the_reason_says_so()
    {
        await using var node = await StartAsync(db);

        var id = await SubmitAsync(node, Process + "process: {command: 'exit 137'}");

        var reason = await RetryReasonAsync(id);
        Assert.Matches(
            "^attempt 1 failed \\(1 of 3\\): 'bash' was ended by SIGKILL \\(exit code 137\\) \\(killed\\); policy resource_exhausted; next in [0-9.]+ s$",
            reason
        );
        await db.ExecutionEndsAsync(node, id);
    }

    [Fact]
    public async Task What_the_log_tells_of_the_network_gives_the_failure_its_class_and_the_task_more_attempts()
    {
        await using var node = await StartAsync(db);

        var id = await SubmitAsync(node, Process + "process: {command: 'echo Connection refused >&2; exit 7'}");

        Assert.Contains("(1 of 5)", await RetryReasonAsync(id), StringComparison.Ordinal);
        Assert.Equal(
            "network 7 5",
            await db.ScalarAsync<string>(
                """
                select (a.error ->> 'class') || ' ' || (a.error ->> 'exitCode') || ' ' || t.max_attempts
                from sje.all_attempts a join sje.all_tasks t on t.id = a.task_id where a.execution_id = $1 and a.number = 1
                """,
                id
            )
        );
        await db.ExecutionEndsAsync(node, id);
    }

    [Fact]
    public async Task A_failure_that_the_job_calls_permanent_ends_the_task_at_once()
    {
        await using var node = await StartAsync(db);

        var id = await SubmitAsync(
            node,
            Process + "process: {command: 'exit 64'}\nretry: {maxAttempts: 9, on: [{exitCode: [64, 65], policy: none}]}"
        );

        await db.ExecutionBecomesAsync(id, "failed");
        Assert.Equal("failed", await db.OutcomesAsync(id));
        Assert.Equal(
            "attempt 1 failed for good: 'bash' ended with exit code 64 (exit_code); such a failure is permanent",
            await db.ScalarAsync<string>("select reason from sje.finished_tasks where execution_id = $1", id)
        );
    }

    [Fact]
    public async Task No_attempt_begins_later_than_allowed_after_the_first_and_an_explicit_retry_counts_anew()
    {
        await using var node = await StartAsync(db);
        const string Attempts = "select count(*) from sje.all_attempts where execution_id = $1";
        const string Latest = """
            select extract(epoch from max(started_at) - min(started_at))::float8 from sje.all_attempts where execution_id = $1 and number > $2
            """;

        var id = await SubmitAsync(
            node,
            """
            name: x
            type: scripted
            scripted: {script: fail}
            retry: {policy: fixed, initialDelay: 200ms, maxAttempts: 100, maxElapsed: 5s}
            """
        );

        await db.ExecutionBecomesAsync(id, "failed", 60);
        var first = (int)await db.ScalarAsync<long>(Attempts, id);
        Assert.InRange(first, 2, 26);
        // Without the limit a hundred attempts would take twenty seconds and more; a due one may be claimed late.
        Assert.InRange(await db.ScalarAsync<double>(Latest, id, 0), 0.2, 15);
        Assert.EndsWith(
            "the next attempt would begin later than 5s after the first",
            await db.ScalarAsync<string>("select reason from sje.finished_tasks where execution_id = $1", id),
            StringComparison.Ordinal
        );

        Assert.IsType<ChangeMade>(await node.Control.RetryAsync(id, CancellationToken.None));
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>(Attempts, id) >= first + 2 && await db.ExecutionStateAsync(id) == "failed",
            "more than one new attempt",
            60
        );
        Assert.InRange(await db.ScalarAsync<double>(Latest, id, first), 0.2, 15);
    }

    [Fact]
    public async Task A_wait_that_the_other_side_asks_for_is_kept()
    {
        await using var node = await StartAsync(db);

        var id = await SubmitAsync(node, "name: x\ntype: scripted\nscripted: {script: busy}");

        Assert.Contains(
            "policy temporary_failure; next in 3600 s",
            await RetryReasonAsync(id),
            StringComparison.Ordinal
        );
        Assert.InRange(
            await db.ScalarAsync<double>(
                "select extract(epoch from available_at - clock_timestamp())::float8 from sje.tasks where execution_id = $1",
                id
            ),
            3000,
            3600
        );
        await db.ExecutionEndsAsync(node, id);
    }

    [Fact]
    public async Task A_worker_that_does_not_know_a_policy_of_the_configuration_decides_by_it_all_the_same()
    {
        // The node knows the built-in policies alone.
        await using var node = await StartAsync(db);
        var policies = RetryPolicyOptions.ToPolicies(
            new Dictionary<string, RetryPolicyOptions>
            {
                ["four-times"] = new()
                {
                    Backoff = Backoff.Fixed,
                    InitialDelay = "50ms",
                    Jitter = Jitter.None,
                    MaxAttempts = 4,
                },
            }
        );

        var id = await SubmitAsync(
            node,
            "name: x\ntype: scripted\nscripted: {script: fail}\nretry: {policy: four-times}",
            policies
        );

        await db.ExecutionBecomesAsync(id, "failed");
        Assert.Equal("failed,failed,failed,failed", await db.OutcomesAsync(id));
        await db.HangfireBecomesAsync(id, "main", "Failed");
        Assert.Equal(
            "attempt 4 failed (4 of 4) for good: exit code 3 (exit_code); policy four-times",
            await db.ScalarAsync<string>(
                "select reason from hangfire.state where jobid = $1 order by id desc limit 1",
                await db.HangfireJobAsync(id)
            )
        );
    }

    private async Task<string> RetryReasonAsync(Guid id) =>
        await Eventually.GetAsync(
            () =>
                db.ScalarAsync<string>(
                    "select data ->> 'reason' from sje.events where execution_id = $1 and kind = 'task.waiting_retry' order by seq limit 1",
                    id
                ),
            reason => reason is not null,
            "a retry"
        ) ?? "";

    private static async Task<Guid> SubmitAsync(TestNode node, string text, RetryPolicies? policies = null)
    {
        var types = (TaskTypes)node.Services.GetService(typeof(TaskTypes))!;
        var read = new JobReader(types, policies ?? RetryPolicies.BuiltIn).Read(Encoding.UTF8.GetBytes(text));
        Assert.Empty(read.Faults);
        var accepted = await node.Intake.AcceptAsync(
            [new Submission { Job = read.Spec!, Parameters = new JsonObject() }],
            CancellationToken.None
        );
        return ((SubmissionAccepted)accepted[0]).ExecutionId;
    }
}

file static class Ends
{
    /// <summary>Puts away an execution that waits for its retry.</summary>
    public static async Task ExecutionEndsAsync(this TestDatabase db, TestNode node, Guid id)
    {
        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);
        await db.ExecutionBecomesAsync(id, "cancelled");
    }
}
