using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Yarn;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Engines.Spark.Yarn;

/// <summary>A ResourceManager and a NodeManager at one address, that answer what a test puts into their mouths.</summary>
internal sealed class CannedYarn : IAsyncDisposable
{
    public const string Id = "application_1700000000000_0001";

    private readonly HttpClient http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        }
    );

    private HttpTarget? target;

    public string Address => target!.Address;

    public string HaState { get; set; } = "ACTIVE";

    public long StartedOn { get; set; } = 1;

    public string Scheduler { get; set; } =
        """
            {"scheduler":{"schedulerInfo":{"type":"capacityScheduler","queueName":"root","queues":{"queue":[
              {"type":"capacitySchedulerLeafQueueInfo","queueName":"default","queuePath":"root.default","state":"RUNNING"},
              {"type":"capacitySchedulerLeafQueueInfo","queueName":"etl","queuePath":"root.etl","state":"STOPPED"},
              {"queueName":"teams","queuePath":"root.teams","state":"RUNNING","queues":{"queue":
                {"type":"capacitySchedulerLeafQueueInfo","queueName":"red","queuePath":"root.teams.red","state":"RUNNING"}}}]}}}}
            """;

    /// <summary>Applications by id, as the ResourceManager reports them.</summary>
    public ConcurrentDictionary<string, JsonObject> Applications { get; } = new();

    /// <summary>What was asked, in order: the connection, method and path without query, the query, the body.</summary>
    public ConcurrentQueue<(string Connection, string What, string Query, string Body)> Asked { get; } = new();

    /// <summary>Comes before the canned answer; true when it has answered itself.</summary>
    public Func<HttpContext, string, Task<bool>> First { get; set; } = (_, _) => Task.FromResult(false);

    public static async Task<CannedYarn> StartAsync()
    {
        var yarn = new CannedYarn();
        yarn.target = await HttpTarget.StartAsync((target, context) => yarn.AnswerAsync(target, context));
        return yarn;
    }

    public YarnCluster Cluster(params string[] addresses) =>
        new(
            new SparkClusterOptions
            {
                Master = "yarn",
                ResourceManagers = addresses.Length == 0 ? [Address] : addresses,
                User = "alice",
            },
            http,
            TimeProvider.System
        );

    /// <summary>The answer that an application has one attempt, in a container on this node.</summary>
    public string Attempt(string container) =>
        $$$"""{"appAttempts":{"appAttempt":[{"id":1,"appAttemptId":"appattempt_1","containerId":"{{{container}}}","nodeHttpAddress":"{{{new Uri(Address).Authority}}}"}]}}""";

    public int Count(string what) => Asked.Count(asked => asked.What == what);

    public static Task WriteAsync(HttpContext context, string body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await target!.DisposeAsync();
    }

    private async Task AnswerAsync(HttpTarget server, HttpContext context)
    {
        var what =
            $"{context.Request.Method} {context.Request.Path.Value!.Replace("/ws/v1/cluster/", "", StringComparison.Ordinal)}";
        Asked.Enqueue(
            (context.Connection.Id, what, context.Request.QueryString.Value ?? "", server.Requests.Last().Body)
        );
        if (await First(context, what))
        {
            return;
        }

        switch (what)
        {
            case "GET info":
                await WriteAsync(
                    context,
                    $$$"""{"clusterInfo":{"haState":"{{{HaState}}}","startedOn":{{{StartedOn}}}}}"""
                );
                break;
            case "POST apps/new-application":
                await WriteAsync(
                    context,
                    $$$"""{"application-id":"{{{Id}}}","maximum-resource-capability":{"memory":4096,"vCores":4}}"""
                );
                break;
            case "POST apps":
                var body = JsonNode.Parse(server.Requests.Last().Body)!;
                var id = body["application-id"]!.GetValue<string>();
                Applications.TryAdd(id, App(id, "ACCEPTED"));
                context.Response.StatusCode = 202;
                break;
            case "GET scheduler":
                await WriteAsync(context, Scheduler);
                break;
            case "GET nodes":
                await WriteAsync(context, """{"nodes":{}}""");
                break;
            case var _ when what.StartsWith("PUT apps/", StringComparison.Ordinal):
                await (
                    Applications.ContainsKey(what.Split('/')[1])
                        ? WriteAsync(context, """{"state":"KILLING"}""", 202)
                        : NotFoundAsync(context)
                );
                break;
            case var _
                when what.EndsWith("/state", StringComparison.Ordinal)
                    && Applications.TryGetValue(what.Split('/')[1], out var app):
                await WriteAsync(context, new JsonObject { ["state"] = app["state"]!.DeepClone() }.ToJsonString());
                break;
            case var _ when what.EndsWith("/appattempts", StringComparison.Ordinal):
                await WriteAsync(context, """{"appAttempts":{}}""");
                break;
            case var _
                when what.StartsWith("GET apps/", StringComparison.Ordinal)
                    && !what.EndsWith("/state", StringComparison.Ordinal)
                    && Applications.TryGetValue(what.Split('/')[1], out var app):
                await WriteAsync(context, new JsonObject { ["app"] = app.DeepClone() }.ToJsonString());
                break;
            default:
                await NotFoundAsync(context);
                break;
        }
    }

    public static JsonObject App(string id, string state, string finalStatus = "UNDEFINED", string diagnostics = "") =>
        new()
        {
            ["id"] = id,
            ["state"] = state,
            ["finalStatus"] = finalStatus,
            ["diagnostics"] = diagnostics,
            ["queue"] = "root.default",
        };

    private static Task NotFoundAsync(HttpContext context) =>
        WriteAsync(context, """{"RemoteException":{"exception":"NotFoundException","message":"not found"}}""", 404);
}
