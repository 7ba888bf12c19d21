using Npgsql;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public abstract class TakeoverContract(string lane) : LaneContract(lane)
{
    [Theory]
    [InlineData("zombie")]
    [InlineData("zombie-fails")]
    public async Task A_late_result_of_a_worker_that_was_marked_dead_changes_neither_view(string script)
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(engine: engine);
        var id = await node.SubmitAsync(Task("main", script));
        await Eventually.TrueAsync(() => Yes(engine.Started == 1), "attempt 1 runs");

        await Db.ScalarAsync<int>("update sje.workers set state = 'dead', ended_at = now() where state = 'active'");
        await Eventually.TrueAsync(() => Yes(engine.Started == 2), "attempt 2 runs");
        engine.Release();
        await Eventually.GetAsync(
            () =>
                Db.ScalarAsync<long>(
                    "select count(*) from sje.tasks where execution_id = $1 and attempt = 2 and state = 'running'",
                    id
                ),
            n => n == 1,
            "attempt 2 owns the task"
        );
        await ShowsAsync(id, "main", "Processing");

        Assert.Equal("lost,running", await Db.OutcomesAsync(id));
        Assert.Equal("running", await Db.TaskStateAsync(id));
        engine.ReleaseNext();
        await Db.ExecutionBecomesAsync(id, "succeeded");
        await ShowsAsync(id, "main", "Succeeded");
        Assert.Equal("lost,succeeded", await Db.OutcomesAsync(id));
        Assert.Equal(
            "{\"attempt\": 2}",
            await Db.ScalarAsync<string>("select outputs::text from sje.finished_tasks where execution_id = $1", id)
        );
    }

    [Fact]
    public async Task A_task_that_kills_its_workers_fails_after_five_lost_attempts()
    {
        await using var node = await StartAsync(worker: false);
        var id = await node.SubmitAsync(Task("main", "ok"));
        var ledger = (AttemptLedger)node.Services.GetService(typeof(AttemptLedger))!;
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            var worker = Guid.NewGuid();
            await Db.ScalarAsync<int>(
                """
                with w as (insert into sje.workers (id, name, host, process_id, version, queues, engines, slots, cpus, memory_bytes, lease_until)
                    values ($1, 'w', 'h', 1, '0', '{}', '{}', 1, 1, 1, now()))
                update sje.tasks set state = 'running', worker_id = $1, attempt = attempt + 1, attempt_started_at = now()
                where execution_id = $2 returning 1
                """,
                worker,
                id
            );
            var task = await Db.ScalarAsync<Guid>("select id from sje.all_tasks where execution_id = $1", id);
            await ledger.EndLostAsync(id, task, attempt, worker, CancellationToken.None);
        }

        Assert.Equal("failed", await Db.ExecutionStateAsync(id));
        Assert.Equal("lost,lost,lost,lost,lost", await Db.OutcomesAsync(id));
    }

    [Fact]
    public async Task A_claim_whose_answer_was_lost_is_released_by_its_own_worker()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(engine: engine);
        await using var accepting = await StartAsync(worker: false);
        var id = await accepting.SubmitAsync(Task("main", "ok") with { Queue = "elsewhere" });
        await Eventually.TrueAsync(
            async () =>
                await Db.ScalarAsync<long>("select count(*) from sje.tasks where execution_id = $1 and dispatched", id)
                == 1,
            "it has its background job"
        );
        var worker = ((WorkerSession)node.Services.GetService(typeof(WorkerSession))!).Id;

        await Db.ScalarAsync<int>(
            """
            update sje.tasks set state = 'running', worker_id = $1, attempt = 1, queue = $3, lane = $4, dispatched = true,
                attempt_started_at = now() - interval '10 seconds' where execution_id = $2 returning 1
            """,
            worker,
            id,
            Queue,
            Background ? Lanes.Background : Lanes.Direct
        );

        await Db.ExecutionBecomesAsync(id, "succeeded");
        Assert.Equal("released,succeeded", await Db.OutcomesAsync(id));
    }

    [Fact]
    public async Task Broken_connections_lose_no_task_and_run_none_twice()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(engine: engine, options: o => o.Slots = 8);
        var ids = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            ids.Add(await node.SubmitAsync(Task("main", "hold")));
        }

        await Eventually.TrueAsync(() => Yes(engine.Started == 8), "all run");
        for (var i = 0; i < 5; i++)
        {
            await KillConnectionsAsync();
        }

        engine.Release();
        await KillConnectionsAsync();

        foreach (var id in ids)
        {
            await Db.ExecutionBecomesAsync(id, "succeeded");
            await ShowsAsync(id, "main", "Succeeded", 60);
            Assert.Equal("succeeded", await Db.OutcomesAsync(id));
        }

        Assert.Equal(8, engine.Started);
    }

    private static Task<bool> Yes(bool value) => System.Threading.Tasks.Task.FromResult(value);

    private async Task KillConnectionsAsync()
    {
        await using var own = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Db.ConnectionString) { Pooling = false }.ConnectionString
        );
        await own.OpenAsync();
        await using var kill = new NpgsqlCommand(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
            own
        );
        await kill.ExecuteNonQueryAsync();
    }
}

/// <summary>On the background lane.</summary>
public sealed class BackgroundTakeoverTests() : TakeoverContract(Lanes.Background);

/// <summary>On the direct lane.</summary>
public sealed class DirectTakeoverTests() : TakeoverContract(Lanes.Direct);
