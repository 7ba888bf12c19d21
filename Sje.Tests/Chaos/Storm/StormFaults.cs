using Npgsql;
using Sje.Jobs.Faults;

namespace Sje.Tests.Chaos.Storm;

/// <summary>Draws faults, all from one seed, and lets them happen.</summary>
internal sealed class StormFaults(StormScene scene, StormLoad load, int seed)
{
    // Each step of a task's life, as far as a worker takes it.
    private static readonly string[] WorkerPoints =
    [
        .. FaultPoint.All.Where(point =>
            !point.StartsWith("accept", StringComparison.Ordinal)
            && !point.StartsWith("schedule.", StringComparison.Ordinal)
            && !point.StartsWith("recurring", StringComparison.Ordinal)
            && !point.StartsWith("spark.", StringComparison.Ordinal)
        ),
    ];

    private static readonly string[] ServerPoints =
    [
        FaultPoint.AcceptWritten,
        FaultPoint.AcceptCommitted,
        FaultPoint.DispatchAttached,
        FaultPoint.DispatchMade,
        FaultPoint.ReconcileChosen,
        FaultPoint.ReconcileChanged,
        FaultPoint.StraysTaken,
        FaultPoint.TakeoverMarked,
        FaultPoint.TakeoverEnded,
    ];

    private readonly Random random = new(seed);
    private readonly List<Task> under = [];
    private readonly SortedDictionary<string, int> kinds = new(StringComparer.Ordinal);
    private int restarting;

    /// <summary>How many there were.</summary>
    public int Count => kinds.Values.Sum();

    /// <summary>How many of each kind.</summary>
    public string Kinds => string.Join(", ", kinds.Select(kind => $"{kind.Key} {kind.Value}"));

    /// <summary>The last one, in words.</summary>
    public string Last { get; private set; } = "none yet";

    /// <summary>Lets one fault after the other happen until it is told to stop, and returns when the last is over.</summary>
    public async Task RageAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            Strike();
            await Task.Delay(
                    TimeSpan.FromMilliseconds(500 + random.Next(3_500)) * scene.Slowness,
                    TimeProvider.System,
                    stop
                )
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(under);
    }

    private void Strike()
    {
        var worker = scene.Workers[random.Next(scene.Workers.Count)];
        var drawn = random.Next(100);
        // On a busy machine a start takes its time, and a storm in which nobody ever gets to work proves nothing.
        if (!(drawn is (>= 12 and < 17) or (>= 72 and < 78) ? scene.Server : worker).AtWork)
        {
            return;
        }

        var moment = TimeSpan.FromMilliseconds(random.Next(2_000));
        switch (drawn)
        {
            case < 12:
                Say("worker killed", worker.Name);
                StormScene.Kill(worker, null, moment);
                break;
            case < 17:
                Say("server killed", "");
                StormScene.Kill(scene.Server, null, moment);
                break;
            case < 29:
                Say("worker stopped", worker.Name);
                StormScene.Stop(worker, TimeSpan.FromSeconds(StormScene.LeaseSeconds + 2 + random.Next(4)));
                break;
            case < 34 when Interlocked.Exchange(ref restarting, 1) == 0:
                Restart("database restarted", "INT", moment);
                break;
            case < 39 when Interlocked.Exchange(ref restarting, 1) == 0:
                Restart("database ended at once", "QUIT", moment);
                break;
            case < 49:
                Say("connections cut", worker.Name);
                under.Add(CutAsync(worker));
                break;
            case < 59:
                Say("route silent", worker.Name);
                under.Add(SilenceAsync(worker, TimeSpan.FromSeconds(2 + random.Next(12))));
                break;
            case < 62:
                Say("log filled", "");
                under.Add(load.FillLogAsync(random));
                break;
            case < 68 when scene.ClocksMove:
                var seconds = random.Next(-90_000, 90_000);
                Say("clock moved", $"{worker.Name} by {seconds} s");
                scene.MoveClock(worker, seconds);
                break;
            case < 72:
                Say("worker drained", worker.Name);
                worker.Process?.Signal("TERM");
                break;
            case < 78:
                var point = $"{ServerPoints[random.Next(ServerPoints.Length)]}:{Action()}";
                Say("server at a point", point);
                StormScene.Kill(scene.Server, point, moment);
                break;
            default:
                var fault = $"{WorkerPoints[random.Next(WorkerPoints.Length)]}:{1 + random.Next(3)}:{Action()}";
                Say("worker at a point", $"{worker.Name} {fault}");
                StormScene.Kill(worker, fault, moment);
                break;
        }
    }

    private string Action() =>
        random.Next(10) switch
        {
            < 6 => "kill",
            < 8 => "stop",
            8 => "throw",
            _ => "delay=3s",
        };

    private void Restart(string kind, string signal, TimeSpan away)
    {
        Say(kind, "");
        under.Add(RestartAsync(signal, away));
    }

    private async Task RestartAsync(string signal, TimeSpan away)
    {
        await scene.RestartDatabaseAsync(signal, away);
        Interlocked.Exchange(ref restarting, 0);
    }

    private async Task CutAsync(StormNode worker)
    {
        try
        {
            await scene.CutAsync(worker);
        }
        catch (NpgsqlException)
        {
            // The database is down, and so are its connections.
        }
    }

    private static async Task SilenceAsync(StormNode worker, TimeSpan silence)
    {
        worker.Route!.FallSilent(); // workers have a route
        await Task.Delay(silence, TimeProvider.System);
        worker.Route.Speak();
    }

    private void Say(string kind, string more)
    {
        kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        Last = more.Length == 0 ? kind : $"{kind}: {more}";
    }
}
