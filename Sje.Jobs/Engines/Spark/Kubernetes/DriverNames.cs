using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>
/// The names of all that belongs to a submission. They follow from its mark alone, so whoever knows that finds everything again, and the API
/// server refuses a second driver by its pod's name.
/// </summary>
/// <param name="Namespace">The namespace of all of them.</param>
/// <param name="Pod">The driver's pod.</param>
internal sealed partial record DriverNames(string Namespace, string Pod)
{
    // Spark makes executors' names of it: prefix + "-exec-" + a number of up to 19 digits, 63 characters in all.
    private const int MostPrefixLetters = 38;
    private const int HashLetters = 10;
    private const string Suffix = "-driver";

    /// <summary>What all names begin with, those of executors' pods too.</summary>
    public string Prefix => Pod.EndsWith(Suffix, StringComparison.Ordinal) ? Pod[..^Suffix.Length] : Pod;

    /// <summary>The headless service by which executors find the driver.</summary>
    public string Service => Prefix + "-driver-svc";

    /// <summary>The config map with Spark's properties. The driver starts only when it is there.</summary>
    public string ConfigMap => Prefix + "-driver-conf-map";

    /// <summary>The config map with the executors' pod template.</summary>
    public string TemplateMap => Prefix + "-podspec-configmap";

    /// <summary>The config map with small files of this machine.</summary>
    public string FilesMap => Prefix + "-driver-files";

    /// <summary>The identity as it is stored: <c>namespace:pod</c>, as Spark writes its submission ids on Kubernetes.</summary>
    public string Identity => $"{Namespace}:{Pod}";

    /// <summary>The host name of the driver for its executors.</summary>
    public string Host => $"{Service}.{Namespace}.svc";

    /// <summary>The names of a new submission.</summary>
    public static DriverNames Choose(string name, string mark, string space)
    {
        var slug = NotInNames().Replace(name.ToLowerInvariant(), "-").Trim('-');
        if (slug.Length == 0 || !char.IsAsciiLetter(slug[0]))
        {
            // A service's name begins with a letter.
            slug = ("spark-" + slug).TrimEnd('-');
        }

        var most = MostPrefixLetters - HashLetters - 1;
        slug = slug.Length <= most ? slug : slug[..most].TrimEnd('-');
        return new DriverNames(space, $"{slug}-{HashOf(mark)[..HashLetters]}{Suffix}");
    }

    /// <summary>The names of a stored identity.</summary>
    /// <exception cref="FormatException">It is none of ours.</exception>
    public static DriverNames Of(string identity)
    {
        var colon = identity.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && colon < identity.Length - 1
            ? new DriverNames(identity[..colon], identity[(colon + 1)..])
            : throw new FormatException($"'{identity}' does not name a driver on Kubernetes: namespace:pod.");
    }

    /// <summary>Spark's application id of a submission.</summary>
    public static string ApplicationIdOf(string mark) => "spark-" + HashOf(mark)[..32];

    /// <summary>Where the driver keeps its temporary files, in the shape that Spark gives it.</summary>
    public static string LocalDirOf(string mark) => "/var/data/spark-" + new Guid(Digest(mark).AsSpan(16, 16));

    private static string HashOf(string mark) => Convert.ToHexStringLower(Digest(mark));

    private static byte[] Digest(string mark) => SHA256.HashData(Encoding.UTF8.GetBytes(mark));

    [GeneratedRegex("[^a-z0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex NotInNames();
}
