using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Sje.Jobs.Observability;
using Sje.Tests.Support;

namespace Sje.Tests.EndToEnd.Monitoring;

/// <summary>What a server and a worker say about work that has gone well, failed, been repeated, cancelled, and taken over.</summary>
public sealed partial class MetricsTests : IAsyncLifetime
{
    private readonly TestDatabase db = new();
    private readonly string folder = Directory.CreateTempSubdirectory("sje-metrics-").FullName;
    private readonly List<SjeProcess> processes = [];

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        await db.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Server_and_worker_tell_what_became_of_every_task()
    {
        var server = Start("server", "--port", "0");
        var address = await server.ReadyAsync(folder);
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        var idle = await PrometheusText.ScrapeAsync(address);
        Assert.Equal(1, idle.Sum("sje_database_up"));
        Assert.Equal(0, idle.Sum("sje_workers"));

        // Waiting first: three of a queue, two of them repeated by key, one that waits for another.
        for (var i = 0; i < 3; i++)
        {
            await SubmitAsync(http, """{"name": "ok", "type": "noop", "noop": {"waitMs": 0}, "priority": "high"}""");
        }

        var keyed = """{"name": "keyed", "type": "noop", "noop": {"waitMs": 0}}""";
        Assert.Equal(await SubmitAsync(http, keyed, "k"), await SubmitAsync(http, keyed, "k"));
        await SubmitAsync(
            http,
            """
            {"name": "graph", "tasks": [
                {"name": "a", "type": "process", "process": {"command": ["true"]}},
                {"name": "b", "type": "process", "process": {"command": ["true"]}, "dependsOn": ["a"]}]}
            """
        );
        await SubmitAsync(
            http,
            """
            {"name": "broken", "type": "process", "process": {"command": "exit 3"},
             "retry": {"backoff": "fixed", "initialDelay": "1s", "jitter": "none", "maxAttempts": 2}}
            """
        );
        var waiting = await Eventually.GetAsync(
            () => PrometheusText.ScrapeAsync(address),
            text => text.Sum("sje_queue_depth", "queue=default", "state=queued") == 6,
            "all that waits is counted",
            60
        );
        Assert.Equal(1, waiting.Sum("sje_queue_depth", "queue=default", "state=blocked"));
        Assert.Equal(3, waiting.Sum("orchestrator_queue_depth", "priority=high"));
        Assert.Equal(4, waiting.Sum("orchestrator_queue_depth", "priority=normal"));
        Assert.True(waiting.Sum("sje_queue_oldest_wait_seconds", "queue=default") > 0);
        Assert.Equal(6, waiting.Sum("sje_executions_submitted_total"));
        Assert.Equal(3, waiting.Sum("orchestrator_jobs_submitted_total", "job_type=noop", "priority=high"));
        Assert.Equal(6, waiting.Sum("sje_submissions_total", "answer=accepted"));
        Assert.Equal(1, waiting.Sum("sje_submissions_total", "answer=repeated"));
        Assert.Equal(7, waiting.Sum("sje_tasks_submitted_total", "queue=default"));

        var watch = $"http://127.0.0.1:{SjeProcess.FreePort()}";
        Start("worker", "--name", "w", "--slots", "3", "--worker:leaseSeconds=30", $"--monitoring:metricsUrl={watch}");
        await Eventually.TrueAsync(
            async () =>
                await db.ScalarAsync<long>("select count(*) from sje.executions where finished_at is null") == 0,
            "everything has ended",
            120
        );

        var worker = await PrometheusText.ScrapeAsync(watch);
        Assert.Equal(4, worker.Sum("sje_attempts_ended_total", "type=noop", "outcome=succeeded"));
        Assert.Equal(2, worker.Sum("sje_attempts_ended_total", "type=process", "outcome=succeeded"));
        Assert.Equal(2, worker.Sum("sje_attempts_ended_total", "type=process", "outcome=failed"));
        Assert.Equal(8, worker.Sum("sje_attempts_started_total", "lane=background", "queue=default"));
        Assert.Equal(1, worker.Sum("sje_retries_total", "type=process", "class=exit_code"));
        Assert.Equal(1, worker.Sum("sje_tasks_ended_total", "type=process", "state=failed"));
        Assert.Equal(4, worker.Sum("sje_executions_ended_total", "type=noop", "state=succeeded"));
        Assert.Equal(1, worker.Sum("sje_executions_ended_total", "type=workflow", "state=succeeded"));
        Assert.Equal(1, worker.Sum("sje_executions_ended_total", "type=process", "state=failed"));
        Assert.Equal(5, worker.Sum("orchestrator_jobs_total", "status=succeeded"));
        Assert.Equal(1, worker.Sum("orchestrator_jobs_completed_total", "job_type=process", "status=failed"));
        Assert.Equal(2, worker.Sum("orchestrator_errors_total", "error_type=exit_code", "component=process"));
        Assert.Equal(6, worker.Sum("orchestrator_jobs_duration_seconds_count"));
        Assert.Equal(8, worker.Sum("sje_dispatch_latency_seconds_count", "lane=background"));
        Assert.Equal(8, worker.Sum("sje_attempt_duration_seconds_count"));
        Assert.Equal(8, worker.Sum("sje_claimed_tasks_total"));
        // Between its two attempts lay a second; the two together count.
        Assert.True(worker.Sum("sje_execution_duration_seconds_sum", "type=process", "state=failed") >= 1);
        Assert.True(worker.Sum("sje_claim_duration_seconds_count", "lane=background") > 0);
        Assert.True(worker.Sum("sje_heartbeat_duration_seconds_count") > 0);
        Assert.Equal(3, worker.Sum("sje_worker_slots", "lane=background"));
        Assert.InRange(worker.Sum("sje_worker_lease_age_seconds"), 0, 30);
        Assert.Empty(worker.Find("sje_database_up"));

        // One of this worker's tasks is running, and another's is taken over.
        await SubmitAsync(
            http,
            """{"name": "long", "queue": "other", "type": "process", "process": {"command": "sleep 600"}}"""
        );
        var doomed = Start(
            "worker",
            "--name",
            "doomed",
            "--queues",
            "other",
            "--worker:leaseSeconds=3",
            "--worker:heartbeatSeconds=0.5"
        );
        var running = await Eventually.GetAsync(
            () => PrometheusText.ScrapeAsync(address),
            text => text.Sum("sje_queue_running", "queue=other") == 1,
            "it runs",
            60
        );
        Assert.Equal(2, running.Sum("sje_workers", "state=active"));
        Assert.Equal(1, running.Sum("sje_queue_workers", "queue=other"));
        Assert.Equal(1, running.Sum("orchestrator_workers_active", "pool=other"));
        Assert.Equal(1, running.Sum("orchestrator_active_jobs"));
        Assert.True(running.Sum("sje_slots_used_ratio", "lane=background") > 0);
        Assert.Equal(1, running.Sum("sje_dead_letters"));
        doomed.Signal("KILL");
        await doomed.EndAsync();
        await Eventually.TrueAsync(
            async () =>
                await TakeoversAsync(address, "sje_takeovers_total")
                    + await TakeoversAsync(watch, "sje_takeovers_total")
                    == 1
                && await TakeoversAsync(address, "sje_workers_lost_total")
                    + await TakeoversAsync(watch, "sje_workers_lost_total")
                    == 1,
            "the loss is counted once, by whoever saw it",
            90
        );

        var core = JsonNode.Parse(await http.GetStringAsync("/mgmt/core"))!;
        Assert.Equal(1, core["load"]!["deadLetters"]!.GetValue<int>());
        Assert.Contains(core["load"]!["queues"]!.AsArray(), q => q!["name"]!.GetValue<string>() == "other");
        Assert.Contains(core["load"]!["workers"]!.AsArray(), w => w!["name"]!.GetValue<string>() == "w");
    }

    [Fact]
    public async Task Every_figure_follows_the_conventions_and_stands_in_the_catalogue()
    {
        var address = await Start("all", "--port", "0").ReadyAsync(folder);
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        var done = await SubmitAsync(http, """{"name": "ok", "type": "noop", "noop": {"waitMs": 0}}""");
        await db.ExecutionBecomesAsync(done, "succeeded", 60);
        var broken = await SubmitAsync(
            http,
            """{"name": "broken", "type": "process", "process": {"command": "exit 3"}, "retry": {"backoff": "fixed", "initialDelay": "1s", "jitter": "none", "maxAttempts": 2}}"""
        );
        await db.ExecutionBecomesAsync(broken, "failed", 60);

        var text = await PrometheusText.ScrapeAsync(address);
        var known = MetricCatalogue.All.ToDictionary(info => info.Name);
        var unseen = new HashSet<string>(known.Keys);
        // What nothing here has brought about: a loss, a failing claim.
        unseen.ExceptWith(["sje_takeovers_total", "sje_workers_lost_total", "sje_claim_errors_total"]);
        foreach (var sample in text.Samples)
        {
            var family = text.FamilyOf(sample);
            Assert.Matches(NamePattern(), sample.Name);
            Assert.True(text.Types.ContainsKey(family), $"{family} has no type");
            Assert.DoesNotContain(sample.Labels, label => label.Key is "id" or "job" or "execution" or "worker_id");
            if (
                !family.StartsWith("sje_", StringComparison.Ordinal)
                && !family.StartsWith("orchestrator_", StringComparison.Ordinal)
            )
            {
                continue;
            }

            Assert.True(known.TryGetValue(family, out var info), $"{family} is not in the catalogue");
            unseen.Remove(family);
            Assert.Equal(info.Kind.ToString().ToLowerInvariant(), text.Types[family]);
            Assert.Equal(
                info.Labels.Order(StringComparer.Ordinal),
                sample
                    .Labels.Keys.Where(label => label is not ("le" or "otel_scope_name"))
                    .Order(StringComparer.Ordinal)
            );
        }

        Assert.Empty(unseen);
        Assert.All(
            known.Values.Where(info => info.Kind == MetricKind.Counter),
            info => Assert.EndsWith("_total", info.Name, StringComparison.Ordinal)
        );
    }

    private static async Task<double> TakeoversAsync(string url, string name) =>
        (await PrometheusText.ScrapeAsync(url)).Sum(name);

    private SjeProcess Start(params string[] words)
    {
        var process = SjeProcess.Start(
            folder,
            [.. words, "--db", db.ConnectionString],
            new Dictionary<string, string> { ["SJE_WORKER__DRAINSECONDS"] = "0" }
        );
        processes.Add(process);
        return process;
    }

    private static async Task<Guid> SubmitAsync(HttpClient http, string job, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task")
        {
            Content = new StringContent(job, System.Text.Encoding.UTF8, "application/json"),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var answer = await http.SendAsync(request);
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True(answer.IsSuccessStatusCode, body?.ToJsonString());
        return body!["taskId"]!.GetValue<Guid>();
    }

    [GeneratedRegex("^[a-z][a-z0-9_]*$")]
    private static partial Regex NamePattern();
}
