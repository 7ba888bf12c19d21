using System.Net;
using System.Text.Json.Nodes;
using Sje.Core.Security;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api;

public sealed class DeadLettersApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task They_are_listed_counted_paged_and_found_by_every_filter()
    {
        var queue = NewQueue();
        var first = await FailAsync(queue, "dead-one", "network", "no route to host 17");
        var second = await FailAsync(queue, "dead-one", "network", "no route to host 18");
        var third = await FailAsync(queue, "dead-two", "exit_code", "exit code 3");

        var all = await GetAsync($"?queue={queue}");
        Assert.Equal([third, second, first], Executions(all));
        Assert.Equal("""{"network":2,"exit_code":1}""", all["counts"]!.ToJsonString());
        var letter = all["items"]![2]!;
        Assert.Equal(
            ("dead-one", "main", "process", "failed", "network", "no route to host 17", 0),
            (
                (string)letter["job"]!,
                (string)letter["task"]!,
                (string)letter["type"]!,
                (string)letter["state"]!,
                (string)letter["class"]!,
                (string)letter["message"]!,
                (int)letter["attempt"]!
            )
        );
        var page = await GetAsync($"?queue={queue}&limit=2");
        Assert.Equal([third, second], Executions(page));
        Assert.Equal([first], Executions(await GetAsync($"?queue={queue}&limit=2&cursor={page["nextCursor"]}")));

        Assert.Equal([third], Executions(await GetAsync($"?queue={queue}&job=dead-two")));
        Assert.Equal([third], Executions(await GetAsync($"?queue={queue}&class=exit_code")));
        Assert.Empty(Executions(await GetAsync($"?queue={queue}&class=exit")));
        Assert.Equal([second], Executions(await GetAsync($"?queue={queue}&q=HOST+18")));
        Assert.Equal([third], Executions(await GetAsync($"?queue={queue}&q=two")));
        Assert.Equal(
            [second, first],
            Executions(await GetAsync($"?queue={queue}&fingerprint={letter["fingerprint"]}"))
        );
        Assert.Equal([third, second], Executions(await GetAsync($"?queue={queue}&since={At(all, 1)}")));
        Assert.Equal([first], Executions(await GetAsync($"?queue={queue}&until={At(all, 1)}")));
        await (await host.Client.GetAsync("/api/v1/dead-letters?since=yesterday&limit=0")).ReadProblemAsync(
            422,
            "validation"
        );
        await (await host.Client.GetAsync("/api/v1/dead-letters?cursor=Yzp4")).ReadProblemAsync(422, "validation");
        Assert.Equal(
            3,
            Executions(await (await host.Client.GetAsync($"/mgmt/dead-letters?queue={queue}")).ReadJsonAsync()).Length
        );
    }

    [Fact]
    public async Task Those_that_look_alike_are_one_group()
    {
        var queue = NewQueue();
        await FailAsync(queue, "grouped-1", "network", "no route to host 17");
        await FailAsync(queue, "grouped-2", "network", "no route to host 18");
        await FailAsync(queue, "grouped-1", "exit_code", "exit code 3");

        var groups = (await GetAsync($"/groups?queue={queue}"))["items"]!.AsArray();

        Assert.Equal([2, 1], groups.Select(group => (int)group!["count"]!));
        var network = groups[0]!;
        Assert.Equal("""["grouped-1","grouped-2"]""", network["jobs"]!.ToJsonString());
        Assert.Equal("no route to host 18", (string?)network["sample"]!["message"]);
        Assert.StartsWith("network-", (string?)network["fingerprint"]);
        Assert.True((DateTimeOffset)network["firstSeenAt"]! < (DateTimeOffset)network["lastSeenAt"]!);
        var one = await GetAsync($"/groups?queue={queue}&limit=1");
        Assert.Equal(
            "exit_code",
            (string?)
                (await GetAsync($"/groups?queue={queue}&limit=1&cursor={one["nextCursor"]}"))["items"]![0]!["sample"]![
                    "class"
                ]
        );
    }

    [Fact]
    public async Task One_is_shown_with_its_error_and_its_attempts_and_can_be_requeued_or_purged()
    {
        var queue = NewQueue();
        var execution = await FailAsync(queue, "shown", "exit_code", "exit code 3");

        var shown = (await GetAsync($"/{execution}"))["items"]!.AsArray();
        var letter = Assert.Single(shown)!["letter"]!;
        Assert.Equal("the end of the log", (string?)shown[0]!["error"]!["logTail"]);
        Assert.Empty(shown[0]!["attempts"]!.AsArray());
        Assert.Equal(execution, (Guid)(await GetAsync($"/{letter["id"]}"))["items"]![0]!["letter"]!["executionId"]!);

        var answer = await host.Client.PostAsync($"/api/v1/dead-letters/{letter["id"]}/requeue", null);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal(1, (int)(await answer.ReadJsonAsync())["changed"]!);
        Assert.Equal(
            "queued",
            (string?)(await (await host.Client.GetAsync($"/task/{execution}")).ReadJsonAsync())["state"]
        );
        foreach (var word in new[] { "requeue", "purge" })
        {
            await (await host.Client.PostAsync($"/api/v1/dead-letters/{execution}/{word}", null)).ReadProblemAsync(
                404,
                "not-found"
            );
        }

        await host.ExecuteAsync("delete from sje.tasks where execution_id = $1", execution);
        var other = await FailAsync(queue, "shown", "exit_code", "exit code 3");
        Assert.Equal(
            HttpStatusCode.Accepted,
            (await host.Client.PostAsync($"/api/v1/dead-letters/{other}/purge", null)).StatusCode
        );
        Assert.Empty(Executions(await GetAsync($"?queue={queue}")));
        await (await host.Client.GetAsync($"/api/v1/dead-letters/{other}")).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_filtered_set_is_requeued_by_an_operation_with_progress()
    {
        var queue = NewQueue();
        for (var i = 0; i < 5; i++)
        {
            await FailAsync(queue, "many", i < 3 ? "network" : "exit_code", "x");
        }

        var answer = await host.Client.PostAsync(
            "/api/v1/dead-letters:requeue",
            ApiHost.Json($$"""{"queue": "{{queue}}", "class": "network"}""")
        );

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var begun = await answer.ReadJsonAsync();
        Assert.Equal($"/api/v1/operations/{begun["id"]}", answer.Headers.Location?.ToString());
        Assert.Equal(
            ("dead_letters.requeue", 3, queue),
            ((string?)begun["kind"], (int)begun["total"]!, (string?)begun["filter"]!["queue"])
        );
        var over = await Eventually.GetAsync(
            async () => await (await host.Client.GetAsync(answer.Headers.Location)).ReadJsonAsync(),
            operation => (string?)operation["state"] != "running",
            "the operation is over"
        );
        Assert.Equal(
            ("succeeded", 3, 0, 0),
            ((string?)over["state"], (int)over["done"]!, (int)over["failed"]!, (int)over["untouched"]!)
        );
        Assert.Equal(2, Executions(await GetAsync($"?queue={queue}")).Length);
        Assert.Contains(
            (await (await host.Client.GetAsync("/api/v1/operations")).ReadJsonAsync())["items"]!.AsArray(),
            operation => (string?)operation!["id"] == (string?)begun["id"]
        );
        await (await host.Client.PostAsync($"/api/v1/operations/{begun["id"]}/cancel", null)).ReadProblemAsync(
            409,
            "wrong-state"
        );
        await (await host.Client.PostAsync($"/api/v1/operations/{Guid.NewGuid()}/cancel", null)).ReadProblemAsync(
            404,
            "not-found"
        );
        await host.ExecuteAsync("delete from sje.tasks where queue = $1", queue);
    }

    [Theory]
    [InlineData("{}", "/all")]
    [InlineData("""{"all": true, "job": "x"}""", "/all")]
    [InlineData("""{"job": "x", "since": "soon"}""", "/since")]
    [InlineData("""{"jobs": "x"}""", "/jobs")]
    public async Task Who_changes_many_has_to_say_which(string body, string pointer)
    {
        foreach (var word in new[] { "requeue", "purge" })
        {
            var problem = await (
                await host.Client.PostAsync($"/api/v1/dead-letters:{word}", ApiHost.Json(body))
            ).ReadProblemAsync(422, "validation");
            Assert.Contains(pointer, problem.Pointers());
        }
    }

    [Fact]
    public async Task Another_tenant_sees_none_of_them_and_changes_none()
    {
        var queue = NewQueue();
        var execution = await FailAsync(queue, "mine", "network", "x");
        using var viewer = host.ClientFor(await host.NewKeyAsync(Role.Viewer));
        using var stranger = host.ClientFor(await host.NewKeyAsync(Role.Operator, "other"));

        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await viewer.PostAsync("/api/v1/dead-letters:purge", ApiHost.Json("""{"all": true}"""))).StatusCode
        );
        Assert.Equal(
            HttpStatusCode.NotFound,
            (await stranger.PostAsync($"/api/v1/dead-letters/{execution}/purge", null)).StatusCode
        );
        Assert.Empty(
            Executions(await (await stranger.GetAsync($"/api/v1/dead-letters?queue={queue}")).ReadJsonAsync())
        );
        var begun = await (
            await stranger.PostAsync("/api/v1/dead-letters:purge", ApiHost.Json("""{"all": true}"""))
        ).ReadJsonAsync();
        Assert.Equal(0, (int)begun["total"]!);
        Assert.Equal(HttpStatusCode.NotFound, (await viewer.GetAsync($"/api/v1/operations/{begun["id"]}")).StatusCode);
        Assert.Equal([execution], Executions(await GetAsync($"?queue={queue}")));
    }

    [Fact]
    public async Task A_task_that_waits_is_skipped_once()
    {
        var id = await host.SubmitAsync();

        var answer = await host.Client.PostAsync(
            $"/api/v1/executions/{id}/tasks/main/skip",
            ApiHost.Json("""{"reason": "not today"}""")
        );

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("succeeded", (string?)(await answer.ReadJsonAsync())["state"]);
        var task = (await (await host.Client.GetAsync($"/api/v1/executions/{id}/tasks")).ReadJsonAsync())["items"]![0]!;
        Assert.Equal(("skipped", "not today"), ((string?)task["state"], (string?)task["reason"]));
        await (await host.Client.PostAsync($"/api/v1/executions/{id}/tasks/main/skip", null)).ReadProblemAsync(
            409,
            "wrong-state"
        );
        await (await host.Client.PostAsync($"/api/v1/executions/{id}/tasks/none/skip", null)).ReadProblemAsync(
            404,
            "not-found"
        );
    }

    [Fact]
    public async Task A_job_and_a_worker_are_paused_and_resumed()
    {
        await host.Client.PutAsync(
            "/api/v1/jobs/halted",
            ApiHost.Json("""{"type": "process", "process": {"command": ["true"]}}""")
        );
        var id = Guid.CreateVersion7();
        await host.ExecuteAsync(
            """
            insert into sje.workers (id, name, host, process_id, version, queues, engines, slots, cpus, memory_bytes, lease_until)
            values ($1, 'halted', 'h', 1, '1', '{default}', '{process}', 2, 2, 1024, now() + interval '1 hour')
            """,
            id
        );
        foreach (var path in new[] { "/api/v1/jobs/halted", $"/api/v1/workers/{id}" })
        {
            foreach (var (word, paused) in new[] { ("pause", true), ("resume", false) })
            {
                var answer = await host.Client.PostAsync($"{path}/{word}", null);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                Assert.Equal(paused, (await answer.ReadJsonAsync())["pausedAt"] is not null);
                Assert.Equal(
                    paused,
                    (await (await host.Client.GetAsync(path)).ReadJsonAsync())["pausedAt"] is not null
                );
            }
        }

        await host.ExecuteAsync("update sje.workers set state = 'stopped', ended_at = now() where id = $1", id);
        await (await host.Client.PostAsync($"/api/v1/workers/{id}/pause", null)).ReadProblemAsync(409, "wrong-state");
        await (await host.Client.PostAsync($"/api/v1/workers/{Guid.NewGuid()}/pause", null)).ReadProblemAsync(
            404,
            "not-found"
        );
        await (await host.Client.PostAsync("/api/v1/jobs/nothing/pause", null)).ReadProblemAsync(404, "not-found");
    }

    private static string NewQueue() => $"q{Guid.NewGuid():N}"[..20];

    private static Guid[] Executions(JsonNode list) =>
        [.. list["items"]!.AsArray().Select(item => (Guid)item!["executionId"]!)];

    private static string At(JsonNode list, int index) =>
        Uri.EscapeDataString((string)list["items"]![index]!["failedAt"]!);

    private async Task<JsonNode> GetAsync(string path) =>
        await (await host.Client.GetAsync("/api/v1/dead-letters" + path)).ReadJsonAsync();

    /// <summary>Fails an execution as a worker would have.</summary>
    private async Task<Guid> FailAsync(string queue, string name, string errorClass, string message)
    {
        var id = await host.SubmitAsync(name, queue);
        await host.ExecuteAsync(
            """
            with gone as (delete from sje.tasks where execution_id = $1 returning *), dead as (
                select to_jsonb(gone) || jsonb_build_object('state', 'failed', 'finished_at', clock_timestamp(), 'error', $2::jsonb,
                    'fingerprint', sje.fingerprint($3, type, 'failed', null, $2::jsonb)) as row from gone)
            insert into sje.finished_tasks select (jsonb_populate_record(null::sje.finished_tasks, row)).* from dead
            """,
            id,
            new JsonObject
            {
                ["class"] = errorClass,
                ["message"] = message,
                ["logTail"] = "the end of the log",
            }.ToJsonString(),
            name
        );
        await host.ExecuteAsync("update sje.executions set state = 'failed', finished_at = now() where id = $1", id);
        return id;
    }
}
