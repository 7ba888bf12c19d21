using Microsoft.Playwright;

namespace Sje.Tests.Support;

/// <summary>
/// The Chromium of this machine, without a window. Use as a fixture; where none is on PATH the tests are skipped, or fail where nothing may be
/// skipped.
/// </summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];

    // Nothing of the browser's own business: no updates, no first run, no calls home.
    private static readonly string[] Quiet =
    [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ];

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        if (Find() is not { } path)
        {
            return;
        }

        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(
            new BrowserTypeLaunchOptions
            {
                ExecutablePath = path,
                Args = Quiet,
                Timeout = 120_000,
            }
        );
    }

    /// <summary>A browser window of its own, with its own cookies. Says yes to every question.</summary>
    /// <param name="url">The address that relative ones are under.</param>
    /// <param name="key">The key that it has signed in with.</param>
    /// <param name="adjust">A last change of what the window is like.</param>
    public async Task<IPage> OpenAsync(string url, string? key = null, Action<BrowserNewContextOptions>? adjust = null)
    {
        if (browser is null)
        {
            var reason = $"none of {string.Join(", ", Names)} is on PATH";
            Assert.False(Environment.GetEnvironmentVariable("SJE_TEST_REQUIRE") == "1", reason);
            Assert.Skip(reason);
        }

        var options = new BrowserNewContextOptions
        {
            BaseURL = url,
            ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
            Locale = "en-GB",
            TimezoneId = "UTC",
        };
        adjust?.Invoke(options);
        var context = await browser.NewContextAsync(options);
        // A busy machine may take its time over a page; who waits for something wrong waits as long.
        context.SetDefaultTimeout(180_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        if (key is not null)
        {
            await context.AddCookiesAsync([
                new Cookie
                {
                    Name = "sje-key",
                    Value = key,
                    Url = url,
                },
            ]);
        }

        var page = await context.NewPageAsync();
        page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
        {
            await browser.DisposeAsync();
        }

        playwright?.Dispose();
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists);
}
