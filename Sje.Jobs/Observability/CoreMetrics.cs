using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sje.Core.Jobs;

namespace Sje.Jobs.Observability;

/// <summary>What this process has seen of the core since it started.</summary>
public sealed record CoreCounts(
    long TasksClaimed,
    long AttemptsStarted,
    long AttemptsEnded,
    long Retries,
    long Takeovers,
    long WorkersLost,
    RecentFigures? ClaimLatency,
    RecentFigures? DispatchLatency
);

/// <summary>
/// The core's counters and distributions (<see cref="MetricCatalogue"/> says what each means). One call stands where the thing happens. As long as nobody
/// listens to the meter, a call costs a look at a flag, and no statement is sent for any of them ever. They belong to the process, as the
/// runtime's own do; what is read from the database belongs to a host.
/// </summary>
public static class CoreMetrics
{
    /// <summary>The meter of every figure of ours.</summary>
    public const string MeterName = "Sje";

    /// <summary>In the place of all names beyond <see cref="MostNames"/>; it can be no name of a queue or a type.</summary>
    public const string OtherName = "(other)";

    /// <summary>Values of a label that users choose (queues, types), at most.</summary>
    public const int MostNames = 100;

    private static readonly Meter Meter = new(MeterName);

    private static readonly double[] Short =
    [
        0.001,
        0.0025,
        0.005,
        0.01,
        0.025,
        0.05,
        0.1,
        0.25,
        0.5,
        1,
        2.5,
        5,
        10,
        30,
        60,
        300,
        1_800,
    ];

    private static readonly double[] Long =
    [
        0.01,
        0.05,
        0.25,
        1,
        5,
        15,
        60,
        300,
        900,
        1_800,
        3_600,
        7_200,
        21_600,
        86_400,
    ];
    private static readonly double[] Originals = [60, 300, 900, 1_800, 3_600, 7_200];

    private static readonly Counter<long> Submissions = Counter(MetricCatalogue.Submissions);
    private static readonly Counter<long> ExecutionsSubmitted = Counter(MetricCatalogue.ExecutionsSubmitted);
    private static readonly Counter<long> TasksSubmitted = Counter(MetricCatalogue.TasksSubmitted);
    private static readonly Counter<long> ExecutionsEnded = Counter(MetricCatalogue.ExecutionsEnded);
    private static readonly Counter<long> TasksEnded = Counter(MetricCatalogue.TasksEnded);
    private static readonly Counter<long> AttemptsStarted = Counter(MetricCatalogue.AttemptsStarted);
    private static readonly Counter<long> AttemptsEnded = Counter(MetricCatalogue.AttemptsEnded);
    private static readonly Counter<long> Retries = Counter(MetricCatalogue.Retries);
    private static readonly Counter<long> Takeovers = Counter(MetricCatalogue.Takeovers);
    private static readonly Counter<long> WorkersLost = Counter(MetricCatalogue.WorkersLost);
    private static readonly Counter<long> ClaimedTasks = Counter(MetricCatalogue.ClaimedTasks);
    private static readonly Counter<long> ClaimErrors = Counter(MetricCatalogue.ClaimErrors);
    private static readonly Histogram<double> ClaimDuration = Histogram(MetricCatalogue.ClaimDuration, Short);
    private static readonly Histogram<double> DispatchLatency = Histogram(MetricCatalogue.DispatchLatency, Short);
    private static readonly Histogram<double> AttemptDuration = Histogram(MetricCatalogue.AttemptDuration, Long);
    private static readonly Histogram<double> ExecutionDuration = Histogram(MetricCatalogue.ExecutionDuration, Long);
    private static readonly Histogram<double> HeartbeatDuration = Histogram(MetricCatalogue.HeartbeatDuration, Short);
    private static readonly Counter<long> OriginalJobs = Counter(MetricCatalogue.OriginalJobs);
    private static readonly Counter<long> OriginalJobsSubmitted = Counter(MetricCatalogue.OriginalJobsSubmitted);
    private static readonly Counter<long> OriginalJobsCompleted = Counter(MetricCatalogue.OriginalJobsCompleted);
    private static readonly Counter<long> OriginalErrors = Counter(MetricCatalogue.OriginalErrors);
    private static readonly Histogram<double> OriginalJobsDuration = Histogram(
        MetricCatalogue.OriginalJobsDuration,
        Long
    );
    private static readonly Histogram<double> OriginalJobDuration = Histogram(
        MetricCatalogue.OriginalJobDuration,
        Originals
    );
    private static readonly Histogram<double> OriginalQueueWait = Histogram(MetricCatalogue.OriginalQueueWait, Short);

    private static readonly RecentValues RecentClaims = new();
    private static readonly RecentValues RecentDispatches = new();
    private static readonly KnownNames Queues = new();
    private static readonly KnownNames Types = new();
    private static readonly ConcurrentDictionary<TaskState, string> TaskStates = new();
    private static readonly ConcurrentDictionary<AttemptOutcome, string> Outcomes = new();
    private static long tasksClaimed;
    private static long attemptsStarted;
    private static long attemptsEnded;
    private static long retries;
    private static long takeovers;
    private static long workersLost;

    /// <summary>What has been counted so far, whether anybody listens or not.</summary>
    public static CoreCounts Counts =>
        new(
            Interlocked.Read(ref tasksClaimed),
            Interlocked.Read(ref attemptsStarted),
            Interlocked.Read(ref attemptsEnded),
            Interlocked.Read(ref retries),
            Interlocked.Read(ref takeovers),
            Interlocked.Read(ref workersLost),
            RecentClaims.Read(),
            RecentDispatches.Read()
        );

    /// <summary>The word of the nearest named priority at or below a number; <c>low</c> below all.</summary>
    public static string PriorityWord(int priority)
    {
        var word = Priorities.Words[0];
        foreach (var candidate in Priorities.Words)
        {
            if (Priorities.TryParse(candidate, out var least) && least <= priority)
            {
                word = candidate;
            }
        }

        return word;
    }

    /// <summary>A submitted job was answered: <c>accepted</c>, <c>repeated</c>, <c>queue_full</c> or <c>key_reused</c>.</summary>
    public static void Answered(string answer) => Submissions.Add(1, Label("answer", answer));

    /// <summary>An execution was accepted.</summary>
    public static void CountSubmission(string type, int priority, string trigger)
    {
        if (ExecutionsSubmitted.Enabled)
        {
            var (kind, word) = (Types.Bound(type), PriorityWord(priority));
            ExecutionsSubmitted.Add(1, Label("type", kind), Label("priority", word), Label("trigger", trigger));
            OriginalJobsSubmitted.Add(1, Label("job_type", kind), Label("priority", word));
        }
    }

    /// <summary>A task of it was.</summary>
    public static void TaskSubmitted(string type, string queue)
    {
        if (TasksSubmitted.Enabled)
        {
            TasksSubmitted.Add(1, Label("type", Types.Bound(type)), Label("queue", Queues.Bound(queue)));
        }
    }

    /// <summary>A claim came back with so many tasks.</summary>
    public static void Claimed(string lane, int tasks, TimeSpan took)
    {
        RecentClaims.Add(took.TotalSeconds);
        Interlocked.Add(ref tasksClaimed, tasks);
        ClaimDuration.Record(took.TotalSeconds, Label("lane", lane));
        if (tasks > 0)
        {
            ClaimedTasks.Add(tasks, Label("lane", lane));
        }
    }

    /// <summary>A claim failed.</summary>
    public static void ClaimFailed(string lane) => ClaimErrors.Add(1, Label("lane", lane));

    /// <summary>An attempt begins, so long after its task could have been claimed.</summary>
    public static void Started(string type, string lane, string queue, TimeSpan waited)
    {
        RecentDispatches.Add(waited.TotalSeconds);
        Interlocked.Increment(ref attemptsStarted);
        if (AttemptsStarted.Enabled)
        {
            AttemptsStarted.Add(
                1,
                Label("type", Types.Bound(type)),
                Label("lane", lane),
                Label("queue", Queues.Bound(queue))
            );
            DispatchLatency.Record(waited.TotalSeconds, Label("lane", lane));
            OriginalQueueWait.Record(waited.TotalSeconds);
        }
    }

    /// <summary>An attempt's end is durable.</summary>
    /// <param name="type">The task type.</param>
    /// <param name="lane">The lane.</param>
    /// <param name="said">How it ended, as its worker said.</param>
    /// <param name="state">What the database made of the task.</param>
    /// <param name="failureClass">Why it failed, if it did.</param>
    /// <param name="took">Since its start; null when it never ran.</param>
    public static void Ended(
        string type,
        string lane,
        AttemptOutcome said,
        TaskState state,
        string? failureClass,
        TimeSpan? took
    )
    {
        Interlocked.Increment(ref attemptsEnded);
        // A cancel or a restart that came meanwhile decides over what the attempt said.
        var outcome = state switch
        {
            TaskState.Cancelled => AttemptOutcome.Cancelled,
            TaskState.Queued
                when said is AttemptOutcome.Succeeded or AttemptOutcome.Failed or AttemptOutcome.TimedOut =>
                AttemptOutcome.Restarted,
            _ => said,
        };
        var failed = outcome is AttemptOutcome.Failed or AttemptOutcome.TimedOut;
        var retried = failed && state == TaskState.WaitingRetry;
        if (retried)
        {
            Interlocked.Increment(ref retries);
        }

        if (!AttemptsEnded.Enabled)
        {
            return;
        }

        var kind = Types.Bound(type);
        var how = Word(outcome);
        AttemptsEnded.Add(1, Label("type", kind), Label("lane", lane), Label("outcome", how));
        if (took is { } time)
        {
            AttemptDuration.Record(time.TotalSeconds, Label("type", kind), Label("outcome", how));
        }

        if (failed)
        {
            OriginalErrors.Add(1, Label("error_type", failureClass ?? how), Label("component", kind));
        }

        if (retried)
        {
            Retries.Add(1, Label("type", kind), Label("class", failureClass ?? how));
        }

        if (state is TaskState.Succeeded or TaskState.Failed or TaskState.Cancelled or TaskState.TimedOut)
        {
            TasksEnded.Add(1, Label("type", kind), Label("state", Word(state)));
        }
    }

    /// <summary>An execution came to its end.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="state">Its end state, as written in the database.</param>
    /// <param name="took">Since its first attempt; null when it never ran.</param>
    public static void ExecutionEnded(string type, string state, TimeSpan? took)
    {
        if (!ExecutionsEnded.Enabled)
        {
            return;
        }

        var kind = Types.Bound(type);
        ExecutionsEnded.Add(1, Label("type", kind), Label("state", state));
        OriginalJobs.Add(1, Label("status", state));
        OriginalJobsCompleted.Add(1, Label("job_type", kind), Label("status", state));
        if (took is { TotalSeconds: var seconds })
        {
            ExecutionDuration.Record(seconds, Label("type", kind), Label("state", state));
            OriginalJobsDuration.Record(seconds);
            OriginalJobDuration.Record(seconds, Label("job_type", kind));
        }
    }

    /// <summary>An attempt was taken from a dead worker.</summary>
    public static void TakenOver(TaskState state)
    {
        Interlocked.Increment(ref takeovers);
        Takeovers.Add(1, Label("state", Word(state)));
    }

    /// <summary>A worker was marked dead.</summary>
    public static void WorkerLost()
    {
        Interlocked.Increment(ref workersLost);
        WorkersLost.Add(1);
    }

    /// <summary>A heartbeat renewed the lease.</summary>
    public static void HeartBeaten(TimeSpan took) => HeartbeatDuration.Record(took.TotalSeconds);

    /// <summary>The word of an execution's end that is its only task's.</summary>
    public static string Word(TaskState state) => TaskStates.GetOrAdd(state, static s => s.ToSnake());

    internal static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);

    private static string Word(AttemptOutcome outcome) => Outcomes.GetOrAdd(outcome, static o => o.ToSnake());

    private static Counter<long> Counter(MetricInfo info)
    {
        Debug.Assert(info.Kind == MetricKind.Counter, info.Name);
        return Meter.CreateCounter<long>(info.Instrument, info.Unit, info.Meaning);
    }

    private static Histogram<double> Histogram(MetricInfo info, double[] buckets)
    {
        Debug.Assert(info.Kind == MetricKind.Histogram, info.Name);
        return Meter.CreateHistogram(
            info.Instrument,
            info.Unit,
            info.Meaning,
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = buckets }
        );
    }

    /// <summary>The first names that came by; others count as <see cref="OtherName"/>, so that no user can make a label grow without bound.</summary>
    private sealed class KnownNames
    {
        private readonly ConcurrentDictionary<string, bool> names = new(StringComparer.Ordinal);

        public string Bound(string name)
        {
            if (names.ContainsKey(name))
            {
                return name;
            }

            // Two at once may go a little beyond; what counts is that it ends.
            if (names.Count >= MostNames)
            {
                return OtherName;
            }

            names.TryAdd(name, true);
            return name;
        }
    }
}
