using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Jobs.Engines.Spark.Planning;

/// <summary>The Spark distributions of this machine, looked at again whenever they are asked for: a folder may be mounted later.</summary>
internal sealed partial class SparkInstallations(IOptions<SparkOptions> options)
{
    private const string HomeVariable = "SPARK_HOME";

    /// <summary>
    /// The distribution of a name, or of the newest name that begins with it (<c>4</c> finds <c>4.1</c>); for null the only or the first one. Null
    /// where nothing was named and nothing is there.
    /// </summary>
    /// <exception cref="FormatException">There is none of that name, or its folder holds no Spark; the message says so.</exception>
    public SparkInstallation? Find(string? name)
    {
        var known = options.Value.Installations;
        if (known.Count == 0)
        {
            var home = Environment.GetEnvironmentVariable(HomeVariable);
            return !string.IsNullOrWhiteSpace(home) ? Look("default", new SparkInstallationOptions { Home = home })
                : name is null ? null
                : throw new FormatException(
                    $"This worker has no Spark '{name}': its configuration has none (section 'spark.installations'), and {HomeVariable} is not set."
                );
        }

        var found = name is null
            ? known.OrderBy(entry => entry.Key, StringComparer.OrdinalIgnoreCase).First().Key
            : known.Keys.FirstOrDefault(key => string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
                ?? known
                    .Keys.Where(key => key.StartsWith(name + ".", StringComparison.OrdinalIgnoreCase))
                    .OrderByDescending(key => Version.TryParse(key, out var version) ? version : new Version())
                    .FirstOrDefault()
                ?? throw new FormatException(
                    $"This worker has no Spark '{name}': those of its configuration are {string.Join(", ", known.Keys.Order(StringComparer.OrdinalIgnoreCase))}."
                );
        return Look(found, known[found]);
    }

    private static SparkInstallation Look(string name, SparkInstallationOptions options)
    {
        var home = Path.GetFullPath(options.Home);
        return File.Exists(Path.Combine(home, "bin", "spark-submit"))
            ? new SparkInstallation(name, home, options.JavaHome, options.Python, VersionOf(home))
            : throw new FormatException($"Spark '{name}': there is no bin/spark-submit in {home} on this worker.");
    }

    private static Version? VersionOf(string home)
    {
        var jars = Path.Combine(home, "jars");
        var core = Directory.Exists(jars)
            ? Directory.EnumerateFiles(jars, "spark-core_*.jar").Select(Path.GetFileName).FirstOrDefault()
            : null;
        return core is not null && CoreJar().Match(core) is { Success: true } match
            ? Version.Parse(match.Groups[1].Value)
            : null;
    }

    [GeneratedRegex(@"^spark-core_[0-9.]+-([0-9]+\.[0-9]+\.[0-9]+)", RegexOptions.CultureInvariant)]
    private static partial Regex CoreJar();
}
