using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>The auditor that other tests lean on sees what it is there to see.</summary>
public class ViewAuditorTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task It_is_content_with_what_ran_and_names_what_somebody_falsified()
    {
        await using var node = await StartAsync(db, worker: true);
        var done = await node.SubmitAsync(
            Task("main", "ok"),
            Task("next", "fail", 1, "main"),
            Task("never", "ok", 1, "next")
        );
        await db.ExecutionBecomesAsync(done, "failed");
        await ViewAuditor.AgreeAsync(db);

        await db.ScalarAsync<int>(
            "update hangfire.job set statename = 'Deleted' where statename = 'Failed' returning 1"
        );
        Assert.Contains(
            "is failed and Hangfire shows Deleted",
            Assert.Single(await ViewAuditor.DisagreementsAsync(db)),
            StringComparison.Ordinal
        );

        await db.ScalarAsync<int>("delete from sje.attempts where outcome = 'succeeded' returning 1");
        Assert.Contains(
            "is at attempt 1 of 0",
            Assert.Single(await ViewAuditor.BrokenAsync(db)),
            StringComparison.Ordinal
        );
    }
}
