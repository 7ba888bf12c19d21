using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Dashboard;

/// <summary>A server that asks for keys, and a person with a browser.</summary>
public sealed class SignInTests(TestDatabase db, Chromium chromium)
    : IClassFixture<TestDatabase>,
        IClassFixture<Chromium>,
        IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-signin-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Who_opens_the_dashboard_without_a_key_is_asked_for_one_and_then_gets_where_he_wanted()
    {
        await using var services = new ServiceCollection()
            .AddSingleton(db.Database)
            .AddSjeStorage()
            .BuildServiceProvider();
        var key = (
            await services.GetRequiredService<KeyStore>().CreateAsync("someone", Role.Operator, "default", default)
        ).Key;
        var port = SjeProcess.FreePort();
        await using var sje = SjeProcess.Start(
            folder,
            ["server", "--urls", $"http://0.0.0.0:{port}", "--db", db.ConnectionString]
        );
        await sje.ReadyAsync(folder);
        var url = $"http://127.0.0.1:{port}";
        var page = await chromium.OpenAsync(url);

        await page.GotoAsync("/hangfire/servers");
        await Expect(page).ToHaveURLAsync(new Regex("/(login|signin)\\?to=(%2F|/)hangfire(%2F|/)servers$"));
        await page.Locator("input[name=key]").FillAsync("sje_abcdefgh_0123456789012345678901234567890123456789");
        await page.Locator("button[type=submit]").ClickAsync();
        await Expect(page.GetByText("The key is unknown or revoked.")).ToBeVisibleAsync();
        await page.Locator("input[name=key]").FillAsync(key);
        await page.Locator("button[type=submit]").ClickAsync();

        await Expect(page).ToHaveURLAsync($"{url}/hangfire/servers");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Servers");
        using var program = new HttpClient();
        using var refused = await program.GetAsync(new Uri($"{url}/hangfire/servers"));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
    }
}
