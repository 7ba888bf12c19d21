using System.Collections.Concurrent;
using System.Net;
using Microsoft.Playwright;
using Sje.Tests.Chaos;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>axe finds nothing serious in any page, theme and state; and it does find what was put there to be found (A5).</summary>
[Collection(UiCollection.Name)]
public sealed class AccessibilityTests(Ui ui)
{
    /// <summary>Windows that wait most of their time.</summary>
    internal static readonly ParallelOptions Several = new() { MaxDegreeOfParallelism = 4 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Filled_pages_have_nothing_serious(bool dark)
    {
        var found = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            await UiRoutes.FillAsync(ui, dark ? "axe-dark" : "axe-light"),
            Several,
            async (path, _) => await CheckAsync(ui, path, new UiVisit { Dark = dark }, found)
        );

        Assert.True(found.IsEmpty, string.Join('\n', found));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_whose_calls_fail_have_nothing_serious(bool dark)
    {
        var found = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            await UiRoutes.FillAsync(ui, dark ? "axe-error-dark" : "axe-error-light"),
            Several,
            async (path, _) =>
                await CheckAsync(
                    ui,
                    path,
                    new UiVisit
                    {
                        Dark = dark,
                        ServerFails = true,
                        Before = page =>
                            page.RouteAsync(
                                url =>
                                    url.Contains("/api/v1/", StringComparison.Ordinal)
                                    && !url.EndsWith("/session", StringComparison.Ordinal)
                                    && !url.Contains("/events", StringComparison.Ordinal),
                                route =>
                                    route.FulfillAsync(
                                        new RouteFulfillOptions
                                        {
                                            Status = (int)HttpStatusCode.ServiceUnavailable,
                                            ContentType = "application/problem+json",
                                            Body =
                                                """{"type":"urn:sje:problem:unavailable","title":"The database does not answer","status":503}""",
                                        }
                                    )
                            ),
                    },
                    found
                )
        );

        Assert.True(found.IsEmpty, string.Join('\n', found));
    }

    [Fact]
    public async Task Dialogs_and_the_palette_have_nothing_serious()
    {
        foreach (var key in new[] { "?", "Control+k" })
        {
            await ui.VisitAsync(
                "/ops",
                async page =>
                {
                    await ShellTests.HasPageAsync(page);
                    await page.Keys.PressAsync(key);
                    await Assertions.Expect(page.Page.GetByRole(AriaRole.Dialog)).ToBeVisibleAsync();
                    Assert.Empty(await page.AxeAsync());
                }
            );
        }
    }

    [Fact]
    public async Task What_is_put_there_to_be_found_is_found()
    {
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await ShellTests.HasPageAsync(page);
                await page.Page.EvaluateAsync(
                    """
                    () => document.querySelector('main').insertAdjacentHTML('beforeend',
                      '<input type="text"><p style="color:#ccc;background:#fff">too faint to read</p>')
                    """
                );
                var found = await page.AxeAsync();
                Assert.Contains(found, fault => fault.StartsWith("label ", StringComparison.Ordinal));
                Assert.Contains(found, fault => fault.StartsWith("color-contrast ", StringComparison.Ordinal));
            }
        );
    }

    internal static async Task CheckAsync(Ui ui, string path, UiVisit how, ConcurrentQueue<string> found) =>
        await ui.VisitAsync(
            path,
            async page =>
            {
                await ShellTests.HasPageAsync(page);
                await page.Page.WaitForTimeoutAsync(how.ServerFails ? 3_000 : 1_000);
                foreach (var fault in await page.AxeAsync())
                {
                    found.Enqueue($"{path}{(how.Dark ? " dark" : "")}: {fault}");
                }
            },
            how
        );
}

/// <summary>A server on which nothing was ever done.</summary>
public sealed class EmptyUi : Ui;

/// <summary>The same for pages that have nothing to show.</summary>
[Collection(Alone.Name)]
public sealed class EmptyAccessibilityTests(EmptyUi ui) : IClassFixture<EmptyUi>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Empty_pages_have_nothing_serious(bool dark)
    {
        var found = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(
            UiRoutes.Lists.Select(page => page.Path),
            AccessibilityTests.Several,
            async (path, _) => await AccessibilityTests.CheckAsync(ui, path, new UiVisit { Dark = dark }, found)
        );

        Assert.True(found.IsEmpty, string.Join('\n', found));
    }
}
