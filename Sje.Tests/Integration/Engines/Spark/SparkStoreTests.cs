using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines.Spark;

/// <summary>Which application an attempt goes on with.</summary>
public sealed class SparkStoreTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private readonly Guid execution = Guid.CreateVersion7();
    private readonly Guid task = Guid.CreateVersion7();

    [Fact]
    public async Task An_application_that_may_still_run_is_the_next_attempts()
    {
        await AttemptAsync(1, "lost");
        await ApplicationAsync(1, "running", ended: false);

        var found = await FindAsync(2);

        Assert.Equal((1, "identity-1"), (found!.Number, found.Submission.Identity));
        Assert.Null(found.Succeeded);
    }

    [Fact]
    public async Task One_that_has_succeeded_under_an_attempt_that_could_not_say_so_is_the_next_attempts_success()
    {
        await AttemptAsync(1, "lost");
        await AttemptAsync(2, "lost");
        await ApplicationAsync(1, "succeeded", ended: true);

        var found = await FindAsync(3);

        Assert.Equal(1, found!.Number);
        Assert.Equal(7, found.Succeeded!.Facts!["tasks"]!.GetValue<int>());
        Assert.Null(found.Succeeded.Cost);
    }

    [Theory]
    [InlineData("succeeded", "succeeded")]
    [InlineData("failed", "succeeded")]
    [InlineData("lost", "failed")]
    public async Task Any_other_that_has_ended_is_nobodys(string outcome, string state)
    {
        await AttemptAsync(1, outcome);
        await ApplicationAsync(1, state, ended: true);

        Assert.Null(await FindAsync(2));
    }

    [Fact]
    public async Task One_that_had_ended_before_the_lost_attempt_began_is_nobodys()
    {
        await AttemptAsync(1, "failed");
        await ApplicationAsync(1, "succeeded", ended: true);
        await AttemptAsync(2, "lost");

        Assert.Null(await FindAsync(3));
    }

    private Task<StoredApplication?> FindAsync(int attempt) =>
        new SparkStore(db.Database).FindOpenAsync(
            new AttemptIdentity(execution, task, "test", "main", attempt),
            CancellationToken.None
        );

    private Task<int> AttemptAsync(int number, string outcome) =>
        db.ScalarAsync<int>(
            """
            insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, started_at, ended_at, outcome)
            values ($1, $2, $3, $1, 'w', clock_timestamp(), clock_timestamp(), $4)
            """,
            execution,
            task,
            number,
            outcome
        );

    private Task<int> ApplicationAsync(int number, string state, bool ended) =>
        db.ScalarAsync<int>(
            """
            with e as (
                insert into sje.executions (id, name, job_type, queue, spec, state, task_count)
                values ($1, 'test', 'spark', 'default', '{}', 'running', 1) on conflict do nothing returning 1)
            insert into sje.spark_applications (execution_id, task_id, number, cluster, identity, state, ended_at, facts)
            values ($1, $2, $3, 'lab', 'identity-' || $3, $4, case when $5 then clock_timestamp() end, '{"tasks": 7}')
            """,
            execution,
            task,
            number,
            state,
            ended
        );
}
