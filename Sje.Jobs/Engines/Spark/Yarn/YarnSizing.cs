using System.Globalization;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>
/// What YARN is asked for, by Spark's own rules (its YARN client, 3.3 to 4.1): overhead is a tenth of the memory and at least 384 MiB, for Python
/// too; the 0.4 of Kubernetes is not YARN's.
/// </summary>
/// <param name="DriverHeapMiB">The heap of the driver's JVM.</param>
/// <param name="DriverMiB">The driver's container.</param>
/// <param name="DriverCores">The driver's container.</param>
/// <param name="ExecutorMiB">An executor's container.</param>
/// <param name="ExecutorCores">An executor's container.</param>
internal sealed record YarnSizing(
    long DriverHeapMiB,
    long DriverMiB,
    int DriverCores,
    long ExecutorMiB,
    int ExecutorCores
)
{
    private const long LeastOverheadMiB = 384;

    /// <summary>Reads it from the application's properties.</summary>
    /// <exception cref="FormatException">A figure cannot be read; the message names the property.</exception>
    public static YarnSizing Of(SparkApplication application)
    {
        var properties = application.Properties;
        var driver = MiB(properties, "spark.driver.memory") ?? 1024;
        var executor = MiB(properties, "spark.executor.memory") ?? 1024;
        var beside =
            properties.GetValueOrDefault("spark.memory.offHeap.enabled") == "true" ? OffHeapMiB(properties) : 0;
        if (application.IsPython)
        {
            beside += MiB(properties, "spark.executor.pyspark.memory") ?? 0;
        }

        return new YarnSizing(
            driver,
            driver + Overhead(properties, "driver", driver),
            Count(properties, "spark.driver.cores") ?? 1,
            executor + Overhead(properties, "executor", executor) + beside,
            Count(properties, "spark.executor.cores") ?? 1
        );
    }

    private static long Overhead(IReadOnlyDictionary<string, string> properties, string of, long memory)
    {
        if (
            (MiB(properties, $"spark.{of}.memoryOverhead") ?? MiB(properties, $"spark.yarn.{of}.memoryOverhead")) is
            { } said
        )
        {
            return said;
        }

        var name = $"spark.{of}.memoryOverheadFactor";
        var factor = 0.1;
        if (
            properties.TryGetValue(name, out var text)
            && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out factor)
        )
        {
            throw new FormatException($"{name}: '{text}' is not a number.");
        }

        return Math.Max((long)(factor * memory), MiB(properties, $"spark.{of}.minMemoryOverhead") ?? LeastOverheadMiB);
    }

    private static long? MiB(IReadOnlyDictionary<string, string> properties, string name)
    {
        try
        {
            return properties.TryGetValue(name, out var text) ? SparkMemory.MebibytesOf(text) : null;
        }
        catch (FormatException e)
        {
            throw new FormatException($"{name}: {e.Message}", e);
        }
    }

    // The one amount whose bare figure counts bytes.
    private static long OffHeapMiB(IReadOnlyDictionary<string, string> properties)
    {
        const string Name = "spark.memory.offHeap.size";
        return long.TryParse(
            properties.GetValueOrDefault(Name),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var bytes
        )
            ? bytes / (1024 * 1024)
            : MiB(properties, Name) ?? 0;
    }

    private static int? Count(IReadOnlyDictionary<string, string> properties, string name) =>
        !properties.TryGetValue(name, out var text) ? null
        : int.TryParse(text, CultureInfo.InvariantCulture, out var count) && count > 0 ? count
        : throw new FormatException($"{name}: '{text}' is not a number of cores.");
}
