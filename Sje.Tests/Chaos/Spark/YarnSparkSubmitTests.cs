using System.Text.Json.Nodes;
using Sje.Jobs.Faults;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Chaos.Spark;

/// <summary>A real YARN, by <c>spark-submit</c>, which gets its application id from YARN: what it has submitted is known by its tag.</summary>
[Collection(Alone.Name)]
public sealed class YarnSparkSubmitTests(YarnNodes yarn, TestDatabase db)
    : IClassFixture<YarnNodes>,
        IClassFixture<TestDatabase>
{
    [Fact]
    public async Task What_REST_cannot_do_is_submitted_once_though_its_workers_die()
    {
        await using var scene = new SparkSubmitScene(db, Settings());
        var script = scene.Write(
            "app.py",
            """
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.getOrCreate()
            print("the sum is", spark.range(1000).groupBy().sum().first()[0], flush=True)
            spark.stop()
            """
        );
        var first = scene.Worker("first");
        // For a proxy user nobody but Spark's own client gets the application's rights.
        var id = await scene.SubmitAsync(
            new JsonObject
            {
                ["application"] = script,
                ["cluster"] = "lake",
                ["proxyUser"] = "bob",
            }
        );
        await scene.SubmittingAsync(id);

        first.Signal("KILL");
        await first.EndAsync();
        var second = scene.Worker("second", FaultPoint.SparkSubmitted + ":kill");
        await Eventually.TrueAsync(() => Task.FromResult(second.HasExited), "the second worker dies", 240);
        scene.Worker("third");

        await db.ExecutionBecomesAsync(id, "succeeded", 240);
        // Where the first one's child came as far as the submission, the second had nothing to submit.
        var application = Assert.Single(await TaggedAsync(id));
        Assert.Equal(("FINISHED", "SUCCEEDED", "bob"), application);
        var log = await scene.LogAsync(id);
        Assert.Contains("Goes to cluster lake with spark-submit: a proxy user is given", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancel_ends_what_spark_submit_has_submitted()
    {
        await using var scene = new SparkSubmitScene(db, Settings());
        scene.Worker("only");
        var id = await scene.SubmitAsync(
            new JsonObject
            {
                ["application"] = RepositoryFiles.Path("examples", "spark", "slow.py"),
                ["arguments"] = new JsonArray("600"),
                ["cluster"] = "lake",
                ["submit"] = "spark-submit",
            }
        );
        await Eventually.TrueAsync(async () => (await TaggedAsync(id)) is [("RUNNING", _, _)], "it runs", 240);

        await scene.CancelAsync(id);

        await db.ExecutionBecomesAsync(id, "cancelled", 120);
        Assert.Equal("KILLED", Assert.Single(await TaggedAsync(id)).State);
    }

    private async Task<IReadOnlyList<(string State, string Final, string User)>> TaggedAsync(Guid execution)
    {
        var task = await db.ScalarAsync<Guid>("select id from sje.all_tasks where execution_id = $1", execution);
        var found = new List<(string, string, string)>();
        var answer = JsonNode.Parse(
            await yarn.Http.GetStringAsync(
                new Uri($"{yarn.ResourceManager}/ws/v1/cluster/apps?user.name={Environment.UserName}")
            )
        );
        foreach (var app in (answer!["apps"]!["app"] as JsonArray ?? []).Select(app => app!))
        {
            if (app["applicationTags"]!.ToString().Contains($"sje-{task}-", StringComparison.Ordinal))
            {
                found.Add((app["state"]!.ToString(), app["finalStatus"]!.ToString(), app["user"]!.ToString()));
            }
        }

        return found;
    }

    private Dictionary<string, string> Settings()
    {
        var profile = yarn.Profile;
        var settings = new Dictionary<string, string>
        {
            ["SJE_spark__installations__4.1__home"] = yarn.Home,
            ["SJE_spark__clusters__lake__master"] = profile.Master,
            ["SJE_spark__clusters__lake__resourceManagers__0"] = profile.ResourceManagers[0],
            ["SJE_spark__clusters__lake__hadoopConfDir"] = profile.HadoopConfDir!,
            ["SJE_spark__clusters__lake__nodeSparkHome"] = profile.NodeSparkHome!,
        };
        foreach (var (name, value) in profile.SparkConf)
        {
            settings["SJE_spark__clusters__lake__sparkConf__" + name] = value;
        }

        return settings;
    }
}
