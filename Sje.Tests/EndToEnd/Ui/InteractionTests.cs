using Microsoft.Playwright;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>What a click does is seen within 200 ms, on every page and of every control that changes nothing on the server.</summary>
[Collection(UiCollection.Name)]
public sealed class InteractionTests(Ui ui)
{
    private const int Budget = 200;
    private const int MostOfAPage = 16;

    // Marks the controls that may be clicked, and returns their names. What changes something, leaves the page or writes a file is left alone.
    private const string Mark = """
        most => {
          const never = /delete|purge|retry|run\b|now|pause|resume|drain|cancel|dismiss|save|sign|rerun|reset|revoke|requeue|skip|download|copy|live|paused|trigger|hangfire|api/i;
          const names = [];
          const kinds = new Map();
          for (const e of document.querySelectorAll('[role=tab], .table-sort, button')) {
            const name = (e.getAttribute('aria-label') || e.textContent || e.title).trim();
            if (names.length >= most || name === '' || never.test(name) || !e.checkVisibility({ visibilityProperty: true })) continue;
            if (e.closest('dialog, [popover], [data-key], .log-layer') || e.disabled || e.getAttribute('aria-disabled') === 'true') continue;
            // Of many that are alike a few tell enough.
            const kind = e.getAttribute('class') ?? '';
            kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
            if (kinds.get(kind) > 6) continue;
            e.dataset.click = String(names.length);
            names.push(name.slice(0, 40));
          }
          return names;
        }
        """;

    private const string Watch = """
        () => {
          window.slowest = 0;
          const observer = new PerformanceObserver(list => {
            for (const entry of list.getEntries()) if (entry.interactionId > 0) window.slowest = Math.max(window.slowest, entry.duration);
          });
          observer.observe({ type: 'event', durationThreshold: 16 });
        }
        """;

    // Entries come after the paint that they measure.
    private const string Slowest = """
        () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
          const slowest = window.slowest;
          window.slowest = 0;
          done(slowest);
        }, 60))))
        """;

    [Fact]
    public async Task Every_click_is_answered_by_a_paint_within_200_ms()
    {
        var slow = new List<string>();
        var all = new List<double>();
        foreach (var path in await UiRoutes.FillAsync(ui, "clicked"))
        {
            var offenders = await ClickAllAsync(path, null, all);
            // Others may be building on the same machine: what is slow is so three times.
            for (var again = 0; again < 2 && offenders.Count > 0; again++)
            {
                offenders = await ClickAllAsync(path, offenders, all);
            }

            slow.AddRange(offenders.Select(each => $"{path}: {each.Key} took {each.Value} ms"));
        }

        all.Sort();
        Assert.True(all.Count > 60, $"only {all.Count} clicks");
        Assert.True(slow.Count == 0, $"{string.Join('\n', slow)}\nthe median of all is {all[all.Count / 2]} ms");
    }

    private async Task<Dictionary<string, double>> ClickAllAsync(
        string path,
        Dictionary<string, double>? only,
        List<double> all
    )
    {
        var slow = new Dictionary<string, double>();
        await ui.VisitAsync(
            path,
            async page =>
            {
                await ShellTests.HasPageAsync(page);
                await page.Page.WaitForTimeoutAsync(1_000);
                await page.Page.EvaluateAsync(Watch);
                var names = await page.Page.EvaluateAsync<string[]>(Mark, MostOfAPage);
                for (var i = 0; i < names.Length; i++)
                {
                    var control = page.Page.Locator($"[data-click='{i}']");
                    if (only?.ContainsKey(names[i]) == false || !await control.IsVisibleAsync())
                    {
                        continue;
                    }

                    await page.Page.EvaluateAsync(Slowest);
                    if (!await ClickAsync(page, control))
                    {
                        continue;
                    }

                    var took = await page.Page.EvaluateAsync<double>(Slowest);
                    all.Add(took);
                    if (took > Budget)
                    {
                        slow[names[i]] = took;
                    }

                    // Dialogs, menus and searches that it opened.
                    await page.Page.WaitForTimeoutAsync(200);
                    await page.Keys.PressAsync("Escape");
                    if (page.Page.Url.Split('?')[0] != ui.Url + path)
                    {
                        break;
                    }
                }
            }
        );
        return slow;
    }

    /// <summary>Clicks; false when a live change has drawn another control in its place, without its number.</summary>
    private static async Task<bool> ClickAsync(UiPage page, ILocator control)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await control.ClickAsync(new() { Timeout = 5_000 });
                return true;
            }
            catch (TimeoutException) when (attempt < 3)
            {
                if (await control.CountAsync() == 0)
                {
                    return false;
                }

                // What the control before it opened came later than the Escape that was to close it.
                await page.Keys.PressAsync("Escape");
            }
        }
    }
}
