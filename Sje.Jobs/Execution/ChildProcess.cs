using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using CliWrap;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Execution;

/// <summary>
/// Runs commands of tasks, each in a session of its own under a guard (launcher.sh, <see cref="LeasePipe"/>), and comes back
/// only when everything that the command started is gone.
/// </summary>
internal sealed class ChildProcess(
    IOptions<ExecutionOptions> options,
    ResourceSampler sampler,
    TimeProvider time,
    ILogger<ChildProcess> logger
)
{
    private const int MaxLineBytes = 64 * 1024;
    private const int LeaseMissing = 125;
    private const double NearLimit = 0.9;

    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(30);

    private static readonly string Launcher = ReadLauncher();
    private static readonly Lazy<Task<IReadOnlyList<string>>> Starter = new(FindStarterAsync);

    /// <summary>
    /// How long output is read after all has ended. What is gone cannot write, but somebody who shook the attempt off may hold the pipe open.
    /// </summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Runs the command to its end. <paramref name="onLine"/> is called for each line, by one thread per stream.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired and everything is gone.</exception>
    public async Task<ChildExit> RunAsync(
        ChildCommand command,
        IAttemptLease lease,
        Action<LogStream, string> onLine,
        Action<ResourceUse>? onSample,
        CancellationToken stop
    )
    {
        stop.ThrowIfCancellationRequested();
        using var drained = new CancellationTokenSource();
        Process? process = null;
        LeasePipe? pipe = null;
        IReadOnlyList<string> starter = await Starter.Value;
        var kernelKills = KernelKills.Count();
        var running = Cli.Wrap(starter[0])
            .WithArguments([.. starter.Skip(1), .. LauncherArguments(command)])
            .WithWorkingDirectory(command.WorkingDirectory)
            .WithValidation(CommandResultValidation.None)
            .WithStandardOutputPipe(
                PipeTarget.Create((from, _) => PumpAsync(from, LogStream.Stdout, onLine, drained.Token))
            )
            .WithStandardErrorPipe(
                PipeTarget.Create((from, _) => PumpAsync(from, LogStream.Stderr, onLine, drained.Token))
            )
            .ExecuteAsync(
                start =>
                {
                    start.Environment.Clear();
                    foreach (var (name, value) in command.Environment)
                    {
                        start.Environment[name] = value;
                    }
                },
                started =>
                {
                    process = started;
                    pipe = new LeasePipe(started.StandardInput.BaseStream);
                },
                // Stopping is ours: CliWrap would end one process, not the session.
                CancellationToken.None
            );

        // env and setsid become the launcher and that the command, in place: one process id, which is also the session's.
        var session = new Session(running.ProcessId, command, time);
        using var leaseEnded = new CancellationTokenSource();
        using (pipe)
        using (var watch = sampler.Watch(running.ProcessId, command.MemoryBytes))
        {
            watch.OnSample = onSample;
            var renewals = pipe!.RunAsync(lease, leaseEnded.Token); // Set by CliWrap before it returned.
            var exited = Task.WhenAny(process!.WaitForExitAsync(CancellationToken.None), running.Task);
            try
            {
                var outOfMemory = await EndOfCommandAsync(session, exited, watch, stop);
                await session.EndAsync(KillLimit);
                await exited;
                drained.CancelAfter(DrainLimit);
                var result = await running;
                if (drained.IsCancellationRequested)
                {
                    ExecutionLog.OutputStayedOpen(
                        logger,
                        running.ProcessId,
                        DrainLimit.TotalSeconds,
                        command.Attempt,
                        command.TaskId
                    );
                }

                stop.ThrowIfCancellationRequested();
                return new ChildExit(
                    Why(outOfMemory, result.ExitCode, command, lease, watch.Use, kernelKills),
                    result.ExitCode,
                    watch.Use
                );
            }
            finally
            {
                await leaseEnded.CancelAsync();
                await renewals;
            }
        }
    }

    private async Task<bool> EndOfCommandAsync(
        Session session,
        Task exited,
        ResourceWatch watch,
        CancellationToken stop
    )
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(stopped.SetResult);
        var first = await Task.WhenAny(exited, watch.Exceeded, stopped.Task);
        if (first == stopped.Task)
        {
            session.Terminate();
            await session.WaitUntilGoneAsync(TimeSpan.FromSeconds(options.Value.StopGraceSeconds));
        }

        return first == watch.Exceeded;
    }

    private static ChildEnd Why(
        bool outOfMemory,
        int exitCode,
        ChildCommand command,
        IAttemptLease lease,
        ResourceUse use,
        long? kernelKills
    ) =>
        exitCode switch
        {
            _ when outOfMemory => ChildEnd.OutOfMemory,
            128 + UnixSignals.Kill or LeaseMissing when lease.DeadlineUptime <= BootClock.Now => ChildEnd.LeaseLapsed,
            // The kernel does not say whom it killed, nor why. A task that had used most of what it may, or one that was killed while
            // the kernel killed somebody for memory, was hardly killed for another reason.
            128 + UnixSignals.Kill
                when (command.MemoryBytes > 0 && use.PeakMemoryBytes >= command.MemoryBytes * NearLimit)
                    || KernelKills.Count() > kernelKills => ChildEnd.ShortOfMemory,
            127 when File.Exists(Path.Combine(command.PrivateDirectory, ChildCommand.LaunchFailedFile)) =>
                ChildEnd.NotFound,
            _ => ChildEnd.Exited,
        };

    private IEnumerable<string> LauncherArguments(ChildCommand command) =>
        [
            // Privileged mode reads no start-up files and no functions from the task's environment.
            "bash",
            "-p",
            "-c",
            Launcher,
            "sje-launcher",
            command.PrivateDirectory,
            command.TaskId.ToString(),
            command.Attempt.ToString(CultureInfo.InvariantCulture),
            command.StdinFile ?? "/dev/null",
            options.Value.MaxOpenFiles.ToString(CultureInfo.InvariantCulture),
            options.Value.MaxCpuSeconds.ToString(CultureInfo.InvariantCulture),
            .. command.Arguments,
        ];

    private static async Task PumpAsync(
        Stream from,
        LogStream stream,
        Action<LogStream, string> onLine,
        CancellationToken drained
    )
    {
        var splitter = new LineSplitter(MaxLineBytes, line => onLine(stream, line));
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            int read;
            while ((read = await from.ReadAsync(buffer, drained)) > 0)
            {
                splitter.Append(buffer.AsSpan(0, read));
            }
        }
        catch (OperationCanceledException) when (drained.IsCancellationRequested)
        {
            // Somebody who is none of the attempt's processes holds the pipe open.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        splitter.Complete();
    }

    // The runtime ignores SIGPIPE and hands that on to its children (a handler it would reset, this not), in which a program like
    // "yes | head" then reports an error instead of ending quietly. A shell cannot undo it; GNU's env can, busybox's cannot.
    private static async Task<IReadOnlyList<string>> FindStarterAsync()
    {
        string[] withDefaults = ["env", "--default-signal=PIPE", "setsid"];
        try
        {
            var probe = await Cli.Wrap(withDefaults[0])
                .WithArguments([withDefaults[1], "true"])
                .WithValidation(CommandResultValidation.None)
                .ExecuteAsync(CancellationToken.None);
            return probe.ExitCode == 0 ? withDefaults : ["setsid"];
        }
        catch (Win32Exception)
        {
            return ["setsid"];
        }
    }

    private static string ReadLauncher()
    {
        const string Name = "launcher.sh";
        using var stream =
            typeof(ChildProcess).Assembly.GetManifestResourceStream(Name)
            ?? throw new InvalidOperationException($"The assembly has no resource {Name}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
