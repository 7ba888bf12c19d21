using System.Net;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api;

public sealed class LimitsApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_key_is_set_by_its_job_then_by_hand_and_cannot_be_forgotten_while_a_task_names_it()
    {
        var accepted = await host.Client.PostAsync(
            "/task",
            ApiHost.Json(
                """{"name": "x", "type": "process", "process": {"command": ["true"]}, "concurrency": {"key": "prod 1", "limit": 5}}"""
            )
        );
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var key = await (await host.Client.GetAsync("/api/v1/concurrency-keys/prod%201")).ReadJsonAsync();
        Assert.Equal("5 False 1", $"{key["limit"]} {Flag(key["setByHand"])} {key["waiting"]}");

        key = await (
            await host.Client.PutAsync("/api/v1/concurrency-keys/prod%201", ApiHost.Json("""{"limit": 2}"""))
        ).ReadJsonAsync();
        Assert.Equal("2 True", $"{key["limit"]} {Flag(key["setByHand"])}");
        await (await host.Client.DeleteAsync("/api/v1/concurrency-keys/prod%201")).ReadProblemAsync(409, "wrong-state");
        await (await host.Client.DeleteAsync("/api/v1/concurrency-keys/none")).ReadProblemAsync(404, "not-found");

        Assert.Equal(
            HttpStatusCode.OK,
            (await host.Client.PutAsync("/api/v1/concurrency-keys/other", ApiHost.Json("""{"limit": 1}"""))).StatusCode
        );
        Assert.Equal(
            HttpStatusCode.NoContent,
            (await host.Client.DeleteAsync("/api/v1/concurrency-keys/other")).StatusCode
        );
        var page = await (await host.Client.GetAsync("/api/v1/concurrency-keys?limit=1")).ReadJsonAsync();
        Assert.Single(page["items"]!.AsArray());
    }

    [Fact]
    public async Task A_tenant_has_a_weight_and_a_queue_a_rate()
    {
        var tenant = await (
            await host.Client.PutAsync("/api/v1/tenants/finance", ApiHost.Json("""{"weight": 4}"""))
        ).ReadJsonAsync();
        Assert.Equal("4 0", $"{tenant["weight"]} {tenant["waiting"]}");
        Assert.Contains(
            (await (await host.Client.GetAsync("/api/v1/tenants")).ReadJsonAsync())["items"]!.AsArray(),
            t => t!["name"]!.GetValue<string>() == "default"
        );

        var queue = await (
            await host.Client.PutAsync(
                "/api/v1/queues/slow",
                ApiHost.Json("""{"maxStarts": 10, "perSeconds": 60, "maxRunning": 2}""")
            )
        ).ReadJsonAsync();
        Assert.Equal("10 60 2", $"{queue["maxStarts"]} {queue["perSeconds"]} {queue["maxRunning"]}");
        queue = await (await host.Client.PutAsync("/api/v1/queues/slow", ApiHost.Json("{}"))).ReadJsonAsync();
        Assert.Null(queue["maxStarts"]);
        Assert.Null(queue["perSeconds"]);
    }

    [Theory]
    [InlineData("concurrency-keys/k", """{"limit": 0}""", "/limit")]
    [InlineData("concurrency-keys/k", "{}", "/limit")]
    [InlineData("tenants/t", """{"weight": 1001}""", "/weight")]
    [InlineData("queues/q", """{"maxStarts": 0}""", "/maxStarts")]
    [InlineData("queues/q", """{"perSeconds": 5}""", "/perSeconds")]
    [InlineData("queues/q", """{"maxStarts": 1, "perSeconds": 0}""", "/perSeconds")]
    public async Task What_is_no_limit_is_told_at_its_field(string path, string body, string pointer) =>
        Assert.Equal(
            [pointer],
            (
                await (await host.Client.PutAsync("/api/v1/" + path, ApiHost.Json(body))).ReadProblemAsync(
                    422,
                    "validation"
                )
            ).Pointers()
        );

    [Fact]
    public async Task A_breaker_is_listed_and_reset()
    {
        await host.ExecuteAsync(
            """
            insert into sje.circuit_breakers (target, state, failures, opened_at, open_until, last_error)
            values ('http:api.example.com:8443', 'open', 5, now(), now() + interval '1 hour', 'refused')
            """
        );
        var one = await (
            await host.Client.GetAsync("/api/v1/circuit-breakers/http:api.example.com:8443")
        ).ReadJsonAsync();
        Assert.Equal("open 5 refused", $"{one["state"]} {one["failures"]} {one["lastError"]}");

        one = await (
            await host.Client.PostAsync("/api/v1/circuit-breakers/http:api.example.com:8443/reset", null)
        ).ReadJsonAsync();
        Assert.Equal("closed 0", $"{one["state"]} {one["failures"]}");
        Assert.Null(one["openUntil"]);
        await (await host.Client.PostAsync("/api/v1/circuit-breakers/http:b/reset", null)).ReadProblemAsync(
            404,
            "not-found"
        );
    }

    private static bool Flag(JsonNode? node) => node!.GetValue<bool>();
}
