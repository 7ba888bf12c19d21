using Sje.Jobs.Queueing;

namespace Sje.Tests.Integration.Execution;

/// <summary>
/// A worker in a process of its own, to be killed or stopped by a test: runs one shell task under a lease of two seconds that it
/// renews every 200 ms, and prints what the task prints.
/// </summary>
internal static class WorkerProgram
{
    public const string Verb = "execution-worker";

    public static async Task<int> RunAsync(string root, string script)
    {
        using var bench = new ExecutionBench(root: root);
        bench.Lease.Set(BootClock.Now + 2);
        bench.Reporter.OnLine = line => Console.WriteLine(line);
        var running = bench.ShellAsync(script);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        while (!running.IsCompleted)
        {
            await timer.WaitForNextTickAsync();
            bench.Lease.Set(BootClock.Now + 2);
        }

        return (await running).Error is null ? 0 : 1;
    }
}
