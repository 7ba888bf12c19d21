using System.Net;
using Microsoft.Playwright;
using Sje.Tests.Chaos;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>axe finds nothing serious in any page, theme and state; and it does find what was put there to be found (A5).</summary>
[Collection(UiCollection.Name)]
public sealed class AccessibilityTests(Ui ui)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Filled_pages_have_nothing_serious(bool dark)
    {
        var found = new List<string>();
        foreach (var path in await UiRoutes.FillAsync(ui, dark ? "axe-dark" : "axe-light"))
        {
            await CheckAsync(path, new UiVisit { Dark = dark }, found);
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Pages_whose_calls_fail_have_nothing_serious(bool dark)
    {
        var found = new List<string>();
        foreach (var path in await UiRoutes.FillAsync(ui, dark ? "axe-error-dark" : "axe-error-light"))
        {
            await CheckAsync(
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
            );
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
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

    private async Task CheckAsync(string path, UiVisit how, List<string> found) =>
        await CheckAsync(ui, path, how, found);

    internal static async Task CheckAsync(Ui ui, string path, UiVisit how, List<string> found) =>
        await ui.VisitAsync(
            path,
            async page =>
            {
                await ShellTests.HasPageAsync(page);
                await page.Page.WaitForTimeoutAsync(how.ServerFails ? 3_000 : 1_000);
                found.AddRange((await page.AxeAsync()).Select(fault => $"{path}{(how.Dark ? " dark" : "")}: {fault}"));
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
        var found = new List<string>();
        foreach (var (path, _) in UiRoutes.Lists)
        {
            await AccessibilityTests.CheckAsync(ui, path, new UiVisit { Dark = dark }, found);
        }

        Assert.True(found.Count == 0, string.Join('\n', found));
    }
}
