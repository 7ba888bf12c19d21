using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Pipeline;

namespace Sje.Tests.Integration.Engines.Pipeline;

/// <summary>A storage root of its own and everything that the engine is given for one attempt.</summary>
internal sealed class PipelineBench : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("sje-pipeline-");

    public PipelineBench() => Directory.CreateDirectory(Root);

    public string Root => Path.Combine(folder.FullName, "root");

    public RecordingReporter Reporter { get; } = new();

    public string File(string relative) => Path.Combine(Root, relative);

    public void Write(string relative, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File(relative))!);
        System.IO.File.WriteAllText(File(relative), text);
    }

    public Task<EngineResult> RunAsync(
        string nodes,
        JsonObject? parameters = null,
        string? root = null,
        CancellationToken stop = default
    ) => RunAsync(new JsonObject { ["nodes"] = JsonNode.Parse(nodes) }, parameters, root, stop);

    public Task<EngineResult> RunAsync(
        JsonObject settings,
        JsonObject? parameters = null,
        string? root = null,
        CancellationToken stop = default
    )
    {
        var work = Path.Combine(folder.FullName, "work", Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(work);
        return new PipelineEngine(TimeProvider.System).RunAsync(
            new EngineContext
            {
                Identity = new AttemptIdentity(Guid.NewGuid(), Guid.NewGuid(), "test", "main", 1),
                Settings = settings,
                Scope = new TemplateScope(new JsonObject { ["parameters"] = parameters ?? [] }),
                Resources = new ResourceSpec { Cpus = 2, MemoryBytes = 1L << 30 },
                WorkingDirectory = work,
                StorageRoot = root ?? Root,
                Reporter = Reporter,
                Lease = new EndlessLease(),
            },
            stop
        );
    }

    /// <summary>All files under the root, relative to it.</summary>
    public IReadOnlyList<string> Files() =>
        [
            .. Directory
                .EnumerateFileSystemEntries(Root, "*", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(Root, f))
                .Order(StringComparer.Ordinal),
        ];

    public void Dispose() => folder.Delete(recursive: true);

    private sealed class EndlessLease : IAttemptLease
    {
        public double DeadlineUptime => double.MaxValue;

        public Task<double> NextDeadlineAsync(double seen, CancellationToken stop) =>
            Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop)
                .ContinueWith(_ => seen, TaskScheduler.Default);
    }
}

/// <summary>Keeps what an engine reports.</summary>
internal sealed class RecordingReporter : ITaskReporter
{
    private readonly Lock gate = new();
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public List<(double Fraction, string? Message)> Steps { get; } = [];

    public Dictionary<string, double> Metrics { get; } = [];

    /// <summary>Completes when progress was told from within a statement.</summary>
    public Task UnderWay => started.Task;

    public void Log(LogStream stream, string line) { }

    public void Progress(double fraction, string? message)
    {
        lock (gate)
        {
            Steps.Add((fraction, message));
            if (Steps.Count >= 3)
            {
                started.TrySetResult();
            }
        }
    }

    public void Metric(string name, double value)
    {
        lock (gate)
        {
            Metrics[name] = value;
        }
    }

    public void Checkpoint(JsonNode checkpoint) { }
}
