namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>What one look at a running application shows.</summary>
internal sealed record DriverLook(DriverApplication Application, SparkStep Step)
{
    /// <summary>Executors that are there, without the driver; 1 in local mode, where the driver is one.</summary>
    public int Executors { get; init; }

    public int Cores { get; init; }

    /// <summary>Tasks that run at this moment.</summary>
    public int RunningTasks { get; init; }
}

/// <summary>
/// Follows one application through its driver: light looks, often, for progress; and measuring, seldom, for facts. Not thread-safe.
/// </summary>
internal sealed class DriverWatch(DriverRest rest, SparkProgress progress, TimeProvider time)
{
    /// <summary>How many stages are asked for quantiles in one measurement: one question each.</summary>
    private const int MostQuestions = 20;

    private readonly Dictionary<(int Id, int Attempt), SparkStageFacts> ended = [];
    private DriverApplication? application;
    private IReadOnlyDictionary<string, string>? properties;

    /// <summary>
    /// Three short questions. Null while the driver knows no such application yet; without <paramref name="applicationId"/> its only one.
    /// </summary>
    /// <exception cref="DriverUnavailableException">It cannot be asked.</exception>
    public Task<DriverLook?> LookAsync(string? applicationId, CancellationToken stop) =>
        WithApplicationAsync(applicationId, LookAtAsync, stop);

    /// <summary>
    /// What was measured until now; null while the driver knows no such application yet. The quantiles of a stage that has ended are asked for
    /// once.
    /// </summary>
    /// <exception cref="DriverUnavailableException">It cannot be asked.</exception>
    public Task<SparkFacts?> MeasureAsync(string? applicationId, CancellationToken stop) =>
        WithApplicationAsync(applicationId, MeasureAsync, stop);

    private async Task<SparkFacts> MeasureAsync(DriverApplication found, CancellationToken stop)
    {
        properties ??= await rest.PropertiesAsync(found, stop);
        var jobs = await rest.JobsAsync(found, stop);
        var stages = await WithQuantilesAsync(found, await rest.StagesAsync(found, onlyActive: false, stop), stop);
        var executors = await rest.ExecutorsAsync(found, gone: true, stop);
        var joins = await rest.JoinsAsync(found, stop);
        var now = found.EndedAt ?? time.GetUtcNow();
        return FactsBuilder.Build(
            new SparkFacts
            {
                Source = SparkFactsSource.Driver,
                ApplicationId = found.Id,
                AttemptId = found.AttemptId,
                Name = found.Name,
                SparkVersion = found.SparkVersion,
                StartedAt = found.StartedAt,
                EndedAt = now,
                DurationMs = now > found.StartedAt ? (long)(now - found.StartedAt.Value).TotalMilliseconds : 0,
                Properties = properties,
            },
            jobs.Count,
            jobs.Count(job => job.Failed),
            stages,
            executors.Select(executor => executor.Facts),
            joins
        );
    }

    private async Task<T?> WithApplicationAsync<T>(
        string? id,
        Func<DriverApplication, CancellationToken, Task<T>> ask,
        CancellationToken stop
    )
        where T : class
    {
        application ??= await rest.ApplicationAsync(id, stop);
        try
        {
            return application is null ? null : await ask(application, stop);
        }
        catch (DriverUnavailableException e) when (e.IsUnknown)
        {
            (application, properties) = (null, null);
            throw;
        }
    }

    private async Task<DriverLook> LookAtAsync(DriverApplication found, CancellationToken stop)
    {
        var jobs = await rest.JobsAsync(found, stop);
        var stages = await rest.StagesAsync(found, onlyActive: true, stop);
        var processes = await rest.ExecutorsAsync(found, gone: false, stop);
        // Only in local mode has the driver cores for tasks.
        var executors = processes
            .Where(one => one.IsActive && (one.Facts.Id != "driver" || one.Facts.Cores > 0))
            .ToList();
        var local = executors is [{ Facts.Id: "driver" }];
        return new DriverLook(found, progress.Take(jobs, stages, local ? null : executors.Count))
        {
            Executors = executors.Count,
            Cores = executors.Sum(one => one.Facts.Cores),
            RunningTasks = executors.Sum(one => one.ActiveTasks),
        };
    }

    private async Task<List<SparkStageFacts>> WithQuantilesAsync(
        DriverApplication found,
        IReadOnlyList<SparkStageFacts> stages,
        CancellationToken stop
    )
    {
        var listed = stages.Select(stage => (stage.Id, stage.Attempt)).ToHashSet();
        foreach (var forgotten in ended.Keys.Where(key => !listed.Contains(key)).ToList())
        {
            ended.Remove(forgotten);
        }

        var asked = stages
            .Where(stage => stage.CompletedTasks > 0 && !ended.ContainsKey((stage.Id, stage.Attempt)))
            .OrderByDescending(stage => stage.RunTimeMs)
            .Take(MostQuestions)
            .Select(stage => (stage.Id, stage.Attempt))
            .ToHashSet();
        var result = new List<SparkStageFacts>(stages.Count);
        foreach (var stage in stages)
        {
            var key = (stage.Id, stage.Attempt);
            if (ended.TryGetValue(key, out var settled))
            {
                result.Add(settled);
                continue;
            }

            var measured = asked.Contains(key) ? await rest.WithQuantilesAsync(found, stage, stop) : stage;
            if (asked.Contains(key) && stage.State is SparkStageState.Complete or SparkStageState.Failed)
            {
                ended[key] = measured;
            }

            result.Add(measured);
        }

        return result;
    }
}
