using System.Net;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api;

public sealed class ExecutionsApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task The_list_pages_newest_first_through_every_execution_once_while_others_arrive()
    {
        var ids = new List<Guid>();
        foreach (var _ in Enumerable.Range(0, 7))
        {
            ids.Add(await host.SubmitAsync("paged"));
        }

        var seen = new List<Guid>();
        string? cursor = null;
        do
        {
            var page = await GetAsync(
                $"/api/v1/executions?job=paged&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}"
            );
            seen.AddRange(page["items"]!.AsArray().Select(item => item!["id"]!.GetValue<Guid>()));
            cursor = (string?)page["nextCursor"];
            await host.SubmitAsync("paged");
        } while (cursor is not null);

        Assert.Equal(ids.AsEnumerable().Reverse(), seen);
    }

    [Fact]
    public async Task Filters_narrow_the_list_and_counts_leave_the_state_out()
    {
        await host.SubmitAsync("filtered one", "etl", ", \"tags\": [\"red\"]");
        var second = await host.SubmitAsync("filtered two", "etl", ", \"tags\": [\"blue\"], \"jobId\": \"lbl_1\"");
        await host.Client.DeleteAsync($"/task/{second}");

        Assert.Equal(["filtered one"], await NamesAsync("queue=etl&state=queued"));
        Assert.Equal(["filtered two"], await NamesAsync("queue=etl&state=cancelled,failed"));
        Assert.Equal(["filtered two"], await NamesAsync("tag=blue"));
        Assert.Equal(["filtered two"], await NamesAsync("q=BL_1"));
        Assert.Empty(await NamesAsync("q=LB%25"));
        Assert.Equal(["filtered two"], await NamesAsync($"q={second}"));
        Assert.Equal(["filtered two", "filtered one"], await NamesAsync("q=filtered&since=2020-01-01"));
        Assert.Empty(await NamesAsync("q=filtered&until=2020-01-01T00:00:00Z"));
        Assert.Empty(await NamesAsync("q=filtered&since=2099-01-01T00:00:00%2B02:00"));

        var counts = (await GetAsync("/api/v1/executions?queue=etl&state=queued"))["counts"]!;
        Assert.Equal(
            (1, 1, 0),
            (
                counts["queued"]!.GetValue<int>(),
                counts["cancelled"]!.GetValue<int>(),
                counts["succeeded"]!.GetValue<int>()
            )
        );
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("limit=-1", "limit")]
    [InlineData("cursor=nonsense", "cursor")]
    [InlineData("cursor=Yzpub25zZW5zZQ", "cursor")]
    [InlineData("state=sleeping", "state")]
    [InlineData("since=yesterday", "since")]
    [InlineData("until=2026-13-01", "until")]
    [InlineData("stat=queued", "stat")]
    [InlineData("q=%00", "q")]
    public async Task A_parameter_that_is_wrong_is_422_and_named(string query, string name)
    {
        var problem = await (await host.Client.GetAsync($"/api/v1/executions?{query}")).ReadProblemAsync(
            422,
            "validation"
        );

        Assert.Equal(name, (string?)problem["errors"]![0]!["parameter"]);
    }

    [Fact]
    public async Task An_execution_shows_its_job_parameters_tasks_and_what_blocks_them()
    {
        var answer = await host.Client.PostAsync(
            "/task",
            ApiHost.Json(
                """
                {"name": "graph", "tasks": [
                  {"name": "a", "type": "process", "process": {"command": ["true"]}},
                  {"name": "b", "type": "process", "process": {"command": ["true"]}, "dependsOn": ["a"]}]}
                """
            )
        );
        var id = (string?)(await answer.ReadJsonAsync())["taskId"];

        var execution = await GetAsync($"/api/v1/executions/{id}");
        var tasks = await GetAsync($"/api/v1/executions/{id}/tasks?limit=1");
        var rest = await GetAsync($"/api/v1/executions/{id}/tasks?limit=1&cursor={(string?)tasks["nextCursor"]}");

        Assert.Equal(("graph", "workflow"), ((string?)execution["job"]!["name"], (string?)execution["jobType"]));
        Assert.Equal(
            (1, 1),
            (execution["taskCounts"]!["queued"]!.GetValue<int>(), execution["taskCounts"]!["blocked"]!.GetValue<int>())
        );
        Assert.Equal("blocked on task 'a'", (string?)execution["tasks"]![1]!["waitReason"]);
        Assert.Equal(("a", "b"), ((string?)tasks["items"]![0]!["name"], (string?)rest["items"]![0]!["name"]));
        Assert.Equal("a", (string?)rest["items"]![0]!["dependsOn"]![0]);
        Assert.Null(rest["nextCursor"]);
    }

    [Fact]
    public async Task A_cancelled_execution_is_retried_in_place_and_rerun_as_a_new_one()
    {
        var id = await host.SubmitAsync(
            "again",
            more: ", \"parameters\": {\"n\": {\"type\": \"int\", \"default\": 1}}, \"jobId\": \"again label\""
        );
        await (await host.Client.PostAsync($"/api/v1/executions/{id}/retry", null)).ReadProblemAsync(
            409,
            "wrong-state"
        );

        var cancelled = await host.Client.PostAsync(
            $"/api/v1/executions/{id}/cancel",
            ApiHost.Json("""{"reason": "not today"}""")
        );
        Assert.Equal(HttpStatusCode.Accepted, cancelled.StatusCode);
        Assert.Equal("not today", (string?)(await GetAsync($"/api/v1/executions/{id}"))["cancelReason"]);
        await (await host.Client.PostAsync($"/api/v1/executions/{id}/cancel", null)).ReadProblemAsync(
            409,
            "wrong-state"
        );

        var retried = await (await host.Client.PostAsync($"/api/v1/executions/{id}/retry", null)).ReadJsonAsync();
        Assert.Equal("queued", (string?)retried["state"]);

        var rerun = await (
            await host.Client.PostAsync($"/api/v1/executions/{id}/rerun", ApiHost.Json("""{"parameters": {"n": 5}}"""))
        ).ReadJsonAsync();
        var fresh = await GetAsync($"/api/v1/executions/{(string?)rerun["taskId"]}");
        Assert.Equal(id, fresh["rerunOf"]!.GetValue<Guid>());
        Assert.Equal(
            ("rerun", 5, "again label"),
            ((string?)fresh["trigger"], fresh["parameters"]!["n"]!.GetValue<int>(), (string?)fresh["label"])
        );
        await (
            await host.Client.PostAsync($"/api/v1/executions/{id}/rerun", ApiHost.Json("""{"parameters": {"m": 5}}"""))
        ).ReadProblemAsync(422, "validation");
    }

    [Fact]
    public async Task A_retry_names_tasks_that_are_there_and_have_ended()
    {
        var id = await host.SubmitAsync("repaired");
        await host.Client.PostAsync($"/api/v1/executions/{id}/cancel", null);

        async Task<HttpResponseMessage> RetryAsync(string body) =>
            await host.Client.PostAsync($"/api/v1/executions/{id}/retry", ApiHost.Json(body));
        await (await RetryAsync("""{"task": "none"}""")).ReadProblemAsync(404, "not-found");
        Assert.Contains(
            "/task",
            (
                await (await RetryAsync("""{"task": "main", "tasks": ["main"]}""")).ReadProblemAsync(422, "validation")
            ).Pointers()
        );
        Assert.Contains(
            "/tasks",
            (await (await RetryAsync("""{"tasks": []}""")).ReadProblemAsync(422, "validation")).Pointers()
        );
        Assert.Equal("queued", (string?)(await (await RetryAsync("""{"task": "main"}""")).ReadJsonAsync())["state"]);
        var refused = await (await RetryAsync("""{"tasks": ["main"]}""")).ReadProblemAsync(409, "wrong-state");
        Assert.Contains("task 'main' is queued and has not ended", (string?)refused["detail"]);
    }

    [Fact]
    public async Task What_is_not_there_is_404_at_every_address()
    {
        var id = Guid.NewGuid();
        foreach (var path in new[] { "", "/tasks", "/attempts", "/logs", "/events" })
        {
            await (await host.Client.GetAsync($"/api/v1/executions/{id}{path}")).ReadProblemAsync(404, "not-found");
        }

        foreach (var path in new[] { "/cancel", "/retry", "/rerun" })
        {
            await (await host.Client.PostAsync($"/api/v1/executions/{id}{path}", null)).ReadProblemAsync(
                404,
                "not-found"
            );
        }
    }

    [Fact]
    public async Task Attempts_are_listed_newest_first_with_their_outcome()
    {
        var id = await host.SubmitAsync("attempted");
        await host.ExecuteAsync(
            """
            with t as (update sje.tasks set state = 'running', worker_id = gen_random_uuid(), attempt = 2,
                attempt_started_at = now() + interval '2 s' where execution_id = $1 returning *)
            insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, started_at, ended_at, outcome, error)
            select $1, id, 1, gen_random_uuid(), 'w1', now() + interval '1 s', now(), 'lost', '{"class": "lost"}'::jsonb from t
            """,
            id
        );

        var page = await GetAsync($"/api/v1/executions/{id}/attempts?task=main");

        Assert.Equal([2, 1], page["items"]!.AsArray().Select(item => item!["number"]!.GetValue<int>()));
        Assert.Equal(("lost", "w1"), ((string?)page["items"]![1]!["outcome"], (string?)page["items"]![1]!["worker"]));
        Assert.Null(page["items"]![0]!["outcome"]);
    }

    [Fact]
    public async Task Queues_show_what_waits_and_can_be_paused_and_resumed()
    {
        await host.SubmitAsync("waits", "slow-line");

        var queue = await GetAsync("/api/v1/queues/slow-line");
        Assert.Equal((1, 0), (queue["queued"]!.GetValue<int>(), queue["running"]!.GetValue<int>()));
        Assert.True(queue["oldestWaitSeconds"]!.GetValue<double>() >= 0);
        var paused = await (await host.Client.PostAsync("/api/v1/queues/slow-line/pause", null)).ReadJsonAsync();
        Assert.NotNull(paused["pausedAt"]);
        var item = (await GetAsync("/api/v1/executions?queue=slow-line"))["items"]![0]!;
        Assert.StartsWith("queue 'slow-line' is paused since ", (string?)item["waitReason"]);
        var resumed = await (await host.Client.PostAsync("/api/v1/queues/slow-line/resume", null)).ReadJsonAsync();
        Assert.Null(resumed["pausedAt"]);

        var names = (await GetAsync("/api/v1/queues"))["items"]!.AsArray().Select(q => (string)q!["name"]!).ToList();
        Assert.Contains("default", names);
        Assert.Contains("slow-line", names);
        await (await host.Client.GetAsync("/api/v1/queues/none")).ReadProblemAsync(404, "not-found");
        await (await host.Client.PostAsync("/api/v1/queues/none/pause", null)).ReadProblemAsync(404, "not-found");
        await (await host.Client.PostAsync("/api/v1/queues/none/resume", null)).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_queue_is_made_with_a_lane_and_a_limit_and_wrong_ones_are_refused()
    {
        var made = await (
            await host.Client.PutAsync("/api/v1/queues/narrow", Json("""{"lane": "direct", "maxRunning": 2}"""))
        ).ReadJsonAsync();
        Assert.Equal(("direct", 2), ((string?)made["lane"], (int?)made["maxRunning"]));
        var freed = await (await host.Client.PutAsync("/api/v1/queues/narrow", Json("{}"))).ReadJsonAsync();
        Assert.Equal("direct", (string?)freed["lane"]);
        Assert.Null(freed["maxRunning"]);
        Assert.Equal("direct", (string?)(await GetAsync("/api/v1/queues/swarm"))["lane"]);

        var problem = await (
            await host.Client.PutAsync("/api/v1/queues/narrow", Json("""{"lane": "fast", "maxRunning": 0}"""))
        ).ReadProblemAsync(422, "validation");
        Assert.Equal(
            ["/lane", "/maxRunning"],
            problem["errors"]!.AsArray().Select(e => (string)e!["pointer"]!).Order()
        );
        await (await host.Client.PutAsync("/api/v1/queues/No", Json("{}"))).ReadProblemAsync(422, "validation");
    }

    [Fact]
    public async Task A_full_queue_answers_429_with_Retry_After_also_for_a_part_of_a_batch_and_forgets_the_key()
    {
        await host.Client.PutAsync("/api/v1/queues/brim", Json("""{"maxQueued": 3}"""));
        string Line(string name) =>
            $$"""{"name": "{{name}}", "queue": "brim", "type": "process", "process": {"command": ["true"]}, "idempotencyKey": "{{name}}"}""";
        var first = await host.SubmitAsync("one", "brim");

        var batch = await host.Client.PostAsync(
            "/tasks",
            Json($"[{Line("two")}, {Line("three")}, {Line("four")}, {Line("four")}]")
        );
        Assert.True(batch.StatusCode == HttpStatusCode.Accepted, await batch.Content.ReadAsStringAsync());
        Assert.Equal(TimeSpan.FromSeconds(5), batch.Headers.RetryAfter?.Delta);
        var answer = await batch.ReadJsonAsync();
        Assert.Equal((2, 2), ((int?)answer["accepted"], (int?)answer["rejected"]));
        Assert.Equal([202, 202, 429, 429], answer["items"]!.AsArray().Select(item => (int)item!["status"]!));

        var single = await host.Client.PostAsync(
            "/task",
            Json("""{"name": "five", "queue": "brim", "type": "process", "process": {"command": ["true"]}}""")
        );
        Assert.Equal(TimeSpan.FromSeconds(5), single.Headers.RetryAfter?.Delta);
        var problem = await single.ReadProblemAsync(429, "queue-full");
        Assert.StartsWith("3 tasks wait in queue 'brim'", (string?)problem["detail"]);
        await (
            await host.Client.PostAsync("/tasks?atomic=true", Json($"[{Line("six")}, {Line("seven")}]"))
        ).ReadProblemAsync(429, "queue-full");

        await host.Client.DeleteAsync($"/task/{first}");
        var again = await host.Client.PostAsync("/tasks", Json($"[{Line("four")}, {Line("five")}]"));
        Assert.Equal(
            [202, 429],
            (await again.ReadJsonAsync())["items"]!.AsArray().Select(item => (int)item!["status"]!)
        );
        Assert.Equal(3, (int?)(await GetAsync("/api/v1/queues/brim"))["queued"]);
    }

    [Fact]
    public async Task What_waits_is_moved_and_what_is_wrong_with_the_move_is_said()
    {
        await host.Client.PostAsync("/api/v1/queues/default/pause", null);
        var id = await host.SubmitAsync("mover", "still-line");

        var moved = await host.Client.PatchAsync(
            $"/api/v1/executions/{id}",
            Json("""{"priority": "urgent", "queue": "other-line"}""")
        );
        Assert.Equal(HttpStatusCode.Accepted, moved.StatusCode);
        var shown = await GetAsync($"/api/v1/executions/{id}");
        Assert.Equal((20, "other-line"), ((int?)shown["priority"], (string?)shown["queue"]));
        await (
            await host.Client.PatchAsync($"/api/v1/executions/{id}", Json("""{"priority": "fast", "queue": "A"}"""))
        ).ReadProblemAsync(422, "validation");
        await (await host.Client.PatchAsync($"/api/v1/executions/{id}", Json("{}"))).ReadProblemAsync(
            422,
            "validation"
        );
        await (
            await host.Client.PatchAsync($"/api/v1/executions/{id}", Json("""{"queue": "swarm"}"""))
        ).ReadProblemAsync(409, "wrong-state");
        await (
            await host.Client.PatchAsync($"/api/v1/executions/{Guid.NewGuid()}", Json("""{"priority": 1}"""))
        ).ReadProblemAsync(404, "not-found");
        await host.Client.PostAsync("/api/v1/queues/default/resume", null);
    }

    private static StringContent Json(string text) => new(text, System.Text.Encoding.UTF8, "application/json");

    private async Task<List<string>> NamesAsync(string query) =>
        [.. (await GetAsync($"/api/v1/executions?{query}"))["items"]!.AsArray().Select(item => (string)item!["name"]!)];

    private async Task<JsonNode> GetAsync(string path)
    {
        var answer = await host.Client.GetAsync(path);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync());
        return await answer.ReadJsonAsync();
    }
}
