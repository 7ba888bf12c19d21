using Sje.Jobs.Engines.Spark.Advice;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Engines.Spark.Advice;

public class SparkAdvisorTests
{
    private const long Mib = 1L << 20;
    private const long Gib = 1L << 30;

    [Fact]
    public void A_good_run_gets_no_advice() => Assert.Empty(SparkAdvisor.Advise(Facts()));

    [Fact]
    public void A_short_run_gets_no_advice_however_uneven_it_is()
    {
        var facts = Facts(durationMs: 8_000, taskMs: 5_000) with
        {
            Stages =
            [
                Stage() with
                {
                    DurationMs = 4_000,
                    RunTimes = new(1, 2, 3, 4, 2_900),
                    ShuffleReads = new(0, 0, 0, 0, 9 * Mib),
                    DiskSpilledBytes = 60 * Mib,
                },
            ],
        };

        Assert.Empty(SparkAdvisor.Advise(facts));
    }

    [Fact]
    public void Skew_names_the_stage_and_its_figures()
    {
        var facts = Facts() with
        {
            Stages =
            [
                Stage(),
                Stage() with
                {
                    Id = 7,
                    Name = "collect at app.py:12",
                    RunTimes = new(900, 1_000, 2_000, 2_500, 60_000),
                    ShuffleReads = new(Mib, Mib, 2 * Mib, 3 * Mib, 100 * Mib),
                },
            ],
        };

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal(SparkAdviceKind.Skew, advice.Kind);
        Assert.Equal(SparkAdviceSeverity.Hint, advice.Severity);
        Assert.Equal(7, advice.StageId);
        Assert.StartsWith(
            "In stage 7 (collect at app.py:12) the longest task took 60 s, the median one 2 s: 30 times as long. It read 100 MiB of the shuffle, the median one 2 MiB",
            advice.Text,
            StringComparison.Ordinal
        );
        Assert.Equal("4m", advice.Suggestion["spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes"]);
    }

    [Fact]
    public void Skew_without_more_data_is_called_so()
    {
        var facts = With(Stage() with { RunTimes = new(900, 1_000, 2_000, 2_500, 60_000) });

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Contains("It did not read more than others", advice.Text, StringComparison.Ordinal);
        Assert.Empty(advice.Suggestion);
    }

    [Fact]
    public void Adaptive_execution_that_is_off_is_suggested_first()
    {
        var facts = With(Stage() with { RunTimes = new(900, 1_000, 2_000, 2_500, 60_000) });

        var advice = SparkAdvisor.Advise(
            facts,
            new Dictionary<string, string> { ["spark.sql.adaptive.enabled"] = "false" }
        );

        Assert.Equal("true", Assert.Single(advice).Suggestion["spark.sql.adaptive.enabled"]);
    }

    [Fact]
    public void Three_tasks_are_no_skew()
    {
        var facts = With(
            Stage() with
            {
                Tasks = 3,
                CompletedTasks = 3,
                RunTimes = new(900, 1_000, 2_000, 60_000, 60_000),
            }
        );

        Assert.Empty(SparkAdvisor.Advise(facts));
    }

    [Fact]
    public void Spill_says_how_many_partitions_would_do()
    {
        var facts = With(
            Stage() with
            {
                MemorySpilledBytes = 200 * Gib,
                DiskSpilledBytes = 50 * Gib,
                ShuffleReadBytes = 40 * Gib,
            }
        );

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal(SparkAdviceKind.Spill, advice.Kind);
        Assert.StartsWith(
            "Stage 1 (save at app.py:1) spilled 200 GiB of memory to 50 GiB of disk, 1 GiB for each of its 200 tasks",
            advice.Text,
            StringComparison.Ordinal
        );
        // Heap 4 GiB: (4096 - 300) MiB * 0.6 / 4 cores = 569 MiB of room; 1024 MiB more than that wants three times as many.
        Assert.Equal("600", advice.Suggestion["spark.sql.shuffle.partitions"]);
    }

    [Fact]
    public void Spill_of_a_stage_that_reads_files_asks_for_memory()
    {
        var facts = With(Stage() with { MemorySpilledBytes = 200 * Gib, DiskSpilledBytes = 50 * Gib });

        Assert.Equal("8192m", Assert.Single(SparkAdvisor.Advise(facts)).Suggestion["spark.executor.memory"]);
    }

    [Fact]
    public void Large_partitions_are_to_be_cut()
    {
        var facts = With(
            Stage() with
            {
                Tasks = 10,
                ShuffleReadBytes = 10 * Gib,
                ShuffleReads = new(Gib, Gib, Gib, Gib, Gib),
            }
        );

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal(SparkAdviceKind.LargePartitions, advice.Kind);
        Assert.Equal("80", advice.Suggestion["spark.sql.shuffle.partitions"]);
    }

    [Fact]
    public void Thousands_of_short_tasks_are_to_be_put_together()
    {
        var facts = With(
            Stage() with
            {
                Tasks = 5_000,
                CompletedTasks = 5_000,
                ShuffleReadBytes = 300 * Mib,
                RunTimes = new(5, 10, 20, 30, 90),
            }
        );

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal(SparkAdviceKind.SmallPartitions, advice.Kind);
        Assert.Equal("16", advice.Suggestion["spark.sql.shuffle.partitions"]);
        Assert.Contains(
            "5000 tasks of stage 1 (save at app.py:1) ran 20 ms each",
            advice.Text,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(0.05, null)]
    [InlineData(0.12, SparkAdviceSeverity.Hint)]
    [InlineData(0.4, SparkAdviceSeverity.Warning)]
    public void Garbage_collection_matters_by_its_part_of_the_run_time(double part, object? severity)
    {
        var facts = Facts();
        facts = facts with { Totals = facts.Totals with { GcTimeMs = (long)(facts.Totals.RunTimeMs * part) } };

        var advice = SparkAdvisor.Advise(facts).SingleOrDefault();

        Assert.Equal(severity, advice?.Severity);
        if (advice is not null)
        {
            Assert.Equal(SparkAdviceKind.GcPressure, advice.Kind);
            Assert.Equal("6144m", advice.Suggestion["spark.executor.memory"]);
        }
    }

    [Fact]
    public void Idle_executors_are_to_be_given_back()
    {
        var facts = Facts(taskMs: 200_000);

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal(SparkAdviceKind.IdleExecutors, advice.Kind);
        Assert.Contains("were busy 4 % of the time", advice.Text, StringComparison.Ordinal);
        Assert.Equal("true", advice.Suggestion["spark.dynamicAllocation.enabled"]);
        Assert.Equal("1", advice.Suggestion["spark.executor.instances"]);

        var dynamic = Assert.Single(
            SparkAdvisor.Advise(facts, new Dictionary<string, string> { ["spark.dynamicAllocation.enabled"] = "true" })
        );
        Assert.Equal("1", dynamic.Suggestion["spark.dynamicAllocation.maxExecutors"]);
        Assert.DoesNotContain("spark.executor.instances", dynamic.Suggestion.Keys);
    }

    [Fact]
    public void The_small_side_of_a_join_is_to_be_broadcast()
    {
        var advice = Assert.Single(
            SparkAdvisor.Advise(Joined(new SparkJoinFacts { JoinType = "Inner", SmallBytes = 30 * Mib }))
        );

        Assert.Equal(SparkAdviceKind.BroadcastJoin, advice.Kind);
        Assert.StartsWith(
            "SortMergeJoin (Inner) shuffled 20 GiB to join them with 30 MiB.",
            advice.Text,
            StringComparison.Ordinal
        );
        Assert.Equal("64m", advice.Suggestion["spark.sql.autoBroadcastJoinThreshold"]);
    }

    [Theory]
    [InlineData("FullOuter", "right", 30)]
    [InlineData("LeftOuter", "left", 30)]
    [InlineData("RightOuter", "right", 30)]
    [InlineData("Inner", "right", 300)]
    [InlineData("Inner", "right", 0)]
    public void What_cannot_be_broadcast_is_not_advised(string type, string small, int mib) =>
        Assert.Empty(
            SparkAdvisor.Advise(
                Joined(
                    new SparkJoinFacts
                    {
                        JoinType = type,
                        SmallSide = small,
                        SmallBytes = mib * Mib,
                    }
                )
            )
        );

    [Fact]
    public void A_table_under_the_threshold_needs_a_hint()
    {
        var advice = Assert.Single(SparkAdvisor.Advise(Joined(new SparkJoinFacts { SmallBytes = 3 * Mib })));

        Assert.Contains("did not know how small it is", advice.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Memory_that_nobody_used_is_to_be_given_back()
    {
        var facts = Facts();
        facts = facts with { Executors = [.. facts.Executors.Select(e => e with { PeakHeapBytes = 700 * Mib })] };

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal(SparkAdviceKind.LargeExecutors, advice.Kind);
        Assert.Equal("1280m", advice.Suggestion["spark.executor.memory"]);
    }

    [Fact]
    public void Executors_that_were_killed_for_memory_come_first()
    {
        var facts = With(Stage() with { RunTimes = new(900, 1_000, 2_000, 2_500, 60_000) });
        facts = facts with
        {
            Executors =
            [
                facts.Executors[0] with
                {
                    RemoveReason =
                        "Container killed by YARN for exceeding memory limits. 5.5 GB of 5 GB physical memory used.",
                },
                facts.Executors[1],
            ],
        };

        var advice = SparkAdvisor.Advise(facts)[0];

        Assert.Equal(SparkAdviceKind.OutOfMemory, advice.Kind);
        Assert.Equal(SparkAdviceSeverity.Problem, advice.Severity);
        Assert.StartsWith("1 executor was killed for using more than", advice.Text, StringComparison.Ordinal);
        Assert.Equal("1024m", advice.Suggestion["spark.executor.memoryOverhead"]);
    }

    [Fact]
    public void A_heap_that_was_too_small_is_to_be_larger()
    {
        var facts = Facts() with { TaskErrors = ["java.lang.OutOfMemoryError: Java heap space"] };

        var advice = Assert.Single(SparkAdvisor.Advise(facts));

        Assert.Equal("6144m", advice.Suggestion["spark.executor.memory"]);
        Assert.Contains("Java heap space", advice.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_stages_only_the_worst_are_named()
    {
        var facts = Facts() with
        {
            Stages =
            [
                .. Enumerable
                    .Range(1, 20)
                    .Select(id => Stage() with { Id = id, RunTimes = new(900, 1_000, 2_000, 2_500, 60_000 + id) }),
            ],
        };

        Assert.Equal([20, 19, 18], SparkAdvisor.Advise(facts).Select(advice => advice.StageId!.Value));
    }

    [Fact]
    public void Advice_is_written_as_JSON()
    {
        var json = SparkAdvice.ToJson(
            SparkAdvisor.Advise(Facts() with { TaskErrors = ["java.lang.OutOfMemoryError: Java heap space"] })
        );

        Assert.Equal("out-of-memory", json[0]!["kind"]!.GetValue<string>());
        Assert.Equal("problem", json[0]!["severity"]!.GetValue<string>());
        Assert.Equal("6144m", json[0]!["suggestion"]!["spark.executor.memory"]!.GetValue<string>());
    }

    [Fact]
    public void Every_kind_of_advice_stands_in_the_reference()
    {
        var text = File.ReadAllText(RepositoryFiles.Path("docs", "reference", "spark-advice.md"));

        Assert.All(
            Enum.GetValues<SparkAdviceKind>(),
            kind =>
                Assert.Contains(
                    $"| `{System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(kind.ToString())}` |",
                    text,
                    StringComparison.Ordinal
                )
        );
    }

    // Ten minutes on two executors of four cores, nine tenths busy.
    private static SparkFacts Facts(long durationMs = 600_000, long taskMs = 4_320_000) =>
        new()
        {
            DurationMs = durationMs,
            Properties = new Dictionary<string, string>
            {
                ["spark.master"] = "yarn",
                ["spark.executor.memory"] = "4g",
                ["spark.sql.shuffle.partitions"] = "200",
            },
            Totals = new SparkTotals
            {
                RunTimeMs = taskMs,
                ExecutorsMax = 2,
                ExecutorCoreSeconds = 8 * durationMs / 1_000.0,
            },
            Executors =
            [
                new SparkExecutorFacts { Id = "1", Cores = 4 },
                new SparkExecutorFacts { Id = "2", Cores = 4 },
            ],
            Stages = [Stage()],
        };

    private static SparkFacts With(SparkStageFacts stage) => Facts() with { Stages = [stage] };

    private static SparkFacts Joined(SparkJoinFacts join) =>
        Facts() with
        {
            Joins = [join with { Operator = "SortMergeJoin", LargeBytes = 20 * Gib }],
        };

    private static SparkStageFacts Stage() =>
        new()
        {
            Id = 1,
            Name = "save at app.py:1",
            State = SparkStageState.Complete,
            Tasks = 200,
            CompletedTasks = 200,
            DurationMs = 200_000,
            RunTimeMs = 800_000,
            RunTimes = new SparkQuantiles(3_000, 3_500, 4_000, 4_500, 6_000),
        };
}
