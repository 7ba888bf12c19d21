using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api;

public sealed class TasksApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Hello = """{"name": "hello", "type": "process", "process": {"command": ["true"]}}""";

    [Fact]
    public async Task A_job_is_accepted_with_an_address_and_can_be_read_there()
    {
        var answer = await host.Client.PostAsync(
            "/task",
            ApiHost.Json(
                """{"name": "first", "jobId": "label-1", "type": "process", "process": {"command": ["true"]}}"""
            )
        );

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var accepted = await answer.ReadJsonAsync();
        Assert.Equal(
            ("label-1", "queued", "default"),
            ((string?)accepted["jobId"], (string?)accepted["state"], (string?)accepted["queue"])
        );
        Assert.Equal($"/task/{(string?)accepted["taskId"]}", answer.Headers.Location!.ToString());
        var task = await (await host.Client.GetAsync(answer.Headers.Location)).ReadJsonAsync();
        Assert.Equal(
            ("first", "process", "queued"),
            ((string?)task["name"], (string?)task["jobType"], (string?)task["state"])
        );
        Assert.Equal("no worker is alive", (string?)task["waitReason"]);
        Assert.Equal("main", (string?)task["tasks"]![0]!["name"]);
    }

    [Fact]
    public async Task A_job_in_YAML_is_read_by_its_content_type()
    {
        var body = new StringContent(
            "name: from yaml\ntype: process\nprocess: {command: ['true']}\n",
            Encoding.UTF8,
            "application/yaml"
        );

        var answer = await host.Client.PostAsync("/task", body);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
    }

    [Fact]
    public async Task A_label_finds_its_newest_execution()
    {
        await host.SubmitAsync("older", more: ", \"jobId\": \"same label\"");
        var newest = await host.SubmitAsync("newer", more: ", \"jobId\": \"same label\"");

        var task = await (await host.Client.GetAsync("/task/same%20label")).ReadJsonAsync();

        Assert.Equal(newest, task["taskId"]!.GetValue<Guid>());
    }

    [Fact]
    public async Task An_unknown_id_or_label_is_404()
    {
        await (await host.Client.GetAsync($"/task/{Guid.NewGuid()}")).ReadProblemAsync(404, "not-found");
        await (await host.Client.GetAsync("/task/nobody")).ReadProblemAsync(404, "not-found");
        await (await host.Client.GetAsync("/task/nobody/result")).ReadProblemAsync(404, "not-found");
        await (await host.Client.DeleteAsync("/task/nobody")).ReadProblemAsync(404, "not-found");
    }

    [Fact]
    public async Task A_repeat_under_an_idempotency_key_gets_the_first_answer_and_another_body_is_refused()
    {
        var first = await SendWithKeyAsync(Hello);
        var again = await SendWithKeyAsync(
            """{"type": "process", "process": {"command": ["true"]}, "name": "hello"}"""
        );
        var other = await SendWithKeyAsync(Hello.Replace("hello", "other", StringComparison.Ordinal));

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        await other.ReadProblemAsync(422, "idempotency-key-reused");

        async Task<HttpResponseMessage> SendWithKeyAsync(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/task") { Content = ApiHost.Json(body) };
            request.Headers.Add("Idempotency-Key", "key of this test");
            return await host.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task A_cancel_ends_what_waits_and_a_second_one_is_409()
    {
        var id = await host.SubmitAsync();

        var cancelled = await host.Client.DeleteAsync($"/task/{id}");

        Assert.Equal(HttpStatusCode.Accepted, cancelled.StatusCode);
        Assert.Equal("cancelled", (string?)(await cancelled.ReadJsonAsync())["state"]);
        await (await host.Client.DeleteAsync($"/task/{id}")).ReadProblemAsync(409, "wrong-state");
        await (await host.Client.GetAsync($"/task/{id}/result")).ReadProblemAsync(409, "cancelled");
    }

    [Fact]
    public async Task A_result_is_202_until_the_end_then_outputs_and_rows()
    {
        var id = await host.SubmitAsync();

        var waiting = await host.Client.GetAsync($"/task/{id}/result");
        await FinishAsync(
            id,
            "succeeded",
            """outputs = '{"rows": 7}', preview = '[{"name": "out", "columns": ["a"], "rows": [[1], [2]]}]'"""
        );
        var result = await (await host.Client.GetAsync($"/task/{id}/result")).ReadJsonAsync();

        Assert.Equal(HttpStatusCode.Accepted, waiting.StatusCode);
        Assert.Equal("2", waiting.Headers.RetryAfter!.ToString());
        Assert.Equal(7, result["outputs"]!["rows"]!.GetValue<int>());
        Assert.Equal("[[1],[2]]", result["preview"]!["rows"]!.ToJsonString());
    }

    [Fact]
    public async Task The_result_of_a_failed_execution_is_500_with_the_failure()
    {
        var id = await host.SubmitAsync();
        await FinishAsync(id, "failed", """error = '{"class": "exit_code", "message": "exit 3", "exitCode": 3}'""");

        var problem = await (await host.Client.GetAsync($"/task/{id}/result")).ReadProblemAsync(
            500,
            "execution-failed"
        );

        Assert.Equal(3, problem["failure"]!["exitCode"]!.GetValue<int>());
        Assert.Contains("exit 3", (string?)problem["detail"]);
    }

    [Fact]
    public async Task A_batch_of_ten_thousand_is_accepted_in_one_request()
    {
        var batch = new JsonArray([
            .. Enumerable
                .Range(0, 10_000)
                .Select(i =>
                    (JsonNode)
                        new JsonObject
                        {
                            ["name"] = $"job {i}",
                            ["jobId"] = $"big-{i}",
                            ["type"] = "process",
                            ["process"] = new JsonObject { ["command"] = new JsonArray("true") },
                        }
                ),
        ]);

        var answer = await host.Client.PostAsync("/tasks", ApiHost.Json(batch.ToJsonString()));

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var result = await answer.ReadJsonAsync();
        Assert.Equal((10_000, 0), (result["accepted"]!.GetValue<int>(), result["rejected"]!.GetValue<int>()));
        var last = await (await host.Client.GetAsync("/task/big-9999")).ReadJsonAsync();
        Assert.Equal((string?)result["items"]![9999]!["taskId"], (string?)last["taskId"]);
    }

    [Fact]
    public async Task Ten_thousand_and_one_are_too_many()
    {
        var batch = $"[{string.Join(',', Enumerable.Repeat(Hello, 10_001))}]";

        var problem = await (await host.Client.PostAsync("/tasks", ApiHost.Json(batch))).ReadProblemAsync(
            422,
            "validation"
        );

        Assert.Equal("too_many", (string?)problem["errors"]![0]!["code"]);
    }

    [Fact]
    public async Task A_batch_accepts_what_is_right_and_tells_what_is_wrong()
    {
        var body = $$"""{"tasks": [{{Hello}}, {"name": "bad", "type": "nonsense"}, {{Hello}}]}""";

        var result = await (await host.Client.PostAsync("/tasks", ApiHost.Json(body))).ReadJsonAsync();

        Assert.Equal((2, 1), (result["accepted"]!.GetValue<int>(), result["rejected"]!.GetValue<int>()));
        Assert.Equal([202, 422, 202], result["items"]!.AsArray().Select(item => item!["status"]!.GetValue<int>()));
        Assert.Equal("unknown_type", (string?)result["items"]![1]!["problem"]!["errors"]![0]!["code"]);
    }

    [Fact]
    public async Task An_atomic_batch_with_one_wrong_job_accepts_none()
    {
        var before = await host.CountAsync("select count(*) from sje.executions");

        var answer = await host.Client.PostAsync(
            "/tasks?atomic=true",
            ApiHost.Json($$"""[{{Hello}}, {"name": "bad", "type": "nonsense"}]""")
        );
        var problem = await answer.ReadProblemAsync(422, "validation");

        Assert.Equal(before, await host.CountAsync("select count(*) from sje.executions"));
        Assert.Equal([424, 422], problem["items"]!.AsArray().Select(item => item!["status"]!.GetValue<int>()));
        Assert.StartsWith("/1/", problem.Pointers()[0]);
    }

    [Fact]
    public async Task An_atomic_batch_with_a_reused_key_accepts_none()
    {
        await host.Client.PostAsync("/tasks", ApiHost.Json($$"""[{{Hello[..^1]}}, "idempotencyKey": "taken"}]"""));
        var before = await host.CountAsync("select count(*) from sje.executions");

        var other = Hello.Replace("hello", "other", StringComparison.Ordinal)[..^1];
        var answer = await host.Client.PostAsync(
            "/tasks?atomic=true",
            ApiHost.Json($$"""[{{Hello}}, {{other}}, "idempotencyKey": "taken"}]""")
        );
        var problem = await answer.ReadProblemAsync(422, "validation");

        Assert.Equal(before, await host.CountAsync("select count(*) from sje.executions"));
        Assert.Equal("urn:sje:problem:idempotency-key-reused", (string?)problem["items"]![1]!["problem"]!["type"]);
    }

    [Fact]
    public async Task A_batch_that_is_wrong_throughout_is_422_with_a_pointer_to_each_fault()
    {
        var problem = await (
            await host.Client.PostAsync("/tasks", ApiHost.Json("""{"tasks": [{"name": "a"}, 5]}"""))
        ).ReadProblemAsync(422, "validation");

        Assert.Contains(problem.Pointers(), pointer => pointer.StartsWith("/tasks/0", StringComparison.Ordinal));
        Assert.Contains("/tasks/1", problem.Pointers());
    }

    [Fact]
    public async Task Lines_of_JSON_are_a_batch_and_a_broken_line_spoils_only_itself()
    {
        var body = new StringContent($"{Hello}\n{{broken\n\n{Hello}\n");
        body.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");

        var result = await (await host.Client.PostAsync("/tasks", body)).ReadJsonAsync();

        Assert.Equal([202, 400, 202], result["items"]!.AsArray().Select(item => item!["status"]!.GetValue<int>()));
    }

    [Fact]
    public async Task An_item_repeated_under_its_key_gets_the_first_id()
    {
        var body = $$"""[{{Hello[..^1]}}, "idempotencyKey": "item key"}]""";

        var first = await (await host.Client.PostAsync("/tasks", ApiHost.Json(body))).ReadJsonAsync();
        var again = await (await host.Client.PostAsync("/tasks", ApiHost.Json(body))).ReadJsonAsync();

        Assert.Equal((string?)first["items"]![0]!["taskId"], (string?)again["items"]![0]!["taskId"]);
        Assert.Equal(200, again["items"]![0]!["status"]!.GetValue<int>());
    }

    [Fact]
    public async Task The_same_task_name_twice_in_one_graph_is_an_error()
    {
        var body =
            """{"name": "g", "tasks": [{"name": "a", "type": "process", "process": {"command": ["true"]}}, {"name": "a", "type": "process", "process": {"command": ["true"]}}]}""";

        var problem = await (await host.Client.PostAsync("/task", ApiHost.Json(body))).ReadProblemAsync(
            422,
            "validation"
        );

        Assert.Equal("duplicate_name", (string?)problem["errors"]![0]!["code"]);
    }

    private async Task FinishAsync(Guid execution, string state, string set)
    {
        await host.ExecuteAsync(
            """
            with gone as (delete from sje.tasks where execution_id = $1 returning *)
            insert into sje.finished_tasks
            select (jsonb_populate_record(null::sje.finished_tasks, to_jsonb(gone) || jsonb_build_object('state', $2, 'finished_at', now()))).*
            from gone
            """,
            execution,
            state
        );
        await host.ExecuteAsync($"update sje.finished_tasks set {set} where execution_id = $1", execution);
        await host.ExecuteAsync(
            $"update sje.executions set state = '{state}', finished_at = now() where id = $1",
            execution
        );
    }
}
