using System.Text;
using System.Xml;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>What the ResourceManager's REST cannot do for an application, so that <c>spark-submit</c> has to.</summary>
internal static class YarnCoverage
{
    // What properties and arguments may take of the longest command; the rest is the frame, quotes and escapes.
    private const int LongestText = YarnShell.LongestCommand / 2;

    /// <summary>Why an application cannot go by REST, in words; null when it can.</summary>
    public static string? WhyNot(SparkApplication application)
    {
        var cluster = application.Cluster;
        if (!string.Equals(application.DeployMode, "cluster", StringComparison.OrdinalIgnoreCase))
        {
            return "the driver is to run here (deploy mode client)";
        }

        if (cluster.ResourceManagers.Length == 0)
        {
            return "the cluster names no ResourceManager's address";
        }

        if (application.Packages.Count > 0 || application.Properties.ContainsKey("spark.jars.packages"))
        {
            return "packages have to be resolved";
        }

        if (
            application.Principal is not null
            || application.Keytab is not null
            || application.Properties.Keys.Any(key =>
                key
                    is "spark.kerberos.keytab"
                        or "spark.kerberos.principal"
                        or "spark.yarn.keytab"
                        or "spark.yarn.principal"
            )
        )
        {
            return "Kerberos: a principal or keytab is given";
        }

        if (application.ProxyUser is not null)
        {
            return "a proxy user is given";
        }

        if (
            application.Properties.Keys.FirstOrDefault(key =>
                key.StartsWith("spark.yarn.driver.resource.", StringComparison.Ordinal)
                || key.StartsWith("spark.driver.resource.", StringComparison.Ordinal)
                || key is "spark.yarn.config.gatewayPath" or "spark.yarn.am.attemptFailuresValidityInterval"
            ) is
            { } own
        )
        {
            return $"{own} is for Spark's own client";
        }

        IReadOnlyDictionary<string, string> hadoop;
        try
        {
            hadoop = HadoopConfiguration.Read(HadoopConfiguration.FolderOf(cluster));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or XmlException)
        {
            return $"Hadoop's configuration cannot be read: {e.Message}";
        }

        if (hadoop.GetValueOrDefault("hadoop.security.authentication", "simple") != "simple")
        {
            return "the cluster asks for Kerberos";
        }

        return WhyNotFiles(application, hadoop)
            ?? WhyNotSpark(application)
            ?? (
                YarnSubmission
                    .Texts(application)
                    .Concat(hadoop.Keys)
                    .Concat(hadoop.Values)
                    .Sum(text => (long)Encoding.UTF8.GetByteCount(text)) > LongestText
                    ? "properties, arguments and environment are too long for one command"
                    : null
            );
    }

    private static string? WhyNotFiles(SparkApplication application, IReadOnlyDictionary<string, string> hadoop)
    {
        // With a file system of its own, a cluster's nodes cannot be expected to see the files of this machine.
        var shared =
            !hadoop.TryGetValue("fs.defaultFS", out var files)
            || files.StartsWith("file:", StringComparison.OrdinalIgnoreCase);
        foreach (var file in YarnFiles.Named(application).Select(YarnFile.Parse))
        {
            if (file.Place == YarnFilePlace.Elsewhere)
            {
                return $"{file.Written}: its size and time are not known";
            }

            if (file.Place == YarnFilePlace.Shared && !shared)
            {
                return $"{file.Written} has to be uploaded to {files}";
            }

            if (file.Path.AsSpan().IndexOfAny("*?[{") >= 0 && !File.Exists(file.Path))
            {
                return $"{file.Written} is a pattern";
            }

            if (file.Path.EndsWith(".R", StringComparison.OrdinalIgnoreCase) && file.Written == application.Resource)
            {
                return "it is an R application";
            }
        }

        return null;
    }

    private static string? WhyNotSpark(SparkApplication application)
    {
        var jars = application.Properties.GetValueOrDefault("spark.yarn.jars");
        if (jars is not null && jars.Split(',').Any(jar => YarnFile.Parse(jar).Place != YarnFilePlace.Node))
        {
            return "spark.yarn.jars names files that are not on the nodes (local:)";
        }

        if (
            jars is null
            && !application.Properties.ContainsKey("spark.yarn.archive")
            && NodeSpark.HomeOf(application) is null
        )
        {
            return "Spark's folder on the nodes is not known (nodeSparkHome)";
        }

        return application.IsPython && NodeSpark.PythonLibraries(application) is null
            ? "Spark's Python libraries on the nodes are not known (nodeSparkHome, and an installation of the same version here)"
            : null;
    }
}
