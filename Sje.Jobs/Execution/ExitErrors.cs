using Sje.Core.Jobs;

namespace Sje.Jobs.Execution;

/// <summary>What the end of a child means for its attempt.</summary>
internal static class ExitErrors
{
    /// <summary>The error to record; null when the command succeeded.</summary>
    public static TaskError? Of(ChildExit exit, string command, ResourceSpec resources, string? logTail) =>
        exit switch
        {
            { End: ChildEnd.OutOfMemory } => new TaskError(
                "out_of_memory",
                $"It used {Sizes.Text(exit.Use.MemoryBytes)} of memory, more than the {Sizes.Text(resources.MemoryBytes)} that resources.memory allows, and was ended.",
                exit.ExitCode,
                exit.Signal,
                logTail
            ),
            { End: ChildEnd.ShortOfMemory } => new TaskError(
                "out_of_memory",
                $"'{command}' was ended by SIGKILL (exit code {exit.ExitCode}) when memory was short; it had used up to {Sizes.Text(exit.Use.PeakMemoryBytes)}.",
                exit.ExitCode,
                exit.Signal,
                logTail
            ),
            { End: ChildEnd.LeaseLapsed } => new TaskError(
                "lost",
                "The worker's lease lapsed, so its guard ended the task.",
                exit.ExitCode,
                exit.Signal,
                logTail
            ),
            { End: ChildEnd.NotFound } => new TaskError(
                "exit_code",
                $"The command '{command}' was not found, or is not executable, on this worker (exit code 127).",
                exit.ExitCode,
                LogTail: logTail
            ),
            { ExitCode: 0 } => null,
            { Signal: "SIGXCPU" } => new TaskError(
                "killed",
                "It used more processor time than execution.maxCpuSeconds allows, and was ended by SIGXCPU.",
                exit.ExitCode,
                exit.Signal,
                logTail
            ),
            { Signal: { } signal } => new TaskError(
                "killed",
                $"'{command}' was ended by {signal} (exit code {exit.ExitCode}).",
                exit.ExitCode,
                signal,
                logTail
            ),
            _ => new TaskError(
                "exit_code",
                $"'{command}' ended with exit code {exit.ExitCode}.",
                exit.ExitCode,
                LogTail: logTail
            ),
        };
}
