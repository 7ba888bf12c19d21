using System.Xml;
using System.Xml.Linq;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// Hadoop's settings of a cluster. <c>spark-submit</c> sends the whole folder along as an archive; here those settings that a client, a
/// driver or an executor reads go as <c>spark.hadoop.*</c> properties, which mean the same to Spark.
/// </summary>
internal static class HadoopConfiguration
{
    private static readonly string[] Files = ["core-site.xml", "hdfs-site.xml", "yarn-site.xml"];

    // What only the daemons read.
    private static readonly string[] Daemons =
    [
        "dfs.datanode.",
        "dfs.journalnode.",
        "dfs.namenode.name.",
        "dfs.namenode.edits.",
        "hadoop.http.",
        "hadoop.proxyuser.",
        "yarn.acl.",
        "yarn.admin.",
        "yarn.log-aggregation",
        "yarn.nodemanager.",
        "yarn.resourcemanager.am.",
        "yarn.resourcemanager.fs.",
        "yarn.resourcemanager.node",
        "yarn.resourcemanager.nm.",
        "yarn.resourcemanager.recovery.",
        "yarn.resourcemanager.scheduler.class",
        "yarn.resourcemanager.store.",
        "yarn.resourcemanager.zk",
        "yarn.scheduler.",
        "yarn.timeline-service.",
        "yarn.webapp.",
    ];

    /// <summary>The folder of a cluster's settings: its profile's, else the one that Hadoop's own programs would take; null for none.</summary>
    public static string? FolderOf(SparkClusterOptions cluster) =>
        new[]
        {
            cluster.HadoopConfDir,
            Environment.GetEnvironmentVariable("HADOOP_CONF_DIR"),
            Environment.GetEnvironmentVariable("YARN_CONF_DIR"),
        }.FirstOrDefault(folder => folder is { Length: > 0 });

    /// <summary>The settings of a folder that matter outside the daemons; none where there is no folder.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="XmlException">A file is not XML.</exception>
    public static IReadOnlyDictionary<string, string> Read(string? folder)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (folder is null)
        {
            return settings;
        }

        foreach (var path in Files.Select(file => Path.Combine(folder, file)).Where(File.Exists))
        {
            using var reader = XmlReader.Create(path, new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
            foreach (var property in XDocument.Load(reader).Descendants("property"))
            {
                var name = property.Element("name")?.Value.Trim();
                if (name is { Length: > 0 } && property.Element("value")?.Value is { } value && !IsDaemons(name))
                {
                    settings[name] = value.Trim();
                }
            }
        }

        return settings;
    }

    /// <summary>Whether only the daemons read a setting.</summary>
    public static bool IsDaemons(string name) =>
        Daemons.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));
}
