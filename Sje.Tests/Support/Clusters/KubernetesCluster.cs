using Sje.Testbed;

namespace Sje.Tests.Support.Clusters;

/// <summary>The one Kubernetes cluster of this run, started for the first test that asks. Tests that break it repair it again.</summary>
internal sealed class KubernetesCluster : LoopbackKubernetes
{
    private static readonly Lazy<Task<KubernetesCluster>> Shared = new(async () =>
        new KubernetesCluster(await StartAsync())
    );

    private KubernetesCluster(LoopbackKubernetes started)
        : base(started) { }

    /// <summary>The cluster of this run; skips the test where there can be none.</summary>
    public static Task<KubernetesCluster> StartedAsync() => Shared.Value;
}
