using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Sje.Tests.Integration.Api;

public sealed class SecretHost : ApiHost
{
    protected override Dictionary<string, string?> Settings =>
        new()
        {
            ["connections:warehouse:connectionString"] = "Host=db;Username=etl;Password=hunter2",
            ["connections:lake:secretAccessKey"] = "hunter2",
            ["connections:short:connectionString"] = "Password=hunter2",
            ["connections:proxy:url"] = "https://me:hunter2@proxy.example/path",
            ["connections:broken:text"] = "Password=hunter2;'",
            ["ConnectionStrings:Sje"] = "Host=127.0.0.1;Password=hunter2",
            ["HOME_PASSWORD"] = "hunter2",
            ["worker:slots"] = "4",
        };
}

public sealed class MgmtApiTests(SecretHost host) : IClassFixture<SecretHost>
{
    [Fact]
    public async Task Configuration_is_shown_without_its_secrets()
    {
        var text = await (await host.Client.GetAsync("/mgmt/config")).Content.ReadAsStringAsync();

        Assert.DoesNotContain("hunter2", text);
        Assert.DoesNotContain("HOME_PASSWORD", text);
        Assert.Contains("\"slots\":\"4\"", text);
        Assert.Contains("etl", text);
        Assert.Contains("proxy.example", text);
    }

    [Fact]
    public async Task Queues_workers_and_keys_can_be_seen_and_a_key_needs_a_name()
    {
        foreach (
            var path in new[] { "/mgmt", "/mgmt/queues", "/mgmt/workers", "/mgmt/keys", "/api/v1/workers?gone=true" }
        )
        {
            Assert.Equal(HttpStatusCode.OK, (await host.Client.GetAsync(path)).StatusCode);
        }

        var problem = await (
            await host.Client.PostAsync("/mgmt/keys", ApiHost.Json("""{"tenant": "NOT OK"}"""))
        ).ReadProblemAsync(422, "validation");
        Assert.Equal(["/name", "/tenant"], problem.Pointers());
        await (
            await host.Client.PostAsync("/mgmt/keys", ApiHost.Json("""{"name": "x", "role": "king"}"""))
        ).ReadProblemAsync(422, "validation");
    }

    [Fact]
    public async Task Retention_shows_what_is_kept_and_a_round_can_be_asked_for()
    {
        var answer = await (await host.Client.GetAsync("/mgmt/retention")).ReadJsonAsync();

        Assert.Equal("30d", answer["settings"]!["history"]!.GetValue<string>());
        Assert.Equal("week", answer["settings"]!["partition"]!.GetValue<string>());
        var parts = answer["history"]!.AsArray();
        Assert.Contains(parts, p => p!["to"] is null);
        var now = parts.Single(p =>
            p!["to"] is { } to
            && to.GetValue<DateTimeOffset>() > TimeProvider.System.GetUtcNow()
            && p["from"] is { } from
            && from.GetValue<DateTimeOffset>() <= TimeProvider.System.GetUtcNow()
        )!;
        Assert.Equal(4, now["tables"]!.AsArray().Count);
        Assert.Equal(
            now["to"]!.GetValue<DateTimeOffset>() + TimeSpan.FromDays(30),
            now["dropAfter"]!.GetValue<DateTimeOffset>()
        );
        Assert.Contains(answer["tables"]!.AsArray(), t => t!["table"]!.GetValue<string>() == "executions");

        await host.ExecuteAsync("update sje.upkeep set next_at = now() + interval '1 hour'");
        var asked = await host.Client.PostAsync("/mgmt/retention:run", null);

        Assert.Equal(HttpStatusCode.Accepted, asked.StatusCode);
        Assert.True(
            (await asked.ReadJsonAsync())["lastRun"]!["nextAt"]!.GetValue<DateTimeOffset>()
                < TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(5)
        );
    }

    [Fact]
    public async Task Retry_policies_and_the_failure_classes_that_pick_them_are_listed()
    {
        var answer = await (await host.Client.GetAsync("/mgmt/retry-policies")).ReadJsonAsync();

        Assert.Equal("default", answer["policies"]![0]!["name"]!.GetValue<string>());
        Assert.Equal(
            """{"name":"network_error","builtIn":true,"backoff":"exponential","initialDelaySeconds":2,"maxDelaySeconds":120,"factor":2,"jitter":"full","maxAttempts":5,"maxElapsedSeconds":null}""",
            answer["policies"]![1]!.ToJsonString()
        );
        var memory = answer["failureClasses"]!
            .AsArray()
            .Single(c => c!["name"]!.GetValue<string>() == "out_of_memory")!;
        Assert.Equal("resource_exhausted", memory["policy"]!.GetValue<string>());
        Assert.False(memory["permanent"]!.GetValue<bool>());
    }

    [Fact]
    public async Task Workers_show_what_they_offer_and_whether_they_are_alive()
    {
        var id = Guid.CreateVersion7();
        await host.ExecuteAsync(
            """
            insert into sje.workers (id, name, host, process_id, version, queues, engines, slots, cpus, memory_bytes, lease_until)
            values ($1, 'w1', 'h', 1, '1', '{default}', '{process}', 2, 2, 1024, now() + interval '1 hour'),
                   (gen_random_uuid(), 'dead', 'h', 1, '1', '{default}', '{process}', 2, 2, 1024, now() - interval '1 hour')
            """,
            id
        );

        var alive = (await (await host.Client.GetAsync("/api/v1/workers")).ReadJsonAsync())["items"]!.AsArray();
        var one = await (await host.Client.GetAsync($"/api/v1/workers/{id}")).ReadJsonAsync();

        Assert.Equal("w1", (string?)Assert.Single(alive)!["name"]);
        Assert.True(one["alive"]!.GetValue<bool>());
        await (await host.Client.GetAsync($"/api/v1/workers/{Guid.NewGuid()}")).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task Health_names_its_checks_and_is_ok_without_workers()
    {
        var health = await (await host.Client.GetAsync("/health")).ReadJsonAsync();

        Assert.Equal("ok", (string?)health["status"]);
        Assert.Equal("ok", (string?)health["checks"]!["database"]!["status"]);
        Assert.Equal("ok", (string?)health["checks"]!["migrations"]!["status"]);
        Assert.NotNull(health["checks"]!["workers"]);
    }

    [Fact]
    public async Task Without_a_database_requests_are_503_and_health_is_500_and_never_404()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        taken.Stop();
        var nowhere = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "nobody",
            Timeout = 2,
        }.ConnectionString;
        var errors = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var app = ApiHost.Build(nowhere, "http://127.0.0.1:0", [], new ErrorLog(errors));
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };

        foreach (
            var path in new[] { $"/task/{Guid.NewGuid()}", "/api/v1/executions", "/api/v1/jobs/x", "/api/v1/queues" }
        )
        {
            var answer = await client.GetAsync(path);
            await answer.ReadProblemAsync(503, "unavailable");
            Assert.Equal("5", answer.Headers.RetryAfter!.ToString());
        }

        await (
            await client.PostAsync(
                "/task",
                ApiHost.Json("""{"name": "x", "type": "process", "process": {"command": ["true"]}}""")
            )
        ).ReadProblemAsync(503, "unavailable");
        using var keyed = new HttpRequestMessage(HttpMethod.Get, "/api/v1/executions");
        keyed.Headers.Add("X-Api-Key", Sje.Core.Security.ApiKeyText.Create());
        await (await client.SendAsync(keyed)).ReadProblemAsync(503, "unavailable");
        var health = await (await client.GetAsync("/health")).ReadProblemAsync(500, "unhealthy");
        Assert.Equal("down", (string?)health["checks"]!["database"]!["status"]);
        Assert.Contains("database", (string?)health["detail"]);
        Assert.Empty(errors);
        await app.StopAsync();
    }
}
