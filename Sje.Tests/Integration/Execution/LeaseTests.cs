using System.Diagnostics;
using System.Globalization;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;

namespace Sje.Tests.Integration.Execution;

/// <summary>A child dies with its worker and with its lease (DESIGN, section 4).</summary>
public sealed class LeaseTests : IDisposable
{
    // A process in the session, a daemon that left it, and the shell that waits for ever.
    private const string Tree = "sleep 600 & setsid sh -c 'sleep 600 & sleep 600' & echo ready $$ $!; wait";

    private readonly ExecutionBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_lease_that_is_not_renewed_ends_the_child_by_its_guard()
    {
        bench.Lease.Set(BootClock.Now + 1);

        var result = await bench.ShellAsync(Tree);

        Assert.Equal(("lost", "SIGKILL"), (result.Error?.Class, result.Error?.Signal));
        Assert.Empty(bench.Survivors());
    }

    [Fact]
    public async Task Renewals_keep_a_child_alive_past_its_first_deadline()
    {
        bench.Lease.Set(BootClock.Now + 2);
        var running = bench.ShellAsync("sleep 3; echo done");
        while (await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System)) != running)
        {
            bench.Lease.Set(BootClock.Now + 10);
        }

        Assert.Null((await running).Error);
        Assert.Equal(["done"], bench.Reporter.Lines(LogStream.Stdout));
    }

    [Fact]
    public async Task A_lease_that_has_lapsed_before_the_start_lets_nothing_last()
    {
        bench.Lease.Set(BootClock.Now - 1);

        Assert.Equal("lost", (await bench.ShellAsync("sleep 600")).Error?.Class);
        Assert.Empty(bench.Survivors());
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("STOP")]
    public async Task A_child_dies_with_a_worker_that_is_killed_or_stopped(string signal)
    {
        var root = Directory.CreateTempSubdirectory("sje-execution-").FullName;
        var self = SelfCommand.OfThisProcess().Arguments;
        using var worker = new Process
        {
            StartInfo = new ProcessStartInfo(self[0], [.. self.Skip(1), WorkerProgram.Verb, root, Tree])
            {
                RedirectStandardOutput = true,
            },
        };
        worker.Start();
        try
        {
            // "ready SESSION DAEMON"
            var ready = await worker.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30));
            var session = int.Parse(ready!.Split(' ')[1], CultureInfo.InvariantCulture);
            var taskMark = TaskMark(session);
            // The shell, its guard, three sleeps and a second shell.
            await ExecutionBench.EventuallyAsync(() => Carriers(taskMark).Count == 6);

            await SendAsync(signal, worker.Id);

            await ExecutionBench.EventuallyAsync(() => Carriers(taskMark).Count == 0);
        }
        finally
        {
            worker.Kill();
            await worker.WaitForExitAsync();
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task A_child_does_not_hold_the_lease_pipe_of_another_one()
    {
        using var other = new ExecutionBench();
        using var stop = new CancellationTokenSource();
        var first = bench.ShellAsync("echo ready; sleep 600", stop.Token);
        await bench.Reporter.LineAsync("ready");
        var second = other.ShellAsync("echo ready; sleep 600", stop.Token);
        await other.Reporter.LineAsync("ready");

        var firstPipe = await LeasePipeOfAsync(bench);
        Assert.StartsWith("pipe:", firstPipe, StringComparison.Ordinal);
        Assert.NotEqual(firstPipe, await LeasePipeOfAsync(other));
        Assert.DoesNotContain(firstPipe, other.Survivors().SelectMany(Descriptors));
        // The guard alone reads it: not the task.
        Assert.Single(bench.Survivors().SelectMany(Descriptors), firstPipe);

        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }

    [Fact]
    public async Task A_task_that_kills_its_own_process_group_does_not_hit_its_guard()
    {
        var running = bench.ShellAsync("setsid sleep 600 & echo ready; trap '' TERM; kill -TERM 0; kill -KILL 0");

        Assert.Equal("killed", (await running).Error?.Class);
        Assert.Empty(bench.Survivors());
    }

    private static async Task<string> LeasePipeOfAsync(ExecutionBench bench)
    {
        // The guard writes its id while the task runs already.
        var guard = 0;
        var file = Path.Combine(bench.AttemptDirectory, ChildCommand.GuardFile);
        await ExecutionBench.EventuallyAsync(() =>
            File.Exists(file) && int.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out guard)
        );
        return new FileInfo($"/proc/{guard}/fd/3").LinkTarget ?? "";
    }

    private static IEnumerable<string> Descriptors(int process) =>
        Directory.EnumerateFiles($"/proc/{process}/fd").Select(path => new FileInfo(path).LinkTarget ?? "");

    private static string TaskMark(int process) =>
        File.ReadAllText($"/proc/{process}/environ")
            .Split('\0')
            .Single(entry => entry.StartsWith("SJE_TASK_ID=", StringComparison.Ordinal));

    private static List<int> Carriers(string mark) =>
        [
            .. ProcessTable
                .Read()
                .Select(process => process.Id)
                .Where(id => ProcessTable.CarriesEnvironment(id, mark) == true),
        ];

    private static async Task SendAsync(string signal, int process)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        Assert.Equal(0, kill.ExitCode);
    }
}
