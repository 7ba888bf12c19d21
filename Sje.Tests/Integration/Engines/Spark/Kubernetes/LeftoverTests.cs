using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Execution;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines.Spark.Kubernetes;

/// <summary>What is removed of drivers that have ended and that nobody came back for, against an API server that records what it is asked.</summary>
public sealed class LeftoverTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private readonly ConcurrentDictionary<string, JsonObject> pods = new();
    private readonly ConcurrentQueue<string> removed = new();

    [Fact]
    public async Task Only_what_is_known_to_have_ended_long_ago_is_removed()
    {
        await using var server = await HttpTarget.StartAsync((target, context) => AnswerAsync(target, context));
        await using var node = await TestNode.StartAsync(db, worker: false);
        Add("ended", "Succeeded", hours: 3);
        Add("failed", "Failed", hours: 3);
        Add("lately", "Succeeded", hours: 0);
        Add("kept", "Succeeded", hours: 3, keepHours: 24);
        Add("running", "Running", hours: 3);
        Add("unnoted", "Succeeded", hours: 3);
        Add("foreign", "Succeeded", hours: 3);
        Add("half", "Pending", hours: 3);
        var execution = await node.SubmitAsync(TestNode.Task("main", "ok"));
        foreach (var name in pods.Keys.Where(name => name != "foreign"))
        {
            await NoteAsync(execution, "cloud", $"jobs:{name}", ended: name != "unnoted");
        }

        // Of another cluster, where the same name is another's.
        await NoteAsync(execution, "elsewhere", "jobs:foreign", ended: true);
        var options = Options.Create(new SparkOptions());
        options.Value.Clusters["cloud"] = new() { Master = "k8s://" + server.Address, Namespace = "default" };
        options.Value.Clusters["lab"] = new() { Master = "spark://m:7077" };
        using var http = new SparkHttp();
        using var sweep = new SparkSweep(
            new SparkStore(db.Database),
            new SparkClusters(new SparkPlanner(options, new SparkInstallations(options)), http, TimeProvider.System),
            options,
            Options.Create(new StorageOptions()),
            TimeProvider.System,
            NullLogger<SparkSweep>.Instance
        );

        Assert.Equal(3, await sweep.RemoveLeftoversAsync(TimeSpan.FromHours(1), CancellationToken.None));
        Assert.Equal(["ended", "failed", "half"], removed.Order());
        Assert.All(
            server.Requests.Where(request => request.Method == "DELETE"),
            request =>
            {
                // Services and config maps are the pod's, and go with it; nothing else of that name is touched.
                Assert.Contains("\"Background\"", request.Body, StringComparison.Ordinal);
                Assert.Contains("uid-of-", request.Body, StringComparison.Ordinal);
            }
        );
        Assert.Equal(0, await sweep.RemoveLeftoversAsync(TimeSpan.FromHours(1), CancellationToken.None));
    }

    private void Add(string name, string phase, int hours, int keepHours = 0)
    {
        var at = TimeProvider
            .System.GetUtcNow()
            .AddHours(-hours)
            .ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        pods[name] = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["namespace"] = "jobs",
                ["uid"] = "uid-of-" + name,
                ["creationTimestamp"] = at,
                ["annotations"] = new JsonObject
                {
                    [DriverObjects.KeepAnnotation] = (keepHours * 3600).ToString(CultureInfo.InvariantCulture),
                },
            },
            ["spec"] = new JsonObject
            {
                ["containers"] = new JsonArray(new JsonObject { ["name"] = DriverObjects.DriverContainer }),
            },
            ["status"] = new JsonObject { ["phase"] = phase },
        };
    }

    private async Task NoteAsync(Guid execution, string cluster, string identity, bool ended) =>
        await db.ScalarAsync<object>(
            """
            insert into sje.spark_applications (task_id, number, execution_id, cluster, identity, ended_at)
            values (gen_random_uuid(), 1, $1, $2, $3, case when $4 then clock_timestamp() end)
            """,
            execution,
            cluster,
            identity,
            ended
        );

    private async Task AnswerAsync(HttpTarget target, HttpContext context)
    {
        var path = context.Request.Path.Value!;
        context.Response.ContentType = "application/json";
        if (context.Request.Method == "DELETE" && pods.TryRemove(path[(path.LastIndexOf('/') + 1)..], out var pod))
        {
            removed.Enqueue(pod["metadata"]!["name"]!.ToString());
            await context.Response.WriteAsync("{}");
        }
        else if (path == "/api/v1/namespaces/jobs/pods")
        {
            Assert.Contains(
                "managed-by%3Dsje",
                context.Request.QueryString.Value!.Replace("=sje", "%3Dsje", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
            var items = new JsonArray([.. pods.Values.Select(one => (JsonNode)one.DeepClone())]);
            await context.Response.WriteAsync(
                new JsonObject
                {
                    ["kind"] = "PodList",
                    ["apiVersion"] = "v1",
                    ["items"] = items,
                }.ToJsonString()
            );
        }
        else
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("""{"kind": "Status", "reason": "NotFound", "message": "no"}""");
        }
    }
}
