using Hangfire;
using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Background;

/// <summary>Hangfire's page of servers. Killed workers: the dashboard's own tests.</summary>
public class ServerRowsTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private const string Rows = "select count(*) from hangfire.server where data ->> 'SjeWorker' = $1";

    [Fact]
    public async Task A_worker_is_on_it_with_its_queues_and_slots_until_it_stops()
    {
        var node = await StartAsync(db, options: o => (o.Name, o.Queues, o.Slots) = ("etl-1", ["default", "etl"], 3));
        string id;
        await using (node)
        {
            id = IdOf(node);
            await BecomesAsync(id, 1);
            var server = Assert.Single(
                node.Services.GetRequiredService<JobStorage>().GetMonitoringApi().Servers(),
                s => s.Name.StartsWith("etl-1:", StringComparison.Ordinal)
            );
            Assert.Equal(["default", "etl"], server.Queues);
            Assert.Equal(3, server.WorkersCount);
        }

        Assert.Equal(0, await db.ScalarAsync<long>(Rows, id));
    }

    [Fact]
    public async Task A_row_that_is_missing_under_a_living_worker_comes_back_and_its_tasks_run_on()
    {
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(db, engine: engine);
        var id = await node.SubmitAsync(Task("main", "hold"));
        await db.HangfireBecomesAsync(id, "main", "Processing");
        await BecomesAsync(IdOf(node), 1);

        await db.ScalarAsync<int>("delete from hangfire.server");

        await BecomesAsync(IdOf(node), 1);
        engine.Release();
        await db.HangfireBecomesAsync(id, "main", "Succeeded");
        Assert.Equal("succeeded", await db.OutcomesAsync(id));
    }

    [Fact]
    public async Task A_worker_that_was_marked_dead_vanishes_and_appears_again_under_its_new_registration()
    {
        await using var node = await StartAsync(db);
        var before = IdOf(node);
        await BecomesAsync(before, 1);

        await db.ScalarAsync<int>(
            "update sje.workers set state = 'dead', ended_at = now() where id = $1",
            Guid.Parse(before)
        );

        await BecomesAsync(before, 0);
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(IdOf(node) != before), "it registers");
        await BecomesAsync(IdOf(node), 1);
    }

    [Fact]
    public async Task Hangfires_own_time_limit_removes_servers_of_others_but_no_living_worker()
    {
        await using var node = await StartAsync(db);
        await BecomesAsync(IdOf(node), 1);
        await db.ScalarAsync<int>(
            "insert into hangfire.server (id, data, lastheartbeat) values ('other', '{}', now())"
        );
        await db.ScalarAsync<int>("update hangfire.server set lastheartbeat = now() - interval '1 hour'");

        using var connection = node.Services.GetRequiredService<JobStorage>().GetConnection();
        connection.RemoveTimedOutServers(TimeSpan.FromMinutes(5));

        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from hangfire.server where id = 'other'"));
        Assert.Equal(1, await db.ScalarAsync<long>(Rows, IdOf(node)));
    }

    private static string IdOf(TestNode node) => node.Services.GetRequiredService<WorkerSession>().Id.ToString();

    private System.Threading.Tasks.Task<long> BecomesAsync(string worker, long count) =>
        Eventually.GetAsync(() => db.ScalarAsync<long>(Rows, worker), n => n == count, $"{count} rows", 30);
}
