using System.Globalization;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>What an application's properties say about its processes: who has how much.</summary>
internal sealed record SparkSizing
{
    // Spark's own (org.apache.spark.resource.ResourceProfile, ResourceUtils): the least overhead, and its part of the heap.
    private const long LeastOverhead = 384L << 20;
    private const double OverheadFactor = 0.1;
    private const double PythonOverheadFactor = 0.4;
    private const long DefaultHeap = 1L << 30;

    private static readonly string[] KeptPrefixes = ["spark.dynamicAllocation.", "spark.sql.adaptive."];

    private static readonly HashSet<string> Kept = new(StringComparer.Ordinal)
    {
        "spark.master",
        "spark.submit.deployMode",
        "spark.driver.cores",
        "spark.driver.memory",
        "spark.driver.memoryOverhead",
        "spark.driver.memoryOverheadFactor",
        "spark.executor.cores",
        "spark.executor.instances",
        "spark.executor.memory",
        "spark.executor.memoryOverhead",
        "spark.executor.memoryOverheadFactor",
        "spark.executor.pyspark.memory",
        "spark.cores.max",
        "spark.default.parallelism",
        "spark.memory.fraction",
        "spark.memory.offHeap.enabled",
        "spark.memory.offHeap.size",
        "spark.kubernetes.memoryOverheadFactor",
        "spark.kubernetes.resource.type",
        "spark.sql.autoBroadcastJoinThreshold",
        "spark.sql.files.maxPartitionBytes",
        "spark.sql.shuffle.partitions",
        "spark.sje.task",
    };

    /// <summary>Whether driver and executor are one process.</summary>
    public required bool IsLocal { get; init; }

    /// <summary>The heap of an executor.</summary>
    public required long ExecutorHeapBytes { get; init; }

    /// <summary>All the memory of an executor.</summary>
    public required long ExecutorBytes { get; init; }

    public required int DriverCores { get; init; }

    public required long DriverBytes { get; init; }

    /// <summary>From the properties of an application, with Spark's defaults.</summary>
    public static SparkSizing Of(IReadOnlyDictionary<string, string> properties)
    {
        var master = properties.GetValueOrDefault("spark.master", "");
        var local = master.StartsWith("local", StringComparison.Ordinal);
        // Only these put processes into containers, which need room beside the heap.
        var contained =
            master.StartsWith("yarn", StringComparison.Ordinal) || master.StartsWith("k8s", StringComparison.Ordinal);
        var driverHeap = Memory(properties, "spark.driver.memory") ?? DefaultHeap;
        var executorHeap = local ? driverHeap : Memory(properties, "spark.executor.memory") ?? DefaultHeap;
        var offHeap = IsOn(properties, "spark.memory.offHeap.enabled", false)
            ? Memory(properties, "spark.memory.offHeap.size", unit: 1) ?? 0
            : 0;
        return new SparkSizing
        {
            IsLocal = local,
            ExecutorHeapBytes = executorHeap,
            ExecutorBytes =
                executorHeap
                + offHeap
                + (Memory(properties, "spark.executor.pyspark.memory") ?? 0)
                + (contained ? Overhead(properties, "spark.executor", executorHeap) : 0),
            DriverCores = Math.Max((int)(Number(properties, "spark.driver.cores") ?? 1), 1),
            DriverBytes =
                driverHeap + (local ? offHeap : 0) + (contained ? Overhead(properties, "spark.driver", driverHeap) : 0),
        };
    }

    /// <summary>Whether facts keep this property: it tells how the work was cut and sized, and never holds a secret.</summary>
    public static bool Keeps(string property) =>
        Kept.Contains(property)
        || Array.Exists(KeptPrefixes, prefix => property.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>An amount of memory as Spark writes it (<c>2g</c>, <c>512m</c>; <paramref name="unit"/> says what a bare number counts).</summary>
    public static long? Memory(IReadOnlyDictionary<string, string> properties, string name, long unit = 1L << 20)
    {
        var text = properties.GetValueOrDefault(name)?.Trim();
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number <= SizeText.Largest / unit ? number * unit : null;
        }

        // Spark's "kb" and "mb" are powers of 1024, unlike those of SizeText.
        text = text.Length > 2 && text[^1] is 'b' or 'B' && char.IsLetter(text[^2]) ? text[..^1] : text;
        return SizeText.TryParse(text, out var bytes) ? bytes : null;
    }

    /// <summary>A number; null when there is none.</summary>
    public static double? Number(IReadOnlyDictionary<string, string> properties, string name) =>
        double.TryParse(
            properties.GetValueOrDefault(name),
            NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var number
        )
            ? number
            : null;

    /// <summary>A switch.</summary>
    public static bool IsOn(IReadOnlyDictionary<string, string> properties, string name, bool normally) =>
        properties.TryGetValue(name, out var text)
            ? string.Equals(text.Trim(), "true", StringComparison.OrdinalIgnoreCase)
            : normally;

    private static long Overhead(IReadOnlyDictionary<string, string> properties, string process, long heap)
    {
        if (Memory(properties, process + ".memoryOverhead") is { } given)
        {
            return given;
        }

        var factor =
            Number(properties, process + ".memoryOverheadFactor")
            ?? Number(properties, "spark.kubernetes.memoryOverheadFactor")
            ?? (
                properties.GetValueOrDefault("spark.kubernetes.resource.type") == "python"
                    ? PythonOverheadFactor
                    : OverheadFactor
            );
        return Math.Max(LeastOverhead, (long)(heap * factor));
    }
}
