using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// Hadoop YARN by its REST alone. The authority on an application is the active ResourceManager, which keeps them over its own restarts. The
/// identity is the application id that it gives before anything is submitted: a second submission under it starts nothing, also after a restart.
/// </summary>
internal sealed class YarnCluster : ISparkCluster
{
    private static readonly TimeSpan ConfigurationAge = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SchedulerAge = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(250);

    private const string LogServer = "yarn.log.server.web-service.url";

    // More nodes than these are not asked one by one for what is left of an application.
    private const int MostNodes = 64;

    private readonly SparkClusterOptions options;
    private readonly TimeProvider time;
    private readonly ResourceManagerClient resourceManager;
    private readonly YarnLogs logs;
    private Aged<YarnNewApplication>? most;
    private Aged<YarnQueues>? queues;
    private Aged<IReadOnlyDictionary<string, string>>? hadoop;

    /// <summary>A cluster by its profile.</summary>
    /// <param name="options">The profile.</param>
    /// <param name="http">It must follow no redirects, which are answers here, and keep no cookies, which are somebody else's name.</param>
    /// <param name="time">Clock.</param>
    public YarnCluster(SparkClusterOptions options, HttpClient http, TimeProvider time)
    {
        (this.options, this.time) = (options, time);
        resourceManager = new ResourceManagerClient(
            [.. options.ResourceManagers.Select(address => new Uri(address.TrimEnd('/') + "/"))],
            YarnSubmission.UserOf(options),
            http,
            time
        );
        logs = new YarnLogs(
            resourceManager,
            async stop => (await HadoopAsync(stop)).GetValueOrDefault(LogServer),
            time
        );
    }

    public SparkClusterKind Kind => SparkClusterKind.Yarn;

    public string? WhyNotRest(SparkApplication application) => YarnCoverage.WhyNot(application);

    public SubmissionWay? WayOf(string identity) => IsTag(identity) ? SubmissionWay.SparkSubmit : SubmissionWay.Rest;

    public async Task<TaskError?> CheckAsync(SparkApplication application, CancellationToken stop)
    {
        var error =
            options.ResourceManagers.Length == 0
                ? new TaskError(
                    FailureClasses.Invalid,
                    $"Cluster {application.ClusterName} names no ResourceManager (resourceManagers), by which applications in cluster mode are found and followed."
                )
            : application.Way == SubmissionWay.SparkSubmit ? WithoutConfiguration()
            : YarnSubmission.Check(application) ?? HadoopTrouble();
        if (error is not null)
        {
            return error;
        }

        try
        {
            return await AskAsync(application, stop);
        }
        catch (SparkClusterUnavailableException e) when (e.Forbidden)
        {
            return new TaskError(FailureClasses.Invalid, e.Message);
        }
    }

    private async Task<TaskError?> AskAsync(SparkApplication application, CancellationToken stop)
    {
        var sizing = YarnSizing.Of(application);
        most = await Aged.GetAsync(most, ConfigurationAge, time, () => resourceManager.NewApplicationAsync(stop));
        var (mostMiB, mostCores) = (most.Value.MostMiB, most.Value.MostCores);
        if (
            (
                TooMuch("driver", sizing.DriverMiB, sizing.DriverCores, mostMiB, mostCores)
                ?? TooMuch("executor", sizing.ExecutorMiB, sizing.ExecutorCores, mostMiB, mostCores)
            ) is
            { } tooMuch
        )
        {
            return new TaskError(FailureClasses.Invalid, tooMuch);
        }

        var queue = YarnSubmission.QueueOf(application);
        queues = await Aged.GetAsync(queues, SchedulerAge, time, () => YarnQueues.AskAsync(resourceManager, stop));
        return queues.Value.Fault(queue) ?? await MayNotSubmitAsync(queue, stop);
    }

    /// <summary>
    /// An application id of the ResourceManager's. <c>spark-submit</c> takes none and gets its own; what it submits is known by its tag.
    /// </summary>
    public async Task<string> ChooseIdentityAsync(SparkApplication application, CancellationToken stop)
    {
        if (application.Way == SubmissionWay.SparkSubmit)
        {
            return YarnSubmission.TagOf(application.Properties[SparkMark.Property]);
        }

        var chosen = await resourceManager.NewApplicationAsync(stop);
        most = new Aged<YarnNewApplication>(chosen, time.GetTimestamp());
        return chosen.Id;
    }

    public async Task<SparkSubmission> SubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        CancellationToken stop
    )
    {
        JsonObject body;
        try
        {
            body = YarnSubmission.Body(application, chosen.Identity, await HadoopAsync(stop));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or XmlException)
        {
            throw new SparkRefusedException(new TaskError(FailureClasses.Invalid, e.Message));
        }

        // The same request again is a yes and starts nothing, so that a lost answer is made good by asking again.
        for (var tries = 1; ; tries++)
        {
            try
            {
                if (await resourceManager.SubmitAsync(chosen.Identity, body, stop) is { } refusal)
                {
                    throw new SparkRefusedException(ErrorOf(refusal, application));
                }

                await resourceManager.StoredAsync(chosen.Identity, stop);
                return chosen with { SubmissionId = chosen.Identity, ApplicationId = chosen.Identity };
            }
            catch (SparkClusterUnavailableException) when (tries < 3)
            {
                await Task.Delay(PollPause * tries, time, stop);
            }
        }
    }

    public Task<IReadOnlyDictionary<string, string>> PrepareSparkSubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        string folder,
        CancellationToken stop
    )
    {
        var tags = application.Properties.GetValueOrDefault("spark.yarn.tags");
        var properties = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["spark.yarn.tags"] = string.IsNullOrWhiteSpace(tags) ? chosen.Identity : $"{tags},{chosen.Identity}",
            ["spark.yarn.submit.waitAppCompletion"] = "false",
            [SparkMark.Property] = chosen.Mark,
        };
        // A second driver may start while the first one still runs on a node that was lost.
        Default("spark.yarn.maxAppAttempts", "1");
        if (
            application.Cluster.NodeSparkHome is { Length: > 0 }
            && !application.Properties.ContainsKey("spark.yarn.archive")
            && NodeSpark.Jars(application) is { } jars
        )
        {
            // Else all of Spark would be uploaded.
            Default("spark.yarn.jars", jars);
        }

        foreach (var (variable, value) in application.Environment)
        {
            Default("spark.yarn.appMasterEnv." + variable, value);
        }

        return Task.FromResult<IReadOnlyDictionary<string, string>>(properties);

        void Default(string property, string value)
        {
            if (!application.Properties.ContainsKey(property))
            {
                properties[property] = value;
            }
        }
    }

    public async Task<SparkStatus?> FindAsync(SparkSubmission submission, CancellationToken stop)
    {
        var found = IsTag(submission.Identity)
            ? Foremost(await resourceManager.TaggedAsync(submission.Identity, stop))
            : await resourceManager.FindAsync(submission.Identity, stop);
        if (found is not { } application)
        {
            return null;
        }

        var state = YarnStatus.StateOf(application);
        return new SparkStatus(state)
        {
            SubmissionId = application.Id,
            ApplicationId = application.Id,
            PendingCause =
                state == SparkState.Pending
                    ? YarnStatus.PendingCause(application, await HasContainerAsync(application, stop))
                    : null,
            Error = YarnStatus.ErrorOf(application),
            DriverUi = state == SparkState.Running ? ProxyOf(application) : null,
            TrackingUrl =
                Uri.TryCreate(application.TrackingUrl, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                    ? url
                    : new Uri(resourceManager.Address, "cluster/app/" + application.Id),
        };
    }

    public async Task KillAsync(SparkSubmission submission, CancellationToken stop)
    {
        if (!IsTag(submission.Identity))
        {
            await KillAsync(submission.Identity, submission, stop);
            return;
        }

        // What has no id yet cannot be forestalled: whoever submits by spark-submit has seen the end of that before.
        foreach (var application in await resourceManager.TaggedAsync(submission.Identity, stop))
        {
            await KillAsync(application.Id, submission, stop);
        }
    }

    private async Task KillAsync(string id, SparkSubmission submission, CancellationToken stop)
    {
        // Nodes are asked for before: the ResourceManager forgets them with the end.
        var nodes = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        await AddNodesAsync(id, nodes, stop);
        while (true)
        {
            var answer = await resourceManager.KillAsync(id, stop);
            if (answer.Status == 403)
            {
                throw new SparkClusterUnavailableException(
                    $"YARN does not let user {resourceManager.User} end {id}: {answer.Message}"
                );
            }

            if (answer.Status is not (200 or 202 or 404))
            {
                throw ResourceManagerClient.Unexpected($"did not take the end of {id}", answer);
            }

            if (await resourceManager.FindAsync(id, stop) is not { } application)
            {
                // Nobody has submitted it yet. Whoever still might (a worker that was held up before its request) must start nothing.
                if (!IsTag(submission.Identity) && await ForestallAsync(submission, stop))
                {
                    continue;
                }

                // The cluster does not take that, and can promise no more.
                return;
            }

            if (application.IsFinal)
            {
                break;
            }

            await AddNodesAsync(id, nodes, stop);
            await Task.Delay(PollPause, time, stop);
        }

        await GoneAsync(id, nodes, stop);
    }

    public async Task ReadLogsAsync(
        SparkSubmission submission,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        var id =
            !IsTag(submission.Identity) ? submission.Identity
            : submission.ApplicationId is { } known ? known
            : Foremost(await resourceManager.TaggedAsync(submission.Identity, stop))?.Id;
        if (id is not null)
        {
            await logs.ReadAsync(id, positions, ended, write, stop);
        }
    }

    public async Task<SparkClusterHealth> HealthAsync(CancellationToken stop)
    {
        try
        {
            var info = await resourceManager.InfoAsync(stop);
            var answer = await resourceManager.GetAsync("metrics", stop);
            if (answer.Json?["clusterMetrics"] is not JsonObject metrics)
            {
                throw ResourceManagerClient.Unexpected("did not say how the cluster is", answer);
            }

            const long MiB = 1024 * 1024;
            var nodes = (int?)metrics.Number("activeNodes") ?? 0;
            var (lost, unhealthy) = (metrics.Number("lostNodes") ?? 0, metrics.Number("unhealthyNodes") ?? 0);
            var words =
                $"{info.Address.Authority} is active, {Counted(nodes, "node")}"
                + (lost > 0 ? $", {lost} lost" : "")
                + (unhealthy > 0 ? $", {unhealthy} unhealthy" : "");
            return new SparkClusterHealth(nodes > 0, words)
            {
                TotalCores = metrics.Number("totalVirtualCores"),
                UsedCores = metrics.Number("allocatedVirtualCores"),
                TotalMemoryBytes = metrics.Number("totalMB") * MiB,
                UsedMemoryBytes = metrics.Number("allocatedMB") * MiB,
                Nodes = nodes,
            };
        }
        catch (SparkClusterUnavailableException e)
        {
            return new SparkClusterHealth(false, e.Message);
        }
    }

    private static string Counted(long count, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string? TooMuch(string who, long miB, long cores, long mostMiB, long mostCores) =>
        miB > mostMiB
            ? $"The {who} needs {miB} MiB with its overhead, and YARN gives no container more than {mostMiB} MiB."
        : cores > mostCores ? $"The {who} needs {cores} cores, and YARN gives no container more than {mostCores}."
        : null;

    // What is wrong with a request stays wrong; rights may be given, but not within the time of a retry.
    private static TaskError ErrorOf(ResourceManagerAnswer refusal, SparkApplication application) =>
        new(
            FailureClasses.Invalid,
            refusal.Status switch
            {
                401 => $"YARN wants a sign-in that SJE does not have: {refusal.Message}",
                403 =>
                    $"YARN does not let user {YarnSubmission.UserOf(application.Cluster)} submit to queue {YarnSubmission.QueueOf(application)}: {refusal.Message}",
                _ => $"YARN refuses the application: {refusal.Message}",
            }
        );

    private static bool IsTag(string identity) =>
        identity.StartsWith(YarnSubmission.TagPrefix, StringComparison.Ordinal);

    // There is one, unless somebody else uses our tag.
    private static YarnApplication? Foremost(IReadOnlyList<YarnApplication> applications) =>
        applications.FirstOrDefault(application => !application.IsFinal)
        ?? (applications is [.., var last] ? last : null);

    private TaskError? WithoutConfiguration()
    {
        var folder = HadoopConfiguration.FolderOf(options);
        return folder is null
                ? new TaskError(
                    FailureClasses.Invalid,
                    "The application needs spark-submit, which finds YARN by Hadoop's configuration: hadoopConfDir of the cluster, or HADOOP_CONF_DIR, is to name its folder."
                )
            : !Directory.Exists(folder)
                ? new TaskError(
                    FailureClasses.Invalid,
                    $"Hadoop's configuration: there is no folder {folder} on this worker."
                )
            : null;
    }

    private TaskError? HadoopTrouble()
    {
        try
        {
            HadoopConfiguration.Read(HadoopConfiguration.FolderOf(options));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or XmlException)
        {
            return new TaskError("error", $"Hadoop's configuration cannot be read: {e.Message}");
        }
    }

    /// <summary>Hadoop's settings: the folder's, or what the ResourceManager says about its own.</summary>
    private async Task<IReadOnlyDictionary<string, string>> HadoopAsync(CancellationToken stop)
    {
        hadoop = await Aged.GetAsync(hadoop, ConfigurationAge, time, () => AskHadoopAsync(stop));
        return hadoop.Value;
    }

    private async Task<IReadOnlyDictionary<string, string>> AskHadoopAsync(CancellationToken stop)
    {
        if (HadoopConfiguration.FolderOf(options) is { } folder)
        {
            return HadoopConfiguration.Read(folder);
        }

        var address = resourceManager.Address;
        var answer = await resourceManager.TryGetAsync(
            resourceManager.WithUser(new Uri(address, "conf?format=json")),
            stop
        );
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (answer is { Status: 200 })
        {
            foreach (var property in (answer.Json?["properties"]).Items())
            {
                if (
                    property.Text("key") is { } name
                    && property.Text("value") is { } value
                    && property.Text("resource") is { } from
                    && from.EndsWith("-site.xml", StringComparison.Ordinal)
                    && !HadoopConfiguration.IsDaemons(name)
                )
                {
                    settings[name] = value;
                }
            }
        }

        // With nothing known, the nodes' own settings hold, which most clusters put on the class path.
        return settings;
    }

    private async Task<TaskError?> MayNotSubmitAsync(string queue, CancellationToken stop)
    {
        var user = resourceManager.User;
        var answer = await resourceManager.GetAsync(
            $"queues/{Uri.EscapeDataString(queue)}/access?user={Uri.EscapeDataString(user)}&queue-acl-type=SUBMIT_APPLICATIONS",
            stop
        );
        return answer.Status == 200 && answer.Json.Text("allowed") == "false"
            ? new TaskError(FailureClasses.Invalid, $"User {user} may not submit to YARN's queue {queue}.")
            : null;
    }

    private async Task<bool> HasContainerAsync(YarnApplication application, CancellationToken stop) =>
        application.State == "ACCEPTED"
        && (await resourceManager.AttemptsAsync(application.Id, stop)) is [.., { ContainerId.Length: > 0 }];

    private Uri ProxyOf(YarnApplication application)
    {
        // A host of that name may be unknown here; the ResourceManager's address is not, and it mostly is the proxy itself.
        var own = new Uri(resourceManager.Address, $"proxy/{application.Id}");
        return
            Uri.TryCreate(application.TrackingUrl, UriKind.Absolute, out var url)
            && url.AbsolutePath.StartsWith("/proxy/", StringComparison.Ordinal)
            && url.Port != own.Port
            ? new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/'))
            : own;
    }

    /// <summary>
    /// Uses the id up: an application that does nothing, and that the queue of this name lets run nowhere. What is submitted under the id later
    /// starts nothing then.
    /// </summary>
    /// <returns>Whether the cluster took it.</returns>
    private async Task<bool> ForestallAsync(SparkSubmission submission, CancellationToken stop)
    {
        var refusal = await resourceManager.SubmitAsync(
            submission.Identity,
            new JsonObject
            {
                ["application-id"] = submission.Identity,
                ["application-name"] = "cancelled before it was submitted",
                ["application-type"] = "SPARK",
                ["application-tags"] = new JsonObject
                {
                    ["tag"] = new JsonArray(YarnSubmission.TagOf(submission.Mark)),
                },
                ["queue"] = "sje-cancelled",
                ["max-app-attempts"] = 1,
                ["resource"] = new JsonObject { ["memory"] = 1, ["vCores"] = 1 },
                ["am-container-spec"] = new JsonObject { ["commands"] = new JsonObject { ["command"] = "true" } },
            },
            stop
        );
        if (refusal is not null)
        {
            return false;
        }

        await resourceManager.StoredAsync(submission.Identity, stop);
        return true;
    }

    private async Task AddNodesAsync(string id, HashSet<string> nodes, CancellationToken stop)
    {
        foreach (var attempt in await resourceManager.AttemptsAsync(id, stop))
        {
            nodes.UnionWith(new[] { attempt.Node }.OfType<string>());
            foreach (var container in await resourceManager.ContainersAsync(id, attempt.Id, stop))
            {
                nodes.UnionWith(new[] { container.Node }.OfType<string>());
            }
        }
    }

    // The ResourceManager says KILLED when it has told the nodes, not when they have done it.
    private async Task GoneAsync(string id, HashSet<string> nodes, CancellationToken stop)
    {
        if (await RunningNodesAsync(stop) is { } running && running.Count <= MostNodes)
        {
            nodes.UnionWith(running);
        }

        while (nodes.Count > 0)
        {
            foreach (var node in nodes.ToList())
            {
                if (await IsGoneAsync(id, node, stop))
                {
                    nodes.Remove(node);
                }
            }

            if (nodes.Count > 0)
            {
                await Task.Delay(PollPause, time, stop);
            }
        }
    }

    private async Task<bool> IsGoneAsync(string id, string node, CancellationToken stop)
    {
        if (
            !Uri.TryCreate(
                $"{resourceManager.Address.Scheme}://{node}/ws/v1/node/apps/{id}",
                UriKind.Absolute,
                out var url
            )
        )
        {
            return true;
        }

        var answer = await resourceManager.TryGetAsync(resourceManager.WithUser(url), stop);
        return answer switch
        {
            // It cannot be asked. It counts for as long as the cluster counts it; what a lost node still does, nobody can say.
            null => await RunningNodesAsync(stop) is { } running && !running.Contains(node),
            { Status: 200 } => answer.Json?["app"].Text("state") is "APPLICATION_RESOURCES_CLEANINGUP" or "FINISHED",
            _ => answer.Status is 404,
        };
    }

    private async Task<HashSet<string>?> RunningNodesAsync(CancellationToken stop)
    {
        var answer = await resourceManager.GetAsync("nodes?states=RUNNING,DECOMMISSIONING", stop);
        return answer.Status == 200
            ? (answer.Json?["nodes"]?["node"])
                .Items()
                .Select(node => node.Text("nodeHTTPAddress"))
                .OfType<string>()
                .ToHashSet(StringComparer.OrdinalIgnoreCase)
            : null;
    }
}
