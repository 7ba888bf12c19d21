using System.Net;
using Microsoft.AspNetCore.Http;
using Sje.Core.Security;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api.Spark;

/// <summary>Spark's pages through our server, with a driver that keeps what it was asked.</summary>
public sealed class SparkUiApiTests(ApiHost host) : IClassFixture<ApiHost>, IAsyncLifetime
{
    private HttpTarget driver = null!;
    private HttpClient http = null!;

    public async ValueTask InitializeAsync()
    {
        driver = await HttpTarget.StartAsync(AnswerAsync);
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = host.Address };
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await driver.DisposeAsync();
    }

    [Theory]
    [InlineData("/executions")]
    [InlineData("/api/v1/executions")]
    public async Task Pages_of_a_running_driver_stand_below_the_execution(string start)
    {
        var id = await RunningAsync(driver.Address);
        var ui = $"{start}/{id}/spark-ui";

        var root = await http.GetAsync(ui);

        Assert.Equal((HttpStatusCode.Found, ui + "/jobs/"), (root.StatusCode, root.Headers.Location!.OriginalString));
        var page = await http.GetAsync($"{ui}/jobs/?completedJob.page=2&x=%2F");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType!.ToString());
        Assert.Contains($"href=\"{ui}/stages/\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var asked = driver.Requests.Last();
        Assert.Equal("/jobs/?completedJob.page=2&x=%2F", asked.Path);
        Assert.Equal(ui, asked.Headers["X-Forwarded-Context"]);
        var moved = await http.GetAsync(ui + "/old/");
        Assert.Equal(ui + "/stages/", moved.Headers.Location!.OriginalString);
        Assert.Equal("body {}", await http.GetStringAsync(ui + "/static/webui.css"));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync(ui + "/none/")).StatusCode);
        var fromHistory = await http.GetAsync($"{ui}/history/app-1/1/stages/?id=3");
        Assert.Equal(ui + "/stages/?id=3", fromHistory.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Keys_and_cookies_do_not_reach_the_driver_and_its_own_do_not_reach_the_browser()
    {
        var id = await RunningAsync(driver.Address);
        var key = await host.NewKeyAsync(Role.Viewer);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/executions/{id}/spark-ui/jobs/");
        request.Headers.Add("Authorization", "Bearer " + key);
        request.Headers.Add("Cookie", "sje-key=" + key);
        request.Headers.Add("X-Forwarded-Context", "/elsewhere");

        var page = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.All(
            driver.Requests,
            asked =>
                Assert.DoesNotContain(
                    asked.Headers,
                    header =>
                        header.Value.ToString().Contains(key, StringComparison.Ordinal)
                        || header.Key is "Cookie" or "Authorization" or "X-Api-Key"
                )
        );
        Assert.Equal($"/executions/{id}/spark-ui", driver.Requests.Last().Headers["X-Forwarded-Context"]);
        Assert.False(page.Headers.Contains("Set-Cookie"));
        Assert.False(page.Headers.Contains("X-Own"));
        var policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        // Scripts of the driver reach its own pages, and nothing else of this server.
        Assert.Contains(
            $"connect-src {host.Address.Authority}/executions/{id}/spark-ui/;",
            policy,
            StringComparison.Ordinal
        );
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("script-src 'self'", policy, StringComparison.Ordinal);
        Assert.Equal("same-origin", Assert.Single(page.Headers.GetValues("Cross-Origin-Opener-Policy")));
    }

    [Theory]
    [InlineData("jobs/job/kill/?id=0", 403)]
    [InlineData("stages/stage/kill?id=0&terminate=true", 403)]
    [InlineData("jobs/job/%6bill/?id=0", 403)]
    [InlineData("jobs/job/Kill/", 403)]
    [InlineData("jobs/job/kill;a=b/?id=0", 404)]
    [InlineData("jobs/job/k%2569ll/?id=0", 404)]
    [InlineData("jobs//job/", 404)]
    [InlineData("jobs/%2e%2e%2fapi", 404)]
    [InlineData("jobs/a%5c..%5cb", 404)]
    public async Task Links_that_end_something_are_refused_in_any_form(string path, int status)
    {
        var id = await RunningAsync(driver.Address);

        var answer = await http.GetAsync($"/executions/{id}/spark-ui/{path}");

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Empty(driver.Requests);
    }

    [Fact]
    public async Task Only_GET_is_there()
    {
        var id = await RunningAsync(driver.Address);

        var answer = await http.PostAsync($"/executions/{id}/spark-ui/jobs/job/kill/", null);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Empty(driver.Requests);
    }

    [Fact]
    public async Task Behind_YARNs_proxy_links_and_redirects_are_set_right_and_its_own_pages_are_no_pages_of_Spark()
    {
        var id = await RunningAsync(driver.Address + "/proxy/application_1_1");
        var ui = $"/executions/{id}/spark-ui";

        var page = await http.GetStringAsync(ui + "/jobs/");
        var moved = await http.GetAsync(ui + "/old/");
        var gone = await http.GetAsync(ui + "/gone/");

        Assert.Contains($"href=\"{ui}/stages/\"", page, StringComparison.Ordinal);
        Assert.Contains($"setUIRoot('{ui}')", page, StringComparison.Ordinal);
        Assert.DoesNotContain("/proxy/", page, StringComparison.Ordinal);
        Assert.Equal(ui + "/stages/", moved.Headers.Location!.OriginalString);
        await gone.ReadProblemAsync(503, "not-ready");
    }

    [Fact]
    public async Task An_address_that_another_application_has_by_now_shows_nothing()
    {
        var id = await RunningAsync(driver.Address, application: "app-2");

        var answer = await http.GetAsync($"/executions/{id}/spark-ui/jobs/");

        var problem = await answer.ReadProblemAsync(503, "not-ready");
        Assert.Contains("another application", problem["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.All(driver.Requests, asked => Assert.Equal("/api/v1/applications", asked.Path));
    }

    [Fact]
    public async Task A_driver_that_does_not_answer_or_breaks_is_not_there_now()
    {
        var id = await RunningAsync(driver.Address);
        var broken = await http.GetAsync($"/executions/{id}/spark-ui/broken/");
        await broken.ReadProblemAsync(503, "not-ready");
        var forbidden = await http.GetAsync($"/executions/{id}/spark-ui/forbidden/");
        await forbidden.ReadProblemAsync(503, "not-ready");
        Assert.Equal(TimeSpan.FromSeconds(3), broken.Headers.RetryAfter!.Delta);

        await driver.DisposeAsync();

        var gone = await http.GetAsync($"/executions/{id}/spark-ui/jobs/");
        await gone.ReadProblemAsync(503, "not-ready");
        using var browser = new HttpRequestMessage(HttpMethod.Get, $"/executions/{id}/spark-ui/jobs/");
        browser.Headers.Add("Accept", "text/html,*/*;q=0.8");
        var page = await http.SendAsync(browser);
        Assert.Equal(
            (HttpStatusCode.ServiceUnavailable, "text/html"),
            (page.StatusCode, page.Content.Headers.ContentType!.MediaType)
        );
        var text = await page.Content.ReadAsStringAsync();
        Assert.Contains("The driver does not answer", text, StringComparison.Ordinal);
        Assert.Contains("http-equiv=\"refresh\" content=\"3\"", text, StringComparison.Ordinal);
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task What_has_no_pages_says_why()
    {
        await (await http.GetAsync($"/executions/{Guid.CreateVersion7()}/spark-ui/")).ReadProblemAsync(
            404,
            "not-found"
        );
        var process = await host.SubmitAsync("no spark");
        Assert.Contains(
            "no task of type spark",
            await DetailAsync(process, 404, "not-found"),
            StringComparison.Ordinal
        );
        var waiting = await host.SubmitSparkAsync("waiting");
        Assert.Contains("is not submitted yet", await DetailAsync(waiting, 503, "not-ready"), StringComparison.Ordinal);
        await host.Client.DeleteAsync($"/task/{waiting}");
        Assert.Contains(
            "Nothing was submitted",
            await DetailAsync(waiting, 404, "not-found"),
            StringComparison.Ordinal
        );
        var pending = await host.SubmitSparkAsync("pending");
        await host.AddApplicationAsync(pending, "pending", more: ("pending_cause", "the queue is full"));
        Assert.Contains(
            "the queue is full",
            await DetailAsync(pending, 503, "not-ready", "jobs/"),
            StringComparison.Ordinal
        );
        var starting = await host.SubmitSparkAsync("starting");
        await host.AddApplicationAsync(starting, "running", more: ("application_id", "app-1"));
        Assert.Contains(
            "is starting",
            await DetailAsync(starting, 503, "not-ready", "jobs/"),
            StringComparison.Ordinal
        );

        var nameless = await host.SubmitSparkAsync("nameless");
        await host.AddApplicationAsync(nameless, "failed");
        Assert.Contains(
            "before its id was known",
            await DetailAsync(nameless, 404, "not-found"),
            StringComparison.Ordinal
        );
        var logless = await host.SubmitSparkAsync("logless");
        await host.AddApplicationAsync(logless, "succeeded", more: ("application_id", "app-1"));
        var ui = $"/executions/{logless}/spark-ui";
        var moved = await http.GetAsync(ui);
        Assert.Equal(ui + "/history/app-1/jobs/", moved.Headers.Location!.OriginalString);
        // Somebody had the page open while it ran.
        moved = await http.GetAsync(ui + "/stages/stage/?id=1&attempt=0");
        Assert.Equal(ui + "/history/app-1/stages/stage/?id=1&attempt=0", moved.Headers.Location!.OriginalString);
        Assert.Contains(
            "wrote no event log",
            await DetailAsync(logless, 404, "not-found", "history/app-1/jobs/"),
            StringComparison.Ordinal
        );
        // The history server shows whatever its folder has; we do not.
        Assert.Contains(
            "is no page of application",
            await DetailAsync(logless, 404, "not-found", "history/app-2/jobs/"),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "is no page of application",
            await DetailAsync(logless, 404, "not-found", "api/v1/applications"),
            StringComparison.Ordinal
        );
        var elsewhere = await host.SubmitSparkAsync("elsewhere");
        await host.AddApplicationAsync(
            elsewhere,
            "succeeded",
            more: [("application_id", "app-1"), ("event_log", "file:///no/such/folder"), ("ended_at", "2020-01-01")]
        );
        Assert.Contains(
            "finds no event log",
            await DetailAsync(elsewhere, 404, "not-found", "history/app-1/jobs/"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_driver_that_was_a_workers_child_has_ended_with_its_attempt()
    {
        var id = await host.SubmitSparkAsync("client");
        await host.AddApplicationAsync(
            id,
            "running",
            client: true,
            more: [("driver_ui", driver.Address), ("application_id", "app-1")]
        );

        var moved = await http.GetAsync($"/executions/{id}/spark-ui");

        Assert.EndsWith("/history/app-1/jobs/", moved.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.Empty(driver.Requests);
    }

    [Fact]
    public async Task Of_several_tasks_each_has_its_pages_below_itself_by_an_id_that_no_script_takes_for_a_word()
    {
        var id = await host.SubmitSparkAsync("several", "first", "history", "third");
        foreach (var task in new[] { "history", "third" })
        {
            await host.AddApplicationAsync(
                id,
                task == "history" ? "running" : "succeeded",
                task,
                more: [("driver_ui", driver.Address), ("application_id", "app-1")]
            );
        }

        var running = $"/executions/{id}/tasks/{await host.TaskIdAsync(id, "history")}/spark-ui/";

        Assert.Equal(running, (await http.GetAsync($"/executions/{id}/spark-ui/")).Headers.Location!.OriginalString);
        var named = await http.GetAsync($"/executions/{id}/tasks/history/spark-ui/jobs/");
        Assert.Equal(running, named.Headers.Location!.OriginalString);
        Assert.Contains(running + "stages/", await http.GetStringAsync(running + "jobs/"), StringComparison.Ordinal);
        await (await http.GetAsync($"/executions/{id}/tasks/none/spark-ui/")).ReadProblemAsync(404, "not-found");
        var first = await http.GetAsync($"/executions/{id}/tasks/{await host.TaskIdAsync(id, "first")}/spark-ui/");
        await first.ReadProblemAsync(503, "not-ready");
    }

    [Fact]
    public async Task Whoever_may_not_see_the_execution_does_not_see_its_pages()
    {
        var id = await RunningAsync(driver.Address);
        using var stranger = host.ClientFor(await host.NewKeyAsync(Role.Operator, "other"));
        using var unknown = host.ClientFor("sje_unknown");

        await (await stranger.GetAsync($"/executions/{id}/spark-ui/jobs/")).ReadProblemAsync(404, "not-found");
        await (await stranger.GetAsync($"/api/v1/executions/{id}/spark")).ReadProblemAsync(404, "not-found");
        await (await unknown.GetAsync($"/executions/{id}/spark-ui/jobs/")).ReadProblemAsync(401, "unauthorized");
        Assert.Empty(driver.Requests);
    }

    private async Task<Guid> RunningAsync(string ui, string application = "app-1")
    {
        var id = await host.SubmitSparkAsync("running");
        await host.AddApplicationAsync(id, "running", more: [("driver_ui", ui), ("application_id", application)]);
        return id;
    }

    private async Task<string> DetailAsync(Guid execution, int status, string kind, string path = "")
    {
        var answer = await http.GetAsync($"/executions/{execution}/spark-ui/{path}");
        if (path.Length == 0 && answer.Headers.Location is { } location)
        {
            answer = await http.GetAsync(location);
        }

        return (await answer.ReadProblemAsync(status, kind))["detail"]!.GetValue<string>();
    }

    // As Spark answers: links stand below the path of the header, or below the one that the driver was told.
    private static async Task AnswerAsync(HttpTarget target, HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var told = path.StartsWith("/proxy/application_1_1", StringComparison.Ordinal) ? "/proxy/application_1_1" : "";
        var root = told.Length > 0 ? told : context.Request.Headers["X-Forwarded-Context"].ToString();
        context.Response.Headers.SetCookie = "driver=1";
        context.Response.Headers["X-Own"] = "1";
        switch (path[told.Length..])
        {
            case "/api/v1/applications":
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(
                    """[{"id": "app-1", "name": "a", "attempts": [{"completed": false}]}]"""
                );
                break;
            case "/jobs/":
                context.Response.ContentType = "text/html; charset=utf-8";
                await context.Response.WriteAsync(
                    $"<script>setUIRoot('{root}')</script><a href=\"{root}/stages/\">Stages</a>"
                );
                break;
            case "/old/":
                context.Response.Redirect($"{target.Address}{told}/stages/");
                break;
            case "/gone/":
                context.Response.Redirect($"{target.Address}/cluster/app/application_1_1");
                break;
            case "/static/webui.css":
                context.Response.ContentType = "text/css";
                await context.Response.WriteAsync("body {}");
                break;
            case "/broken/":
                context.Response.StatusCode = 500;
                break;
            case "/forbidden/":
                context.Response.StatusCode = 403;
                break;
            default:
                context.Response.StatusCode = 404;
                break;
        }
    }
}
