using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Jobs.Faults;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>A real Kubernetes, by <c>spark-submit</c>: the driver's pod has the name that was stored before.</summary>
[Collection(Alone.Name)]
public sealed class KubernetesSparkSubmitTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_file_that_is_too_large_is_uploaded_and_the_driver_is_one_though_its_worker_dies()
    {
        var cluster = await KubernetesCluster.StartedAsync();
        await using var scene = new SparkSubmitScene(db, Settings(cluster));
        Directory.CreateDirectory(Path.Combine(scene.Folder, "uploads"));
        scene.Write("large.txt", new string('x', 2_000_000));
        var script = scene.Write(
            "app.py",
            """
            from pyspark import SparkFiles
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.getOrCreate()
            print("the file has", len(open(SparkFiles.get("large.txt")).read()), flush=True)
            print("the sum is", spark.range(1000).groupBy().sum().first()[0], flush=True)
            spark.stop()
            """
        );
        var first = scene.Worker("first", FaultPoint.SparkSubmitted + ":kill");
        var id = await scene.SubmitAsync(
            new JsonObject
            {
                ["application"] = script,
                ["files"] = new JsonArray("large.txt"),
                ["cluster"] = "cloud",
                ["sparkConf"] = new JsonObject
                {
                    [ClientProperties.UploadPath] = "file://" + Path.Combine(scene.Folder, "uploads"),
                    // Who reads the log may come late.
                    [DriverObjects.KeepProperty] = "600",
                },
            }
        );
        await Eventually.TrueAsync(() => Task.FromResult(first.HasExited), "the first worker dies", 240);
        scene.Worker("second");

        await db.ExecutionBecomesAsync(id, "succeeded", 300);
        Assert.Equal("lost,succeeded", await db.OutcomesAsync(id));
        var log = await scene.LogAsync(id);
        Assert.Contains(
            "Goes to cluster cloud with spark-submit: the files of this machine",
            log,
            StringComparison.Ordinal
        );
        Assert.Contains("the file has 2000000", log, StringComparison.Ordinal);
        Assert.Contains("the sum is 499500", log, StringComparison.Ordinal);
        Assert.Single(await DriversAsync(cluster, id));
    }

    [Fact]
    public async Task An_image_that_is_not_there_fails_for_good_and_leaves_nothing()
    {
        var cluster = await KubernetesCluster.StartedAsync();
        await using var scene = new SparkSubmitScene(db, Settings(cluster));
        scene.Worker("only");
        var id = await scene.SubmitAsync(
            new JsonObject
            {
                ["application"] = "local:///app.py",
                ["cluster"] = "cloud",
                ["kubernetes"] = new JsonObject { ["image"] = "nowhere.invalid/spark:9" },
            }
        );

        await db.ExecutionBecomesAsync(id, "failed", 120);

        Assert.Equal("failed", await db.OutcomesAsync(id));
        var error = await db.ScalarAsync<string>(
            "select error::text from sje.all_attempts where execution_id = $1",
            id
        );
        Assert.Contains("\"invalid\"", error, StringComparison.Ordinal);
        Assert.Contains("nowhere.invalid/spark:9", error, StringComparison.Ordinal);
        Assert.Empty(await DriversAsync(cluster, id));
    }

    private async Task<IReadOnlyList<string>> DriversAsync(KubernetesCluster cluster, Guid execution)
    {
        var task = await db.ScalarAsync<Guid>("select id from sje.all_tasks where execution_id = $1", execution);
        var pods = await cluster.Admin.SendAsync<JsonObject>(
            HttpMethod.Get,
            $"api/v1/namespaces/{KubernetesCluster.Space}/pods?labelSelector=spark-role%3Ddriver",
            null,
            CancellationToken.None
        );
        return
        [
            .. pods["items"]!
                .AsArray()
                .Where(pod =>
                    pod!["metadata"]!
                        ["annotations"]
                        ?[DriverObjects.MarkAnnotation]?.ToString()
                        .StartsWith(task.ToString(), StringComparison.Ordinal) == true
                )
                .Select(pod => pod!["metadata"]!["name"]!.ToString()),
        ];
    }

    private static Dictionary<string, string> Settings(KubernetesCluster cluster)
    {
        var profile = cluster.Profile;
        return new Dictionary<string, string>
        {
            ["SJE_spark__installations__4.1__home"] = cluster.SparkFolder,
            ["SJE_spark__clusters__cloud__master"] = profile.Master,
            ["SJE_spark__clusters__cloud__namespace"] = profile.Namespace,
            ["SJE_spark__clusters__cloud__image"] = profile.Image!,
            ["SJE_spark__clusters__cloud__serviceAccount"] = profile.ServiceAccount!,
            ["SJE_spark__clusters__cloud__caCertFile"] = profile.CaCertFile!,
            ["SJE_spark__clusters__cloud__tokenFile"] = profile.TokenFile!,
            ["SJE_spark__clusters__cloud__sparkConf__spark.driver.memory"] = "512m",
            ["SJE_spark__clusters__cloud__sparkConf__spark.executor.memory"] = "512m",
            ["SJE_spark__clusters__cloud__sparkConf__spark.executor.instances"] = "1",
        };
    }
}
