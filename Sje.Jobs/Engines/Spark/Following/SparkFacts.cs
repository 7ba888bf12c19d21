using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// What a run of a Spark application measured. Made by <see cref="DriverWatch"/> while it runs and by <see cref="EventLog"/> after its end:
/// the same figures by the same rules, so that either can stand for the other. Bounded however large the run was: of many stages and
/// executors those that matter most are kept one by one, and all of them in the totals.
/// </summary>
internal sealed record SparkFacts
{
    /// <summary>How many stages are kept one by one: those with the longest run time, and failed ones.</summary>
    public const int MostStages = 50;

    /// <summary>How many executors are kept one by one: those with the most tasks, and lost ones.</summary>
    public const int MostExecutors = 100;

    /// <summary>How many joins are kept: those of the most bytes.</summary>
    public const int MostJoins = 20;

    /// <summary>How many different errors of tasks are kept.</summary>
    public const int MostTaskErrors = 5;

    /// <summary>How long a text may be; names and reasons of Spark hold whole stack traces.</summary>
    public const int MostText = 300;

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public SparkFactsSource Source { get; init; }

    /// <summary>Whether the source held the whole run: an event log with the application's end.</summary>
    public bool Complete { get; init; }

    public string? ApplicationId { get; init; }

    /// <summary>YARN's attempt of the application (<c>1</c>, <c>2</c>); null where there are none.</summary>
    public string? AttemptId { get; init; }

    public string? Name { get; init; }

    public string? SparkVersion { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended, or the last moment that the source knows of.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    public long DurationMs { get; init; }

    public SparkTotals Totals { get; init; } = new();

    /// <summary>By id and attempt.</summary>
    public IReadOnlyList<SparkStageFacts> Stages { get; init; } = [];

    /// <summary>How many more there were.</summary>
    public int StagesLeftOut { get; init; }

    public IReadOnlyList<SparkExecutorFacts> Executors { get; init; } = [];

    /// <summary>How many more there were.</summary>
    public int ExecutorsLeftOut { get; init; }

    /// <summary>Joins that shuffled both sides.</summary>
    public IReadOnlyList<SparkJoinFacts> Joins { get; init; } = [];

    /// <summary>Different errors of tasks, their first lines.</summary>
    public IReadOnlyList<string> TaskErrors { get; init; } = [];

    /// <summary>The properties that <see cref="SparkSizing.Keeps"/>.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>Compact JSON; null and zero are left out.</summary>
    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, Format)!; // A record is never written as null.

    /// <summary>Reads what <see cref="ToJson"/> wrote; unknown fields of a later version are passed over.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static SparkFacts FromJson(JsonNode json) =>
        json.Deserialize<SparkFacts>(Format) ?? throw new JsonException("Facts of a Spark run are an object.");

    /// <summary>The figures that a task shows by name while it runs.</summary>
    public IEnumerable<(string Name, double Value)> Metrics() =>
        [
            ("rows_in", Totals.InputRows),
            ("rows_out", Totals.OutputRows),
            ("input_bytes", Totals.InputBytes),
            ("output_bytes", Totals.OutputBytes),
            ("shuffle_read_bytes", Totals.ShuffleReadBytes),
            ("shuffle_write_bytes", Totals.ShuffleWriteBytes),
            ("spill_bytes", Totals.DiskSpilledBytes),
            ("spark_tasks", Totals.Tasks),
            ("spark_failed_tasks", Totals.FailedTasks),
            ("executors_max", Totals.ExecutorsMax),
            ("core_seconds", Totals.ExecutorCoreSeconds + Totals.DriverCoreSeconds),
            ("gc_seconds", Totals.GcTimeMs / 1000.0),
        ];

    /// <summary>The text's first line, not longer than <see cref="MostText"/>.</summary>
    internal static string? Shorten(string? text)
    {
        if (text is null)
        {
            return null;
        }

        var line = text.AsSpan().TrimStart();
        line = line.IndexOfAny('\r', '\n') is var end and >= 0 ? line[..end] : line;
        return line.Length <= MostText ? line.ToString() : string.Concat(line[..(MostText - 3)], "...");
    }
}

/// <summary>Where facts come from.</summary>
internal enum SparkFactsSource
{
    /// <summary>The driver's REST, as it last answered: what happened after that is not in it.</summary>
    Driver,

    /// <summary>The event log.</summary>
    EventLog,
}

/// <summary>Sums over the whole run, tried again and failed tasks included: what it cost, not what it was worth.</summary>
internal sealed record SparkTotals
{
    public int Jobs { get; init; }

    public int FailedJobs { get; init; }

    /// <summary>Attempts of stages that ran.</summary>
    public int Stages { get; init; }

    public int FailedStages { get; init; }

    /// <summary>Tasks that succeeded.</summary>
    public long Tasks { get; init; }

    public long FailedTasks { get; init; }

    public long KilledTasks { get; init; }

    /// <summary>Read from outside.</summary>
    public long InputBytes { get; init; }

    public long InputRows { get; init; }

    public long OutputBytes { get; init; }

    public long OutputRows { get; init; }

    public long ShuffleReadBytes { get; init; }

    public long ShuffleReadRows { get; init; }

    public long ShuffleWriteBytes { get; init; }

    public long ShuffleWriteRows { get; init; }

    /// <summary>What was spilled, as large as it had been in memory.</summary>
    public long MemorySpilledBytes { get; init; }

    /// <summary>What was spilled, as large as it was on disk.</summary>
    public long DiskSpilledBytes { get; init; }

    /// <summary>Time that tasks ran.</summary>
    public long RunTimeMs { get; init; }

    public long CpuTimeMs { get; init; }

    public long GcTimeMs { get; init; }

    /// <summary>The most executors at one time.</summary>
    public int ExecutorsMax { get; init; }

    /// <summary>Executors that there were at all.</summary>
    public int ExecutorsAdded { get; init; }

    /// <summary>Executors that were removed before the end, for whatever reason.</summary>
    public int ExecutorsRemoved { get; init; }

    /// <summary>Cores of executors times the seconds that they were there.</summary>
    public double ExecutorCoreSeconds { get; init; }

    /// <summary>Memory of executors, all of it, in GiB times the seconds that they were there.</summary>
    public double ExecutorGibSeconds { get; init; }

    /// <summary>The driver's; 0 where driver and executor are one process.</summary>
    public double DriverCoreSeconds { get; init; }

    public double DriverGibSeconds { get; init; }
}

/// <summary>How a stage stands.</summary>
internal enum SparkStageState
{
    Pending,
    Active,
    Complete,
    Failed,
    Skipped,
}

/// <summary>An attempt of a stage.</summary>
internal sealed record SparkStageFacts
{
    public int Id { get; init; }

    public int Attempt { get; init; }

    /// <summary>What Spark calls it: <c>collect at app.py:12</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>What the application calls it (<c>setJobDescription</c>).</summary>
    public string? Description { get; init; }

    public SparkStageState State { get; init; }

    /// <summary>How many it has.</summary>
    public int Tasks { get; init; }

    /// <summary>How many succeeded, each counted once.</summary>
    public int CompletedTasks { get; init; }

    public int FailedTasks { get; init; }

    public int KilledTasks { get; init; }

    public DateTimeOffset? SubmittedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>From submission to end; 0 while it runs.</summary>
    public long DurationMs { get; init; }

    /// <summary>Of all its tasks.</summary>
    public long RunTimeMs { get; init; }

    public long CpuTimeMs { get; init; }

    public long GcTimeMs { get; init; }

    public long InputBytes { get; init; }

    public long InputRows { get; init; }

    public long OutputBytes { get; init; }

    public long OutputRows { get; init; }

    public long ShuffleReadBytes { get; init; }

    public long ShuffleReadRows { get; init; }

    public long ShuffleWriteBytes { get; init; }

    public long ShuffleWriteRows { get; init; }

    public long MemorySpilledBytes { get; init; }

    public long DiskSpilledBytes { get; init; }

    /// <summary>How its successful tasks differ in run time, in milliseconds.</summary>
    public SparkQuantiles? RunTimes { get; init; }

    /// <summary>How they differ in what they read from shuffles, in bytes.</summary>
    public SparkQuantiles? ShuffleReads { get; init; }

    /// <summary>How they differ in what they read from outside, in bytes.</summary>
    public SparkQuantiles? Inputs { get; init; }

    /// <summary>The first line.</summary>
    public string? FailureReason { get; init; }

    /// <summary>How people find it: <c>stage 4 (collect at app.py:12)</c>.</summary>
    [JsonIgnore]
    public string Title =>
        (Description ?? Name) is { Length: > 0 } label
            ? $"stage {Id}{(Attempt > 0 ? $".{Attempt}" : "")} ({label})"
            : $"stage {Id}{(Attempt > 0 ? $".{Attempt}" : "")}";
}

/// <summary>Quantiles 0, 0.25, 0.5, 0.75 and 1: values of real tasks, none in between.</summary>
internal sealed record SparkQuantiles(long Min, long LowerQuartile, long Median, long UpperQuartile, long Max)
{
    /// <summary>
    /// Those of a list, which is sorted in place; null of an empty one. Exactly as Spark's own REST chooses them (<c>taskSummary</c>): the
    /// value at <c>floor(q * count)</c>, at most the last.
    /// </summary>
    public static SparkQuantiles? Of(List<long> values)
    {
        if (values.Count == 0)
        {
            return null;
        }

        values.Sort();
        return new SparkQuantiles(values[0], At(0.25), At(0.5), At(0.75), values[^1]);

        long At(double quantile) => values[Math.Min((int)(quantile * values.Count), values.Count - 1)];
    }
}

/// <summary>An executor; in <c>local</c> mode the driver, which then is one.</summary>
internal sealed record SparkExecutorFacts
{
    public string Id { get; init; } = "";

    public string? Host { get; init; }

    public int Cores { get; init; }

    /// <summary>All its memory, from the application's properties: heap, overhead, off-heap and Python's.</summary>
    public long MemoryBytes { get; init; }

    public DateTimeOffset? AddedAt { get; init; }

    /// <summary>Null: until the end.</summary>
    public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>The first line.</summary>
    public string? RemoveReason { get; init; }

    /// <summary>Tasks that succeeded.</summary>
    public long Tasks { get; init; }

    public long FailedTasks { get; init; }

    /// <summary>Time that its tasks took.</summary>
    public long TaskTimeMs { get; init; }

    public long GcTimeMs { get; init; }

    public long InputBytes { get; init; }

    public long ShuffleReadBytes { get; init; }

    public long ShuffleWriteBytes { get; init; }

    /// <summary>The most heap that it was seen to use, garbage included; 0 when it was not looked at.</summary>
    public long PeakHeapBytes { get; init; }
}

/// <summary>A join for which both sides were shuffled.</summary>
internal sealed record SparkJoinFacts
{
    /// <summary>Which SQL execution it is of.</summary>
    public long ExecutionId { get; init; }

    /// <summary><c>SortMergeJoin</c>, <c>ShuffledHashJoin</c>.</summary>
    public string Operator { get; init; } = "";

    /// <summary><c>Inner</c>, <c>LeftOuter</c>, ...; null where the source does not say it.</summary>
    public string? JoinType { get; init; }

    /// <summary>The side with fewer bytes: <c>left</c> or <c>right</c>; null where the source does not say it.</summary>
    public string? SmallSide { get; init; }

    /// <summary>In memory, before the shuffle compressed it.</summary>
    public long SmallBytes { get; init; }

    public long LargeBytes { get; init; }
}
