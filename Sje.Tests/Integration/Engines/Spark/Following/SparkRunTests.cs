using Sje.Jobs.Engines.Spark.Advice;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Following;

/// <summary>Real applications, watched through their driver while they ran and read from their event log after.</summary>
[Collection(Alone.Name)]
public sealed class SparkRunTests(FollowedRuns runs) : IClassFixture<FollowedRuns>
{
    [Fact]
    public void The_example_gives_what_the_same_query_written_by_hand_gives()
    {
        Assert.True(runs.Flights.ExitCode == 0, runs.Flights.Errors);
        var rows = LateDepartures.In(runs.Answer);
        var expected = LateDepartures.Expected();

        Assert.True(expected.Count > 40, $"only {expected.Count} states");
        Assert.Equal(expected, rows);
        Assert.Contains($"{expected.Count} states", runs.Flights.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_goes_forward_only_and_ends_below_one()
    {
        foreach (var run in (FollowedRun[])[runs.Flights, runs.Skewed, runs.Spilling])
        {
            Assert.True(run.Looks.Count > 3, $"{run.Looks.Count} looks; {run.LastTrouble}; {run.Errors}");
            var fractions = run.Looks.Select(look => look.Step.Fraction).ToList();
            Assert.Equal(fractions.Order(), fractions);
            Assert.InRange(fractions[^1], 0.2, 0.99);
            Assert.All(run.Looks, look => Assert.Equal((1, 2), (look.Executors, look.Cores)));
        }

        // No executors are named where the driver is the only one.
        Assert.Contains(
            runs.Skewed.Looks,
            look =>
                System.Text.RegularExpressions.Regex.IsMatch(
                    look.Step.Text,
                    "^stage [0-9]+ of [0-9]+: [0-9]+/16 tasks$"
                )
        );
    }

    [Fact]
    public async Task The_event_log_says_exactly_what_Sparks_own_history_server_says()
    {
        await using var bench = new HistoryBench(runs.Folder);
        var address = await bench.Servers.FindAsync(runs.Installation, runs.Folder, CancellationToken.None);
        using var http = DriverRest.Connections();
        foreach (var run in (FollowedRun[])[runs.Flights, runs.Skewed, runs.Failing, runs.Spilling])
        {
            var log = await EventLog.ReadAsync(run.EventLogPath, CancellationToken.None);
            var rest = new DriverRest(http, address, TimeProvider.System) { Limit = TimeSpan.FromMinutes(1) };
            SparkFacts? driver = null;
            await Eventually.TrueAsync(
                async () =>
                    (
                        driver = await new DriverWatch(rest, new SparkProgress(), TimeProvider.System).MeasureAsync(
                            run.ApplicationId,
                            CancellationToken.None
                        )
                    )
                        is not null,
                "the history server lists the application",
                60
            );

            Assert.True(log.Complete);
            Assert.Equal(SparkFactsSource.EventLog, log.Source);
            // Only what is rounded on the way differs: nanoseconds of processor time per task, and sizes written for people.
            Assert.InRange(log.Totals.CpuTimeMs - driver!.Totals.CpuTimeMs, -50, 50);
            Assert.Equal(driver.Joins.Count, log.Joins.Count);
            var (one, other) = (Comparable(log), Comparable(driver));
            Assert.Equal(one.ToJson().ToJsonString(), other.ToJson().ToJsonString());
            Assert.True(log.Totals.Tasks > 0);
            Assert.True(log.Totals.ExecutorCoreSeconds > 0);
        }
    }

    [Fact]
    public async Task What_was_measured_while_it_ran_is_part_of_what_the_log_says()
    {
        foreach (var run in (FollowedRun[])[runs.Flights, runs.Skewed, runs.Spilling])
        {
            var log = await EventLog.ReadAsync(run.EventLogPath, CancellationToken.None);
            var seen = run.LastMeasured!;

            Assert.Equal(log.ApplicationId, seen.ApplicationId);
            Assert.Equal(log.Name, seen.Name);
            Assert.Equal("4.1.1", seen.SparkVersion);
            Assert.Equal("00000000-0000-0000-0000-000000000001/1", seen.Properties["spark.sje.task"]);
            Assert.InRange(seen.Totals.Tasks, 1, log.Totals.Tasks);
            Assert.InRange(seen.Totals.InputRows, 0, log.Totals.InputRows);
            Assert.InRange(seen.Totals.ShuffleWriteBytes, 0, log.Totals.ShuffleWriteBytes);
            // A look takes less than the driver's start and end do; the machine may be busy.
            Assert.InRange(seen.DurationMs, 1, log.DurationMs + 30_000);
        }
    }

    [Fact]
    public async Task Rows_are_counted_where_they_come_in_and_go_out()
    {
        var facts = await EventLog.ReadAsync(runs.Flights.EventLogPath, CancellationToken.None);

        Assert.EndsWith(
            "eventlog_v2_" + runs.Flights.ApplicationId,
            runs.Flights.EventLogPath,
            StringComparison.Ordinal
        );
        Assert.Contains(
            Directory.EnumerateFiles(runs.Flights.EventLogPath),
            file => file.EndsWith(".zstd", StringComparison.Ordinal)
        );
        // Flights (those that the filter on pages lets through), airports, and the answer when it is read again.
        Assert.InRange(facts.Totals.InputRows, 200_000, 3_100_000);
        Assert.InRange(facts.Totals.OutputRows, 40, 60);
        Assert.True(facts.Totals.ShuffleWriteBytes > 0);
        Assert.Equal("late departures", facts.Name);
    }

    [Fact]
    public async Task Advice_names_the_skewed_stage()
    {
        var facts = await EventLog.ReadAsync(runs.Skewed.EventLogPath, CancellationToken.None);

        var advice = SparkAdvisor.Advise(facts);

        var skew = Assert.Single(advice, one => one.Kind == SparkAdviceKind.Skew);
        var stage = facts.Stages.Single(one => one.Id == skew.StageId);
        Assert.Equal(16, stage.Tasks);
        Assert.Equal(facts.Stages.Max(one => one.RunTimeMs), stage.RunTimeMs);
        Assert.Contains("seal the orders of each customer", skew.Text, StringComparison.Ordinal);
        Assert.Contains("a few keys have most of the rows", skew.Text, StringComparison.Ordinal);
        Assert.True(stage.RunTimes!.Max > 4 * stage.RunTimes.Median);
        Assert.True(stage.ShuffleReads!.Max > 4 * stage.ShuffleReads.Median);
    }

    [Fact]
    public async Task A_balanced_run_gets_no_advice_of_skew_or_spill()
    {
        var facts = await EventLog.ReadAsync(runs.Flights.EventLogPath, CancellationToken.None);

        Assert.DoesNotContain(
            SparkAdvisor.Advise(facts),
            one => one.Kind is SparkAdviceKind.Skew or SparkAdviceKind.Spill or SparkAdviceKind.OutOfMemory
        );
    }

    [Fact]
    public async Task Spill_is_measured_and_advised_against()
    {
        Assert.True(runs.Spilling.ExitCode == 0, runs.Spilling.Errors);
        var facts = await EventLog.ReadAsync(runs.Spilling.EventLogPath, CancellationToken.None);

        Assert.True(facts.Totals.DiskSpilledBytes > 64 << 20, $"only {facts.Totals.DiskSpilledBytes} bytes spilled");
        var spill = SparkAdvisor.Advise(facts).First(one => one.Kind == SparkAdviceKind.Spill);
        Assert.NotEmpty(spill.Suggestion);
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_a_stage_is_told()
    {
        Assert.NotEqual(0, runs.Failing.ExitCode);
        var facts = await EventLog.ReadAsync(runs.Failing.EventLogPath, CancellationToken.None);

        Assert.Equal((2, 1), (facts.Totals.Jobs, facts.Totals.FailedJobs));
        Assert.Equal(1, facts.Totals.FailedStages);
        Assert.True(facts.Totals.FailedTasks >= 1);
        var failed = facts.Stages.Single(stage => stage.State == SparkStageState.Failed);
        Assert.InRange(failed.CompletedTasks, 1, failed.Tasks - 1);
        Assert.Contains("Job aborted due to stage failure", failed.FailureReason, StringComparison.Ordinal);
        Assert.Contains(facts.TaskErrors, error => error.Contains("PythonException", StringComparison.Ordinal));
        Assert.True(File.Exists(runs.Failing.EventLogPath), "one plain file was asked for");
    }

    // What only one source knows, or knows in another precision, is left out.
    private static SparkFacts Comparable(SparkFacts facts) =>
        facts with
        {
            Source = default,
            Complete = true,
            Joins = [],
            TaskErrors = [],
            Totals = facts.Totals with { CpuTimeMs = 0 },
            Stages = [.. facts.Stages.Select(stage => stage with { CpuTimeMs = 0 })],
        };
}
