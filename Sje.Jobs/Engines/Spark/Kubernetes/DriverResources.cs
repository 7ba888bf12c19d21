using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Kubernetes;

/// <summary>What the driver's container asks for, by Spark's rules.</summary>
internal static class DriverResources
{
    private const string DefaultMemory = "1g";
    private const string LeastOverhead = "384m";

    /// <summary>Memory of the driver's container in MiB: its heap and what comes beside it.</summary>
    /// <exception cref="FormatException">An amount or a factor cannot be read.</exception>
    public static long MebibytesOf(bool isPython, IReadOnlyDictionary<string, string> properties)
    {
        var heap = SparkMemory.MebibytesOf(properties.GetValueOrDefault("spark.driver.memory") ?? DefaultMemory);
        if (properties.TryGetValue("spark.driver.memoryOverhead", out var written))
        {
            return heap + SparkMemory.MebibytesOf(written);
        }

        const string own = "spark.driver.memoryOverheadFactor";
        var name = properties.ContainsKey(own) ? own : DriverProperties.OverheadFactor;
        var text =
            properties.GetValueOrDefault(name)
            ?? (isPython ? DriverProperties.NonJvmOverheadFactor : DriverProperties.JvmOverheadFactor);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var factor) || factor < 0)
        {
            throw new FormatException($"{name} is '{text}', and not a factor like 0.1.");
        }

        var least = SparkMemory.MebibytesOf(
            properties.GetValueOrDefault("spark.driver.minMemoryOverhead") ?? LeastOverhead
        );
        return heap + Math.Max((int)(factor * heap), least);
    }

    /// <summary>Adds them to the container; a template's other resources stay.</summary>
    public static void Add(JsonObject container, bool isPython, IReadOnlyDictionary<string, string> properties)
    {
        var resources = PodTemplate.Object(container, "resources");
        var requests = PodTemplate.Object(resources, "requests");
        var limits = PodTemplate.Object(resources, "limits");
        requests["cpu"] =
            properties.GetValueOrDefault("spark.kubernetes.driver.request.cores")
            ?? properties.GetValueOrDefault("spark.driver.cores")
            ?? "1";
        if (properties.TryGetValue("spark.kubernetes.driver.limit.cores", out var cores))
        {
            limits["cpu"] = cores;
        }

        var memory = FormattableString.Invariant($"{MebibytesOf(isPython, properties)}Mi");
        requests["memory"] = memory;
        limits["memory"] = memory;

        const string prefix = "spark.driver.resource.";
        const string amount = ".amount";
        foreach (
            var (name, value) in DriverProperties
                .Below(properties, prefix)
                .Where(p => p.Key.EndsWith(amount, StringComparison.Ordinal))
        )
        {
            var resource = name[..^amount.Length];
            var vendor =
                properties.GetValueOrDefault($"{prefix}{resource}.vendor")
                ?? throw new FormatException(
                    $"{prefix}{resource}.vendor is missing: Kubernetes knows {resource} by it."
                );
            limits[$"{vendor}/{resource}"] = value;
        }
    }
}
