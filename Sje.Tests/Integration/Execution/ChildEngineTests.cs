using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Integration.Execution;

/// <summary>Engines that run in a child, which is this same program (Program.cs).</summary>
public sealed class ChildEngineTests : IDisposable
{
    private readonly ExecutionBench bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task An_engine_in_a_child_is_told_all_and_all_it_says_arrives()
    {
        bench.Scope["parameters"] = new JsonObject { ["day"] = "2026-01-02" };
        bench.Checkpoint = new JsonObject { ["at"] = 3 };
        bench.Resources = new ResourceSpec
        {
            Cpus = 1.5,
            MemoryBytes = 1L << 30,
            Labels = ["linux"],
        };

        var result = await RunAsync("work");

        Assert.Null(result.Error);
        Assert.NotEqual(Environment.ProcessId, result.Outputs["process"]!.GetValue<int>());
        Assert.Equal(1, result.Outputs["attempt"]!.GetValue<int>());
        Assert.Equal("2026-01-02", result.Outputs["day"]!.GetValue<string>());
        Assert.Equal("""{"at":3}""", result.Outputs["checkpoint"]!.ToJsonString());
        Assert.True(result.Outputs["emptyDirectory"]!.GetValue<bool>());
        Assert.Equal(1L << 30, result.Outputs["memory"]!.GetValue<long>());
        Assert.Equal(3L << 28, result.Outputs["heapLimit"]!.GetValue<long>());
        Assert.Equal("[1,2]", result.Preview!.ToJsonString());
        Assert.Equal("""{"node":"a"}""", result.Parts!.ToJsonString());

        Assert.Equal(["::progress 0.9 as a line of log"], bench.Reporter.Lines(LogStream.Stdout));
        Assert.Equal(["two", "lines"], bench.Reporter.Lines(LogStream.Stderr));
        Assert.Equal(["from the engine"], bench.Reporter.Lines(LogStream.System));
        Assert.Equal([(0.5, "half way")], bench.Reporter.ProgressReports);
        Assert.Equal(12.5, bench.Reporter.Metrics["rows_in"]);
        Assert.Equal("""{"at":7}""", Assert.Single(bench.Reporter.Checkpoints).ToJsonString());
    }

    [Fact]
    public async Task A_failure_and_an_exception_of_the_engine_are_errors_of_the_attempt()
    {
        Assert.Equal(("network", "the other side is away"), Said((await RunAsync("fail")).Error));

        using var bench = new ExecutionBench();
        var error = (await RunAsync("throw", bench)).Error;
        Assert.Equal(("error", "InvalidDataException: bad rows"), Said(error));
        Assert.Contains("TestEngine.RunAsync", error!.LogTail, StringComparison.Ordinal);

        static (string?, string?) Said(TaskError? error) => (error?.Class, error?.Message);
    }

    [Fact]
    public async Task A_crash_of_the_child_is_an_error_of_the_attempt()
    {
        var error = (await RunAsync("crash")).Error;

        Assert.NotNull(error);
        Assert.Equal(("killed", "SIGABRT"), (error.Class, error.Signal));
        Assert.Contains("without a result", error.Message, StringComparison.Ordinal);
        Assert.Contains("a crash on purpose", error.LogTail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_reaches_the_engine_which_may_leave_a_checkpoint()
    {
        using var stop = new CancellationTokenSource();
        var running = RunAsync("wait", stop: stop.Token);
        await bench.Reporter.LineAsync("waiting");

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal("""{"stopped":true}""", Assert.Single(bench.Reporter.Checkpoints).ToJsonString());
        Assert.Empty(bench.Survivors());
    }

    [Fact]
    public async Task An_engine_that_hoards_memory_is_out_of_memory_and_the_worker_is_not()
    {
        bench.Resources = new ResourceSpec { MemoryBytes = 200 * 1024 * 1024 };

        Assert.Equal("out_of_memory", (await RunAsync("grow")).Error?.Class);
    }

    [Fact]
    public async Task An_engine_that_the_child_does_not_know_is_said_so()
    {
        using var stop = new CancellationTokenSource();
        var result = await bench.Host.RunAsync(new Unknown(), bench.Context([]), stop.Token);

        Assert.Contains("no engine 'unknown'", result.Error?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exception_of_an_engine_inside_the_worker_is_an_error_of_the_attempt_too()
    {
        var result = await bench.Host.RunAsync(
            new TestEngine(EnginePlacement.Worker),
            bench.Context(new JsonObject { ["act"] = "throw" }),
            default
        );

        Assert.Equal("InvalidDataException: bad rows", result.Error?.Message);
    }

    private Task<EngineResult> RunAsync(string act, ExecutionBench? bench = null, CancellationToken stop = default) =>
        (bench ?? this.bench).Host.RunAsync(
            TestEngine.All[0],
            (bench ?? this.bench).Context(new JsonObject { ["act"] = act }),
            stop
        );

    private sealed class Unknown : IEngine
    {
        public string Type => "unknown";

        public EnginePlacement Placement => EnginePlacement.Child;

        public Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop) =>
            throw new NotSupportedException();
    }
}
