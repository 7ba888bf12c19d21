using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>The Spark that lies on every node.</summary>
internal static class NodeSpark
{
    /// <summary>Its folder; null where nobody says it.</summary>
    public static string? HomeOf(SparkApplication application) =>
        application.Cluster.NodeSparkHome is { Length: > 0 } home ? home.TrimEnd('/') : application.Installation?.Home;

    /// <summary>
    /// The archives that Python needs. Their names have versions in them, so that they are looked up where a Spark can be seen; null where there is
    /// none.
    /// </summary>
    public static IReadOnlyList<string>? PythonLibraries(SparkApplication application)
    {
        if (HomeOf(application) is not { } home)
        {
            return null;
        }

        foreach (var seen in new[] { home, application.Installation?.Home })
        {
            if (seen is not null && Directory.Exists(Path.Combine(seen, "python", "lib")))
            {
                List<string> names =
                [
                    .. Directory
                        .EnumerateFiles(Path.Combine(seen, "python", "lib"), "*.zip")
                        .Select(path => Path.GetFileName(path))
                        .Order(StringComparer.Ordinal),
                ];
                return names.Contains("pyspark.zip") ? names.ConvertAll(name => $"{home}/python/lib/{name}") : null;
            }
        }

        return null;
    }

    /// <summary>Its jars, as <c>spark.yarn.jars</c> names them; null where an archive has them.</summary>
    public static string? Jars(SparkApplication application) =>
        application.Properties.TryGetValue("spark.yarn.jars", out var jars) ? jars
        : application.Properties.ContainsKey("spark.yarn.archive") ? null
        : $"local:{HomeOf(application)}/jars/*";
}
