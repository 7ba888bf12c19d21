namespace Sje.Jobs.Execution;

/// <summary>A command to run for an attempt, all of it decided: nothing of the worker's environment is added.</summary>
internal sealed record ChildCommand
{
    /// <summary>Where the guard writes its process id, in <see cref="PrivateDirectory"/>.</summary>
    public const string GuardFile = "guard";

    /// <summary>Where the launcher notes that there is no such command, in <see cref="PrivateDirectory"/>.</summary>
    public const string LaunchFailedFile = "launch-failed";

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The whole environment. It must hold <c>SJE_TASK_ID</c> and <c>SJE_ATTEMPT</c>, by which strays are found.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The folder it starts in; must exist.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>The attempt's private directory, for the launcher's own files.</summary>
    public required string PrivateDirectory { get; init; }

    /// <summary>What it reads on standard input; null is nothing.</summary>
    public string? StdinFile { get; init; }

    /// <summary>Most memory that its processes may use together; 0 is no limit.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Whose attempt it is.</summary>
    public required Guid TaskId { get; init; }

    /// <summary>The number of the attempt.</summary>
    public required int Attempt { get; init; }
}

/// <summary>Why a child ended.</summary>
internal enum ChildEnd
{
    /// <summary>By itself, or by a signal that was not ours.</summary>
    Exited,

    /// <summary>By us, since it used too much memory.</summary>
    OutOfMemory,

    /// <summary>By its guard, since the worker's lease had lapsed.</summary>
    LeaseLapsed,

    /// <summary>SIGKILL, not ours, when memory was short: its own up to the limit, or the machine's.</summary>
    ShortOfMemory,

    /// <summary>It never ran: there is no such command.</summary>
    NotFound,
}

/// <summary>How a child ended, when everything of it is gone.</summary>
internal sealed record ChildExit(ChildEnd End, int ExitCode, ResourceUse Use)
{
    /// <summary>The signal that ended it, if one did.</summary>
    public string? Signal => UnixSignals.NameOfExitCode(ExitCode);
}

/// <summary>What the processes of a session used, as far as sampling saw it.</summary>
internal readonly record struct ResourceUse(long MemoryBytes, long PeakMemoryBytes, double CpuSeconds);
