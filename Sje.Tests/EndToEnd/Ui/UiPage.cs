using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.Playwright;
using Sje.Tests.Support;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>A page that is watched: what goes wrong in it is kept, whatever the test looks at.</summary>
public sealed class UiPage(IPage page, string origin, UiVisit how)
{
    private static readonly Lazy<string> Axe = new(() =>
        File.ReadAllText(RepositoryFiles.Path("Sje.Web", "ClientApp", "node_modules", "axe-core", "axe.min.js"))
    );

    private readonly ConcurrentQueue<string> faults = new();
    private readonly ConcurrentQueue<IRequest> requests = new();

    public IPage Page { get; } = page;

    public IKeyboard Keys => Page.Keyboard;

    /// <summary>What the browser complained of.</summary>
    public IReadOnlyCollection<string> Faults => faults;

    /// <summary>Every request of the page, in order.</summary>
    public IReadOnlyCollection<IRequest> Requests => requests;

    internal async Task WatchAsync()
    {
        Page.Console += (_, message) =>
        {
            if (message.Type == "error" && !IsExpected(message.Text))
            {
                faults.Enqueue($"console: {message.Text} ({message.Location})");
            }
        };
        Page.PageError += (_, error) => faults.Enqueue($"script: {error}");
        Page.Request += (_, request) =>
        {
            requests.Enqueue(request);
            if (
                !request.Url.StartsWith(origin + "/", StringComparison.Ordinal)
                && !request.Url.StartsWith("data:", StringComparison.Ordinal)
                && !request.Url.StartsWith("blob:", StringComparison.Ordinal)
            )
            {
                faults.Enqueue($"another origin was asked: {request.Url}");
            }
        };
        Page.Response += (_, response) =>
        {
            if (response.Status >= 500 && !how.ServerFails)
            {
                faults.Enqueue($"{response.Status} of {response.Url}");
            }
        };
        await Page.AddInitScriptAsync(
            """
            document.addEventListener('securitypolicyviolation', e =>
              console.error('Content Security Policy: ' + e.violatedDirective + ' blocked ' + e.blockedURI));
            """
        );
        if (how.Before is { } before)
        {
            await before(Page);
        }
    }

    /// <summary>Everything serious that axe finds in the page as it stands: WCAG 2.2 AA.</summary>
    public async Task<IReadOnlyList<string>> AxeAsync()
    {
        // Over the debugging protocol, which the page's security policy does not concern.
        var cdp = await Page.Context.NewCDPSessionAsync(Page);
        await cdp.SendAsync("Runtime.evaluate", new() { ["expression"] = Axe.Value });
        var answer = await cdp.SendAsync(
            "Runtime.evaluate",
            new()
            {
                ["expression"] = """
                axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'], resultTypes: ['violations'] })
                  .then(found => JSON.stringify(found.violations
                    .filter(v => v.impact === 'serious' || v.impact === 'critical')
                    .map(v => `${v.id} (${v.impact}): ${v.nodes.slice(0, 5).map(n => n.target.join(' ') + ' ' + n.html.slice(0, 160)
                      + ' ' + (n.any[0]?.message ?? '')).join('\n    ')}`)))
                """,
                ["awaitPromise"] = true,
                ["returnByValue"] = true,
            }
        );
        await cdp.DetachAsync();
        var text = answer!.Value.GetProperty("result").GetProperty("value").GetString()!;
        return JsonSerializer.Deserialize<List<string>>(text)!;
    }

    /// <summary>The colour of a pixel of the window as it is now, as <c>#rrggbb</c>.</summary>
    public async Task<string> PixelAsync(int x, int y)
    {
        var picture = Convert.ToBase64String(await Page.ScreenshotAsync());
        return await Page.EvaluateAsync<string>(
            """
            async ([picture, x, y]) => {
              const image = new Image();
              image.src = 'data:image/png;base64,' + picture;
              await image.decode();
              const canvas = document.createElement('canvas');
              canvas.width = image.width; canvas.height = image.height;
              const context = canvas.getContext('2d');
              context.drawImage(image, 0, 0);
              return '#' + [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map(v => v.toString(16).padStart(2, '0')).join('');
            }
            """,
            new object[] { picture, x, y }
        );
    }

    /// <summary>Where it stands and what it shows, for the message of a failed test; the picture is in <c>TestResults</c>.</summary>
    internal async Task<string> DescribeAsync()
    {
        var file = Path.Combine(
            Directory.CreateDirectory(RepositoryFiles.Path("TestResults")).FullName,
            string.Create(
                CultureInfo.InvariantCulture,
                $"ui-{TestContext.Current.Test?.TestDisplayName.GetHashCode(StringComparison.Ordinal):x8}.png"
            )
        );
        var seen = "";
        try
        {
            await Page.ScreenshotAsync(new PageScreenshotOptions { Path = file, Timeout = 10_000 });
            seen = await Page.Locator("body").InnerTextAsync(new LocatorInnerTextOptions { Timeout = 5_000 });
        }
        catch (PlaywrightException)
        {
            // A page that is gone has nothing to show.
        }

        return $"At {Page.Url} ({file}):\n{(seen.Length > 1500 ? seen[..1500] : seen)}\n{string.Join('\n', faults)}";
    }

    private bool IsExpected(string text) =>
        how.Expected.Any(part => text.Contains(part, StringComparison.Ordinal))
        || (
            how.ServerFails
            && (
                text.Contains("status of 5", StringComparison.Ordinal)
                || text.Contains("net::ERR_", StringComparison.Ordinal)
            )
        );
}
