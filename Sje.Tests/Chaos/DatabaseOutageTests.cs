using System.Globalization;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>The database goes away under a hundred running tasks, in every way and for longer than a lease: nothing runs twice for it.</summary>
[Collection(Alone.Name)]
public sealed class DatabaseOutageTests(ITestOutputHelper output)
{
    private const int Running = 100;

    /// <summary>Most seconds from the database's return until both views are right.</summary>
    private const double Promise = 15;

    [Fact]
    public async Task A_hundred_running_tasks_outlive_every_restart_of_the_database_and_none_runs_twice()
    {
        await using var postgres = await BreakablePostgres.StartAsync();
        var db = postgres.Db;
        var engine = new ScriptedEngine();
        await using var first = await TestNode.StartAsync(db, options: Fifty, engine: engine);
        await using var second = await TestNode.StartAsync(db, options: Fifty, engine: engine);
        var running = await AcceptAsync(first, "hold");
        await Eventually.TrueAsync(() => Task.FromResult(engine.Started == Running), "all run", 120);
        await ViewAuditor.AgreeAsync(db, 60);

        await BreakAsync(postgres, "INT", TimeSpan.Zero);
        await BreakAsync(postgres, "QUIT", TimeSpan.Zero);
        await BreakAsync(postgres, "KILL", TimeSpan.Zero);
        await BreakAsync(postgres, "INT", TimeSpan.FromSeconds(25));

        Assert.Equal(Running, engine.Started);
        Assert.Equal(
            Running,
            await db.ScalarAsync<long>("select count(*) from sje.tasks where state = 'running' and attempt = 1")
        );

        // Ends, state changes of Hangfire's and claims are under way when it is killed.
        var behind = await AcceptAsync(second, "ok");
        engine.Release();
        await Eventually.TrueAsync(async () => await EndedAsync(db) > Running / 4, "a part has ended", 60);
        await BreakAsync(postgres, "KILL", TimeSpan.Zero, untilAgreed: false);

        await Eventually.GetAsync(() => EndedAsync(db), n => n == 2 * Running, "all have succeeded", 120);
        var seconds = await ViewAuditor.AgreeAsync(db, 60);
        output.WriteLine(
            string.Create(CultureInfo.InvariantCulture, $"the last agreed {seconds:0.0} s after the last end")
        );
        // A worker whose heartbeat does not come through for a whole lease after the return is dead, and its tasks run again: that happens on
        // an overloaded machine only. For anything but that nothing runs twice, and a claim that was not heard of is handed back unrun.
        var lost = await db.ScalarAsync<long>("select count(*) from sje.all_attempts where outcome = 'lost'");
        Assert.Equal(
            0,
            await db.ScalarAsync<long>(
                "select count(*) from sje.all_attempts where outcome not in ('succeeded', 'released', 'lost')"
            )
        );
        Assert.True(
            lost == 0 || await db.ScalarAsync<long>("select count(*) from sje.workers where state = 'dead'") > 0,
            "attempts were lost, and no worker was"
        );
        Assert.InRange(engine.Started, 2 * Running, (2 * Running) + lost);
        Assert.All(running.Concat(behind), id => Assert.Contains(engine.Contexts, c => c.Identity.ExecutionId == id));
        Assert.Equal(
            $"{2 * Running}",
            await db.ScalarAsync<string>(
                """
                select sum(value)::text from (
                    select value from hangfire.counter where key = 'stats:succeeded'
                    union all select value from hangfire.aggregatedcounter where key = 'stats:succeeded') c
                """
            )
        );
    }

    private static void Fifty(WorkerOptions options) =>
        (options.Slots, options.LeaseSeconds, options.HeartbeatSeconds) = (50, 14, 2);

    private static async Task<Guid[]> AcceptAsync(TestNode node, string script) =>
        [
            .. (
                await node.Intake.AcceptAsync(
                    [.. Enumerable.Range(0, Running).Select(_ => TestNode.Job(TestNode.Task("main", script)))],
                    CancellationToken.None
                )
            )
                .Cast<SubmissionAccepted>()
                .Select(a => a.ExecutionId),
        ];

    private static Task<long> EndedAsync(TestDatabase db) =>
        db.ScalarAsync<long>("select count(*) from sje.executions where state = 'succeeded'");

    private async Task BreakAsync(BreakablePostgres postgres, string signal, TimeSpan away, bool untilAgreed = true)
    {
        await postgres.EndAsync(signal);
        await Task.Delay(away, TimeProvider.System);
        await postgres.StartAgainAsync();
        if (!untilAgreed)
        {
            return;
        }

        var limit = Promise * Crashes.Slowness();
        var seconds = await ViewAuditor.AgreeAsync(postgres.Db, limit);
        output.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"SIG{signal}, away {away.TotalSeconds:0} s: both views right after {seconds:0.0} s (limit {limit:0})"
            )
        );
    }
}
