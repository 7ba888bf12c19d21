using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Npgsql;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of dead letters: groups, single ones, operations on many (B4).</summary>
[Collection(UiCollection.Name)]
public sealed class DeadLetterPageTests(Ui ui)
{
    private const int Many = 5_000;

    [Fact]
    public async Task A_group_of_five_thousand_is_retried_with_progress_and_ends_at_none()
    {
        const string Fingerprint = "error-00000000000000b4";
        await AddAsync("graveyard", Many, Fingerprint);
        await ui.VisitAsync(
            "/dead-letters?queue=graveyard",
            async page =>
            {
                var row = Groups(page).GetByRole(AriaRole.Row).Nth(1);
                await Expect(row).ToContainTextAsync("5,000");
                await row.ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex($"group={Fingerprint}"));

                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Retry all 5,000" }).ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog, new() { Name = "Retry 5,000 dead letters?" });
                await Expect(dialog).ToContainTextAsync("of the queue “graveyard”");
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Retry 5,000 dead letters" }).ClickAsync();

                var progress = page.Page.GetByRole(AriaRole.Progressbar);
                await Expect(progress).ToBeVisibleAsync();
                await Expect(progress).ToHaveAttributeAsync("aria-valuemax", "5000");
                await Expect(page.Page.GetByText("5,000 of 5,000 retried.")).ToBeVisibleAsync();
                await Expect(progress).ToHaveCountAsync(0);
                await Expect(page.Page.GetByText("Nothing matches")).ToBeVisibleAsync();
            },
            // The one that is shown as an example may go while it is asked for.
            new UiVisit { Expected = ["status of 404"] }
        );
        Assert.Equal(
            Many,
            await ui.Db.ScalarAsync<long>(
                "select count(*) from sje.tasks where queue = 'graveyard' and state = 'queued' and failures = 0"
            )
        );
        // Nobody serves the queue: what stands in it is not to stand there for the other tests.
        using var gone = await ui.Http.PostAsJsonAsync("/api/v1/executions:cancel", new { queue = "graveyard" });
        Assert.True(gone.IsSuccessStatusCode, await gone.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_group_is_purged_by_its_number_and_one_of_another_is_retried_by_the_keyboard()
    {
        await AddAsync("attic", 120, "error-00000000000000d1");
        var single = await ui.SubmitAsync("cellar-job", "echo 'no such table: orders' >&2; exit 3", queue: "default");
        await ui.BecomesAsync(single, "failed");
        await ui.VisitAsync(
            "/dead-letters?queue=attic",
            async page =>
            {
                await Groups(page)
                    .GetByRole(AriaRole.Row)
                    .Nth(1)
                    .GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Purge") })
                    .ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                var purge = dialog.GetByRole(AriaRole.Button, new() { Name = "Purge 120 dead letters" });
                await Expect(purge).ToHaveAttributeAsync("aria-disabled", "true");
                await dialog.GetByLabel("Type 120 to go ahead").FillAsync("120");
                await purge.ClickAsync();
                await Expect(page.Page.GetByText("120 of 120 purged.")).ToBeVisibleAsync();
                await Expect(page.Page.GetByText("Nothing matches")).ToBeVisibleAsync();

                await page.Page.GotoAsync("/dead-letters?view=all&q=cellar-job");
                var letters = page.Page.GetByRole(AriaRole.Grid, new() { Name = "Dead letters" });
                await Expect(letters.GetByRole(AriaRole.Link, new() { Name = "cellar-job" }))
                    .ToHaveAttributeAsync("href", new Regex($"^/executions/{single}\\?task="));
                await page.Keys.PressAsync("j");
                await page.Keys.PressAsync("r");
                await Expect(page.Page.GetByText("“cellar-job” is tried again.")).ToBeVisibleAsync();
                await Eventually.GetAsync(
                    () => ui.Db.OutcomesOfAsync(single),
                    outcomes => outcomes == "failed,failed",
                    "a second attempt",
                    60
                );
            }
        );
    }

    private static ILocator Groups(UiPage page) =>
        page.Page.GetByRole(AriaRole.Grid, new() { Name = "Dead letters by error" });

    // Tasks that were accepted, and their end as a worker would have written it.
    private async Task AddAsync(string queue, int count, string fingerprint)
    {
        using var lane = await ui.Http.PutAsJsonAsync($"/api/v1/queues/{queue}", new { lane = "direct" });
        Assert.True(lane.IsSuccessStatusCode, await lane.Content.ReadAsStringAsync());
        using var accepted = await ui.Http.PostAsJsonAsync(
            "/tasks",
            new
            {
                tasks = Enumerable
                    .Range(0, count)
                    .Select(i => new
                    {
                        name = string.Create(CultureInfo.InvariantCulture, $"{queue}-{i % 3}"),
                        type = "noop",
                        queue,
                    }),
            }
        );
        var answer = JsonNode.Parse(await accepted.Content.ReadAsStringAsync())!;
        Assert.Equal(count, answer["accepted"]!.GetValue<int>());
        await using var fail = ui.Db.Database.Main.CreateCommand(
            """
            with gone as (delete from sje.tasks where queue = $1 returning *), kept as (
                insert into sje.finished_tasks
                select made.* from gone, lateral jsonb_populate_record(null::sje.finished_tasks, to_jsonb(gone) || jsonb_build_object(
                    'state', 'failed', 'finished_at', now(), 'dispatched', false, 'fingerprint', $2::text,
                    'error', jsonb_build_object('class', 'error', 'message', 'The table is not there.'))) made)
            update sje.executions set state = 'failed', finished_at = now() where queue = $1
            """
        );
        fail.Parameters.Add(new NpgsqlParameter { Value = queue });
        fail.Parameters.Add(new NpgsqlParameter { Value = fingerprint });
        await fail.ExecuteNonQueryAsync();
    }
}
