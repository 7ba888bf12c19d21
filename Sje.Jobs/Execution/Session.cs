using System.Globalization;

namespace Sje.Jobs.Execution;

/// <summary>
/// The processes of one attempt: the session of its command, and whatever left that session but still carries the attempt in its
/// environment (a daemon). The guard is of the session too, and is the last to be ended.
/// </summary>
internal sealed class Session
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly int _sessionId;
    private readonly long _startTicks;
    private readonly string[] _marks;
    private readonly string _guardFile;
    private readonly TimeProvider _time;

    /// <summary>The session that the process <paramref name="sessionId"/> leads.</summary>
    public Session(int sessionId, ChildCommand command, TimeProvider time)
    {
        _sessionId = sessionId;
        // Nothing that is older than the command can be of this attempt. The leader may be gone already; then everything is looked at.
        _startTicks = ProcessTable.Find(sessionId)?.StartTicks ?? 0;
        _marks = [$"SJE_TASK_ID={command.TaskId}", $"SJE_ATTEMPT={command.Attempt.ToString(CultureInfo.InvariantCulture)}"];
        _guardFile = Path.Combine(command.PrivateDirectory, ChildCommand.GuardFile);
        _time = time;
    }

    /// <summary>Asks all of the session to end; the guard does not listen.</summary>
    public void Terminate()
    {
        foreach (var process in ProcessTable.Read().Where(process => process.SessionId == _sessionId))
        {
            UnixSignals.Send(process.Id, UnixSignals.Terminate);
        }
    }

    /// <summary>Waits until nothing but the guard is left; false when that takes longer than <paramref name="limit"/>.</summary>
    public async Task<bool> WaitUntilGoneAsync(TimeSpan limit)
    {
        var start = _time.GetTimestamp();
        while (Others().Count > 0)
        {
            if (_time.GetElapsedTime(start) > limit)
            {
                return false;
            }

            await Task.Delay(Pause, _time);
        }

        return true;
    }

    /// <summary>
    /// Kills everything until a look at every process of the machine finds nothing more, then the guard.
    /// </summary>
    /// <exception cref="TimeoutException">Something did not die (a process in an uninterruptible wait).</exception>
    public async Task EndAsync(TimeSpan limit)
    {
        var start = _time.GetTimestamp();
        while (Others() is { Count: > 0 } left)
        {
            foreach (var process in left)
            {
                UnixSignals.Send(process.Id, UnixSignals.Kill);
            }

            if (_time.GetElapsedTime(start) > limit)
            {
                throw new TimeoutException(
                    $"Processes {string.Join(", ", left.Select(process => process.Id))} of session {_sessionId} did not end within {limit.TotalSeconds} s of SIGKILL.");
            }

            await Task.Delay(Pause, _time);
        }

        if (GuardId() is { } guard && ProcessTable.Find(guard) is { IsDead: false } entry && entry.SessionId == _sessionId)
        {
            UnixSignals.Send(guard, UnixSignals.Kill);
        }
    }

    private List<ProcessEntry> Others()
    {
        var guard = GuardId();
        return [.. ProcessTable.Read().Where(process => process.Id != guard && Belongs(process))];
    }

    private bool Belongs(ProcessEntry process) =>
        process.SessionId == _sessionId
        || (process.StartTicks >= _startTicks && process.Id != Environment.ProcessId
            && ProcessTable.CarriesEnvironment(process.Id, _marks));

    // Read each time: the guard may not have written it yet.
    private int? GuardId()
    {
        try
        {
            return int.TryParse(File.ReadAllText(_guardFile), CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
