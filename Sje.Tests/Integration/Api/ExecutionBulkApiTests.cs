using System.Net;
using System.Text.Json.Nodes;
using Sje.Core.Security;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api;

public sealed class ExecutionBulkApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task All_that_match_are_counted_first_then_cancelled_and_told_of_as_it_goes()
    {
        var queue = NewQueue();
        var ids = await SubmitAsync(queue, 5);
        await EndAsync(ids[4], "succeeded");
        var other = await host.SubmitAsync("bulk", NewQueue());
        using var stream = await SseClient.OpenAsync(host.Client, "/api/v1/events?topics=operations");

        var dry = await host.Client.PostAsync(
            "/api/v1/executions:cancel",
            ApiHost.Json($$"""{"queue": "{{queue}}", "dryRun": true}""")
        );
        Assert.Equal(HttpStatusCode.OK, dry.StatusCode);
        Assert.Equal(4, (int)(await dry.ReadJsonAsync())["matched"]!);

        var over = await OverAsync("cancel", $$"""{"queue": "{{queue}}", "reason": "not today"}""");

        Assert.Equal(
            ("executions.cancel", "succeeded", 4, 4, 0, 0),
            (
                (string?)over["kind"],
                (string?)over["state"],
                (int)over["total"]!,
                (int)over["done"]!,
                (int)over["failed"]!,
                (int)over["untouched"]!
            )
        );
        Assert.Equal(
            ($$"""{"queue":"{{queue}}"}""", """{"reason":"not today"}"""),
            (over["filter"]!.ToJsonString(), over["settings"]!.ToJsonString())
        );
        foreach (var id in ids[..4])
        {
            var execution = await GetAsync(id);
            Assert.Equal(("cancelled", "not today"), ((string?)execution["state"], (string?)execution["cancelReason"]));
        }

        Assert.Equal("succeeded", (string?)(await GetAsync(ids[4]))["state"]);
        Assert.Equal("queued", (string?)(await GetAsync(other))["state"]);
        var told = new List<string>();
        do
        {
            var message = (await stream.NextAsync())!;
            var notice = JsonNode.Parse(message.Data)!;
            Assert.Equal((string?)over["id"], (string?)notice["operationId"]);
            Assert.Null(notice["executionId"]);
            told.Add(message.Event!);
        } while (told[^1] != "operation.succeeded");
        Assert.Equal(["operation.running", "operation.running", "operation.succeeded"], told);
    }

    [Fact]
    public async Task Of_those_that_are_named_each_is_accounted_for()
    {
        var queue = NewQueue();
        var ids = await SubmitAsync(queue, 3);
        await EndAsync(ids[0], "succeeded");
        await EndAsync(ids[1], "failed");
        var named = string.Join(',', ids.Append(Guid.NewGuid()).Append(ids[2]).Select(id => $"\"{id}\""));

        var over = await OverAsync("cancel", $$"""{"ids": [{{named}}]}""");

        Assert.Equal(
            ("partially_succeeded", 4, 4, 1, 3),
            (
                (string?)over["state"],
                (int)over["chosen"]!,
                (int)over["total"]!,
                (int)over["done"]!,
                (int)over["failed"]!
            )
        );
        Assert.Equal(
            ["it is failed=1", "it is succeeded=1", "there is no such execution=1"],
            over["reasons"]!.AsObject().Select(reason => $"{reason.Key}={reason.Value}").Order()
        );
        Assert.Equal("cancelled", (string?)(await GetAsync(ids[2]))["state"]);
    }

    [Fact]
    public async Task What_ended_without_success_is_taken_up_again_and_what_waits_is_prioritized_and_moved()
    {
        var (queue, target) = (NewQueue(), NewQueue());
        var ids = await SubmitAsync(queue, 4);
        await EndAsync(ids[0], "failed");
        await EndAsync(ids[1], "cancelled");
        await EndAsync(ids[2], "succeeded");

        Assert.Equal(2, (int)(await OverAsync("retry", $$"""{"queue": "{{queue}}"}"""))["done"]!);
        Assert.Equal(
            ["queued", "queued", "succeeded", "queued"],
            await Task.WhenAll(ids.Select(async id => (string?)(await GetAsync(id))["state"]))
        );

        Assert.Equal(
            3,
            (int)(await OverAsync("prioritize", $$"""{"queue": "{{queue}}", "priority": "urgent"}"""))["done"]!
        );
        Assert.Equal(
            3,
            (int)
                (await OverAsync("move", $$"""{"state": ["queued"], "queue": "{{queue}}", "toQueue": "{{target}}"}"""))[
                    "done"
                ]!
        );
        Assert.Equal((20, target), await PlaceAsync(ids[3]));
        Assert.Equal((0, queue), await PlaceAsync(ids[2]));

        // A queue of the other lane is none for them.
        await host.Client.PutAsync($"/api/v1/queues/{queue}", ApiHost.Json("""{"lane": "direct"}"""));
        var refused = await OverAsync("move", $$"""{"queue": "{{target}}", "toQueue": "{{queue}}"}""");
        Assert.Equal(("failed", 0, 3), ((string?)refused["state"], (int)refused["done"]!, (int)refused["failed"]!));
        Assert.Contains("another lane", Assert.Single(refused["reasons"]!.AsObject()).Key);
        Assert.Contains("another lane", (string?)refused["lastError"]);
    }

    [Theory]
    [InlineData("cancel", "{}", "/all")]
    [InlineData("cancel", """{"all": true, "job": "x"}""", "/all")]
    [InlineData("cancel", """{"ids": [], "job": "x"}""", "/ids")]
    [InlineData("retry", """{"ids": ["00000000-0000-0000-0000-000000000001"], "all": true}""", "/ids")]
    [InlineData("retry", """{"state": ["wrong"]}""", "/state")]
    [InlineData("retry", """{"job": "x", "since": "soon"}""", "/since")]
    [InlineData("retry", """{"jobs": "x"}""", "/jobs")]
    [InlineData("prioritize", """{"job": "x"}""", "/priority")]
    [InlineData("prioritize", """{"job": "x", "priority": 101}""", "/priority")]
    [InlineData("move", """{"job": "x"}""", "/toQueue")]
    [InlineData("move", """{"job": "x", "toQueue": "No"}""", "/toQueue")]
    public async Task Who_changes_many_has_to_say_which_and_how(string word, string body, string pointer)
    {
        var problem = await (
            await host.Client.PostAsync($"/api/v1/executions:{word}", ApiHost.Json(body))
        ).ReadProblemAsync(422, "validation");
        Assert.Contains(pointer, problem.Pointers());
    }

    [Fact]
    public async Task Another_tenant_changes_none_and_hears_of_none_and_a_viewer_may_not()
    {
        var queue = NewQueue();
        var id = (await SubmitAsync(queue, 1))[0];
        using var viewer = host.ClientFor(await host.NewKeyAsync(Role.Viewer));
        using var stranger = host.ClientFor(await host.NewKeyAsync(Role.Operator, "other"));
        using var stream = await SseClient.OpenAsync(stranger, "/api/v1/events?topics=operations");
        var body = $$"""{"ids": ["{{id}}"]}""";

        Assert.Equal(
            HttpStatusCode.Forbidden,
            (await viewer.PostAsync("/api/v1/executions:cancel", ApiHost.Json(body))).StatusCode
        );
        await OverAsync("prioritize", $$"""{"ids": ["{{id}}"], "priority": 1}""");
        var begun = await (await stranger.PostAsync("/api/v1/executions:cancel", ApiHost.Json(body))).ReadJsonAsync();
        var over = await Eventually.GetAsync(
            async () => await (await stranger.GetAsync($"/api/v1/operations/{begun["id"]}")).ReadJsonAsync(),
            operation => (string?)operation["state"] != "running",
            "the operation is over"
        );

        Assert.Equal(("failed", 1), ((string?)over["state"], (int)over["reasons"]!["there is no such execution"]!));
        Assert.Equal("queued", (string?)(await GetAsync(id))["state"]);
        var first = JsonNode.Parse((await stream.NextAsync())!.Data)!;
        Assert.Equal((string?)begun["id"], (string?)first["operationId"]);
    }

    private static string NewQueue() => $"q{Guid.NewGuid():N}"[..20];

    private async Task<Guid[]> SubmitAsync(string queue, int count)
    {
        var ids = new Guid[count];
        for (var i = 0; i < count; i++)
        {
            ids[i] = await host.SubmitAsync("bulk", queue);
        }

        return ids;
    }

    /// <summary>Ends an execution as a worker would have.</summary>
    private async Task EndAsync(Guid id, string state)
    {
        await host.ExecuteAsync(
            """
            with gone as (delete from sje.tasks where execution_id = $1 returning *), ended as (
                select to_jsonb(gone) || jsonb_build_object('state', $2, 'finished_at', clock_timestamp(),
                    'fingerprint', case when $2 = 'failed' then 'error-0000000000000000' end) as row from gone)
            insert into sje.finished_tasks select (jsonb_populate_record(null::sje.finished_tasks, row)).* from ended
            """,
            id,
            state
        );
        await host.ExecuteAsync("update sje.executions set state = $2, finished_at = now() where id = $1", id, state);
    }

    private async Task<JsonNode> OverAsync(string word, string body)
    {
        var answer = await host.Client.PostAsync($"/api/v1/executions:{word}", ApiHost.Json(body));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return await Eventually.GetAsync(
            async () => await (await host.Client.GetAsync(answer.Headers.Location)).ReadJsonAsync(),
            operation => (string?)operation["state"] != "running",
            "the operation is over"
        );
    }

    private async Task<JsonNode> GetAsync(Guid id) =>
        await (await host.Client.GetAsync($"/api/v1/executions/{id}")).ReadJsonAsync();

    private async Task<(int Priority, string? Queue)> PlaceAsync(Guid id)
    {
        var execution = await GetAsync(id);
        return ((int)execution["priority"]!, (string?)execution["queue"]);
    }
}
