using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// The properties with which the driver starts: the application's, those that <c>spark-submit</c> adds for a driver on Kubernetes, and ours.
/// </summary>
internal static class DriverProperties
{
    public const string PodTemplateFile = "spark.kubernetes.driver.podTemplateFile";
    public const string ExecutorPodTemplateFile = "spark.kubernetes.executor.podTemplateFile";
    public const string OverheadFactor = "spark.kubernetes.memoryOverheadFactor";
    public const string NonJvmOverheadFactor = "0.4";
    public const string JvmOverheadFactor = "0.1";

    // The submitter's own business, and where its secrets are.
    private static readonly string[] SubmissionOnly =
    [
        "spark.kubernetes.authenticate.submission.",
        "spark.kubernetes.submission.",
        "spark.kubernetes.context",
        "spark.kubernetes.file.upload.path",
        PodTemplateFile,
    ];

    // What Spark sets for itself there; it refuses to start with another value, and so do we.
    private static readonly string[] NotTheirs = ["spark.driver.host", "spark.driver.bindAddress"];

    /// <summary>All properties of the driver.</summary>
    /// <exception cref="FormatException">The application's cannot be so.</exception>
    public static SortedDictionary<string, string> Of(
        SparkApplication application,
        DriverNames names,
        string mark,
        bool hasExecutorTemplate
    )
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in application.Properties)
        {
            if (NotTheirs.Contains(name))
            {
                throw new FormatException($"{name} cannot be set on Kubernetes: it follows from the driver's service.");
            }

            if (
                !SubmissionOnly.Any(own =>
                    own.EndsWith('.') ? name.StartsWith(own, StringComparison.Ordinal) : name == own
                )
            )
            {
                result[name] = value;
            }
        }

        AddSettings(result, application);
        AddFiles(result, application);
        AddOwn(result, application, names, mark);
        if (hasExecutorTemplate)
        {
            result[ExecutorPodTemplateFile] = DriverObjects.TemplateFile;
        }

        return result;
    }

    /// <summary>Those whose name begins with <paramref name="prefix"/>, without it.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Below(
        IReadOnlyDictionary<string, string> properties,
        string prefix
    ) =>
        properties
            .Where(p => p.Key.Length > prefix.Length && p.Key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(p => KeyValuePair.Create(p.Key[prefix.Length..], p.Value));

    private static void AddSettings(SortedDictionary<string, string> to, SparkApplication application)
    {
        var settings = application.Kubernetes;
        Prefer("spark.kubernetes.container.image", settings.Image, application.Cluster.Image);
        Prefer(
            "spark.kubernetes.authenticate.driver.serviceAccountName",
            settings.ServiceAccount,
            application.Cluster.ServiceAccount
        );
        foreach (var (label, value) in settings.NodeSelector)
        {
            to["spark.kubernetes.node.selector." + label] = value;
        }

        foreach (var (label, value) in settings.ExecutorNodeSelector)
        {
            to["spark.kubernetes.executor.node.selector." + label] = value;
        }

        foreach (var (variable, value) in application.Environment)
        {
            to["spark.kubernetes.driverEnv." + variable] = value;
            to["spark.executorEnv." + variable] = value;
        }

        // The job's word, else a property, else the profile's.
        void Prefer(string property, string? job, string? profile)
        {
            if (job is not null)
            {
                to[property] = job;
            }
            else if (profile is { Length: > 0 })
            {
                to.TryAdd(property, profile);
            }
        }
    }

    private static void AddFiles(SortedDictionary<string, string> to, SparkApplication application)
    {
        // The driver's own spark-submit hands the application's jar to executors by this list.
        Add("spark.jars", application.IsPython ? application.Jars : [.. application.Jars, application.Resource]);
        Add("spark.files", application.Files);
        Add("spark.archives", application.Archives);
        Add("spark.submit.pyFiles", application.PyFiles);

        void Add(string property, IReadOnlyList<string> files)
        {
            var all = (to.GetValueOrDefault(property) ?? "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Concat(files)
                .Distinct(StringComparer.Ordinal)
                .ToList();
            if (all.Count > 0)
            {
                to[property] = string.Join(',', all);
            }
        }
    }

    private static void AddOwn(
        SortedDictionary<string, string> to,
        SparkApplication application,
        DriverNames names,
        string mark
    )
    {
        to[SparkMark.Property] = mark;
        to["spark.app.id"] = DriverNames.ApplicationIdOf(mark);
        to["spark.app.name"] = application.Name;
        to["spark.master"] = MasterOf(application.Cluster.Master);
        to["spark.submit.deployMode"] = "cluster";
        to["spark.kubernetes.namespace"] = names.Namespace;
        to["spark.kubernetes.driver.pod.name"] = names.Pod;
        to["spark.kubernetes.executor.podNamePrefix"] = names.Prefix;
        to["spark.kubernetes.submitInDriver"] = "true";
        to["spark.kubernetes.resource.type"] = application.IsPython ? "python" : "java";
        to.TryAdd(OverheadFactor, application.IsPython ? NonJvmOverheadFactor : JvmOverheadFactor);
        to["spark.driver.host"] = names.Host;
        to.TryAdd("spark.driver.port", "7078");
        to.TryAdd("spark.driver.blockManager.port", to.GetValueOrDefault("spark.blockManager.port") ?? "7079");
        // Why it failed, where it can be read when its log is gone. Sparks that do not know it take no notice.
        to.TryAdd("spark.kubernetes.driver.annotateExitException", "true");
        // An executor that is deleted takes its log along. Its pod goes with the driver's.
        to.TryAdd("spark.kubernetes.executor.deleteOnTermination", "false");
    }

    /// <summary>The master with its scheme: Spark takes <c>k8s://host</c> for https.</summary>
    public static string MasterOf(string master)
    {
        const string kind = "k8s://";
        var address = master.StartsWith(kind, StringComparison.Ordinal) ? master[kind.Length..] : master;
        return kind + (address.Contains("://", StringComparison.Ordinal) ? address : "https://" + address);
    }
}
