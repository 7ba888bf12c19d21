using k8s;
using k8s.Models;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Kubernetes;

namespace Sje.Tests.Unit.Engines.Spark.Kubernetes;

public sealed class PodStateTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("""{"phase": "Succeeded"}""", nameof(SparkState.Succeeded), null)]
    [InlineData("""{"phase": "Running"}""", nameof(SparkState.Running), null)]
    [InlineData("""{"phase": "Unknown"}""", nameof(SparkState.Lost), "temporary")]
    [InlineData("""{"phase": "Failed", "reason": "NodeLost"}""", nameof(SparkState.Lost), "temporary")]
    [InlineData(
        """{"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}""",
        nameof(SparkState.Lost),
        "resources"
    )]
    [InlineData(
        """{"phase": "Failed", "reason": "Evicted", "message": "going away"}""",
        nameof(SparkState.Lost),
        "temporary"
    )]
    [InlineData("""{"phase": "Failed", "reason": "DeadlineExceeded"}""", nameof(SparkState.Failed), "timeout")]
    [InlineData(
        """{"phase": "Failed", "reason": "UnexpectedAdmissionError", "message": "no gpu"}""",
        nameof(SparkState.Failed),
        "error"
    )]
    public void The_phase_says_how_it_stands(string status, string expected, string? failure)
    {
        var found = PodState.Of(Pod(status), Now);

        Assert.Equal(expected, found.State.ToString());
        Assert.Equal(failure, found.Error?.Class);
        Assert.Equal("spark-1", found.ApplicationId);
        Assert.Equal("spark:pi-driver", found.SubmissionId);
    }

    [Theory]
    [InlineData(1, "Error", nameof(SparkState.Failed), "exit_code", null)]
    [InlineData(42, "Error", nameof(SparkState.Failed), "exit_code", null)]
    [InlineData(137, "OOMKilled", nameof(SparkState.Failed), "out_of_memory", null)]
    [InlineData(137, "Error", nameof(SparkState.Failed), "killed", "SIGKILL")]
    [InlineData(143, "Error", nameof(SparkState.Failed), "killed", "SIGTERM")]
    [InlineData(128, "StartError", nameof(SparkState.Failed), "error", null)]
    [InlineData(137, "ContainerStatusUnknown", nameof(SparkState.Lost), "temporary", null)]
    public void The_containers_end_says_why_it_failed(
        int code,
        string reason,
        string state,
        string failure,
        string? signal
    )
    {
        var status =
            $$$$"""{"phase": "Failed", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": {{{{code}}}}, "reason": "{{{{reason}}}}"}}}]}""";

        var found = PodState.Of(Pod(status), Now);

        Assert.Equal(state, found.State.ToString());
        Assert.Equal(failure, found.Error!.Class);
        Assert.Equal(signal, found.Error.Signal);
        if (found.State == SparkState.Failed)
        {
            Assert.Equal(code, found.Error.ExitCode);
        }
    }

    [Fact]
    public void The_exception_that_Spark_wrote_down_is_told()
    {
        var pod = Pod(
            """{"phase": "Failed", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}]}"""
        );
        pod.Metadata.Annotations["spark.exit-exception"] = "java.lang.IllegalStateException: no more\n\tat Main.main";

        var error = PodState.Of(pod, Now).Error!;

        Assert.Equal("The driver ended with exit code 1: java.lang.IllegalStateException: no more", error.Message);
        Assert.Contains("at Main.main", error.Exception!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_driver_that_was_told_to_end_was_killed()
    {
        var pod = Pod(
            """{"phase": "Failed", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 143, "reason": "Error"}}}]}"""
        );
        pod.Metadata.DeletionTimestamp = Now.UtcDateTime;

        Assert.Equal(SparkState.Killed, PodState.Of(pod, Now).State);
    }

    [Fact]
    public void A_sidecar_that_goes_on_does_not_keep_the_application_running()
    {
        const string status =
            """{"phase": "Running", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]}""";

        Assert.Equal(SparkState.Succeeded, PodState.Of(Pod(status), Now).State);
    }

    [Fact]
    public void A_driver_on_a_machine_that_the_cluster_gave_up_is_lost()
    {
        var pod = Pod(
            """{"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager", "message": "Taint manager: deleting due to NoExecute taint"}]}"""
        );
        Assert.Equal(SparkState.Running, PodState.Of(pod, Now).State);

        // The time of a deletion is when its grace ends.
        pod.Metadata.DeletionTimestamp = Now.UtcDateTime.AddSeconds(1);
        Assert.Equal(SparkState.Running, PodState.Of(pod, Now).State);
        pod.Metadata.DeletionTimestamp = Now.UtcDateTime.AddSeconds(-10);
        var lost = PodState.Of(pod, Now);
        Assert.Equal(SparkState.Lost, lost.State);
        Assert.Contains("node-2", lost.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_driver_that_is_being_taken_from_its_machine_is_known_to_be_before_it_is_gone()
    {
        var pod = Pod(
            """{"phase": "Running", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting"}]}"""
        );
        Assert.Null(PodState.Of(pod, Now).Leaving);

        pod.Metadata.DeletionTimestamp = Now.UtcDateTime.AddSeconds(20);

        var leaving = PodState.Of(pod, Now);
        Assert.Equal(SparkState.Running, leaving.State);
        Assert.Equal("temporary", leaving.Leaving!.Class);
        Assert.Contains("node-2: Eviction API: evicting", leaving.Leaving.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"phase": "Pending"}""", "the scheduler has not looked at it yet", false)]
    [InlineData(
        """{"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available: 3 Insufficient cpu."}]}""",
        "no machine takes the driver: 0/3 nodes are available: 3 Insufficient cpu.",
        false
    )]
    [InlineData(
        """{"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "True"}], "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}]}""",
        "its container is being made on node-2",
        false
    )]
    [InlineData(
        """{"phase": "Pending", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "nope:1", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown"}}}]}""",
        "the image nope:1 cannot be pulled: manifest unknown",
        true
    )]
    [InlineData(
        """{"phase": "Pending", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "nope:1", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "ImagePullBackOff", "message": "dial tcp: i/o timeout"}}}]}""",
        "the image nope:1 cannot be pulled: dial tcp: i/o timeout",
        false
    )]
    [InlineData(
        """{"phase": "Pending", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "NO", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "InvalidImageName", "message": "bad"}}}]}""",
        "the image's name is wrong: NO: bad",
        true
    )]
    [InlineData(
        """{"phase": "Pending", "containerStatuses": [{"name": "spark-kubernetes-driver", "image": "i", "imageID": "", "ready": false, "restartCount": 0, "state": {"waiting": {"reason": "CreateContainerConfigError", "message": "secret \"db\" not found"}}}]}""",
        "its container lacks something: secret \"db\" not found",
        false
    )]
    public void What_it_waits_for_is_told_in_words(string status, string cause, bool hopeless)
    {
        var found = PodState.Of(Pod(status), Now);

        Assert.Equal(SparkState.Pending, found.State);
        Assert.Equal(cause, found.PendingCause);
        Assert.Equal(hopeless, found.Hopeless);
    }

    private static V1Pod Pod(string status) =>
        KubernetesJson.Deserialize<V1Pod>(
            $$$"""
            {
              "metadata": {"name": "pi-driver", "namespace": "spark", "labels": {"spark-app-selector": "spark-1"}, "annotations": {}},
              "spec": {"nodeName": "node-2", "containers": [{"name": "spark-kubernetes-driver", "args": ["driver"], "image": "i"}]},
              "status": {{{status}}}
            }
            """
        );
}
