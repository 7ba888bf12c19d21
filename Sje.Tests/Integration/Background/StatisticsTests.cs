using System.Globalization;
using Hangfire;
using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Background;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>The numbers on the dashboard, after buttons and reconciling, are what stock Hangfire would show of the same jobs.</summary>
public class StatisticsTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private (long Succeeded, long Failed, long Deleted) before;
    private (int Succeeded, int Failed) today;

    [Fact]
    public async Task Counters_follow_the_jobs_through_retries_requeues_deletes_and_reconciling()
    {
        await using var node = await StartAsync(db);
        await ViewAuditor.AgreeAsync(db);
        before = Now(node);
        today = await TodayAsync();
        var ids = new List<Guid>();
        foreach (var script in new[] { "ok", "ok", "ok", "fail-once", "invalid", "wait" })
        {
            ids.Add(await node.SubmitAsync(Task("main", script)));
        }

        foreach (
            var (id, state) in ids.Zip(["Succeeded", "Succeeded", "Succeeded", "Succeeded", "Failed", "Processing"])
        )
        {
            await db.HangfireBecomesAsync(id, "main", state);
        }

        await AreAsync(node, succeeded: 4, failed: 1, deleted: 0);
        Assert.Equal((4, 1), await TodayAsync());

        // A success run again is none until it succeeds again; one that is deleted is none any more.
        Assert.True(node.Hangfire.Delete(await JobOfAsync(ids[0])));
        Assert.True(node.Hangfire.Requeue(await JobOfAsync(ids[1])));
        await Eventually.TrueAsync(async () => await db.OutcomesAsync(ids[1]) == "succeeded,succeeded", "it ran again");
        await db.HangfireBecomesAsync(ids[1], "main", "Succeeded");
        await AreAsync(node, succeeded: 3, failed: 1, deleted: 1);

        // The reconciler counts as Hangfire's worker would have.
        await node.Control.CancelAsync(ids[5], "for the test", CancellationToken.None);
        await db.HangfireBecomesAsync(ids[5], "main", "Deleted");
        await node.Control.RetryAsync(ids[4], CancellationToken.None);
        await Eventually.TrueAsync(async () => await db.OutcomesAsync(ids[4]) == "failed,failed", "it failed again");
        await db.HangfireBecomesAsync(ids[4], "main", "Failed");
        await AreAsync(node, succeeded: 3, failed: 1, deleted: 2);
        await ViewAuditor.AgreeAsync(db);
        Assert.Equal((5, 2), await TodayAsync());
    }

    [Fact]
    public async Task A_delete_that_read_Processing_before_the_attempt_wrote_Succeeded_takes_back_what_was_counted()
    {
        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");
        var job = await db.HangfireJobAsync(id);
        before = Now(node);
        node.Engine.Release();
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        await AreAsync(node, succeeded: 1, failed: 0, deleted: 0);

        await using var connection = await db.Database.Main.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        node.Services.GetRequiredService<StateChangeHook>().Apply(connection, job, "Processing", "Deleted");
        await using (
            var rest = new Npgsql.NpgsqlCommand(
                "update hangfire.job set statename = 'Deleted' where id = $1",
                connection
            )
        )
        {
            rest.Parameters.Add(new() { Value = job });
            await rest.ExecuteNonQueryAsync();
        }

        await transaction.CommitAsync();

        await AreAsync(node, succeeded: 0, failed: 0, deleted: 0);
    }

    [Fact]
    public async Task A_success_that_the_reconciler_writes_carries_its_times_and_a_failure_its_error()
    {
        await using var node = await StartAsync(db);
        var good = await node.SubmitAsync(Task("main", "ok"));
        var bad = await node.SubmitAsync(Task("main", "invalid"));
        await db.HangfireBecomesAsync(good, "main", "Succeeded");
        await db.HangfireBecomesAsync(bad, "main", "Failed");
        await db.ScalarAsync<int>(
            "update sje.finished_tasks set attempt_started_at = finished_at - interval '90 seconds' where execution_id = $1 returning 1",
            good
        );
        foreach (var id in new[] { good, bad })
        {
            await db.ScalarAsync<int>(
                "update hangfire.job set statename = 'Processing' where id = $1 returning 1",
                await db.HangfireJobAsync(id)
            );
            await db.ScalarAsync<int>(
                "update sje.finished_tasks set hangfire_sync_at = now() where execution_id = $1 returning 1",
                id
            );
        }

        await db.HangfireBecomesAsync(good, "main", "Succeeded");
        await db.HangfireBecomesAsync(bad, "main", "Failed");
        Assert.Equal("90000", await DataAsync(good, "PerformanceDuration"));
        Assert.Equal("Sje.Jobs.Background.TaskFailedException", await DataAsync(bad, "ExceptionType"));
        Assert.Contains("never", await DataAsync(bad, "ExceptionMessage"), StringComparison.Ordinal);
    }

    private async Task<string?> DataAsync(Guid execution, string key) =>
        await db.ScalarAsync<string>(
            "select s.data ->> $2 from hangfire.job j join hangfire.state s on s.id = j.stateid where j.id = $1",
            await db.HangfireJobAsync(execution),
            key
        );

    private async Task AreAsync(TestNode node, long succeeded, long failed, long deleted)
    {
        await Eventually.GetAsync(
            () =>
            {
                var now = Now(node);
                return System.Threading.Tasks.Task.FromResult(
                    (now.Succeeded - before.Succeeded, now.Failed - before.Failed, now.Deleted - before.Deleted)
                );
            },
            now => now == (succeeded, failed, deleted),
            $"{succeeded} succeeded, {failed} failed, {deleted} deleted"
        );
    }

    private static (long Succeeded, long Failed, long Deleted) Now(TestNode node)
    {
        var now = node.Services.GetRequiredService<JobStorage>().GetMonitoringApi().GetStatistics();
        return (now.Succeeded, now.Failed, now.Deleted);
    }

    /// <summary>The bars of the graph: what happened, whatever became of it.</summary>
    private async Task<(int Succeeded, int Failed)> TodayAsync()
    {
        async Task<int> CountAsync(string what) =>
            (int)
                await db.ScalarAsync<long>(
                    """
                    select coalesce(sum(value), 0)::bigint from (
                        select key, value from hangfire.counter union all select key, value from hangfire.aggregatedcounter) c
                    where key ~ $1
                    """,
                    string.Create(CultureInfo.InvariantCulture, $"^stats:{what}:\\d+-\\d+-\\d+$")
                );
        return (await CountAsync("succeeded") - today.Succeeded, await CountAsync("failed") - today.Failed);
    }

    private async Task<string> JobOfAsync(Guid execution) =>
        (await db.HangfireJobAsync(execution)).ToString(CultureInfo.InvariantCulture);
}
