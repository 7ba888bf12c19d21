using System.Text.Json.Nodes;
using Sje.Core.Security;

namespace Sje.Tests.Integration.Api.Spark;

/// <summary>What is known of Spark tasks and their applications, and how a run compares with earlier ones.</summary>
public sealed class SparkApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_Spark_task_shows_its_application_figures_advice_and_cost()
    {
        var id = await host.SubmitSparkAsync("shown");
        await host.AddApplicationAsync(
            id,
            "succeeded",
            more:
            [
                ("application_id", "app-1"),
                ("submission_id", "driver-1"),
                ("tracking_url", "http://rm:8088/cluster/app/1"),
                ("facts", """{"durationMs": 9000, "totals": {"tasks": 12, "inputRows": 100}}"""),
                (
                    "advice",
                    """[{"kind": "skew", "severity": "warning", "text": "One task is slow.", "suggestion": {"a": "b"}}]"""
                ),
                ("cost", """{"total": 0.25, "currency": "EUR"}"""),
            ]
        );

        var item = await OnlyAsync(id);

        Assert.Equal(
            ("main", "queued", await host.TaskIdAsync(id, "main")),
            (Text(item["task"]), Text(item["state"]), item["taskId"]!.GetValue<Guid>())
        );
        var application = item["application"]!;
        Assert.Equal(
            ("lab", "cluster", "succeeded", "i", "driver-1", "app-1"),
            (
                Text(application["cluster"]),
                Text(application["deployMode"]),
                Text(application["state"]),
                Text(application["identity"]),
                Text(application["submissionId"]),
                Text(application["applicationId"])
            )
        );
        Assert.Equal($"/executions/{id}/tasks/{item["taskId"]}/spark-ui/", Text(application["ui"]));
        Assert.Equal("http://rm:8088/cluster/app/1", Text(application["trackingUrl"]));
        Assert.NotNull(application["endedAt"]);
        Assert.Equal(12, item["facts"]!["totals"]!["tasks"]!.GetValue<int>());
        Assert.Equal("skew", Text(item["advice"]![0]!["kind"]));
        Assert.Equal("EUR", Text(item["cost"]!["currency"]));
        Assert.Null(item["comparison"]);
        Assert.DoesNotContain("driverUi", item.ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_run_stands_beside_the_earlier_good_ones_of_the_same_task_of_the_same_job_and_tenant()
    {
        foreach (var seconds in new[] { 10, 20, 30 })
        {
            await RanAsync("nightly", seconds, "main", cost: "0.50");
        }

        // None of these counts: another job, one that failed, another task, another tenant's, and a later one.
        await RanAsync("weekly", 1000, "main");
        await RanAsync("nightly", 1000, "main", state: "failed");
        await RanAsync("nightly", 1000, "other");
        await host.ExecuteAsync(
            "update sje.executions set tenant = 'other' where id = $1",
            await RanAsync("nightly", 1000, "main")
        );
        var id = await RanAsync("nightly", 60, "main", cost: "0.25");
        await RanAsync("nightly", 1000, "main");

        var comparison = (await OnlyAsync(id))["comparison"]!;

        Assert.Equal(3, comparison["earlier"]!.GetValue<int>());
        Assert.Equal(3.0, comparison["duration"]!.GetValue<double>());
        Assert.Equal(0.5, comparison["cost"]!.GetValue<double>());
        Assert.Equal(20_000, comparison["medianDurationMs"]!.GetValue<long>());
        // Nothing was spilled ever: there is nothing to measure by.
        Assert.Null(comparison["spill"]);
    }

    [Fact]
    public async Task Several_tasks_come_in_pages_in_the_order_of_the_job_and_one_that_waits_has_no_application()
    {
        var id = await host.SubmitSparkAsync("graph", "a", "b", "c");
        await host.AddApplicationAsync(id, "pending", "b", more: ("pending_cause", "no worker has 4 cores"));

        var first = await GetAsync($"/api/v1/executions/{id}/spark?limit=2");
        var second = await GetAsync($"/api/v1/executions/{id}/spark?limit=2&cursor={Text(first["nextCursor"])}");

        var items = first["items"]!.AsArray().Concat(second["items"]!.AsArray()).ToList();
        Assert.Equal(["a", "b", "c"], items.Select(item => Text(item!["task"])));
        Assert.Null(items[0]!["application"]);
        Assert.Equal("no worker has 4 cores", Text(items[1]!["application"]!["pendingCause"]));
        Assert.Null(second["nextCursor"]);
        Assert.Empty(
            (await GetAsync($"/api/v1/executions/{await host.SubmitAsync("plain")}/spark"))["items"]!.AsArray()
        );
        await (await host.Client.GetAsync($"/api/v1/executions/{id}/spark?cursor=Yzp4")).ReadProblemAsync(
            422,
            "validation"
        );
        using var stranger = host.ClientFor(await host.NewKeyAsync(Role.Viewer, "stranger"));
        await (await stranger.GetAsync($"/api/v1/executions/{id}/spark")).ReadProblemAsync(404, "not-found");
    }

    private async Task<Guid> RanAsync(
        string job,
        int seconds,
        string task,
        string state = "succeeded",
        string cost = "1"
    )
    {
        var id = await host.SubmitSparkAsync(job, task, "beside");
        await host.AddApplicationAsync(
            id,
            state,
            task,
            more:
            [
                ("facts", $$$"""{"durationMs": {{{seconds}}}000, "totals": {"inputRows": 5}, "stages": []}"""),
                ("cost", $$"""{"total": {{cost}}}"""),
            ]
        );
        await host.EndTaskAsync(id, task);
        return id;
    }

    private async Task<JsonNode> OnlyAsync(Guid id) =>
        (await GetAsync($"/api/v1/executions/{id}/spark"))["items"]!
            .AsArray()
            .First(item => item!["application"] is not null)!;

    private async Task<JsonNode> GetAsync(string path) => await (await host.Client.GetAsync(path)).ReadJsonAsync();

    private static string? Text(JsonNode? node) => (string?)node;
}
