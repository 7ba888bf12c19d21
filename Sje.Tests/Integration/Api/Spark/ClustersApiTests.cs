using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sje.Core.Security;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Api.Spark;

/// <summary>A server with a standalone cluster that answers and one that is down.</summary>
public sealed class ClustersHost : ApiHost
{
    internal HttpTarget Master { get; } = HttpTarget.StartAsync(AnswerAsync).GetAwaiter().GetResult();

    protected override Dictionary<string, string?> Settings =>
        new()
        {
            ["spark:defaultCluster"] = "LAB-of-this-test",
            ["spark:clusters:lab-of-this-test:master"] = "spark://127.0.0.1:7077",
            ["spark:clusters:lab-of-this-test:webUi:0"] = Master.Address,
            ["spark:clusters:lab-of-this-test:eventLogDir"] = "/events",
            ["spark:clusters:down-in-this-test:master"] = "spark://127.0.0.1:7077",
            ["spark:clusters:down-in-this-test:webUi:0"] = $"http://127.0.0.1:{SparkHome.FreePort()}",
            ["spark:sizes:small:executorInstances"] = "2",
            ["spark:sizes:small:executorMemory"] = "2g",
        };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await Master.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private static Task AnswerAsync(HttpTarget target, HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(
            """
            {"status": "ALIVE", "activedrivers": [], "completeddrivers": [], "workers": [
                {"id": "w1", "state": "ALIVE", "cores": 8, "coresused": 2, "memory": 4096, "memoryused": 1024},
                {"id": "w2", "state": "ALIVE", "cores": 8, "coresused": 4, "memory": 4096, "memoryused": 1024},
                {"id": "w3", "state": "DEAD", "cores": 8, "coresused": 8, "memory": 4096, "memoryused": 4096}]}
            """
        );
    }
}

public sealed class ClustersApiTests(ClustersHost host) : IClassFixture<ClustersHost>
{
    private const long GiB = 1L << 30;

    [Fact]
    public async Task Every_profile_is_listed_with_the_health_of_its_cluster_and_what_runs_of_ours()
    {
        foreach (var state in new[] { "running", "pending", "succeeded" })
        {
            await host.AddApplicationAsync(await host.SubmitSparkAsync(state), state, cluster: "lab-of-this-test");
        }

        // A worker's child whose attempt is over.
        await host.AddApplicationAsync(
            await host.SubmitSparkAsync("child"),
            "running",
            client: true,
            cluster: "lab-of-this-test"
        );

        var page = await AskedAsync("/mgmt/clusters");

        var items = page["items"]!.AsArray();
        Assert.Equal(["down-in-this-test", "lab-of-this-test", "local"], items.Select(item => Text(item!["name"])));
        var lab = items[1]!;
        Assert.Equal(
            ("standalone", "spark://127.0.0.1:7077", "cluster", true, "/events", 2),
            (
                Text(lab["kind"]),
                Text(lab["master"]),
                Text(lab["deployMode"]),
                lab["default"]!.GetValue<bool>(),
                Text(lab["eventLogDir"]),
                lab["runningApplications"]!.GetValue<int>()
            )
        );
        var health = lab["health"]!;
        Assert.Equal(
            (true, 6, 16, 0.375, 2, 2 * GiB, 8 * GiB),
            (
                health["up"]!.GetValue<bool>(),
                health["usedCores"]!.GetValue<double>(),
                health["totalCores"]!.GetValue<double>(),
                health["utilization"]!.GetValue<double>(),
                health["nodes"]!.GetValue<int>(),
                health["usedMemoryBytes"]!.GetValue<long>(),
                health["totalMemoryBytes"]!.GetValue<long>()
            )
        );
        Assert.InRange(
            health["checkedAt"]!.GetValue<DateTimeOffset>(),
            TimeProvider.System.GetUtcNow().AddMinutes(-5),
            TimeProvider.System.GetUtcNow().AddMinutes(1)
        );
        Assert.False(items[0]!["health"]!["up"]!.GetValue<bool>());
        Assert.Contains(
            "No master of the cluster leads",
            Text(items[0]!["health"]!["message"]),
            StringComparison.Ordinal
        );
        Assert.Equal(("local", "client"), (Text(items[2]!["kind"]), Text(items[2]!["deployMode"])));
        Assert.Null(items[2]!["health"]);
        Assert.Equal("2g", Text(page["sizes"]!["small"]!["executorMemory"]));
        var first = await AskedAsync("/api/v1/clusters?limit=2");
        var rest = await AskedAsync($"/api/v1/clusters?cursor={Text(first["nextCursor"])}");
        Assert.Equal("local", Text(Assert.Single(rest["items"]!.AsArray())!["name"]));
        Assert.Contains("/mgmt/clusters", await host.Client.GetStringAsync("/mgmt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_is_down_is_a_warning_and_does_not_make_the_server_unhealthy()
    {
        await AskedAsync("/api/v1/clusters");

        var answer = await host.Client.GetAsync("/health");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var checks = (await answer.ReadJsonAsync())["checks"]!;
        Assert.Equal(
            ("ok", "works, 2 machines"),
            (Text(checks["cluster:lab-of-this-test"]!["status"]), Text(checks["cluster:lab-of-this-test"]!["detail"]))
        );
        Assert.Equal("warning", Text(checks["cluster:down-in-this-test"]!["status"]));
        Assert.Null(checks["cluster:local"]);
        // Whoever has no key learns no address.
        Assert.DoesNotContain("127.0.0.1", checks.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clusters_are_asked_in_the_background_and_not_once_for_every_question()
    {
        await AskedAsync("/api/v1/clusters");
        var (before, began) = (host.Master.Requests.Count, TimeProvider.System.GetTimestamp());

        for (var question = 0; question < 30; question++)
        {
            await host.Client.GetAsync("/api/v1/clusters");
            await host.Client.GetAsync("/health");
        }

        var rounds = (int)(TimeProvider.System.GetElapsedTime(began).TotalSeconds / 15) + 1;
        Assert.InRange(host.Master.Requests.Count - before, 0, rounds);
    }

    [Fact]
    public async Task Utilization_and_sizes_are_figures_under_the_originals_name_and_ours()
    {
        await AskedAsync("/api/v1/clusters");
        var figures = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (instrument.Meter.Name == "Sje" && instrument.Name.Contains("spark", StringComparison.Ordinal))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>(
            (instrument, value, labels, _) =>
            {
                foreach (var label in labels)
                {
                    if (label.Key == "cluster" && label.Value is string cluster)
                    {
                        figures[$"{instrument.Name} {cluster}"] = value;
                    }
                }
            }
        );
        listener.Start();

        listener.RecordObservableInstruments();

        Assert.Equal(0.375, figures["spark_cluster_utilization lab-of-this-test"]);
        Assert.Equal(0.375, figures["spark.cluster.utilization.ratio lab-of-this-test"]);
        Assert.Equal(1, figures["sje.spark.cluster.up lab-of-this-test"]);
        Assert.Equal(16, figures["sje.spark.cluster.cores lab-of-this-test"]);
        Assert.Equal(6, figures["sje.spark.cluster.cores.used lab-of-this-test"]);
        Assert.Equal(8 * GiB, figures["sje.spark.cluster.memory.bytes lab-of-this-test"]);
        Assert.Equal(2 * GiB, figures["sje.spark.cluster.memory.used.bytes lab-of-this-test"]);
        Assert.Equal(2, figures["sje.spark.cluster.nodes lab-of-this-test"]);
        Assert.Equal(0, figures["sje.spark.cluster.up down-in-this-test"]);
        Assert.DoesNotContain("spark_cluster_utilization down-in-this-test", figures.Keys);
    }

    [Fact]
    public async Task Viewers_see_clusters_and_the_list_for_administrators_is_theirs()
    {
        using var viewer = host.ClientFor(await host.NewKeyAsync(Role.Viewer));

        Assert.Equal(HttpStatusCode.OK, (await viewer.GetAsync("/api/v1/clusters")).StatusCode);
        await (await viewer.GetAsync("/mgmt/clusters")).ReadProblemAsync(403, "forbidden");
    }

    // When each has been asked once.
    private async Task<JsonNode> AskedAsync(string path) =>
        await Eventually.GetAsync(
            async () => await (await host.Client.GetAsync(path)).ReadJsonAsync(),
            page => page["items"]!.AsArray().All(item => Text(item!["kind"]) == "local" || item["health"] is not null),
            "every cluster has been asked",
            60
        );

    private static string? Text(JsonNode? node) => (string?)node;
}
