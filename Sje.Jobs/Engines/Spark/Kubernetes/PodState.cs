using System.Text.RegularExpressions;
using k8s.Models;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>What a driver's pod says about the application.</summary>
internal static partial class PodState
{
    private const string ExitException = "spark.exit-exception";
    private const int SignalBase = 128;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    // After its grace period a pod on a machine that works is gone within seconds.
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeadAnyway = TimeSpan.FromMinutes(1);

    /// <summary>Where the application stands, as its pod has it. The driver's address is not in it.</summary>
    /// <param name="pod">The driver's pod.</param>
    /// <param name="now">The time, to tell a deletion that hangs.</param>
    public static SparkStatus Of(V1Pod pod, DateTimeOffset now)
    {
        var status = pod.Status;
        var ended = DriverOf(pod)?.State?.Terminated;
        var known = new SparkStatus(SparkState.Pending)
        {
            ApplicationId = Label(pod, DriverObjects.ApplicationLabel),
            SubmissionId = new DriverNames(pod.Metadata.NamespaceProperty, pod.Metadata.Name).Identity,
        };
        if (IsEnding(pod) && Disruption(pod) is { } disruption)
        {
            known = known with
            {
                Leaving = new TaskError(
                    "temporary",
                    $"The driver was taken from its machine {pod.Spec.NodeName}: {disruption.Message ?? disruption.Reason}"
                ),
            };
        }

        return status?.Phase switch
        {
            "Succeeded" => known with { State = SparkState.Succeeded },
            "Failed" => Failed(known, pod, ended),
            "Unknown" => known with { State = SparkState.Lost, Error = LostError(pod) },
            _ when HangsInDeletion(pod, now) => known with { State = SparkState.Lost, Error = LostError(pod) },
            // The pod's phase follows its containers after a moment; a sidecar may keep it running for good.
            "Running" when ended is { ExitCode: 0 } => known with { State = SparkState.Succeeded },
            "Running" when ended is not null => Failed(known, pod, ended),
            "Running" => known with { State = SparkState.Running },
            _ => Pending(known, pod),
        };
    }

    /// <summary>Whether the cluster has given the pod's machine up: nobody there will say that the pod has ended.</summary>
    public static bool HangsInDeletion(V1Pod pod, DateTimeOffset now)
    {
        if (pod.Metadata.DeletionTimestamp is not { } at)
        {
            return false;
        }

        // The time of a deletion is when its grace period ends.
        var over = now - new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc));
        return over > DeadAnyway || (over > DeadAfter && Disruption(pod)?.Reason == "DeletionByTaintManager");
    }

    /// <summary>Whether the pod has been told to end, by whomever.</summary>
    public static bool IsEnding(V1Pod pod) => pod.Metadata.DeletionTimestamp is not null;

    public static bool HasEnded(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    /// <summary>The mark of the submission that a pod is of; null for a stranger.</summary>
    public static string? MarkOf(V1Pod pod) =>
        pod.Metadata.Annotations is { } annotations
        && annotations.TryGetValue(DriverObjects.MarkAnnotation, out var mark)
            ? mark
            : null;

    public static string? Label(V1Pod pod, string name) =>
        pod.Metadata.Labels is { } labels && labels.TryGetValue(name, out var value) ? value : null;

    /// <summary>The name of the driver's container: Spark adds it to a template's others as the last one.</summary>
    public static string ContainerOf(V1Pod pod)
    {
        var containers = pod.Spec.Containers;
        return containers.FirstOrDefault(c => c.Args is [("driver" or "executor"), ..])?.Name ?? containers[^1].Name;
    }

    private static V1ContainerStatus? DriverOf(V1Pod pod)
    {
        var name = ContainerOf(pod);
        return pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == name);
    }

    private static V1PodCondition? Disruption(V1Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "DisruptionTarget", Status: "True" });

    private static TaskError LostError(V1Pod pod) =>
        new(
            "temporary",
            $"The machine {pod.Spec.NodeName} of the driver is lost: {Disruption(pod)?.Message ?? pod.Status?.Message ?? "it does not report any more"}"
        );

    private static SparkStatus Failed(SparkStatus known, V1Pod pod, V1ContainerStateTerminated? ended)
    {
        if (
            pod.Status.Reason is "NodeLost" or "NodeShutdown" or "Terminated" or "Shutdown"
            || ended?.Reason == "ContainerStatusUnknown"
        )
        {
            return known with { State = SparkState.Lost, Error = LostError(pod) };
        }

        if (ended is { Reason: "OOMKilled" })
        {
            return known with
            {
                State = SparkState.Failed,
                Error = new TaskError(
                    "out_of_memory",
                    $"The driver used more memory than its limit of {MemoryLimitOf(pod)} and was killed (OOMKilled). spark.driver.memory and spark.driver.memoryOverhead make it larger.",
                    ended.ExitCode
                ),
            };
        }

        if (pod.Status.Reason is "Evicted" or "Preempting" || Disruption(pod) is not null)
        {
            var message = pod.Status.Message ?? Disruption(pod)?.Message ?? "no reason is given";
            return known with
            {
                State = SparkState.Lost,
                Error = new TaskError(
                    message.Contains("low on resource", StringComparison.Ordinal) ? "resources" : "temporary",
                    $"The driver was taken from its machine: {message}",
                    ended?.ExitCode
                ),
            };
        }

        if (pod.Status.Reason == "DeadlineExceeded")
        {
            return known with
            {
                State = SparkState.Failed,
                Error = new TaskError("timeout", "The pod's activeDeadlineSeconds are over."),
            };
        }

        if (ended is null)
        {
            return known with
            {
                State = SparkState.Failed,
                Error = new TaskError(
                    "error",
                    $"The driver's pod failed: {Join(pod.Status.Reason, pod.Status.Message) ?? "no reason is given"}"
                ),
            };
        }

        return Exited(known, pod, ended);
    }

    private static SparkStatus Exited(SparkStatus known, V1Pod pod, V1ContainerStateTerminated ended)
    {
        var signal = (ended.ExitCode - SignalBase) switch
        {
            SigKill => "SIGKILL",
            SigTerm => "SIGTERM",
            _ => null,
        };
        if (signal is not null)
        {
            return known with
            {
                State = IsEnding(pod) ? SparkState.Killed : SparkState.Failed,
                Error = new TaskError(
                    "killed",
                    $"The driver was ended from outside by {signal}.{After(ended.Message)}",
                    ended.ExitCode,
                    signal
                ),
            };
        }

        if (ended.Reason is "StartError" or "ContainerCannotRun")
        {
            return known with
            {
                State = SparkState.Failed,
                Error = new TaskError(
                    "error",
                    $"The driver could not be started:{After(ended.Message)}",
                    ended.ExitCode
                ),
            };
        }

        var exception =
            pod.Metadata.Annotations is { } annotations && annotations.TryGetValue(ExitException, out var text)
                ? text
                : null;
        var first = exception?.Split('\n', 2)[0].Trim();
        return known with
        {
            State = SparkState.Failed,
            Error = new TaskError(
                "exit_code",
                $"The driver ended with exit code {ended.ExitCode}{(first is { Length: > 0 } ? ": " + first : ".")}{After(ended.Message)}",
                ended.ExitCode,
                Exception: exception
            ),
        };
    }

    private static SparkStatus Pending(SparkStatus known, V1Pod pod)
    {
        var statuses = (pod.Status?.InitContainerStatuses ?? []).Concat(pod.Status?.ContainerStatuses ?? []);
        foreach (var waiting in statuses.Select(c => (c.Image, Why: c.State?.Waiting)))
        {
            if (waiting.Why is { Reason: not (null or "ContainerCreating" or "PodInitializing") } why)
            {
                return known with { PendingCause = CauseOf(why, waiting.Image), Hopeless = IsHopeless(why) };
            }
        }

        var scheduled = pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "PodScheduled");
        return known with
        {
            PendingCause = scheduled switch
            {
                { Status: "False", Reason: "Unschedulable" } => $"no machine takes the driver: {scheduled.Message}",
                { Status: "False" } => $"the driver has no machine yet: {Join(scheduled.Reason, scheduled.Message)}",
                null => "the scheduler has not looked at it yet",
                _ => $"its container is being made on {pod.Spec.NodeName}",
            },
        };
    }

    private static string CauseOf(V1ContainerStateWaiting why, string? image) =>
        why.Reason switch
        {
            "InvalidImageName" => $"the image's name is wrong: {image}{Because(why.Message)}",
            "ErrImagePull" or "ImagePullBackOff" or "ErrImageNeverPull" or "RegistryUnavailable" =>
                $"the image {image} cannot be pulled{Because(why.Message)}",
            "CreateContainerConfigError" => $"its container lacks something{Because(why.Message)}",
            _ => Join(why.Reason, why.Message)!,
        };

    private static bool IsHopeless(V1ContainerStateWaiting why) =>
        why.Reason is "InvalidImageName" or "ErrImageNeverPull"
        || (why.Reason is "ErrImagePull" or "ImagePullBackOff" && NoSuchImage().IsMatch(why.Message ?? ""));

    private static string MemoryLimitOf(V1Pod pod) =>
        pod.Spec.Containers.FirstOrDefault(c => c.Name == ContainerOf(pod))?.Resources?.Limits is { } limits
        && limits.TryGetValue("memory", out var limit)
            ? limit.ToString()
            : "its memory";

    private static string? Join(string? reason, string? message) =>
        (reason, message) switch
        {
            (null, _) => message,
            (_, null or "") => reason,
            _ => $"{reason}: {message}",
        };

    private static string Because(string? message) => message is { Length: > 0 } ? ": " + message : "";

    private static string After(string? message) => message is { Length: > 0 } ? " " + message.Trim() : "";

    [GeneratedRegex(
        @"not found|manifest unknown|does not exist|no such image|repository name must|pull access denied",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    )]
    private static partial Regex NoSuchImage();
}
