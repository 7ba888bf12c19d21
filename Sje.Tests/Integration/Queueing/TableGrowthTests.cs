using Sje.Tests.Support;

namespace Sje.Tests.Integration.Queueing;

public sealed class TableGrowthTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task The_planner_hears_of_a_table_that_was_empty_and_has_many_tasks_now()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await db.ExecuteAsync("vacuum analyze sje.tasks");
        Assert.Equal(0, await PagesAsync());

        var job = TestNode.Job(TestNode.Task("main", "ok"));
        await node.Intake.AcceptAsync(
            [.. Enumerable.Range(0, 1_000).Select(_ => job)],
            TestContext.Current.CancellationToken
        );

        // Left alone, the server looks once a minute.
        await Eventually.TrueAsync(async () => await PagesAsync() > 50, "that the table was looked at");
    }

    private Task<int> PagesAsync() =>
        db.ScalarAsync<int>("select relpages from pg_class where oid = 'sje.tasks'::regclass");
}
