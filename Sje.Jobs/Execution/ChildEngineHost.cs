using System.Globalization;
using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>
/// Runs an engine in a child that is this same program (<see cref="TaskChild"/>), so that its crash, its memory and its threads are not
/// the worker's.
/// </summary>
internal sealed class ChildEngineHost(TaskProcess processes, SelfCommand self)
{
    private const string RequestFile = "request.json";
    private const string ResultFile = "result.json";
    private const string EngineDirectory = "engine";
    private const long SmallestHeap = 64L * 1024 * 1024;

    // What the runtime needs to start, wherever it was installed.
    private static readonly string[] RuntimeVariables =
    [
        "DOTNET_ROOT",
        "DOTNET_ROOT_X64",
        "DOTNET_ROOT_ARM64",
        "DOTNET_ROLL_FORWARD",
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT",
    ];

    public async Task<EngineResult> RunAsync(string engine, EngineContext context, CancellationToken stop)
    {
        // The engine is promised an empty directory; the protocol's files stand beside it.
        var directory = Directory.CreateDirectory(Path.Combine(context.WorkingDirectory, EngineDirectory)).FullName;
        var request = new ChildRequest
        {
            Engine = engine,
            Identity = context.Identity,
            Settings = context.Settings,
            Scope = context.Scope.Values,
            Parameters = context.Parameters,
            Resources = context.Resources,
            WorkingDirectory = directory,
            StorageRoot = context.StorageRoot,
            Checkpoint = context.Checkpoint,
            ResultFile = Path.Combine(context.WorkingDirectory, ResultFile),
        };
        var requestFile = Path.Combine(context.WorkingDirectory, RequestFile);
        request.Write(requestFile);
        var command = new TaskCommand
        {
            Arguments = [.. self.Arguments, SelfCommand.Verb, requestFile],
            Environment = RuntimeEnvironment(context.Resources),
            WorkingDirectory = directory,
            IsEngineChild = true,
        };

        var result = await processes.RunAsync(command, context, stop);
        if (result.Error is { Class: "out_of_memory" or "lost" })
        {
            return new EngineResult { Error = result.Error };
        }

        if (request.ReadResult() is { } written)
        {
            return written.Error is { LogTail: null } error
                ? written with
                {
                    Error = error with { LogTail = result.LogTail },
                }
                : written;
        }

        return new EngineResult
        {
            Error = result.Error is { } cause
                ? cause with
                {
                    Message = $"The process of engine '{engine}' ended without a result: {cause.Message}",
                }
                : new TaskError(
                    "error",
                    $"The process of engine '{engine}' ended without a result.",
                    0,
                    LogTail: result.LogTail
                ),
        };
    }

    private static Dictionary<string, string> RuntimeEnvironment(ResourceSpec resources)
    {
        // Start-up counts for more than peak speed in a process that mostly waits for native code. Measured from start to exit
        // without an engine: 0.17 s of processor time (0.18 s with profiling for tiered compilation left on).
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DOTNET_TieredPGO"] = "0",
            ["DOTNET_gcServer"] = "0",
            ["DOTNET_gcConcurrent"] = "0",
            ["DOTNET_EnableDiagnostics"] = "0",
        };
        foreach (var name in RuntimeVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                environment[name] = value;
            }
        }

        if (resources.MemoryBytes > 0)
        {
            // A quarter stays for native memory, as the runtime itself reckons in a container. The sampler watches the whole.
            var heap = Math.Max(resources.MemoryBytes / 4 * 3, SmallestHeap);
            environment["DOTNET_GCHeapHardLimit"] = heap.ToString("X", CultureInfo.InvariantCulture);
        }

        return environment;
    }
}
