using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Sje.Core.Security;
using Sje.Tests.Chaos;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>Who gets in, and what they may do then (A1 after a sign-in, A9, F4, F5).</summary>
[Collection(Alone.Name)]
public sealed class AccessTests(KeyedUi ui) : IClassFixture<KeyedUi>
{
    private static readonly UiVisit Out = new() { SignedOut = true, Expected = ["status of 401"] };

    [Fact]
    public async Task A_sign_in_leads_to_the_page_that_was_asked_for_and_its_cookie_is_out_of_reach()
    {
        await ui.VisitAsync(
            "/dead-letters?error=network",
            async page =>
            {
                await SignInAsync(page, "sje_abcdefgh_0123456789012345678901234567890123456789");
                await Expect(page.Page.GetByText("The key is unknown or revoked.")).ToBeVisibleAsync();
                await SignInAsync(page, ui.Key!);
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Dead letters", Exact = true }))
                    .ToBeVisibleAsync();
                Assert.Contains("/dead-letters?error=network", page.Page.Url, StringComparison.Ordinal);

                var cookie = (await page.Page.Context.CookiesAsync()).Single(c => c.Name == "sje-key");
                Assert.True(cookie.HttpOnly);
                Assert.Equal(SameSiteAttribute.Strict, cookie.SameSite);
                Assert.DoesNotContain(
                    "sje-key",
                    await page.Page.EvaluateAsync<string>("document.cookie"),
                    StringComparison.Ordinal
                );
                await page.Page.ReloadAsync();
                await Expect(page.Page.GetByRole(AriaRole.Heading, new() { Name = "Dead letters", Exact = true }))
                    .ToBeVisibleAsync();
            },
            Out
        );
    }

    [Fact]
    public async Task The_dashboard_of_Hangfire_has_the_same_sign_in_and_gets_its_address_back()
    {
        await ui.VisitAsync(
            "/hangfire/servers",
            async page =>
            {
                await Expect(page.Page).ToHaveURLAsync(new Regex("/login\\?to="));
                await SignInAsync(page, ui.Key!);
                await Expect(page.Page).ToHaveURLAsync($"{ui.Url}/hangfire/servers");
                await page.Page.GotoAsync("/login?to=//evil.example/");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
                await Expect(page.Page).ToHaveURLAsync(new Regex("/ops"));
            },
            Out
        );
    }

    [Fact]
    public async Task A_change_without_our_header_or_from_another_origin_is_refused()
    {
        await ui.VisitAsync(
            "/ops",
            async page =>
            {
                await ShellTests.HasPageAsync(page);
                const string change = """
                    header => fetch('/task', { method: 'POST', headers: { 'Content-Type': 'application/json', ...header },
                      body: JSON.stringify({ name: 'forged', type: 'noop', noop: { waitMs: 1 } }) }).then(r => r.status)
                    """;
                Assert.Equal(403, await page.Page.EvaluateAsync<int>(change, new Dictionary<string, string>()));
                Assert.Equal(
                    202,
                    await page.Page.EvaluateAsync<int>(
                        change,
                        new Dictionary<string, string> { ["X-Sje-Request"] = "1" }
                    )
                );
            },
            new UiVisit { Expected = ["status of 403"] }
        );

        using var forged = new HttpClient(new HttpClientHandler { UseCookies = false })
        {
            BaseAddress = new Uri(ui.Url),
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, "/task")
        {
            Content = new StringContent("{}", Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Cookie", $"sje-key={ui.Key}");
        request.Headers.Add("Origin", "http://127.0.0.1:1");
        request.Headers.Add("X-Sje-Request", "1");
        Assert.Equal(HttpStatusCode.Forbidden, (await forged.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_key_that_is_revoked_in_mid_edit_asks_again_and_keeps_what_was_typed()
    {
        var key = await ui.NewKeyAsync(Role.Admin);
        await ui.SaveJobAsync("edited", "{name: edited, type: noop, noop: {waitMs: 1}}");
        await ui.VisitAsync(
            "/executions",
            async page =>
            {
                await ShellTests.HasPageAsync(page);
                var filter = page.Page.Locator("main input").First;
                await filter.FillAsync("half a thought");
                await page.Page.Context.ClearCookiesAsync();
                await page.Page.EvaluateAsync("document.dispatchEvent(new Event('visibilitychange'))");
                // Any call will do: this one is the page's own.
                await page.Keys.PressAsync("Control+k");
                await page.Page.GetByLabel("Find pages, executions and jobs").FillAsync("edited");
                var overlay = page.Page.GetByRole(AriaRole.Dialog, new() { Name = "Sign in again" });
                await Expect(overlay).ToBeVisibleAsync();
                await overlay.GetByLabel("Key").FillAsync(ui.Key!);
                await page.Keys.PressAsync("Enter");
                await Expect(overlay).ToBeHiddenAsync();
                await Expect(filter).ToHaveValueAsync("half a thought");
            },
            new UiVisit { Key = key, Expected = ["status of 401"] }
        );
    }

    [Fact]
    public async Task A_viewer_finds_nothing_to_press_and_the_server_refuses_too()
    {
        var viewer = await ui.NewKeyAsync(Role.Viewer);
        var writes = new Regex(
            "^(cancel|retry|rerun|run|pause|resume|requeue|purge|drain|save|delete|edit|revoke|new|create|prioriti[sz]e|move|skip|trigger|reset)\\b",
            RegexOptions.IgnoreCase
        );
        await Parallel.ForEachAsync(
            await UiRoutes.FillAsync(ui, "seen"),
            AccessibilityTests.Several,
            async (path, _) =>
                await ui.VisitAsync(
                    path,
                    async page =>
                    {
                        await ShellTests.HasPageAsync(page);
                        await page.Page.WaitForTimeoutAsync(1_000);
                        foreach (var button in await page.Page.Locator("main button:visible").AllAsync())
                        {
                            var name = (
                                await button.GetAttributeAsync("aria-label") ?? await button.InnerTextAsync()
                            ).Trim();
                            var off =
                                await button.GetAttributeAsync("aria-disabled") == "true"
                                || await button.IsDisabledAsync();
                            Assert.False(writes.IsMatch(name) && !off, $"{path}: a viewer can press '{name}'");
                        }
                    },
                    new UiVisit { Key = viewer, Expected = ["status of 403"] }
                )
        );

        using var http = new HttpClient { BaseAddress = new Uri(ui.Url) };
        http.DefaultRequestHeaders.Add("X-Api-Key", viewer);
        foreach (
            var path in new[]
            {
                "/task",
                "/api/v1/jobs/seen-greeting/executions",
                "/api/v1/jobs/seen-greeting/pause",
                "/api/v1/queues/default/pause",
                "/api/v1/dead-letters:requeue",
            }
        )
        {
            using var answer = await http.PostAsync(path, new StringContent("{}", Encoding.UTF8, "application/json"));
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("needs the role", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private static async Task SignInAsync(UiPage page, string key)
    {
        await page.Page.Locator("input[name=key]").FillAsync(key);
        await page.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
    }
}
