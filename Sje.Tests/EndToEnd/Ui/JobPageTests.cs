using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of a job: its definition checked while it is typed, conflicts, drafts, runs with parameters, the grid.</summary>
[Collection(UiCollection.Name)]
public sealed class JobPageTests(Ui ui)
{
    [Fact]
    public async Task What_is_typed_wrong_is_told_at_its_line_and_what_is_right_is_saved()
    {
        await ui.SaveJobAsync("typed", "{name: typed, type: noop, noop: {waitMs: 1}, tags: [a]}");
        await ui.VisitAsync(
            "/jobs/typed?tab=definition",
            async page =>
            {
                await Expect(page.Page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
                await TypeAtEndAsync(page, "priority: loud\nretrry: {maxAttempts: 2}\n");
                var problems = page.Page.GetByRole(AriaRole.Region, new() { Name = "Problems" });
                await Expect(problems).ToContainTextAsync("'loud' is no priority");
                await Expect(problems).ToContainTextAsync("Did you mean 'retry'?");
                await Expect(page.Page.Locator(".job-fault-mark")).ToHaveCountAsync(2);
                await Expect(page.Page.Locator(".job-fault-line").First).ToHaveTextAsync("priority: loud");
                await Expect(Save(page)).ToHaveAttributeAsync("aria-disabled", "true");

                var line = await problems.GetByRole(AriaRole.Button).First.InnerTextAsync();
                Assert.Matches("^Line 6", line);
                await problems.GetByRole(AriaRole.Button).First.ClickAsync();
                await Expect(page.Page.Locator(".cm-activeLine")).ToHaveTextAsync("priority: loud");
                await page.Keys.PressAsync("End");
                for (var letter = 0; letter < 4; letter++)
                {
                    await page.Keys.PressAsync("Backspace");
                }

                await page.Keys.TypeAsync("high");
                await Expect(page.Page.Locator(".job-fault-mark")).ToHaveCountAsync(1);
                await problems.GetByRole(AriaRole.Button).First.ClickAsync();
                await page.Keys.PressAsync("End");
                await page.Keys.PressAsync("Shift+Home");
                await page.Keys.TypeAsync("retry: {maxAttempts: 2}");
                await Expect(page.Page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
                await page.Keys.PressAsync("Control+s");
                await Expect(page.Page.GetByText("Saved “typed” as version 2.")).ToBeVisibleAsync();
                await Expect(page.Page.GetByText("Draft kept")).ToHaveCountAsync(0);
            },
            new UiVisit { Expected = ["status of 422"] }
        );
        var job = (await JobAsync("typed"))["job"]!;
        Assert.Equal("high", (string?)job["priority"]);
        Assert.Equal(2, job["retry"]!["maxAttempts"]!.GetValue<int>());
    }

    [Fact]
    public async Task Of_two_who_save_the_later_sees_both_texts_and_loses_none()
    {
        await ui.SaveJobAsync("shared", "{name: shared, description: first, type: noop, noop: {waitMs: 1}}");
        await ui.VisitAsync(
            "/jobs/shared?tab=definition",
            async page =>
            {
                await TypeAtEndAsync(page, "priority: high\n");
                await Expect(page.Page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
                // Before the server could tell the page.
                await ui.SaveJobAsync("shared", "{name: shared, description: theirs, type: noop, noop: {waitMs: 1}}");
                await Save(page).ClickAsync();
                var conflict = page.Page.GetByRole(AriaRole.Alertdialog);
                await Expect(conflict).ToContainTextAsync("Somebody saved version 2 in the meantime");
                await Expect(conflict.Locator("tr.job-diff-removed")).ToContainTextAsync(["description: theirs"]);
                await Expect(conflict.Locator("tr.job-diff-added"))
                    .ToContainTextAsync(["description: first", "priority: high"]);
                await conflict.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Keep mine") }).ClickAsync();
                await Expect(page.Page.GetByText("Saved “shared” as version 3.")).ToBeVisibleAsync();
                var mine = (await JobAsync("shared"))["job"]!;
                Assert.Equal(("first", "high"), ((string?)mine["description"], (string?)mine["priority"]));

                await TypeAtEndAsync(page, "tags: [mine]\n");
                await ui.SaveJobAsync("shared", "{name: shared, description: again, type: noop, noop: {waitMs: 1}}");
                await Expect(page.Page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
                await Save(page).ClickAsync();
                await conflict.GetByRole(AriaRole.Button, new() { Name = "Take theirs" }).ClickAsync();
                await Expect(page.Page.Locator(".cm-content")).ToContainTextAsync("description: again");
                await Expect(page.Page.Locator(".cm-content")).Not.ToContainTextAsync("mine");
            },
            new UiVisit { Expected = ["status of 412"] }
        );
    }

    [Fact]
    public async Task A_draft_outlives_the_page()
    {
        await ui.SaveJobAsync("drafted", "{name: drafted, type: noop, noop: {waitMs: 1}}");
        await ui.VisitAsync(
            "/jobs/drafted?tab=definition",
            async page =>
            {
                await TypeAtEndAsync(page, "description: half a thought\n");
                await Expect(page.Page.GetByText("Draft kept in this browser")).ToBeVisibleAsync();
                await page.Page.GotoAsync("/jobs");
                await page.Page.GotoAsync("/jobs/drafted?tab=definition");
                await Expect(page.Page.Locator(".cm-content")).ToContainTextAsync("half a thought");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Discard" }).ClickAsync();
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Discard changes" }).ClickAsync();
                await Expect(page.Page.Locator(".cm-content")).Not.ToContainTextAsync("half a thought");
                await page.Page.ReloadAsync();
                await Expect(page.Page.Locator(".cm-content")).ToContainTextAsync("name: drafted");
                await Expect(page.Page.Locator(".cm-content")).Not.ToContainTextAsync("half a thought");
            }
        );
    }

    [Fact]
    public async Task A_job_of_another_system_is_read_converted_and_saved()
    {
        await ui.VisitAsync(
            "/jobs?new=1",
            async page =>
            {
                await page.Page.Locator(".cm-content").ClickAsync();
                await page.Keys.PressAsync("Control+a");
                await page.Keys.InsertTextAsync(
                    """{"jobId": "original", "jobType": "SparkApp", "sparkAppPath": "pi.py", "parameters": {"n": 5}}"""
                );
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Convert to SJE's form" }).ClickAsync();
                await Expect(page.Page.Locator(".cm-content")).ToContainTextAsync("type: spark");
                await Expect(page.Page.GetByText("Valid", new() { Exact = true })).ToBeVisibleAsync();
                await Save(page).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/jobs/[^?]+$"));
                await Expect(page.Page.GetByText("It has not run yet")).ToBeVisibleAsync();
            }
        );
    }

    [Fact]
    public async Task A_run_asks_for_its_values_and_each_fault_stands_at_its_field()
    {
        await ui.SaveJobAsync(
            "asked",
            """
            name: asked
            parameters:
              day: {type: date, required: true}
              rows: {type: int, default: 100}
              more: {type: json, default: {a: 1}}
              fast: {type: boolean, default: false}
            type: process
            process: {command: "echo {{ parameters.day }} {{ parameters.rows }}"}
            """
        );
        await ui.VisitAsync(
            "/jobs/asked",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).First.ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                var run = dialog.GetByRole(AriaRole.Button, new() { Name = "Run now" });
                await Expect(dialog.GetByLabel("rows")).ToHaveAttributeAsync("placeholder", "100");
                await run.ClickAsync();
                await Expect(dialog.GetByRole(AriaRole.Alert)).ToHaveTextAsync("A value must be given.");
                await Expect(dialog.GetByLabel("day")).ToHaveAttributeAsync("aria-invalid", "true");
                await dialog.GetByLabel("day").FillAsync("2027-02-28");
                // More than 64 bits, which the server finds.
                await dialog.GetByLabel("rows").FillAsync("9999999999999999999");
                await dialog.GetByLabel("fast").SelectOptionAsync("true");
                await run.ClickAsync();
                await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("whole number of 64 bits");
                await Expect(dialog.GetByLabel("rows")).ToHaveAttributeAsync("aria-invalid", "true");
                await dialog.GetByLabel("rows").FillAsync("7");
                await run.ClickAsync();
                await Expect(page.Page.GetByText("Started “asked”.")).ToBeVisibleAsync();
                await Expect(page.Page.GetByRole(AriaRole.Grid, new() { Name = "Runs of asked" }))
                    .ToContainTextAsync("Succeeded", new() { Timeout = 20_000 });
            },
            new UiVisit { Expected = ["status of 422"] }
        );
        var list = await ui.Http.GetFromJsonAsync<JsonObject>("/api/v1/executions?job=asked");
        var only = Assert.Single(list!["items"]!.AsArray())!;
        var values = (await ui.Http.GetFromJsonAsync<JsonObject>($"/api/v1/executions/{only["id"]}"))!["parameters"]!;
        Assert.Equal(
            """{"day":"2027-02-28","rows":7,"more":{"a":1},"fast":true}""".Length,
            values.ToJsonString().Length
        );
        Assert.Equal(("2027-02-28", 7, true), ((string?)values["day"], (int)values["rows"]!, (bool)values["fast"]!));
    }

    [Fact]
    public async Task The_grid_shows_each_task_of_each_run_and_leads_to_it_by_keyboard()
    {
        await ui.SaveJobAsync(
            "gridded",
            """
            name: gridded
            tasks:
              - {name: extract, type: noop, noop: {waitMs: 1}}
              - {name: load, type: process, process: {command: "exit 3"}, retry: {policy: none}, dependsOn: [extract]}
            """
        );
        var ids = new List<Guid>();
        for (var run = 0; run < 3; run++)
        {
            using var answer = await ui.Http.PostAsJsonAsync("/api/v1/jobs/gridded/executions", new { });
            ids.Add(JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["taskId"]!.GetValue<Guid>());
        }

        foreach (var id in ids)
        {
            await ui.BecomesAsync(id, "failed");
        }

        await ui.VisitAsync(
            "/jobs/gridded",
            async page =>
            {
                var cells = page.Page.Locator("[data-cell]");
                await Expect(cells).ToHaveCountAsync(6);
                await Expect(page.Page.Locator("[data-cell='1 2']"))
                    .ToHaveAttributeAsync("aria-label", new Regex("^load: Failed"));
                await page.Page.Locator("[data-cell='0 2']").FocusAsync();
                await page.Keys.PressAsync("ArrowDown");
                await Expect(page.Page.Locator("[data-cell='1 2']")).ToBeFocusedAsync();
                await page.Keys.PressAsync("ArrowLeft");
                await page.Keys.PressAsync("Enter");
                await Expect(page.Page).ToHaveURLAsync(new Regex($"/executions/{ids[1]}\\?task=load"));
            }
        );
    }

    private static ILocator Save(UiPage page) =>
        page.Page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true });

    private static async Task TypeAtEndAsync(UiPage page, string text)
    {
        await page.Page.Locator(".cm-content").ClickAsync();
        await page.Keys.PressAsync("Control+End");
        await page.Keys.TypeAsync(text);
    }

    private async Task<JsonObject> JobAsync(string name) =>
        (await ui.Http.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{Uri.EscapeDataString(name)}"))!;
}
