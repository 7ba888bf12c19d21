using System.Collections.Concurrent;
using System.Globalization;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>Where a process is struck, and what is allowed to come of it.</summary>
/// <param name="Fault">The point, with the time that counts.</param>
/// <param name="Script">What the task does.</param>
/// <param name="Outcomes">How its attempts end, in order; null for none.</param>
/// <param name="Runs">How often its process is started.</param>
/// <param name="State">Where the execution ends.</param>
internal sealed record CrashPoint(string Fault, string Script, string? Outcomes, int Runs, string State = "succeeded")
{
    /// <summary>What else is right, where another step of the same process may come between the point and its death.</summary>
    public string? OrElse { get; init; }

    public const string FailsOnce = "[ $SJE_ATTEMPT -gt 1 ]";
    public const string Fails = "exit 3";
    public const string SleepsOnce = "[ $SJE_ATTEMPT -gt 1 ] || sleep 300";

    public int MaxAttempts => State == "failed" ? 1 : 3;

    /// <summary>The execution ends as it should, and both views say so.</summary>
    public async Task CheckAsync(CrashScene scene, Guid id)
    {
        await scene.Db.ExecutionBecomesAsync(id, State, 90);
        await scene.BothRightAsync(60);
        var outcomes = await scene.Db.OutcomesAsync(id);
        if (OrElse is not null && outcomes == OrElse)
        {
            Assert.InRange(scene.Runs(id), Runs, Runs + 1);
            return;
        }

        Assert.Equal(Outcomes, outcomes);
        Assert.Equal(Runs, scene.Runs(id));
    }

    public override string ToString() => Script.Length == 0 ? Fault : $"{Fault} ({Script})";
}

/// <summary>Plays many crashes, some at once: they mostly wait for leases.</summary>
internal static class Crashes
{
    /// <summary>Most seconds from the restart until both views are right.</summary>
    private const double Promise = 15;

    /// <summary>Plays each point. Fails with all that went wrong, also when the views were right too late.</summary>
    /// <param name="points">What is to be played; <c>SJE_CHAOS_ONLY</c> may choose some by a part of their name.</param>
    /// <param name="output">Takes a line for each.</param>
    /// <param name="play">Plays one and says after how many seconds both views were right.</param>
    public static async Task EachAsync(
        IEnumerable<CrashPoint> points,
        ITestOutputHelper output,
        Func<CrashPoint, Task<double>> play
    )
    {
        var only = Environment.GetEnvironmentVariable("SJE_CHAOS_ONLY") ?? "";
        var faults = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            points.Where(point => point.Fault.Contains(only, StringComparison.Ordinal)),
            new ParallelOptions { MaxDegreeOfParallelism = 5 },
            async (point, _) =>
            {
                try
                {
                    var seconds = await play(point);
                    var limit = Promise * Slowness();
                    output.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{point}: both views right after {seconds:0.0} s (limit {limit:0})"
                        )
                    );
                    if (seconds > limit)
                    {
                        faults.Add($"{point}: both views right only after {seconds:0.0} s");
                    }
                }
                catch (Exception e)
                {
                    output.WriteLine($"{point}: {e.Message}");
                    faults.Add($"{point}: {e.Message}");
                }
            }
        );
        Assert.True(faults.IsEmpty, string.Join('\n', faults));
    }

    /// <summary>How many times longer things take on this machine now: processes that want to run for each processor, beyond two.</summary>
    public static double Slowness()
    {
        var load = double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);
        return Math.Clamp(load / Environment.ProcessorCount / 2, 1, 4);
    }
}
