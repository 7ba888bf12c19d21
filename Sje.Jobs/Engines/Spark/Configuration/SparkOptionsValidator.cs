using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Spark.Configuration;

/// <summary>
/// What is wrong with <see cref="SparkOptions"/>: with what stands there, not whether it is there. A folder may be mounted later, and a cluster
/// be down for now.
/// </summary>
internal static partial class SparkOptionsRules
{
    private const string Masters = "local[*], spark://host:7077[,host:7077], yarn or k8s://https://host:6443";

    // Each has a key of its own, or is how SJE finds its applications again.
    private static readonly Dictionary<string, string> OwnProperties = new(StringComparer.Ordinal)
    {
        ["spark.master"] = "'master' of the cluster is the place for it",
        ["spark.submit.deployMode"] = "'deployMode' of the cluster is the place for it",
        ["spark.app.id"] = "SJE chooses it, to find the application again",
        ["spark.kubernetes.driver.pod.name"] = "SJE chooses it, to find the application again",
        [SparkTaskType.MarkProperty] = "SJE sets it, to find the application again",
    };

    /// <summary>All faults: the key below the section (<c>clusters:lab:master</c>), and what is wrong, as a sentence.</summary>
    public static IReadOnlyList<(string Key, string Message)> Faults(SparkOptions options)
    {
        var faults = new List<(string, string)>();
        foreach (var (key, installation) in options.Installations)
        {
            if (string.IsNullOrWhiteSpace(installation.Home))
            {
                faults.Add(
                    (
                        $"installations:{key}:home",
                        "it is missing: the folder of a Spark distribution, the one with bin/spark-submit"
                    )
                );
            }
        }

        foreach (var (key, cluster) in options.Clusters)
        {
            AddFaults($"clusters:{key}:", cluster, options, faults);
        }

        foreach (var (key, size) in options.Sizes)
        {
            AddFaults($"sizes:{key}:", size, faults);
        }

        if (
            !options.Clusters.ContainsKey(options.DefaultCluster)
            && !string.Equals(options.DefaultCluster, SparkTaskType.LocalCluster, StringComparison.OrdinalIgnoreCase)
        )
        {
            faults.Add(
                (
                    "defaultCluster",
                    $"there is no cluster '{options.DefaultCluster}': those of spark:clusters are {List(options.Clusters.Keys)}, and {SparkTaskType.LocalCluster} is always there"
                )
            );
        }

        return faults;
    }

    private static void AddFaults(
        string at,
        SparkClusterOptions cluster,
        SparkOptions options,
        List<(string, string)> faults
    )
    {
        var isLocal = cluster.Master == "local" || cluster.Master.StartsWith("local[", StringComparison.Ordinal);
        if (!Master().IsMatch(cluster.Master))
        {
            faults.Add(
                (
                    at + "master",
                    cluster.Master.Length == 0
                        ? $"it is missing: {Masters}"
                        : $"'{cluster.Master}' is no Spark master: {Masters}"
                )
            );
        }

        if (cluster.DeployMode is not (null or "" or "cluster" or "client"))
        {
            faults.Add((at + "deployMode", $"'{cluster.DeployMode}' must be cluster or client"));
        }
        else if (isLocal && cluster.DeployMode == "cluster")
        {
            faults.Add((at + "deployMode", $"{cluster.Master} has no cluster mode"));
        }

        if (
            cluster.Installation is { Length: > 0 } installation
            && options.Installations.Count > 0
            && !options.Installations.Keys.Any(known =>
                string.Equals(known, installation, StringComparison.OrdinalIgnoreCase)
                || known.StartsWith(installation + ".", StringComparison.OrdinalIgnoreCase)
            )
        )
        {
            faults.Add(
                (
                    at + "installation",
                    $"there is no '{installation}': those of spark:installations are {List(options.Installations.Keys)}"
                )
            );
        }

        AddFaults(at + "rest", cluster.Rest, faults);
        AddFaults(at + "webUi", cluster.WebUi, faults);
        AddFaults(at + "resourceManagers", cluster.ResourceManagers, faults);
        if (cluster.Master == "yarn" && cluster.ResourceManagers.Length == 0 && cluster.DeployMode != "client")
        {
            faults.Add(
                (at + "resourceManagers", "it is missing: the addresses of YARN's ResourceManagers, http://rm:8088")
            );
        }

        if (cluster.Kubeconfig is { Length: > 0 } && (cluster.TokenFile ?? cluster.CaCertFile) is { Length: > 0 })
        {
            faults.Add((at + "kubeconfig", "it cannot stand beside tokenFile and caCertFile: the one or the others"));
        }

        if (!Space().IsMatch(cluster.Namespace))
        {
            faults.Add(
                (
                    at + "namespace",
                    $"'{cluster.Namespace}' must be 1 to 63 small letters, digits and hyphens, no hyphen at the ends"
                )
            );
        }

        foreach (var property in cluster.SparkConf.Keys)
        {
            if (OwnProperties.TryGetValue(property, out var instead))
            {
                faults.Add(($"{at}sparkConf:{property}", $"it cannot be set: {instead}"));
            }
            else if (!property.StartsWith("spark.", StringComparison.Ordinal))
            {
                faults.Add(($"{at}sparkConf:{property}", "it is no property of Spark: these begin with 'spark.'"));
            }
        }

        if (cluster.Price.CoreHour < 0)
        {
            faults.Add((at + "price:coreHour", "it must be 0 or more"));
        }

        if (cluster.Price.GibHour < 0)
        {
            faults.Add((at + "price:gibHour", "it must be 0 or more"));
        }

        if (cluster.Price.SpotDiscount is < 0 or > 1)
        {
            faults.Add((at + "price:spotDiscount", "it must be from 0 to 1"));
        }
    }

    private static void AddFaults(string at, SparkSizeOptions size, List<(string, string)> faults)
    {
        foreach (
            var (name, value) in new[]
            {
                ("driverCores", size.DriverCores),
                ("executorCores", size.ExecutorCores),
                ("executorInstances", size.ExecutorInstances),
            }
        )
        {
            if (value < 1)
            {
                faults.Add((at + name, "it must be 1 or more"));
            }
        }

        foreach (
            var (name, value) in new[] { ("driverMemory", size.DriverMemory), ("executorMemory", size.ExecutorMemory) }
        )
        {
            if (value is not null && !SparkTaskType.IsMemory(value))
            {
                faults.Add((at + name, $"'{value}' is not an amount of memory as Spark writes it: 512m, 4g"));
            }
        }
    }

    private static void AddFaults(string at, string[] addresses, List<(string, string)> faults)
    {
        for (var index = 0; index < addresses.Length; index++)
        {
            if (
                !Uri.TryCreate(addresses[index], UriKind.Absolute, out var address)
                || address.Scheme is not ("http" or "https")
            )
            {
                faults.Add(
                    (
                        string.Create(CultureInfo.InvariantCulture, $"{at}:{index}"),
                        $"'{addresses[index]}' is no address like http://host:8080"
                    )
                );
            }
        }
    }

    private static string List(IEnumerable<string> names)
    {
        var all = string.Join(", ", names.Order(StringComparer.OrdinalIgnoreCase));
        return all.Length == 0 ? "none" : all;
    }

    [GeneratedRegex(
        @"\A(local(\[[^\]]+\])?|spark://[^\s/,:]+(:[0-9]{1,5})?(,[^\s/,:]+(:[0-9]{1,5})?)*|yarn|k8s://(https?://)?[^\s/]+(/\S*)?)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Master();

    [GeneratedRegex(
        @"\A[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Space();
}

/// <summary>Checks <see cref="SparkOptions"/> when a host starts.</summary>
internal sealed class SparkOptionsValidator : IValidateOptions<SparkOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SparkOptions options)
    {
        var faults = SparkOptionsRules.Faults(options);
        return faults.Count == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                faults.Select(fault => $"{SparkOptions.Section}:{fault.Key}: {fault.Message}")
            );
    }
}
