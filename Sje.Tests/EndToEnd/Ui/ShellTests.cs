using System.Net;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>What stands around every page: addresses, theme, palette, keys (A1 to A4, A10).</summary>
[Collection(UiCollection.Name)]
public sealed class ShellTests(Ui ui)
{
    [Fact]
    public async Task Every_route_opens_by_its_address_and_again_after_a_reload()
    {
        await Parallel.ForEachAsync(
            await UiRoutes.FillAsync(ui, "deep"),
            AccessibilityTests.Several,
            async (path, _) =>
                await ui.VisitAsync(
                    path,
                    async page =>
                    {
                        await HasPageAsync(page);
                        await page.Page.ReloadAsync();
                        await HasPageAsync(page);
                        Assert.StartsWith(ui.Url + path, page.Page.Url);
                    }
                )
        );
    }

    [Fact]
    public async Task The_first_address_leads_to_operations()
    {
        await ui.VisitAsync("/", page => Expect(page.Page).ToHaveURLAsync(new Regex("/ops")));
    }

    [Fact]
    public async Task An_address_that_no_page_has_says_so_and_an_unknown_call_gets_a_problem()
    {
        await ui.VisitAsync(
            "/nothing/here",
            async page =>
            {
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Page not found" }))
                    .ToBeVisibleAsync();
                await page.Page.Locator("main").GetByRole(AriaRole.Link, new() { Name = "Operations" }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/ops"));
            },
            new UiVisit { Expected = ["status of 404"] }
        );

        using var call = new HttpRequestMessage(HttpMethod.Get, "/api/v1/nothing");
        call.Headers.Add("Accept", "text/html");
        using var answer = await ui.Http.SendAsync(call);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData(false, "#f6f7f9", "#0f141a")]
    [InlineData(true, "#0f141a", "#f6f7f9")]
    public async Task The_theme_follows_the_system_until_one_is_chosen_and_never_flashes(
        bool dark,
        string first,
        string other
    )
    {
        // Without the program: what the very first frame looks like.
        await ui.VisitAsync(
            "/ops",
            async page => Assert.Equal(first, await page.PixelAsync(700, 500)),
            new UiVisit
            {
                Dark = dark,
                Expected = ["net::ERR_FAILED"],
                Before = page => page.RouteAsync("**/assets/*.js", route => route.AbortAsync()),
            }
        );
        await ui.VisitAsync(
            "/settings",
            async page =>
            {
                await HasPageAsync(page);
                var root = page.Page.Locator("html");
                await Expect(root).ToHaveAttributeAsync("data-theme", dark ? "dark" : "light");
                await page.Keys.PressAsync("t");
                await Expect(root).ToHaveAttributeAsync("data-theme", dark ? "light" : "dark");
                await page.Page.ReloadAsync();
                await HasPageAsync(page);
                await Expect(root).ToHaveAttributeAsync("data-theme", dark ? "light" : "dark");
                await page.Page.RouteAsync("**/assets/*.js", route => route.AbortAsync());
                await page.Page.ReloadAsync();
                Assert.Equal(other, await page.PixelAsync(700, 500));
            },
            new UiVisit { Dark = dark, Expected = ["net::ERR_FAILED"] }
        );
    }

    [Fact]
    public async Task The_palette_reaches_every_page_and_finds_executions_and_jobs_by_name()
    {
        var id = await ui.SubmitAsync("palette-target", "true");
        await ui.SaveJobAsync("palette-job", "{name: palette-job, type: noop, noop: {waitMs: 1}}");
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await HasPageAsync(page);
                foreach (var (path, name) in UiRoutes.Lists.Reverse())
                {
                    await FindAsync(page, name);
                    await Expect(page.Page).ToHaveURLAsync(new Regex(Regex.Escape(path)));
                }

                await FindAsync(page, "palette-target");
                await Expect(page.Page).ToHaveURLAsync(new Regex($"/executions/{id}"));
                await FindAsync(page, "palette-job");
                await Expect(page.Page).ToHaveURLAsync(new Regex("/jobs/palette-job"));
                await FindAsync(page, id.ToString());
                await Expect(page.Page).ToHaveURLAsync(new Regex($"/executions/{id}"));
            }
        );
    }

    [Fact]
    public async Task Keys_lead_to_pages_and_can_be_switched_off()
    {
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await HasPageAsync(page);
                foreach (
                    var (keys, path) in new[]
                    {
                        ("ge", "executions"),
                        ("gp", "jobs"),
                        ("gs", "schedules"),
                        ("gq", "queues"),
                        ("gd", "dead-letters"),
                        ("go", "ops"),
                    }
                )
                {
                    await page.Keys.PressAsync(keys[..1]);
                    await page.Keys.PressAsync(keys[1..]);
                    await Expect(page.Page).ToHaveURLAsync(new Regex($"/{path}"));
                }

                await page.Keys.PressAsync("?");
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                await Expect(dialog.GetByText("Find pages, executions, jobs")).ToBeVisibleAsync();
                await dialog.GetByLabel("Single keys do things").UncheckAsync();
                await page.Keys.PressAsync("Escape");
                await Expect(dialog).ToBeHiddenAsync();
                await page.Keys.PressAsync("g");
                await page.Keys.PressAsync("e");
                await page.Keys.PressAsync("Control+k");
                await Expect(page.Page.GetByLabel("Find pages, executions and jobs")).ToBeVisibleAsync();
                Assert.Contains("/ops", page.Page.Url, StringComparison.Ordinal);
            }
        );
    }

    [Fact]
    public async Task From_a_job_to_the_log_of_its_failed_run_the_keyboard_is_enough()
    {
        await ui.SaveJobAsync(
            "keyflow",
            """
            name: keyflow
            type: process
            retry: {policy: none}
            process:
              command: "echo begin; echo 'ERROR no such table' >&2; exit 3"
            """
        );
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await HasPageAsync(page);
                await page.Keys.PressAsync("g");
                await page.Keys.PressAsync("p");
                await OpenRowAsync(page, "keyflow");
                await Expect(page.Page).ToHaveURLAsync(new Regex("/jobs/keyflow"));
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "keyflow" }).First)
                    .ToBeVisibleAsync();

                // What can be done is known once the job is there.
                await Expect(page.Page.Locator("main").GetByRole(AriaRole.Button, new() { Name = "Run now" }))
                    .ToBeVisibleAsync();
                await page.Keys.PressAsync("u");
                var run = page.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Run now" });
                await Expect(run).ToBeVisibleAsync();
                await Expect(page.Page.GetByText("This job has no parameters")).ToBeVisibleAsync();
                for (var i = 0; i < 6 && !await run.EvaluateAsync<bool>("b => b === document.activeElement"); i++)
                {
                    await page.Keys.PressAsync("Tab");
                }

                await page.Keys.PressAsync("Enter");
                await Expect(page.Page.GetByRole(AriaRole.Dialog)).ToBeHiddenAsync();

                await page.Keys.PressAsync("g");
                await page.Keys.PressAsync("e");
                await Expect(page.Page).ToHaveURLAsync(new Regex("/executions"));
                await OpenRowAsync(page, "keyflow");
                await Expect(page.Page).ToHaveURLAsync(new Regex("/executions/[0-9a-f]"));
                await Expect(page.Page.GetByText("exit code 3").First).ToBeVisibleAsync();
                await Expect(page.Page.GetByText("ERROR no such table").First).ToBeInViewportAsync();
            }
        );
    }

    [Fact]
    public async Task Files_come_compressed_and_are_kept_for_a_year_but_the_document_is_asked_for_each_time()
    {
        using var open = new HttpRequestMessage(HttpMethod.Get, "/jobs/a.b");
        open.Headers.Add("Accept", "text/html");
        open.Headers.Add("Accept-Encoding", "gzip, br");
        using var document = await ui.Http.SendAsync(open);
        using var plain = await ui.Http.GetAsync("/index.html");
        var page = await plain.Content.ReadAsStringAsync();
        var script = Regex.Match(page, "/assets/vendor[^\"]+").Value;
        using var get = new HttpRequestMessage(HttpMethod.Get, script);
        get.Headers.Add("Accept-Encoding", "gzip");
        using var asset = await ui.Http.SendAsync(get);
        using var missing = new HttpRequestMessage(HttpMethod.Get, "/assets/none.js");
        missing.Headers.Add("Accept", "text/html");
        using var nothing = await ui.Http.SendAsync(missing);

        Assert.Equal(HttpStatusCode.OK, document.StatusCode);
        Assert.Equal("no-cache", document.Headers.CacheControl?.ToString());
        Assert.Equal(["br"], document.Content.Headers.ContentEncoding);
        Assert.Contains(
            "script-src 'self';",
            document.Headers.GetValues("Content-Security-Policy").Single(),
            StringComparison.Ordinal
        );
        Assert.Equal("text/javascript", asset.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["gzip"], asset.Content.Headers.ContentEncoding);
        Assert.Equal(
            "public, max-age=31536000, immutable",
            string.Join(", ", asset.Headers.GetValues("Cache-Control"))
        );
        Assert.Equal(HttpStatusCode.NotFound, nothing.StatusCode);
    }

    [Fact]
    public async Task The_focus_comes_back_to_what_opened_a_dialog()
    {
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await HasPageAsync(page);
                var keys = page.Page.GetByRole(AriaRole.Button, new() { Name = "Keys (?)" });
                await keys.FocusAsync();
                await page.Keys.PressAsync("Enter");
                await Expect(page.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
                await page.Keys.PressAsync("Escape");
                await Expect(keys).ToBeFocusedAsync();
            }
        );
    }

    [Fact]
    public async Task A_missing_part_offers_the_new_version_once()
    {
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await HasPageAsync(page);
                await page.Page.RouteAsync("**/assets/settings-*.js", route => route.AbortAsync());
                await page.Page.Locator("nav").GetByRole(AriaRole.Link, new() { Name = "Settings" }).ClickAsync();
                var offer = page.Page.GetByRole(AriaRole.Button, new() { Name = "New version – reload" });
                await offer.ClickAsync();
                await Expect(page.Page.GetByText("reloading did not help")).ToBeVisibleAsync();
                await page.Page.UnrouteAsync("**/assets/settings-*.js");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Reload" }).ClickAsync();
                await HasPageAsync(page);
            },
            new UiVisit { Expected = ["net::ERR_FAILED", "Failed to fetch dynamically imported module", "MissingPart"] }
        );
    }

    [Theory]
    [InlineData(320)]
    [InlineData(390)]
    public async Task No_page_scrolls_sideways_on_a_phone(int width)
    {
        await Parallel.ForEachAsync(
            UiRoutes.Lists.Select(page => page.Path),
            AccessibilityTests.Several,
            async (path, _) =>
                await ui.VisitAsync(
                    path,
                    async page =>
                    {
                        await HasPageAsync(page);
                        var over = await page.Page.EvaluateAsync<int>(
                            "Math.max(document.documentElement.scrollWidth - innerWidth, document.querySelector('main').scrollWidth - document.querySelector('main').clientWidth)"
                        );
                        Assert.True(over <= 0, $"{path} is {over} px wider than {width} px");
                    },
                    new UiVisit { Width = width, Height = 800 }
                )
        );
    }

    [Fact]
    public async Task The_first_paint_needs_few_requests_and_comes_within_a_second()
    {
        var rounds = new List<string>();
        // Only an idle machine's figure counts: others may be building beside this.
        for (var round = 0; round < 4; round++)
        {
            var paints = new List<double>();
            for (var i = 0; i < 3; i++)
            {
                await ui.VisitAsync(
                    "/ops",
                    async page =>
                    {
                        await HasPageAsync(page);
                        var paint = await page.Page.EvaluateAsync<double>(
                            """
                            () => new Promise(done => new PerformanceObserver(list =>
                              list.getEntriesByName('first-contentful-paint').forEach(e => done(e.startTime))).observe({ type: 'paint', buffered: true }))
                            """
                        );
                        var before = await page.Page.EvaluateAsync<string[]>(
                            "paint => ['document', ...performance.getEntriesByType('resource').filter(e => e.responseEnd <= paint).map(e => new URL(e.name).pathname)]",
                            paint
                        );
                        Assert.True(
                            before.Length <= 6,
                            $"{before.Length} requests before the first paint: {string.Join(' ', before)}"
                        );
                        paints.Add(paint);
                    }
                );
            }

            paints.Sort();
            rounds.Add(
                string.Join('/', paints.Select(p => p.ToString("0", System.Globalization.CultureInfo.InvariantCulture)))
            );
            if (paints[1] <= 1000)
            {
                return;
            }
        }

        Assert.Fail($"The first paint took more than a second (ms, three tries a round): {string.Join(", ", rounds)}");
    }

    internal static Task HasPageAsync(UiPage page) => Expect(page.Page.Locator("main h1").First).ToBeVisibleAsync();

    // By the filter of the list, its first row, and Enter.
    private static async Task OpenRowAsync(UiPage page, string name)
    {
        await Expect(page.Page.Locator("main input[type=search], main [data-filter]").First).ToBeVisibleAsync();
        await page.Keys.PressAsync("/");
        await page.Keys.TypeAsync(name);
        await Expect(page.Page).ToHaveURLAsync(new Regex($"q={name}"));
        await Expect(page.Page.Locator("[role=row][data-key]")).ToHaveCountAsync(1);
        await page.Keys.PressAsync("Escape");
        await Expect(page.Page.Locator("main input[type=search]").First).ToHaveValueAsync(name);
        await page.Keys.PressAsync("j");
        await Expect(page.Page.Locator("[role=row][data-key]")).ToBeFocusedAsync();
        await page.Keys.PressAsync("Enter");
    }

    private static async Task FindAsync(UiPage page, string text)
    {
        await page.Keys.PressAsync("Control+k");
        var input = page.Page.GetByRole(AriaRole.Combobox, new() { Name = "Find pages, executions and jobs" });
        await input.FillAsync(text);
        await Expect(page.Page.GetByRole(AriaRole.Option, new() { NameRegex = new Regex(Regex.Escape(text)) }).First)
            .ToBeVisibleAsync();
        await page.Keys.PressAsync("Enter");
        await Expect(input).ToBeHiddenAsync();
    }
}
