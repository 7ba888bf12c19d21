namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>Puts the parts of a run together, from whichever source: totals from all of them, then the bounds.</summary>
internal static class FactsBuilder
{
    private const int MostFailedStages = 10;

    /// <summary>
    /// Completes facts that have their source, names, times and properties. <paramref name="failedJobs"/> are of <paramref name="jobs"/>.
    /// </summary>
    public static SparkFacts Build(
        SparkFacts facts,
        int jobs,
        int failedJobs,
        IEnumerable<SparkStageFacts> stages,
        IEnumerable<SparkExecutorFacts> executors,
        IEnumerable<SparkJoinFacts> joins
    )
    {
        var sizing = SparkSizing.Of(facts.Properties);
        var ran = stages
            .Where(stage => stage.State is not (SparkStageState.Skipped or SparkStageState.Pending))
            .ToList();
        // The driver is listed beside executors, and is one only in local mode.
        var workers = executors
            .Where(executor => sizing.IsLocal || executor.Id != "driver")
            .Select(executor => executor with { MemoryBytes = sizing.ExecutorBytes })
            .ToList();
        var totals = Sum(ran) with
        {
            Jobs = jobs,
            FailedJobs = failedJobs,
            ExecutorsMax = Most(workers, facts),
            ExecutorsAdded = workers.Count,
            ExecutorsRemoved = workers.Count(executor => executor.RemovedAt < facts.EndedAt),
            ExecutorCoreSeconds = workers.Sum(executor => executor.Cores * Seconds(executor, facts)),
            ExecutorGibSeconds = workers.Sum(executor => Gib(executor.MemoryBytes) * Seconds(executor, facts)),
        };
        if (sizing.IsLocal)
        {
            // Of a driver Spark says how long it has been there, and its own garbage collection.
            workers =
            [
                .. workers.Select(driver => driver with { TaskTimeMs = totals.RunTimeMs, GcTimeMs = totals.GcTimeMs }),
            ];
        }
        else
        {
            totals = totals with
            {
                DriverCoreSeconds = sizing.DriverCores * facts.DurationMs / 1000.0,
                DriverGibSeconds = Gib(sizing.DriverBytes) * facts.DurationMs / 1000.0,
            };
        }

        var keptStages = ran.OrderByDescending(stage => stage.RunTimeMs)
            .Take(SparkFacts.MostStages - MostFailedStages)
            .Union(ran.Where(stage => stage.State == SparkStageState.Failed).TakeLast(MostFailedStages))
            .OrderBy(stage => stage.Id)
            .ThenBy(stage => stage.Attempt)
            .ToList();
        var keptExecutors = workers
            .OrderByDescending(executor => executor.FailedTasks > 0 || executor.RemoveReason is not null)
            .ThenByDescending(executor => executor.Tasks)
            .Take(SparkFacts.MostExecutors)
            .OrderBy(executor => executor.AddedAt)
            .ToList();
        return facts with
        {
            Totals = totals,
            // In one order, from whichever source.
            Properties = facts
                .Properties.OrderBy(property => property.Key, StringComparer.Ordinal)
                .ToDictionary(StringComparer.Ordinal),
            Stages = keptStages,
            StagesLeftOut = ran.Count - keptStages.Count,
            Executors = keptExecutors,
            ExecutorsLeftOut = workers.Count - keptExecutors.Count,
            Joins = [.. joins.OrderByDescending(join => join.LargeBytes).Take(SparkFacts.MostJoins)],
        };
    }

    private static SparkTotals Sum(List<SparkStageFacts> stages) =>
        new()
        {
            Stages = stages.Count,
            FailedStages = stages.Count(stage => stage.State == SparkStageState.Failed),
            Tasks = stages.Sum(stage => (long)stage.CompletedTasks),
            FailedTasks = stages.Sum(stage => (long)stage.FailedTasks),
            KilledTasks = stages.Sum(stage => (long)stage.KilledTasks),
            InputBytes = stages.Sum(stage => stage.InputBytes),
            InputRows = stages.Sum(stage => stage.InputRows),
            OutputBytes = stages.Sum(stage => stage.OutputBytes),
            OutputRows = stages.Sum(stage => stage.OutputRows),
            ShuffleReadBytes = stages.Sum(stage => stage.ShuffleReadBytes),
            ShuffleReadRows = stages.Sum(stage => stage.ShuffleReadRows),
            ShuffleWriteBytes = stages.Sum(stage => stage.ShuffleWriteBytes),
            ShuffleWriteRows = stages.Sum(stage => stage.ShuffleWriteRows),
            MemorySpilledBytes = stages.Sum(stage => stage.MemorySpilledBytes),
            DiskSpilledBytes = stages.Sum(stage => stage.DiskSpilledBytes),
            RunTimeMs = stages.Sum(stage => stage.RunTimeMs),
            CpuTimeMs = stages.Sum(stage => stage.CpuTimeMs),
            GcTimeMs = stages.Sum(stage => stage.GcTimeMs),
        };

    private static double Seconds(SparkExecutorFacts executor, SparkFacts facts)
    {
        var from = executor.AddedAt ?? facts.StartedAt;
        var to = executor.RemovedAt ?? facts.EndedAt;
        return to > from ? (to.Value - from.Value).TotalSeconds : 0;
    }

    private static double Gib(long bytes) => bytes / (double)(1L << 30);

    private static int Most(List<SparkExecutorFacts> executors, SparkFacts facts)
    {
        var (now, most) = (0, 0);
        // One that goes at the very moment another comes makes room for it: goings first.
        var changes = executors
            .SelectMany(executor =>
                new[]
                {
                    (At: executor.AddedAt ?? facts.StartedAt ?? DateTimeOffset.MinValue, By: 1),
                    (At: executor.RemovedAt ?? DateTimeOffset.MaxValue, By: -1),
                }
            )
            .OrderBy(change => change.At)
            .ThenBy(change => change.By);
        foreach (var (_, by) in changes)
        {
            now += by;
            most = Math.Max(most, now);
        }

        return most;
    }
}
