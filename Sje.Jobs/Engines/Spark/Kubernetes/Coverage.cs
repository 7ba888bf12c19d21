using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>Which applications can be submitted without <c>spark-submit</c>.</summary>
internal static class Coverage
{
    private static readonly string[] NeedsItsClient =
    [
        "spark.kubernetes.driver.pod.featureSteps",
        "spark.kubernetes.authenticate.driver.oauthToken",
        "spark.kubernetes.authenticate.driver.oauthTokenFile",
        "spark.kubernetes.authenticate.driver.caCertFile",
        "spark.kubernetes.authenticate.driver.clientCertFile",
        "spark.kubernetes.authenticate.driver.clientKeyFile",
        "spark.jars.packages",
        "spark.jars.ivySettings",
    ];

    private static readonly string[] Kerberos =
    [
        "spark.kerberos.",
        "spark.kubernetes.kerberos.",
        "spark.kubernetes.driver.volumes.csi.",
    ];

    // Lists of files that a job may write as properties: spark-submit looks into them, too.
    private static readonly string[] FileLists =
    [
        "spark.jars",
        "spark.files",
        "spark.archives",
        "spark.submit.pyFiles",
    ];

    /// <summary>Whether it can, and why not, as the end of a sentence.</summary>
    public static bool Covers(SparkApplication application, out string? why)
    {
        why =
            application.DeployMode != "cluster" ? "its driver runs on the worker (client mode)"
            : application.Packages.Count > 0 ? "it names packages, which have to be resolved"
            : application.Keytab is not null || application.Principal is not null ? "it signs in with Kerberos"
            : application.Properties.Keys.FirstOrDefault(NeedsItsClient.Contains) is { } name ? $"it sets {name}"
            : application.Properties.Keys.FirstOrDefault(HasItsClient) is { } other ? $"it sets {other}"
            : FileLists.FirstOrDefault(list => NamesFiles(application, list)) is { } files
                ? $"{files} names files of this machine, which have to be uploaded"
            : application.Properties.TryGetValue(DriverProperties.PodTemplateFile, out var template)
            && IsRemote(template)
                ? $"{DriverProperties.PodTemplateFile} has to be fetched"
            : application.Properties.TryGetValue(DriverProperties.ExecutorPodTemplateFile, out template)
            && IsRemote(template)
                ? $"{DriverProperties.ExecutorPodTemplateFile} has to be fetched"
            : null;
        return why is null && LocalFiles.Fit(application, out why);
    }

    /// <summary>Whether a property is one that only <c>spark-submit</c> can make something of, or may name files of this machine.</summary>
    public static bool NeedsSparkSubmit(string name) =>
        NeedsItsClient.Contains(name)
        || HasItsClient(name)
        || FileLists.Contains(name)
        || name is DriverProperties.PodTemplateFile or DriverProperties.ExecutorPodTemplateFile;

    private static bool HasItsClient(string name) =>
        Kerberos.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private static bool NamesFiles(SparkApplication application, string list) =>
        application.Properties.TryGetValue(list, out var files)
        && files
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Any(file => Path.IsPathRooted(file) || file.StartsWith("file:", StringComparison.Ordinal));

    private static bool IsRemote(string file) =>
        file.Contains("://", StringComparison.Ordinal) && !file.StartsWith("file:", StringComparison.Ordinal);
}
