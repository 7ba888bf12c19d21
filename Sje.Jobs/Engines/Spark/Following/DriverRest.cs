using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// Asks a driver what it does, over Spark's monitoring REST (<c>{base}/api/v1</c>). The base is given, so it works directly, through YARN's
/// proxy and through Kubernetes' pod proxy; a history server answers too. The driver is the user's program: an answer is bounded in time and
/// size, redirects stay where they were, and what is not understood is left out.
/// </summary>
internal sealed class DriverRest(HttpMessageInvoker http, Uri driverUi, TimeProvider time)
{
    private const int MostRedirects = 3;
    private const int MostQueries = 200;

    private readonly Uri api = new(driverUi.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/api/v1/", UriKind.Absolute);

    /// <summary>How long one question may take.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How large one answer may be: a thousand stages, with all their names, are some 5 MB.</summary>
    public int MostBytes { get; init; } = 32 << 20;

    /// <summary>Connections for any number of drivers. Kubernetes' proxy needs its own, with the API server's certificate and token.</summary>
    public static HttpMessageInvoker Connections() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                UseProxy = false,
                AutomaticDecompression = DecompressionMethods.All,
                ConnectTimeout = TimeSpan.FromSeconds(3),
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            }
        );

    /// <summary>The application of that id, or the only one where none is given; its latest attempt. Null while there is none.</summary>
    public async Task<DriverApplication?> ApplicationAsync(string? id, CancellationToken stop)
    {
        using var answer = await GetAsync("applications", stop);
        return answer
            ?.RootElement.Items()
            .Where(application => id is null || application.Text("id") == id)
            .Select(Application)
            .FirstOrDefault(application => application is not null);
    }

    public async Task<IReadOnlyList<DriverJob>> JobsAsync(DriverApplication application, CancellationToken stop) =>
        await ListAsync($"applications/{application.Path}/jobs", Job, stop);

    /// <summary>All stages that the driver still remembers (a thousand, normally), or only those that run.</summary>
    public async Task<IReadOnlyList<SparkStageFacts>> StagesAsync(
        DriverApplication application,
        bool onlyActive,
        CancellationToken stop
    ) => await ListAsync($"applications/{application.Path}/stages{(onlyActive ? "?status=active" : "")}", Stage, stop);

    /// <summary>The same stage with the quantiles of its tasks; as it was when no task has ended.</summary>
    public async Task<SparkStageFacts> WithQuantilesAsync(
        DriverApplication application,
        SparkStageFacts stage,
        CancellationToken stop
    )
    {
        using var answer = await GetAsync(
            $"applications/{application.Path}/stages/{stage.Id}/{stage.Attempt}/taskSummary?quantiles=0,0.25,0.5,0.75,1",
            stop
        );
        return answer is null
            ? stage
            : stage with
            {
                RunTimes = Quantiles(answer.RootElement.At("executorRunTime")),
                ShuffleReads = Quantiles(answer.RootElement.At("shuffleReadMetrics").At("readBytes")),
                Inputs = Quantiles(answer.RootElement.At("inputMetrics").At("bytesRead")),
            };
    }

    /// <summary>Executors, the driver among them; those that are gone too, or not.</summary>
    public async Task<IReadOnlyList<DriverExecutor>> ExecutorsAsync(
        DriverApplication application,
        bool gone,
        CancellationToken stop
    ) => await ListAsync($"applications/{application.Path}/{(gone ? "allexecutors" : "executors")}", Executor, stop);

    /// <summary>The joins of its SQL that shuffled both sides.</summary>
    public async Task<IReadOnlyList<SparkJoinFacts>> JoinsAsync(DriverApplication application, CancellationToken stop)
    {
        using var answer = await GetAsync(
            $"applications/{application.Path}/sql?details=true&planDescription=false&offset=0&length={MostQueries}",
            stop
        );
        return answer is null ? [] : [.. answer.RootElement.Items().SelectMany(DriverPlans.Joins)];
    }

    /// <summary>The properties that facts keep.</summary>
    public async Task<IReadOnlyDictionary<string, string>> PropertiesAsync(
        DriverApplication application,
        CancellationToken stop
    )
    {
        using var answer = await GetAsync($"applications/{application.Path}/environment", stop);
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in answer?.RootElement.At("sparkProperties").Items() ?? [])
        {
            if (
                pair.Items().ToArray()
                    is [{ ValueKind: JsonValueKind.String } name, { ValueKind: JsonValueKind.String } value]
                && name.GetString() is { } key
                && SparkSizing.Keeps(key)
            )
            {
                properties[key] = SparkFacts.Shorten(value.GetString()) ?? "";
            }
        }

        return properties;
    }

    private static DriverApplication? Application(JsonElement application)
    {
        if (application.Text("id") is not { } id)
        {
            return null;
        }

        // The latest attempt stands first.
        var attempt = application.At("attempts").Items().FirstOrDefault();
        var attemptId = attempt.Text("attemptId");
        var path = Uri.EscapeDataString(id);
        return new DriverApplication(
            id,
            attemptId,
            attemptId is null ? path : $"{path}/{Uri.EscapeDataString(attemptId)}"
        )
        {
            Name = SparkFacts.Shorten(application.Text("name")),
            SparkVersion = attempt.Text("appSparkVersion"),
            StartedAt = attempt.Time("startTime"),
            EndedAt = attempt.Flag("completed") ? attempt.Time("endTime") : null,
        };
    }

    private static DriverJob Job(JsonElement job) =>
        new(job.Int("jobId"))
        {
            IsActive = job.Text("status") == "RUNNING",
            Failed = job.Text("status") == "FAILED",
            StageIds = [.. job.At("stageIds").Items().Select(id => (int)(id.AsLong() ?? 0))],
            Tasks = job.Int("numTasks"),
            CompletedTasks = job.Int(
                job.At("numCompletedIndices").ValueKind == JsonValueKind.Number
                    ? "numCompletedIndices"
                    : "numCompletedTasks"
            ),
            SkippedTasks = job.Int("numSkippedTasks"),
            CompletedStages = job.Int("numCompletedStages"),
            SkippedStages = job.Int("numSkippedStages"),
        };

    private static SparkStageFacts Stage(JsonElement stage)
    {
        var (submitted, ended) = (stage.Time("submissionTime"), stage.Time("completionTime"));
        return new SparkStageFacts
        {
            Id = stage.Int("stageId"),
            Attempt = stage.Int("attemptId"),
            Name = SparkFacts.Shorten(stage.Text("name")) ?? "",
            Description = SparkFacts.Shorten(stage.Text("description")),
            State = Enum.TryParse<SparkStageState>(stage.Text("status"), ignoreCase: true, out var state)
                ? state
                : SparkStageState.Pending,
            Tasks = stage.Int("numTasks"),
            CompletedTasks = stage.Int(
                stage.At("numCompletedIndices").ValueKind == JsonValueKind.Number
                    ? "numCompletedIndices"
                    : "numCompleteTasks"
            ),
            FailedTasks = stage.Int("numFailedTasks"),
            KilledTasks = stage.Int("numKilledTasks"),
            SubmittedAt = submitted,
            EndedAt = ended,
            DurationMs = ended > submitted ? (long)(ended.Value - submitted.Value).TotalMilliseconds : 0,
            RunTimeMs = stage.Long("executorRunTime"),
            CpuTimeMs = stage.Long("executorCpuTime") / 1_000_000,
            GcTimeMs = stage.Long("jvmGcTime"),
            InputBytes = stage.Long("inputBytes"),
            InputRows = stage.Long("inputRecords"),
            OutputBytes = stage.Long("outputBytes"),
            OutputRows = stage.Long("outputRecords"),
            ShuffleReadBytes = stage.Long("shuffleReadBytes"),
            ShuffleReadRows = stage.Long("shuffleReadRecords"),
            ShuffleWriteBytes = stage.Long("shuffleWriteBytes"),
            ShuffleWriteRows = stage.Long("shuffleWriteRecords"),
            MemorySpilledBytes = stage.Long("memoryBytesSpilled"),
            DiskSpilledBytes = stage.Long("diskBytesSpilled"),
            FailureReason = SparkFacts.Shorten(stage.Text("failureReason")),
        };
    }

    private static DriverExecutor Executor(JsonElement executor) =>
        new(
            new SparkExecutorFacts
            {
                Id = executor.Text("id") ?? "",
                Host = HostOf(executor.Text("hostPort")),
                Cores = executor.Int("totalCores"),
                AddedAt = executor.Time("addTime"),
                RemovedAt = executor.Time("removeTime"),
                RemoveReason = SparkFacts.Shorten(executor.Text("removeReason")),
                Tasks = executor.Long("completedTasks"),
                FailedTasks = executor.Long("failedTasks"),
                TaskTimeMs = executor.Long("totalDuration"),
                GcTimeMs = executor.Long("totalGCTime"),
                InputBytes = executor.Long("totalInputBytes"),
                ShuffleReadBytes = executor.Long("totalShuffleRead"),
                ShuffleWriteBytes = executor.Long("totalShuffleWrite"),
                PeakHeapBytes = executor.At("peakMemoryMetrics").Long("JVMHeapMemory"),
            }
        )
        {
            IsActive = executor.Flag("isActive"),
            ActiveTasks = executor.Int("activeTasks"),
            StorageBytes = executor.Long("maxMemory"),
            UsedStorageBytes = executor.Long("memoryUsed"),
        };

    private static string? HostOf(string? hostPort) =>
        hostPort?.LastIndexOf(':') is > 0 and var colon ? hostPort[..colon] : hostPort;

    private static SparkQuantiles? Quantiles(JsonElement values) =>
        values.Items().Select(value => value.AsLong() ?? 0).ToArray()
            is [var min, var lower, var median, var upper, var max]
            ? new SparkQuantiles(min, lower, median, upper, max)
            : null;

    private async Task<List<T>> ListAsync<T>(string path, Func<JsonElement, T> read, CancellationToken stop)
    {
        using var answer = await GetAsync(path, stop);
        return answer is null
            ? throw new DriverUnavailableException($"What answers at {api.AbsoluteUri} knows no {path} any more.")
            {
                IsUnknown = true,
            }
            : [.. answer.RootElement.Items().Select(read)];
    }

    // Null: 404, which Spark says where there is nothing yet (no such application, no task that ended, no SQL).
    private async Task<JsonDocument?> GetAsync(string path, CancellationToken stop)
    {
        var url = new Uri(api, path);
        using var limit = new CancellationTokenSource(Limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, url);
                request.Headers.TryAddWithoutValidation("Accept", "application/json");
                using var response = await http.SendAsync(request, either.Token);
                if (response.StatusCode == HttpStatusCode.NotFound)
                {
                    return null;
                }

                if (
                    (int)response.StatusCode is 301 or 302 or 303 or 307 or 308
                    && response.Headers.Location is { } location
                    && redirects < MostRedirects
                    && new Uri(url, location) is var target
                    && target.GetLeftPart(UriPartial.Authority) == url.GetLeftPart(UriPartial.Authority)
                )
                {
                    url = target;
                    continue;
                }

                if (response.StatusCode != HttpStatusCode.OK)
                {
                    throw new DriverUnavailableException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"The driver answered {(int)response.StatusCode} to {url.AbsoluteUri}."
                        )
                    );
                }

                return await ReadAsync(response, url, either.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new DriverUnavailableException(
                $"The driver did not answer {url.AbsoluteUri} within {Limit.TotalSeconds:0.#} s."
            );
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new DriverUnavailableException($"The driver could not be asked at {url.AbsoluteUri}: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new DriverUnavailableException($"What answers at {url.AbsoluteUri} does not answer in JSON.", e);
        }
    }

    private async Task<JsonDocument> ReadAsync(HttpResponseMessage response, Uri url, CancellationToken stop)
    {
        await using var body = await response.Content.ReadAsStreamAsync(stop);
        using var bytes = new MemoryStream();
        var piece = new byte[64 << 10];
        int read;
        while ((read = await body.ReadAsync(piece, stop)) > 0)
        {
            if (bytes.Length + read > MostBytes)
            {
                throw new DriverUnavailableException(
                    $"The driver's answer to {url.AbsoluteUri} is larger than {MostBytes >> 20} MiB."
                );
            }

            bytes.Write(piece, 0, read);
        }

        return JsonDocument.Parse(bytes.GetBuffer().AsMemory(0, (int)bytes.Length));
    }
}
