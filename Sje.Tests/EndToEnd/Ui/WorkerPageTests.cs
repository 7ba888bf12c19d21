using System.Diagnostics;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of workers, beside real worker processes (B3).</summary>
[Collection(UiCollection.Name)]
public sealed class WorkerPageTests(Ui ui)
{
    [Fact]
    public async Task A_worker_that_is_killed_is_shown_as_lost_within_its_lease_and_two_seconds()
    {
        await using var worker = Start("doomed", "doomed-queue");
        await ui.VisitAsync(
            "/workers",
            async page =>
            {
                var row = RowOf(page, "doomed");
                await Expect(row).ToContainTextAsync("Alive");

                worker.Signal("KILL");
                var since = Stopwatch.StartNew();
                await Expect(row).ToContainTextAsync("Lost", new() { Timeout = 30_000 });

                // The lease of 7 s was last renewed before the end.
                Assert.True(since.Elapsed < TimeSpan.FromSeconds(9), $"it took {since.Elapsed.TotalSeconds:0.0} s");
                await row.ClickAsync();
                var panel = page.Page.GetByRole(AriaRole.Complementary, new() { Name = "doomed" });
                await Expect(panel).ToContainTextAsync("Its lease has ended without a word");
                await Expect(panel.GetByRole(AriaRole.Button, new() { Name = "Pause" })).ToHaveCountAsync(0);
                Assert.Contains("worker=", page.Page.Url, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task A_worker_is_paused_with_a_reason_resumed_and_drained()
    {
        await using var worker = Start("patient", "patient-queue");
        var running = await ui.SubmitAsync("patient-work", "sleep 600", queue: "patient-queue");
        await ui.BecomesAsync(running, "running");
        await ui.VisitAsync(
            "/workers",
            async page =>
            {
                var row = RowOf(page, "patient");
                await row.ClickAsync();
                var panel = page.Page.GetByRole(AriaRole.Complementary, new() { Name = "patient" });
                await Expect(panel.GetByRole(AriaRole.Link, new() { Name = "patient-work" }))
                    .ToHaveAttributeAsync("href", new Regex($"^/executions/{running}\\?task="));

                await panel.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
                await AnswerAsync(page, "a new disk", "Pause worker");
                await Expect(row).ToContainTextAsync("Paused");
                await Expect(panel).ToContainTextAsync("a new disk");

                await panel.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
                await Expect(row).ToContainTextAsync("Alive");

                await row.GetByRole(AriaRole.Button, new() { Name = "Drain patient" }).ClickAsync();
                await Expect(page.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("1 task");
                await AnswerAsync(page, "", "Drain worker");
                await Expect(row).ToContainTextAsync("Draining");
                // After its grace, which is 1 s here, the task is back in its queue, and waits for whoever is there.
                await TaskBecomesAsync(running, "queued");
                await Expect(panel).ToContainTextAsync("Nothing.");

                await panel.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
                await Expect(row).ToContainTextAsync("Alive");
                await TaskBecomesAsync(running, "running");
            }
        );
        using var cancelled = await ui.Http.DeleteAsync($"/task/{running}");
        Assert.True(cancelled.IsSuccessStatusCode);
        await ui.BecomesAsync(running, "cancelled");
    }

    private static ILocator RowOf(UiPage page, string name) =>
        page
            .Page.GetByRole(AriaRole.Grid, new() { Name = "Workers" })
            .GetByRole(AriaRole.Row)
            .Filter(new() { Has = page.Page.GetByText(name, new() { Exact = true }) });

    private static async Task AnswerAsync(UiPage page, string reason, string action)
    {
        var dialog = page.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Reason").FillAsync(reason);
        await dialog.GetByRole(AriaRole.Button, new() { Name = action }).ClickAsync();
        await Expect(dialog).ToBeHiddenAsync();
    }

    private Task<string?> TaskBecomesAsync(Guid execution, string state) =>
        Eventually.GetAsync(
            () => ui.Db.ScalarAsync<string>("select state from sje.tasks where execution_id = $1", execution),
            now => now == state,
            $"its task is {state}",
            60
        );

    private SjeProcess Start(string name, string queue) =>
        SjeProcess.Start(
            ui.Folder,
            ["worker", "--name", name, "--queues", queue, "--slots", "3", "--db", ui.Db.ConnectionString],
            new Dictionary<string, string> { ["SJE_WORKER__DRAINSECONDS"] = "1" }
        );
}
