using System.Globalization;

namespace Sje.Jobs.Execution;

/// <summary>
/// The processes of one attempt: the session of its command, and whatever left that session but still carries the attempt in its
/// environment (a daemon). The guard is of the session too, and is the last to be ended.
/// </summary>
internal sealed class Session
{
    private const int MaxUncertainLooks = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly int sessionId;
    private readonly long startTicks;
    private readonly string[] marks;
    private readonly string guardFile;
    private readonly TimeProvider time;

    /// <summary>The session that the process <paramref name="sessionId"/> leads.</summary>
    public Session(int sessionId, ChildCommand command, TimeProvider time)
    {
        this.sessionId = sessionId;
        // The leader may be gone already; then everything is looked at.
        startTicks = ProcessTable.Find(sessionId)?.StartTicks ?? 0;
        marks =
        [
            $"SJE_TASK_ID={command.TaskId}",
            $"SJE_ATTEMPT={command.Attempt.ToString(CultureInfo.InvariantCulture)}",
        ];
        guardFile = Path.Combine(command.PrivateDirectory, ChildCommand.GuardFile);
        this.time = time;
    }

    /// <summary>Asks all of the session to end; the guard does not listen.</summary>
    public void Terminate()
    {
        SignalAll(
            ProcessTable.Read().Where(process => process.SessionId == sessionId).Select(process => process.Id),
            UnixSignals.Terminate
        );
    }

    /// <summary>Waits until nothing but the guard is left, at most <paramref name="limit"/>.</summary>
    public async Task WaitUntilGoneAsync(TimeSpan limit)
    {
        var start = time.GetTimestamp();
        while (Look().Others.Count > 0 && time.GetElapsedTime(start) < limit)
        {
            await Task.Delay(Pause, time);
        }
    }

    /// <summary>Kills everything until a look at every process of the machine finds nothing more, then the guard.</summary>
    /// <exception cref="TimeoutException">Something did not die (a process in an uninterruptible wait).</exception>
    public async Task EndAsync(TimeSpan limit)
    {
        var start = time.GetTimestamp();
        var uncertain = 0;
        var clean = 0;
        var cleanNeeded = 1;
        for (var round = 0; ; round++)
        {
            var (others, guard, unsure) = Look();
            if (others.Count > 0)
            {
                // Once processes were killed, one look may miss a child that got a number which the look had already passed (they start
                // again at the low end) from a parent that was gone when the look came to it. Two in a row do not.
                cleanNeeded = 2;
                uncertain = clean = 0;
                SignalAll(others, UnixSignals.Kill);
            }
            else if (unsure && uncertain < MaxUncertainLooks)
            {
                uncertain++;
            }
            else if (guard is { } last)
            {
                SignalAll([last], UnixSignals.Kill);
            }
            else if (++clean >= cleanNeeded)
            {
                return;
            }

            if (time.GetElapsedTime(start) > limit)
            {
                var left = guard is { } one ? [.. others, one] : others;
                throw new TimeoutException(
                    $"Processes {string.Join(", ", left)} of session {sessionId} did not end within {limit.TotalSeconds} s of SIGKILL."
                );
            }

            // Most ends need one more look: the first pauses are short.
            await Task.Delay(round < 3 ? Pause / 5 : Pause, time);
        }
    }

    private static void SignalAll(IEnumerable<int> processes, int signal)
    {
        foreach (var process in processes)
        {
            UnixSignals.Send(process, signal);
        }
    }

    // One look at every process: those of the attempt, its guard, and whether some process might belong but does not say so yet.
    private (List<int> Others, int? Guard, bool Unsure) Look()
    {
        var guardId = GuardId();
        var others = new List<int>();
        int? guard = null;
        var unsure = false;
        foreach (var process in ProcessTable.Read())
        {
            var ofSession =
                process.SessionId == sessionId
                // Started, but not in its session yet.
                || (process.Id == sessionId && process.StartTicks == startTicks);
            if (ofSession && process.Id == guardId)
            {
                guard = process.Id;
                continue;
            }

            // Nothing that is older than the command can be of this attempt.
            var belongs =
                ofSession ? true
                : process.StartTicks < startTicks || process.IsKernel || process.Id == Environment.ProcessId ? false
                : ProcessTable.CarriesEnvironment(process.Id, marks);
            if (belongs == true)
            {
                others.Add(process.Id);
            }

            // An empty environment for good, or for the moment?
            unsure |=
                belongs is null
                && (
                    process.IsChanging
                    || ProcessTable.Find(process.Id) is { IsDead: false } now
                        && (now.IsChanging || ProcessTable.CarriesEnvironment(process.Id, marks) == true)
                );
        }

        return (others, guard, unsure);
    }

    // Read each time: the guard may not have written it yet.
    private int? GuardId()
    {
        try
        {
            return int.TryParse(File.ReadAllText(guardFile), CultureInfo.InvariantCulture, out var id) ? id : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
