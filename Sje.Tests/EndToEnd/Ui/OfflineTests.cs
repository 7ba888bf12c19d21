using System.Diagnostics;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using static Microsoft.Playwright.Assertions;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>A server of its own, which its tests end and start again.</summary>
public sealed class MortalUi : Ui;

/// <summary>The server goes and comes back under an open page (A7).</summary>
[Collection(Alone.Name)]
public sealed class OfflineTests(MortalUi ui) : IClassFixture<MortalUi>
{
    [Fact]
    public async Task A_server_that_goes_is_told_of_within_five_seconds_and_when_it_is_back_nothing_was_missed()
    {
        await ui.SubmitAsync("before-the-end", "true");
        await ui.VisitAsync(
            "/executions",
            async page =>
            {
                await Expect(page.Page.GetByText("before-the-end").First).ToBeVisibleAsync();
                await Expect(page.Page.Locator(".live-live")).ToBeVisibleAsync();
                // Something to resume behind.
                await ui.BecomesAsync(await ui.SubmitAsync("last-seen", "true"), "succeeded");
                await Expect(page.Page.GetByText("last-seen").First).ToBeVisibleAsync();

                await ui.StopAsync();
                var since = Stopwatch.StartNew();
                await Expect(page.Page.GetByText("Offline: the server has not answered"))
                    .ToBeVisibleAsync(new() { Timeout = 20_000 });
                Assert.True(since.Elapsed < TimeSpan.FromSeconds(5), $"it took {since.Elapsed.TotalSeconds:0.0} s");
                await Expect(page.Page.GetByText("before-the-end").First).ToBeVisibleAsync();

                // What happens meanwhile, by another process on the same database.
                var elsewhere = Directory.CreateTempSubdirectory("sje-elsewhere-").FullName;
                await using (
                    var other = SjeProcess.Start(elsewhere, ["all", "--port", "0", "--db", ui.Db.ConnectionString])
                )
                {
                    using var http = new HttpClient { BaseAddress = new Uri(await other.ReadyAsync(elsewhere)) };
                    using var answer = await http.PostAsync(
                        "/task",
                        new StringContent(
                            """{"name": "while-away", "type": "noop", "noop": {"waitMs": 1}}""",
                            System.Text.Encoding.UTF8,
                            "application/json"
                        )
                    );
                    Assert.True(answer.IsSuccessStatusCode);
                }

                Directory.Delete(elsewhere, recursive: true);
                var loads = page.Requests.Count(r => r.IsNavigationRequest);
                await ui.StartAgainAsync();

                await Expect(page.Page.Locator(".live-live")).ToBeVisibleAsync(new() { Timeout = 20_000 });
                await Expect(page.Page.GetByText("Offline: the server has not answered")).ToBeHiddenAsync();
                await Expect(page.Page.GetByText("while-away").First).ToBeVisibleAsync();
                var resumed = page.Requests.Last(r => r.Url.Contains("/api/v1/events", StringComparison.Ordinal));
                Assert.True((await resumed.AllHeadersAsync()).ContainsKey("last-event-id"));
                Assert.Equal(loads, page.Requests.Count(r => r.IsNavigationRequest));
            },
            new UiVisit { ServerFails = true }
        );
    }
}
