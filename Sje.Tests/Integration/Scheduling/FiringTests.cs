using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Queueing;
using Sje.Jobs.Scheduling;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Scheduling;

/// <summary>Schedules start their jobs: each due time once, soon, whatever processes there are.</summary>
public sealed class FiringTests(TestDatabase db) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private const string EverySecond = "* * * * * *";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await db.ExecuteAsync("delete from sje.schedules");

    [Fact]
    public async Task Two_processes_fire_each_due_time_once_and_soon()
    {
        await using var one = await TestNode.StartAsync(db, worker: false);
        await using var two = await TestNode.StartAsync(db, worker: false);
        var job = await one.SaveJobAsync("twice");
        var schedule = await one.SaveScheduleAsync("twice", EverySecond);

        await db.FiresAsync(schedule.Id, 6);
        await two.Schedules().PauseAsync("twice", CancellationToken.None);

        TestSchedules.AssertEverySecond(await db.FiredAsync(schedule.Id));
        Assert.Equal(
            0L,
            await db.ScalarAsync<long>(
                """
                select count(*) from sje.executions where schedule_id = $1
                    and (trigger <> 'schedule' or job_id <> $2 or job_version <> 1 or name <> 'twice' or task_count <> 1)
                """,
                schedule.Id,
                job.Id
            )
        );
        // The promise is a second; the machine of a test run may be busy with many others.
        var latest = await db.ScalarAsync<double>(
            "select max(extract(epoch from accepted_at - scheduled_for))::float8 from sje.executions where schedule_id = $1",
            schedule.Id
        );
        TestContext.Current.SendDiagnosticMessage($"latest {latest * 1000:0} ms");
        Assert.InRange(latest, 0, 5);
    }

    [Fact]
    public async Task A_due_time_asked_for_by_many_at_once_starts_one_execution()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("many");
        var schedule = await node.SaveScheduleAsync("many", "0 0 1 1 *");
        var firing = node.Services.GetRequiredService<ScheduleFiring>();

        await db.ExecuteAsync(
            "update sje.schedules set next_at = date_trunc('second', clock_timestamp()) where id = $1",
            schedule.Id
        );
        await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => Task.Run(() => firing.FireDueAsync("many", CancellationToken.None)))
        );

        await db.FiresAsync(schedule.Id, 1);
        Assert.Single(await db.FiredAsync(schedule.Id));
        Assert.True((await node.FindAsync("many")).NextAt > TimeProvider.System.GetUtcNow());
    }

    [Fact]
    public async Task A_schedule_of_a_paused_job_starts_nothing_and_makes_nothing_up_after_the_resume()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("halted");
        var schedule = await node.SaveScheduleAsync("halted", EverySecond);
        await db.FiresAsync(schedule.Id, 1);
        var pauses = node.Services.GetRequiredService<PauseControl>();

        await pauses.PauseJobAsync("halted", CancellationToken.None);
        var paused = (await db.FiredAsync(schedule.Id)).Count;
        var before = await db.ScalarAsync<DateTime>("select clock_timestamp()");
        await Eventually.TrueAsync(
            async () => (await node.FindAsync("halted")).NextAt > before.AddSeconds(3),
            "due times pass"
        );
        // One may have been on its way when the job was paused; it waits.
        var meanwhile = (await db.FiredAsync(schedule.Id)).Count;
        Assert.InRange(meanwhile, paused, paused + 1);
        Assert.Equal(
            meanwhile,
            await db.ScalarAsync<long>(
                "select count(*) from sje.tasks t join sje.executions e on e.id = t.execution_id where e.schedule_id = $1 and 'job' = any (t.holds)",
                schedule.Id
            )
        );

        var resumed = await db.ScalarAsync<DateTime>("select clock_timestamp()");
        await pauses.ResumeJobAsync("halted", CancellationToken.None);
        await db.FiresAsync(schedule.Id, meanwhile + 1);
        Assert.True((await db.FiredAsync(schedule.Id))[meanwhile] > resumed.AddSeconds(-1.5));
    }

    [Fact]
    public async Task What_all_processes_missed_is_made_up_by_one_execution_for_the_latest_due_time()
    {
        SavedSchedule schedule;
        await using (var node = await TestNode.StartAsync(db, worker: false))
        {
            await node.SaveJobAsync("missed");
            schedule = await node.SaveScheduleAsync("missed", "*/5 * * * *");
        }

        // Nobody was there for an hour.
        await db.ExecuteAsync(
            "update sje.schedules set next_at = date_trunc('hour', clock_timestamp()) - interval '1 hour' where id = $1",
            schedule.Id
        );
        await db.ExecuteAsync(
            "update sje.schedule_watch set looked_at = looked_at - interval '1 hour', since = since - interval '2 hours'"
        );
        await using var back = await TestNode.StartAsync(db, worker: false);
        await db.FiresAsync(schedule.Id, 1);

        var now = TimeProvider.System.GetUtcNow();
        var after = await Eventually.GetAsync(
            () => back.FindAsync("missed"),
            s => s.NextAt > now.AddMinutes(-1),
            "the next due time is to come"
        );
        var fired = Assert.Single(await db.FiredAsync(schedule.Id));
        Assert.Equal(after.NextAt!.Value.AddMinutes(-5), fired);
        Assert.Equal(fired, after.LastDueAt);
    }

    [Fact]
    public async Task A_short_pause_of_all_processes_is_made_up_by_one_execution_too()
    {
        SavedSchedule schedule;
        await using (var node = await TestNode.StartAsync(db, worker: false))
        {
            await node.SaveJobAsync("short");
            schedule = await node.SaveScheduleAsync("short", EverySecond);
            await db.FiresAsync(schedule.Id, 1);
        }

        // Nobody was there for half a minute.
        await db.ExecuteAsync("delete from sje.executions where schedule_id = $1", schedule.Id);
        await db.ExecuteAsync(
            "update sje.schedules set next_at = date_trunc('second', clock_timestamp()) - interval '30 seconds' where id = $1",
            schedule.Id
        );
        await db.ExecuteAsync("update sje.schedule_watch set looked_at = clock_timestamp() - interval '30 seconds'");
        var back = await db.ScalarAsync<DateTime>("select date_trunc('second', clock_timestamp())");
        await using var after = await TestNode.StartAsync(db, worker: false);
        await db.FiresAsync(schedule.Id, 3);
        await after.Schedules().PauseAsync("short", CancellationToken.None);

        var fired = await db.FiredAsync(schedule.Id);
        Assert.True(fired[0].UtcDateTime >= back, $"{fired[0]} was long before {back}");
        TestSchedules.AssertEverySecond(fired);
    }

    [Fact]
    public async Task What_one_process_was_late_for_is_not_lost()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("late");
        var schedule = await node.SaveScheduleAsync("late", EverySecond);
        await db.FiresAsync(schedule.Id, 1);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await db.ExecuteAsync("delete from sje.executions where schedule_id = $1", schedule.Id);

        // As if the loop had stood still for twenty seconds, which were watched all the same.
        await db.ExecuteAsync("update sje.schedule_watch set since = since - interval '1 minute'");
        await db.ExecuteAsync(
            "update sje.schedules set next_at = date_trunc('second', clock_timestamp()) - interval '20 seconds' where id = $1",
            schedule.Id
        );
        await db.FiresAsync(schedule.Id, 21);
        await node.Schedules().PauseAsync("late", CancellationToken.None);

        TestSchedules.AssertEverySecond(await db.FiredAsync(schedule.Id));
    }

    [Fact]
    public async Task A_schedule_that_was_paused_goes_on_from_now()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("paused");
        var schedule = await node.SaveScheduleAsync("paused", EverySecond);
        await db.FiresAsync(schedule.Id, 1);

        var paused = (ScheduleResult.Updated)await node.Schedules().PauseAsync("paused", CancellationToken.None);
        var before = await db.FiredAsync(schedule.Id);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Assert.Equal(before, await db.FiredAsync(schedule.Id));
        Assert.Null(paused.Schedule.NextAt);

        var resumed = (ScheduleResult.Updated)await node.Schedules().ResumeAsync("paused", CancellationToken.None);
        await db.FiresAsync(schedule.Id, before.Count + 2);
        await node.Schedules().PauseAsync("paused", CancellationToken.None);

        var after = (await db.FiredAsync(schedule.Id))[before.Count..];
        Assert.Equal(resumed.Schedule.NextAt, after[0]);
        Assert.True(after[0] > paused.Schedule.PausedAt!.Value.AddSeconds(3));
        TestSchedules.AssertEverySecond(after);
    }

    [Fact]
    public async Task A_schedule_whose_job_cannot_start_says_why_and_goes_on()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("broken");
        var schedule = await node.SaveScheduleAsync("broken", EverySecond);
        await db.FiresAsync(schedule.Id, 1);

        await node.SaveJobAsync(
            "broken",
            job =>
                job["parameters"] = new JsonObject
                {
                    ["day"] = new JsonObject { ["type"] = "date", ["required"] = true },
                }
        );
        var wrong = await Eventually.GetAsync(() => node.FindAsync("broken"), s => s.LastError is not null, "an error");
        Assert.Contains("Parameter 'day' (date) must be given", wrong.LastError, StringComparison.Ordinal);

        // A type that this server does not know, as after a change of version.
        await db.ExecuteAsync(
            "update sje.jobs set spec = jsonb_set(spec - 'parameters', '{type}', '\"gone\"') where name = 'broken'"
        );
        await Eventually.GetAsync(
            () => node.FindAsync("broken"),
            s => s.LastError?.Contains("cannot be read any more", StringComparison.Ordinal) == true,
            "another error"
        );
        Assert.NotNull((await node.FindAsync("broken")).NextAt);

        var count = (await db.FiredAsync(schedule.Id)).Count;
        await node.SaveJobAsync("broken");
        await db.FiresAsync(schedule.Id, count + 1);
        await Eventually.GetAsync(() => node.FindAsync("broken"), s => s.LastError is null, "no error");
    }

    [Fact]
    public async Task A_due_time_that_has_its_execution_already_is_passed_over_and_holds_nobody_back()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync("guarded");
        var guarded = await node.SaveScheduleAsync("guarded", EverySecond);
        var other = await node.SaveScheduleAsync("beside", "0 0 1 1 *", "guarded");
        await db.FiresAsync(guarded.Id, 2);

        // As after a clock that was set back: both are due, one of them for the second time.
        await db.ExecuteAsync(
            """
            update sje.schedules set next_at =
                case name when 'beside' then date_trunc('second', clock_timestamp()) else (select min(scheduled_for) from sje.executions
                    where schedule_id = sje.schedules.id) end
            """
        );

        await db.FiresAsync(other.Id, 1);
        var count = (await db.FiredAsync(guarded.Id)).Count;
        await db.FiresAsync(guarded.Id, count + 2);
        await node.Schedules().PauseAsync("guarded", CancellationToken.None);
        TestSchedules.AssertEverySecond(await db.FiredAsync(guarded.Id));
        Assert.Null((await node.FindAsync("guarded")).LastError);
    }

    [Fact]
    public async Task A_task_can_read_the_due_time_that_it_is_for()
    {
        var engine = new ScriptedEngine();
        await using var node = await TestNode.StartAsync(db, engine: engine);
        await node.SaveJobAsync(
            "reads",
            job =>
                job["parameters"] = new JsonObject
                {
                    ["n"] = new JsonObject { ["type"] = "int", ["default"] = 1 },
                }
        );
        var schedule = await node.SaveScheduleAsync("reads", EverySecond, parameters: new JsonObject { ["n"] = 7 });

        await db.FiresAsync(schedule.Id, 1);
        await node.Schedules().PauseAsync("reads", CancellationToken.None);
        // What other tests left in the queue runs here, too.
        JsonObject? Scope()
        {
            lock (engine.Contexts)
            {
                return engine
                    .Contexts.Select(context => context.Scope.Values)
                    .FirstOrDefault(values => values["parameters"]?["n"]?.GetValue<int>() == 7);
            }
        }

        await Eventually.TrueAsync(() => Task.FromResult(Scope() is not null), "it runs");

        var fired = await db.FiredAsync(schedule.Id);
        Assert.Contains(Scope()!["execution"]!["scheduledFor"]!.GetValue<DateTimeOffset>(), fired);
    }

    [Fact]
    public async Task A_schedule_triggered_by_hand_starts_its_job_now_and_keeps_its_times()
    {
        await using var node = await TestNode.StartAsync(db, worker: false);
        await node.SaveJobAsync(
            "byhand",
            job =>
                job["parameters"] = new JsonObject
                {
                    ["a"] = new JsonObject { ["type"] = "int", ["default"] = 1 },
                    ["b"] = new JsonObject { ["type"] = "int", ["default"] = 1 },
                }
        );
        var schedule = await node.SaveScheduleAsync(
            "byhand",
            "0 0 1 1 *",
            parameters: new JsonObject { ["a"] = 2, ["b"] = 2 }
        );
        await node.Schedules().PauseAsync("byhand", CancellationToken.None);

        async Task<ScheduleResult> TriggerAsync(JsonObject parameters, string? key = null) =>
            await node.Schedules()
                .TriggerAsync(
                    "byhand",
                    new ScheduleTrigger
                    {
                        Parameters = parameters,
                        IdempotencyKey = key,
                        BodyHash = key is null ? null : [1],
                        By = "ann",
                    },
                    CancellationToken.None
                );

        var first = Assert.IsType<ScheduleResult.Triggered>(await TriggerAsync(new JsonObject { ["b"] = 3 }, "key-1"));
        var again = Assert.IsType<ScheduleResult.Triggered>(await TriggerAsync(new JsonObject { ["b"] = 3 }, "key-1"));
        Assert.IsType<ScheduleResult.ParametersWrong>(await TriggerAsync(new JsonObject { ["c"] = 3 }));

        Assert.Equal(first.ExecutionId, again.ExecutionId);
        Assert.IsType<Repeated>(again.Intake);
        Assert.Equal(
            "manual ann 2 3 true",
            await db.ScalarAsync<string>(
                """
                select concat_ws(' ', trigger, accepted_by, parameters ->> 'a', parameters ->> 'b', (scheduled_for is null)::text)
                from sje.executions where schedule_id = $1
                """,
                schedule.Id
            )
        );
        var after = await node.FindAsync("byhand");
        Assert.Equal(first.ExecutionId, after.LastExecutionId);
        Assert.NotNull(after.LastFiredAt);
        Assert.Null(after.LastDueAt);
        Assert.NotNull(after.PausedAt);
        Assert.IsType<ScheduleResult.NotFound>(
            await node.Schedules().TriggerAsync("nobody", new ScheduleTrigger(), CancellationToken.None)
        );
    }
}
