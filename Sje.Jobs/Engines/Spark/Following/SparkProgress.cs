namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>How far an application is: 0 to 1, and a few words.</summary>
internal readonly record struct SparkStep(double Fraction, string Text);

/// <summary>
/// Turns looks at an application's jobs into a fraction that never goes back and is 1 only after the end. Nobody knows how many jobs an
/// application will start, so each look closes that part of the remaining distance which the tasks done since the last look are of all that
/// are known to be left, and of what is still expected: after n jobs one more of their average size; or, where an earlier run is known,
/// as many tasks as it had. A new job takes its room from the remaining distance, not from what was reached.
/// Not thread-safe.
/// </summary>
/// <param name="expectedTasks">How many tasks the last run of the same job had; null when there is none.</param>
/// <param name="reached">What was shown before, by whoever followed the application until now.</param>
internal sealed class SparkProgress(long? expectedTasks = null, double reached = 0)
{
    /// <summary>The most that is shown before the end.</summary>
    public const double MostBeforeEnd = 0.99;

    private readonly Dictionary<int, (long Tasks, long Done)> known = [];
    private double computed;
    private double shown = Math.Clamp(reached, 0, MostBeforeEnd);
    private long forgottenTasks;
    private int forgottenJobs;
    private int forgottenStages;
    private long done;

    /// <summary>Takes the next look.</summary>
    /// <param name="jobs">All jobs that the driver remembers.</param>
    /// <param name="activeStages">Stages that run.</param>
    /// <param name="executors">Executors that are there; null in local mode, where there are none beside the driver.</param>
    public SparkStep Take(IReadOnlyList<DriverJob> jobs, IReadOnlyList<SparkStageFacts> activeStages, int? executors)
    {
        Forget(jobs);
        foreach (var job in jobs)
        {
            var before = known.GetValueOrDefault(job.Id);
            // A stage that is tried again has done its tasks once, and keeps them.
            known[job.Id] = (Math.Max(job.Tasks, before.Tasks), Math.Max(Done(job, activeStages), before.Done));
        }

        var tasks = forgottenTasks + known.Values.Sum(job => job.Tasks);
        var nowDone = forgottenTasks + known.Values.Sum(job => job.Done);
        var newlyDone = nowDone - done;
        done = nowDone;
        if (newlyDone > 0)
        {
            var left = tasks - nowDone + Expected(tasks);
            computed = 1 - (1 - computed) * left / (left + newlyDone);
        }

        shown = Math.Clamp(Math.Max(computed, shown), 0, MostBeforeEnd);
        return new SparkStep(shown, Text(jobs, activeStages, executors));
    }

    /// <summary>It ended well.</summary>
    public static SparkStep End() => new(1, "done");

    private double Expected(long tasks)
    {
        if (expectedTasks > tasks)
        {
            return expectedTasks.Value - tasks;
        }

        // A run that went beyond the earlier one, or as far: little can be left.
        return expectedTasks > 0 ? tasks / 100.0 : (double)tasks / Math.Max(known.Count + forgottenJobs, 1);
    }

    // Of a thousand jobs and more the driver forgets the oldest.
    private void Forget(IReadOnlyList<DriverJob> jobs)
    {
        var listed = jobs.Select(job => job.Id).ToHashSet();
        foreach (var id in known.Keys.Where(id => !listed.Contains(id)).ToList())
        {
            forgottenTasks += known[id].Tasks;
            // It ended, or it would be listed: whatever was left of it is not left any more.
            known.Remove(id);
            forgottenJobs++;
        }

        forgottenStages = Math.Max(
            forgottenStages,
            jobs.Count == 0 ? 0 : jobs.Min(job => job.StageIds.DefaultIfEmpty(0).Min())
        );
    }

    private static long Done(DriverJob job, IReadOnlyList<SparkStageFacts> activeStages)
    {
        if (!job.IsActive)
        {
            // Ended, however: nothing of it is left.
            return job.Tasks;
        }

        // The last stage runs only when all others are there, so those that have not run will be skipped; the driver says so only at the end.
        var last = job.StageIds.DefaultIfEmpty(-1).Max();
        var final = activeStages.FirstOrDefault(stage => stage.Id == last);
        var counted = Math.Clamp((long)job.CompletedTasks + job.SkippedTasks, 0, job.Tasks);
        return final is null ? counted : Math.Max(counted, job.Tasks - Math.Max(final.Tasks - final.CompletedTasks, 0));
    }

    private string Text(IReadOnlyList<DriverJob> jobs, IReadOnlyList<SparkStageFacts> activeStages, int? executors)
    {
        var who = executors switch
        {
            null => "",
            0 => ", no executors yet",
            1 => ", 1 executor",
            _ => $", {executors} executors",
        };
        if (jobs.Count == 0)
        {
            return "no jobs yet" + who;
        }

        var stages = forgottenStages + jobs.SelectMany(job => job.StageIds).Distinct().Count();
        var ended = Math.Min(
            forgottenStages
                + jobs.Sum(job =>
                    job.IsActive
                        ? Math.Min(job.CompletedStages + job.SkippedStages, job.StageIds.Count)
                        : job.StageIds.Count
                ),
            stages
        );
        if (activeStages.Count == 0)
        {
            return $"{ended} of {stages} stages done" + who;
        }

        var first = Math.Min(ended + 1, stages);
        var last = Math.Min(ended + activeStages.Count, stages);
        var which = last > first ? $"stages {first} to {last}" : $"stage {first}";
        var (completed, all) = (activeStages.Sum(s => (long)s.CompletedTasks), activeStages.Sum(s => (long)s.Tasks));
        return $"{which} of {stages}: {completed}/{all} tasks" + who;
    }
}
