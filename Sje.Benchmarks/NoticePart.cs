using Npgsql;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Benchmarks;

/// <summary>
/// What it costs that changes of queues, jobs, schedules and workers note themselves for those who watch: the same work with the
/// triggers that do it and without them, turn by turn on one database, so that both meet the same noise.
/// </summary>
internal static class NoticePart
{
    // An even number: each goes first as often as the other.
    private const int Rounds = 10;
    private const int TasksARound = 3_000;
    private const int BeatsARound = 4_000;
    private static readonly string[] Noted = ["queues", "jobs", "schedules", "workers"];
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>
    /// A task's way from its acceptance to its end, by the direct lane's own statements; and the heartbeat of a worker, without the
    /// wait for the disk, which would hide whatever else it costs.
    /// </summary>
    public static async Task RunAsync(
        BenchReport report,
        Database database,
        ExecutionIntake intake,
        Func<Submission> job
    )
    {
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        var worker = await DirectLane.PrepareAsync(source);
        List<double> tasks = [],
            tasksWithout = [],
            beats = [],
            beatsWithout = [];
        for (var round = -1; round < Rounds; round++)
        {
            foreach (var noted in round % 2 == 0 ? new[] { true, false } : [false, true])
            {
                await TriggersAsync(source, noted);
                var began = Clock.GetTimestamp();
                for (var i = 0; i < TasksARound; i += 1_000)
                {
                    await intake.AcceptAsync(
                        [.. Enumerable.Range(0, 1_000).Select(_ => job())],
                        CancellationToken.None
                    );
                }

                var ended = await DirectLane.TightLoopAsync(database, worker);
                var way = Clock.GetElapsedTime(began).TotalMicroseconds / ended;
                var beat = await BeatAsync(source, worker);
                if (round >= 0)
                {
                    (noted ? tasks : tasksWithout).Add(way);
                    (noted ? beats : beatsWithout).Add(beat);
                }
            }
        }

        report.Add("notices.none.task", Median(tasksWithout), "us");
        report.Add("notices.task", Median(tasks), "us", ("withoutTriggers", Median(tasksWithout)));
        report.Add("notices.none.heartbeat", Median(beatsWithout), "us");
        report.Add("notices.heartbeat", Median(beats), "us", ("withoutTriggers", Median(beatsWithout)));
    }

    private static async Task<double> BeatAsync(NpgsqlDataSource source, Guid worker)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using (var relaxed = new NpgsqlCommand("set synchronous_commit = off", connection))
        {
            await relaxed.ExecuteNonQueryAsync();
        }

        await using var beat = new NpgsqlCommand(WorkerSession.Renew, connection);
        beat.Parameters.Add(new() { Value = worker });
        beat.Parameters.Add(new() { Value = TimeSpan.FromDays(1) });
        beat.Parameters.Add(new() { Value = 0.5 });
        beat.Parameters.Add(new() { Value = 1L << 28 });
        await beat.PrepareAsync();
        var began = Clock.GetTimestamp();
        for (var i = 0; i < BeatsARound; i++)
        {
            await beat.ExecuteNonQueryAsync();
        }

        var took = Clock.GetElapsedTime(began).TotalMicroseconds / BeatsARound;
        await using var again = new NpgsqlCommand("reset synchronous_commit", connection);
        await again.ExecuteNonQueryAsync();
        return took;
    }

    private static async Task TriggersAsync(NpgsqlDataSource source, bool noted)
    {
        var word = noted ? "enable" : "disable";
        await using var command = source.CreateCommand(
            string.Join(";", Noted.Select(table => $"alter table sje.{table} {word} trigger user"))
        );
        await command.ExecuteNonQueryAsync();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
