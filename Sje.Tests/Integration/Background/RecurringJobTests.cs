using System.Globalization;
using System.Text.Json.Nodes;
using Hangfire;
using Hangfire.Common;
using Hangfire.Storage;
using Microsoft.Extensions.DependencyInjection;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Background;

/// <summary>Schedules as Hangfire's recurring jobs: what its page shows, and what its buttons do.</summary>
public sealed class RecurringJobTests(TestDatabase db) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string Yearly = "0 0 1 1 *";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await db.ExecuteAsync("delete from sje.schedules");

    [Fact]
    public async Task A_schedule_is_a_recurring_job_with_cron_zone_and_next_run_and_follows_each_change()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("shown", job => job.Schedule("@daily", "Europe/Berlin"));
        var schedule = await node.FindAsync("shown");

        var made = await BecomesAsync(node, "shown", r => r is not null, "there");
        Assert.Equal("0 0 * * *", made!.Cron);
        Assert.Equal("Europe/Berlin", made.TimeZoneId);
        Assert.Equal(schedule.NextAt!.Value.UtcDateTime, made.NextExecution);
        Assert.Equal("shown", Sje.Jobs.Background.BackgroundJobTitle.Of(made.Job));
        Assert.Null(made.LastExecution);
        Assert.Null(made.Error);

        // Hangfire's page calls a recurring job without a next run disabled.
        await node.Schedules().PauseAsync("shown", CancellationToken.None);
        var paused = await BecomesAsync(node, "shown", r => r is { NextExecution: null }, "without a next run");
        Assert.Null(paused!.Error);
        Assert.Equal(-1, await ScoreAsync("shown"));

        await node.Schedules().ResumeAsync("shown", CancellationToken.None);
        await BecomesAsync(node, "shown", r => r is { NextExecution: not null }, "with a next run");
        Assert.Equal((await node.FindAsync("shown")).NextAt!.Value.ToUnixTimeSeconds(), await ScoreAsync("shown"));

        await node.SaveJobAsync("shown", job => job.Schedule("0 5 * * *"));
        await BecomesAsync(node, "shown", r => r is { Cron: "0 5 * * *", TimeZoneId: "UTC" }, "changed");
        await node.SaveJobAsync("shown");
        await BecomesAsync(node, "shown", r => r is null, "gone");
    }

    [Fact]
    public async Task The_last_run_links_to_its_background_job_and_stays_when_Hangfire_finds_the_schedule_due()
    {
        await using var node = await StartWithSchedulerAsync();
        await node.SaveJobAsync("linked");
        var schedule = await node.SaveScheduleAsync("linked", Yearly);
        await db.ExecuteAsync(
            "update sje.schedules set next_at = date_trunc('second', clock_timestamp()) where id = $1",
            schedule.Id
        );

        var fired = await BecomesAsync(node, "linked", r => r is { LastJobId: not null }, "linked to its last run");
        var execution = (await node.FindAsync("linked")).LastExecutionId!.Value;
        var job = (await db.HangfireJobAsync(execution)).ToString(CultureInfo.InvariantCulture);
        Assert.Equal(job, fired!.LastJobId);
        Assert.Equal(await SecondsOfAsync(node, "linked"), Seconds(fired.LastExecution));

        // Hangfire's own scheduler finds it due, though our loop has moved on.
        var next = fired.NextExecution;
        await db.ExecuteAsync(
            "update hangfire.set set score = extract(epoch from clock_timestamp()) - 5 where key = 'recurring-jobs' and value = 'linked'"
        );
        await db.ExecuteAsync(
            """
            update hangfire.hash set value = $1 where key = 'recurring-job:linked' and field in ('LastExecution', 'CreatedAt')
            """,
            JobHelper.SerializeDateTime(new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc))
        );
        await Eventually.TrueAsync(
            async () => await ScoreAsync("linked") > TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
            "Hangfire's scheduler has been there"
        );

        var after = await RecurringAsync(node, "linked");
        Assert.Equal(job, after!.LastJobId);
        Assert.Equal(next, after.NextExecution);
        Assert.Equal((await node.FindAsync("linked")).NextAt!.Value.ToUnixTimeSeconds(), await ScoreAsync("linked"));
        Assert.Single(await db.FiredAsync(schedule.Id));
        Assert.Equal(
            0L,
            await db.ScalarAsync<long>(
                "select count(*) from hangfire.job where invocationdata ->> 'Type' like '%ScheduleJob%'"
            )
        );
    }

    [Fact]
    public async Task Hangfires_own_trigger_fires_what_is_due_if_our_loop_has_not()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("cover");
        var schedule = await node.SaveScheduleAsync("cover", Yearly);
        await BecomesAsync(node, "cover", r => r is not null, "there");
        await db.ExecuteAsync(
            "update sje.schedules set next_at = date_trunc('second', clock_timestamp()) where id = $1",
            schedule.Id
        );

        // What the stock manager does is what the scheduler does: it makes a background job, which meets the filters.
        var stock = new RecurringJobManager(
            node.Services.GetRequiredService<JobStorage>(),
            node.Services.GetRequiredService<IJobFilterProvider>()
        );
        Assert.Null(stock.TriggerJob("cover"));
        Assert.Null(stock.TriggerJob("cover"));

        Assert.Single(await db.FiredAsync(schedule.Id));
    }

    [Fact]
    public async Task Trigger_now_starts_an_execution_also_of_a_paused_schedule()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("now");
        var schedule = await node.SaveScheduleAsync("now", Yearly);
        await node.Schedules().PauseAsync("now", CancellationToken.None);
        await BecomesAsync(node, "now", r => r is not null, "there");

        node.Services.GetRequiredService<IRecurringJobManager>().Trigger("now");
        var one = await BecomesAsync(node, "now", r => r is { LastJobId: not null }, "linked");
        // So the dashboard gets its manager.
        node.Services.GetRequiredService<IRecurringJobManagerFactory>()
            .GetManager(node.Services.GetRequiredService<JobStorage>())
            .Trigger("now");
        await BecomesAsync(node, "now", r => r?.LastJobId is { } id && id != one!.LastJobId, "linked to the second");

        Assert.Equal(
            "manual hangfire,manual hangfire",
            await db.ScalarAsync<string>(
                "select string_agg(trigger || ' ' || accepted_by, ',') from sje.executions where schedule_id = $1",
                schedule.Id
            )
        );
        Assert.True(await RecurringAsync(node, "now") is { NextExecution: null, Error: null });
    }

    [Fact]
    public async Task The_job_of_the_last_run_is_kept_beyond_Hangfires_day_and_the_one_before_is_not()
    {
        string[] jobs;
        await using (var node = await TestNode.StartAsync(db))
        {
            await node.SaveJobAsync("kept");
            await node.SaveScheduleAsync("kept", Yearly);
            var manager = node.Services.GetRequiredService<IRecurringJobManager>();
            manager.Trigger("kept");
            var one = await BecomesAsync(node, "kept", r => r is { LastJobState: "Succeeded" }, "run once");
            manager.Trigger("kept");
            var two = await BecomesAsync(
                node,
                "kept",
                r => r is { LastJobState: "Succeeded" } && r.LastJobId != one!.LastJobId,
                "run twice"
            );
            jobs = [one!.LastJobId, two!.LastJobId];
        }

        const string Expires = "select expireat > now() + interval '6 days' from hangfire.job where id = $1";
        await db.ExecuteAsync("update hangfire.job set expireat = now() + interval '1 day'");
        await using var later = await TestNode.StartAsync(db, worker: false);

        await Eventually.TrueAsync(
            () => db.ScalarAsync<bool>(Expires, long.Parse(jobs[1], CultureInfo.InvariantCulture)),
            "the last one's job is kept"
        );
        Assert.False(await db.ScalarAsync<bool>(Expires, long.Parse(jobs[0], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_trigger_that_cannot_start_its_job_shows_the_reason()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("cannot");
        await node.SaveScheduleAsync("cannot", Yearly);
        await node.SaveJobAsync(
            "cannot",
            job =>
                job["parameters"] = new JsonObject
                {
                    ["n"] = new JsonObject { ["type"] = "int", ["required"] = true },
                }
        );

        node.Services.GetRequiredService<IRecurringJobManagerV2>().TriggerJob("cannot");

        var shown = await BecomesAsync(node, "cannot", r => r is { Error: not null }, "with an error");
        Assert.Contains("Parameter 'n' (int) must be given", shown!.Error, StringComparison.Ordinal);
        Assert.NotNull(shown.NextExecution);
        Assert.Equal(0, shown.RetryAttempt);
    }

    [Fact]
    public async Task Remove_deletes_the_schedule_and_a_jobs_own_with_a_new_version_of_the_job()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        var manager = node.Services.GetRequiredService<IRecurringJobManager>();
        await node.SaveJobAsync("part", job => job.Schedule(Yearly));
        await node.SaveScheduleAsync("single", Yearly, "part");
        await BecomesAsync(node, "part", r => r is not null, "there");
        await BecomesAsync(node, "single", r => r is not null, "there");

        manager.RemoveIfExists("single");
        manager.RemoveIfExists("part");
        manager.RemoveIfExists("nobody");

        Assert.Null(await RecurringAsync(node, "single"));
        Assert.Null(await RecurringAsync(node, "part"));
        Assert.Empty(await node.Schedules().ListAsync(new(), null, 10, CancellationToken.None));
        var job = await node.Jobs().FindAsync("part", null, CancellationToken.None);
        Assert.Equal(2, job!.Version);
        Assert.False(job.Spec.ContainsKey("schedule"));
    }

    [Fact]
    public async Task What_a_crash_left_behind_in_either_view_is_mended()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("crash");
        await node.SaveScheduleAsync("crash", Yearly);
        await BecomesAsync(node, "crash", r => r is not null, "there");

        // A process that died after deleting the row, before it told Hangfire.
        await db.ExecuteAsync("delete from sje.schedules where name = 'crash'");
        await BecomesAsync(node, "crash", r => r is null, "gone");

        // One that died after writing the row; the flag is the row's default.
        await db.ExecuteAsync(
            """
            insert into sje.schedules (id, name, job_id, cron, next_at)
            select gen_random_uuid(), 'crash', id, '0 0 1 1 *', now() + interval '1 day' from sje.jobs where name = 'crash'
            """
        );
        await BecomesAsync(node, "crash", r => r is not null, "there again");

        // One that died while it held the lease of the flag.
        await db.ExecuteAsync(
            "update sje.schedules set cron = '0 1 1 1 *', hangfire_sync_at = clock_timestamp() + interval '2 seconds' where name = 'crash'"
        );
        await BecomesAsync(node, "crash", r => r is { Cron: "0 1 1 1 *" }, "brought up");
    }

    [Fact]
    public async Task Recurring_jobs_of_others_keep_their_ways_also_under_the_name_of_a_schedule()
    {
        await using var node = await StartWithSchedulerAsync();
        var manager = node.Services.GetRequiredService<IRecurringJobManager>();
        var storage = node.Services.GetRequiredService<JobStorage>();
        manager.AddOrUpdate<ForeignJob>("foreign", "hangfire", x => x.Run(), "0 0 1 1 *");

        await node.SaveJobAsync("foreign");
        await node.SaveScheduleAsync("foreign", "* * * * * *");
        await node.SaveJobAsync("settled");
        await node.SaveScheduleAsync("settled", Yearly);
        await BecomesAsync(node, "settled", r => r is not null, "there");
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<bool>(
                    "select hangfire_sync_at > clock_timestamp() + interval '20 seconds' from sje.schedules where name = 'foreign'"
                ) || (await node.FindAsync("foreign")).LastFiredAt is not null,
            "looked at"
        );
        await node.Schedules().DeleteAsync("foreign", null, null, CancellationToken.None);

        var shown = await RecurringAsync(node, "foreign");
        Assert.Equal(typeof(ForeignJob), shown!.Job.Type);
        Assert.Equal("0 0 1 1 *", shown.Cron);

        manager.Trigger("foreign");
        var run = await BecomesAsync(
            node,
            "foreign",
            r => r is { LastJobId: not null, LastJobState: "Succeeded" },
            "run by Hangfire"
        );
        using (var connection = storage.GetConnection())
        {
            Assert.Equal(typeof(ForeignJob), connection.GetJobData(run!.LastJobId)!.Job.Type);
        }

        // Hangfire's scheduler fires it too, and writes what it likes of it.
        await db.ExecuteAsync(
            "update hangfire.hash set value = $1 where key = 'recurring-job:foreign' and field in ('LastExecution', 'CreatedAt')",
            JobHelper.SerializeDateTime(new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc))
        );
        await db.ExecuteAsync(
            "update hangfire.set set score = extract(epoch from clock_timestamp()) - 5 where key = 'recurring-jobs' and value = 'foreign'"
        );
        await BecomesAsync(
            node,
            "foreign",
            r => r is { LastJobState: "Succeeded" } && r.LastJobId != run!.LastJobId,
            "run by Hangfire's scheduler"
        );
        manager.RemoveIfExists("foreign");
        Assert.Null(await RecurringAsync(node, "foreign"));
        Assert.Throws<InvalidOperationException>(() =>
            manager.AddOrUpdate<ForeignJob>("settled", "hangfire", x => x.Run(), "0 0 1 1 *")
        );
    }

    /// <summary>With Hangfire's upkeep server, its scheduler looking every second.</summary>
    private Task<TestNode> StartWithSchedulerAsync() =>
        TestNode.StartAsync(
            db,
            worker: false,
            services: services =>
                services.AddHangfireServer(server =>
                {
                    server.Queues = ["hangfire"];
                    server.WorkerCount = 1;
                    server.SchedulePollingInterval = TimeSpan.FromSeconds(1);
                })
        );

    private static Task<RecurringJobDto?> RecurringAsync(TestNode node, string name)
    {
        using var connection = node.Services.GetRequiredService<JobStorage>().GetConnection();
        return Task.FromResult(connection.GetRecurringJobs().SingleOrDefault(r => r.Id == name && !r.Removed));
    }

    private static Task<RecurringJobDto?> BecomesAsync(
        TestNode node,
        string name,
        Func<RecurringJobDto?, bool> good,
        string what
    ) => Eventually.GetAsync(() => RecurringAsync(node, name), good, $"recurring job '{name}' {what}");

    private static long Seconds(DateTime? utc) =>
        new DateTimeOffset(DateTime.SpecifyKind(utc!.Value, DateTimeKind.Utc)).ToUnixTimeSeconds();

    private static async Task<long> SecondsOfAsync(TestNode node, string name) =>
        (await node.FindAsync(name)).LastFiredAt!.Value.ToUnixTimeSeconds();

    private async Task<double> ScoreAsync(string name) =>
        await db.ScalarAsync<double>(
            "select score from hangfire.set where key = 'recurring-jobs' and value = $1",
            name
        );

    /// <summary>A job of somebody who uses Hangfire beside us.</summary>
    public sealed class ForeignJob
    {
        public void Run() { }
    }
}
