using System.Text.Json;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>An attempt of a stage while its log is read.</summary>
internal sealed class StageTally
{
    private readonly HashSet<int> completed = [];
    private SparkStageFacts sums = new();
    private List<long>? runTimes = [];
    private List<long>? shuffleReads = [];
    private List<long>? inputs = [];
    private int completedTasks;
    private long cpuNanos;

    public SparkStageState State { get; set; } = SparkStageState.Active;

    public string Name { get; set; } = "";

    public string? Description { get; set; }

    public int Tasks { get; set; }

    public int FailedTasks { get; set; }

    public int KilledTasks { get; set; }

    public DateTimeOffset? SubmittedAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    public string? FailureReason { get; set; }

    /// <summary>Adds what a task did, whatever became of it.</summary>
    public void TakeMetrics(JsonElement metrics)
    {
        var shuffleRead = metrics.At("Shuffle Read Metrics");
        var shuffleWrite = metrics.At("Shuffle Write Metrics");
        var input = metrics.At("Input Metrics");
        var output = metrics.At("Output Metrics");
        cpuNanos += metrics.Long("Executor CPU Time");
        sums = sums with
        {
            RunTimeMs = sums.RunTimeMs + metrics.Long("Executor Run Time"),
            GcTimeMs = sums.GcTimeMs + metrics.Long("JVM GC Time"),
            InputBytes = sums.InputBytes + input.Long("Bytes Read"),
            InputRows = sums.InputRows + input.Long("Records Read"),
            OutputBytes = sums.OutputBytes + output.Long("Bytes Written"),
            OutputRows = sums.OutputRows + output.Long("Records Written"),
            ShuffleReadBytes = sums.ShuffleReadBytes + ShuffleBytes(shuffleRead),
            ShuffleReadRows = sums.ShuffleReadRows + shuffleRead.Long("Total Records Read"),
            ShuffleWriteBytes = sums.ShuffleWriteBytes + shuffleWrite.Long("Shuffle Bytes Written"),
            ShuffleWriteRows = sums.ShuffleWriteRows + shuffleWrite.Long("Shuffle Records Written"),
            MemorySpilledBytes = sums.MemorySpilledBytes + metrics.Long("Memory Bytes Spilled"),
            DiskSpilledBytes = sums.DiskSpilledBytes + metrics.Long("Disk Bytes Spilled"),
        };
    }

    /// <summary>Counts a task that succeeded; two of one partition (speculation) count once.</summary>
    public void TakeSuccess(int index, JsonElement metrics)
    {
        if (runTimes is null)
        {
            // It ended after its stage had all it needed: one of two that did the same.
            return;
        }

        if (completed.Add(index))
        {
            completedTasks++;
        }

        runTimes.Add(metrics.Long("Executor Run Time"));
        shuffleReads!.Add(ShuffleBytes(metrics.At("Shuffle Read Metrics"))); // The three lists come and go together.
        inputs!.Add(metrics.At("Input Metrics").Long("Bytes Read"));
    }

    /// <summary>
    /// The stage ended well: makes the quantiles, and lets go of what they are made of. Of one that failed, tasks still end.
    /// </summary>
    public void Settle()
    {
        sums = WithQuantiles();
        completed.Clear();
        completed.TrimExcess();
        runTimes = shuffleReads = inputs = null;
    }

    public SparkStageFacts Facts(int id, int attempt) =>
        (runTimes is null ? sums : WithQuantiles()) with
        {
            Id = id,
            Attempt = attempt,
            Name = SparkFacts.Shorten(Name) ?? "",
            Description = SparkFacts.Shorten(Description),
            State = State,
            CpuTimeMs = cpuNanos / 1_000_000,
            Tasks = Tasks,
            CompletedTasks = completedTasks,
            FailedTasks = FailedTasks,
            KilledTasks = KilledTasks,
            SubmittedAt = SubmittedAt,
            EndedAt = EndedAt,
            DurationMs = EndedAt > SubmittedAt ? (long)(EndedAt.Value - SubmittedAt.Value).TotalMilliseconds : 0,
            FailureReason = SparkFacts.Shorten(FailureReason),
        };

    private SparkStageFacts WithQuantiles() =>
        sums with
        {
            RunTimes = SparkQuantiles.Of(runTimes!), // Only called before Settle has dropped them.
            ShuffleReads = SparkQuantiles.Of(shuffleReads!),
            Inputs = SparkQuantiles.Of(inputs!),
        };

    private static long ShuffleBytes(JsonElement read) =>
        read.Long("Remote Bytes Read") + read.Long("Local Bytes Read");
}

/// <summary>An executor while its log is read.</summary>
internal sealed class ExecutorTally
{
    private long taskTime;
    private long gcTime;
    private long input;
    private long shuffleRead;
    private long shuffleWrite;
    private long peakHeap;

    public string? Host { get; set; }

    public int Cores { get; set; }

    public DateTimeOffset? AddedAt { get; set; }

    public DateTimeOffset? RemovedAt { get; set; }

    public string? RemoveReason { get; set; }

    public long Tasks { get; set; }

    public long FailedTasks { get; set; }

    public void TakeTask(JsonElement metrics, JsonElement peaks, long length)
    {
        taskTime += length;
        gcTime += metrics.Long("JVM GC Time");
        input += metrics.At("Input Metrics").Long("Bytes Read");
        shuffleWrite += metrics.At("Shuffle Write Metrics").Long("Shuffle Bytes Written");
        var read = metrics.At("Shuffle Read Metrics");
        shuffleRead += read.Long("Remote Bytes Read") + read.Long("Local Bytes Read");
        TakePeaks(peaks);
    }

    public void TakePeaks(JsonElement peaks) => peakHeap = Math.Max(peakHeap, peaks.Long("JVMHeapMemory"));

    public SparkExecutorFacts Facts(string id) =>
        new()
        {
            Id = id,
            Host = SparkFacts.Shorten(Host),
            Cores = Cores,
            AddedAt = AddedAt,
            RemovedAt = RemovedAt,
            RemoveReason = SparkFacts.Shorten(RemoveReason),
            Tasks = Tasks,
            FailedTasks = FailedTasks,
            TaskTimeMs = taskTime,
            GcTimeMs = gcTime,
            InputBytes = input,
            ShuffleReadBytes = shuffleRead,
            ShuffleWriteBytes = shuffleWrite,
            PeakHeapBytes = peakHeap,
        };
}
