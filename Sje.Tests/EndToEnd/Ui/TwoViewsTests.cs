using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>Our pages and Hangfire's dashboard lead to each other.</summary>
[Collection(UiCollection.Name)]
public sealed class TwoViewsTests(Ui ui)
{
    [Fact]
    public async Task A_task_leads_to_its_Hangfire_job_and_that_page_back_to_the_task_and_to_every_page_of_ours()
    {
        var id = await ui.SubmitAsync("both-views", "echo seen; exit 3");
        await ui.BecomesAsync(id, "failed");
        var job = await Eventually.GetAsync(
            () => ui.Db.ScalarAsync<long>("select hangfire_job_id from sje.all_tasks where execution_id = $1", id),
            job => job > 0,
            "a background job",
            60
        );
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                var there = page.Page.Locator($"a[href='/hangfire/jobs/details/{job}']").First;
                await Expect(there).ToBeVisibleAsync();
                await page.Page.GotoAsync((await there.GetAttributeAsync("href"))!);

                var bar = page.Page.GetByRole(AriaRole.Navigation, new() { Name = "SJE" });
                foreach (var (path, name) in UiRoutes.Lists)
                {
                    await Expect(bar.GetByRole(AriaRole.Link, new() { Name = name, Exact = true }))
                        .ToHaveAttributeAsync("href", path);
                }

                // Hangfire's own bar is below it, and the page below both.
                var heading = (await page.Page.Locator("h1").BoundingBoxAsync())!;
                var menu = (await page.Page.Locator(".navbar-fixed-top").BoundingBoxAsync())!;
                Assert.True(heading.Y >= menu.Y + menu.Height, "the bars cover the page");

                await page.Page.Locator(".sje-task a").Nth(1).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex($"/executions/{id}\\?.*task="));
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Level = 1 }))
                    .ToContainTextAsync("both-views");
                await page.Page.GoBackAsync();
                await bar.GetByRole(AriaRole.Link, new() { Name = "Dead letters" }).ClickAsync();
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Dead letters", Exact = true }))
                    .ToBeVisibleAsync();
            }
        );
    }
}
