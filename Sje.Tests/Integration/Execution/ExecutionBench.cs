using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Process;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;

namespace Sje.Tests.Integration.Execution;

/// <summary>The execution feature put together by hand, over real processes, in a directory of its own.</summary>
internal sealed class ExecutionBench : IDisposable
{
    private readonly ResourceSampler sampler = new(TimeProvider.System, NullLogger<ResourceSampler>.Instance);
    private readonly AttemptDirectories directories;
    private readonly AttemptDirectory directory;

    public ExecutionBench(Action<ExecutionOptions>? configure = null, string? root = null)
    {
        configure?.Invoke(Options);
        Root = root ?? Directory.CreateTempSubdirectory("sje-execution-").FullName;
        directories = new AttemptDirectories(Wrapped, NullLogger<AttemptDirectories>.Instance);
        directory = directories.Create(Root, Identity);
        Children = new ChildProcess(Wrapped, sampler, TimeProvider.System, NullLogger<ChildProcess>.Instance);
        Processes = new TaskProcess(Children, Wrapped, TimeProvider.System);
        Engine = new ProcessEngine(Processes);
        Host = new EngineHost(
            new ChildEngineHost(Processes, SelfCommand.OfThisProcess()),
            NullLogger<EngineHost>.Instance
        );
    }

    public ExecutionOptions Options { get; } = new();

    public string Root { get; }

    public AttemptIdentity Identity { get; } = new(Guid.CreateVersion7(), Guid.CreateVersion7(), "example", "main", 1);

    public string AttemptDirectory => directory.Path;

    public ChildProcess Children { get; }

    public TaskProcess Processes { get; }

    public ProcessEngine Engine { get; }

    /// <summary>Its children are this very program, see Program.cs.</summary>
    public EngineHost Host { get; }

    public RecordingReporter Reporter { get; } = new();

    public TestLease Lease { get; } = new();

    public JsonObject Scope { get; } = [];

    public ResourceSpec Resources { get; set; } = new();

    public JsonNode? Checkpoint { get; set; }

    private IOptions<ExecutionOptions> Wrapped => Microsoft.Extensions.Options.Options.Create(Options);

    public EngineContext Context(JsonObject settings) =>
        new()
        {
            Identity = Identity,
            Settings = settings,
            Scope = new TemplateScope(Scope),
            Resources = Resources,
            WorkingDirectory = AttemptDirectory,
            StorageRoot = Root,
            Checkpoint = Checkpoint,
            Reporter = Reporter,
            Lease = Lease,
        };

    /// <summary>Runs shell text as a <c>process</c> task.</summary>
    public Task<EngineResult> ShellAsync(string script, CancellationToken stop = default) =>
        Engine.RunAsync(Context(new JsonObject { ["command"] = script }), stop);

    /// <summary>The processes that still carry this attempt in their environment.</summary>
    public IReadOnlyList<int> Survivors() =>
        [
            .. ProcessTable
                .Read()
                .Select(process => process.Id)
                .Where(id =>
                    ProcessTable.CarriesEnvironment(
                        id,
                        $"SJE_TASK_ID={Identity.TaskId}",
                        $"SJE_ATTEMPT={Identity.Attempt}"
                    ) == true
                ),
        ];

    /// <summary>Waits for something that no signal tells; fails after half a minute.</summary>
    public static async Task EventuallyAsync(Func<bool> condition)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            Assert.True(
                TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30),
                "It did not come true within 30 s."
            );
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public void Dispose()
    {
        directory.Dispose();
        sampler.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}

/// <summary>Keeps all that an attempt says, and lets a test wait for a line.</summary>
internal sealed class RecordingReporter : ITaskReporter
{
    private readonly Lock gate = new();
    private readonly List<(LogStream Stream, string Line)> lines = [];
    private readonly TaskCompletionSource firstCheckpoint = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(Predicate<string> Wanted, TaskCompletionSource<string> Seen)> waiters = [];

    public ConcurrentQueue<(double Fraction, string? Message)> ProgressReports { get; } = new();

    public ConcurrentDictionary<string, double> Metrics { get; } = new();

    public ConcurrentQueue<JsonNode> Checkpoints { get; } = new();

    public Action<string>? OnLine { get; set; }

    public Task FirstCheckpoint => firstCheckpoint.Task;

    public IReadOnlyList<string> Lines(LogStream stream)
    {
        lock (gate)
        {
            return [.. lines.Where(line => line.Stream == stream).Select(line => line.Line)];
        }
    }

    /// <summary>The first line that starts so, as soon as it is there; fails after half a minute.</summary>
    public Task<string> LineAsync(string start)
    {
        lock (gate)
        {
            if (lines.Find(line => line.Line.StartsWith(start, StringComparison.Ordinal)) is { Line: { } known })
            {
                return Task.FromResult(known);
            }

            var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            waiters.Add((line => line.StartsWith(start, StringComparison.Ordinal), seen));
            return seen.Task.WaitAsync(TimeSpan.FromSeconds(30));
        }
    }

    public void Log(LogStream stream, string line)
    {
        lock (gate)
        {
            lines.Add((stream, line));
            OnLine?.Invoke(line);
            foreach (var (wanted, seen) in waiters)
            {
                if (wanted(line))
                {
                    seen.TrySetResult(line);
                }
            }
        }
    }

    public void Progress(double fraction, string? message) => ProgressReports.Enqueue((fraction, message));

    public void Metric(string name, double value) => Metrics[name] = value;

    public void Checkpoint(JsonNode checkpoint)
    {
        Checkpoints.Enqueue(checkpoint);
        firstCheckpoint.TrySetResult();
    }
}

/// <summary>A lease that a test renews by hand; a minute long at first.</summary>
internal sealed class TestLease : IAttemptLease
{
    private readonly Lock gate = new();
    private TaskCompletionSource moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public double DeadlineUptime { get; private set; } = BootClock.Now + 60;

    public void Set(double deadline)
    {
        lock (gate)
        {
            DeadlineUptime = deadline;
            moved.TrySetResult();
            moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public async Task<double> NextDeadlineAsync(double seen, CancellationToken stop)
    {
        while (true)
        {
            Task moved;
            lock (gate)
            {
                if (DeadlineUptime > seen)
                {
                    return DeadlineUptime;
                }

                moved = this.moved.Task;
            }

            await moved.WaitAsync(stop);
        }
    }
}
