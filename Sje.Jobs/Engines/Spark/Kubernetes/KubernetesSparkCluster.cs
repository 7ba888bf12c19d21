using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using k8s.Models;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// A Kubernetes cluster, by its API alone. The driver pod's name is the identity and the lock: the API server takes it once. The pod is made
/// first and cannot start before its config map is there, which is made last and by name; whoever repeats a submission completes it. A request
/// that arrives late, after a kill, makes a pod that never starts. The other objects belong to the pod and go with it.
/// </summary>
internal sealed class KubernetesSparkCluster : ISparkCluster, IDisposable
{
    private const string FieldManager = "?fieldManager=sje";
    private const int SweepPage = 500;

    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(1);

    // What a deletion may take beyond its grace period: the garbage collector, a kubelet with much to do.
    private static readonly TimeSpan AfterGrace = TimeSpan.FromSeconds(60);

    // For so long after it was chosen a request that nobody waits for any more may still arrive.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan DialPatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan AskAgainForEvents = TimeSpan.FromSeconds(5);

    private readonly string name;
    private readonly SparkClusterOptions options;
    private readonly TimeProvider clock;
    private readonly KubernetesApi api;

    // Pods whose network was found not to reach here: their pages go through the API server. Per machine of the cluster it is the same for all.
    private readonly ConcurrentDictionary<string, DateTimeOffset> unreachable = new(StringComparer.Ordinal);

    /// <param name="name">The profile's name.</param>
    /// <param name="options">The profile.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="patience">How long one request may take; 15 s if it is not said.</param>
    /// <exception cref="FormatException">The profile's sign-in cannot be read.</exception>
    public KubernetesSparkCluster(
        string name,
        SparkClusterOptions options,
        TimeProvider clock,
        TimeSpan? patience = null
    )
    {
        (this.name, this.options, this.clock) = (name, options, clock);
        api = new KubernetesApi(options, patience ?? DefaultPatience);
    }

    public SparkClusterKind Kind => SparkClusterKind.Kubernetes;

    /// <summary>Whether an application can be submitted this way, and why not, as the end of a sentence.</summary>
    public static bool Covers(SparkApplication application, out string? why) => Coverage.Covers(application, out why);

    /// <summary>
    /// A handler for <see cref="SparkStatus.DriverUi"/>: where pods are not reachable, that is an address of the API server, which wants to know
    /// who asks.
    /// </summary>
    public HttpMessageHandler OpenPages() => api.OpenPages();

    public string? WhyNotRest(SparkApplication application) => Coverage.Covers(application, out var why) ? null : why;

    /// <summary>
    /// Takes away a driver's pod that a <c>spark-submit</c> made before it died, and that can never start. The pod's name is told to
    /// <c>spark-submit</c>: a second one of it is refused by the API server.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string>> PrepareSparkSubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        string folder,
        CancellationToken stop
    )
    {
        var names = DriverNames.Of(chosen.Identity);
        if (
            await OwnPodAsync(names, chosen.Mark, stop) is { } pod
            && pod.Status?.Phase is null or "Pending"
            && !await IsWholeAsync(pod, names, stop)
        )
        {
            await DeletePodAsync(pod, names, stop);
        }

        return ClientProperties.Of(application, names, chosen.Mark, folder);
    }

    /// <summary>
    /// Creates all objects as a dry run: the API server checks names, rights, the namespace, the service account, quotas and whatever policies
    /// the cluster has, and forgets them again. One round trip for all.
    /// </summary>
    public async Task<TaskError?> CheckAsync(SparkApplication application, CancellationToken stop)
    {
        var mark = MarkOf(application);
        var names = Choose(application, mark);
        if (ProblemOf(application) is { } problem)
        {
            return new TaskError(FailureClasses.Invalid, problem);
        }

        if (application.Way == SubmissionWay.SparkSubmit)
        {
            // What it will make is not known here; that a driver may be made there is.
            application = ClientProperties.Plain(application);
        }

        DriverObjects objects;
        try
        {
            objects = Build(application, names, mark);
        }
        catch (FormatException e)
        {
            return new TaskError(FailureClasses.Invalid, e.Message);
        }

        var answers = await Task.WhenAll(
            new[] { objects.Pod, objects.Service, objects.Properties }
                .Concat(objects.Others)
                .Select(body => TryAsync(body, stop))
        );
        // The pod's answer is the most telling one.
        return answers.OfType<TaskError>().FirstOrDefault();

        async Task<TaskError?> TryAsync(JsonObject body, CancellationToken token)
        {
            try
            {
                await api.SendAsync<JsonObject>(
                    HttpMethod.Post,
                    PathOf(body) + FieldManager + "&dryRun=All",
                    body,
                    token
                );
                return null;
            }
            catch (KubernetesRefusal e) when (e.Status == HttpStatusCode.Conflict)
            {
                // It is there: an earlier call arrived.
                return null;
            }
            catch (KubernetesRefusal e)
            {
                return Refusals.ErrorOf(e, names, name);
            }
        }
    }

    public Task<string> ChooseIdentityAsync(SparkApplication application, CancellationToken stop) =>
        Task.FromResult(Choose(application, MarkOf(application)).Identity);

    public async Task<SparkSubmission> SubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        CancellationToken stop
    )
    {
        var names = DriverNames.Of(chosen.Identity);
        DriverObjects objects;
        try
        {
            objects = Build(application, names, chosen.Mark);
        }
        catch (FormatException e)
        {
            throw new SparkRefusedException(new TaskError(FailureClasses.Invalid, e.Message));
        }

        var pod = await CreatePodAsync(objects.Pod, names, chosen.Mark, stop);
        // One that runs, or has run, had everything.
        if (pod.Status?.Phase is null or "Pending")
        {
            await CompleteAsync(objects, pod, names, stop);
        }

        return chosen with
        {
            SubmissionId = names.Identity,
            ApplicationId = DriverNames.ApplicationIdOf(chosen.Mark),
        };
    }

    public async Task<SparkStatus?> FindAsync(SparkSubmission submission, CancellationToken stop)
    {
        var names = DriverNames.Of(submission.Identity);
        if (await OwnPodAsync(names, submission.Mark, stop) is not { } pod)
        {
            return null;
        }

        var status = PodState.Of(pod, clock.GetUtcNow());
        if (status.State == SparkState.Pending && !await IsWholeAsync(pod, names, stop))
        {
            // Whoever submitted it died on the way. The driver cannot start; submitting again completes it.
            return null;
        }

        return status.State switch
        {
            SparkState.Running => status with { DriverUi = await DriverUiAsync(pod, stop) },
            SparkState.Pending when IsMadeFor(pod, AskAgainForEvents) => status with
            {
                PendingCause = await EventCauseAsync(pod, names, stop) ?? status.PendingCause,
            },
            _ => status,
        };
    }

    public async Task KillAsync(SparkSubmission submission, CancellationToken stop)
    {
        var names = DriverNames.Of(submission.Identity);
        var settled = false;
        while (true)
        {
            var application = submission.ApplicationId;
            if (await OwnPodAsync(names, submission.Mark, stop) is { } pod)
            {
                application ??= PodState.Label(pod, DriverObjects.ApplicationLabel);
                await DeletePodAsync(pod, names, stop);
            }

            await DeleteRestAsync(submission with { ApplicationId = application }, names, stop);
            if (settled || clock.GetUtcNow() - submission.ChosenAt > OnTheWay)
            {
                return;
            }

            await Task.Delay(Settling, clock, stop);
            settled = true;
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
        var names = DriverNames.Of(submission.Identity);
        if (await OwnPodAsync(names, submission.Mark, stop) is not { } driver)
        {
            return;
        }

        await ReadLogAsync(driver, "driver", positions, ended, write, stop);
        foreach (var executor in await ExecutorsAsync(names, ApplicationOf(submission, driver), stop))
        {
            var number = PodState.Label(executor, DriverObjects.ExecutorLabel) ?? executor.Metadata.Name;
            await ReadLogAsync(executor, "executor " + number, positions, ended, write, stop);
        }
    }

    /// <summary>
    /// Removes what is left of an application that has ended, its log having been read: executors at once, the driver when the seconds of
    /// <see cref="DriverObjects.KeepProperty"/> are over. Returns how long it is to be kept still; null when all is gone.
    /// </summary>
    public async Task<TimeSpan?> CleanUpAsync(SparkSubmission submission, CancellationToken stop)
    {
        var names = DriverNames.Of(submission.Identity);
        if (await OwnPodAsync(names, submission.Mark, stop) is { } pod)
        {
            submission = submission with { ApplicationId = ApplicationOf(submission, pod) };
            // The driver's container may have ended before its pod has: one beside it goes on.
            if (
                !PodState.Of(pod, clock.GetUtcNow()).IsFinal
                && !PodState.HasEnded(pod)
                && !PodState.HangsInDeletion(pod, clock.GetUtcNow())
            )
            {
                throw new InvalidOperationException($"{names.Identity} has not ended.");
            }

            var left = KeptUntil(pod, TimeSpan.Zero) - clock.GetUtcNow();
            if (left > TimeSpan.Zero)
            {
                await DeleteExecutorsAsync(submission, names, stop);
                return left;
            }

            await DeletePodAsync(pod, names, stop);
        }

        await DeleteRestAsync(submission, names, stop);
        return null;
    }

    /// <summary>
    /// Removes drivers of ours that nobody has cleaned up: those that have ended, their keeping and <paramref name="beyond"/> being over, and
    /// those that were left half submitted for as long. What belongs to them (services, config maps) goes with them. Returns how many.
    /// </summary>
    /// <param name="space">The namespace.</param>
    /// <param name="beyond">For how long more than what is asked for they are left alone.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="only">The identities that may be removed; null for all.</param>
    public async Task<int> SweepAsync(
        string space,
        TimeSpan beyond,
        CancellationToken stop,
        IReadOnlySet<string>? only = null
    )
    {
        var selector = Uri.EscapeDataString(
            $"{DriverObjects.ManagedByLabel}={DriverObjects.ManagedBy},{DriverObjects.RoleLabel}=driver"
        );
        var removed = 0;
        foreach (
            var pod in (await ListAsync(space, selector, SweepPage, stop)).Where(pod =>
                !PodState.IsEnding(pod)
                && KeptUntil(pod, beyond) <= clock.GetUtcNow()
                && only?.Contains(new DriverNames(space, pod.Metadata.Name).Identity) != false
            )
        )
        {
            var isLeft =
                PodState.HasEnded(pod)
                || (
                    pod.Status?.Phase is null or "Pending"
                    && IsMadeFor(pod, beyond + OnTheWay)
                    && !await IsWholeAsync(pod, new DriverNames(space, pod.Metadata.Name), stop)
                );
            if (isLeft)
            {
                await DeleteAsync(Pods(space) + "/" + pod.Metadata.Name, pod.Metadata.Uid, null, stop);
                removed++;
            }
        }

        return removed;
    }

    public async Task<SparkClusterHealth> HealthAsync(CancellationToken stop)
    {
        try
        {
            var version = await api.SendAsync<JsonObject>(HttpMethod.Get, "version", null, stop);
            var health = new SparkClusterHealth(true, $"Kubernetes {version["gitVersion"]}");
            return await NodeCapacity.AddAsync(api, health, stop);
        }
        catch (SparkClusterUnavailableException e)
        {
            return new SparkClusterHealth(false, e.Message);
        }
        catch (KubernetesRefusal e)
        {
            return new SparkClusterHealth(false, $"{api.Address} refuses: {e.Message}");
        }
    }

    public void Dispose() => api.Dispose();

    private static string MarkOf(SparkApplication application) =>
        application.Properties.GetValueOrDefault(SparkMark.Property)
        ?? SparkMark.Of(application.Attempt.TaskId, application.Attempt.Attempt);

    private DriverNames Choose(SparkApplication application, string mark) =>
        DriverNames.Choose(
            application.Name,
            mark,
            application.Kubernetes.Namespace
                ?? application.Properties.GetValueOrDefault("spark.kubernetes.namespace")
                ?? options.Namespace
        );

    private static DriverObjects Build(SparkApplication application, DriverNames names, string mark)
    {
        var (moved, inline) = LocalFiles.Gather(application);
        return DriverObjects.Build(moved, names, mark, inline);
    }

    private static string? ProblemOf(SparkApplication application)
    {
        if (application.Way == SubmissionWay.SparkSubmit)
        {
            if (
                LocalFiles.First(application) is { } file
                && !application.Properties.ContainsKey(ClientProperties.UploadPath)
            )
            {
                return $"{file} has to be uploaded by spark-submit, and {ClientProperties.UploadPath} does not say to where.";
            }
        }
        else if (!Covers(application, out var why))
        {
            return $"The application cannot be submitted without spark-submit: {why}.";
        }

        var images = new[]
        {
            application.Kubernetes.Image
                ?? application.Properties.GetValueOrDefault("spark.kubernetes.container.image")
                ?? application.Cluster.Image,
            application.Properties.GetValueOrDefault("spark.kubernetes.driver.container.image"),
            application.Properties.GetValueOrDefault("spark.kubernetes.executor.container.image"),
        };
        return images.OfType<string>().FirstOrDefault(image => !ImageName.IsWellFormed(image)) is { } wrong
            ? $"'{wrong}' is no name of an image."
            : null;
    }

    private static string Pods(string space) => $"api/v1/namespaces/{space}/pods";

    private static string PathOf(JsonObject body)
    {
        var space = body["metadata"]!["namespace"]!.ToString();
        var kind = body["kind"]!.ToString() switch
        {
            "Pod" => "pods",
            "Service" => "services",
            "ConfigMap" => "configmaps",
            "PersistentVolumeClaim" => "persistentvolumeclaims",
            var other => throw new InvalidOperationException($"nothing is known of a {other}"),
        };
        return $"api/v1/namespaces/{space}/{kind}";
    }

    private async Task<V1Pod> CreatePodAsync(JsonObject body, DriverNames names, string mark, CancellationToken stop)
    {
        try
        {
            return await api.SendAsync<V1Pod>(HttpMethod.Post, Pods(names.Namespace) + FieldManager, body, stop);
        }
        catch (KubernetesRefusal e) when (e.Status == HttpStatusCode.Conflict)
        {
            var there = await FindPodAsync(names, stop);
            return there is null
                    // It was there a moment ago. Whoever removed it may have seen it end.
                    ? throw new SparkClusterUnavailableException($"The pod {names.Identity} was there and is gone.")
                : PodState.MarkOf(there) == mark ? there
                : throw new SparkRefusedException(
                    new TaskError(
                        FailureClasses.Invalid,
                        $"A pod {names.Pod} of somebody else is in namespace {names.Namespace} of cluster {name}."
                    )
                );
        }
        catch (KubernetesRefusal e)
        {
            throw new SparkRefusedException(Refusals.ErrorOf(e, names, name));
        }
    }

    /// <summary>Whether the config map is there, which is made last: <c>spark-submit</c> gives it another name.</summary>
    private async Task<bool> IsWholeAsync(V1Pod pod, DriverNames names, CancellationToken stop)
    {
        try
        {
            var map =
                (pod.Spec?.Volumes ?? [])
                    .FirstOrDefault(volume => volume.Name == DriverObjects.ConfigurationVolume)
                    ?.ConfigMap?.Name
                ?? names.ConfigMap;
            var path = $"api/v1/namespaces/{names.Namespace}/configmaps/{map}";
            return await api.FindAsync<JsonObject>(path, stop) is not null;
        }
        catch (KubernetesRefusal e)
        {
            throw CannotAsk(e);
        }
    }

    /// <summary>Makes what belongs to the pod; the config map comes last, since with it the driver starts.</summary>
    private async Task CompleteAsync(DriverObjects objects, V1Pod pod, DriverNames names, CancellationToken stop)
    {
        try
        {
            await Task.WhenAll(
                objects.Others.Append(objects.Service).Select(body => CreateOwnedAsync(body, pod, stop))
            );
            await CreateOwnedAsync(objects.Properties, pod, stop);
        }
        catch (KubernetesRefusal e)
        {
            // A driver without its config map waits for ever.
            await DeleteAsync(Pods(names.Namespace) + "/" + names.Pod, pod.Metadata.Uid, 0, stop);
            throw new SparkRefusedException(Refusals.ErrorOf(e, names, name));
        }
    }

    private async Task CreateOwnedAsync(JsonObject body, V1Pod owner, CancellationToken stop)
    {
        var uid = owner.Metadata.Uid;
        body["metadata"]!["ownerReferences"] = new JsonArray(
            new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["name"] = owner.Metadata.Name,
                ["uid"] = uid,
                ["controller"] = true,
            }
        );
        var path = PathOf(body);
        var one = path + "/" + body["metadata"]!["name"];
        for (var tries = 0; ; tries++)
        {
            try
            {
                await api.SendAsync<JsonObject>(HttpMethod.Post, path + FieldManager, body, stop);
                return;
            }
            catch (KubernetesRefusal e) when (e.Status == HttpStatusCode.Conflict && tries < 20)
            {
                var there = await api.FindAsync<JsonObject>(one, stop);
                if (there?["metadata"]?["ownerReferences"]?[0]?["uid"]?.ToString() == uid)
                {
                    return;
                }

                // Of an earlier pod of this name: the garbage collector would take it away under the new one.
                if (there is not null)
                {
                    await DeleteAsync(one, there["metadata"]!["uid"]!.ToString(), null, stop);
                    await Task.Delay(Soon, clock, stop);
                }
            }
        }
    }

    private async Task<V1Pod?> FindPodAsync(DriverNames names, CancellationToken stop)
    {
        try
        {
            return await api.FindAsync<V1Pod>(Pods(names.Namespace) + "/" + names.Pod, stop);
        }
        catch (KubernetesRefusal e)
        {
            throw CannotAsk(e);
        }
    }

    private async Task<V1Pod?> OwnPodAsync(DriverNames names, string mark, CancellationToken stop) =>
        await FindPodAsync(names, stop) is { } pod && PodState.MarkOf(pod) == mark ? pod : null;

    private SparkClusterUnavailableException CannotAsk(KubernetesRefusal refusal) =>
        new($"Cluster {name} does not tell: {refusal.Message}", refusal);

    private async Task DeletePodAsync(V1Pod pod, DriverNames names, CancellationToken stop)
    {
        var path = Pods(names.Namespace) + "/" + names.Pod;
        var grace = TimeSpan.FromSeconds(pod.Spec.TerminationGracePeriodSeconds ?? 30);
        var began = clock.GetTimestamp();
        // One that waits for its machine or has ended needs no grace.
        await DeleteAsync(path, pod.Metadata.Uid, null, stop);
        while (await FindPodAsync(names, stop) is { } there && there.Metadata.Uid == pod.Metadata.Uid)
        {
            var passed = clock.GetElapsedTime(began);
            if (PodState.HangsInDeletion(there, clock.GetUtcNow()))
            {
                // Its machine does not answer: whatever ran there, the cluster has given it up.
                await DeleteAsync(path, pod.Metadata.Uid, 0, stop);
            }
            else if (passed > grace + AfterGrace)
            {
                throw new SparkClusterUnavailableException(
                    $"The pod {names.Identity} was told to end {passed.TotalSeconds:0} s ago and has not."
                );
            }

            await Task.Delay(passed < Later ? Soon : Later, clock, stop);
        }
    }

    /// <summary>What is left where the driver's pod is not: the garbage collector removes it, but it may be late, or have no owner to go by.</summary>
    private async Task DeleteRestAsync(SparkSubmission submission, DriverNames names, CancellationToken stop)
    {
        var space = $"api/v1/namespaces/{names.Namespace}/";
        await Task.WhenAll(
            DeleteAsync($"{space}services/{names.Service}", null, null, stop),
            DeleteAsync($"{space}configmaps/{names.ConfigMap}", null, null, stop),
            DeleteAsync($"{space}configmaps/{names.TemplateMap}", null, null, stop),
            DeleteAsync($"{space}configmaps/{names.FilesMap}", null, null, stop)
        );
        await DeleteExecutorsAsync(submission, names, stop);
    }

    private async Task DeleteExecutorsAsync(SparkSubmission submission, DriverNames names, CancellationToken stop)
    {
        var began = clock.GetTimestamp();
        var application = submission.ApplicationId ?? DriverNames.ApplicationIdOf(submission.Mark);
        while (await ExecutorsAsync(names, application, stop) is { Count: > 0 } executors)
        {
            var passed = clock.GetElapsedTime(began);
            if (passed > AfterGrace + AfterGrace)
            {
                throw new SparkClusterUnavailableException(
                    $"Executors of {names.Identity} were told to end {passed.TotalSeconds:0} s ago and have not: {executors[0].Metadata.Name}"
                );
            }

            foreach (var executor in executors)
            {
                var hangs = PodState.HangsInDeletion(executor, clock.GetUtcNow());
                if (hangs || !PodState.IsEnding(executor))
                {
                    await DeleteAsync(
                        Pods(names.Namespace) + "/" + executor.Metadata.Name,
                        executor.Metadata.Uid,
                        hangs ? 0 : null,
                        stop
                    );
                }
            }

            await Task.Delay(passed < Later ? Soon : Later, clock, stop);
        }
    }

    // spark-submit makes an id of its own.
    private static string ApplicationOf(SparkSubmission submission, V1Pod driver) =>
        PodState.Label(driver, DriverObjects.ApplicationLabel)
        ?? submission.ApplicationId
        ?? DriverNames.ApplicationIdOf(submission.Mark);

    private async Task<IList<V1Pod>> ExecutorsAsync(DriverNames names, string application, CancellationToken stop)
    {
        var selector = Uri.EscapeDataString(
            $"{DriverObjects.ApplicationLabel}={application},{DriverObjects.RoleLabel}=executor"
        );
        return await ListAsync(names.Namespace, selector, 0, stop);
    }

    private async Task<IList<V1Pod>> ListAsync(string space, string selector, int limit, CancellationToken stop)
    {
        try
        {
            var path = FormattableString.Invariant($"{Pods(space)}?labelSelector={selector}&limit={limit}");
            return (await api.SendAsync<V1PodList>(HttpMethod.Get, path, null, stop)).Items;
        }
        catch (KubernetesRefusal e)
        {
            throw CannotAsk(e);
        }
    }

    private async Task DeleteAsync(string path, string? uid, int? grace, CancellationToken stop)
    {
        var body = new JsonObject
        {
            ["kind"] = "DeleteOptions",
            ["apiVersion"] = "v1",
            ["propagationPolicy"] = "Background",
        };
        if (uid is not null)
        {
            body["preconditions"] = new JsonObject { ["uid"] = uid };
        }

        if (grace is not null)
        {
            body["gracePeriodSeconds"] = grace;
        }

        try
        {
            await api.SendAsync<JsonObject>(HttpMethod.Delete, path, body, stop);
        }
        catch (KubernetesRefusal e) when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.Conflict)
        {
            // Gone, or another one by now.
        }
        catch (KubernetesRefusal e)
        {
            throw CannotAsk(e);
        }
    }

    private async Task ReadLogAsync(
        V1Pod pod,
        string source,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    )
    {
        var log = new PodLog(positions, source);
        var hasEnded = ended || PodState.HasEnded(pod);
        if (log.IsDone)
        {
            return;
        }

        var space = pod.Metadata.NamespaceProperty;
        var path = $"{Pods(space)}/{pod.Metadata.Name}/log?container={Uri.EscapeDataString(PodState.ContainerOf(pod))}";
        try
        {
            do
            {
                await log.ReadAsync((query, take) => api.ReadLinesAsync(path + query, take, stop), hasEnded, write);
            } while (ended && !log.IsDone);
        }
        catch (KubernetesRefusal e) when (PodLog.HasNoneYet(e)) { }
        catch (KubernetesRefusal e)
        {
            throw CannotAsk(e);
        }
        catch (SparkClusterUnavailableException e) when (ended || source != "driver")
        {
            // The machine of a pod may be gone, and its log with it.
            if (ended && await FindPodAsync(new DriverNames(space, pod.Metadata.Name), stop) is not null)
            {
                write(new SparkLogLine(source, LogStream.System, $"The rest of this log cannot be read: {e.Message}"));
            }
        }
    }

    private static DateTimeOffset KeptUntil(V1Pod pod, TimeSpan beyond)
    {
        var seconds =
            pod.Metadata.Annotations is { } annotations
            && annotations.TryGetValue(DriverObjects.KeepAnnotation, out var text)
            && uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : 0;
        var ended =
            pod.Status?.ContainerStatuses?.Select(c => c.State?.Terminated?.FinishedAt).Max()
            ?? pod.Metadata.CreationTimestamp
            ?? DateTime.UnixEpoch;
        return new DateTimeOffset(DateTime.SpecifyKind(ended, DateTimeKind.Utc))
            + TimeSpan.FromSeconds(seconds)
            + beyond;
    }

    private bool IsMadeFor(V1Pod pod, TimeSpan span) =>
        pod.Metadata.CreationTimestamp is { } at
        && clock.GetUtcNow() - new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc)) > span;

    /// <summary>What the machine's agent complains of, where the pod itself does not say it: a volume, a sandbox.</summary>
    private async Task<string?> EventCauseAsync(V1Pod pod, DriverNames names, CancellationToken stop)
    {
        // A container that waits says why itself, and so does the scheduler.
        if (
            string.IsNullOrEmpty(pod.Spec.NodeName)
            || (pod.Status?.ContainerStatuses ?? []).Any(c =>
                c.State?.Waiting is { Reason: not (null or "ContainerCreating" or "PodInitializing") }
            )
        )
        {
            return null;
        }

        try
        {
            var selector = Uri.EscapeDataString($"involvedObject.uid={pod.Metadata.Uid},type=Warning");
            var events = await api.SendAsync<JsonObject>(
                HttpMethod.Get,
                $"api/v1/namespaces/{names.Namespace}/events?fieldSelector={selector}",
                null,
                stop
            );
            return (events["items"] as JsonArray ?? [])
                .OfType<JsonObject>()
                .OrderBy(
                    e => (e["lastTimestamp"] ?? e["eventTime"] ?? e["metadata"]?["creationTimestamp"])?.ToString(),
                    StringComparer.Ordinal
                )
                .Select(e => $"{e["reason"]}: {e["message"]}")
                .LastOrDefault();
        }
        catch (KubernetesRefusal)
        {
            // Events may be kept from us.
            return null;
        }
    }

    private async Task<Uri?> DriverUiAsync(V1Pod pod, CancellationToken stop)
    {
        var port = pod
            .Spec.Containers.SelectMany(c => c.Ports ?? [])
            .FirstOrDefault(p => p.Name == DriverObjects.UiPort)
            ?.ContainerPort;
        if (port is not { } number || pod.Status?.PodIP is not { Length: > 0 } address)
        {
            return null;
        }

        var proxy = new Uri(
            api.Address,
            FormattableString.Invariant($"{Pods(pod.Metadata.NamespaceProperty)}/{pod.Metadata.Name}:{number}/proxy")
        );
        var node = pod.Spec.NodeName ?? "";
        if (unreachable.TryGetValue(node, out var since) && clock.GetUtcNow() - since < OnTheWay)
        {
            return proxy;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(DialPatience);
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(address), number), limit.Token);
            unreachable.TryRemove(node, out _);
            return new UriBuilder(Uri.UriSchemeHttp, address, number).Uri;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            // It can be reached and does not listen yet, or has none.
            return null;
        }
        catch (Exception e)
            when (e is SocketException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            unreachable[node] = clock.GetUtcNow();
            return proxy;
        }
    }
}
