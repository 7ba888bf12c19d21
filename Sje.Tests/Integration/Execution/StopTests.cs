using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;

namespace Sje.Tests.Integration.Execution;

public sealed class StopTests : IDisposable
{
    private readonly ExecutionBench bench = new(options => options.StopGraceSeconds = 20);
    private readonly CancellationTokenSource stop = new();

    public void Dispose()
    {
        stop.Dispose();
        bench.Dispose();
    }

    [Fact]
    public async Task A_stop_ends_the_whole_tree_also_a_daemon_that_left_the_session_and_ignores_it()
    {
        using var bench = new ExecutionBench(options => options.StopGraceSeconds = 0.3);
        var running = bench.ShellAsync(
            "trap '' TERM; (setsid sh -c \"trap '' TERM; sleep 600 & sleep 600\" &); sleep 600 & echo ready; wait",
            stop.Token
        );
        await bench.Reporter.LineAsync("ready");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(bench.Survivors());
    }

    [Fact]
    public async Task A_task_may_end_in_order_and_leave_a_last_checkpoint()
    {
        var running = bench.ShellAsync(
            """
            trap 'echo "{\"at\": 5}" > c; mv c $SJE_CHECKPOINT_OUT; echo bye; exit 0' TERM
            echo ready
            while :; do sleep 0.1; done
            """,
            stop.Token
        );
        await bench.Reporter.LineAsync("ready");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Contains("bye", bench.Reporter.Lines(LogStream.Stdout));
        Assert.Equal("""{"at":5}""", Assert.Single(bench.Reporter.Checkpoints).ToJsonString());
    }

    [Fact]
    public async Task A_program_gets_its_grace_though_the_shell_around_it_dies_at_once()
    {
        var running = bench.ShellAsync(
            """
            sh -c 'trap "sleep 0.5; echo saved; exit 0" TERM; echo ready; while :; do sleep 0.1; done'
            echo not reached
            """,
            stop.Token
        );
        await bench.Reporter.LineAsync("ready");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(["ready", "saved"], bench.Reporter.Lines(LogStream.Stdout));
    }

    [Fact]
    public async Task A_stop_before_the_start_runs_nothing()
    {
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bench.ShellAsync("echo ran", stop.Token));
        Assert.Empty(bench.Reporter.Lines(LogStream.Stdout));
    }

    [Fact]
    public async Task Somebody_who_shook_the_attempt_off_and_holds_its_output_open_does_not_hold_it_up()
    {
        using var sampler = new ResourceSampler(TimeProvider.System, NullLogger<ResourceSampler>.Instance);
        var options = Microsoft.Extensions.Options.Options.Create(bench.Options);
        var children = new ChildProcess(options, sampler, TimeProvider.System, NullLogger<ChildProcess>.Instance)
        {
            DrainLimit = TimeSpan.FromMilliseconds(200),
        };
        var engine = new TaskProcess(children, options, TimeProvider.System);
        var result = await engine.RunAsync(
            new TaskCommand
            {
                Arguments =
                [
                    "sh",
                    "-c",
                    "env -i setsid sleep 600 & echo $!; while [ \"$(ps -o args= $!)\" != 'sleep 600' ]; do :; done",
                ],
                WorkingDirectory = bench.Root,
            },
            bench.Context([]),
            default
        );

        Assert.Null(result.Error);
        using var stray = Process.GetProcessById(
            int.Parse(bench.Reporter.Lines(LogStream.Stdout)[0], CultureInfo.InvariantCulture)
        );
        stray.Kill();
    }

    [Fact]
    public async Task Starts_and_stops_in_any_order_leave_nothing()
    {
        await Parallel.ForAsync(
            0,
            40,
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (round, _) =>
            {
                using var bench = new ExecutionBench(options => options.StopGraceSeconds = 0);
                using var stop = new CancellationTokenSource();
                var running = bench.ShellAsync("sleep 600 & (setsid sleep 600 &) ; echo ready; wait", stop.Token);
                if (round % 2 == 0)
                {
                    // Every other one is stopped while it still starts.
                    await bench.Reporter.LineAsync("ready");
                }

                await stop.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
                Assert.Empty(bench.Survivors());
            }
        );
    }
}
