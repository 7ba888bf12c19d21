using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Core.Jobs;
using Sje.Jobs.Maintenance;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The log pane: a million lines, live lines, copies, and text that cannot inject (C7 to C10, F2, F3, the budgets of logs).</summary>
[Collection(UiCollection.Name)]
public sealed class LogPaneTests(Ui ui)
{
    // Times are held to three times their budget: others work on the same machine.
    private const double Generous = 3;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_million_lines_open_at_the_error_and_every_line_is_reached_and_searched()
    {
        var id = await MillionAsync();
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(Row(page, 600_001)).ToBeInViewportAsync();
                await Expect(Row(page, 600_001)).ToContainTextAsync("ERROR stage 7 failed");
                await Few(page);

                await Lines(page).FocusAsync();
                await Within(Generous * 200, "A jump to the first line", page, "Home", 1);
                await Within(Generous * 200, "A jump to the last line", page, "End", 1_000_000);
                await Few(page);

                // One turn of the wheel is that many lines, also where a pixel of the bar is more.
                var top = await FirstInViewAsync(page);
                await Lines(page).HoverAsync();
                await page.Page.Mouse.WheelAsync(0, -180);
                await Expect(Row(page, top - 10)).ToBeInViewportAsync();
                Assert.InRange(await FirstInViewAsync(page), top - 11, top - 9);

                await page.Page.GotoAsync($"/executions/{id}?line=734218");
                await Expect(Row(page, 734_218)).ToBeInViewportAsync();
                await Expect(Row(page, 734_218)).ToHaveAttributeAsync("aria-current", "true");

                await Lines(page).FocusAsync();
                await page.Keys.PressAsync("Control+f");
                await page.Keys.TypeAsync("Nadel");
                await Expect(Row(page, 999_999)).ToBeInViewportAsync();
                await Expect(Row(page, 999_999).Locator("mark")).ToHaveTextAsync("Nadel");
                await Expect(page.Page.Locator(".log-found")).ToHaveTextAsync("1 of 1");
                await Expect(page.Page.Locator(".log-map rect")).ToHaveCountAsync(2);

                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Regular expression" }).ClickAsync();
                await page.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Find in log" }).FillAsync("row \\d*77$");
                var plain = await ui.Http.GetByteArrayAsync($"/api/v1/executions/{id}/logs/text?plain=true", Stop);
                var counted = await GrepAsync(plain, "row [0-9]*77$");
                await Expect(page.Page.Locator(".log-found"))
                    .ToContainTextAsync($"of {counted.ToString("N0", CultureInfo.InvariantCulture)}");
                await Few(page);
                Assert.InRange(await page.Page.Locator(".log-map rect").CountAsync(), 100, 501);

                await page.Page.GetByRole(AriaRole.Searchbox, new() { Name = "Find in log" }).FillAsync("row (");
                await Expect(page.Page.Locator(".log-found")).ToContainTextAsync("at character");
            },
            new UiVisit { Expected = ["status of 422"] }
        );
    }

    [Fact]
    public async Task A_million_lines_stay_within_their_budgets()
    {
        var id = await MillionAsync();
        await UiSeeds.WithinAsync(
            Generous * 800,
            "Opening at the error (ms)",
            async () =>
            {
                var took = 0.0;
                await ui.VisitAsync(
                    $"/executions/{id}",
                    async page =>
                    {
                        took = await UiSeeds.WhenAsync(
                            page,
                            "document.querySelector(\".log-row[data-line='600001'] .log-text\")"
                        );
                    }
                );
                return took;
            }
        );
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(Row(page, 600_001)).ToBeVisibleAsync();
                await Lines(page).HoverAsync();
                await UiSeeds.WithinAsync(
                    Generous * 33,
                    "The 95th percentile of frames while scrolling (ms)",
                    async () =>
                    {
                        await page.Page.EvaluateAsync(
                            """
                            () => { window.frames95 = []; let before = performance.now();
                              const tick = now => { window.frames95.push(now - before); before = now; if (window.frames95.length < 90) requestAnimationFrame(tick); };
                              requestAnimationFrame(tick); }
                            """
                        );
                        for (var i = 0; i < 40; i++)
                        {
                            await page.Page.Mouse.WheelAsync(0, 120);
                        }

                        await UiSeeds.WhenAsync(page, "window.frames95.length >= 90");
                        return await page.Page.EvaluateAsync<double>(
                            "() => window.frames95.sort((a, b) => a - b)[Math.floor(window.frames95.length * 0.95)]"
                        );
                    }
                );
                await Lines(page).FocusAsync();
                for (var i = 0; i < 70; i++)
                {
                    await page.Page.EvaluateAsync(
                        "i => { const e = document.querySelector('.log-scroll'); e.scrollTop = e.scrollHeight * i / 70; }",
                        i
                    );
                    await page.Page.WaitForTimeoutAsync(30);
                }

                await Few(page);
                var cdp = await page.Page.Context.NewCDPSessionAsync(page.Page);
                await cdp.SendAsync("HeapProfiler.collectGarbage");
                await cdp.SendAsync("Performance.enable");
                var metrics = (await cdp.SendAsync("Performance.getMetrics"))!.Value.GetProperty("metrics");
                var heap = metrics
                    .EnumerateArray()
                    .First(metric => metric.GetProperty("name").GetString() == "JSHeapUsedSize")
                    .GetProperty("value")
                    .GetDouble();
                Assert.InRange(heap / 1024 / 1024, 1, 120);
            }
        );
    }

    [Fact]
    public async Task A_followed_log_shows_every_line_once_stops_when_scrolled_up_and_goes_on()
    {
        var (more, last) = (Flag(), Flag());
        var id = await ui.SubmitAsync(
            "followed",
            $"""
            for i in $(seq 1 400); do echo "INFO before $i"; done
            while [ ! -e {more} ]; do sleep 0.05; done
            for i in $(seq 1 400); do echo "INFO live $i"; [ $((i % 50)) -ne 0 ] || sleep 0.2; done
            while [ ! -e {last} ]; do sleep 0.05; done
            echo "INFO the end"
            """
        );
        await ui.BecomesAsync(id, "running");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                // What was written before the page was opened is there, and it stands at the end.
                await Expect(Row(page, 400)).ToBeInViewportAsync();
                await Expect(page.Page.GetByRole(AriaRole.Button, new() { Name = "Following" })).ToBeVisibleAsync();
                await Lines(page).FocusAsync();
                await page.Keys.PressAsync("Home");
                await Expect(Row(page, 1)).ToContainTextAsync("INFO before 1");
                await Expect(page.Page.GetByRole(AriaRole.Button, new() { Name = "Follow", Exact = true }))
                    .ToBeVisibleAsync();

                await File.WriteAllTextAsync(more, "", Stop);
                await Expect(page.Page.GetByRole(AriaRole.Button, new() { Name = "400 new" })).ToBeVisibleAsync();
                await Expect(Row(page, 1)).ToBeInViewportAsync();
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "400 new" }).ClickAsync();
                await Expect(Row(page, 800)).ToBeInViewportAsync();

                await File.WriteAllTextAsync(last, "", Stop);
                await Expect(Row(page, 801)).ToBeInViewportAsync();
                await Expect(Lines(page)).ToHaveAttributeAsync("data-total", "801");
                await Lines(page).FocusAsync();
                await page.Keys.PressAsync("Control+a");
                await page.Keys.PressAsync("Control+c");
                await CopiedAsync(page, await TextAsync(id, ""));
            }
        );
    }

    [Fact]
    public async Task Three_thousand_lines_are_copied_as_they_are_whether_lines_or_text_were_selected()
    {
        var id = await MillionAsync();
        await ui.VisitAsync(
            $"/executions/{id}?line=1000",
            async page =>
            {
                await Row(page, 1_000).Locator(".log-number").ClickAsync();
                await GoToAsync(page, 3_999);
                await Row(page, 3_999)
                    .Locator(".log-number")
                    .ClickAsync(new() { Modifiers = [KeyboardModifier.Shift] });
                await Expect(page.Page.GetByText("3,000 lines selected")).ToBeVisibleAsync();
                await Lines(page).FocusAsync();
                await page.Keys.PressAsync("Control+c");
                await CopiedAsync(page, await TextAsync(id, "&from=1000&to=3999"));

                // Text from the middle of one line to the middle of one that is far away.
                await GoToAsync(page, 10_000);
                await Row(page, 10_000)
                    .Locator(".log-text")
                    .ClickAsync(
                        new()
                        {
                            Position = new() { X = 1, Y = 9 },
                        }
                    );
                await GoToAsync(page, 13_000);
                await Row(page, 13_000)
                    .Locator(".log-text")
                    .ClickAsync(
                        new()
                        {
                            Position = new() { X = 1, Y = 9 },
                            Modifiers = [KeyboardModifier.Shift],
                        }
                    );
                await page.Page.WaitForTimeoutAsync(1_000);
                await Few(page);
                await page.Keys.PressAsync("Control+c");
                await CopiedAsync(page, await TextAsync(id, "&from=10000&to=12999"));
            }
        );
    }

    [Fact]
    public async Task Text_of_a_log_is_only_ever_text_and_only_http_addresses_are_links()
    {
        var id = await ui.SubmitAsync(
            "injects",
            """
            echo '<img src=x onerror="document.title=1"><script>document.title=2</script>'
            printf '\033]0;title\007\033]8;;javascript:alert(1)\033\\link\033]8;;\033\\ \033[31mred\033[0m\033]52;c;aGk=\007\033[2J\033[Hafter\n'
            echo 'see https://a.example/x?y=1, javascript:alert(1) data:text/html,x file:///etc/passwd http://u:p@b.example'
            printf 'a\033[1\n' ; printf '\033[38;5;196mx" style="position:fixed\033[0m\n'
            """
        );
        await ui.BecomesAsync(id, "succeeded");
        await ui.VisitAsync(
            $"/executions/{id}",
            async page =>
            {
                await Expect(Row(page, 1).Locator(".log-text"))
                    .ToHaveTextAsync("<img src=x onerror=\"document.title=1\"><script>document.title=2</script>");
                await Expect(Row(page, 2).Locator(".log-text")).ToHaveTextAsync("link redafter");
                await Expect(Row(page, 2).Locator(".ansi-1")).ToHaveTextAsync("red");
                await Expect(Row(page, 4).Locator(".log-text")).ToHaveTextAsync("a");
                await Expect(Row(page, 5).Locator(".log-text")).ToHaveTextAsync("x\" style=\"position:fixed");
                var links = Lines(page).Locator(".log-text a");
                await Expect(links).ToHaveCountAsync(1);
                await Expect(links).ToHaveAttributeAsync("href", "https://a.example/x?y=1");
                await Expect(links).ToHaveAttributeAsync("rel", "noopener noreferrer");
                await Expect(Lines(page).Locator("img, script, iframe, [style*=fixed]")).ToHaveCountAsync(0);
                Assert.DoesNotMatch("^[12]$", await page.Page.TitleAsync());
            }
        );
    }

    [Fact]
    public async Task Levels_keys_and_long_lines_work_without_a_mouse_and_stand_in_the_address()
    {
        var id = await ui.SubmitAsync(
            "levels",
            """
            for i in $(seq 1 500); do echo "INFO row $i"; [ $((i % 100)) -ne 0 ] || echo "ERROR trouble $i"; done
            echo "WARN long {\"a\": \"$(head -c 5000 /dev/zero | tr '\0' x)\"}"
            exit 1
            """
        );
        await ui.BecomesAsync(id, "failed");
        foreach (var dark in new[] { false, true })
        {
            await ui.VisitAsync(
                $"/executions/{id}",
                async page =>
                {
                    await Expect(Row(page, 101)).ToBeInViewportAsync();
                    await Lines(page).FocusAsync();
                    await page.Keys.PressAsync("e");
                    await Expect(page.Page).ToHaveURLAsync(new Regex("line=101"));
                    await page.Keys.PressAsync("n");
                    await Expect(page.Page).ToHaveURLAsync(new Regex("line=202"));
                    await page.Keys.PressAsync("n");
                    await page.Keys.PressAsync("n");
                    await page.Keys.PressAsync("Shift+N");
                    await Expect(page.Page).ToHaveURLAsync(new Regex("line=303"));
                    await page.Keys.PressAsync("ArrowDown");
                    await Expect(page.Page).ToHaveURLAsync(new Regex("line=304"));
                    await page.Keys.PressAsync("Shift+G");
                    await Expect(Row(page, 506)).ToBeInViewportAsync();
                    await page.Keys.PressAsync("g");
                    await page.Keys.PressAsync("g");
                    await Expect(Row(page, 1)).ToBeInViewportAsync();

                    await page
                        .Page.GetByRole(AriaRole.Button, new() { NameRegex = new Regex("^Errors 5") })
                        .PressAsync("Enter");
                    await Expect(page.Page).ToHaveURLAsync(new Regex("level=error"));
                    await Expect(Lines(page)).ToHaveAttributeAsync("data-total", "5");
                    await Expect(Lines(page).Locator(".log-row")).ToHaveCountAsync(5);
                    await Expect(Row(page, 505)).ToBeVisibleAsync();
                    Assert.Empty(await page.AxeAsync());

                    await page.Page.GotoAsync($"/executions/{id}?line=506");
                    await Expect(Row(page, 506)).ToBeInViewportAsync();
                    await Lines(page).FocusAsync();
                    await page.Keys.PressAsync("Enter");
                    await Expect(page.Page.GetByRole(AriaRole.Region, new() { Name = "Line 506" }))
                        .ToContainTextAsync("\"a\": \"xxx");
                    await page.Keys.PressAsync("Control+f");
                    await Expect(page.Page.GetByRole(AriaRole.Searchbox)).ToBeFocusedAsync();
                    await page.Keys.TypeAsync("ROW 4");
                    await Expect(page.Page.Locator(".log-found")).ToContainTextAsync("of 111");
                    await Expect(page.Page).ToHaveURLAsync(new Regex("q=ROW"));
                    Assert.Empty(await page.AxeAsync());
                    await page.Keys.PressAsync("Escape");
                    await Expect(page.Page.GetByRole(AriaRole.Searchbox)).ToHaveCountAsync(0);
                    await Expect(Lines(page)).ToBeFocusedAsync();
                },
                new UiVisit { Dark = dark }
            );
        }
    }

    private static ILocator Lines(UiPage page) => page.Page.Locator(".log-scroll");

    private static ILocator Row(UiPage page, long line) =>
        page.Page.Locator(string.Create(CultureInfo.InvariantCulture, $".log-row[data-line='{line}']"));

    private static async Task Few(UiPage page) =>
        Assert.InRange(await page.Page.Locator(".log-row").CountAsync(), 1, 120);

    private static async Task Within(double limit, string what, UiPage page, string key, long line) =>
        await UiSeeds.WithinAsync(
            limit,
            what,
            async () =>
            {
                await page.Keys.PressAsync(key == "Home" ? "End" : "Home");
                await page.Page.WaitForTimeoutAsync(100);
                // Measured in the page: a driver's own time is not the reader's.
                await page.Page.EvaluateAsync(
                    """
                    line => { window.jumped = 0; const start = performance.now();
                      const look = () => { document.querySelector(`.log-row[data-line='${line}'] .log-text`) ? window.jumped = performance.now() - start : requestAnimationFrame(look); };
                      window.addEventListener('keydown', () => requestAnimationFrame(look), { once: true, capture: true }); }
                    """,
                    line
                );
                await page.Keys.PressAsync(key);
                await Expect(Row(page, line)).ToBeInViewportAsync();
                await UiSeeds.WhenAsync(page, "window.jumped > 0");
                return await page.Page.EvaluateAsync<double>("() => window.jumped");
            }
        );

    private static Task<long> FirstInViewAsync(UiPage page) =>
        page.Page.EvaluateAsync<long>(
            """
            () => { const top = document.querySelector('.log-scroll').getBoundingClientRect().top;
              return Number([...document.querySelectorAll('.log-row')].find(row => row.getBoundingClientRect().bottom > top + 1).dataset.index) + 1; }
            """
        );

    // As a link would: another line in the address.
    private static async Task GoToAsync(UiPage page, long line)
    {
        await Lines(page).HoverAsync();
        var total = await page.Page.EvaluateAsync<double>(
            "() => Number(document.querySelector('.log-scroll').dataset.total)"
        );
        await page.Page.EvaluateAsync(
            "share => { const e = document.querySelector('.log-scroll'); e.scrollTop = share * (e.scrollHeight - e.clientHeight); }",
            (line - 15) / total
        );
        for (var i = 0; i < 50 && !await Row(page, line).IsVisibleAsync(); i++)
        {
            await page.Page.WaitForTimeoutAsync(100);
            await page.Page.Mouse.WheelAsync(0, (float)(18 * (line - 10 - await FirstInViewAsync(page))));
        }

        await Expect(Row(page, line)).ToBeInViewportAsync();
    }

    private async Task<string> TextAsync(Guid id, string query)
    {
        var text = await ui.Http.GetStringAsync($"/api/v1/executions/{id}/logs/text?plain=true{query}", Stop);
        return text[..^1];
    }

    private static async Task CopiedAsync(UiPage page, string expected)
    {
        var copied = "";
        for (var i = 0; i < 100; i++)
        {
            copied = await page.Page.EvaluateAsync<string>("() => navigator.clipboard.readText()");
            if (copied.TrimEnd('\n') == expected)
            {
                return;
            }

            await page.Page.WaitForTimeoutAsync(100);
        }

        var (had, wanted) = (copied.Split('\n'), expected.Split('\n'));
        Assert.Fail(
            $"{had.Length} lines, first '{had[0]}', last '{had[^1]}' instead of {wanted.Length}, '{wanted[0]}', '{wanted[^1]}'"
        );
    }

    private string Flag() => Path.Combine(ui.Folder, $"flag-{Guid.NewGuid():n}");

    private static async Task<long> GrepAsync(byte[] text, string pattern)
    {
        var start = new ProcessStartInfo("grep")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { "-c", "-e", pattern },
        };
        using var grep = Process.Start(start)!; // there is a grep
        await grep.StandardInput.BaseStream.WriteAsync(text, Stop);
        grep.StandardInput.Close();
        return long.Parse(await grep.StandardOutput.ReadToEndAsync(Stop), CultureInfo.InvariantCulture);
    }

    // A failed execution whose log the product's own writer has written, and its upkeep has merged.
    private async Task<Guid> MillionAsync()
    {
        var id = await ui.SubmitAsync("million", "exit 3");
        await ui.BecomesAsync(id, "failed");
        var execution = JsonNode.Parse(await ui.Http.GetStringAsync($"/api/v1/executions/{id}", Stop))!;
        var task = execution["tasks"]![0]!["id"]!.GetValue<Guid>();
        await ui.Db.ExecuteAsync("delete from sje.log_chunks where execution_id = $1", id);
        await WrittenLog.WriteAsync(
            ui.Db.Database,
            id,
            task,
            1,
            Enumerable
                .Range(1, 1_000_000)
                .Select(n =>
                    (
                        LogStream.Stdout,
                        n switch
                        {
                            600_001 => "\u001b[31mERROR\u001b[0m stage 7 failed",
                            999_999 => "the last but one: Nadel",
                            _ => $"INFO row {n}",
                        }
                    )
                ),
            Stop
        );
        await new LogMerging(ui.Db.Database, new MergePace(TimeSpan.Zero, 1)).MergeAsync(id, task, 1, Stop);
        return id;
    }
}
