using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Standalone;

/// <summary>
/// A standalone cluster, by the REST of its master: drivers run on its workers. The master gives a driver its id only in the answer, so what
/// makes a submission unique is our mark in its properties: every property is on the driver's command line, and that is the first line of
/// its log.
/// </summary>
internal sealed partial class StandaloneCluster : ISparkCluster
{
    private const int PieceOfLog = 256 * 1024;
    private const int HeadOfLog = 64 * 1024;
    private const int LongestReason = 300;

    // Clocks of the database and the master may differ.
    private static readonly TimeSpan ClockSlack = TimeSpan.FromMinutes(10);
    private static readonly string[] DriverLists = ["activedrivers", "completeddrivers"];
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(300);

    private readonly string name;
    private readonly TimeProvider clock;
    private readonly HttpClient http;
    private readonly StandaloneMasters masters;

    // What a driver's log says once stays so.
    private readonly ConcurrentDictionary<string, string> marks = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Uri> driverUis = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> applications = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, IReadOnlyDictionary<string, Uri>> executorLogs = new(
        StringComparer.Ordinal
    );

    public StandaloneCluster(string name, SparkClusterOptions options, HttpClient http, TimeProvider clock)
    {
        (this.name, this.http, this.clock) = (name, http, clock);
        masters = new StandaloneMasters(options, http);
    }

    public SparkClusterKind Kind => SparkClusterKind.Standalone;

    public async Task<TaskError?> CheckAsync(SparkApplication application, CancellationToken stop)
    {
        if (WhatItNeverDoes(application) is { } never)
        {
            return new TaskError(FailureClasses.Invalid, $"Cluster {name} cannot run it: {never}.");
        }

        JsonObject page;
        try
        {
            page = await masters.PageAsync(stop);
        }
        catch (SparkClusterUnavailableException e) when (e.Forbidden)
        {
            return new TaskError(FailureClasses.Invalid, $"Cluster {name} does not let this worker in: {e.Message}");
        }

        var workers = Workers(page).Where(worker => worker["state"]?.ToString() == "ALIVE").ToList();
        if (workers.Count == 0)
        {
            // A master that has just come up: it takes the driver, and its workers come after.
            return null;
        }

        var cores = int.Parse(
            application.Properties.GetValueOrDefault("spark.driver.cores") ?? "1",
            NumberStyles.Integer,
            CultureInfo.InvariantCulture
        );
        var memory = SparkMemory.MebibytesOf(application.Properties.GetValueOrDefault("spark.driver.memory") ?? "1g");
        return workers.Exists(worker => Number(worker["cores"]) >= cores && Number(worker["memory"]) >= memory)
            ? null
            : new TaskError(
                FailureClasses.Invalid,
                $"No worker of cluster {name} is large enough for a driver of {cores} cores and {memory} MiB: the largest have {workers.Max(w => Number(w["cores"]))} cores, {workers.Max(w => Number(w["memory"]))} MiB."
            );
    }

    /// <summary>Its mark is a property like others, wherever it comes from; <c>spark-submit</c> sends it by Spark's own protocol.</summary>
    public Task<IReadOnlyDictionary<string, string>> PrepareSparkSubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        string folder,
        CancellationToken stop
    )
    {
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [SparkMark.Property] = chosen.Mark,
            // With it, it would look for the REST server at the master's own port first.
            ["spark.master.rest.enabled"] = "false",
            ["spark.standalone.submit.waitAppCompletion"] = "false",
        };
        StandaloneRequest.AddExecutors(application.Properties, properties);
        return Task.FromResult<IReadOnlyDictionary<string, string>>(properties);
    }

    public Task<string> ChooseIdentityAsync(SparkApplication application, CancellationToken stop) =>
        Task.FromResult(application.Properties[SparkMark.Property]);

    public async Task<SparkSubmission> SubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        CancellationToken stop
    )
    {
        JsonObject answer;
        try
        {
            answer = await masters.CreateAsync(StandaloneRequest.Of(application), stop);
        }
        catch (SparkClusterUnavailableException e) when (e.Forbidden)
        {
            throw new SparkRefusedException(
                new TaskError(FailureClasses.Invalid, $"Cluster {name} does not let this worker submit: {e.Message}")
            );
        }

        if (answer["success"]?.GetValueKind() == JsonValueKind.True && answer["submissionId"]?.ToString() is { } id)
        {
            return chosen with { SubmissionId = id };
        }

        var message = answer["message"]?.ToString() ?? answer.ToJsonString();
        throw new SparkRefusedException(
            new TaskError(
                answer["action"]?.ToString() == "ErrorResponse" ? FailureClasses.Invalid : "temporary",
                $"The master of cluster {name} refused the submission: {FirstLine(message)}"
            )
        );
    }

    public async Task<SparkStatus?> FindAsync(SparkSubmission submission, CancellationToken stop)
    {
        var page = await masters.PageAsync(stop);
        var id = submission.SubmissionId ?? await SearchAsync(page, submission, stop);
        if (id is null)
        {
            return null;
        }

        var answer = await masters.StatusAsync(id, stop);
        var driver = Drivers(page).FirstOrDefault(d => d["id"]?.ToString() == id);
        return (answer["driverState"]?.ToString()) switch
        {
            "SUBMITTED" or "RELAUNCHING" => new SparkStatus(SparkState.Pending)
            {
                SubmissionId = id,
                PendingCause = WhyItWaits(page, driver),
            },
            "RUNNING" => await RunningAsync(id, answer, page, stop),
            "FINISHED" => Ended(SparkState.Succeeded),
            "KILLED" => Ended(SparkState.Killed) with
            {
                Error = new TaskError("killed", "It was killed on the cluster."),
            },
            "FAILED" => Ended(SparkState.Failed) with { Error = new TaskError("error", "The driver failed.") },
            // A machine that goes takes its drivers with it, and the master has nothing to say of them.
            "ERROR"
                when string.IsNullOrEmpty(answer["message"]?.ToString()) && WorkerPage(page, driver, "ALIVE") is null =>
                Ended(SparkState.Lost) with
                {
                    Error = new TaskError("temporary", $"The worker of driver {id} is lost: {answer["workerId"]}"),
                },
            "ERROR" => Ended(SparkState.Failed) with
            {
                Error = new TaskError(
                    "error",
                    $"The driver could not be run: {FirstLine(answer["message"]?.ToString() ?? "no reason is given")}"
                ),
            },
            // A master without a store for recovery forgets what it knew, and has its workers end what it does not know.
            _ => Ended(SparkState.Lost) with
            {
                Error = new TaskError("temporary", $"The master of cluster {name} knows driver {id} no longer."),
            },
        };

        SparkStatus Ended(SparkState state) =>
            new(state) { SubmissionId = id, ApplicationId = applications.GetValueOrDefault(id) };
    }

    public async Task KillAsync(SparkSubmission submission, CancellationToken stop)
    {
        while (await FindAsync(submission, stop) is { IsFinal: false } status)
        {
            await masters.KillAsync(status.SubmissionId!, stop);
            await Task.Delay(Again, clock, stop);
        }
    }

    public async Task ReadLogsAsync(
        SparkSubmission submission,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        if (submission.SubmissionId is not { } id)
        {
            return;
        }

        var page = await masters.PageAsync(stop);
        if (WorkerPage(page, Drivers(page).FirstOrDefault(d => d["id"]?.ToString() == id)) is { } worker)
        {
            foreach (var type in new[] { "stdout", "stderr" })
            {
                await ReadLogAsync(worker, $"driverId={id}", "driver", type, positions, ended, write, stop);
            }
        }

        foreach (var (executor, address) in executorLogs.GetValueOrDefault(id) ?? new Dictionary<string, Uri>())
        {
            var query = address
                .Query.TrimStart('?')
                .Split('&')
                .Where(part => !part.StartsWith("logType=", StringComparison.Ordinal));
            var source = "executor " + executor;
            await ReadLogAsync(
                new Uri(address.GetLeftPart(UriPartial.Authority)),
                string.Join('&', query),
                source,
                "stderr",
                positions,
                ended,
                write,
                stop
            );
        }
    }

    public async Task<SparkClusterHealth> HealthAsync(CancellationToken stop)
    {
        try
        {
            var page = await masters.PageAsync(stop);
            var alive = Workers(page).Where(worker => worker["state"]?.ToString() == "ALIVE").ToList();
            const long MiB = 1024 * 1024;
            return new SparkClusterHealth(alive.Count > 0, alive.Count > 0 ? "" : "it has no worker")
            {
                Nodes = alive.Count,
                TotalCores = alive.Sum(worker => Number(worker["cores"])),
                UsedCores = alive.Sum(worker => Number(worker["coresused"])),
                TotalMemoryBytes = alive.Sum(worker => Number(worker["memory"])) * MiB,
                UsedMemoryBytes = alive.Sum(worker => Number(worker["memoryused"])) * MiB,
            };
        }
        catch (SparkClusterUnavailableException e)
        {
            return new SparkClusterHealth(false, e.Message);
        }
    }

    private static string? WhatItNeverDoes(SparkApplication application) =>
        application.Principal is not null || application.Keytab is not null
            ? "a standalone cluster passes no Kerberos sign-in on to drivers (principal, keytab)"
        : application is { Way: SubmissionWay.SparkSubmit, IsPython: true }
            ? "spark-submit takes no Python in cluster mode on a standalone cluster; without 'submit: spark-submit' it goes by the master's REST"
        : application is { Way: SubmissionWay.SparkSubmit, ProxyUser: not null }
            ? "spark-submit passes no proxy user on to drivers of a standalone cluster; without 'submit: spark-submit' it goes by the master's REST"
        : null;

    // The master answers some refusals with a stack trace.
    private static string FirstLine(string text)
    {
        var line = text.AsSpan().Trim();
        var end = line.IndexOf('\n');
        line = end < 0 ? line : line[..end];
        return line.Length > LongestReason ? string.Concat(line[..LongestReason], "...") : line.ToString();
    }

    /// <summary>The driver that carries our mark, among those submitted since it was chosen.</summary>
    private async Task<string?> SearchAsync(JsonObject page, SparkSubmission submission, CancellationToken stop)
    {
        foreach (var driver in Drivers(page))
        {
            if (
                driver["id"]?.ToString() is not { } id
                || (SubmittedAt(id) is { } at && at < submission.ChosenAt - ClockSlack - LocalOffset(at))
            )
            {
                continue;
            }

            if (!marks.TryGetValue(id, out var mark))
            {
                var waits = driver["state"]?.ToString() is "SUBMITTED" or "RELAUNCHING" or "RUNNING";
                // What ended with its machine has no log to be asked for, and does not run.
                var worker = WorkerPage(page, driver, waits ? null : "ALIVE");
                var head = worker is null
                    ? null
                    : await masters.LogAsync(worker, $"driverId={id}", "stderr", 0, HeadOfLog, stop);
                var text = head is { From: 0 } ? System.Text.Encoding.UTF8.GetString(head.Bytes) : "";
                if (!text.Contains('\n', StringComparison.Ordinal) && waits)
                {
                    throw new SparkClusterUnavailableException(
                        $"Driver {id} of cluster {name} does not say yet whose it is; nothing is submitted again before it does."
                    );
                }

                mark = Mark().Match(text) is { Success: true } match ? match.Groups[1].Value : "";
                marks[id] = mark;
            }

            if (mark == submission.Mark)
            {
                return id;
            }
        }

        return null;
    }

    private async Task<SparkStatus> RunningAsync(string id, JsonObject answer, JsonObject page, CancellationToken stop)
    {
        var driver = Drivers(page).FirstOrDefault(d => d["id"]?.ToString() == id);
        if (!driverUis.TryGetValue(id, out var ui) && WorkerPage(page, driver) is { } worker)
        {
            ui = await DriverUiAsync(worker, id, stop);
            if (ui is not null)
            {
                driverUis[id] = ui;
            }
        }

        if (ui is not null)
        {
            await LookAtDriverAsync(id, ui, stop);
        }

        return new SparkStatus(SparkState.Running)
        {
            SubmissionId = answer["submissionId"]?.ToString() ?? id,
            DriverUi = ui,
            ApplicationId = applications.GetValueOrDefault(id),
        };
    }

    // The port is the driver's choice, from 4040 upwards; its log says which.
    private async Task<Uri?> DriverUiAsync(Uri worker, string id, CancellationToken stop)
    {
        var head = await masters.LogAsync(worker, $"driverId={id}", "stderr", 0, HeadOfLog, stop);
        return
            head is not null
            && UiPort().Match(System.Text.Encoding.UTF8.GetString(head.Bytes)) is { Success: true } match
            ? new UriBuilder("http", worker.Host, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).Uri
            : null;
    }

    private async Task LookAtDriverAsync(string id, Uri ui, CancellationToken stop)
    {
        try
        {
            if (!applications.TryGetValue(id, out var application))
            {
                var list = await http.GetFromJsonAsync<JsonArray>(new Uri(ui, "api/v1/applications"), stop);
                if (list?.FirstOrDefault()?["id"]?.ToString() is not { } found)
                {
                    return;
                }

                applications[id] = application = found;
            }

            var executors = await http.GetFromJsonAsync<JsonArray>(
                new Uri(ui, $"api/v1/applications/{application}/allexecutors"),
                stop
            );
            executorLogs[id] = (executors ?? [])
                .OfType<JsonObject>()
                .Where(executor => executor["executorLogs"]?["stderr"] is not null)
                .ToDictionary(
                    executor => executor["id"]!.ToString(),
                    executor => new Uri(executor["executorLogs"]!["stderr"]!.ToString()),
                    StringComparer.Ordinal
                );
        }
        catch (Exception e)
            when (e is HttpRequestException or IOException or JsonException
                || (e is OperationCanceledException && !stop.IsCancellationRequested)
            )
        {
            // It is just coming up, or just going.
        }
    }

    private async Task ReadLogAsync(
        Uri worker,
        string query,
        string source,
        string type,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        var key = $"{source} {type}";
        while (true)
        {
            var from = positions.TryGetValue(key, out var position) ? position : 0;
            var piece = await masters.LogAsync(worker, query, type, from, PieceOfLog, stop);
            if (piece is null || piece.To <= from)
            {
                return;
            }

            var taken = SparkLogLines.Take(piece.Bytes, ended && piece.To >= piece.Length, PieceOfLog, out var lines);
            var stream = type == "stdout" ? LogStream.Stdout : LogStream.Stderr;
            foreach (var line in lines.Where(line => !LaunchLine().IsMatch(line)))
            {
                write(new SparkLogLine(source, stream, line));
            }

            positions[key] = piece.From + taken;
            if (taken == 0 || piece.To >= piece.Length)
            {
                return;
            }
        }
    }

    private string WhyItWaits(JsonObject page, JsonObject? driver)
    {
        var alive = Workers(page).Where(worker => worker["state"]?.ToString() == "ALIVE").ToList();
        if (alive.Count == 0)
        {
            return $"cluster {name} has no worker";
        }

        var free = alive
            .Select(worker => $"{Number(worker["coresfree"])} cores, {Number(worker["memoryfree"])} MiB")
            .Distinct()
            .Take(3);
        return $"no worker has {Number(driver?["cores"])} cores and {Number(driver?["memory"])} MiB free for the driver (free are: {string.Join("; ", free)})";
    }

    private static IEnumerable<JsonObject> Drivers(JsonObject page) =>
        DriverLists.SelectMany(list => (page[list] as JsonArray ?? []).OfType<JsonObject>());

    private static IEnumerable<JsonObject> Workers(JsonObject page) =>
        (page["workers"] as JsonArray ?? []).OfType<JsonObject>();

    private static Uri? WorkerPage(JsonObject page, JsonObject? driver, string? state = null) =>
        driver?["worker"]?.ToString() is { } id
        && Workers(page)
            .FirstOrDefault(worker =>
                worker["id"]?.ToString() == id && (state is null || worker["state"]?.ToString() == state)
            )
            ?["webuiaddress"]?.ToString()
            is { Length: > 0 } address
            ? new Uri(address)
            : null;

    private static long Number(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.Number ? (long)node.GetValue<double>() : 0;

    /// <summary>The time in a driver's id (<c>driver-20261126054102-0003</c>), as if it were UTC: the id has no zone.</summary>
    private static DateTimeOffset? SubmittedAt(string id) =>
        DriverId().Match(id) is { Success: true } match
        && DateTimeOffset.TryParseExact(
            match.Groups[1].Value,
            "yyyyMMddHHmmss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal,
            out var at
        )
            ? at
            : null;

    // The master's zone is not known: no zone is further from UTC than this.
    private static TimeSpan LocalOffset(DateTimeOffset _) => TimeSpan.FromHours(14);

    [GeneratedRegex(@"-Dspark\.sje\.task=([0-9a-fA-F-]{36}/[0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    [GeneratedRegex(@"service 'SparkUI' on port ([0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex UiPort();

    [GeneratedRegex(@"^driver-([0-9]{14})-", RegexOptions.CultureInvariant)]
    private static partial Regex DriverId();

    // It holds all properties, and among them what nobody else should read.
    [GeneratedRegex(
        @"^(Launch Command: |Spark Executor Command: |=+$)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex LaunchLine();
}
