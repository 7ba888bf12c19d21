using System.Globalization;
using System.Runtime.InteropServices;

namespace Sje.Tests.Chaos.Storm;

/// <summary><c>storm --minutes N --seed S</c>: the long form of the suite, behind <c>./sje chaos</c>.</summary>
internal static class StormProgram
{
    public const string Verb = "storm";

    private const int Usage = 64;

    /// <summary>Runs it; 0 when every promise was kept.</summary>
    public static async Task<int> RunAsync(string[] words)
    {
        var (minutes, seed) = (5.0, Random.Shared.Next());
        for (var i = 0; i < words.Length; i += 2)
        {
            var value = i + 1 < words.Length ? words[i + 1] : "";
            var understood = words[i] switch
            {
                "--minutes" => double.TryParse(value, CultureInfo.InvariantCulture, out minutes) && minutes > 0,
                "--seed" => int.TryParse(value, CultureInfo.InvariantCulture, out seed),
                _ => false,
            };
            if (!understood)
            {
                await Console.Error.WriteLineAsync(
                    "./sje chaos --minutes N --seed S: minutes is a number above 0, seed a whole number"
                );
                return Usage;
            }
        }

        // What it has started must not be left behind.
        using var giveUp = new CancellationTokenSource();
        using var interrupt = Heed(PosixSignal.SIGINT, giveUp);
        using var terminate = Heed(PosixSignal.SIGTERM, giveUp);
        StormReport report;
        try
        {
            report = await StormRun.RunAsync(seed, TimeSpan.FromMinutes(minutes), Console.WriteLine, giveUp.Token);
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            Console.WriteLine($"given up, seed {seed}");
            return 1;
        }

        foreach (var finding in report.Findings.Take(50))
        {
            Console.WriteLine(finding);
        }

        if (!report.Clean)
        {
            Console.WriteLine($"seed {seed}");
        }

        Console.WriteLine(report.Line);
        return report.Clean ? 0 : 1;
    }

    private static PosixSignalRegistration Heed(PosixSignal signal, CancellationTokenSource giveUp) =>
        PosixSignalRegistration.Create(
            signal,
            context =>
            {
                context.Cancel = true;
                giveUp.Cancel();
            }
        );
}
