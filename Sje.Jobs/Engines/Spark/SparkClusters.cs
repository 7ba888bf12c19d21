using System.Collections.Concurrent;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Standalone;
using Sje.Jobs.Engines.Spark.Yarn;

namespace Sje.Jobs.Engines.Spark;

/// <summary>The clusters of the configuration, each with one client that many tasks share.</summary>
internal sealed class SparkClusters(SparkPlanner planner, SparkHttp http, TimeProvider clock) : IDisposable
{
    private readonly ConcurrentDictionary<string, ISparkCluster> clusters = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, HttpMessageInvoker> pages = new(StringComparer.OrdinalIgnoreCase);
    private readonly HttpMessageInvoker plain = DriverRest.Connections();

    /// <summary>The client of a cluster; null for <c>local[...]</c>, which is no cluster to be asked.</summary>
    /// <exception cref="FormatException">There is none of that name, or its profile is wrong.</exception>
    public ISparkCluster? Find(string name)
    {
        var (found, profile) = planner.FindCluster(name);
        return SparkPlanner.KindOf(profile.Master) == SparkClusterKind.Local
            ? null
            : clusters.GetOrAdd(found, _ => Open(found, profile));
    }

    /// <summary>
    /// What asks drivers of that cluster for their pages. Also for one that this process does not know: most drivers need nothing special.
    /// </summary>
    public HttpMessageInvoker PagesOf(string name)
    {
        ISparkCluster? cluster;
        try
        {
            cluster = Find(name);
        }
        catch (FormatException)
        {
            cluster = null;
        }

        return cluster is null
            ? plain
            : pages.GetOrAdd(
                name,
                _ => cluster.OpenPages() is { } handler ? new HttpMessageInvoker(handler, disposeHandler: true) : plain
            );
    }

    public void Dispose()
    {
        foreach (var invoker in pages.Values)
        {
            invoker.Dispose();
        }

        plain.Dispose();
    }

    private ISparkCluster Open(string name, SparkClusterOptions profile) =>
        SparkPlanner.KindOf(profile.Master) switch
        {
            SparkClusterKind.Kubernetes => new KubernetesSparkCluster(name, profile, clock),
            SparkClusterKind.Yarn => new YarnCluster(profile, http.Client, clock),
            SparkClusterKind.Standalone => new StandaloneCluster(name, profile, http.Client, clock),
            var kind => throw new FormatException($"Cluster {name}: there is no way to a cluster of kind {kind}."),
        };
}

/// <summary>The one HTTP client for clusters and drivers: they are many calls to few hosts.</summary>
internal sealed class SparkHttp : IDisposable
{
    /// <summary>Follows no redirects, by which a standby tells that another leads, and keeps no cookies, which name somebody.</summary>
    public HttpClient Client { get; } =
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(3),
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
                UseProxy = false,
            }
        )
        {
            Timeout = TimeSpan.FromSeconds(15),
        };

    public void Dispose() => Client.Dispose();
}
