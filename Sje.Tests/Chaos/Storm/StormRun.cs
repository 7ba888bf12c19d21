using System.Globalization;
using Npgsql;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos.Storm;

/// <summary>A storm from beginning to end: load and faults for a while, then calm, then the audit.</summary>
internal static class StormRun
{
    private const int EnoughAnswers = 60;
    private const int EnoughFaults = 15;
    private const int LongestStretch = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(5);

    /// <summary>Lets it rage, says every few seconds how it stands, and returns what the auditor found.</summary>
    public static async Task<StormReport> RunAsync(
        int seed,
        TimeSpan span,
        Action<string> say,
        CancellationToken giveUp
    )
    {
        await using var scene = await StormScene.OpenAsync();
        var clocks = scene.ClocksMove ? "" : "; no C compiler here, so clocks are left alone";
        say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}, {span.TotalSeconds:0} s, slowness {scene.Slowness:0.0}{clocks}"
            )
        );
        var load = new StormLoad(scene, seed);
        var faults = new StormFaults(scene, load, seed);
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(1, 3).Select(client => load.SubmitAsync(client, stop.Token));
        var work = Task.WhenAll([.. clients, load.ActAsync(4, stop.Token), faults.RageAsync(stop.Token)]);
        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(
            TellAsync(
                work,
                async () => say(await StandAsync(scene, load, faults, began)),
                (LongestStretch * span) + Patience,
                giveUp
            ),
            StopAsync(stop, span, () => load.Answers.Count >= EnoughAnswers && faults.Count >= EnoughFaults, giveUp)
        );
        await scene.CalmAsync();
        say($"calm after {faults.Count} faults: {faults.Kinds}");

        var ended = EndedAsync(scene);
        await TellAsync(ended, async () => say(await StandAsync(scene, load, faults, began)), Patience, giveUp);
        var agreed = await AgreedAsync(scene);
        var orphans = await scene.OrphansAsync();
        var report = await new Auditor(scene.Db, scene.Effects, StormLoad.Limits).AuditAsync(
            load.Answers,
            faults.Count + load.Actions,
            orphans
        );
        var figures = await FiguresAsync(scene);
        say(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{load.Answers.Count} answers, {load.Repeats} said again, {load.Actions} buttons and cancels, {scene.Starts} processes started; "
                    + $"{figures}; both views agreed {agreed:0.0} s after the last end"
            )
        );
        if (!report.Clean)
        {
            say($"logs of all processes, and what the tasks wrote: {scene.Keep()}");
        }

        return report;
    }

    /// <summary>Ends the storm when its time is over, and something has been done: on a busy machine that may take longer.</summary>
    private static async Task StopAsync(
        CancellationTokenSource stop,
        TimeSpan span,
        Func<bool> enough,
        CancellationToken giveUp
    )
    {
        var since = TimeProvider.System.GetTimestamp();
        while (
            TimeProvider.System.GetElapsedTime(since) < span
            || (!enough() && TimeProvider.System.GetElapsedTime(since) < LongestStretch * span)
        )
        {
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, giveUp);
        }

        await stop.CancelAsync();
    }

    private static async Task TellAsync(Task work, Func<Task> tell, TimeSpan patience, CancellationToken giveUp)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!work.IsCompleted && TimeProvider.System.GetElapsedTime(since) < patience)
        {
            await Task.WhenAny(work, Task.Delay(Between, TimeProvider.System, giveUp));
            giveUp.ThrowIfCancellationRequested();
            await tell();
        }

        if (work.IsCompleted)
        {
            await work;
        }
    }

    /// <summary>Waits until nothing is left to do; what is left after all patience, the auditor finds.</summary>
    private static async Task EndedAsync(StormScene scene)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(since) < Patience)
        {
            if (await CountAsync(scene, "select count(*) from sje.executions where finished_at is null") == 0)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }
    }

    private static async Task<double> AgreedAsync(StormScene scene)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (
            TimeProvider.System.GetElapsedTime(since) < TimeSpan.FromSeconds(90)
            && (await ViewAuditor.DisagreementsAsync(scene.Db)).Count > 0
        )
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System);
        }

        return TimeProvider.System.GetElapsedTime(since).TotalSeconds;
    }

    private static async Task<string> StandAsync(StormScene scene, StormLoad load, StormFaults faults, long began)
    {
        var running = await CountAsync(scene, "select count(*) from sje.executions where finished_at is null");
        var workers = await CountAsync(
            scene,
            "select count(*) from sje.workers where state in ('active', 'draining') and lease_until > clock_timestamp()"
        );
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds, 4:0} s: {faults.Count} faults, {load.Answers.Count} answers, "
                + $"{(running < 0 ? "the database is away" : $"{running} executions under way, {workers} workers alive")}; last: {faults.Last}"
        );
    }

    private static async Task<string> FiguresAsync(StormScene scene) =>
        await scene.Db.ScalarAsync<string>(
            "select string_agg(format('%s %s', outcome, n), ', ' order by outcome) from (select outcome, count(*) as n from sje.all_attempts group by 1) a"
        ) ?? "no attempt";

    private static async Task<long> CountAsync(StormScene scene, string sql)
    {
        try
        {
            await using var command = scene.Db.Database.Main.CreateCommand(sql);
            return (long)(await command.ExecuteScalarAsync())!; // count(*) is never null
        }
        catch (Exception e) when (e is NpgsqlException or InvalidOperationException)
        {
            return -1;
        }
    }
}
