using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>What Hangfire's history says when a worker with running tasks is asked to stop, and another one goes on.</summary>
[Collection(Alone.Name)]
public sealed partial class DrainTests(TestDatabase db) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-drain-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Running_tasks_go_back_to_Enqueued_and_succeed_on_the_next_worker_and_nothing_is_ever_Failed()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await using var first = Worker("first", drainSeconds: 8);
        await ReadyAsync("first");
        var saves = await node.SubmitAsync(
            Command(
                """
                echo $$ > saves.$SJE_ATTEMPT
                if [ -n "${SJE_CHECKPOINT:-}" ]; then cat "$SJE_CHECKPOINT" > resumed; exit 0; fi
                echo '{"step": 7}' > "$SJE_CHECKPOINT_OUT.new"; mv "$SJE_CHECKPOINT_OUT.new" "$SJE_CHECKPOINT_OUT"
                sleep 300
                """
            )
        );
        var savesAtTheEnd = await node.SubmitAsync(
            Command(
                """
                trap 'echo "{\"step\": 8}" > "$SJE_CHECKPOINT_OUT.new"; mv "$SJE_CHECKPOINT_OUT.new" "$SJE_CHECKPOINT_OUT"; exit 0' TERM
                echo $$ > late.$SJE_ATTEMPT
                if [ -n "${SJE_CHECKPOINT:-}" ]; then cat "$SJE_CHECKPOINT" > resumed-late; exit 0; fi
                while :; do sleep 0.1; done
                """
            )
        );
        var ignores = await node.SubmitAsync(
            Command(
                """
                trap '' TERM
                echo $$ > ignores.$SJE_ATTEMPT
                [ "$SJE_ATTEMPT" = 1 ] || exit 0
                while :; do sleep 0.1; done
                """
            )
        );
        var ends = await node.SubmitAsync(
            Command("echo $$ > ends.$SJE_ATTEMPT; while [ ! -e go ]; do sleep 0.1; done")
        );
        await ChildAsync("saves", 1);
        await ChildAsync("late", 1);
        var stubborn = await ChildAsync("ignores", 1);
        await ChildAsync("ends", 1);
        foreach (var id in new[] { saves, savesAtTheEnd, ignores, ends })
        {
            await db.HangfireBecomesAsync(id, "main", "Processing");
        }

        first.Signal("TERM");
        await File.WriteAllTextAsync(Path.Combine(folder, "go"), "");

        Assert.Equal(0, await first.EndAsync());
        Assert.False(IsAlive(stubborn));
        Assert.Equal("stopped", await db.ScalarAsync<string>("select state from sje.workers where name = 'first'"));
        foreach (var id in new[] { saves, savesAtTheEnd, ignores })
        {
            // The leaving worker writes it; where it could not in its last moment, another process does within seconds.
            await db.HangfireBecomesAsync(id, "main", "Enqueued", 30);
            Assert.Equal("Enqueued>Processing>Enqueued", await HistoryAsync(id));
            Assert.Equal(("queued", "drained"), (await db.TaskStateAsync(id), await db.OutcomesAsync(id)));
        }

        Assert.Equal("Enqueued>Processing>Succeeded", await HistoryAsync(ends));
        Assert.Equal("succeeded", await db.ExecutionStateAsync(ends));

        await using var second = Worker("second", drainSeconds: 8);
        foreach (var id in new[] { saves, savesAtTheEnd, ignores })
        {
            await db.ExecutionBecomesAsync(id, "succeeded", 60);
            await db.HangfireBecomesAsync(id, "main", "Succeeded");
            Assert.Equal("Enqueued>Processing>Enqueued>Processing>Succeeded", await HistoryAsync(id));
            Assert.Equal("drained,succeeded", await db.OutcomesAsync(id));
        }

        Assert.Equal(7, Step("resumed"));
        Assert.Equal(8, Step("resumed-late"));
        Assert.Equal(
            0,
            await db.ScalarAsync<int>(
                "select max(failures + lost) from sje.all_tasks where execution_id = any ($1)",
                new[] { saves, savesAtTheEnd, ignores, ends }
            )
        );
        Assert.Equal(
            0,
            await db.ScalarAsync<long>("select count(*) from hangfire.state where name in ('Failed', 'Scheduled')")
        );
    }

    [Fact]
    public async Task While_another_worker_is_there_it_takes_each_task_over_and_nothing_is_ever_Failed()
    {
        const int Tasks = 12;
        await using var node = await TestNode.StartAsync(db, worker: false);
        await using var first = Worker("going", drainSeconds: 0, slots: Tasks);
        await ReadyAsync("going");
        var ids = new List<Guid>();
        for (var i = 0; i < Tasks; i++)
        {
            ids.Add(
                await node.SubmitAsync(
                    Command(
                        $"echo $$ > many-{i}.$SJE_ATTEMPT; [ \"$SJE_ATTEMPT\" != 1 ] || sleep 300; sleep 0.{i % 10}"
                    )
                )
            );
        }

        for (var i = 0; i < Tasks; i++)
        {
            await ChildAsync($"many-{i}", 1);
        }

        await using var second = Worker("staying", drainSeconds: 0, slots: Tasks);
        await ReadyAsync("staying");
        first.Signal("TERM");

        Assert.Equal(0, await first.EndAsync());
        foreach (var id in ids)
        {
            await db.ExecutionBecomesAsync(id, "succeeded", 90);
            await db.HangfireBecomesAsync(id, "main", "Succeeded");
            Assert.Matches(TakenOver(), await HistoryAsync(id));
            Assert.Equal("drained,succeeded", await db.OutcomesAsync(id));
        }
    }

    private static TaskSpec Command(string script) =>
        new()
        {
            Name = "main",
            Type = "process",
            Settings = new JsonObject { ["command"] = script },
            // A failure would not be hidden by a retry.
            Retry = new RetrySpec { Policy = RetrySpec.None, MaxAttempts = 1 },
        };

    private static bool IsAlive(int process) =>
        File.Exists($"/proc/{process}/stat")
        && !File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);

    private Task<string?> HistoryAsync(Guid execution) =>
        db.ScalarAsync<string>(
            """
            select string_agg(s.name, '>' order by s.id) from hangfire.state s
            join sje.all_tasks t on t.hangfire_job_id = s.jobid where t.execution_id = $1
            """,
            execution
        );

    private int Step(string file) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(folder, file)))!["step"]!.GetValue<int>();

    private SjeProcess Worker(string name, int drainSeconds, int slots = 4) =>
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
                $"--worker:drainSeconds={drainSeconds}",
                "--execution:stopGraceSeconds=2",
                // No lease lapses here, however busy the machine is.
                "--worker:leaseSeconds=60",
            ]
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

    private async Task<int> ChildAsync(string name, int attempt)
    {
        var file = Path.Combine(folder, $"{name}.{attempt}");
        var text = await Eventually.GetAsync(
            async () => File.Exists(file) ? await File.ReadAllTextAsync(file) : "",
            t => t.EndsWith('\n'),
            $"attempt {attempt} of {name} runs",
            60
        );
        return int.Parse(text, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("^Enqueued>Processing(>Enqueued)?>Processing>Succeeded$")]
    private static partial Regex TakenOver();
}
