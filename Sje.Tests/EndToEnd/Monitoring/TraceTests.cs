using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sje.Tests.Support;

namespace Sje.Tests.EndToEnd.Monitoring;

/// <summary>The real binary and a collector of the test's own.</summary>
public sealed class TraceTests : IAsyncLifetime
{
    private readonly TestDatabase db = new();
    private readonly string folder = Directory.CreateTempSubdirectory("sje-traces-").FullName;

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await db.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Request_submission_attempts_and_what_they_start_are_one_trace()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var sje = Start(
            new()
            {
                ["SJE_MONITORING__OTLPENDPOINT"] = collector.Url,
                ["SJE_MONITORING__OTLPPROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "1000",
            }
        );
        using var http = new HttpClient { BaseAddress = new Uri(await sje.ReadyAsync(folder)) };
        const string caller = "4bf92f3577b34da6a3ce929d0e0e4736";
        var execution = await SubmitAsync(http, $"00-{caller}-00f067aa0ba902b7-01");
        await db.ExecutionBecomesAsync(execution, "succeeded", 60);

        var attempts = await Eventually.GetAsync(
            () => Task.FromResult(collector.Spans.Where(span => span.Name == "attempt").ToList()),
            spans => spans.Count == 2,
            "both attempts arrive",
            60
        );
        await Eventually.TrueAsync(
            () => Task.FromResult(collector.Spans.Any(s => s.Name.StartsWith("POST", StringComparison.Ordinal))),
            "the request arrives",
            60
        );
        var request = Assert.Single(collector.Spans, s => s.Name.StartsWith("POST", StringComparison.Ordinal));
        var accept = Assert.Single(collector.Spans, s => s.Name == "accept");
        Assert.Equal(("00f067aa0ba902b7", request.Id), (request.Parent, accept.Parent));
        Assert.All(attempts, attempt => Assert.Equal(accept.Id, attempt.Parent));
        Assert.All([request, accept, .. attempts], span => Assert.Equal(caller, span.Trace));
        Assert.Equal(["failed", "succeeded"], attempts.Select(a => a.Tags["sje.outcome"]).Order());
        Assert.Equal("exit_code", attempts.Single(a => a.Tags["sje.outcome"] == "failed").Tags["error.type"]);
        Assert.All(attempts, attempt => Assert.Equal(execution.ToString(), attempt.Tags["sje.execution.id"]));

        // The command was told where it belongs.
        var told = (await File.ReadAllLinesAsync(Path.Combine(folder, "told")))
            .Select(line => line.Split('-'))
            .ToList();
        Assert.All(told, parts => Assert.Equal(caller, parts[1]));
        Assert.Equal(attempts.Select(a => a.Id).Order(), told.Select(parts => parts[2]).Order());

        // Each came by a claim, which is a trace of its own and knows where it came from.
        var claims = collector.Spans.Where(s => s.Name == "claim").ToList();
        Assert.Equal(2, claims.Count);
        Assert.All(claims, claim => Assert.Equal(caller, Assert.Single(claim.Links)));
        Assert.Equal(
            claims.Select(claim => claim.Trace).Order(),
            attempts.Select(attempt => Assert.Single(attempt.Links)).Order()
        );
        await Eventually.TrueAsync(
            () => Task.FromResult(collector.Metrics.ContainsKey("sje.attempts.ended")),
            "figures arrive too",
            60
        );
    }

    [Fact]
    public async Task Where_nobody_listens_nothing_is_kept_and_nothing_is_told()
    {
        await using var sje = Start([]);
        using var http = new HttpClient { BaseAddress = new Uri(await sje.ReadyAsync(folder)) };
        var execution = await SubmitAsync(http, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
        await db.ExecutionBecomesAsync(execution, "succeeded", 60);

        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from sje.executions where trace_parent is null"));
        Assert.All(await File.ReadAllLinesAsync(Path.Combine(folder, "told")), line => Assert.Equal("none", line));
    }

    private SjeProcess Start(Dictionary<string, string> environment) =>
        SjeProcess.Start(
            folder,
            ["all", "--port", "0", "--db", db.ConnectionString],
            new Dictionary<string, string>(environment) { ["SJE_WORKER__DRAINSECONDS"] = "0" }
        );

    private async Task<Guid> SubmitAsync(HttpClient http, string traceParent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task")
        {
            Content = JsonContent.Create(
                new
                {
                    name = "traced",
                    type = "process",
                    process = new
                    {
                        command = $"echo ${{TRACEPARENT:-none}} >> '{Path.Combine(folder, "told")}'; exit $((SJE_ATTEMPT == 1))",
                    },
                    retry = new
                    {
                        backoff = "fixed",
                        initialDelay = "100ms",
                        maxAttempts = 2,
                    },
                }
            ),
        };
        request.Headers.Add("traceparent", traceParent);
        using var answer = await http.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!["taskId"]!.GetValue<Guid>();
    }
}
