using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Execution;

/// <summary><c>examples/checkpointed.py</c>: killed in the middle, it goes on from its last checkpoint.</summary>
public sealed class CheckpointedExampleTests
{
    private static readonly string Script = RepositoryFiles.Path("examples", "checkpointed.py");

    [Fact]
    public async Task The_example_goes_on_from_its_last_checkpoint_after_a_kill()
    {
        JsonNode saved;
        using (var first = new ExecutionBench())
        {
            var running = RunAsync(first, steps: 1000, pause: 0.05);
            var pid = (await first.Reporter.LineAsync("pid ")).Split(' ')[1];
            await first.Reporter.FirstCheckpoint.WaitAsync(TimeSpan.FromSeconds(30));
            using (var kill = System.Diagnostics.Process.Start("kill", ["-KILL", pid]))
            {
                await kill.WaitForExitAsync();
            }

            Assert.Equal(("killed", "SIGKILL"), ((await running).Error?.Class, (await running).Error?.Signal));
            Assert.NotEmpty(first.Reporter.ProgressReports);
            saved = first.Reporter.Checkpoints.Last();
        }

        var done = saved["done"]!.GetValue<int>();
        Assert.InRange(done, 1, 999);

        using var second = new ExecutionBench { Checkpoint = saved };
        var result = await RunAsync(second, steps: done + 3, pause: 0);

        Assert.Null(result.Error);
        Assert.Equal($"starting at step {done + 1} of {done + 3}", second.Reporter.Lines(LogStream.Stdout)[1]);
        Assert.Equal(3, second.Reporter.ProgressReports.Count);
        Assert.Equal(done, result.Outputs["resumedAt"]!.GetValue<int>());
        Assert.Equal((done + 3) * (done + 4) / 2, result.Outputs["sum"]!.GetValue<int>());
    }

    private static Task<EngineResult> RunAsync(ExecutionBench bench, int steps, double pause)
    {
        bench.Scope["parameters"] = new JsonObject { ["steps"] = steps, ["pause"] = pause };
        var command = new JsonArray("bash", "-c", "echo pid $$; exec python3 \"$0\"", Script);
        return bench.Engine.RunAsync(bench.Context(new JsonObject { ["command"] = command }), default);
    }
}
