using System.Net;
using System.Text.Json.Nodes;
using Sje.Core.Security;

namespace Sje.Tests.Integration.Api;

/// <summary>What the pages of queues and workers ask for.</summary>
public sealed class QueueAndWorkerTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string AddWorker = """
        insert into sje.workers (id, name, host, process_id, version, queues, engines, slots, cpus, memory_bytes, heartbeat_at, lease_until, state, ended_at)
        values ($1, 'w', 'h', 1, '1', array[$2], array['process'], 4, 64, 1099511627776, now() + $3, now() + $3 + interval '7 seconds', $4,
            case when $4 in ('dead', 'stopped') then now() end)
        """;

    [Fact]
    public async Task A_queue_says_how_deep_it_is_how_fast_and_what_holds_it()
    {
        var first = await host.SubmitAsync("rated", "rated");
        await host.SubmitAsync("rated", "rated");
        await host.SubmitAsync("rated", "rated");
        Assert.Equal("no live worker serves it", (string?)(await QueueAsync("rated"))["heldBecause"]);
        var worker = await AddAsync("rated", TimeSpan.Zero, "active");
        await host.Client.DeleteAsync($"/task/{first}");

        var free = await QueueAsync("rated");
        Assert.Equal((2, 0.05), (free["depth"]!.GetValue<int>(), free["inPerSecond"]!.GetValue<double>()));
        Assert.Equal(0.017, free["outPerSecond"]!.GetValue<double>());
        Assert.Null(free["heldBecause"]);
        Assert.True(free["oldestWaitSeconds"]!.GetValue<double>() > 0);

        await host.ExecuteAsync("update sje.workers set paused_at = now() where id = $1", worker);
        Assert.Equal(
            "every worker that serves it is paused or drains",
            (string?)(await QueueAsync("rated"))["heldBecause"]
        );
        await host.ExecuteAsync("update sje.workers set paused_at = null where id = $1", worker);

        await host.Client.PutAsync(
            "/api/v1/queues/rated",
            ApiHost.Json("""{"maxRunning": 1, "maxStarts": 2, "perSeconds": 60}""")
        );
        await host.ExecuteAsync("insert into sje.queue_starts values ('rated', now(), 2)");
        Assert.Equal(
            "it has started 2 tasks in the last 60 s, as many as it may",
            (string?)(await QueueAsync("rated"))["heldBecause"]
        );
        await host.ExecuteAsync(
            "update sje.tasks set state = 'running', worker_id = $1 where id = (select id from sje.tasks where queue = 'rated' limit 1)",
            worker
        );
        Assert.Equal("it runs 1 of 1 tasks", (string?)(await QueueAsync("rated"))["heldBecause"]);
    }

    [Fact]
    public async Task A_pause_says_who_and_why_until_it_is_over()
    {
        await host.SubmitAsync("paused", "paused-by");
        await host.Client.PutAsync("/api/v1/queues/paused-by", ApiHost.Json("{}"));
        using var other = host.ClientFor(await host.NewKeyAsync(Role.Operator));

        var paused = await PostAsync("/api/v1/queues/paused-by/pause", """{"reason": "the disk is full"}""");
        await other.PostAsync("/api/v1/queues/paused-by/pause", ApiHost.Json("""{"reason": "me too"}"""));
        var still = await QueueAsync("paused-by");
        var resumed = await PostAsync("/api/v1/queues/paused-by/resume", "{}");

        Assert.Equal(
            ("anonymous", "the disk is full", "it is paused"),
            ((string?)paused["pausedBy"], (string?)paused["pauseReason"], (string?)paused["heldBecause"])
        );
        Assert.Equal("the disk is full", (string?)still["pauseReason"]);
        Assert.Equal(["edit", "resume"], Actions(still));
        Assert.Equal(["edit", "pause"], Actions(resumed));
        Assert.Null(resumed["pauseReason"]);
    }

    [Theory]
    [InlineData("active", 0, "alive", new[] { "pause", "drain" })]
    [InlineData("active", -5, "suspect", new[] { "pause", "drain" })]
    [InlineData("active", -8, "lost", new string[0])]
    [InlineData("dead", -8, "lost", new string[0])]
    [InlineData("draining", 0, "draining", new[] { "pause", "drain" })]
    [InlineData("stopped", -8, "stopped", new string[0])]
    public async Task A_worker_is_in_one_condition(string state, int beatenAt, string condition, string[] actions)
    {
        var id = await AddAsync("none", TimeSpan.FromSeconds(beatenAt), state);

        var worker = await GetAsync($"/api/v1/workers/{id}");

        Assert.Equal(condition, (string?)worker["condition"]);
        Assert.Equal(actions, Actions(worker));
        var pause = await host.Client.PostAsync($"/api/v1/workers/{id}/pause", null);
        Assert.Equal(actions.Length > 0 ? HttpStatusCode.OK : HttpStatusCode.Conflict, pause.StatusCode);
        await host.ExecuteAsync("update sje.workers set state = 'stopped', ended_at = now() where id = $1", id);
    }

    [Fact]
    public async Task A_worker_is_drained_and_resumed_and_shows_what_it_runs()
    {
        var id = await AddAsync("drained", TimeSpan.FromMinutes(1), "active");
        var execution = await host.SubmitAsync("drained", "drained");
        await host.ExecuteAsync(
            "update sje.tasks set state = 'running', worker_id = $1, attempt = 1, attempt_started_at = now(), progress = 0.25 where execution_id = $2",
            id,
            execution
        );

        var drained = await PostAsync($"/api/v1/workers/{id}/drain", """{"reason": "new kernel"}""");
        var resumed = await PostAsync($"/api/v1/workers/{id}/resume", "{}");

        Assert.Equal(("draining", "new kernel"), ((string?)drained["condition"], (string?)drained["pauseReason"]));
        Assert.Equal(["resume"], Actions(drained));
        var task = Assert.Single(drained["currentTasks"]!.AsArray())!;
        Assert.Equal(
            (execution, "drained", "main", 1, 0.25),
            (
                task["executionId"]!.GetValue<Guid>(),
                (string?)task["execution"],
                (string?)task["task"],
                task["attempt"]!.GetValue<int>(),
                task["progress"]!.GetValue<double>()
            )
        );
        Assert.Equal(("alive", null), ((string?)resumed["condition"], (string?)resumed["drainRequestedAt"]));
    }

    [Fact]
    public async Task Jobs_schedules_queues_and_workers_are_told_of_in_the_one_stream_that_resumes()
    {
        using var stream = await SseClient.OpenAsync(
            host.Client,
            "/api/v1/events?topics=jobs,schedules,queues,workers,executions"
        );
        await host.Client.PutAsync(
            "/api/v1/jobs/told%20of",
            ApiHost.Json("""{"type": "process", "process": {"command": ["true"]}, "schedule": {"cron": "0 6 * * *"}}""")
        );
        var job = await NextAsync(stream, "jobs");
        var schedule = await NextAsync(stream, "schedules");
        await host.Client.PutAsync("/api/v1/queues/told-of", ApiHost.Json("{}"));
        var queue = await NextAsync(stream, "queues");
        await host.Client.PostAsync("/api/v1/queues/told-of/pause", null);
        var worker = await AddAsync("none", TimeSpan.FromMinutes(1), "active");
        await host.ExecuteAsync("update sje.workers set heartbeat_at = now() where id = $1", worker);
        await host.ExecuteAsync("update sje.workers set paused_at = now() where id = $1", worker);
        var execution = await host.SubmitAsync("told of too");

        using var resumed = await SseClient.OpenAsync(
            host.Client,
            "/api/v1/events?topics=jobs,schedules,queues,workers,executions",
            queue.Id
        );
        var told = new List<string>();
        while (told.Count == 0 || !told[^1].StartsWith("executions", StringComparison.Ordinal))
        {
            var data = JsonNode.Parse((await resumed.NextAsync())!.Data)!;
            told.Add($"{data["topic"]} {data["kind"]} {data["id"]}");
        }

        Assert.Equal(
            ("job.created", "told of", 1),
            ((string?)job.Data["kind"], (string?)job.Data["id"], job.Data["version"]!.GetValue<int>())
        );
        Assert.Equal(("schedule.created", "told of"), ((string?)schedule.Data["kind"], (string?)schedule.Data["id"]));
        Assert.Equal(
            [
                "queues queue.changed told-of",
                $"workers worker.created {worker}",
                $"workers worker.changed {worker}",
                $"executions execution.queued {execution}",
            ],
            told
        );
    }

    [Fact]
    public async Task Dead_letters_are_told_of_when_they_come_and_go_and_an_execution_is_not_told_twice()
    {
        var id = await host.SubmitAsync("dies");
        var task = (await GetAsync($"/api/v1/executions/{id}"))["tasks"]![0]!["id"]!.GetValue<Guid>();
        using var stream = await SseClient.OpenAsync(host.Client, "/api/v1/events?topics=dead_letters");
        using var story = await SseClient.OpenAsync(host.Client, $"/api/v1/executions/{id}/events");
        await host.ExecuteAsync(
            "insert into sje.events (execution_id, task_id, kind, execution_state) values ($1, $2, 'task.failed', 'failed')",
            id,
            task
        );
        await host.ExecuteAsync(
            """insert into sje.events (execution_id, task_id, kind, data) values ($1, $2, 'task.queued', '{"revived": true}')""",
            id,
            task
        );

        var added = JsonNode.Parse((await stream.NextAsync())!.Data)!;
        var requeued = JsonNode.Parse((await stream.NextAsync())!.Data)!;
        var kinds = new List<string>();
        while (kinds.Count == 0 || kinds[^1] != "task.queued" || kinds.Count < 4)
        {
            kinds.Add((await story.NextAsync())!.Event);
        }

        Assert.Equal(("dead_letter.added", task), ((string?)added["kind"], added["id"]!.GetValue<Guid>()));
        Assert.Equal(
            ("dead_letter.requeued", id),
            ((string?)requeued["kind"], requeued["executionId"]!.GetValue<Guid>())
        );
        Assert.DoesNotContain(kinds, kind => kind.StartsWith("dead_letter", StringComparison.Ordinal));
    }

    private static async Task<(string? Id, JsonNode Data)> NextAsync(SseClient stream, string topic)
    {
        while (true)
        {
            var message = await stream.NextAsync() ?? throw new InvalidOperationException("The stream ended.");
            if (JsonNode.Parse(message.Data)! is var data && (string?)data["topic"] == topic)
            {
                return (message.Id, data);
            }
        }
    }

    private static string[] Actions(JsonNode item) => [.. item["actions"]!.AsArray().Select(action => (string)action!)];

    private async Task<Guid> AddAsync(string queue, TimeSpan beaten, string state)
    {
        var id = Guid.CreateVersion7();
        await host.ExecuteAsync(AddWorker, id, queue, beaten, state);
        return id;
    }

    private Task<JsonNode> QueueAsync(string name) => GetAsync($"/api/v1/queues/{name}");

    private async Task<JsonNode> PostAsync(string path, string body)
    {
        var answer = await host.Client.PostAsync(path, ApiHost.Json(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.ReadJsonAsync();
    }

    private async Task<JsonNode> GetAsync(string path)
    {
        var answer = await host.Client.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.ReadJsonAsync();
    }
}
