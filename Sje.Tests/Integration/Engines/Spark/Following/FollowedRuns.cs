using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Following;

/// <summary>The examples, run once each on a real Spark and followed while they ran; each test looks at what was seen.</summary>
public sealed class FollowedRuns : IAsyncLifetime
{
    /// <summary>All event logs are here.</summary>
    internal string Folder { get; } = Directory.CreateTempSubdirectory("sje-spark-runs-").FullName;

    internal string Answer => Path.Combine(Folder, "late-departures");

    internal FollowedRun Flights { get; private set; } = null!; // Set before any test sees it.

    internal FollowedRun Skewed { get; private set; } = null!;

    internal FollowedRun Failing { get; private set; } = null!;

    internal FollowedRun Spilling { get; private set; } = null!;

    internal SparkInstallation Installation { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Installation = await LocalSpark.InstallationAsync();
        var flights = RepositoryFiles.SampleData("flights-3m.parquet");
        var airports = RepositoryFiles.SampleData("airports.csv");
        // With what Spark 4 does by itself: a rolled log, compressed with zstd.
        Flights = await LocalSpark.RunAsync(Folder, Example("flights.py"), [flights, airports, Answer, "60"]);
        Skewed = await LocalSpark.RunAsync(Folder, Example("skewed.py"), [], "spark.eventLog.compress=false");
        Failing = await LocalSpark.RunAsync(
            Folder,
            Example("failing.py"),
            [],
            "spark.eventLog.compress=false",
            "spark.eventLog.rolling.enabled=false"
        );
        var sorting = Path.Combine(Folder, "sorting.py");
        await File.WriteAllTextAsync(
            sorting,
            """
            from pyspark.sql import SparkSession, functions as f

            spark = SparkSession.builder.appName("sorting").getOrCreate()
            rows = spark.range(0, 3_000_000, 1, 4).select(f.sha2(f.col("id").cast("string"), 256).alias("key"), "id")
            rows.sort("key").write.format("noop").mode("overwrite").save()
            spark.stop()
            """
        );
        Spilling = await LocalSpark.RunAsync(
            Folder,
            sorting,
            [],
            "spark.driver.memory=1g",
            "spark.memory.fraction=0.1",
            "spark.sql.shuffle.partitions=2"
        );
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    private static string Example(string name) => RepositoryFiles.Path("examples", "spark", name);
}
