using System.Globalization;
using System.Numerics;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Spark.Advice;

/// <summary>
/// Reads a run's figures and says what could be better, and which setting to try. Every rule has a floor in absolute figures beside its ratio:
/// a stage of half a second is never worth a word, however uneven it is. The thresholds are named, each with its reason.
/// </summary>
internal static class SparkAdvisor
{
    // Skew. Spark's own adaptive execution takes a partition for skewed from 5 times the median; a run time holds a fixed part too
    // (starting the task), so the same skew shows as less there.
    private const double SkewRatio = 4;

    // Fewer tasks have no median to speak of.
    private const int LeastSkewedTasks = 4;

    // What the longest task takes beyond the median is what evening out can save at most. Less than this is JIT, class loading or a slow disk.
    private const long LeastSkewCostMs = 3_000;

    // A part of the run that nobody would notice.
    private const double LeastPartOfRun = 0.05;

    // A part of the run that matters more than most other things.
    private const double LargePartOfRun = 0.25;

    // Spill. A local disk writes and reads this within a second.
    private const long LeastSpill = 64L << 20;

    // As much spilled as shuffled: the disk does what memory should.
    private const long MuchSpill = 4L << 30;

    // Partitions. Spark itself cuts files at 128 MiB (spark.sql.files.maxPartitionBytes); at four times that, tasks begin to spill with usual
    // executors (some 1 to 2 GiB for a core, compressed data several times larger in memory).
    private const long GoodPartition = 128L << 20;
    private const long LargePartition = 4 * GoodPartition;

    // Sending a task out and taking its end back costs 5 to 10 ms: a tenth or more of such a task.
    private const long ShortTaskMs = 50;
    private const int ManyTasks = 200;
    private const long LeastManyTasksMs = 5_000;

    // Garbage collection. Spark's pages turn red at a tenth of the run time.
    private const double GcPart = 0.1;
    private const double MuchGcPart = 0.2;
    private const long LeastGcMs = 10_000;

    // Idle. Shuffles and uneven ends keep even good runs below 70 % or so; under a third, most of it was paid for nothing.
    private const double IdleUse = 0.33;
    private const double GoodUse = 0.7;
    private const double LeastIdleCoreSeconds = 600;

    // Broadcast. Ten times Spark's default threshold still fits every driver and executor; beyond that memory and network of the broadcast
    // itself begin to matter. The large side must be worth sparing its shuffle.
    private const long DefaultBroadcast = 10L << 20;
    private const long LargestBroadcast = 100L << 20;
    private const long LeastSparedShuffle = 256L << 20;
    private const double BroadcastRatio = 5;

    // Executor memory. Used heap is seen with its garbage, so a peak this low was never in want. Half a minute of heartbeats (one in ten
    // seconds) is the least that can be called a peak.
    private const double LowHeapUse = 0.35;
    private const double HeapReserve = 1.6;
    private const long LeastHeap = 2L << 30;
    private const long LeastRunForSizeMs = 60_000;

    // How much more to try where it was too little.
    private const double More = 1.5;

    // Most pieces of advice of one kind: those that cost most.
    private const int MostOfAKind = 3;

    private static readonly string[] HeapErrors =
    [
        "OutOfMemoryError",
        "exited with code 52",
        "exit code 52",
        "GC overhead",
    ];

    private static readonly string[] ContainerErrors =
    [
        "exceeding memory limits",
        "exceeding physical memory limits",
        "running beyond physical memory limits",
        "OOMKilled",
        "exit status: 137",
        "exited with code 137",
        "exit code 137",
        "exit code: 137",
    ];

    /// <summary>
    /// What the run's figures say, the most important first. <paramref name="settings"/> win over the properties that the facts hold.
    /// </summary>
    public static IReadOnlyList<SparkAdvice> Advise(
        SparkFacts facts,
        IReadOnlyDictionary<string, string>? settings = null
    )
    {
        var properties = new Dictionary<string, string>(facts.Properties, StringComparer.Ordinal);
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
        {
            properties[name] = value;
        }

        var run = new MeasuredRun(facts, properties, SparkSizing.Of(properties));
        return
        [
            .. OutOfMemory(run)
                .Concat(Most(facts.Stages.Select(stage => Skew(run, stage))))
                .Concat(Most(facts.Stages.Select(stage => Spill(run, stage))))
                .Concat(Most(facts.Stages.Select(stage => LargePartitions(run, stage))))
                .Concat(Most(facts.Stages.Select(stage => SmallPartitions(run, stage))))
                .Concat(Gc(run))
                .Concat(Idle(run))
                .Concat(Most(facts.Joins.Select(join => Broadcast(run, join))))
                .Concat(LargeExecutors(run))
                .OrderByDescending(advice => advice.Severity),
        ];
    }

    private static (double, SparkAdvice)? Skew(MeasuredRun run, SparkStageFacts stage)
    {
        if (stage.CompletedTasks < LeastSkewedTasks || stage.RunTimes is not { } times)
        {
            return null;
        }

        var cost = times.Max - times.Median;
        if (
            times.Max < SkewRatio * Math.Max(times.Median, 1)
            || cost < LeastSkewCostMs
            || run.Part(cost) < LeastPartOfRun
        )
        {
            return null;
        }

        var text =
            $"In {stage.Title} the longest task took {Time(times.Max)}, the median one {Time(times.Median)}: {Ratio(times.Max, times.Median)}.";
        var reads = stage.ShuffleReads is { Max: > 0 } shuffled ? shuffled : stage.Inputs;
        var source = reads == stage.Inputs ? "its input" : "the shuffle";
        if (reads is { Max: > 0 } && reads.Max >= SkewRatio * Math.Max(reads.Median, 1))
        {
            text +=
                $" It read {Sizes.Text(reads.Max)} of {source}, the median one {Sizes.Text(reads.Median)}: a few keys have most of the rows."
                + " A join can be evened out by Spark; for a grouping, add a second part to the key and combine in two steps.";
        }
        else
        {
            text += " It did not read more than others, so its rows cost more each, or its machine was slow.";
        }

        var suggestion = new Dictionary<string, string>();
        if (!SparkSizing.IsOn(run.Properties, "spark.sql.adaptive.enabled", normally: true))
        {
            suggestion["spark.sql.adaptive.enabled"] = "true";
        }
        else if (!SparkSizing.IsOn(run.Properties, "spark.sql.adaptive.skewJoin.enabled", normally: true))
        {
            suggestion["spark.sql.adaptive.skewJoin.enabled"] = "true";
        }
        else if (stage.ShuffleReads is { Max: > 0 } read && read.Max >= SkewRatio * Math.Max(read.Median, 1))
        {
            // It looks only at partitions above this (256 MB), and splits them into pieces of the advisory size (64 MB).
            var threshold = Math.Max(read.Median * 2, 1 << 20);
            if (threshold < read.Max && read.Max < 256L << 20)
            {
                suggestion["spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes"] = Mib(threshold);
                suggestion["spark.sql.adaptive.advisoryPartitionSizeInBytes"] = Mib(threshold);
            }
        }

        return (cost, run.Advice(SparkAdviceKind.Skew, cost, text, stage, suggestion));
    }

    private static (double, SparkAdvice)? Spill(MeasuredRun run, SparkStageFacts stage)
    {
        if (stage.DiskSpilledBytes < LeastSpill || run.Part(stage.DurationMs) < LeastPartOfRun)
        {
            return null;
        }

        var tasks = Math.Max(stage.CompletedTasks, 1);
        var perTask = stage.MemorySpilledBytes / tasks;
        // Execution and storage share this part of the heap, and the tasks of an executor share it in turn (UnifiedMemoryManager).
        var room = Math.Max(
            (long)(
                (run.Sizing.ExecutorHeapBytes - (300L << 20))
                * (SparkSizing.Number(run.Properties, "spark.memory.fraction") ?? 0.6)
            ) / run.CoresPerExecutor,
            16L << 20
        );
        var factor = Math.Clamp(Math.Ceiling((room + perTask) / (double)room), 2, 16);
        var suggestion = new Dictionary<string, string>();
        if (stage.ShuffleReadBytes > 0)
        {
            suggestion["spark.sql.shuffle.partitions"] = Whole(stage.Tasks * factor);
        }
        else
        {
            suggestion[run.MemoryProperty] = Mib(RoundUp(run.Sizing.ExecutorHeapBytes * Math.Min(factor, 2)));
        }

        return (
            stage.DiskSpilledBytes,
            new SparkAdvice(
                SparkAdviceKind.Spill,
                stage.DiskSpilledBytes >= MuchSpill || run.Part(stage.DurationMs) >= LargePartOfRun
                    ? SparkAdviceSeverity.Warning
                    : SparkAdviceSeverity.Hint,
                $"{Capital(stage.Title)} spilled {Sizes.Text(stage.MemorySpilledBytes)} of memory to {Sizes.Text(stage.DiskSpilledBytes)} of disk, {Sizes.Text(perTask)} for each of its {tasks} tasks; a task has about {Sizes.Text(room)} of room. Smaller partitions or more memory for each core keep it in memory."
            )
            {
                StageId = stage.Id,
                Suggestion = suggestion,
            }
        );
    }

    private static (double, SparkAdvice)? LargePartitions(MeasuredRun run, SparkStageFacts stage)
    {
        var shuffled = stage.ShuffleReads is { Median: >= LargePartition };
        var reads = shuffled ? stage.ShuffleReads : stage.Inputs;
        if (reads is not { Median: >= LargePartition } || run.Part(stage.DurationMs) < LeastPartOfRun)
        {
            return null;
        }

        var total = shuffled ? stage.ShuffleReadBytes : stage.InputBytes;
        var partitions = Math.Ceiling(total / (double)GoodPartition);
        return (
            stage.RunTimeMs,
            run.Advice(
                SparkAdviceKind.LargePartitions,
                stage.DurationMs,
                $"The {stage.Tasks} tasks of {stage.Title} read {Sizes.Text(reads.Median)} each (median) of {(shuffled ? "the shuffle" : "input")}; {Sizes.Text(GoodPartition)} is a good size, {Whole(partitions)} tasks here."
                    + (shuffled ? "" : " Files that cannot be split (gzip) are read by one task each."),
                stage,
                new Dictionary<string, string>
                {
                    [shuffled ? "spark.sql.shuffle.partitions" : "spark.sql.files.maxPartitionBytes"] = shuffled
                        ? Whole(partitions)
                        : Mib(GoodPartition),
                }
            )
        );
    }

    private static (double, SparkAdvice)? SmallPartitions(MeasuredRun run, SparkStageFacts stage)
    {
        if (
            stage.CompletedTasks < ManyTasks
            || stage.RunTimes is not { Median: <= ShortTaskMs } times
            || stage.DurationMs < LeastManyTasksMs
            || run.Part(stage.DurationMs) < LeastPartOfRun
        )
        {
            return null;
        }

        var bytes = stage.ShuffleReadBytes > 0 ? stage.ShuffleReadBytes : stage.InputBytes;
        var partitions = Math.Max(Math.Ceiling(bytes / (double)GoodPartition), Math.Max(run.Cores, 1) * 2);
        if (partitions >= stage.Tasks)
        {
            return null;
        }

        return (
            stage.DurationMs,
            run.Advice(
                SparkAdviceKind.SmallPartitions,
                stage.DurationMs,
                $"The {stage.Tasks} tasks of {stage.Title} ran {Time(times.Median)} each (median): starting them is much of the work. Together they read {Sizes.Text(bytes)}; {Whole(partitions)} tasks are enough.",
                stage,
                stage.ShuffleReadBytes > 0
                    ? new Dictionary<string, string> { ["spark.sql.shuffle.partitions"] = Whole(partitions) }
                    : new Dictionary<string, string>
                    {
                        // Small files are put together up to this.
                        ["spark.sql.files.maxPartitionBytes"] = Mib(GoodPartition),
                        ["spark.default.parallelism"] = Whole(partitions),
                    }
            )
        );
    }

    private static IEnumerable<SparkAdvice> Gc(MeasuredRun run)
    {
        var totals = run.Facts.Totals;
        var part = totals.RunTimeMs == 0 ? 0 : totals.GcTimeMs / (double)totals.RunTimeMs;
        if (part < GcPart || totals.GcTimeMs < LeastGcMs)
        {
            yield break;
        }

        yield return new SparkAdvice(
            SparkAdviceKind.GcPressure,
            part >= MuchGcPart ? SparkAdviceSeverity.Warning : SparkAdviceSeverity.Hint,
            $"Garbage collection took {Time(totals.GcTimeMs)} of {Time(totals.RunTimeMs)} that tasks ran: {Percent(part)}. More heap, or fewer cores that share it, let tasks work."
        )
        {
            Suggestion = new Dictionary<string, string>
            {
                [run.MemoryProperty] = Mib(RoundUp(run.Sizing.ExecutorHeapBytes * More)),
            },
        };
    }

    private static IEnumerable<SparkAdvice> Idle(MeasuredRun run)
    {
        var totals = run.Facts.Totals;
        var use = totals.ExecutorCoreSeconds == 0 ? 1 : totals.RunTimeMs / 1000.0 / totals.ExecutorCoreSeconds;
        var idle = totals.ExecutorCoreSeconds - totals.RunTimeMs / 1000.0;
        if (run.Sizing.IsLocal || totals.ExecutorsMax < 2 || use >= IdleUse || idle < LeastIdleCoreSeconds)
        {
            yield break;
        }

        var enough = Whole(Math.Clamp(Math.Ceiling(totals.ExecutorsMax * use / GoodUse), 1, totals.ExecutorsMax));
        var onDemand = SparkSizing.IsOn(run.Properties, "spark.dynamicAllocation.enabled", normally: false);
        yield return new SparkAdvice(
            SparkAdviceKind.IdleExecutors,
            SparkAdviceSeverity.Warning,
            $"The cores of up to {totals.ExecutorsMax} executors were busy {Percent(use)} of the time that they were there: {Time((long)(idle * 1000))} of core time had no task. {enough} would have been enough on average{(onDemand ? "" : ", or let Spark give back what it does not need")}."
        )
        {
            Suggestion = onDemand
                ? new Dictionary<string, string>
                {
                    ["spark.dynamicAllocation.maxExecutors"] = enough,
                    ["spark.dynamicAllocation.executorIdleTimeout"] = "30s",
                }
                : new Dictionary<string, string>
                {
                    ["spark.dynamicAllocation.enabled"] = "true",
                    ["spark.dynamicAllocation.shuffleTracking.enabled"] = "true",
                    ["spark.executor.instances"] = enough,
                },
        };
    }

    private static (double, SparkAdvice)? Broadcast(MeasuredRun run, SparkJoinFacts join)
    {
        // Spark can broadcast only the side whose rows need not all come out.
        var possible = join.JoinType switch
        {
            null or "Inner" or "Cross" => true,
            "LeftOuter" or "LeftSemi" or "LeftAnti" or "ExistenceJoin" => join.SmallSide is null or "right",
            "RightOuter" => join.SmallSide is null or "left",
            _ => false,
        };
        var threshold =
            SparkSizing.Memory(run.Properties, "spark.sql.autoBroadcastJoinThreshold", unit: 1) ?? DefaultBroadcast;
        var off = run.Properties.GetValueOrDefault("spark.sql.autoBroadcastJoinThreshold")?.Trim() == "-1";
        if (
            !possible
            || join.SmallBytes is 0 or > LargestBroadcast
            || join.LargeBytes < LeastSparedShuffle
            || join.LargeBytes < BroadcastRatio * join.SmallBytes
        )
        {
            return null;
        }

        // Room for growth, and a figure that people would choose.
        var enough = Math.Max((long)BitOperations.RoundUpToPowerOf2((ulong)join.SmallBytes * 5 / 4), DefaultBroadcast);
        var text =
            $"{join.Operator}{(join.JoinType is { } type ? $" ({type})" : "")} shuffled {Sizes.Text(join.LargeBytes)} to join them with {Sizes.Text(join.SmallBytes)}. Sent to every executor (broadcast), the small side spares that shuffle";
        text +=
            off ? "; broadcasts are switched off."
            : threshold >= join.SmallBytes
                ? "; Spark did not know how small it is: say it with a hint (broadcast(table)), or collect statistics."
            : $"; the threshold is {Sizes.Text(threshold)}.";
        return (
            join.LargeBytes,
            new SparkAdvice(SparkAdviceKind.BroadcastJoin, SparkAdviceSeverity.Hint, text)
            {
                Suggestion = new Dictionary<string, string>
                {
                    ["spark.sql.autoBroadcastJoinThreshold"] = Mib(Math.Max(enough, threshold)),
                },
            }
        );
    }

    private static IEnumerable<SparkAdvice> LargeExecutors(MeasuredRun run)
    {
        var peak = run.Facts.Executors.Select(executor => executor.PeakHeapBytes).DefaultIfEmpty(0).Max();
        var heap = run.Sizing.ExecutorHeapBytes;
        if (
            peak == 0
            || run.Facts.ExecutorsLeftOut > 0
            || heap < LeastHeap
            || peak >= heap * LowHeapUse
            || run.Facts.DurationMs < LeastRunForSizeMs
            || run.Facts.Totals.DiskSpilledBytes > 0
        )
        {
            yield break;
        }

        var enough = Math.Max(RoundUp(peak * HeapReserve), 1L << 30);
        yield return new SparkAdvice(
            SparkAdviceKind.LargeExecutors,
            SparkAdviceSeverity.Hint,
            $"No executor was seen to use more than {Sizes.Text(peak)} of its {Sizes.Text(heap)} of heap ({Percent(peak / (double)heap)}), and nothing was spilled. {Sizes.Text(enough)} leaves room enough."
        )
        {
            Suggestion = new Dictionary<string, string> { [run.MemoryProperty] = Mib(enough) },
        };
    }

    private static IEnumerable<SparkAdvice> OutOfMemory(MeasuredRun run)
    {
        var said = run
            .Facts.TaskErrors.Concat(run.Facts.Executors.Select(executor => executor.RemoveReason))
            .Concat(run.Facts.Stages.Select(stage => stage.FailureReason))
            .OfType<string>()
            .Distinct()
            .ToList();
        var heap = said.Find(text => Names(text, HeapErrors));
        var container = said.Find(text => Names(text, ContainerErrors));
        if (container is not null)
        {
            var lost = run.Facts.Executors.Count(executor =>
                executor.RemoveReason is { } r && Names(r, ContainerErrors)
            );
            var beside = run.Sizing.ExecutorBytes - run.Sizing.ExecutorHeapBytes;
            yield return new SparkAdvice(
                SparkAdviceKind.OutOfMemory,
                SparkAdviceSeverity.Problem,
                $"{(lost == 0 ? "Tasks were" : lost == 1 ? "1 executor was" : $"{lost} executors were")} killed for using more than {Sizes.Text(run.Sizing.ExecutorBytes)}, of which {Sizes.Text(beside)} are beside the heap (Python, buffers): \"{container}\""
            )
            {
                Suggestion = new Dictionary<string, string>
                {
                    ["spark.executor.memoryOverhead"] = Mib(RoundUp(Math.Max(beside * 2, 512L << 20))),
                },
            };
        }
        else if (heap is not null)
        {
            yield return new SparkAdvice(
                SparkAdviceKind.OutOfMemory,
                SparkAdviceSeverity.Problem,
                $"The heap of {Sizes.Text(run.Sizing.ExecutorHeapBytes)}, shared by {run.CoresPerExecutor} cores, was too small: \"{heap}\""
            )
            {
                Suggestion = new Dictionary<string, string>
                {
                    [run.MemoryProperty] = Mib(RoundUp(run.Sizing.ExecutorHeapBytes * More)),
                },
            };
        }
    }

    private static bool Names(string text, string[] errors) =>
        Array.Exists(errors, error => text.Contains(error, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<SparkAdvice> Most(IEnumerable<(double Weight, SparkAdvice Advice)?> found) =>
        found
            .Where(one => one is not null)
            .OrderByDescending(one => one!.Value.Weight) // Filtered above.
            .Take(MostOfAKind)
            .Select(one => one!.Value.Advice);

    // Up to the next quarter of a GiB: sizes that people write.
    private static long RoundUp(double bytes) => (long)Math.Ceiling(bytes / (256 << 20)) * (256L << 20);

    private static string Mib(long bytes) => (Math.Max(bytes >> 20, 1)).ToString(CultureInfo.InvariantCulture) + "m";

    private static string Whole(double number) => Math.Round(number).ToString("0", CultureInfo.InvariantCulture);

    private static string Percent(double part) => (part * 100).ToString("0", CultureInfo.InvariantCulture) + " %";

    private static string Ratio(long large, long small) =>
        (large / (double)Math.Max(small, 1)).ToString("0.#", CultureInfo.InvariantCulture) + " times as long";

    private static string Time(long milliseconds) =>
        milliseconds switch
        {
            < 1_000 => $"{milliseconds} ms",
            < 120_000 => (milliseconds / 1000.0).ToString("0.#", CultureInfo.InvariantCulture) + " s",
            < 7_200_000 => (milliseconds / 60_000.0).ToString("0.#", CultureInfo.InvariantCulture) + " min",
            _ => (milliseconds / 3_600_000.0).ToString("0.#", CultureInfo.InvariantCulture) + " h",
        };

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private sealed record MeasuredRun(SparkFacts Facts, Dictionary<string, string> Properties, SparkSizing Sizing)
    {
        public int Cores => Facts.Executors.Sum(executor => executor.Cores);

        public int CoresPerExecutor => Math.Max(Facts.Executors.Select(e => e.Cores).DefaultIfEmpty(1).Max(), 1);

        /// <summary>In local mode tasks run in the driver.</summary>
        public string MemoryProperty => Sizing.IsLocal ? "spark.driver.memory" : "spark.executor.memory";

        public double Part(long milliseconds) => Facts.DurationMs == 0 ? 0 : milliseconds / (double)Facts.DurationMs;

        public SparkAdvice Advice(
            SparkAdviceKind kind,
            long costMs,
            string text,
            SparkStageFacts stage,
            Dictionary<string, string> suggestion
        ) =>
            new(kind, Part(costMs) >= LargePartOfRun ? SparkAdviceSeverity.Warning : SparkAdviceSeverity.Hint, text)
            {
                StageId = stage.Id,
                Suggestion = suggestion,
            };
    }
}
