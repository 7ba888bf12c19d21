using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;

namespace Sje.Tests.Integration.Execution;

public sealed class MemoryTests : IDisposable
{
    private readonly ExecutionBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_task_above_its_memory_limit_is_ended_as_out_of_memory()
    {
        bench.Resources = new ResourceSpec { MemoryBytes = 100 * 1024 * 1024 };

        var error = (await PythonAsync("x = bytearray(300 << 20); import time; time.sleep(600)")).Error;

        Assert.NotNull(error);
        Assert.Equal("out_of_memory", error.Class);
        Assert.Contains("more than the 100 MiB", error.Message, StringComparison.Ordinal);
        Assert.True(bench.Reporter.Metrics["memory_peak_bytes"] > 100 * 1024 * 1024);
        Assert.Empty(bench.Survivors());
    }

    [Fact]
    public async Task A_task_killed_from_elsewhere_near_its_memory_limit_is_out_of_memory_and_one_far_from_it_is_not()
    {
        bench.Resources = new ResourceSpec { MemoryBytes = 300 * 1024 * 1024 };
        var running = PythonAsync(
            """
            import os, time
            x = bytearray(275 << 20)
            while not os.path.exists("go"): time.sleep(0.05)
            os.kill(os.getpid(), 9)
            """
        );
        await ExecutionBench.EventuallyAsync(() =>
            bench.Reporter.Metrics.GetValueOrDefault("memory_bytes") > 274 * 1024 * 1024
        );
        await File.WriteAllTextAsync(Path.Combine(bench.Root, "go"), "");

        var error = (await running).Error;

        Assert.Equal(("out_of_memory", "SIGKILL", 137), (error?.Class, error?.Signal, error?.ExitCode));
        Assert.Equal("killed", (await PythonAsync("import os; os.kill(os.getpid(), 9)")).Error?.Class);
    }

    [Fact]
    public void The_kernel_s_count_of_those_it_killed_for_memory_is_read()
    {
        Assert.Equal(12, KernelKills.Parse("nr_free_pages 5\noom_kill 12\noom_kill_process 3\n"));
        Assert.Null(KernelKills.Parse("nr_free_pages 5\n"));
        Assert.Null(KernelKills.Parse("oom_kill many\n"));
    }

    [Fact]
    public async Task The_processes_of_a_task_count_together()
    {
        bench.Resources = new ResourceSpec { MemoryBytes = 150 * 1024 * 1024 };

        var error = (
            await PythonAsync("import os, time\nos.fork(); os.fork()\nx = bytearray(60 << 20)\ntime.sleep(600)")
        ).Error;

        Assert.Equal("out_of_memory", error?.Class);
    }

    [Fact]
    public async Task Pages_that_processes_share_count_once()
    {
        bench.Resources = new ResourceSpec { MemoryBytes = 150 * 1024 * 1024 };
        var running = PythonAsync(
            """
            import os, time
            x = bytearray(80 << 20)
            os.fork(); os.fork()
            while not os.path.exists("go"): time.sleep(0.05)
            """
        );

        await ExecutionBench.EventuallyAsync(() =>
            bench.Reporter.Metrics.GetValueOrDefault("memory_bytes") > 80 * 1024 * 1024
        );
        await File.WriteAllTextAsync(Path.Combine(bench.Root, "go"), "");

        Assert.Null((await running).Error);
    }

    private Task<EngineResult> PythonAsync(string script) =>
        bench.Engine.RunAsync(
            bench.Context(new JsonObject { ["command"] = new JsonArray("python3", "-c", script) }),
            default
        );
}
