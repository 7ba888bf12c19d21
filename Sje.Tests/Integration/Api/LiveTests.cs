using System.Net;
using System.Text.Json.Nodes;
using Sje.Core.Security;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api;

public sealed class LiveTests(ApiHost host) : IClassFixture<ApiHost>
{
    [Fact]
    public async Task A_watcher_sees_what_happens_after_it_came_and_resumes_where_it_was()
    {
        using var first = await SseClient.OpenAsync(host.Client, "/api/v1/events");
        var one = await host.SubmitAsync("watched");
        var seen = await NextOfAsync(first, one);

        var two = await host.SubmitAsync("missed");
        using var second = await SseClient.OpenAsync(host.Client, "/api/v1/events", seen.Id);
        var resumed = await second.NextAsync();

        Assert.Equal("execution.queued", seen.Event);
        Assert.Equal(two, JsonNode.Parse(resumed!.Data)!["executionId"]!.GetValue<Guid>());
    }

    [Fact]
    public async Task An_execution_tells_its_whole_story_and_goes_on()
    {
        var id = await host.SubmitAsync("story");
        using var stream = await SseClient.OpenAsync(host.Client, $"/api/v1/executions/{id}/events");
        Assert.Equal("execution.queued", (await stream.NextAsync())!.Event);

        await host.Client.DeleteAsync($"/task/{id}");

        SseMessage? message;
        do
        {
            message = await stream.NextAsync();
        } while (message!.Event != "execution.cancelled");
        var list = await (await host.Client.GetAsync($"/api/v1/executions/{id}/events?limit=1")).ReadJsonAsync();
        Assert.Equal("execution.queued", (string?)list["items"]![0]!["kind"]);
        var rest = await (
            await host.Client.GetAsync($"/api/v1/executions/{id}/events?cursor={(string?)list["nextCursor"]}")
        ).ReadJsonAsync();
        Assert.Equal("execution.cancelled", (string?)rest["items"]!.AsArray()[^1]!["kind"]);
    }

    [Fact]
    public async Task An_event_whose_transaction_commits_late_is_not_passed_over()
    {
        using var stream = await SseClient.OpenAsync(host.Client, "/api/v1/events");
        var late = Guid.NewGuid();
        await using var connection = await host.Database.Main.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using (var insert = connection.CreateCommand())
            {
                insert.CommandText = $"insert into sje.events (execution_id, kind) values ('{late}', 'late')";
                await insert.ExecuteNonQueryAsync();
            }

            var early = await host.SubmitAsync("overtakes");
            Assert.NotEqual(late, early);
            await transaction.CommitAsync();
        }

        Assert.Equal("late", (await NextOfAsync(stream, late)).Event);
    }

    [Fact]
    public async Task A_transaction_that_stays_open_in_another_database_of_the_server_holds_nothing_back()
    {
        var other = new TestDatabase();
        await other.InitializeAsync();
        try
        {
            await using var connection = await other.Database.Main.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await using (var draw = connection.CreateCommand())
            {
                draw.CommandText = "select pg_current_xact_id()";
                await draw.ExecuteScalarAsync();
            }

            using var stream = await SseClient.OpenAsync(host.Client, "/api/v1/events");
            var id = await host.SubmitAsync("beside");

            Assert.Equal("execution.queued", (await NextOfAsync(stream, id)).Event);
            await transaction.CommitAsync();
        }
        finally
        {
            await other.DisposeAsync();
        }
    }

    [Fact]
    public async Task More_watchers_than_there_are_connections_all_see_every_event()
    {
        var streams = await Task.WhenAll(
            Enumerable.Range(0, 100).Select(_ => SseClient.OpenAsync(host.Client, "/api/v1/events?topics=executions"))
        );
        var batch =
            $"[{string.Join(',', Enumerable.Range(0, 300).Select(i => $$$"""{"name": "burst {{{i}}}", "type": "process", "process": {"command": ["true"]}}"""))}]";

        var accepted = await (await host.Client.PostAsync("/tasks", ApiHost.Json(batch))).ReadJsonAsync();

        var ids = accepted["items"]!.AsArray().Select(item => item!["taskId"]!.GetValue<Guid>()).ToHashSet();
        await Task.WhenAll(
            streams.Select(async stream =>
            {
                var seen = new List<Guid>();
                while (seen.Count < ids.Count)
                {
                    var message = await stream.NextAsync();
                    if (JsonNode.Parse(message!.Data)!["executionId"]!.GetValue<Guid>() is var id && ids.Contains(id))
                    {
                        seen.Add(id);
                    }
                }

                Assert.Equal(ids, seen.ToHashSet());
                stream.Dispose();
            })
        );
    }

    [Fact]
    public async Task A_tenant_does_not_hear_of_others()
    {
        using var red = host.ClientFor(await host.NewKeyAsync(Role.Operator, "red"));
        using var stream = await SseClient.OpenAsync(red, "/api/v1/events");
        await host.SubmitAsync("not red");

        var mine = await (
            await red.PostAsync(
                "/task",
                ApiHost.Json("""{"name": "red", "type": "process", "process": {"command": ["true"]}}""")
            )
        ).ReadJsonAsync();

        var first = await stream.NextAsync();
        Assert.Equal((string?)mine["taskId"], (string?)JsonNode.Parse(first!.Data)!["executionId"]);
    }

    [Theory]
    [InlineData("/api/v1/events", "nonsense")]
    [InlineData("/api/v1/events", "1-x")]
    public async Task A_last_event_id_that_is_none_is_422(string path, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Last-Event-ID", id);

        await (await host.Client.SendAsync(request)).ReadProblemAsync(422, "validation");
        await (await host.Client.GetAsync("/api/v1/events?topics=weather")).ReadProblemAsync(422, "validation");
    }

    [Fact]
    public async Task A_log_is_read_by_lines_across_chunks()
    {
        var (id, task) = await RunningAsync();
        await WriteAsync(id, task, 1, 1, "o 1700000000000 first", "e 1700000000001 second  two");
        await WriteAsync(id, task, 1, 3, "s 1700000000002 third", "o 1700000000003 ");

        var all = await LogsAsync(id, "");
        var some = await LogsAsync(id, "?task=main&attempt=1&from=2&count=2");
        var tail = await LogsAsync(id, "?tail=1");

        Assert.Equal(
            ["first", "second  two", "third", ""],
            all["items"]!.AsArray().Select(line => (string)line!["text"]!)
        );
        Assert.Equal(
            ["stdout", "stderr", "system", "stdout"],
            all["items"]!.AsArray().Select(line => (string)line!["stream"]!)
        );
        Assert.Equal(
            DateTimeOffset.FromUnixTimeMilliseconds(1700000000001),
            all["items"]![1]!["at"]!.GetValue<DateTimeOffset>()
        );
        Assert.Equal([2, 3], some["items"]!.AsArray().Select(line => line!["number"]!.GetValue<int>()));
        Assert.Equal(
            (4, 1, 5, false),
            (
                some["nextFrom"]!.GetValue<int>(),
                some["firstLine"]!.GetValue<int>(),
                some["endLine"]!.GetValue<int>(),
                some["ended"]!.GetValue<bool>()
            )
        );
        Assert.Equal(4, tail["items"]![0]!["number"]!.GetValue<int>());
        await (await host.Client.GetAsync($"/api/v1/executions/{id}/logs?task=nobody")).ReadProblemAsync(
            404,
            "not-found"
        );
        await (await host.Client.GetAsync($"/api/v1/executions/{id}/logs?attempt=9")).ReadProblemAsync(
            404,
            "not-found"
        );
        await (await host.Client.GetAsync($"/api/v1/executions/{id}/logs?count=0&from=x")).ReadProblemAsync(
            422,
            "validation"
        );
    }

    [Fact]
    public async Task A_followed_log_grows_goes_on_with_the_next_attempt_and_ends_with_the_task()
    {
        var (id, task) = await RunningAsync();
        await WriteAsync(id, task, 1, 1, "o 1700000000000 one");
        using var stream = await SseClient.OpenAsync(host.Client, $"/api/v1/executions/{id}/logs");
        var one = await stream.NextAsync();
        await WriteAsync(id, task, 1, 2, "o 1700000000000 two");
        var two = await stream.NextAsync();

        await EndAttemptAsync(task, "lost");
        await StartAttemptAsync(task, 2);
        await WriteAsync(id, task, 2, 1, "o 1700000000000 again");
        var again = await stream.NextAsync();

        Assert.Equal(("1:1", "line", "1:2", "2:1"), (one!.Id, one.Event, two!.Id, again!.Id));
        using var resumed = await SseClient.OpenAsync(host.Client, $"/api/v1/executions/{id}/logs", "1:1");
        Assert.Equal("1:2", (await resumed.NextAsync())!.Id);
        await EndAttemptAsync(task, "succeeded");
        await host.ExecuteAsync(
            """
            with gone as (delete from sje.tasks where id = $1 returning *)
            insert into sje.finished_tasks
            select (jsonb_populate_record(null::sje.finished_tasks,
                to_jsonb(gone) || '{"state": "succeeded", "finished_at": "2026-01-01T00:00:00Z", "worker_id": null}')).* from gone
            """,
            task
        );
        Assert.Equal("end", (await stream.NextAsync())!.Event);
        Assert.Null(await stream.NextAsync());
    }

    private static async Task<SseMessage> NextOfAsync(SseClient stream, Guid execution)
    {
        while (true)
        {
            var message = await stream.NextAsync() ?? throw new InvalidOperationException("The stream ended.");
            if (JsonNode.Parse(message.Data)!["executionId"]!.GetValue<Guid>() == execution)
            {
                return message;
            }
        }
    }

    private async Task<(Guid Execution, Guid Task)> RunningAsync()
    {
        var id = await host.SubmitAsync("logged");
        var execution = await (await host.Client.GetAsync($"/api/v1/executions/{id}")).ReadJsonAsync();
        var task = execution["tasks"]![0]!["id"]!.GetValue<Guid>();
        await StartAttemptAsync(task, 1);
        return (id, task);
    }

    private Task EndAttemptAsync(Guid task, string outcome) =>
        host.ExecuteAsync(
            """
            with t as (update sje.tasks set state = 'queued', worker_id = null where id = $1 returning *)
            insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, started_at, ended_at, outcome)
            select execution_id, id, attempt, gen_random_uuid(), 'w', now(), now(), $2 from t
            """,
            task,
            outcome
        );

    private async Task StartAttemptAsync(Guid task, int number)
    {
        await host.ExecuteAsync(
            "update sje.tasks set state = 'running', worker_id = gen_random_uuid(), attempt = $2, attempt_started_at = now() where id = $1",
            task,
            number
        );
    }

    private Task WriteAsync(Guid execution, Guid task, int attempt, long first, params string[] lines) =>
        host.ExecuteAsync(
            "insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, body) values ($1, $2, $3, $4, $5, $6)",
            execution,
            task,
            attempt,
            first,
            lines.Length,
            string.Join('\n', lines) + "\n"
        );

    private async Task<JsonNode> LogsAsync(Guid id, string query)
    {
        var answer = await host.Client.GetAsync($"/api/v1/executions/{id}/logs{query}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.ReadJsonAsync();
    }
}
