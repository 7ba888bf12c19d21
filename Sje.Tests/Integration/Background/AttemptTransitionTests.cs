using Hangfire;
using Hangfire.States;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Background;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>What an attempt writes about its background job in one statement: under conditions, and as Hangfire itself would.</summary>
public class AttemptTransitionTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private const string History = """
        select string_agg(name || '(' || (select string_agg(k, ',' order by k) from jsonb_object_keys(data) k) || ')', ' ' order by id)
        from hangfire.state where jobid = $1
        """;

    [Fact]
    public async Task A_run_leaves_the_history_and_the_figures_that_Hangfire_would_leave()
    {
        await using var node = await StartAsync(db);
        var before = await CountAsync("stats:succeeded");

        var id = await node.SubmitAsync(Task("main", "ok"));
        await db.HangfireBecomesAsync(id, "main", "Succeeded");

        var job = await db.HangfireJobAsync(id);
        Assert.Equal(
            "Enqueued(EnqueuedAt,Queue) Processing(ServerId,StartedAt,WorkerId) Succeeded(Latency,PerformanceDuration,SucceededAt)",
            await db.ScalarAsync<string>(History, job)
        );
        Assert.True(
            await db.ScalarAsync<bool>(
                """
                select expireat between now() + interval '23 hours' and now() + interval '25 hours' and stateid = (
                    select max(id) from hangfire.state where jobid = job.id)
                from hangfire.job where id = $1
                """,
                job
            )
        );
        Assert.Equal(before + 1, await CountAsync("stats:succeeded"));
        Assert.Equal(
            2L,
            await db.ScalarAsync<long>(
                "select count(distinct key) from hangfire.counter where key like 'stats:succeeded:%' and expireat is not null"
            )
        );
    }

    [Fact]
    public async Task It_takes_no_lock_of_Hangfires()
    {
        await using var node = await StartAsync(db);
        var waiting = await node.SubmitAsync(Task("main", "ok"));
        await db.HangfireBecomesAsync(waiting, "main", "Succeeded");
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");
        var job = await db.HangfireJobAsync(id);
        using var connection = node.Services.GetRequiredService<JobStorage>().GetConnection();
        using (connection.AcquireDistributedLock($"job:{job}:state-lock", TimeSpan.FromSeconds(1)))
        {
            node.Engine.Release();

            await db.HangfireBecomesAsync(id, "main", "Succeeded");
        }
    }

    [Theory]
    [InlineData(0, "Processing")]
    [InlineData(1, "Enqueued")]
    public async Task It_changes_nothing_for_an_attempt_or_from_a_state_that_is_over(int late, string read)
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");
        var job = await db.HangfireJobAsync(id);
        var storage = node.Services.GetRequiredService<SjeStorage>();
        var task = await ClaimAsync(id, job, late, read);

        using (var transition = new AttemptTransition(storage, storage.Views, task))
        {
            transition.IncrementCounter("sje-test");
            transition.AddToQueue(StateChangeWord.Write(read, "Processing"), $"{job}");
            transition.SetJobState($"{job}", new Falsified("Processing"));
            transition.PersistJob($"{job}");
            Assert.Throws<RowMovedException>(transition.Commit);
        }

        Assert.Null(task.BackgroundJobState);
        Assert.Equal(0L, await CountAsync("sje-test"));
        Assert.Equal(
            1L,
            await db.ScalarAsync<long>(
                "select count(*) from hangfire.state where jobid = $1 and name = 'Processing'",
                job
            )
        );
        node.Engine.Release();
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
    }

    [Fact]
    public async Task What_it_does_not_know_makes_it_the_stock_transaction_and_nothing_is_lost()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");
        var job = await db.HangfireJobAsync(id);
        var storage = node.Services.GetRequiredService<SjeStorage>();
        var task = await ClaimAsync(id, job, 1, "Processing");

        using (var transition = new AttemptTransition(storage, storage.Views, task))
        {
            transition.IncrementCounter("sje-test-stock");
            transition.AddJobState($"{job}", new Falsified("Noted"));
            transition.SetRangeInHash("sje-test", [new("field", "value")]);
            transition.IncrementCounter("sje-test-stock");
            transition.Commit();
        }

        Assert.Equal(2L, await CountAsync("sje-test-stock"));
        Assert.Equal(
            "value",
            await db.ScalarAsync<string>("select value from hangfire.hash where key = 'sje-test' and field = 'field'")
        );
        Assert.Equal(
            1L,
            await db.ScalarAsync<long>("select count(*) from hangfire.state where jobid = $1 and name = 'Noted'", job)
        );
        node.Engine.Release();
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
    }

    [Fact]
    public async Task Of_many_that_end_at_once_those_are_passed_over_that_somebody_else_holds_and_nothing_is_lost_or_counted_twice()
    {
        await using var node = await StartAsync(db, options: o => o.Slots = 40);
        var before = await CountAsync("stats:succeeded");
        var ids = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            ids.Add(await node.SubmitAsync(Task("main", i % 4 == 0 ? "stubborn" : "hold")));
        }

        foreach (var id in ids)
        {
            await db.HangfireBecomesAsync(id, "main", "Processing");
        }

        // One is cancelled and will not stop before its end; two rows are in other hands while the others end.
        await node.Control.CancelAsync(ids[0], "not wanted", CancellationToken.None);
        var held = await db.HangfireJobAsync(ids[2]);
        await using (var connection = await db.Database.Main.OpenConnectionAsync())
        {
            await using var hold = await connection.BeginTransactionAsync();
            await using var locks = new Npgsql.NpgsqlCommand(
                $"select 1 from hangfire.job where id = {held} for update; select 1 from sje.executions where id = '{ids[3]}' for update",
                connection,
                hold
            );
            await locks.ExecuteNonQueryAsync();
            node.Engine.Release();
            foreach (var id in ids.Where((_, i) => i is not (0 or 2 or 3)))
            {
                await db.HangfireBecomesAsync(id, "main", "Succeeded");
            }

            Assert.Equal("running", await db.TaskStateAsync(ids[3]));
            await hold.RollbackAsync();
        }

        foreach (var id in ids[1..])
        {
            await db.ExecutionBecomesAsync(id, "succeeded");
            await db.HangfireBecomesAsync(id, "main", "Succeeded");
            Assert.Equal("succeeded", await db.OutcomesAsync(id));
        }

        await db.ExecutionBecomesAsync(ids[0], "cancelled");
        await db.HangfireBecomesAsync(ids[0], "main", "Deleted");
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal(before + 39, await CountAsync("stats:succeeded"));
    }

    private async Task<long> CountAsync(string key) =>
        await db.ScalarAsync<long>(
            """
            select coalesce((select sum(value) from hangfire.counter where key = $1), 0)::bigint
                + coalesce((select sum(value) from hangfire.aggregatedcounter where key = $1), 0)::bigint
            """,
            key
        );

    private async Task<ClaimedTask> ClaimAsync(Guid execution, long job, int attempt, string read) =>
        new()
        {
            Identity = new AttemptIdentity(
                execution,
                await db.ScalarAsync<Guid>("select id from sje.tasks where execution_id = $1", execution),
                "test",
                "main",
                attempt
            ),
            WorkerId = await db.ScalarAsync<Guid>("select worker_id from sje.tasks where execution_id = $1", execution),
            HangfireJobId = job,
            BackgroundJobState = read,
            AcceptedAt = TimeProvider.System.GetUtcNow(),
            Queue = "default",
            Type = ScriptedEngine.TypeName,
            Settings = [],
            Parameters = [],
            Retry = new RetrySpec(),
            Resources = new ResourceSpec(),
            RunTimeout = null,
            Failures = 0,
            ElapsedBefore = TimeSpan.Zero,
            Scope = new TemplateScope([]),
            Checkpoint = null,
            SingleTask = true,
        };

    private sealed class Falsified(string name) : IState
    {
        public string Name => name;

        public string Reason => "falsified";

        public bool IsFinal => false;

        public bool IgnoreJobLoadException => false;

        public Dictionary<string, string> SerializeData() => new() { ["Test"] = "1" };
    }
}
