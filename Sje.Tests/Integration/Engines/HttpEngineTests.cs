using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Http;
using Sje.Tests.Integration.Execution;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines;

public sealed class HttpEngineTests : IDisposable
{
    private readonly ExecutionBench bench = new();
    private readonly HttpConnections connections = new();

    public void Dispose()
    {
        connections.Dispose();
        bench.Dispose();
    }

    [Fact]
    public async Task An_answer_becomes_outputs_and_one_line_of_log_without_secrets()
    {
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                context.Response.StatusCode = 201;
                context.Response.ContentType = "application/json; charset=utf-8";
                context.Response.Headers["X-Thing"] = "e?";
                context.Response.Headers.SetCookie = "session=hunter2";
                await context.Response.WriteAsync("""{"n": 1.50, "list": [null, "Köln"]}""");
            }
        );
        bench.Scope["parameters"] = new JsonObject { ["n"] = 7, ["who"] = "A & B" };

        var result = await RunAsync(
            $$$"""
            {"method": "PUT", "url": "{{{target.Address}}}/a/{{ parameters.who }}?key=hunter2",
             "headers": {"Authorization": "Bearer hunter2", "X-Who": "{{ parameters.who }}"},
             "body": {"n": "{{ parameters.n }}", "text": "n is {{ parameters.n }}", "plus": "<+é>"}}
            """
        );

        Assert.Null(result.Error);
        Assert.Equal(201, result.Outputs["status"]!.GetValue<int>());
        Assert.Equal("""{"n":1.50,"list":[null,"K\u00F6ln"]}""", result.Outputs["body"]!.ToJsonString());
        Assert.Equal("e?", result.Outputs["headers"]!["x-thing"]!.GetValue<string>());
        Assert.False(result.Outputs["truncated"]!.GetValue<bool>());
        Assert.Null(result.Outputs["headers"]!["set-cookie"]);
        var (method, path, headers, body) = Assert.Single(target.Requests);
        Assert.Equal(("PUT", "/a/A%20%26%20B?key=hunter2"), (method, path));
        Assert.Equal("""{"n":7,"text":"n is 7","plus":"<+é>"}""", body);
        Assert.Equal(
            ("application/json", "Bearer hunter2", "A & B", "sje"),
            (
                headers.ContentType.ToString(),
                headers.Authorization.ToString(),
                headers["X-Who"].ToString(),
                headers.UserAgent.ToString()
            )
        );
        var line = Assert.Single(bench.Reporter.Lines(LogStream.System));
        Assert.Matches($"^PUT {target.Address}/a/A%20%26%20B\\?\\.\\.\\. -> 201 in [0-9]+ ms, [0-9]+ bytes$", line);
    }

    [Theory]
    [InlineData(400, "invalid")]
    [InlineData(401, "invalid")]
    [InlineData(404, "invalid")]
    [InlineData(408, "http_status")]
    [InlineData(429, "http_status")]
    [InlineData(500, "http_status")]
    [InlineData(503, "http_status")]
    [InlineData(304, "expectation")]
    public async Task A_status_that_is_not_expected_is_a_failure_of_its_class(int status, string failure)
    {
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                context.Response.StatusCode = status;
                if (status != 304)
                {
                    await context.Response.WriteAsync("what is wrong");
                }
            }
        );

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}/x"}""");

        Assert.Equal(failure, result.Error?.Class);
        Assert.StartsWith($"GET {target.Address}/x answered {status}", result.Error!.Message, StringComparison.Ordinal);
        Assert.EndsWith("; expected 200-299.", result.Error.Message, StringComparison.Ordinal);
        Assert.Equal(status == 304 ? null : "what is wrong", result.Error.LogTail);
        Assert.Null(
            (await RunAsync($$$"""{"url": "{{{target.Address}}}/x", "expect": {"status": [{{{status}}}]}}""")).Error
        );
    }

    [Theory]
    [InlineData("120", 120)]
    [InlineData("nonsense", null)]
    [InlineData("Sat, 01 Jan 2000 00:00:00 GMT", -1)]
    public async Task The_time_that_the_other_side_asks_for_is_passed_on(string header, int? seconds)
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = 503;
                context.Response.Headers.RetryAfter = header;
                return Task.CompletedTask;
            }
        );

        var asked = (await RunAsync($$$"""{"url": "{{{target.Address}}}"}""")).RetryAfter;

        Assert.Equal(seconds is null, asked is null);
        Assert.Equal(seconds > 0 ? TimeSpan.FromSeconds(120) : null, asked > TimeSpan.Zero ? asked : null);
    }

    [Theory]
    [InlineData("""{"$.state": "done"}""", null)]
    [InlineData("""{"$.n": 1.0}""", null)]
    [InlineData("""{"$.none": null}""", null)]
    [InlineData("""{"$.items[*].ok": true}""", "$.items[*].ok is false, and true is expected.")]
    [InlineData("""{"$.state": "{{ parameters.state }}", "$.n": "{{ parameters.n }}"}""", null)]
    [InlineData("""{"$.n": "1"}""", "$.n is 1, and \"1\" is expected.")]
    [InlineData("""["$.state", "$.missing"]""", "$.missing finds nothing in the answer.")]
    [InlineData("\"$..ok\"", null)]
    public async Task An_answer_must_hold_what_is_expected(string paths, string? problem)
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
                context.Response.WriteAsync(
                    """{"state": "done", "n": 1, "none": null, "items": [{"ok": true}, {"ok": false}]}"""
                )
        );
        bench.Scope["parameters"] = new JsonObject { ["state"] = "done", ["n"] = 1 };

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}", "expect": {"jsonPath": {{{paths}}}}}""");

        Assert.Equal(problem is null ? null : "expectation", result.Error?.Class);
        Assert.EndsWith(problem ?? "", result.Error?.Message ?? "", StringComparison.Ordinal);
        if (problem is null)
        {
            Assert.Equal("done", result.Outputs["body"]!["state"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task An_answer_that_is_no_JSON_meets_no_path()
    {
        await using var target = await HttpTarget.StartAsync((_, context) => context.Response.WriteAsync("<html>"));

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}", "expect": {"jsonPath": "$.a"}}""");

        Assert.Equal(("expectation", "<html>"), (result.Error?.Class, result.Error?.LogTail));
    }

    [Fact]
    public async Task A_long_body_is_read_to_its_bound_and_no_further()
    {
        var sent = 0L;
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                var chunk = Encoding.UTF8.GetBytes(new string('é', 32 * 1024));
                try
                {
                    while (!context.RequestAborted.IsCancellationRequested)
                    {
                        await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
                        Interlocked.Add(ref sent, chunk.Length);
                    }
                }
                catch (Exception e) when (e is OperationCanceledException or IOException)
                {
                    // Nobody reads any more.
                }
            }
        );

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}"}""");

        Assert.Null(result.Error);
        Assert.True(result.Outputs["truncated"]!.GetValue<bool>());
        Assert.Equal(new string('é', HttpAnswer.MaxBody / 2), result.Outputs["body"]!.GetValue<string>());
        var before = Interlocked.Read(ref sent);
        await Eventually.TrueAsync(
            async () =>
            {
                before = Interlocked.Read(ref sent);
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
                return before == Interlocked.Read(ref sent);
            },
            "the server stops sending"
        );
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_left_out()
    {
        await using var target = await HttpTarget.StartAsync(
            async (_, context) => await context.Response.Body.WriteAsync(new byte[] { 0x89, 0x50, 0x4e, 0x47, 0 })
        );

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}"}""");

        Assert.Null(result.Error);
        Assert.True(result.Outputs.ContainsKey("body"));
        Assert.Null(result.Outputs["body"]);
    }

    [Fact]
    public async Task A_compressed_answer_is_bounded_by_what_it_unpacks_to()
    {
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                context.Response.Headers.ContentEncoding = "gzip";
                await using var zip = new System.IO.Compression.GZipStream(
                    context.Response.Body,
                    System.IO.Compression.CompressionLevel.Fastest
                );
                var zeros = Encoding.ASCII.GetBytes(new string('0', 1024 * 1024));
                for (var i = 0; i < 20; i++)
                {
                    await zip.WriteAsync(zeros);
                }
            }
        );

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}"}""");

        Assert.Equal(HttpAnswer.MaxBody, result.Outputs["body"]!.GetValue<string>().Length);
    }

    [Fact]
    public async Task No_answer_in_time_is_a_timeout()
    {
        await using var target = await HttpTarget.StartAsync((target, context) => target.HoldAsync(context));

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}/slow", "timeout": "300ms"}""");

        Assert.Equal("timeout", result.Error?.Class);
        Assert.Contains("no answer within 300ms", result.Error!.Message, StringComparison.Ordinal);
        await target.GivenUp.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task A_body_that_does_not_end_is_a_timeout_too()
    {
        await using var target = await HttpTarget.StartAsync(
            async (target, context) =>
            {
                await context.Response.WriteAsync("so far");
                await context.Response.Body.FlushAsync();
                await target.HoldAsync(context);
            }
        );

        Assert.Equal(
            "timeout",
            (await RunAsync($$$"""{"url": "{{{target.Address}}}", "timeout": "500ms"}""")).Error?.Class
        );
    }

    [Fact]
    public async Task A_stop_gives_the_request_up_at_once()
    {
        await using var target = await HttpTarget.StartAsync((target, context) => target.HoldAsync(context));
        using var stop = new CancellationTokenSource();

        var running = RunAsync($$$"""{"url": "{{{target.Address}}}"}""", stop.Token);
        await Eventually.TrueAsync(() => Task.FromResult(!target.Requests.IsEmpty), "the request has come");
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.WaitAsync(TimeSpan.FromSeconds(30)));
        await target.GivenUp.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Where_nobody_listens_or_the_name_is_unknown_or_the_answer_breaks_off_it_is_the_network()
    {
        Assert.Equal("network", (await RunAsync($$$"""{"url": "http://127.0.0.1:{{{FreePort()}}}/"}""")).Error?.Class);
        Assert.Equal("network", (await RunAsync("""{"url": "http://nowhere.invalid/"}""")).Error?.Class);

        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                context.Response.ContentLength = 100;
                await context.Response.WriteAsync("half");
                await context.Response.Body.FlushAsync();
                context.Abort();
            }
        );
        Assert.Equal("network", (await RunAsync($$$"""{"url": "{{{target.Address}}}"}""")).Error?.Class);
        Assert.Equal("network", (await RunAsync($$$"""{"url": "https{{{target.Address[4..]}}}"}""")).Error?.Class);
    }

    [Fact]
    public async Task A_redirect_is_followed_and_another_host_gets_neither_headers_nor_body()
    {
        await using var other = await HttpTarget.StartAsync((_, context) => context.Response.WriteAsync("there"));
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                var path = context.Request.Path.Value!;
                context.Response.StatusCode =
                    path == "/here" ? 200 : int.Parse(path[^3..], CultureInfo.InvariantCulture);
                context.Response.Headers.Location = path.StartsWith("/away", StringComparison.Ordinal)
                    ? other.Address + "/x"
                    : "/here";
                return Task.CompletedTask;
            }
        );

        Task<EngineResult> PostAsync(string path) =>
            RunAsync(
                $$$"""{"method": "POST", "url": "{{{target.Address}}}{{{path}}}", "headers": {"X-Key": "hunter2"}, "body": "text"}"""
            );
        Assert.Null((await PostAsync("/near307")).Error);
        Assert.Null((await PostAsync("/near302")).Error);
        var away = await PostAsync("/away302");
        var withBody = await PostAsync("/away307");

        Assert.Equal("there", away.Outputs["body"]!.GetValue<string>());
        Assert.Equal("expectation", withBody.Error?.Class);
        var (repeated, changed) = (target.Requests.ElementAt(1), target.Requests.ElementAt(3));
        Assert.Equal(
            ("POST", "/here", "text", "hunter2"),
            (repeated.Method, repeated.Path, repeated.Body, repeated.Headers["X-Key"].ToString())
        );
        Assert.Equal(("GET", "/here", ""), (changed.Method, changed.Path, changed.Body));
        var far = Assert.Single(other.Requests);
        Assert.Equal(("GET", "/x", ""), (far.Method, far.Path, far.Body));
        Assert.False(far.Headers.ContainsKey("X-Key"));
    }

    [Fact]
    public async Task Very_many_requests_can_be_under_way_at_once()
    {
        const int Many = 500;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var target = await HttpTarget.StartAsync(
            async (target, context) =>
            {
                if (target.Requests.Count == Many)
                {
                    all.SetResult();
                }

                await all.Task.WaitAsync(context.RequestAborted);
            }
        );

        var results = await Task.WhenAll(
            Enumerable.Range(0, Many).Select(_ => RunAsync($$$"""{"url": "{{{target.Address}}}", "timeout": "2m"}"""))
        );

        Assert.All(results, result => Assert.Null(result.Error));
    }

    [Fact]
    public async Task A_redirect_out_of_HTTP_and_one_that_is_expected_are_answers_and_a_circle_ends()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = 302;
                context.Response.Headers.Location = context.Request.Path == "/file" ? "file:///etc/passwd" : "/again";
                return Task.CompletedTask;
            }
        );

        Assert.Equal("expectation", (await RunAsync($$$"""{"url": "{{{target.Address}}}/file"}""")).Error?.Class);
        Assert.Single(target.Requests);
        var expected = await RunAsync($$$"""{"url": "{{{target.Address}}}/x", "expect": {"status": ["302"]}}""");
        Assert.Equal("/again", expected.Outputs["headers"]!["location"]!.GetValue<string>());
        Assert.Equal(2, target.Requests.Count);
        Assert.Equal("expectation", (await RunAsync($$$"""{"url": "{{{target.Address}}}/x"}""")).Error?.Class);
        Assert.Equal(13, target.Requests.Count);
    }

    [Fact]
    public async Task A_cookie_of_one_task_is_not_sent_for_another()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.Headers.SetCookie = "session=mine";
                return Task.CompletedTask;
            }
        );

        await RunAsync($$$"""{"url": "{{{target.Address}}}"}""");
        await RunAsync($$$"""{"url": "{{{target.Address}}}"}""");

        Assert.All(target.Requests, request => Assert.False(request.Headers.ContainsKey("Cookie")));
    }

    [Fact]
    public async Task A_header_value_with_a_line_break_from_a_template_is_refused()
    {
        await using var target = await HttpTarget.StartAsync((_, _) => Task.CompletedTask);
        bench.Scope["parameters"] = new JsonObject { ["v"] = "x\r\nX-Admin: yes" };

        var result = await RunAsync($$$"""{"url": "{{{target.Address}}}", "headers": {"A": "{{ parameters.v }}"}}""");

        Assert.Equal("invalid", result.Error?.Class);
        Assert.Empty(target.Requests);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task<EngineResult> RunAsync(string settings, CancellationToken stop = default) =>
        new HttpEngine(connections, TimeProvider.System).RunAsync(
            bench.Context(new HttpTaskType().Normalise(JsonNode.Parse(settings)!.AsObject())),
            stop
        );
}
