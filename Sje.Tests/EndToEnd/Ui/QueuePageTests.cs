using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of queues: why tasks wait, pauses, limits, circuit breakers.</summary>
[Collection(UiCollection.Name)]
public sealed class QueuePageTests(Ui ui)
{
    [Fact]
    public async Task A_queue_tells_why_its_tasks_wait_and_is_limited_paused_and_resumed()
    {
        await ui.SubmitAsync("unserved-job", "true", queue: "unserved");
        await ui.SubmitAsync("unserved-job", "true", queue: "unserved");
        await ui.VisitAsync(
            "/queues",
            async page =>
            {
                var row = RowOf(page, "Queues", "unserved");
                await Expect(row).ToContainTextAsync("No worker");
                await row.ClickAsync();
                var panel = page.Page.GetByRole(AriaRole.Complementary, new() { Name = "unserved" });
                await Expect(panel.GetByRole(AriaRole.Region, new() { Name = "Why tasks wait" }))
                    .ToContainTextAsync("No live worker serves queue 'unserved'");

                await panel.GetByRole(AriaRole.Button, new() { Name = "Edit limits" }).ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                await dialog.GetByLabel("Tasks at a time").FillAsync("0");
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Save limits" }).ClickAsync();
                await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("from 1 to 1,000,000");
                await Expect(dialog.GetByLabel("Tasks at a time")).ToHaveAttributeAsync("aria-invalid", "true");
                await dialog.GetByLabel("Tasks at a time").FillAsync("2");
                await dialog.GetByLabel("Starts", new() { Exact = true }).FillAsync("10");
                await dialog.GetByLabel("in so many seconds").FillAsync("60");
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Save limits" }).ClickAsync();
                await Expect(dialog).ToBeHiddenAsync();
                await Expect(panel).ToContainTextAsync("2 at a time · 10 starts per 1m 00s");
                await Expect(row.GetByRole(AriaRole.Meter)).ToHaveAttributeAsync("aria-valuemax", "2");

                await panel.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
                await dialog.GetByLabel("Reason").FillAsync("a migration");
                await page.Keys.PressAsync("Enter");
                await Expect(row).ToContainTextAsync("Paused");
                await Expect(panel).ToContainTextAsync("a migration");

                await row.GetByRole(AriaRole.Button, new() { Name = "Resume unserved" }).ClickAsync();
                await Expect(row).ToContainTextAsync("No worker");
                // What was just done can be taken back.
                await page
                    .Page.Locator(".toast")
                    .Filter(new() { HasText = "Resumed" })
                    .GetByRole(AriaRole.Button, new() { Name = "Undo" })
                    .ClickAsync();
                await Expect(row).ToContainTextAsync("Paused");
                await Expect(page.Page).ToHaveURLAsync(new Regex("queue=unserved"));
                await page.Page.ReloadAsync();
                await Expect(page.Page.GetByRole(AriaRole.Complementary, new() { Name = "unserved" }))
                    .ToBeVisibleAsync();
            }
        );
        await ui.Db.ExecuteAsync("update sje.queues set paused_at = null where name = 'unserved'");
    }

    [Fact]
    public async Task An_open_circuit_breaker_is_counted_on_its_tab_and_closed_by_a_press()
    {
        await ui.Db.ExecuteAsync(
            """
            insert into sje.circuit_breakers (target, state, failures, opened_at, open_until, last_error)
            values ('http:127.0.0.1:9', 'open', 5, now(), now() + interval '1 hour', 'connection refused')
            """
        );
        await ui.VisitAsync(
            "/queues",
            async page =>
            {
                await page
                    .Page.GetByRole(AriaRole.Tab, new() { NameRegex = new Regex("Circuit breakers\\s*1") })
                    .ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("tab=breakers"));
                var row = RowOf(page, "Circuit breakers", "http:127.0.0.1:9");
                await Expect(row).ToContainTextAsync("Open");
                await Expect(row).ToContainTextAsync("connection refused");

                await row.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Reset") }).ClickAsync();

                await Expect(row).ToContainTextAsync("Closed");
                Assert.Equal("closed", await ui.Db.ScalarAsync<string>("select state from sje.circuit_breakers"));
            }
        );
        await ui.Db.ExecuteAsync("delete from sje.circuit_breakers");
    }

    [Fact]
    public async Task A_concurrency_key_is_made_changed_and_forgotten()
    {
        await ui.VisitAsync(
            "/queues?tab=keys",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "New key" }).ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                await dialog.GetByLabel("Key", new() { Exact = true }).FillAsync("warehouse");
                await dialog.GetByLabel("Tasks at a time").FillAsync("4");
                await page.Keys.PressAsync("Enter");
                var row = RowOf(page, "Concurrency keys", "warehouse");
                await Expect(row.GetByRole(AriaRole.Meter)).ToHaveAttributeAsync("aria-valuemax", "4");

                await row.GetByRole(AriaRole.Button, new() { Name = "Forget warehouse" }).ClickAsync();
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Forget key" }).ClickAsync();
                await Expect(row).ToHaveCountAsync(0);
            }
        );
    }

    private static ILocator RowOf(UiPage page, string grid, string name) =>
        page
            .Page.GetByRole(AriaRole.Grid, new() { Name = grid })
            .GetByRole(AriaRole.Row)
            .Filter(new() { Has = page.Page.GetByText(name, new() { Exact = true }) });
}
