using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Integration.Execution;

/// <summary>An engine that runs in a child and does what its settings say.</summary>
internal sealed class TestEngine(EnginePlacement placement) : IEngine
{
    public static IReadOnlyList<IEngine> All { get; } = [new TestEngine(EnginePlacement.Child)];

    public string Type => "test";

    public EnginePlacement Placement => placement;

    public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
    {
        switch (context.Settings["act"]?.GetValue<string>())
        {
            case "work":
                context.Reporter.Log(LogStream.Stdout, "::progress 0.9 as a line of log");
                context.Reporter.Log(LogStream.Stderr, "two\nlines");
                context.Reporter.Log(LogStream.System, "from the engine");
                context.Reporter.Progress(0.5, "half\nway");
                context.Reporter.Metric("rows_in", 12.5);
                context.Reporter.Checkpoint(new JsonObject { ["at"] = 7 });
                return new EngineResult
                {
                    Outputs = new JsonObject
                    {
                        ["attempt"] = context.Identity.Attempt,
                        ["process"] = Environment.ProcessId,
                        ["day"] = context.Scope.Find("parameters.day")?.DeepClone(),
                        ["checkpoint"] = context.Checkpoint?.DeepClone(),
                        ["emptyDirectory"] = !Directory.EnumerateFileSystemEntries(context.WorkingDirectory).Any(),
                        ["memory"] = context.Resources.MemoryBytes,
                        ["heapLimit"] = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
                    },
                    Preview = new JsonArray(1, 2),
                    Parts = new JsonObject { ["node"] = "a" },
                };
            case "fail":
                return new EngineResult { Error = new TaskError("network", "the other side is away") };
            case "throw":
                throw new InvalidDataException("bad rows");
            case "crash":
                Environment.FailFast("a crash on purpose");
                break;
            case "wait":
                try
                {
                    context.Reporter.Log(LogStream.Stdout, "waiting");
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
                }
                finally
                {
                    context.Reporter.Checkpoint(new JsonObject { ["stopped"] = true });
                }

                break;
            case "grow":
                var hoard = new List<byte[]>();
                while (!stop.IsCancellationRequested)
                {
                    hoard.Add(GC.AllocateUninitializedArray<byte>(16 * 1024 * 1024));
                    Array.Fill(hoard[^1], (byte)1);
                }

                break;
        }

        return new EngineResult();
    }
}
