using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Core.Scheduling;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>Schedules: what a line means, what clocks do to it, what is wrong with it, pausing (E1 to E4).</summary>
[Collection(UiCollection.Name)]
public sealed class SchedulePageTests(Ui ui)
{
    private const string Zone = "Europe/Berlin";

    private static readonly (string Cron, string Words)[] Lines =
    [
        ("* * * * *", "Every minute"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("0 * * * *", "Every hour"),
        ("15 */2 * * *", "At 15 minutes past the hour, every 2 hours"),
        ("30 2 * * *", "At 02:30"),
        ("0 6 * * MON-FRI", "At 06:00, Monday through Friday"),
        ("0 9-17 * * MON-FRI", "Every hour, between 09:00 and 17:00, Monday through Friday"),
        ("*/15 8-18 * * 1-5", "Every 15 minutes, between 08:00 and 18:59, Monday through Friday"),
        ("0 0 1 * *", "At 00:00, on day 1 of the month"),
        ("0 0 L * *", "At 00:00, on the last day of the month"),
        ("0 12 LW * *", "At 12:00, on the last weekday of the month"),
        ("0 12 15W * *", "At 12:00, on the weekday nearest day 15 of the month"),
        ("0 10 * * MON#1", "At 10:00, on the first Monday of the month"),
        ("0 22 * * 5L", "At 22:00, on the last Friday of the month"),
        ("0 0 13 * FRI", "At 00:00, on day 13 of the month, only on Friday"),
        ("5,35 8 * * *", "At 5 and 35 minutes past the hour, at 08:00"),
        ("0 0 1 1 *", "At 00:00, on day 1 of the month, only in January"),
        ("0 4 1 */3 *", "At 04:00, on day 1 of the month, every 3 months"),
        ("0 0 * * FRI-MON", "At 00:00, Friday through Monday"),
        ("0 22-4 * * *", "Every hour, between 22:00 and 04:00"),
        ("0 12 ? * SUN", "At 12:00, only on Sunday"),
        ("15 10 L-3 * *", "At 10:15, 3 days before the last day of the month"),
        ("0 0 29 2 *", "At 00:00, on day 29 of the month, only in February"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("0 30 1 * * *", "At 01:30"),
        ("@hourly", "Every hour"),
        ("@daily", "At 00:00"),
        ("@weekly", "At 00:00, only on Sunday"),
        ("@monthly", "At 00:00, on day 1 of the month"),
        ("@yearly", "At 00:00, on day 1 of the month, only in January"),
    ];

    [Fact]
    public async Task Thirty_lines_are_told_in_words_and_are_due_when_the_server_says()
    {
        Assert.Equal(30, Lines.Length);
        await EditAsync(
            "words",
            "2027-01-01",
            async page =>
            {
                foreach (var (cron, words) in Lines)
                {
                    await CronField(page).FillAsync(cron);
                    await Expect(page.Page.Locator("[data-description]")).ToHaveTextAsync($"{words} · {Zone}");
                    var due = await DueAsync(cron, "2027-01-01");
                    Assert.Equal(10, due.Length);
                    await ShowsAsync(page, due);
                }
            }
        );
    }

    [Theory]
    // The hour that is not there: due when it is over, as the scheduler fires it.
    [InlineData(
        "2027-03-27",
        "2027-03-28T01:00:00Z",
        "On 2027-03-28 clocks go from 02:00 to 03:00, so 02:30 does not exist: it starts at 03:00 instead"
    )]
    // The hour that comes twice: the first time only.
    [InlineData(
        "2027-10-30",
        "2027-10-31T00:30:00Z",
        "On 2027-10-31 clocks go back from 03:00 to 02:00, so 02:30 comes twice: it starts once, the first time"
    )]
    public async Task Where_clocks_change_the_page_the_server_and_the_scheduler_agree(
        string from,
        string on,
        string note
    )
    {
        await EditAsync(
            $"clocks {from}",
            from,
            async page =>
            {
                await CronField(page).FillAsync("30 2 * * *");
                var due = await DueAsync("30 2 * * *", from);
                await ShowsAsync(page, due);
                await Expect(page.Page.Locator("[data-note]").Filter(new() { HasText = note })).ToBeVisibleAsync();

                // What the scheduler's loop asks for its next due time.
                Assert.True(CronSchedule.TryParse("30 2 * * *", Zone, out var schedule, out _));
                var fires = schedule.Next(Instant(from), 10).Select(at => Text(at)).ToArray();
                Assert.Equal(fires, due);
                Assert.Equal(on, due[1]);
            }
        );
    }

    [Fact]
    public async Task A_bad_line_marks_its_bad_part_and_cannot_be_saved()
    {
        await EditAsync(
            "bad line",
            null,
            async page =>
            {
                var save = page.Page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true });
                var bad = page.Page.Locator("[data-bad]");
                await CronField(page).FillAsync("0 25 * * MON");
                await Expect(bad.Locator("code")).ToHaveTextAsync("25");
                await Expect(bad).ToContainTextAsync("hour");
                await Expect(CronField(page)).ToHaveAttributeAsync("aria-invalid", "true");
                await Expect(page.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("between 0 and 23");
                await Expect(save).ToHaveAttributeAsync("aria-disabled", "true");
                await CronField(page).FillAsync("0 23 * * MONDAY");
                await Expect(bad.Locator("code")).ToHaveTextAsync("MONDAY");
                await CronField(page).FillAsync("0 23 * *");
                await Expect(page.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("has 4 fields");
                await Expect(save).ToHaveAttributeAsync("aria-disabled", "true");

                await CronField(page).FillAsync("0 23 * * MON");
                await Expect(bad).ToHaveCountAsync(0);
                await Expect(save).Not.ToHaveAttributeAsync("aria-disabled", "true");
                await page.Page.GetByLabel("Time zone").FillAsync("Berlin");
                await Expect(page.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Did you mean 'Europe/Berlin'?");
                await Expect(save).ToHaveAttributeAsync("aria-disabled", "true");
                await page.Page.GetByLabel("Time zone").FillAsync(Zone);
                await save.ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/schedules/bad%20line"));
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "bad line", Exact = true }))
                    .ToBeVisibleAsync();
            },
            "status of 422"
        );
        Assert.Equal(
            "0 23 * * MON",
            (string?)(await ui.Http.GetFromJsonAsync<JsonObject>("/api/v1/schedules/bad%20line"))!["cron"]
        );
    }

    [Fact]
    public async Task Presets_write_the_line_and_a_saved_line_opens_as_its_preset()
    {
        await EditAsync(
            "preset",
            null,
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Radio, new() { Name = "Calendar" }).CheckAsync();
                await page.Page.GetByLabel("Each").SelectOptionAsync("week");
                await page.Page.GetByLabel("At", new() { Exact = true }).FillAsync("07:45");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Friday" }).ClickAsync();
                await Expect(page.Page.Locator("[data-description]"))
                    .ToHaveTextAsync($"At 07:45, Monday through Thursday · {Zone}");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/schedules/preset"));
                await page.Page.ReloadAsync();
                await Expect(page.Page.GetByRole(AriaRole.Radio, new() { Name = "Calendar" })).ToBeCheckedAsync();
                await Expect(page.Page.GetByText("45 7 * * 1-4")).ToBeVisibleAsync();
            }
        );
    }

    [Fact]
    public async Task Pausing_resuming_and_running_now_show_in_the_list()
    {
        await ui.SaveJobAsync(
            "e4 paused",
            "{name: e4 paused, type: noop, noop: {waitMs: 1}, schedule: {cron: \"0 6 * * *\"}}"
        );
        await ui.VisitAsync(
            "/schedules?q=e4",
            async page =>
            {
                var row = page.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "At 06:00" });
                await row.GetByRole(AriaRole.Button, new() { Name = "Pause e4 paused" }).ClickAsync();
                await Expect(row.GetByText("Paused", new() { Exact = true })).ToBeVisibleAsync();
                Assert.NotNull((await ScheduleAsync("e4 paused"))["pausedAt"]);
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Undo" }).ClickAsync();
                await Expect(row.GetByRole(AriaRole.Button, new() { Name = "Pause e4 paused" })).ToBeVisibleAsync();
                Assert.Null((await ScheduleAsync("e4 paused"))["pausedAt"]);

                await row.GetByRole(AriaRole.Button, new() { Name = "Run e4 paused now" }).ClickAsync();
                await page
                    .Page.GetByRole(AriaRole.Dialog)
                    .GetByRole(AriaRole.Button, new() { Name = "Run now" })
                    .ClickAsync();
                await Expect(page.Page.GetByText("Started “e4 paused”.")).ToBeVisibleAsync();
                await Expect(row.GetByText("Succeeded")).ToBeVisibleAsync(new() { Timeout = 20_000 });
            }
        );
    }

    /// <summary>Opens the editor of a new schedule, at its cron line.</summary>
    private async Task EditAsync(string name, string? from, Func<UiPage, Task> test, params string[] expected)
    {
        await ui.SaveJobAsync(name, $"{{name: {name}, type: noop, noop: {{waitMs: 1}}}}");
        await ui.VisitAsync(
            $"/schedules?new=1&job={Uri.EscapeDataString(name)}{(from is null ? "" : $"&after={from}")}",
            async page =>
            {
                await page.Page.GetByLabel("Time zone").FillAsync(Zone);
                await page.Page.GetByRole(AriaRole.Radio, new() { Name = "Cron line" }).CheckAsync();
                await test(page);
            },
            // While a zone is typed there is none of that name.
            new UiVisit { Expected = [.. expected, "status of 422"] }
        );
    }

    private static ILocator CronField(UiPage page) => page.Page.GetByLabel("Cron line", new() { Exact = true }).Last;

    private async Task<string[]> DueAsync(string cron, string from)
    {
        using var answer = await ui.Http.PostAsJsonAsync(
            "/api/v1/schedules:preview",
            new
            {
                cron,
                timeZone = Zone,
                count = 10,
                after = from,
            }
        );
        var preview = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        return [.. preview["times"]!.AsArray().Select(time => Text(time!["at"]!.GetValue<DateTimeOffset>()))];
    }

    private static async Task ShowsAsync(UiPage page, string[] due)
    {
        var rows = page.Page.Locator(".schedules-times tr[data-at]");
        var shown = Array.Empty<string>();
        for (var look = 0; look < 50 && !shown.SequenceEqual(due); look++)
        {
            await page.Page.WaitForTimeoutAsync(look == 0 ? 0 : 100);
            var texts = await rows.EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.at)");
            shown = [.. texts.Select(text => Text(Instant(text)))];
        }

        Assert.Equal(due, shown);
    }

    private async Task<JsonObject> ScheduleAsync(string name) =>
        (await ui.Http.GetFromJsonAsync<JsonObject>($"/api/v1/schedules/{Uri.EscapeDataString(name)}"))!;

    private static DateTimeOffset Instant(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string Text(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
