using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Observability;

namespace Sje.Jobs.Execution;

/// <summary>What to run for an attempt; the rest of the environment comes from the attempt itself.</summary>
internal sealed record TaskCommand
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Added to the clean environment; cannot replace <c>SJE_*</c>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The folder it starts in; must exist.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>What it reads on standard input; null is nothing.</summary>
    public string? Stdin { get; init; }

    /// <summary>Whether it is a child of ours, whose log lines may name their stream.</summary>
    public bool IsEngineChild { get; init; }
}

/// <summary>What a command left: the error that follows from its end, its last lines, and what it put out.</summary>
internal sealed record TaskProcessResult(TaskError? Error, string? LogTail, JsonObject Outputs);

/// <summary>
/// Runs a command for an attempt by the child protocol (DESIGN, "Engines"): files and variables on the way in; log, progress,
/// metrics, outputs and checkpoints on the way out.
/// </summary>
internal sealed class TaskProcess(ChildProcess children, IOptions<ExecutionOptions> options, TimeProvider time)
{
    // Some figures a second would drown the reporter of a worker with a thousand children.
    private static readonly TimeSpan MetricInterval = TimeSpan.FromSeconds(2);

    /// <summary>Runs it to its end.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired and everything is gone.</exception>
    public async Task<TaskProcessResult> RunAsync(TaskCommand command, EngineContext context, CancellationToken stop)
    {
        var files = new AttemptFiles(context.WorkingDirectory);
        files.Prepare(context, command.Stdin);
        var log = new AttemptLog(context.Reporter, options.Value.MaxLogBytes);
        var checkpoints = new CheckpointWatch(files.CheckpointOut, context.Reporter.Checkpoint, log);
        var child = new ChildCommand
        {
            Arguments = command.Arguments,
            Environment = ChildEnvironment(command, context, files),
            WorkingDirectory = command.WorkingDirectory,
            PrivateDirectory = context.WorkingDirectory,
            StdinFile = command.Stdin is null ? null : files.Stdin,
            MemoryBytes = context.Resources.MemoryBytes,
            TaskId = context.Identity.TaskId,
            Attempt = context.Identity.Attempt,
        };

        using var ended = new CancellationTokenSource();
        var watching = checkpoints.RunAsync(time, ended.Token);
        ChildExit exit;
        try
        {
            exit = await children.RunAsync(
                child,
                context.Lease,
                (stream, line) => Take(stream, line, command, context, log),
                SampleReporter(context.Reporter),
                stop
            );
        }
        finally
        {
            await ended.CancelAsync();
            await watching;
            // The last checkpoint counts most where the task was stopped or failed.
            checkpoints.Look();
        }

        ReportUse(context.Reporter, exit.Use);
        var tail = log.Tail();
        return new TaskProcessResult(
            ExitErrors.Of(exit, command.Arguments[0], context.Resources, tail),
            tail,
            OutputsFile.Read(files.Outputs, log)
        );
    }

    private static void Take(LogStream stream, string line, TaskCommand command, EngineContext context, AttemptLog log)
    {
        if (stream == LogStream.Stdout)
        {
            if (ChildProtocol.TryReport(line, context.Reporter))
            {
                return;
            }

            if (command.IsEngineChild && ChildProtocol.TryReadLog(line, out var named, out var text))
            {
                log.Write(named, text);
                return;
            }
        }

        log.Write(stream, line);
    }

    private Dictionary<string, string> ChildEnvironment(TaskCommand command, EngineContext context, AttemptFiles files)
    {
        var environment = CleanEnvironment.Of(options.Value);
        environment["TMPDIR"] = files.Temporary;
        if (CoreTracing.Current is { } parent)
        {
            environment[CoreTracing.ParentVariable] = parent;
        }

        foreach (var (name, value) in command.Environment)
        {
            environment[name] = value;
        }

        environment["SJE_TASK_ID"] = context.Identity.TaskId.ToString();
        environment["SJE_EXECUTION_ID"] = context.Identity.ExecutionId.ToString();
        environment["SJE_ATTEMPT"] = context.Identity.Attempt.ToString(CultureInfo.InvariantCulture);
        environment["SJE_PARAMETERS"] = files.Parameters;
        environment["SJE_OUTPUTS"] = files.Outputs;
        environment["SJE_CHECKPOINT_OUT"] = files.CheckpointOut;
        environment["SJE_STORAGE_ROOT"] = context.StorageRoot;
        environment.Remove("SJE_CHECKPOINT");
        if (context.Checkpoint is not null)
        {
            environment["SJE_CHECKPOINT"] = files.CheckpointIn;
        }

        return environment;
    }

    private Action<ResourceUse> SampleReporter(ITaskReporter reporter)
    {
        long last = 0;
        return use =>
        {
            if (last == 0 || time.GetElapsedTime(last) >= MetricInterval)
            {
                last = time.GetTimestamp();
                ReportUse(reporter, use);
            }
        };
    }

    private static void ReportUse(ITaskReporter reporter, ResourceUse use)
    {
        // A command that ended before the first sample has no figures, and 0 would be a false one.
        if (use.PeakMemoryBytes > 0)
        {
            reporter.Metric("memory_bytes", use.MemoryBytes);
            reporter.Metric("memory_peak_bytes", use.PeakMemoryBytes);
            reporter.Metric("cpu_seconds", use.CpuSeconds);
        }
    }
}
