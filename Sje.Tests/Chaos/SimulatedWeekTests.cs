using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Sje.Core.Scheduling;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>
/// A week of 200 schedules on two hosts, of which one or the other is dropped at random and never both. The clock that schedules go by is
/// ours and goes in steps of fifteen minutes, shorter than the interval of any of them, so no due time may be skipped or joined with
/// another. About 4,500 due times: most schedules are daily or weekly, as people's are; a week of minutely ones would only be slower.
/// </summary>
[Collection(Alone.Name)]
public sealed class SimulatedWeekTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    // The week in which the clocks of Berlin go back.
    private static readonly DateTimeOffset Start = new(2026, 10, 19, 0, 0, 30, TimeSpan.Zero);
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(15);

    [Fact]
    public async Task Each_due_time_of_a_week_starts_its_job_once_while_one_host_or_the_other_is_dropped()
    {
        var clock = new FakeTimeProvider(Start);
        var random = new Random(20261019);
        var hosts = new TestNode?[] { await StartAsync(clock), await StartAsync(clock) };
        await hosts[0]!.SaveJobAsync("week");
        var schedules = new List<(Guid Id, CronSchedule Cron)>();
        for (var i = 0; i < 200; i++)
        {
            var (cron, zone) = Line(i, random);
            var saved = await hosts[0]!
                .Schedules()
                .SaveAsync(
                    new Sje.Jobs.Scheduling.ScheduleDefinition
                    {
                        Name = $"week {i}",
                        JobName = "week",
                        Cron = cron,
                        TimeZone = zone,
                    },
                    null,
                    null,
                    CancellationToken.None
                );
            Assert.True(CronSchedule.TryParse(cron, zone, out var line, out _));
            schedules.Add((((Sje.Jobs.Scheduling.ScheduleResult.Created)saved).Schedule.Id, line));
        }

        var drops = 0;
        var end = Start.AddDays(7);
        while (clock.GetUtcNow() < end)
        {
            clock.Advance(Step);
            foreach (var host in hosts)
            {
                host?.Services.GetRequiredService<Signals>().Raise(SignalKind.Schedule);
            }

            var dropped = Array.FindIndex(hosts, h => h is null);
            if (dropped >= 0 && random.Next(8) == 0)
            {
                hosts[dropped] = await StartAsync(clock);
            }
            else if (dropped < 0 && random.Next(12) == 0)
            {
                // At once, in the middle of whatever it does.
                var victim = random.Next(2);
                await hosts[victim]!.DisposeAsync();
                hosts[victim] = null;
                drops++;
            }

            await Eventually.TrueAsync(
                async () =>
                {
                    var due = await db.ScalarAsync<bool>(
                        "select exists (select from sje.schedules where next_at <= $1)",
                        clock.GetUtcNow().UtcDateTime
                    );
                    return !due;
                },
                $"all fired that was due at {clock.GetUtcNow()}"
            );
        }

        foreach (var host in hosts)
        {
            await (host?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        var fired = await AllFiredAsync();
        var expected = schedules
            .SelectMany(s => DueTimes(s.Cron, clock.GetUtcNow()).Select(at => (s.Id, at.UtcDateTime)))
            .Order()
            .ToList();
        Assert.True(drops > 5, $"{drops} drops");
        Assert.True(expected.Count > 4000, $"{expected.Count} due times");
        Assert.Equal(expected, fired);
        TestContext.Current.SendDiagnosticMessage($"{fired.Count} due times, {drops} drops");
    }

    private static (string Cron, string Zone) Line(int i, Random random)
    {
        var zones = new[] { "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe" };
        var minute = random.Next(60);
        var hour = random.Next(24);
        var cron = (i % 20) switch
        {
            0 => $"{minute} * * * *",
            < 4 => $"{minute} */4 * * *",
            < 6 => $"{minute} 8-18/2 * * MON-FRI",
            < 8 => $"{minute} {hour} * * {random.Next(7)}",
            _ => $"{minute} {hour} * * *",
        };
        return (cron, zones[i % zones.Length]);
    }

    private static IEnumerable<DateTimeOffset> DueTimes(CronSchedule cron, DateTimeOffset until)
    {
        for (var at = cron.Next(Start); at <= until; at = cron.Next(at.Value))
        {
            yield return at.Value;
        }
    }

    private Task<TestNode> StartAsync(FakeTimeProvider clock) =>
        TestNode.StartAsync(
            db,
            worker: false,
            services: services => services.Replace(ServiceDescriptor.Singleton<IScheduleClock>(new OurClock(clock)))
        );

    private async Task<List<(Guid Id, DateTime At)>> AllFiredAsync()
    {
        await using var command = db.Database.Main.CreateCommand(
            "select schedule_id, scheduled_for from sje.executions where scheduled_for is not null"
        );
        var fired = new List<(Guid, DateTime)>();
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            fired.Add((rows.GetGuid(0), rows.GetDateTime(1)));
        }

        return [.. fired.Order()];
    }

    private sealed class OurClock(TimeProvider time) : IScheduleClock
    {
        public Task<DateTimeOffset> NowAsync(NpgsqlConnection connection, CancellationToken stop) =>
            Task.FromResult(time.GetUtcNow());
    }
}
