using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hangfire;
using Sje.Tests.Support;
using Sje.Web.Embedding;

namespace Sje.Tests.EndToEnd.Embedding;

/// <summary>The example of a host that SJE is built into, as a process: SJE's tasks and the host's ordinary Hangfire jobs side by side.</summary>
public sealed partial class EmbeddedExampleTests(TestDatabase db) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-embedded-").FullName;
    private readonly System.Text.StringBuilder said = new();
    private Process host = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        // An empty database: the host makes the schema.
        await db.ScalarAsync<int>("drop schema sje cascade");
        await db.ScalarAsync<int>("drop schema hangfire cascade");
        await db.ScalarAsync<int>("drop table public.sje_schema_versions");
        var port = SjeProcess.FreePort();
        host = Process.Start(
            new ProcessStartInfo(Program())
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment =
                {
                    ["ConnectionStrings__Sje"] = db.ConnectionString,
                    ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{port}",
                    ["storage__root"] = folder,
                    ["worker__name"] = "embedded",
                    ["worker__drainSeconds"] = "1",
                },
            }
        )!;
        host.OutputDataReceived += (_, line) => Note(line.Data);
        host.ErrorDataReceived += (_, line) => Note(line.Data);
        host.BeginOutputReadLine();
        host.BeginErrorReadLine();
        http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.False(host.HasExited, said.ToString());
                try
                {
                    return (await http.GetAsync(new Uri("/health", UriKind.Relative))).IsSuccessStatusCode;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "the host answers",
            120
        );
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (!host.HasExited)
        {
            using (var kill = Process.Start("kill", ["-TERM", $"{host.Id}"]))
            {
                await kill.WaitForExitAsync();
            }

            await host.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        host.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Tasks_of_SJE_and_jobs_of_the_host_run_side_by_side()
    {
        // A task of SJE's, in a child process of SJE's program.
        var submitted = await PostAsync(
            "/task",
            new
            {
                name = "hello",
                type = "process",
                process = new { command = "echo hello from a task" },
            }
        );
        var id = submitted["taskId"]!.GetValue<Guid>();

        // The host's own: at once on a queue of its own, with a continuation that names none; later; failing once; recurring.
        var now = await PostAsync("/reports/sales");
        var later = await PostAsync("/reports/costs/later?seconds=2");
        var unreliable = await PostAsync("/reports/taxes/unreliable");

        await db.ExecutionBecomesAsync(id, "succeeded", 90);
        var all = new[] { "sales written", "sales sent", "costs written", "taxes written at last" };
        await HasAsync(all);
        foreach (var job in new[] { now["job"], now["sent"], later["job"], unreliable["job"] })
        {
            await Eventually.GetAsync(
                () => StateAsync(job!.GetValue<string>()),
                state => state == "Succeeded",
                $"job {job} has succeeded",
                60
            );
        }

        // Nothing of the host's went through SJE's queue, and SJE's rows know one task.
        Assert.Equal(1, await db.ScalarAsync<long>("select count(*) from sje.all_tasks"));
        Assert.Equal("reports", await QueueAsync(now["job"]!.GetValue<string>()));
        Assert.Equal("hangfire", await QueueAsync(unreliable["job"]!.GetValue<string>()));

        // Stock filters: the retry is counted on the job, as AutomaticRetry does.
        Assert.Equal(
            "1",
            await db.ScalarAsync<string>(
                "select value from hangfire.jobparameter where jobid = $1 and name = 'RetryCount'",
                long.Parse(unreliable["job"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture)
            )
        );

        // The dashboard: requeue a job of the host's, trigger its recurring one.
        var token = Token()
            .Match(await http.GetStringAsync(new Uri("/hangfire/servers", UriKind.Relative)))
            .Groups[1]
            .Value;
        await PressAsync($"/hangfire/jobs/actions/requeue/{now["job"]}", token);
        await HasAsync([.. all, "sales written"]);
        await PressAsync("/hangfire/recurring/trigger", token, "daily-report");
        await HasAsync([.. all, "sales written", "daily written"]);
        Assert.Equal(
            Cron.Daily(),
            await db.ScalarAsync<string>(
                "select value from hangfire.hash where key = 'recurring-job:daily-report' and field = 'Cron'"
            )
        );
    }

    [Fact]
    public async Task The_hosts_own_pages_keep_their_own_ways()
    {
        Assert.Contains("yours", await http.GetStringAsync(new Uri("/", UriKind.Relative)), StringComparison.Ordinal);
        using var missing = await http.GetAsync(new Uri("/no-such-page", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal(0, missing.Content.Headers.ContentLength);
        using var ours = await http.GetAsync(new Uri($"/api/v1/executions/{Guid.NewGuid()}", UriKind.Relative));
        Assert.Equal("application/problem+json", ours.Content.Headers.ContentType?.MediaType);
        Assert.True(
            SjeEmbedding.IsOurs("/task/1") && !SjeEmbedding.IsOurs("/taskless") && !SjeEmbedding.IsOurs("/reports")
        );
    }

    private async Task<JsonObject> PostAsync(string path, object? body = null)
    {
        using var answer = await http.PostAsJsonAsync(path, body);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text + said);
        return JsonNode.Parse(text)!.AsObject();
    }

    private async Task PressAsync(string path, string token, string? job = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        request.Headers.Add("RequestVerificationToken", token);
        request.Content = new FormUrlEncodedContent(job is null ? [] : [new("jobs[]", job)]);
        using var answer = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
    }

    private async Task HasAsync(string[] reports) =>
        await Eventually.GetAsync(
            async () => string.Join(", ", (await http.GetFromJsonAsync<string[]>("/reports"))!.Order()),
            found => found == string.Join(", ", reports.Order()),
            string.Join(", ", reports),
            90
        );

    private Task<string?> StateAsync(string job) =>
        db.ScalarAsync<string>(
            "select statename from hangfire.job where id = $1",
            long.Parse(job, System.Globalization.CultureInfo.InvariantCulture)
        );

    // The queue of its last Enqueued state.
    private Task<string?> QueueAsync(string job) =>
        db.ScalarAsync<string>(
            "select data ->> 'Queue' from hangfire.state where jobid = $1 and name = 'Enqueued' order by id desc limit 1",
            long.Parse(job, System.Globalization.CultureInfo.InvariantCulture)
        );

    private void Note(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }

    /// <summary>Where the example was built to, in the same configuration as these tests.</summary>
    private static string Program()
    {
        var built = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return RepositoryFiles.Path(
            "examples",
            "embedded",
            "bin",
            built.Parent!.Name,
            built.Name,
            "Sje.Examples.Embedded"
        );
    }

    [GeneratedRegex("name=\"csrf-token\" content=\"([^\"]+)\"")]
    private static partial Regex Token();
}
