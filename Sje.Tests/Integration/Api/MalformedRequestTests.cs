using System.Net.Http.Headers;
using System.Text;

namespace Sje.Tests.Integration.Api;

public sealed class MalformedRequestTests(ApiHost host) : IClassFixture<ApiHost>
{
    private const string Good = """{"name": "hello", "type": "process", "process": {"command": ["true"]}}""";

    private static readonly string[] Bodies =
    [
        "",
        "{",
        "[",
        "nul",
        "null",
        "true",
        "5",
        "\"text\"",
        "[]",
        "{}",
        "[[]]",
        "[null]",
        "{\"a\":}",
        "{,}",
        "{\"a\":1,}",
        "//x\n{}",
        "{\"name\":\"x\"}",
        "{\"type\":\"process\"}",
        "{\"name\":5,\"type\":\"process\",\"process\":{\"command\":[\"true\"]}}",
        "{\"name\":\"x\",\"type\":\"nonsense\"}",
        "{\"name\":\"x\",\"name\":\"y\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]}}",
        "{\"name\":\"x\\u0000y\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]}}",
        "{\"name\":\"\\ud800\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]}}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[]}}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":[]}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"unknown\":1}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"priority\":1e400}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"queue\":\"NO SUCH\"}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"retry\":{\"maxAttempts\":99999999999999999999}}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"{{ nothing }}\"]}}",
        "{\"name\":\"x\",\"tasks\":[{\"name\":\"a\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"dependsOn\":[\"a\"]}]}",
        "{\"jobId\":\"x\",\"jobType\":\"Nothing\"}",
        "{\"jobType\":\"SparkApp\"}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"schedule\":\"daily\"}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"schedule\":{\"cron\":\"* * *\"}}",
        "{\"name\":\"x\",\"type\":\"process\",\"process\":{\"command\":[\"true\"]},\"schedule\":{\"cron\":\"0 0 30 2 *\"}}",
        "{\"job\":\"none\",\"cron\":\"* * * * *\"}",
        "{\"job\":5,\"cron\":[]}",
        "{\"job\":\"x\\u0000\",\"cron\":\"@daily\"}",
        "{\"job\":\"none\",\"cron\":\"* * * * *\",\"parameters\":[1]}",
        "{\"job\":\"none\",\"cron\":\"* * * * *\",\"paused\":\"perhaps\"}",
        "{\"cron\":\"@daily\",\"count\":0}",
        "{\"cron\":\"@daily\",\"count\":1e400}",
        "{\"cron\":\"@daily\",\"count\":99999999999}",
        "{\"cron\":\"@daily\",\"after\":\"yesterday\"}",
        "{\"cron\":\"@daily\",\"timeZone\":\"Mars/Phobos\"}",
        "{\"idempotencyKey\":\"\"}",
        new string('[', 100_000),
        string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100),
    ];

    private static readonly string[] Targets =
    [
        "POST /task",
        "POST /tasks",
        "POST /tasks?atomic=true",
        "POST /tasks?atomic=perhaps",
        "PUT /api/v1/jobs/x",
        "POST /api/v1/jobs:validate",
        "POST /api/v1/jobs/none/executions",
        "PUT /api/v1/schedules/x",
        "PUT /api/v1/schedules/-bad",
        "POST /api/v1/schedules:preview",
        "POST /api/v1/schedules/none/trigger",
        "POST /api/v1/session",
    ];

    // No %00 in a path: Kestrel answers that itself, with 400 and no body.
    private static readonly string[] Addresses =
    [
        "GET /",
        "GET /nothing",
        "GET /task",
        "GET /task/a/b/c",
        "GET /api",
        "GET /api/v1",
        "GET /api/v1/nothing",
        "PUT /task",
        "PATCH /tasks",
        "DELETE /health",
        "POST /api/v1/executions",
        "GET /api/v1/executions/not-an-id",
        "GET /api/v1/executions/not-an-id/logs",
        "GET /api/v1/workers/not-an-id",
        "GET /api/v1/jobs/x?version=0",
        "GET /api/v1/jobs/x?version=99999999999",
        "GET /api/v1/jobs?limit=1e3",
        "GET /api/v1/jobs?cursor=%F0%9F",
        "GET /api/v1/jobs?q=%00",
        "GET /api/v1/queues?cursor=!!!",
        "GET /api/v1/schedules?limit=0",
        "GET /api/v1/schedules?cursor=!!!",
        "GET /api/v1/schedules?state=paused",
        "GET /api/v1/schedules/none",
        "GET /api/v1/schedules/none/preview",
        "GET /api/v1/schedules/none/preview?count=1001",
        "DELETE /api/v1/schedules/none",
        "POST /api/v1/schedules/none/pause",
        "POST /api/v1/schedules/none/resume",
        "GET /api/v1/schedules/none/trigger",
        "GET /api/v1/executions?since=0001-01-01T00:00:00%2B14:00x",
        "GET /api/v1/executions?state=&limit=",
        "GET /health?verbose=1",
        "GET /api/v1/executions?cursor=Yzo",
        "GET /task/%ED%A0%80",
        "GET /task/..%2F..%2Fetc",
        "OPTIONS /task",
    ];

    [Fact]
    public async Task No_malformed_request_is_our_mistake_or_leaves_anything_behind()
    {
        var before = await CountAsync();
        var requests = 0;
        var wrong = new List<string>();
        using var client = new HttpClient { BaseAddress = host.Address };
        foreach (var (method, target, body, type) in Requests())
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), target);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
            }

            using var answer = await client.SendAsync(request);

            var what =
                $"{method} {target} ({type}) {(body is null ? "" : Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, 100))))}: {await answer.Content.ReadAsStringAsync()}";
            if (
                (int)answer.StatusCode is < 400 or >= 500
                || answer.Content.Headers.ContentType?.MediaType != "application/problem+json"
            )
            {
                wrong.Add($"{(int)answer.StatusCode} {what}");
            }

            requests++;
        }

        Assert.Empty(wrong);
        Assert.True(requests > 200, $"only {requests}");
        Assert.Empty(host.Errors);
        Assert.Equal(before, await CountAsync());
    }

    [Fact]
    public async Task Bodies_beyond_the_limits_are_413_whether_or_not_they_say_how_long_they_are()
    {
        var filler = new string(' ', 33 * 1024 * 1024);
        var before = await CountAsync();
        using var chunked = new HttpRequestMessage(HttpMethod.Post, "/tasks")
        {
            Content = new StreamContent(new UnknownLength(Encoding.UTF8.GetBytes(filler))),
        };
        chunked.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        chunked.Headers.TransferEncodingChunked = true;
        var large = Good[..^1] + ", \"description\": \"" + new string('x', 1024 * 1024) + "\"}";

        await (await host.Client.PostAsync("/tasks", ApiHost.Json(filler))).ReadProblemAsync(413, "too-large");
        await (await host.Client.SendAsync(chunked)).ReadProblemAsync(413, "too-large");
        await (await host.Client.PostAsync("/task", ApiHost.Json(large))).ReadProblemAsync(413, "too-large");
        Assert.Equal(before, await CountAsync());
    }

    [Theory]
    [InlineData("text/html")]
    [InlineData("application/xml")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("text/plain")]
    public async Task Other_types_of_body_are_415(string type)
    {
        var body = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        body.Headers.ContentType = MediaTypeHeaderValue.Parse(type);

        await (await host.Client.PostAsync("/task", body)).ReadProblemAsync(415, "unsupported-media-type");
    }

    [Fact]
    public async Task Wrong_methods_are_405_and_say_which_are_right()
    {
        var answer = await host.Client.PutAsync("/task", ApiHost.Json(Good));

        await answer.ReadProblemAsync(405, "method-not-allowed");
        Assert.Contains("POST", answer.Content.Headers.Allow);
    }

    private static IEnumerable<(string Method, string Target, byte[]? Body, string? Type)> Requests()
    {
        foreach (var target in Targets)
        {
            var parts = target.Split(' ');
            foreach (var body in Bodies)
            {
                yield return (parts[0], parts[1], Encoding.UTF8.GetBytes(body), "application/json");
            }

            yield return (parts[0], parts[1], [0xFF, 0xFE, 0x00], "application/json");
            yield return (parts[0], parts[1], [(byte)'"', 0xC3, 0x28, (byte)'"'], null);
            yield return (parts[0], parts[1], "a: &a [*a]"u8.ToArray(), "application/yaml");
            yield return (parts[0], parts[1], "\tname: x"u8.ToArray(), "text/yaml");
            yield return (parts[0], parts[1], "<x/>"u8.ToArray(), "application/xml");
        }

        foreach (var address in Addresses)
        {
            var parts = address.Split(' ');
            yield return (parts[0], parts[1], null, null);
        }
    }

    private Task<long> CountAsync() =>
        host.CountAsync(
            """
            select (select count(*) from sje.executions) + (select count(*) from sje.all_tasks) + (select count(*) from sje.events)
                 + (select count(*) from sje.jobs) + (select count(*) from sje.queues) + (select count(*) from sje.api_keys)
                 + (select count(*) from sje.idempotency_keys) + (select count(*) from sje.schedules)
            """
        );

    private sealed class UnknownLength(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
