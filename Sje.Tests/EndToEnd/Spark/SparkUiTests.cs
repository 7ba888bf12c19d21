using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Spark;

/// <summary>Spark's own pages of a real application, in a real browser, through the real server: while it runs and after its end.</summary>
[Collection(Alone.Name)]
public sealed class SparkUiTests(TestDatabase db, Chromium chromium)
    : IClassFixture<TestDatabase>,
        IClassFixture<Chromium>,
        IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-spark-ui-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Pages_and_their_scripts_work_while_the_application_runs_and_after_its_end_and_the_run_is_explained()
    {
        var home = await SparkHome.PathAsync();
        await using var sje = SjeProcess.Start(
            folder,
            [
                "all",
                "--port",
                "0",
                "--db",
                db.ConnectionString,
                $"--spark:installations:test:home={home}",
                "--spark:clusters:here:master=local[2]",
                "--spark:clusters:here:price:coreHour=36",
                "--spark:clusters:here:price:currency=EUR",
                "--spark:defaultCluster=here",
            ],
            new Dictionary<string, string> { ["SPARK_LOCAL_IP"] = "127.0.0.1" }
        );
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(await sje.ReadyAsync(folder)),
        };
        var goOn = Path.Combine(folder, "go-on");
        var id = await SubmitAsync(http, goOn);
        var ui = $"/executions/{id}/spark-ui";
        // Nothing is there yet, or it is there soon; never a fault of ours.
        var early = await http.GetAsync(ui + "/jobs/");
        Assert.Contains(early.StatusCode, new[] { HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK });
        await Eventually.GetAsync(
            async () => (await http.GetAsync(ui + "/jobs/")).StatusCode,
            status => status == HttpStatusCode.OK,
            "the driver's pages are there",
            180
        );
        // Spark's REST is below our path too.
        await Eventually.TrueAsync(
            async () =>
            {
                var applications = await http.GetFromJsonAsync<JsonArray>(ui + "/api/v1/applications");
                var stages = await http.GetFromJsonAsync<JsonArray>(
                    $"{ui}/api/v1/applications/{applications![0]!["id"]}/stages"
                );
                return stages!.Any(stage => stage!["numCompleteTasks"]!.GetValue<int>() == 3);
            },
            "all tasks but the held one are done",
            180
        );

        var page = await chromium.OpenAsync(http.BaseAddress.ToString());
        var faults = new List<string>();
        page.Console += (_, message) => Add(faults, message.Type == "error", message.Text);
        page.PageError += (_, error) => Add(faults, true, error);
        page.Response += (_, answer) => Add(faults, answer.Status >= 400, $"{answer.Status} {answer.Url}");

        await page.GotoAsync(ui);
        await Expect(page).ToHaveURLAsync(new Regex($"{ui}/jobs/$"));
        await Expect(page.GetByText("Active Jobs").First).ToBeVisibleAsync();
        await PictureAsync(page, "running-jobs");
        await LookAroundAsync(page, ui, "running");
        // What a script of the driver's page may not do: reach our API.
        Assert.Equal(
            "refused",
            await page.EvaluateAsync<string>("fetch('/api/v1/executions').then(() => 'reached', () => 'refused')")
        );
        Assert.Equal(
            "reached",
            await page.EvaluateAsync<string>(
                $"fetch('{ui}/api/v1/applications').then(() => 'reached', () => 'refused')"
            )
        );
        faults.RemoveAll(fault => fault.Contains("/api/v1/executions", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(ui + "/jobs/job/kill/?id=0")).StatusCode);
        var now = (await http.GetFromJsonAsync<JsonNode>($"/api/v1/executions/{id}/spark"))!["items"]![0]!;
        Assert.Equal(
            ("running", "client", "here"),
            (
                (string?)now["application"]!["state"],
                (string?)now["application"]!["deployMode"],
                (string?)now["application"]!["cluster"]
            )
        );

        await File.WriteAllTextAsync(goOn, "");
        await db.ExecutionBecomesAsync(id, "succeeded", 120);

        await Eventually.GetAsync(
            async () =>
            {
                var answer = await http.GetAsync(ui);
                return answer.Headers.Location is { } location
                    ? (await http.GetAsync(location)).StatusCode
                    : answer.StatusCode;
            },
            status => status == HttpStatusCode.OK,
            "the pages are rebuilt",
            180
        );
        var application = (string?)now["application"]!["applicationId"];
        await page.GotoAsync(ui + "/jobs/");
        await Expect(page).ToHaveURLAsync(new Regex($"{ui}/history/{application}/jobs/$"));
        await Expect(page.GetByText("Completed Jobs").First).ToBeVisibleAsync();
        await PictureAsync(page, "ended-jobs");
        await LookAroundAsync(page, $"{ui}/history/{application}", "ended");
        Assert.Equal([], faults);

        // Once more, so that there is something to compare with.
        await db.ExecutionBecomesAsync(await SubmitAsync(http, goOn), "succeeded", 180);
        var second = await http.GetFromJsonAsync<JsonNode>("/api/v1/executions?limit=1");
        var told = await SjeProcess.RunAsync(folder, "advice", (string)second!["items"]![0]!["id"]!);
        Assert.True(told.Code == 0, told.Errors);
        Assert.Matches(@"tasks\s+4 in \d+ stages", told.Output);
        Assert.Matches(@"cost\s+[0-9.]+ EUR \(\d+ core-seconds", told.Output);
        Assert.Contains("Beside the median of the last good run of this job", told.Output, StringComparison.Ordinal);
        Assert.Matches(@"time\s+[0-9.]+ times", told.Output);
        Assert.Matches("advice|Advice|hint:|warning:|problem:", told.Output);
        var clusters = await SjeProcess.RunAsync(folder, "clusters");
        Assert.Matches(@"here \(default\)\s+local\s+local\[2\]\s+client", clusters.Output);
    }

    // The tabs whose content comes by scripts, from Spark's REST below our path.
    private static async Task LookAroundAsync(IPage page, string start, string when)
    {
        await page.GetByRole(AriaRole.Link, new() { Name = "Executors", Exact = true }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"{Regex.Escape(start)}/executors/$"));
        await Expect(page.Locator("#active-executors-table tbody tr").First).ToContainTextAsync("driver");
        // Spark's scripts take their veil away when everything has come.
        await Expect(page.Locator(".blockOverlay")).ToHaveCountAsync(0);
        await PictureAsync(page, when + "-executors");
        await page.GetByRole(AriaRole.Link, new() { Name = "Stages", Exact = true }).ClickAsync();
        await page.Locator("a.name-link").First.ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"{Regex.Escape(start)}/stages/stage/"));
        await Expect(page.Locator("#active-tasks-table tbody tr").First).ToBeVisibleAsync();
        await Expect(page.Locator(".blockOverlay")).ToHaveCountAsync(0);
        await PictureAsync(page, when + "-stage");
    }

    private async Task<Guid> SubmitAsync(HttpClient http, string goOn)
    {
        var script = Path.Combine(folder, "waits.py");
        await File.WriteAllTextAsync(
            script,
            """
            import os, sys, time
            from pyspark.sql import SparkSession

            go_on = sys.argv[1]
            spark = SparkSession.builder.appName("waits").getOrCreate()

            def held(number):
                while number == 3 and not os.path.exists(go_on):
                    time.sleep(0.2)
                return number

            print(spark.sparkContext.parallelize(range(4), 4).map(held).sum())
            spark.stop()
            """
        );
        using var answer = await http.PostAsJsonAsync(
            "/task",
            new
            {
                name = "waits",
                type = "spark",
                spark = new { application = script, arguments = new[] { goOn } },
            }
        );
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True(answer.IsSuccessStatusCode, body?.ToJsonString());
        return body!["taskId"]!.GetValue<Guid>();
    }

    private static void Add(List<string> faults, bool isFault, string text)
    {
        if (isFault)
        {
            faults.Add(text);
        }
    }

    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SJE_TEST_PICTURES") is { Length: > 0 } where)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(where, $"spark-{name}.png") });
        }
    }
}
