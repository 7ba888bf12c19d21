using System.Diagnostics;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Kubernetes;

/// <summary>Applications for the test cluster, and what the tests do with them.</summary>
internal static class KubernetesApplications
{
    public const string PiInPython = """
        import random
        from pyspark.sql import SparkSession

        spark = SparkSession.builder.appName("pi in python").getOrCreate()

        def inside(_):
            x, y = random.random(), random.random()
            return 1 if x * x + y * y < 1 else 0

        n = 20000
        count = spark.sparkContext.parallelize(range(n), 4).map(inside).sum()
        print(f"Pi is roughly {4.0 * count / n:.0f}", flush=True)
        spark.stop()
        """;

    private const string PiInJava = """
        import java.util.ArrayList;
        import java.util.List;
        import org.apache.spark.SparkConf;
        import org.apache.spark.api.java.JavaSparkContext;

        public final class Pi {
            public static void main(String[] args) {
                try (JavaSparkContext spark = new JavaSparkContext(new SparkConf())) {
                    List<Integer> numbers = new ArrayList<>();
                    for (int i = 0; i < 20000; i++) {
                        numbers.add(i);
                    }
                    long count = spark.parallelize(numbers, 4).filter(Pi::isInside).count();
                    // In one piece: the pieces of a printf may have Spark's own lines between them.
                    System.out.println(String.format("Pi is roughly %.0f, said %s", 4.0 * count / numbers.size(), args[0]));
                }
            }

            private static boolean isInside(Integer ignored) {
                double x = Math.random();
                double y = Math.random();
                return x * x + y * y < 1;
            }
        }
        """;

    /// <summary>An application of a driver of 512 MiB and one executor.</summary>
    public static SparkApplication Of(
        KubernetesCluster cluster,
        string name,
        string resource,
        IReadOnlyDictionary<string, string>? properties = null
    )
    {
        var attempt = new AttemptIdentity(Guid.NewGuid(), Guid.NewGuid(), name, "main", 1);
        var all = new Dictionary<string, string>
        {
            ["spark.executor.instances"] = "1",
            ["spark.executor.memory"] = "512m",
            ["spark.driver.memory"] = "512m",
            [SparkMark.Property] = SparkMark.Of(attempt.TaskId, attempt.Attempt),
        };
        foreach (var (key, value) in properties ?? new Dictionary<string, string>())
        {
            all[key] = value;
        }

        return new SparkApplication
        {
            Attempt = attempt,
            Name = name,
            ClusterName = "k8s",
            Cluster = cluster.Profile,
            DeployMode = "cluster",
            Resource = resource,
            IsPython = resource.EndsWith(".py", StringComparison.Ordinal),
            Properties = all,
            // A killed driver need not be waited for.
            Kubernetes = new SparkKubernetesSettings
            {
                DriverTemplate = new JsonObject { ["spec"] = new JsonObject { ["terminationGracePeriodSeconds"] = 5 } },
            },
        };
    }

    /// <summary>One whose driver says a word and sleeps: no JVM, so it is up at once.</summary>
    public static SparkApplication Sleeper(
        KubernetesCluster cluster,
        string name,
        string command = "echo awake; sleep 600"
    ) =>
        Of(cluster, name, "local:///nothing.py") is var application
            ? application with
            {
                Kubernetes = new SparkKubernetesSettings
                {
                    Image = "host",
                    DriverTemplate = new JsonObject
                    {
                        ["spec"] = new JsonObject
                        {
                            ["terminationGracePeriodSeconds"] = 5,
                            ["containers"] = new JsonArray(
                                new JsonObject
                                {
                                    ["name"] = "spark-kubernetes-driver",
                                    ["command"] = new JsonArray("/bin/bash", "-c", command),
                                }
                            ),
                        },
                    },
                },
            }
            : throw new UnreachableException();

    public static async Task<SparkSubmission> ChooseAsync(KubernetesSparkCluster spark, SparkApplication application) =>
        new(
            application.Properties[SparkMark.Property],
            await spark.ChooseIdentityAsync(application, CancellationToken.None),
            TimeProvider.System.GetUtcNow()
        );

    public static async Task<SparkSubmission> SubmitAsync(KubernetesSparkCluster spark, SparkApplication application)
    {
        var error = await spark.CheckAsync(application, CancellationToken.None);
        Assert.Null(error);
        return await spark.SubmitAsync(application, await ChooseAsync(spark, application), CancellationToken.None);
    }

    public static async Task<SparkStatus> StateAsync(
        KubernetesSparkCluster spark,
        SparkSubmission submission,
        Func<SparkStatus, bool> good,
        string what,
        double seconds = 180
    ) =>
        (
            await Eventually.GetAsync(
                () => spark.FindAsync(submission, CancellationToken.None),
                status => status is not null && good(status),
                what,
                seconds
            )
        )!;

    /// <summary>The whole log by source, read from the start.</summary>
    public static async Task<ILookup<string, string>> LogAsync(KubernetesSparkCluster spark, SparkSubmission submission)
    {
        var lines = new List<SparkLogLine>();
        await spark.ReadLogsAsync(
            submission,
            new Dictionary<string, long>(),
            ended: true,
            lines.Add,
            CancellationToken.None
        );
        return lines.ToLookup(line => line.Source, line => line.Text);
    }

    /// <summary>How many objects of an application there are: pods, services, config maps.</summary>
    public static async Task<(int Drivers, int Executors, int Others)> CountAsync(
        KubernetesCluster cluster,
        SparkSubmission submission
    )
    {
        var selector = "labelSelector=spark-app-selector%3D" + DriverNames.ApplicationIdOf(submission.Mark);
        var pods = await ListAsync("pods");
        return (
            pods.Count(pod => pod["metadata"]!["labels"]!["spark-role"]!.ToString() == "driver"),
            pods.Count(pod => pod["metadata"]!["labels"]!["spark-role"]!.ToString() == "executor"),
            (await ListAsync("services")).Count + (await ListAsync("configmaps")).Count
        );

        async Task<IReadOnlyList<JsonNode>> ListAsync(string kind)
        {
            var list = await cluster.Admin.SendAsync<JsonObject>(
                HttpMethod.Get,
                $"api/v1/namespaces/{KubernetesCluster.Space}/{kind}?{selector}",
                null,
                CancellationToken.None
            );
            return [.. list["items"]!.AsArray().Select(item => item!)];
        }
    }

    /// <summary>Compiles the example in Java; returns its jar.</summary>
    public static async Task<string> JarAsync(string folder)
    {
        var source = Path.Combine(folder, "Pi.java");
        await File.WriteAllTextAsync(source, PiInJava);
        return await SparkHome.CompileAsync(source, folder);
    }
}
