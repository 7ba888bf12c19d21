using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>On Kubernetes. Drivers are shells here: what they would do is not the question.</summary>
[Collection(Alone.Name)]
public sealed class KubernetesCrashTests : SubmissionCrashes
{
    private KubernetesCluster cluster = null!; // Set by ProfileAsync, which every test begins with.
    private string? node;

    private protected override async Task<SparkClusterOptions> ProfileAsync()
    {
        cluster = await KubernetesCluster.StartedAsync();
        return cluster.Profile;
    }

    private protected override JsonObject Driver(string folder) =>
        new()
        {
            ["application"] = "local:///nothing.py",
            ["sparkConf"] = new JsonObject
            {
                // To be counted after their end.
                [DriverObjects.KeepProperty] = "3600",
                ["spark.driver.memory"] = "512m",
                ["spark.kubernetes.driver.volumes.hostPath.out.mount.path"] = folder,
                ["spark.kubernetes.driver.volumes.hostPath.out.options.path"] = folder,
            },
            ["kubernetes"] = new JsonObject
            {
                ["image"] = "host",
                ["driverTemplate"] = new JsonObject
                {
                    ["spec"] = new JsonObject
                    {
                        ["terminationGracePeriodSeconds"] = 10,
                        ["containers"] = new JsonArray(
                            new JsonObject
                            {
                                ["name"] = DriverObjects.DriverContainer,
                                // A JVM takes some seconds to end, too.
                                ["command"] = new JsonArray(
                                    "/bin/bash",
                                    "-c",
                                    $"trap 'sleep 3; exit 143' TERM; mktemp {folder}/ran.XXXXXXXX; until [ -e {folder}/go ]; do sleep 0.2; done"
                                ),
                            }
                        ),
                    },
                },
            },
        };

    private protected override async Task<IReadOnlyList<SparkState>> ApplicationsAsync(Guid task) =>
        [
            .. (await DriversAsync(task)).Select(pod =>
                pod["status"]!["phase"]!.ToString() switch
                {
                    "Running" => SparkState.Running,
                    "Succeeded" => SparkState.Succeeded,
                    "Failed" => SparkState.Failed,
                    _ => SparkState.Pending,
                }
            ),
        ];

    private protected override async Task<LossyCluster> RouteAsync(SparkClusterOptions profile)
    {
        var route = await LossyRoute.OpenAsync(
            new Uri(cluster.Address),
            (method, path) =>
                method == "POST"
                && !path.Contains("dryRun", StringComparison.Ordinal)
                && (
                    path.Contains("/pods?", StringComparison.Ordinal)
                    || path.Contains("/configmaps?", StringComparison.Ordinal)
                ),
            times: 2,
            authority: profile.CaCertFile
        );
        profile.Master = "k8s://" + route.Address;
        profile.CaCertFile = route.CertificateFile;
        return new LossyCluster(profile, route);
    }

    private protected override Task BreakMasterAsync() => cluster.ControlAsync("components/kube-apiserver/pause");

    private protected override Task MendMasterAsync() => cluster.ControlAsync("components/kube-apiserver/resume");

    private protected override async Task KillMachineAsync(Guid task)
    {
        node = Assert.Single(await DriversAsync(task))["spec"]!["nodeName"]!.ToString();
        await cluster.ControlAsync($"nodes/{node}/kill");
    }

    private protected override Task MendMachineAsync() => cluster.ControlAsync($"nodes/{node}/start");

    [Fact]
    public Task A_spot_machine_that_is_taken_back_fails_the_attempt_and_the_next_one_succeeds() =>
        LosesItsMachineAsync(
            async task =>
            {
                node = Assert.Single(await DriversAsync(task))["spec"]!["nodeName"]!.ToString();
                await cluster.ControlAsync($"nodes/{node}/reclaim");
            },
            () => cluster.ControlAsync($"nodes/{node}/uncordon")
        );

    private async Task<IReadOnlyList<JsonNode>> DriversAsync(Guid task)
    {
        var list = await cluster.Admin.SendAsync<JsonObject>(
            HttpMethod.Get,
            $"api/v1/namespaces/{KubernetesCluster.Space}/pods?labelSelector={DriverObjects.RoleLabel}%3Ddriver",
            null,
            CancellationToken.None
        );
        return
        [
            .. list["items"]!
                .AsArray()
                .Where(pod =>
                    pod!["metadata"]!
                        ["annotations"]
                        ?[DriverObjects.MarkAnnotation]?.ToString()
                        .StartsWith(task.ToString(), StringComparison.Ordinal) == true
                )
                .Select(pod => pod!),
        ];
    }
}
