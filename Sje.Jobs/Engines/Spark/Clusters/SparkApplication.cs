using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Clusters;

/// <summary>What kind of cluster a master is.</summary>
internal enum SparkClusterKind
{
    /// <summary><c>local[...]</c>: driver and executors in one process.</summary>
    Local,

    /// <summary><c>spark://</c>: Spark's own master and workers.</summary>
    Standalone,

    /// <summary>Hadoop YARN.</summary>
    Yarn,

    /// <summary>Kubernetes.</summary>
    Kubernetes,
}

/// <summary>How an application comes to its cluster.</summary>
internal enum SubmissionWay
{
    /// <summary>By the cluster's own interface where that can do it, else by <see cref="SparkSubmit"/>.</summary>
    Auto,

    /// <summary>By the cluster's own interface: a few calls over HTTP.</summary>
    Rest,

    /// <summary>By Spark's <c>spark-submit</c>, a child of the worker that lives only for the submission.</summary>
    SparkSubmit,
}

/// <summary>A Spark application as it is to be submitted: settings, cluster profile and our own properties put together, templates filled in.</summary>
internal sealed record SparkApplication
{
    /// <summary>Which attempt of which task submits it.</summary>
    public required AttemptIdentity Attempt { get; init; }

    /// <summary>The name that people see on the cluster.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the cluster profile.</summary>
    public required string ClusterName { get; init; }

    /// <summary>The cluster profile.</summary>
    public required SparkClusterOptions Cluster { get; init; }

    /// <summary>The Spark distribution on this machine; null where there is none and none is needed.</summary>
    public SparkInstallation? Installation { get; init; }

    /// <summary><c>cluster</c> or <c>client</c>.</summary>
    public required string DeployMode { get; init; }

    /// <summary>How it is to be submitted in cluster mode; once that is decided, no longer <see cref="SubmissionWay.Auto"/>.</summary>
    public SubmissionWay Way { get; init; }

    /// <summary>The jar or Python file: an absolute path or a URI (<c>local:///opt/app.py</c>, <c>hdfs://...</c>).</summary>
    public required string Resource { get; init; }

    /// <summary>Whether <see cref="Resource"/> is Python; else it is a jar.</summary>
    public required bool IsPython { get; init; }

    /// <summary>The class with <c>main</c>; a jar's own (<c>Main-Class</c>) is filled in. Null for Python.</summary>
    public string? MainClass { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<string> Jars { get; init; } = [];

    public IReadOnlyList<string> PyFiles { get; init; } = [];

    public IReadOnlyList<string> Files { get; init; } = [];

    public IReadOnlyList<string> Archives { get; init; } = [];

    /// <summary>Maven coordinates; only <c>spark-submit</c> can resolve them.</summary>
    public IReadOnlyList<string> Packages { get; init; } = [];

    public IReadOnlyList<string> ExcludePackages { get; init; } = [];

    public IReadOnlyList<string> Repositories { get; init; } = [];

    /// <summary>
    /// All Spark properties but those that the way of submission adds: the profile's, the job's, the sizing
    /// (<c>spark.driver.memory</c>, <c>spark.executor.instances</c>, ...), the event log, and <see cref="SparkMark.Property"/>.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Properties { get; init; }

    /// <summary>Variables of the driver's and the executors' environment.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    public string? Principal { get; init; }

    public string? Keytab { get; init; }

    public string? ProxyUser { get; init; }

    /// <summary>YARN's queue.</summary>
    public string? Queue { get; init; }

    /// <summary>What the job says for Kubernetes.</summary>
    public SparkKubernetesSettings Kubernetes { get; init; } = new();
}

/// <summary>What a job says for Kubernetes beside the profile.</summary>
internal sealed record SparkKubernetesSettings
{
    public string? Namespace { get; init; }

    public string? Image { get; init; }

    public string? ServiceAccount { get; init; }

    /// <summary>A pod (v1) to start from for the driver.</summary>
    public JsonObject? DriverTemplate { get; init; }

    /// <summary>A pod (v1) to start from for executors.</summary>
    public JsonObject? ExecutorTemplate { get; init; }

    public IReadOnlyDictionary<string, string> NodeSelector { get; init; } = new Dictionary<string, string>();

    /// <summary>Executors' only: where spot machines are.</summary>
    public IReadOnlyDictionary<string, string> ExecutorNodeSelector { get; init; } = new Dictionary<string, string>();

    /// <summary>Tolerations (v1) of driver and executors.</summary>
    public JsonArray Tolerations { get; init; } = [];
}

/// <summary>A Spark distribution on this machine, looked at.</summary>
/// <param name="Name">Its name in the configuration.</param>
/// <param name="Home">Its folder, absolute.</param>
/// <param name="JavaHome">The Java to run it with; null for the path's.</param>
/// <param name="Python">The Python of its applications; null for the path's.</param>
/// <param name="Version">Its version, from the file <c>RELEASE</c> or the name of its core jar; null where neither says it.</param>
internal sealed record SparkInstallation(string Name, string Home, string? JavaHome, string? Python, Version? Version);

/// <summary>
/// The mark of a submission: it stands in the application's properties, where a take-over can find it. <c>task id/number of the attempt that
/// chose it</c>.
/// </summary>
internal static class SparkMark
{
    /// <summary>The property that carries it.</summary>
    public const string Property = SparkTaskType.MarkProperty;

    public static string Of(Guid taskId, int number) => $"{taskId}/{number}";
}
