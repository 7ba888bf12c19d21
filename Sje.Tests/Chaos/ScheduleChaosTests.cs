using Hangfire;
using Hangfire.Storage;
using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Faults;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Hosting;
using Sje.Web.Hosting.Postgres;

namespace Sje.Tests.Chaos;

/// <summary>Schedules through the death of processes and of the database.</summary>
[Collection(Alone.Name)]
public sealed class ScheduleChaosTests(TestDatabase db) : IClassFixture<TestDatabase>, IDisposable
{
    private const string EverySecond = "* * * * * *";

    private readonly string folder = EmbeddedPostgresTests.TestFolder();

    public void Dispose()
    {
        foreach (var data in Directory.GetDirectories(folder, "pg*", SearchOption.AllDirectories))
        {
            foreach (var process in Postmaster.ProcessesOf(data))
            {
                Postmaster.Kill(process);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Servers_killed_around_firings_lose_no_due_time_use_none_twice_and_leave_both_views_right()
    {
        await using var survivor = await TestNode.StartAsync(db, worker: false);
        await survivor.SaveJobAsync("killed", ToProcess);
        var schedule = await survivor.SaveScheduleAsync("killed", EverySecond);
        await db.FiresAsync(schedule.Id, 1);

        var victims = new[]
        {
            Victim(FaultPoint.ScheduleWritten),
            Victim(FaultPoint.ScheduleFired),
            Victim(FaultPoint.RecurringWritten),
        };
        foreach (var victim in victims)
        {
            await using (victim)
            {
                Assert.Equal(128 + 9, await victim.EndAsync());
            }
        }

        var count = (await db.FiredAsync(schedule.Id)).Count;
        await db.FiresAsync(schedule.Id, count + 2);
        await survivor.Schedules().PauseAsync("killed", CancellationToken.None);
        TestSchedules.AssertEverySecond(await db.FiredAsync(schedule.Id));
        await ShowsLastRunAsync(db, survivor, "killed");
        Assert.Null(
            await db.ScalarAsync<DateTime?>("select hangfire_sync_at from sje.schedules where name = 'killed'")
        );
    }

    [Fact]
    public async Task A_killed_database_disables_no_schedule_and_no_due_time_is_used_twice()
    {
        await using var sje = SjeProcess.Start(folder, ["all", "--port", "0", "--slots", "1"]);
        await sje.ReadyAsync(folder);
        var connectionString = (await File.ReadAllTextAsync(new SjeHome(folder).ConnectionFile)).Trim();
        await using var embedded = TestDatabase.Of(connectionString);
        await using var node = await TestNode.StartAsync(embedded, worker: false);
        await node.SaveJobAsync("outlives", ToProcess);
        var schedule = await node.SaveScheduleAsync("outlives", EverySecond);
        await node.SaveScheduleAsync("rarely", "0 0 1 1 *", "outlives");
        await embedded.FiresAsync(schedule.Id, 2);
        var postmaster = Directory
            .GetDirectories(Path.Combine(folder, ".sje"), "pg*")
            .Select(Postmaster.Read)
            .Single(p => p is not null)!;

        Postmaster.Kill(postmaster.ProcessId);

        var count = await Eventually.GetAsync(
            async () => (await TryAsync(() => embedded.FiredAsync(schedule.Id)))?.Count ?? 0,
            n => n > 0,
            "the database is back",
            60
        );
        await Eventually.TrueAsync(
            async () => (await TryAsync(() => embedded.FiredAsync(schedule.Id)))?.Count > count + 3,
            "it fires again",
            60
        );
        await node.Schedules().PauseAsync("outlives", CancellationToken.None);

        var fired = await embedded.FiredAsync(schedule.Id);
        TestSchedules.AssertEverySecond(fired);
        await ShowsLastRunAsync(embedded, node, "outlives");
        var rarely = await Eventually.GetAsync(
            () => RecurringAsync(node, "rarely"),
            r => r is not null,
            "the recurring job is there"
        );
        Assert.True(rarely is { NextExecution: not null, Error: null, RetryAttempt: 0 });
    }

    private static void ToProcess(System.Text.Json.Nodes.JsonObject job)
    {
        job.Remove("scripted");
        job["type"] = "process";
        job["process"] = new System.Text.Json.Nodes.JsonObject { ["command"] = "true" };
    }

    private static async Task<T?> TryAsync<T>(Func<Task<T>> look)
        where T : class
    {
        try
        {
            return await look();
        }
        catch (Npgsql.NpgsqlException)
        {
            return null;
        }
    }

    /// <summary>The recurring job of a paused schedule tells its last run, no next one, and no error.</summary>
    private static async Task ShowsLastRunAsync(TestDatabase database, TestNode node, string name)
    {
        var schedule = await node.FindAsync(name);
        var job = await Eventually.GetAsync(
            () => database.HangfireJobAsync(schedule.LastExecutionId!.Value),
            j => j > 0,
            "a background job of the last run"
        );
        await Eventually.GetAsync(
            () => RecurringAsync(node, name),
            r =>
                r is { NextExecution: null, Error: null }
                && r.LastJobId == job.ToString(System.Globalization.CultureInfo.InvariantCulture),
            "the recurring job shows the last run"
        );
    }

    /// <summary>Null also where the connection was one of before the database's death.</summary>
    private static Task<RecurringJobDto?> RecurringAsync(TestNode node, string name) =>
        TryAsync(() =>
        {
            using var connection = node.Services.GetRequiredService<JobStorage>().GetConnection();
            return Task.FromResult(connection.GetRecurringJobs().Single(r => r.Id == name));
        });

    /// <summary>A process that dies at the second time that it comes to a point.</summary>
    private SjeProcess Victim(string point) =>
        SjeProcess.Start(
            folder,
            ["worker", "--name", point, "--slots", "1", "--db", db.ConnectionString],
            new Dictionary<string, string> { [FaultPoint.Variable] = point + ":2:kill" }
        );
}
