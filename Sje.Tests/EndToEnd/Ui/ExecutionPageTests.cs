using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of one execution: the answer, one focused task, retry and cancel, many tasks (C3 to C6, C11, C12, C14).</summary>
[Collection(UiCollection.Name)]
public sealed class ExecutionPageTests(Ui ui)
{
    [Fact]
    public async Task A_failed_execution_opens_at_the_failure_that_came_first_and_its_first_error_line()
    {
        var id = await UiSeeds.RunTwoFailuresAsync(ui, "opens-at-answer");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(page.Page.Locator(".xp-answer-failed h2")).ToHaveTextAsync("early-failure failed");
                await Expect(page.Page.Locator(".xp-answer-failed .xp-error")).ToContainTextAsync("exit code 3");
                await Expect(page.Page.Locator(".xp-gantt-row.xp-focused")).ToContainTextAsync("early-failure");
                await Expect(page.Page.Locator(".xp-log").GetByText("ERROR relation flights is missing"))
                    .ToBeInViewportAsync();
                await Expect(page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Retry 3 tasks") }))
                    .ToBeVisibleAsync();

                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Failure after" }).ClickAsync();
                await Expect(page.Page.Locator(".xp-answer-failed h2")).ToHaveTextAsync("late-failure failed");
                await Expect(page.Page.Locator(".xp-log").GetByText("ERROR late trouble")).ToBeInViewportAsync();
            }
        );
    }

    [Fact]
    public async Task A_task_chosen_in_list_chart_or_graph_is_the_only_one_whose_log_is_read()
    {
        var id = await UiSeeds.RunTwoFailuresAsync(ui, "one-focus");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(page.Page.Locator(".xp-log").GetByText("ERROR relation flights is missing"))
                    .ToBeVisibleAsync();

                var from = page.Requests.Count;
                await page.Page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("good$") }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("task=good"));
                await Expect(page.Page.Locator(".xp-log").GetByText("INFO all is well")).ToBeVisibleAsync();
                OnlyLogOf(page, from, "good");

                from = page.Requests.Count;
                await page.Page.Locator(".xp-bar[data-task=late-failure]").ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("task=late-failure"));
                await Expect(page.Page.Locator(".xp-log").GetByText("ERROR late trouble")).ToBeVisibleAsync();
                OnlyLogOf(page, from, "late-failure");

                from = page.Requests.Count;
                await page.Page.GetByRole(AriaRole.Tab, new() { NameRegex = new Regex("^Graph") }).ClickAsync();
                await page.Page.Locator("[data-box=extract]").ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("task=extract"));
                await page.Page.GetByRole(AriaRole.Tab, new() { NameRegex = new Regex("^Overview") }).ClickAsync();
                await Expect(page.Page.Locator(".xp-log").GetByText("INFO extracted")).ToBeVisibleAsync();
                OnlyLogOf(page, from, "extract");

                await page.Page.Locator("main h1").ClickAsync();
                await page.Keys.PressAsync("]");
                await Expect(page.Page).ToHaveURLAsync(new Regex("task=late-failure"));
                await page.Keys.PressAsync("[");
                await Expect(page.Page).ToHaveURLAsync(new Regex("task=extract"));
                await page.Page.ReloadAsync();
                await Expect(page.Page.Locator(".xp-log").GetByText("INFO extracted")).ToBeVisibleAsync();
            }
        );
    }

    [Fact]
    public async Task A_retry_runs_only_what_failed_and_what_follows_and_keeps_the_attempts()
    {
        var once = Path.Combine(ui.Folder, $"once-{Guid.NewGuid():n}");
        var id = await ui.SubmitAsync(
            new
            {
                name = "retried",
                tasks = new object[]
                {
                    new
                    {
                        name = "fine",
                        type = "process",
                        process = new { command = "echo INFO fine" },
                    },
                    new
                    {
                        name = "shaky",
                        type = "process",
                        dependsOn = new[] { "fine" },
                        retry = new { policy = "none" },
                        process = new
                        {
                            command = $"if mkdir '{once}'; then echo ERROR first time; exit 5; fi; echo INFO second time",
                        },
                    },
                    new
                    {
                        name = "follower",
                        type = "process",
                        dependsOn = new[] { "shaky" },
                        process = new { command = "echo INFO followed" },
                    },
                },
            }
        );
        await ui.BecomesAsync(id, "failed");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Retry 2 tasks" }).ClickAsync();
                await page
                    .Page.GetByRole(AriaRole.Dialog)
                    .GetByRole(AriaRole.Button, new() { Name = "Retry" })
                    .ClickAsync();
                await Expect(page.Page.Locator(".page-head .state-mark")).ToHaveTextAsync("Succeeded");
                await page.Page.GetByRole(AriaRole.Tab, new() { NameRegex = new Regex("^Attempts") }).ClickAsync();
                var attempts = page.Page.Locator("[role=row][data-key]");
                await Expect(attempts).ToHaveCountAsync(4);
                await Expect(attempts.Filter(new() { HasText = "shaky" }).Filter(new() { HasText = "Failed" }))
                    .ToHaveCountAsync(1);
                await Expect(attempts.Filter(new() { HasText = "shaky" }).Filter(new() { HasText = "Succeeded" }))
                    .ToHaveCountAsync(1);
            }
        );
        Assert.Equal(
            "fine 1, follower 1, shaky 2",
            await ui.Db.ScalarAsync<string>(
                """
                select string_agg(n, ', ' order by n) from (select t.name || ' ' || count(*) as n from sje.all_attempts a
                    join sje.all_tasks t on t.id = a.task_id and t.execution_id = a.execution_id where a.execution_id = $1 group by t.name) x
                """,
                id
            )
        );
    }

    [Fact]
    public async Task After_a_cancel_no_bar_runs_on()
    {
        var id = await ui.SubmitAsync("to-be-cancelled", "echo INFO begun; sleep 600");
        await ui.BecomesAsync(id, "running");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(page.Page.Locator(".xp-bar-open")).ToHaveCountAsync(1);
                await page.Keys.PressAsync("c");
                await page
                    .Page.GetByRole(AriaRole.Dialog)
                    .GetByRole(AriaRole.Button, new() { Name = "Cancel execution" })
                    .ClickAsync();
                await Expect(page.Page.Locator(".page-head .state-mark")).ToHaveTextAsync("Cancelled");
                await Expect(page.Page.Locator(".xp-bar-open")).ToHaveCountAsync(0);
                var width = await page
                    .Page.Locator(".xp-bar")
                    .First.EvaluateAsync<double>("bar => bar.getBoundingClientRect().width");
                await page.Page.WaitForTimeoutAsync(2_200);
                Assert.Equal(
                    width,
                    await page
                        .Page.Locator(".xp-bar")
                        .First.EvaluateAsync<double>("bar => bar.getBoundingClientRect().width"),
                    0.5
                );
            }
        );
    }

    [Fact]
    public async Task What_waits_says_for_what_and_has_its_log_pane_already()
    {
        await ui.SubmitAsync("ahead", "true", queue: "unserved");
        var id = await ui.SubmitAsync("behind", "true", queue: "unserved");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(page.Page.Locator(".xp-answer-waiting")).ToContainTextAsync("Waiting for worker");
                await Expect(page.Page.Locator(".xp-answer-waiting"))
                    .ToContainTextAsync("no live worker serves queue 'unserved'");
                await Expect(page.Page.Locator(".xp-log")).ToBeVisibleAsync();
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Place in line" }).ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                await dialog.GetByLabel("Priority").SelectOptionAsync("urgent");
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Change" }).ClickAsync();
                await Expect(page.Page.Locator(".xp-facts")).ToContainTextAsync("urgent");
            }
        );
    }

    [Fact]
    public async Task A_rerun_with_another_parameter_is_a_new_execution()
    {
        var id = await ui.SubmitAsync(
            new
            {
                name = "parametrized",
                type = "process",
                parameters = new { day = new { type = "string", @default = "monday" } },
                process = new { command = "echo INFO it is {{ parameters.day }}" },
            }
        );
        await ui.BecomesAsync(id, "succeeded");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Rerun…" }).ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                await dialog.GetByLabel("day").FillAsync("friday");
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Start a new execution" }).ClickAsync();
                await Expect(page.Page).Not.ToHaveURLAsync(new Regex(id.ToString()));
                await Expect(page.Page.Locator(".xp-facts")).ToContainTextAsync("Rerun");
                await Expect(page.Page.Locator(".xp-log").GetByText("INFO it is friday")).ToBeVisibleAsync();
            }
        );
    }

    [Fact]
    public async Task Two_thousand_tasks_leave_the_log_at_hand_and_a_bar_of_a_pixel_is_chosen_by_its_name()
    {
        var id = await UiSeeds.AddWideAsync(ui.Db, "wide", 2_000);
        await UiSeeds.WithinAsync(
            1_500,
            "milliseconds to the failed task's log",
            async () =>
            {
                var took = 0.0;
                await ui.VisitAsync(
                    $"/executions/{id}",
                    async page =>
                    {
                        took = await UiSeeds.WhenAsync(
                            page,
                            "document.querySelector('.xp-log')?.textContent.includes('ERROR it broke here')"
                        );
                        Assert.Equal(0, await page.Page.Locator(".xp-graph").CountAsync());
                    }
                );
                return took;
            }
        );
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(page.Page.Locator(".xp-gantt-row.xp-focused")).ToContainTextAsync("broken");
                Assert.InRange(await page.Page.Locator(".xp-gantt-row").CountAsync(), 1, 60);
                await page.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Find a task" }).FillAsync("part-7");
                var row = page.Page.Locator(
                    ".xp-gantt-row",
                    new() { Has = page.Page.GetByText("part-7", new() { Exact = true }) }
                );
                var bar = await row.Locator(".xp-bar").BoundingBoxAsync();
                Assert.True(bar!.Width <= 3.5, $"the bar is {bar.Width} px wide");
                await row.GetByText("part-7", new() { Exact = true }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("task=part-7(&|$)"));
                await row.Locator(".xp-bar").ClickAsync();

                await page.Page.GetByRole(AriaRole.Tab, new() { NameRegex = new Regex("^Graph") }).ClickAsync();
                await Expect(page.Page.Locator(".xp-box")).ToHaveCountAsync(3);
                await Expect(page.Page.Locator(".xp-box").Filter(new() { HasText = "×1998" })).ToBeVisibleAsync();
            }
        );
    }

    [Fact]
    public async Task An_address_without_an_execution_offers_a_search()
    {
        await ui.VisitAsync(
            $"/executions/{Guid.NewGuid()}",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Link, new() { Name = "Search the executions for it" }).ClickAsync();
                await Expect(page.Page.GetByText("Nothing matches")).ToBeVisibleAsync();
            },
            new UiVisit { Expected = ["status of 404"] }
        );
    }

    private static void OnlyLogOf(UiPage page, int from, string task)
    {
        var logs = page
            .Requests.Skip(from)
            .Select(r => new Uri(r.Url))
            .Where(url => url.AbsolutePath.Contains("/logs", StringComparison.Ordinal))
            .ToList();
        Assert.NotEmpty(logs);
        Assert.All(logs, url => Assert.Contains($"task={task}", url.Query, StringComparison.Ordinal));
    }
}
