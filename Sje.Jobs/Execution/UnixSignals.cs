using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Sje.Jobs.Execution;

/// <summary>UnixSignals of Linux: sending them, and their names by number (signal(7)).</summary>
internal static class UnixSignals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    private const int NotPermitted = 1;
    private const int NoSuchProcess = 3;

    private static readonly string?[] Names =
    [
        null,
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        null,
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];

    /// <summary>
    /// The signal that an exit code of 128 and more stands for, as shells and .NET write it; null for other codes and for
    /// signals that end nobody. A program that exits with such a code by itself cannot be told apart.
    /// </summary>
    public static string? NameOfExitCode(int exitCode) =>
        exitCode > 128 && exitCode - 128 < Names.Length ? Names[exitCode - 128] : null;

    /// <summary>Sends a signal; false when the process is gone, or has become another user's.</summary>
    public static bool Send(int processId, int signal)
    {
        if (kill(processId, signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NoSuchProcess or NotPermitted
            ? false
            : throw new Win32Exception(error, $"Signal {signal} could not be sent to process {processId}");
    }

    // The runtime has no way to send SIGTERM to a process.
    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int processId, int signal);
}
