using System.Net;
using Microsoft.Playwright;
using Sje.Core.Security;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>The page of settings, on a server that asks for keys (F1).</summary>
[Collection(Alone.Name)]
public sealed class SettingsPageTests(KeyedUi ui) : IClassFixture<KeyedUi>
{
    [Fact]
    public async Task A_key_is_shown_once_and_its_list_knows_only_how_it_begins()
    {
        await ui.VisitAsync(
            "/settings?tab=keys",
            async page =>
            {
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "New key" }).ClickAsync();
                var dialog = page.Page.GetByRole(AriaRole.Dialog);
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Make key" }).ClickAsync();
                await Expect(dialog.GetByRole(AriaRole.Alert)).ToContainTextAsync("whose key");
                await dialog.GetByLabel("Name").FillAsync("night loader");
                await dialog.GetByLabel("Role").SelectOptionAsync("viewer");
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Make key" }).ClickAsync();

                var shown = dialog.GetByTestId("new-key");
                var key = await shown.InnerTextAsync();
                Assert.Matches("^sje_", key);
                await dialog.GetByRole(AriaRole.Button, new() { Name = "Copy key" }).ClickAsync();
                Assert.Equal(key, await page.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
                Assert.Equal(HttpStatusCode.OK, await AskAsync(key));
                await dialog.GetByRole(AriaRole.Button, new() { Name = "I have kept it" }).ClickAsync();

                var row = page
                    .Page.GetByRole(AriaRole.Grid, new() { Name = "API keys" })
                    .GetByRole(AriaRole.Row)
                    .Filter(new() { HasText = "night loader" });
                await Expect(row).ToContainTextAsync("viewer");
                var prefix = (
                    await ui.Db.ScalarAsync<string>("select prefix from sje.api_keys where name = 'night loader'")
                )!; // it was just made
                await Expect(row).ToContainTextAsync(prefix);
                Assert.DoesNotContain(key, await page.Page.ContentAsync(), StringComparison.Ordinal);
                var list = await ui.Http.GetStringAsync("/mgmt/keys");
                Assert.DoesNotContain(key[^20..], list, StringComparison.Ordinal);

                await row.GetByRole(AriaRole.Button, new() { Name = "Revoke night loader" }).ClickAsync();
                var revoke = dialog.GetByRole(AriaRole.Button, new() { Name = "Revoke key" });
                await Expect(revoke).ToHaveAttributeAsync("aria-disabled", "true");
                await dialog.GetByRole(AriaRole.Textbox).FillAsync("night loader");
                await revoke.ClickAsync();
                await Expect(row).ToHaveCountAsync(0);
                await Eventually.TrueAsync(
                    async () => await AskAsync(key) == HttpStatusCode.Unauthorized,
                    "the key opens nothing any more",
                    30
                );
                await page.Page.GetByLabel("Show revoked ones").CheckAsync();
                await Expect(row).ToContainTextAsync("Revoked");
            }
        );
    }

    [Fact]
    public async Task Every_tab_shows_what_the_server_is_set_to_and_a_viewer_only_what_is_theirs()
    {
        await ui.VisitAsync(
            "/settings",
            async page =>
            {
                async Task OpenAsync(string tab, string text)
                {
                    await page.Page.GetByRole(AriaRole.Tab, new() { Name = tab }).ClickAsync();
                    await Expect(page.Page.GetByRole(AriaRole.Tabpanel)).ToContainTextAsync(text);
                }

                await OpenAsync("Retries", "network_error");
                await OpenAsync("Retention", "History by time");
                await page.Page.GetByRole(AriaRole.Button, new() { Name = "Run now" }).ClickAsync();
                await Expect(page.Page.GetByText("Asked for a round")).ToBeVisibleAsync();
                await OpenAsync("Configuration", "server.urls");
                Assert.DoesNotMatch(
                    "(?i)password=(?!\\*)",
                    await page.Page.GetByRole(AriaRole.Tabpanel).InnerTextAsync()
                );
                await OpenAsync("Operations", "No operations");
                await OpenAsync("About", "database");
                await OpenAsync("Profile", "Who you are");
                await page.Page.GetByLabel("Rows of tables").SelectOptionAsync("compact");
                await Expect(page.Page.Locator("html")).ToHaveAttributeAsync("data-density", "compact");
                await page.Page.ReloadAsync();
                await Expect(page.Page.Locator("html")).ToHaveAttributeAsync("data-density", "compact");
            }
        );

        await ui.VisitAsync(
            "/settings?tab=keys",
            async page =>
            {
                await Expect(page.Page.GetByText("For administrators")).ToBeVisibleAsync();
                await page.Page.GetByRole(AriaRole.Tab, new() { Name = "Profile" }).ClickAsync();
                await Expect(page.Page.GetByRole(AriaRole.Tab, new() { Name = "Keys" })).ToHaveCountAsync(0);
                await Expect(page.Page.GetByText("viewer – sees, and changes nothing")).ToBeVisibleAsync();
            },
            new UiVisit { Key = await ui.NewKeyAsync(Role.Viewer) }
        );
    }

    private async Task<HttpStatusCode> AskAsync(string key)
    {
        using var http = new HttpClient { BaseAddress = new Uri(ui.Url) };
        http.DefaultRequestHeaders.Add("X-Api-Key", key);
        using var answer = await http.GetAsync(new Uri("/api/v1/session", UriKind.Relative));
        return answer.StatusCode;
    }
}
