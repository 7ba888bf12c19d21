using System.Text.Json.Nodes;
using Sje.Core.Scheduling;
using Sje.Jobs.Scheduling;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Scheduling;

/// <summary>Schedules of their own, and those that are part of a job.</summary>
public sealed class ScheduleStoreTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private const string Yearly = "0 0 1 1 *";

    [Fact]
    public async Task A_job_brings_its_schedule_along_changes_it_and_takes_it_away()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("own", job => job.Schedule("0 6 * * *", "Europe/Berlin"));
        var made = await node.FindAsync("own");
        Assert.True(
            made is { FromJob: true, JobName: "own", Cron: "0 6 * * *", TimeZone: "Europe/Berlin", Version: 1 }
        );
        Assert.Equal("tests", made.CreatedBy);
        Assert.Equal(
            6,
            TimeZoneInfo.ConvertTime(made.NextAt!.Value, TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin")).Hour
        );

        await node.Schedules().PauseAsync("own", CancellationToken.None);
        await node.SaveJobAsync("own", job => job.Schedule("0 7 * * *"));
        var changed = await node.FindAsync("own");
        Assert.Equal(made.Id, changed.Id);
        Assert.True(changed is { Cron: "0 7 * * *", TimeZone: "UTC", PausedAt: not null, NextAt: null });

        var resumed = (ScheduleResult.Updated)await node.Schedules().ResumeAsync("own", CancellationToken.None);
        Assert.Equal(7, resumed.Schedule.NextAt!.Value.Hour);

        await node.SaveJobAsync("own");
        Assert.Null(await node.Schedules().FindAsync("own", CancellationToken.None));
    }

    [Fact]
    public async Task A_change_of_the_job_that_leaves_its_schedule_leaves_the_next_due_time()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("steady", job => job.Schedule(Yearly));
        await db.ExecuteAsync("update sje.schedules set next_at = next_at - interval '1 hour' where name = 'steady'");
        var before = await node.FindAsync("steady");

        await node.SaveJobAsync(
            "steady",
            job =>
            {
                job["description"] = "another version";
                job.Schedule(Yearly);
            }
        );

        Assert.Equal(before.NextAt, (await node.FindAsync("steady")).NextAt);
    }

    [Fact]
    public async Task Deleting_a_job_deletes_its_schedules()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("going", job => job.Schedule(Yearly));
        await node.SaveScheduleAsync("going too", Yearly, "going");

        Assert.Equal((true, 1), await node.Jobs().DeleteAsync("going", 7, CancellationToken.None));
        Assert.Equal(
            2,
            (await node.Schedules().ListAsync(new() { Job = "going" }, null, 10, CancellationToken.None)).Count
        );
        Assert.Equal((true, null), await node.Jobs().DeleteAsync("going", null, CancellationToken.None));

        Assert.Empty(await node.Schedules().ListAsync(new() { Text = "going" }, null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task Deleting_the_schedule_of_a_job_saves_a_version_of_the_job_without_it()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("without", job => job.Schedule(Yearly));

        var deleted = Assert.IsType<ScheduleResult.Deleted>(
            await node.Schedules().DeleteAsync("without", null, "ann", CancellationToken.None)
        );

        Assert.Equal(2, deleted.JobVersion);
        Assert.False(
            (await node.Jobs().FindAsync("without", null, CancellationToken.None))!.Spec.ContainsKey("schedule")
        );
        Assert.True((await node.Jobs().FindAsync("without", 1, CancellationToken.None))!.Spec.ContainsKey("schedule"));
        Assert.Null(await node.Schedules().FindAsync("without", CancellationToken.None));
        Assert.IsType<ScheduleResult.NotFound>(
            await node.Schedules().DeleteAsync("without", null, "ann", CancellationToken.None)
        );
    }

    [Fact]
    public async Task A_name_is_one_schedules_only()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("first");
        await node.SaveScheduleAsync("second", Yearly, "first");

        var job = new JsonObject
        {
            ["name"] = "second",
            ["type"] = "scripted",
            ["scripted"] = new JsonObject { ["script"] = "ok" },
        };
        job.Schedule(Yearly);
        var taken = Assert.IsType<JobSaveResult.ScheduleNameTaken>(
            await node.Jobs().SaveAsync("second", job, null, null, CancellationToken.None)
        );
        Assert.Equal("first", taken.JobName);
        Assert.Null(await node.Jobs().FindAsync("second", null, CancellationToken.None));

        // One of the job itself becomes part of it.
        await node.SaveScheduleAsync("first", Yearly);
        await node.SaveJobAsync("first", j => j.Schedule("0 5 * * *"));
        Assert.True(await node.FindAsync("first") is { FromJob: true, Cron: "0 5 * * *" });
    }

    [Fact]
    public async Task Of_a_jobs_own_schedule_only_pausing_can_be_changed_here()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("part", job => job.Schedule("0 6 * * *"));
        var same = new ScheduleDefinition
        {
            Name = "part",
            JobName = "part",
            Cron = "0 6 * * *",
        };
        Task<ScheduleResult> SaveAsync(ScheduleDefinition definition) =>
            node.Schedules().SaveAsync(definition, null, null, CancellationToken.None);

        Assert.Equal(
            "part",
            Assert.IsType<ScheduleResult.PartOfJob>(await SaveAsync(same with { Cron = Yearly })).JobName
        );
        Assert.IsType<ScheduleResult.PartOfJob>(await SaveAsync(same with { TimeZone = "Europe/Berlin" }));
        var paused = Assert.IsType<ScheduleResult.Updated>(await SaveAsync(same with { Paused = true }));

        Assert.True(paused.Schedule is { PausedAt: not null, FromJob: true });
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_and_says_so()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync(
            "fits",
            job =>
                job["parameters"] = new JsonObject
                {
                    ["n"] = new JsonObject { ["type"] = "int", ["required"] = true },
                }
        );
        var good = new ScheduleDefinition
        {
            Name = "fits",
            JobName = "fits",
            Cron = Yearly,
            Parameters = new JsonObject { ["n"] = 1 },
        };
        Task<ScheduleResult> SaveAsync(ScheduleDefinition definition, ExpectedVersion? expected = null) =>
            node.Schedules().SaveAsync(definition, expected, null, CancellationToken.None);

        Assert.Equal(
            CronPart.Cron,
            Assert.IsType<ScheduleResult.CronWrong>(await SaveAsync(good with { Cron = "x" })).Fault.Part
        );
        Assert.Equal(
            CronPart.TimeZone,
            Assert.IsType<ScheduleResult.CronWrong>(await SaveAsync(good with { TimeZone = "x" })).Fault.Part
        );
        Assert.IsType<ScheduleResult.JobNotFound>(await SaveAsync(good with { JobName = "nobody" }));
        var wrong = Assert.IsType<ScheduleResult.ParametersWrong>(await SaveAsync(good with { Parameters = [] }));
        Assert.Equal("/parameters/n", Assert.Single(wrong.Faults).Pointer);
        Assert.Null(
            Assert.IsType<ScheduleResult.VersionMismatch>(await SaveAsync(good, new ExpectedVersion(3))).CurrentVersion
        );

        Assert.IsType<ScheduleResult.Created>(await SaveAsync(good, new ExpectedVersion(null)));
        Assert.Equal(
            1,
            Assert
                .IsType<ScheduleResult.VersionMismatch>(await SaveAsync(good, new ExpectedVersion(null)))
                .CurrentVersion
        );
        var unchanged = Assert.IsType<ScheduleResult.Updated>(await SaveAsync(good, new ExpectedVersion(1)));
        Assert.Equal(1, unchanged.Schedule.Version);
        var changed = Assert.IsType<ScheduleResult.Updated>(
            await SaveAsync(good with { Cron = "0 5 * * *" }, new ExpectedVersion(1))
        );
        Assert.Equal(2, changed.Schedule.Version);
        Assert.Equal(5, changed.Schedule.NextAt!.Value.Hour);
        Assert.IsType<ScheduleResult.VersionMismatch>(
            await node.Schedules().DeleteAsync("fits", 1, null, CancellationToken.None)
        );
        Assert.IsType<ScheduleResult.Deleted>(
            await node.Schedules().DeleteAsync("fits", 2, null, CancellationToken.None)
        );
    }

    [Fact]
    public async Task Lists_are_by_name_and_can_be_of_one_job()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("listed");
        foreach (var name in new[] { "list c", "list a", "list b_%" })
        {
            await node.SaveScheduleAsync(name, Yearly, "listed");
        }

        async Task<string[]> NamesAsync(string? job, string? text, string? after, int limit) =>
            [
                .. (
                    await node.Schedules()
                        .ListAsync(new() { Job = job, Text = text }, after, limit, CancellationToken.None)
                ).Select(s => s.Name),
            ];

        Assert.Equal(["list a", "list b_%"], await NamesAsync("listed", null, null, 2));
        Assert.Equal(["list c"], await NamesAsync("listed", null, "list b_%", 2));
        Assert.Equal(["list b_%"], await NamesAsync(null, "B_%", null, 9));
        Assert.Empty(await NamesAsync("other", "list", null, 9));
    }

    [Fact]
    public async Task Lists_can_be_by_the_next_due_time_and_without_what_is_paused()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("by next");
        await node.SaveScheduleAsync("next yearly", Yearly, "by next");
        await node.SaveScheduleAsync("next paused", Yearly, "by next");
        await node.SaveScheduleAsync("next hourly", "0 * * * *", "by next");
        await node.Schedules().PauseAsync("next paused", CancellationToken.None);

        async Task<string[]> PagesAsync(ScheduleFilter filter)
        {
            var names = new List<string>();
            for (string? after = null; ; )
            {
                if (await node.Schedules().ListAsync(filter, after, 1, CancellationToken.None) is not [var found])
                {
                    return [.. names];
                }

                names.Add(found.Name);
                after = filter.KeyOf(found);
                Assert.True(filter.IsKey(after));
            }
        }

        var byNext = new ScheduleFilter { Job = "by next", ByNext = true };
        Assert.Equal(["next hourly", "next yearly", "next paused"], await PagesAsync(byNext));
        Assert.Equal(["next hourly", "next yearly"], await PagesAsync(byNext with { Paused = false }));
        Assert.Equal(["next paused"], await PagesAsync(byNext with { Paused = true, ByNext = false }));
        Assert.False(byNext.IsKey("next hourly"));
    }
}
