using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Tests.Unit.Engines.Spark.Following;

public class SparkSizingTests
{
    private const long Mib = 1L << 20;

    [Theory]
    [InlineData("2g", 2048)]
    [InlineData("512m", 512)]
    [InlineData("1536", 1536)]
    [InlineData("2gb", 2048)]
    [InlineData("1024k", 1)]
    public void Memory_is_read_as_Spark_reads_it(string text, long mib) =>
        Assert.Equal(mib * Mib, SparkSizing.Memory(Properties(("m", text)), "m"));

    [Theory]
    [InlineData("")]
    [InlineData("much")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    [InlineData("9223372036854775807")]
    public void What_is_no_memory_is_nothing(string text) =>
        Assert.Null(SparkSizing.Memory(Properties(("m", text)), "m"));

    [Fact]
    public void In_local_mode_the_driver_is_all_there_is()
    {
        var sizing = SparkSizing.Of(
            Properties(("spark.master", "local[4]"), ("spark.driver.memory", "3g"), ("spark.executor.memory", "9g"))
        );

        Assert.True(sizing.IsLocal);
        Assert.Equal(3072 * Mib, sizing.ExecutorHeapBytes);
        Assert.Equal(3072 * Mib, sizing.ExecutorBytes);
    }

    [Fact]
    public void Standalone_executors_have_their_heap_and_no_container()
    {
        var sizing = SparkSizing.Of(Properties(("spark.master", "spark://m:7077"), ("spark.executor.memory", "2g")));

        Assert.Equal(2048 * Mib, sizing.ExecutorBytes);
        Assert.Equal(1024 * Mib, sizing.DriverBytes);
    }

    [Fact]
    public void Containers_have_room_beside_the_heap()
    {
        var yarn = SparkSizing.Of(
            Properties(("spark.master", "yarn"), ("spark.executor.memory", "2g"), ("spark.driver.memory", "8g"))
        );
        Assert.Equal((2048 + 384) * Mib, yarn.ExecutorBytes);
        Assert.Equal((long)(8192 * Mib * 1.1), yarn.DriverBytes);

        var python = SparkSizing.Of(
            Properties(
                ("spark.master", "k8s://https://k:6443"),
                ("spark.kubernetes.resource.type", "python"),
                ("spark.executor.memory", "2g"),
                ("spark.driver.memoryOverhead", "100m"),
                ("spark.driver.cores", "2")
            )
        );
        Assert.Equal((long)(2048 * Mib * 1.4), python.ExecutorBytes);
        Assert.Equal(1124 * Mib, python.DriverBytes);
        Assert.Equal(2, python.DriverCores);
    }

    [Fact]
    public void Memory_outside_of_the_heap_counts()
    {
        var sizing = SparkSizing.Of(
            Properties(
                ("spark.master", "spark://m:7077"),
                ("spark.memory.offHeap.enabled", "true"),
                ("spark.memory.offHeap.size", "1073741824"),
                ("spark.executor.pyspark.memory", "512m")
            )
        );

        Assert.Equal((1024 + 1024 + 512) * Mib, sizing.ExecutorBytes);
    }

    [Theory]
    [InlineData("spark.executor.memory", true)]
    [InlineData("spark.sql.adaptive.enabled", true)]
    [InlineData("spark.hadoop.fs.s3a.secret.key", false)]
    [InlineData("spark.ssl.keyPassword", false)]
    [InlineData("spark.executorEnv.TOKEN", false)]
    public void Only_what_says_how_the_work_was_cut_is_kept(string property, bool kept) =>
        Assert.Equal(kept, SparkSizing.Keeps(property));

    private static Dictionary<string, string> Properties(params (string Name, string Value)[] properties) =>
        properties.ToDictionary(p => p.Name, p => p.Value);
}
