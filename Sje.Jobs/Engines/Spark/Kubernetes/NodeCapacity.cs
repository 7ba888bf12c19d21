using k8s.Models;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>What a cluster's machines have and what is taken of it, as far as one may ask.</summary>
internal static class NodeCapacity
{
    public static async Task<SparkClusterHealth> AddAsync(
        KubernetesApi api,
        SparkClusterHealth health,
        CancellationToken stop
    )
    {
        try
        {
            var nodes = (await api.SendAsync<V1NodeList>(HttpMethod.Get, "api/v1/nodes", null, stop))
                .Items.Where(IsOpen)
                .ToList();
            health = health with
            {
                Up = nodes.Count > 0,
                Message = nodes.Count > 0 ? health.Message : $"{health.Message}; no machine takes pods",
                Nodes = nodes.Count,
                TotalCores = nodes.Sum(node => Cores(node.Status?.Allocatable)),
                TotalMemoryBytes = nodes.Sum(node => Bytes(node.Status?.Allocatable)),
            };
            var selector = Uri.EscapeDataString("status.phase!=Succeeded,status.phase!=Failed");
            var names = nodes.Select(node => node.Metadata.Name).ToHashSet(StringComparer.Ordinal);
            var pods = (
                await api.SendAsync<V1PodList>(HttpMethod.Get, $"api/v1/pods?fieldSelector={selector}", null, stop)
            )
                .Items.Where(pod => pod.Spec.NodeName is { } on && names.Contains(on))
                .SelectMany(pod => pod.Spec.Containers)
                .Select(container => container.Resources?.Requests)
                .ToList();
            return health with { UsedCores = pods.Sum(Cores), UsedMemoryBytes = pods.Sum(Bytes) };
        }
        catch (KubernetesRefusal)
        {
            // Nodes are not in any namespace, and we may have rights in one only.
            return health;
        }
    }

    private static bool IsOpen(V1Node node) =>
        node.Spec?.Unschedulable != true
        && node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;

    private static double Cores(IDictionary<string, ResourceQuantity>? resources) => (double)Amount(resources, "cpu");

    private static long Bytes(IDictionary<string, ResourceQuantity>? resources) => (long)Amount(resources, "memory");

    private static decimal Amount(IDictionary<string, ResourceQuantity>? resources, string name) =>
        resources is not null && resources.TryGetValue(name, out var quantity) ? quantity.ToDecimal() : 0;
}
