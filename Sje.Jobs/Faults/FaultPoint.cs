using System.Globalization;
using System.Runtime.InteropServices;
using Npgsql;

namespace Sje.Jobs.Faults;

/// <summary>
/// Places between two steps where a test may let this process die, stand still, dawdle or lose an answer. For tests only: nothing but the
/// environment variable <see cref="Variable"/> reaches it, and without that a point costs one look at a static.
/// </summary>
public static class FaultPoint
{
    /// <summary>The environment variable: <c>POINT[:N]:ACTION</c>, several with commas between; N is the time that counts, 1 if not given.</summary>
    public const string Variable = "SJE_FAULT";

    /// <summary>Work is written, not committed.</summary>
    public const string AcceptWritten = "accept.written";

    /// <summary>Work is accepted, not answered.</summary>
    public const string AcceptCommitted = "accept.committed";

    /// <summary>Background jobs and their ids on our rows are written, not committed.</summary>
    public const string DispatchAttached = "dispatch.attached";

    /// <summary>Background jobs are made, and nobody has been told.</summary>
    public const string DispatchMade = "dispatch.made";

    /// <summary>A claim is durable, and nobody has been told. Thrown here, its answer is lost.</summary>
    public const string ClaimCommitted = "claim.committed";

    /// <summary>One of Hangfire's threads has the task, and has not begun with it.</summary>
    public const string SlotTaken = "slot.taken";

    /// <summary>Hangfire shows Processing; the engine has not been started.</summary>
    public const string SlotBegun = "slot.begun";

    /// <summary>Hangfire's thread has written the last state and lets the job go.</summary>
    public const string SlotDone = "slot.done";

    /// <summary>The engine has ended; nothing is written of it.</summary>
    public const string AttemptRan = "attempt.ran";

    /// <summary>The attempt's end is durable in our tables; Hangfire does not know. Thrown here, the answer to that write is lost.</summary>
    public const string AttemptEndWritten = "attempt.ended";

    /// <summary>A distributed lock of Hangfire's is held.</summary>
    public const string LockHeld = "lock.held";

    /// <summary>The reconciler is about to change a background job's state.</summary>
    public const string ReconcileChosen = "reconcile.chosen";

    /// <summary>The reconciler has changed it; the row's flag still stands.</summary>
    public const string ReconcileChanged = "reconcile.changed";

    /// <summary>Background jobs without a task are to be deleted; none is yet.</summary>
    public const string StraysTaken = "strays.taken";

    /// <summary>Workers are marked dead; their tasks are still theirs.</summary>
    public const string TakeoverMarked = "takeover.marked";

    /// <summary>A dead worker's task is taken from it; others may be not.</summary>
    public const string TakeoverEnded = "takeover.ended";

    /// <summary>The worker is known to drain; its tasks run.</summary>
    public const string DrainBegun = "drain.begun";

    /// <summary>A drain has ended or handed back every task; the worker has not taken leave.</summary>
    public const string DrainEmptied = "drain.emptied";

    /// <summary>What a due schedule starts, and its next due time, are written, not committed.</summary>
    public const string ScheduleWritten = "schedule.written";

    /// <summary>A schedule has fired; nobody has been told, Hangfire's recurring job among them.</summary>
    public const string ScheduleFired = "schedule.fired";

    /// <summary>Hangfire's recurring job is brought up; the flag on the schedule's row still stands.</summary>
    public const string RecurringWritten = "recurring.written";

    /// <summary>A slice of an operation on many rows, and how far the operation is, are written, not committed.</summary>
    public const string OperationWritten = "operation.written";

    /// <summary>A slice of an operation is durable; others may be left.</summary>
    public const string OperationCommitted = "operation.committed";

    /// <summary>The identity of a Spark application is stored; nothing has been sent to the cluster.</summary>
    public const string SparkChosen = "spark.chosen";

    /// <summary>The cluster has the application; what it calls it is not stored.</summary>
    public const string SparkSubmitted = "spark.submitted";

    /// <summary>What the cluster calls the application is stored.</summary>
    public const string SparkNoted = "spark.noted";

    /// <summary>The application has ended on the cluster; that is not stored.</summary>
    public const string SparkEnded = "spark.ended";

    private static readonly string[] StatesWithPoints =
    [
        "enqueued",
        "processing",
        "scheduled",
        "succeeded",
        "failed",
        "deleted",
    ];

    private static Strike[] strikes = [];
    private static bool armed;

    /// <summary>Every point there is.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        AcceptWritten,
        AcceptCommitted,
        DispatchAttached,
        DispatchMade,
        ClaimCommitted,
        SlotTaken,
        SlotBegun,
        SlotDone,
        AttemptRan,
        AttemptEndWritten,
        LockHeld,
        ReconcileChosen,
        ReconcileChanged,
        StraysTaken,
        TakeoverMarked,
        TakeoverEnded,
        DrainBegun,
        DrainEmptied,
        ScheduleWritten,
        ScheduleFired,
        RecurringWritten,
        OperationWritten,
        OperationCommitted,
        SparkChosen,
        SparkSubmitted,
        SparkNoted,
        SparkEnded,
        .. StatesWithPoints.Select(StateElected),
        .. StatesWithPoints.Select(StateWritten),
        .. StatesWithPoints.Select(StateCommitted),
    ];

    /// <summary>Hangfire is about to go to this state: decided, its transaction not begun.</summary>
    public static string StateElected(string hangfireState) => hangfireState.ToLowerInvariant() + ".elected";

    /// <summary>Inside Hangfire's transaction: our side of the change to this state is written, not committed.</summary>
    public static string StateWritten(string hangfireState) => hangfireState.ToLowerInvariant() + ".written";

    /// <summary>An attempt's change to this state is committed, and it has not heard so.</summary>
    public static string StateCommitted(string hangfireState) => hangfireState.ToLowerInvariant() + ".committed";

    /// <summary>Whether a fault is to happen inside the transaction that goes to this state: then it has to be one with an inside.</summary>
    public static bool AwaitsWritten(string hangfireState) =>
        armed && strikes.Any(strike => strike.Point == StateWritten(hangfireState));

    /// <summary>Takes the faults from the environment, and them out of it: no child of this process shall know.</summary>
    /// <returns>What is wrong with them, as one line; null when they, or none, are in force.</returns>
    public static string? ReadEnvironment()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text)
        {
            return null;
        }

        Environment.SetEnvironmentVariable(Variable, null);
        var read = text.Split(',').Select(Strike.Read).ToArray();
        if (read.Any(strike => strike is null))
        {
            return $"{Variable} is '{text}': POINT[:N]:ACTION is needed, the action one of kill, stop, throw, delay=SECONDSs, the point one of "
                + string.Join(", ", All);
        }

        strikes = read!; // none is null
        armed = true;
        return null;
    }

    /// <summary>The process is at this point.</summary>
    /// <exception cref="NpgsqlException">The fault is a lost answer.</exception>
    public static void At(string point)
    {
        if (armed)
        {
            StrikeAt(point);
        }
    }

    /// <summary>The process is about to enter this state of Hangfire's.</summary>
    public static void AtElected(string hangfireState)
    {
        if (armed)
        {
            StrikeAt(StateElected(hangfireState));
        }
    }

    /// <summary>The process has written our side of this state of Hangfire's.</summary>
    /// <exception cref="NpgsqlException">The fault is a lost answer.</exception>
    public static void AtWritten(string hangfireState)
    {
        if (armed)
        {
            StrikeAt(StateWritten(hangfireState));
        }
    }

    /// <summary>The attempt's change to this state of Hangfire's is committed.</summary>
    /// <exception cref="NpgsqlException">The fault is a lost answer.</exception>
    public static void AtCommitted(string hangfireState)
    {
        if (armed)
        {
            StrikeAt(StateCommitted(hangfireState));
        }
    }

    private static void StrikeAt(string point)
    {
        foreach (var strike in strikes)
        {
            if (strike.Point == point && strike.IsNow())
            {
                strike.Do();
            }
        }
    }

    // The runtime can kill itself, but not stop itself.
    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int processId, int signal);

    private sealed record Strike(string Point, int Time, string Action, TimeSpan Delay)
    {
        private const int SigKill = 9;
        private const int SigStop = 19;
        private int times;

        public static Strike? Read(string text)
        {
            var parts = text.Split(':');
            var time = 1;
            if (
                parts.Length is < 2 or > 3
                || !All.Contains(parts[0])
                || (parts.Length == 3 && (!int.TryParse(parts[1], CultureInfo.InvariantCulture, out time) || time < 1))
            )
            {
                return null;
            }

            return parts[^1] switch
            {
                "kill" or "stop" or "throw" => new Strike(parts[0], time, parts[^1], TimeSpan.Zero),
                ['d', 'e', 'l', 'a', 'y', '=', .. var seconds, 's']
                    when double.TryParse(seconds, CultureInfo.InvariantCulture, out var value)
                        && value is > 0 and < 3600 => new Strike(parts[0], time, "delay", TimeSpan.FromSeconds(value)),
                _ => null,
            };
        }

        public bool IsNow() => Interlocked.Increment(ref times) == Time;

        public void Do()
        {
            Console.Error.WriteLine($"{Variable}: {Action} at {Point}");
            switch (Action)
            {
                case "kill":
                    _ = kill(Environment.ProcessId, SigKill);
                    break;
                case "stop":
                    _ = kill(Environment.ProcessId, SigStop);
                    break;
                case "delay":
                    Task.Delay(Delay, TimeProvider.System).GetAwaiter().GetResult();
                    break;
                default:
                    throw new NpgsqlException(
                        $"{Variable}: the answer is lost at {Point}",
                        new IOException("thrown for a test")
                    );
            }
        }
    }
}
