using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sje.Jobs.Scheduling;
using Sje.Jobs.Storage;

namespace Sje.Tests.Support;

/// <summary>Jobs with schedules, and what became of them.</summary>
internal static class TestSchedules
{
    public static ScheduleStore Schedules(this TestNode node) => node.Services.GetRequiredService<ScheduleStore>();

    public static JobStore Jobs(this TestNode node) => node.Services.GetRequiredService<JobStore>();

    public static async Task<SavedJob> SaveJobAsync(this TestNode node, string name, Action<JsonObject>? change = null)
    {
        var job = new JsonObject
        {
            ["name"] = name,
            ["type"] = "scripted",
            ["scripted"] = new JsonObject { ["script"] = "ok" },
        };
        change?.Invoke(job);
        return await node.Jobs().SaveAsync(name, job, null, "tests", CancellationToken.None) switch
        {
            JobSaveResult.Created created => created.Job,
            JobSaveResult.Updated updated => updated.Job,
            var other => throw new InvalidOperationException($"{other}"),
        };
    }

    public static void Schedule(this JsonObject job, string cron, string zone = "UTC") =>
        job["schedule"] = new JsonObject { ["cron"] = cron, ["timeZone"] = zone };

    public static async Task<SavedSchedule> SaveScheduleAsync(
        this TestNode node,
        string name,
        string cron,
        string? job = null,
        JsonObject? parameters = null
    )
    {
        var result = await node.Schedules()
            .SaveAsync(
                new ScheduleDefinition
                {
                    Name = name,
                    JobName = job ?? name,
                    Cron = cron,
                    Parameters = parameters ?? [],
                },
                null,
                "tests",
                CancellationToken.None
            );
        return result switch
        {
            ScheduleResult.Created created => created.Schedule,
            ScheduleResult.Updated updated => updated.Schedule,
            _ => throw new InvalidOperationException($"{result}"),
        };
    }

    public static async Task<SavedSchedule> FindAsync(this TestNode node, string name) =>
        await node.Schedules().FindAsync(name, CancellationToken.None)
        ?? throw new InvalidOperationException($"no schedule {name}");

    /// <summary>The due times that started something, in order.</summary>
    public static async Task<List<DateTimeOffset>> FiredAsync(this TestDatabase db, Guid schedule)
    {
        await using var command = db.Database.Main.CreateCommand(
            "select scheduled_for from sje.executions where schedule_id = $1 and trigger = 'schedule' order by scheduled_for"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = schedule });
        var times = new List<DateTimeOffset>();
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            times.Add(rows.GetFieldValue<DateTimeOffset>(0));
        }

        return times;
    }

    public static Task FiresAsync(this TestDatabase db, Guid schedule, int times, double seconds = 30) =>
        Eventually.TrueAsync(
            async () => (await db.FiredAsync(schedule)).Count >= times,
            $"{times} due times fired",
            seconds
        );

    public static async Task ExecuteAsync(this TestDatabase db, string sql, params object[] values)
    {
        await using var command = db.Database.Main.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }

    /// <summary>That every second from the first to the last is there, once.</summary>
    public static void AssertEverySecond(IReadOnlyList<DateTimeOffset> times) =>
        Assert.Equal(Enumerable.Range(0, times.Count).Select(i => times[0].AddSeconds(i)), times);
}
