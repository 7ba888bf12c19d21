using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Core.Security;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Dashboard;

/// <summary>Hangfire's dashboard in a real browser, on a real server.</summary>
public sealed class DashboardTests(ServingProcess sje, Chromium chromium)
    : IClassFixture<ServingProcess>,
        IClassFixture<Chromium>
{
    private const string Hostile = "<script>window.pwned=1</script><img src=x onerror=window.pwned=2>";

    private static readonly LocatorAssertionsToContainTextOptions Patient = new() { Timeout = 60_000 };
    private static readonly LocatorAssertionsToBeVisibleOptions Shown = new() { Timeout = 60_000 };

    [Fact]
    public async Task A_job_page_shows_attempts_log_and_execution_and_what_a_job_printed_stays_text()
    {
        var page = await chromium.OpenAsync(sje.Url);
        var id = await sje.SubmitAsync(
            "late departures",
            $"echo '{Hostile}'; echo '{Hostile}' >&2; printf '\\033[31mred\\033[0m\\n'; exit 3",
            parameters: new { day = "2026-11-25" }
        );
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Failed", 90);

        await page.GotoAsync("/hangfire/jobs/failed");
        await page.GetByRole(AriaRole.Link, new() { Name = "late departures" }).First.ClickAsync();

        await Expect(page).ToHaveTitleAsync(new Regex("late departures – SJE"));
        await Expect(page.Locator(".sje-task")).ToContainTextAsync(id.ToString());
        await Expect(page.Locator(".sje-state")).ToHaveTextAsync("failed");
        await Expect(page.Locator(".sje-parameters")).ToContainTextAsync("\"day\": \"2026-11-25\"");
        var attempt = page.Locator(".sje-attempts tbody tr");
        await Expect(attempt).ToHaveCountAsync(1);
        await Expect(attempt).ToContainTextAsync("first");
        await Expect(attempt).ToContainTextAsync("exit");
        await Expect(page.Locator(".sje-log")).ToContainTextAsync(Hostile);
        await Expect(page.Locator(".sje-log")).ToContainTextAsync("red");
        // Where other jobs have a stack trace stands nothing of our own code.
        await Expect(page.GetByText("TaskJob.cs")).ToHaveCountAsync(0);
        Assert.Equal("undefined", await page.EvaluateAsync<string>("typeof window.pwned"));
        Assert.Equal(
            0,
            await page.Locator(".sje-log img, .sje-log script, .stack-trace img, .stack-trace script").CountAsync()
        );
        var links = page.Locator(".sje-task a");
        await Expect(links.Nth(0)).ToHaveAttributeAsync("href", $"/executions/{id}");
        await Expect(links.Nth(1)).ToHaveAttributeAsync("href", $"/executions/{id}?task=main");
        await PictureAsync(page, "job");
    }

    [Fact]
    public async Task Requeue_on_a_failed_job_makes_a_second_attempt_and_Delete_then_dismisses_it()
    {
        var page = await chromium.OpenAsync(sje.Url);
        var id = await sje.SubmitAsync("broken", "exit 3");
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Failed", 90);
        await page.GotoAsync($"/hangfire/jobs/details/{await sje.JobOfAsync(id)}");

        await page.GetByRole(AriaRole.Button, new() { Name = "Requeue" }).ClickAsync();

        await Eventually.GetAsync(
            () => sje.Db.OutcomesOfAsync(id),
            outcomes => outcomes == "failed,failed",
            "a second attempt",
            60
        );
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Failed", 60);
        await AgainAsync(page);
        await Expect(page.Locator(".sje-attempts tbody tr")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Deleted", 60);
        await AgainAsync(page);
        await Expect(page.Locator(".sje-task")).ToContainTextAsync("Dismissed");
    }

    [Fact]
    public async Task Delete_on_a_running_job_cancels_it()
    {
        var page = await chromium.OpenAsync(sje.Url);
        var id = await sje.SubmitAsync("endless", "echo '::progress 0.42 halfway'; exec sleep 600");
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Processing", 90);
        await Eventually.TrueAsync(
            async () =>
                await sje.Db.ScalarAsync<bool>(
                    "select progress is not null from sje.tasks where execution_id = $1",
                    id
                ),
            "it says how far it is",
            60
        );
        await page.GotoAsync($"/hangfire/jobs/details/{await sje.JobOfAsync(id)}");
        await Expect(page.Locator(".sje-progress")).ToContainTextAsync("halfway");
        // The worker is on the page of servers, so nothing claims that the job was aborted.
        await Expect(page.GetByText("Looks like the job was aborted")).ToHaveCountAsync(0);

        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();

        await sje.Db.ExecutionBecomesAsync(id, "cancelled", 60);
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Deleted", 60);
    }

    [Fact]
    public async Task A_queue_page_lists_what_waits_in_order_and_all_of_a_page_can_be_deleted()
    {
        // Nobody serves it, and it did not exist when the server started.
        const string Queue = "nobody";
        var page = await chromium.OpenAsync(sje.Url);
        var ids = new List<Guid>();
        for (var i = 0; i < 25; i++)
        {
            ids.Add(await sje.SubmitAsync($"wait {i:00}", "true", Queue));
        }

        foreach (var id in ids)
        {
            await sje.JobOfAsync(id);
        }

        await page.GotoAsync("/hangfire/jobs/enqueued");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = Queue, Exact = true })).ToBeVisibleAsync();
        await page.GotoAsync($"/hangfire/jobs/enqueued/{Queue}");
        var names = await page.Locator(".js-jobs-list-row .job-method").AllInnerTextsAsync();
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"wait {i:00}"), names);
        await PictureAsync(page, "queue");
        await page.Locator(".js-jobs-list-select-all").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete selected" }).ClickAsync();

        await Eventually.GetAsync(
            () =>
                sje.Db.ScalarAsync<long>(
                    "select count(*) from sje.executions where queue = $1 and state = 'cancelled'",
                    Queue
                ),
            count => count == 20,
            "twenty are cancelled",
            90
        );
        await Eventually.TrueAsync(
            async () =>
            {
                await GoAsync(page, $"/hangfire/jobs/enqueued/{Queue}");
                return await page.Locator(".js-jobs-list-row").CountAsync() == 5;
            },
            "five are left on the page",
            60
        );
        await page.GotoAsync($"/hangfire/jobs/details/{await sje.JobOfAsync(ids[24])}");
        await Expect(page.Locator(".sje-wait")).ToContainTextAsync("no live worker serves queue 'nobody'");
    }

    [Fact]
    public async Task The_retries_page_lists_what_waits_for_a_retry_and_starts_it_at_once()
    {
        var page = await chromium.OpenAsync(sje.Url);
        var id = await sje.SubmitAsync(
            "second time lucky",
            "[ \"$SJE_ATTEMPT\" = 2 ] || exit 5",
            retry: new
            {
                policy = "fixed",
                maxAttempts = 3,
                initialDelay = "1h",
                maxDelay = "1h",
            }
        );
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Scheduled", 90);
        await page.GotoAsync("/hangfire/retries");
        var row = page.Locator(".js-jobs-list-row", new() { HasText = "second time lucky" });
        await Expect(row).ToContainTextAsync("exit code 5");
        await PictureAsync(page, "retries");

        await row.Locator("input[type=checkbox]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Enqueue jobs" }).ClickAsync();

        await sje.Db.ExecutionBecomesAsync(id, "succeeded", 60);
        await GoAsync(page, "/hangfire/retries");
        await Expect(page.Locator(".js-jobs-list-row", new() { HasText = "second time lucky" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_schedule_is_a_recurring_job_that_Trigger_now_starts_and_Delete_removes()
    {
        var page = await chromium.OpenAsync(sje.Url);
        await PutAsync(
            "/api/v1/jobs/yearly",
            """{"name": "yearly", "type": "process", "process": {"command": ["true"]}}"""
        );
        await PutAsync("/api/v1/schedules/new-year", """{"job": "yearly", "cron": "0 0 1 1 *", "timeZone": "UTC"}""");
        var row = page.Locator(".js-jobs-list-row", new() { HasText = "new-year" });
        await Eventually.TrueAsync(
            async () =>
            {
                await page.GotoAsync("/hangfire/recurring");
                return await row.CountAsync() == 1;
            },
            "it is on the page",
            60
        );
        await Expect(row).ToContainTextAsync("0 0 1 1 *");
        await PictureAsync(page, "recurring");

        await row.Locator("input[type=checkbox]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Trigger now" }).ClickAsync();
        await Eventually.GetAsync(
            () =>
                sje.Db.ScalarAsync<long>(
                    "select count(*) from sje.executions where name = 'yearly' and state = 'succeeded'"
                ),
            count => count == 1,
            "one execution has succeeded",
            90
        );

        await GoAsync(page, "/hangfire/recurring");
        await row.Locator("input[type=checkbox]").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                using var gone = await sje.Http.GetAsync(new Uri("/api/v1/schedules/new-year", UriKind.Relative));
                return gone.StatusCode == System.Net.HttpStatusCode.NotFound;
            },
            "the schedule is gone",
            60
        );
        // Hangfire's side follows in a moment, and the page does not look again by itself.
        await Eventually.TrueAsync(
            async () =>
            {
                await GoAsync(page, "/hangfire/recurring");
                return await row.CountAsync() == 0;
            },
            "it is off the page",
            60
        );
    }

    [Fact]
    public async Task A_worker_that_is_killed_vanishes_from_the_page_of_servers_and_a_living_one_stays()
    {
        var page = await chromium.OpenAsync(sje.Url);
        await using var second = sje.StartWorker("second", "spare,etl");
        var rows = page.Locator("tbody tr");
        await AppearsAsync(page, "second:");
        await Expect(rows.Filter(new() { HasText = "second:" })).ToContainTextAsync("etl", Patient);
        await Expect(rows.Filter(new() { HasText = "first:" })).ToContainTextAsync("default", Patient);
        await PictureAsync(page, "servers");

        second.Signal("KILL");

        await Eventually.TrueAsync(
            async () =>
            {
                await page.GotoAsync("/hangfire/servers");
                return await rows.Filter(new() { HasText = "second:" }).CountAsync() == 0;
            },
            "the killed worker is gone",
            60
        );
        await Expect(rows.Filter(new() { HasText = "first:" })).ToHaveCountAsync(1);

        await using var third = sje.StartWorker("third", "spare");
        await AppearsAsync(page, "third:");
        third.Signal("TERM");
        await third.EndAsync();
        await page.GotoAsync("/hangfire/servers");
        await Expect(rows.Filter(new() { HasText = "third:" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_overview_counts_from_our_tables_and_goes_on_counting_by_itself()
    {
        var page = await chromium.OpenAsync(sje.Url);
        await page.GotoAsync("/hangfire");
        await Expect(page.GetByText("Live workers")).ToBeVisibleAsync();
        var waiting = page.Locator("[data-metric='sje:waiting']").First;
        var before = await sje.Db.ScalarAsync<long>(
            "select count(*) from sje.tasks where state in ('queued', 'waiting_retry') and queue = 'counted'"
        );
        Assert.Equal(0, before);

        var shown = await waiting.InnerTextAsync();
        for (var i = 0; i < 7; i++)
        {
            await sje.SubmitAsync("counted", "true", "counted");
        }

        // The page asks again every two seconds, with the token of the page.
        await Expect(waiting).Not.ToHaveTextAsync(shown, new() { Timeout = 60_000 });
        await Expect(page.Locator("#errorAlert:visible")).ToHaveCountAsync(0);
        await PictureAsync(page, "overview");
        await page.GetByRole(AriaRole.Link, new() { Name = "Back to site" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex($"^{Regex.Escape(sje.Url)}/ops"));
    }

    [Fact]
    public async Task Blocked_tasks_are_on_a_page_of_their_own_with_what_they_wait_for()
    {
        var page = await chromium.OpenAsync(sje.Url);
        using var answer = await sje.Http.PostAsync(
            "/task",
            new StringContent(
                """
                {"name": "chain", "queue": "nobody-else", "tasks": [
                  {"name": "extract", "type": "process", "process": {"command": ["true"]}},
                  {"name": "load", "type": "process", "dependsOn": ["extract"], "process": {"command": ["true"]}}]}
                """,
                System.Text.Encoding.UTF8,
                "application/json"
            )
        );
        Assert.True(answer.IsSuccessStatusCode);

        await page.GotoAsync("/hangfire/jobs/awaiting");
        await page.GetByRole(AriaRole.Link, new() { Name = "Blocked" }).ClickAsync();

        var row = page.Locator(".sje-blocked tbody tr", new() { HasText = "chain" });
        await Expect(row).ToContainTextAsync("load");
        await Expect(row).ToContainTextAsync("blocked on task 'extract'");
        await PictureAsync(page, "blocked");
    }

    [Fact]
    public async Task A_viewer_sees_everything_and_finds_no_button()
    {
        var id = await sje.SubmitAsync("seen", "exit 3");
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Failed", 90);
        var page = await chromium.OpenAsync(sje.Url, await sje.NewKeyAsync(Role.Viewer));

        foreach (var path in new[] { "failed", "enqueued/default", "scheduled", "processing", "succeeded", "deleted" })
        {
            await page.GotoAsync($"/hangfire/jobs/{path}");
            await Expect(page.Locator("h1")).ToBeVisibleAsync(Shown);
            Assert.Equal(
                0,
                await page.Locator(".js-jobs-list-command, .js-jobs-list-checkbox, [data-ajax]").CountAsync()
            );
        }

        await page.GotoAsync($"/hangfire/jobs/details/{await sje.JobOfAsync(id)}");
        await Expect(page.Locator(".sje-attempts tbody tr")).ToHaveCountAsync(1);
        Assert.Equal(0, await page.Locator("[data-ajax]").CountAsync());
    }

    [Fact]
    public async Task An_execution_of_another_tenant_is_not_shown()
    {
        var id = await sje.SubmitAsync("private", "echo secret; exit 3");
        await sje.Db.HangfireBecomesAsync(id, await NameAsync(id), "Failed", 90);
        var page = await chromium.OpenAsync(sje.Url, await sje.NewKeyAsync(Role.Operator, "other"));

        await page.GotoAsync($"/hangfire/jobs/details/{await sje.JobOfAsync(id)}");

        await Expect(page.GetByText("belongs to another tenant")).ToBeVisibleAsync(Shown);
        Assert.Equal(0, await page.Locator(".sje-log").CountAsync());
    }

    private async Task PutAsync(string path, string json)
    {
        using var content = new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        using var answer = await sje.Http.PutAsync(new Uri(path, UriKind.Relative), content);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Task AgainAsync(IPage page) => GoAsync(page, page.Url);

    /// <summary>Opens a page after a press: the page that was pressed loads itself again, which may come in between.</summary>
    private static Task GoAsync(IPage page, string address) =>
        Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return (await page.GotoAsync(address))?.Ok == true;
                }
                catch (PlaywrightException)
                {
                    return false;
                }
            },
            $"{address} opens",
            60
        );

    private async Task AppearsAsync(IPage page, string server) =>
        await Eventually.TrueAsync(
            async () =>
            {
                await page.GotoAsync("/hangfire/servers");
                return await page.Locator("tbody tr").Filter(new() { HasText = server }).CountAsync() == 1;
            },
            $"{server} is on the page",
            90
        );

    private async Task<string> NameAsync(Guid execution) =>
        (await sje.Db.ScalarAsync<string>("select name from sje.all_tasks where execution_id = $1", execution))!;

    /// <summary>Where a folder for them is named, pages are kept as pictures to be looked at.</summary>
    private static async Task PictureAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("SJE_TEST_PICTURES") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
        }
    }
}
