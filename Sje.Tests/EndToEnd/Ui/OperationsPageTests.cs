using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of operations: counts, charts, and what a hidden tab leaves alone (B1, B2, B5).</summary>
[Collection(UiCollection.Name)]
public sealed class OperationsPageTests(Ui ui)
{
    [Fact]
    public async Task Counts_reach_the_databases_numbers_within_two_seconds()
    {
        await UiSeeds.SubmitManyAsync(ui, "counted", 1);
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await Expect(page.Page.Locator(".live-live")).ToBeVisibleAsync();
                await UiSeeds.WithinAsync(
                    2,
                    "seconds from the last end to the page's counts",
                    async () =>
                    {
                        await UiSeeds.SubmitManyAsync(ui, "counted", 500);
                        await Eventually.TrueAsync(
                            async () =>
                                await ui.Db.ScalarAsync<long>(
                                    "select count(*) from sje.executions where name = 'counted' and finished_at is null"
                                ) == 0,
                            "the end of all of them",
                            60
                        );
                        var watch = Stopwatch.StartNew();
                        await Eventually.TrueAsync(
                            async () => await StoredAsync() == await ShownAsync(page),
                            "equal counts",
                            30
                        );
                        return watch.Elapsed.TotalSeconds;
                    }
                );
            }
        );
    }

    [Fact]
    public async Task A_count_leads_to_the_list_of_its_state()
    {
        await ui.BecomesAsync(await ui.SubmitAsync("counted-failure", "exit 3"), "failed");
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Link, new() { NameRegex = new Regex("^Failed") }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/executions\\?state=failed"));
                await Expect(page.Page.GetByText("counted-failure").First).ToBeVisibleAsync();
            }
        );
    }

    [Fact]
    public async Task A_point_of_a_chart_is_what_the_API_says_and_a_drag_zooms_by_the_address()
    {
        await UiSeeds.AddManyAsync(ui.Db, "charted", 600, "the longest");
        var to = TimeProvider.System.GetUtcNow();
        var range = $"{to.AddMinutes(-10):yyyy-MM-ddTHH:mm:ssZ}..{to:yyyy-MM-ddTHH:mm:ssZ}";
        await ui.VisitAsync(
            $"/ops?range={range}",
            async page =>
            {
                var plot = page.Page.Locator("figure.chart").First;
                await Expect(plot.Locator("canvas")).ToBeVisibleAsync();
                var asked = page.Requests.Last(r => r.Url.Contains("/executions/series", StringComparison.Ordinal));
                var series = JsonNode.Parse(await (await asked.ResponseAsync())!.TextAsync())!;
                var points = series["points"]!.AsArray();
                var best = points.Select((point, i) => (Count: (long?)point!["ended"]!["succeeded"] ?? 0, i)).Max();
                Assert.True(best.Count > 0, "the seeded executions are not among what ended");

                var box = (await plot.Locator(".u-over").BoundingBoxAsync())!;
                float At(double share) => (float)(box.X + box.Width * share);
                await page.Page.Mouse.MoveAsync(
                    At((double)best.i / (points.Count - 1)),
                    (float)(box.Y + box.Height / 2)
                );
                await Expect(plot.Locator(".u-legend .u-series").Nth(1).Locator(".u-value"))
                    .ToHaveTextAsync(best.Count.ToString("N0", CultureInfo.InvariantCulture));

                await page.Page.Mouse.MoveAsync(At(0.25), (float)(box.Y + box.Height / 2));
                await page.Page.Mouse.DownAsync();
                await page.Page.Mouse.MoveAsync(At(0.4), (float)(box.Y + box.Height / 2));
                await page.Page.Mouse.MoveAsync(At(0.5), (float)(box.Y + box.Height / 2));
                await page.Page.Mouse.UpAsync();
                await Expect(page.Page).Not.ToHaveURLAsync(new Regex(Regex.Escape(range)));
                var zoomed = Uri.UnescapeDataString(new Uri(page.Page.Url).Query).Split("range=")[1].Split("..");
                var seconds = (
                    DateTimeOffset.Parse(zoomed[1], CultureInfo.InvariantCulture)
                    - DateTimeOffset.Parse(zoomed[0], CultureInfo.InvariantCulture)
                ).TotalSeconds;
                Assert.InRange(seconds, 120, 185);

                await page.Page.GoBackAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex(Regex.Escape(range)));
            }
        );
    }

    [Fact]
    public async Task A_hidden_tab_asks_for_nothing_and_catches_up_when_it_is_seen_again()
    {
        await UiSeeds.SubmitManyAsync(ui, "unseen", 1);
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await Expect(page.Page.Locator(".live-live")).ToBeVisibleAsync();
                await Expect(page.Page.Locator("[data-state=succeeded]")).Not.ToHaveAttributeAsync("title", "");
                await HideAsync(page, true);
                // What was under way, or put off by a page that paces its calls (up to 3 s), may end.
                await page.Page.WaitForTimeoutAsync(5_000);
                var before = page.Requests.Count;
                await UiSeeds.SubmitManyAsync(ui, "unseen", 20);
                await page.Page.WaitForTimeoutAsync(3_000);
                Assert.Equal(before, page.Requests.Count);

                await HideAsync(page, false);
                await Eventually.TrueAsync(
                    async () => await StoredAsync() == await ShownAsync(page),
                    "counts that have caught up",
                    20
                );
            }
        );
    }

    [Fact]
    public async Task A_card_that_cannot_be_read_says_so_and_the_others_stay()
    {
        await UiSeeds.SubmitManyAsync(ui, "beside", 1);
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                var card = page.Page.Locator(
                    "section.card",
                    new() { Has = page.Page.GetByRole(AriaRole.Heading, new() { Name = "Next schedules" }) }
                );
                await Expect(card.GetByText("This could not be loaded")).ToBeVisibleAsync();
                await Expect(page.Page.Locator("[data-state=succeeded]")).ToBeVisibleAsync();
                await page.Page.UnrouteAsync("**/api/v1/schedules*");
                await card.GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();
                await Expect(card.GetByText("This could not be loaded")).ToBeHiddenAsync();
            },
            new UiVisit
            {
                Expected = ["status of 422"],
                Before = page =>
                    page.RouteAsync(
                        "**/api/v1/schedules*",
                        route =>
                            route.FulfillAsync(
                                new()
                                {
                                    Status = 422,
                                    ContentType = "application/problem+json",
                                    Body = """{"title": "No"}""",
                                }
                            )
                    ),
            }
        );
    }

    private static Task<System.Text.Json.JsonElement?> HideAsync(UiPage page, bool hidden) =>
        page.Page.EvaluateAsync(
            """
            hidden => {
              Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
              Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => hidden ? 'hidden' : 'visible' });
              document.dispatchEvent(new Event('visibilitychange'));
            }
            """,
            hidden
        );

    // Those states alone that do not change by themselves while the page is looked at.
    private Task<string?> StoredAsync() =>
        ui.Db.ScalarAsync<string>(
            "select concat_ws(' ', count(*) filter (where state = 'succeeded'), count(*) filter (where state = 'failed'), count(*) filter (where state = 'cancelled')) from sje.executions"
        );

    private static async Task<string> ShownAsync(UiPage page)
    {
        var shown = new List<string>();
        foreach (var state in new[] { "succeeded", "failed", "cancelled" })
        {
            var text = await page.Page.Locator($"[data-state={state}]").GetAttributeAsync("title") ?? "";
            shown.Add(text.Replace(",", "", StringComparison.Ordinal));
        }

        return string.Join(' ', shown);
    }
}

/// <summary>The page of operations where nothing was ever done.</summary>
[Collection(Alone.Name)]
public sealed class FirstVisitTests(EmptyUi ui) : IClassFixture<EmptyUi>
{
    [Fact]
    public async Task The_first_visit_makes_and_runs_a_sample_job()
    {
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await Expect(page.Page.GetByText("No jobs yet")).ToBeVisibleAsync();
                await Expect(page.Page.Locator(".ops-curl pre")).ToContainTextAsync($"curl {ui.Url}/task");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Create and run a sample job" }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/executions/[0-9a-f-]{36}$"));
                await Expect(page.Page.Locator("main h1")).ToHaveTextAsync("sample");
                await Expect(page.Page.Locator(".page-head .state-mark")).ToHaveTextAsync("Succeeded");
                await Expect(page.Page.Locator(".xp-gantt-row")).ToHaveCountAsync(4);
            }
        );
    }
}
