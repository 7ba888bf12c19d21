using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>Real workers in real processes, stopped and killed while their children run.</summary>
[Collection(Alone.Name)]
public sealed class WorkerDeathTests(TestDatabase db) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-chaos-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("default")]
    [InlineData("swarm")]
    public async Task A_killed_worker_takes_its_child_with_it_and_another_starts_attempt_2_within_ten_seconds(
        string queue
    )
    {
        await using var node = await TestNode.StartAsync(db, worker: false, queue: queue);
        await using var first = Worker("first");
        await ReadyAsync("first");
        var id = await node.SubmitAsync(Command("echo $$ > child.$SJE_ATTEMPT; sleep 60"));
        var child = await ChildAsync(1);
        await using var second = Worker("second");
        await ReadyAsync("second");

        var killed = Stopwatch.StartNew();
        first.Signal("KILL");

        await Eventually.TrueAsync(() => Yes(!IsAlive(child)), "the child is gone", 3);
        var next = await ChildAsync(2);
        Assert.True(killed.Elapsed.TotalSeconds < 10, $"attempt 2 started after {killed.Elapsed.TotalSeconds:0.0} s");
        Assert.Equal("lost,running", await db.OutcomesAsync(id));
        await ShowsAsync(id, "Processing", queue);

        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);
        await db.ExecutionBecomesAsync(id, "cancelled");
        Assert.False(IsAlive(next));
    }

    [Theory]
    [InlineData("default")]
    [InlineData("swarm")]
    public async Task A_worker_that_stands_still_past_its_lease_loses_child_and_task_and_changes_nothing_when_it_wakes(
        string queue
    )
    {
        await using var node = await TestNode.StartAsync(db, worker: false, queue: queue);
        await using var first = Worker("first");
        await ReadyAsync("first");
        var id = await node.SubmitAsync(
            Command("echo $$ > child.$SJE_ATTEMPT; sleep $((SJE_ATTEMPT == 1 ? 60 : 4)); echo done > end.$SJE_ATTEMPT")
        );
        var child = await ChildAsync(1);
        await using var second = Worker("second");
        await ReadyAsync("second");

        first.Signal("STOP");

        await ChildAsync(2);
        Assert.False(IsAlive(child));
        first.Signal("CONT");
        await Eventually.TrueAsync(
            () => Yes(first.Errors.Contains("marked dead", StringComparison.Ordinal)),
            "the first worker knows",
            20
        );
        Assert.Equal("lost,running", await db.OutcomesAsync(id));
        Assert.Equal("running", await db.TaskStateAsync(id));

        await db.ExecutionBecomesAsync(id, "succeeded", 40);
        await ShowsAsync(id, "Succeeded", queue);
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
        Assert.False(File.Exists(Path.Combine(folder, "end.1")));
        Assert.True(File.Exists(Path.Combine(folder, "end.2")));
    }

    [Theory]
    [InlineData("default")]
    [InlineData("swarm")]
    public async Task Two_workers_share_the_load_and_a_kill_among_many_jobs_ends_each_once(string queue)
    {
        const int Jobs = 200;
        await using var node = await TestNode.StartAsync(db, worker: false, queue: queue);
        await using var first = Worker("first", slots: 8);
        await using var second = Worker("second", slots: 8);
        await ReadyAsync("first");
        await ReadyAsync("second");
        var accepted = await node.Intake.AcceptAsync(
            [
                .. Enumerable
                    .Range(0, Jobs)
                    .Select(i => TestNode.Job(Command($"echo {i} >> ran.{i}") with { Queue = queue })),
            ],
            CancellationToken.None
        );
        var ids = accepted.Cast<SubmissionAccepted>().Select(a => a.ExecutionId).ToArray();

        await Eventually.TrueAsync(async () => await EndedAsync(ids) > Jobs / 4, "a quarter is done", 60);
        var shares = await db.ScalarAsync<long>(
            "select count(distinct worker_id) from sje.all_attempts where execution_id = any ($1)",
            ids
        );
        first.Signal("KILL");

        await Eventually.TrueAsync(async () => await EndedAsync(ids) == Jobs, "all have ended", 120);
        Assert.Equal(2, shares);
        Assert.Equal(
            Jobs,
            await db.ScalarAsync<long>(
                "select count(*) from sje.all_attempts where outcome = 'succeeded' and execution_id = any ($1)",
                ids
            )
        );
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>(
                    """
                    select count(*) from sje.finished_tasks t left join hangfire.job j on j.id = t.hangfire_job_id
                    where (j.statename = 'Succeeded' or t.lane = 'direct') and t.execution_id = any ($1)
                    """,
                    ids
                ) == Jobs,
            "both views agree",
            30
        );
    }

    [Theory]
    [InlineData("default")]
    [InlineData("swarm")]
    public async Task A_worker_that_is_asked_to_stop_hands_its_task_back_with_the_checkpoint(string queue)
    {
        await using var node = await TestNode.StartAsync(db, worker: false, queue: queue);
        await using var first = Worker("first");
        await ReadyAsync("first");
        var id = await node.SubmitAsync(
            Command(
                """
                echo $$ > child.$SJE_ATTEMPT
                if [ -n "${SJE_CHECKPOINT:-}" ]; then cat "$SJE_CHECKPOINT" > resumed; exit 0; fi
                echo '{"step": 7}' > "$SJE_CHECKPOINT_OUT.new"; mv "$SJE_CHECKPOINT_OUT.new" "$SJE_CHECKPOINT_OUT"
                sleep 60
                """
            )
        );
        await ChildAsync(1);
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>("select count(*) from sje.checkpoints where execution_id = $1", id) == 1,
            "a checkpoint"
        );

        first.Signal("TERM");
        Assert.Equal(0, await first.EndAsync());
        Assert.Equal("drained", await db.OutcomesAsync(id));
        await using var second = Worker("second");

        await db.ExecutionBecomesAsync(id, "succeeded", 30);
        Assert.Equal("drained,succeeded", await db.OutcomesAsync(id));
        Assert.Equal(
            7,
            JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, "resumed")))!["step"]!.GetValue<int>()
        );
    }

    [Theory]
    [InlineData("default")]
    [InlineData("swarm")]
    public async Task The_example_goes_on_from_its_checkpoint_where_its_worker_was_killed(string queue)
    {
        var read = new JobReader(BuiltInEngines.Types()).Read(
            await File.ReadAllBytesAsync(RepositoryFiles.Path("examples", "checkpointed-command.yaml"))
        );
        Assert.Empty(read.Faults);
        Directory.CreateDirectory(Path.Combine(folder, "examples"));
        File.Copy(
            RepositoryFiles.Path("examples", "checkpointed.py"),
            Path.Combine(folder, "examples", "checkpointed.py")
        );
        await using var node = await TestNode.StartAsync(db, worker: false, queue: queue);
        await using var first = Worker("first");
        await ReadyAsync("first");
        var answers = await node.Intake.AcceptAsync(
            [
                new Submission
                {
                    Job = read.Spec! with { Queue = queue },
                    Parameters = ParameterBinder
                        .Bind(read.Spec!, new JsonObject { ["steps"] = 40, ["pause"] = 0.1 })
                        .Values,
                },
            ],
            CancellationToken.None
        );
        var id = ((SubmissionAccepted)answers[0]).ExecutionId;
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<int?>(
                    "select (body ->> 'done')::int from sje.checkpoints where execution_id = $1",
                    id
                ) > 4,
            "some steps are saved",
            60
        );

        first.Signal("KILL");
        await using var second = Worker("second");

        await db.ExecutionBecomesAsync(id, "succeeded", 60);
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
        Assert.InRange(
            await db.ScalarAsync<int>(
                "select (outputs ->> 'resumedAt')::int from sje.finished_tasks where execution_id = $1",
                id
            ),
            5,
            39
        );
        Assert.Equal(
            40 * 41 / 2,
            await db.ScalarAsync<int>(
                "select (outputs ->> 'sum')::int from sje.finished_tasks where execution_id = $1",
                id
            )
        );
    }

    private static TaskSpec Command(string script) =>
        new()
        {
            Name = "main",
            Type = "process",
            Settings = new JsonObject { ["command"] = script },
        };

    /// <summary>On the background lane Hangfire shows it so; on the direct lane there is nothing to show.</summary>
    private Task ShowsAsync(Guid execution, string state, string queue) =>
        queue == "swarm" ? Task.CompletedTask : db.HangfireBecomesAsync(execution, "main", state);

    private static Task<bool> Yes(bool value) => Task.FromResult(value);

    private static bool IsAlive(int process) =>
        File.Exists($"/proc/{process}/stat")
        && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);

    private SjeProcess Worker(string name, int slots = 4) =>
        SjeProcess.Start(
            folder,
            [
                "worker",
                "--name",
                name,
                "--slots",
                slots.ToString(CultureInfo.InvariantCulture),
                "--db",
                db.ConnectionString,
            ],
            new Dictionary<string, string>
            {
                ["SJE_WORKER__DRAINSECONDS"] = "1",
                ["SJE_WORKER__DIRECTSLOTS"] = slots.ToString(CultureInfo.InvariantCulture),
            }
        );

    private Task ReadyAsync(string name) =>
        Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>(
                    "select count(*) from sje.workers where name = $1 and state = 'active' and lease_until > now()",
                    name
                ) == 1,
            $"worker {name} is there",
            60
        );

    private async Task<int> ChildAsync(int attempt)
    {
        var file = Path.Combine(folder, $"child.{attempt}");
        var text = await Eventually.GetAsync(
            async () => File.Exists(file) ? await File.ReadAllTextAsync(file) : "",
            t => t.EndsWith('\n'),
            $"attempt {attempt} runs",
            30
        );
        return int.Parse(text, CultureInfo.InvariantCulture);
    }

    private Task<long> EndedAsync(Guid[] ids) =>
        db.ScalarAsync<long>("select count(*) from sje.executions where state = 'succeeded' and id = any ($1)", ids);
}
