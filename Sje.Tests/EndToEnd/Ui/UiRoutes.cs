using System.Net.Http.Json;

namespace Sje.Tests.EndToEnd.Ui;

/// <summary>Every page of the UI, and data that fills them.</summary>
internal static class UiRoutes
{
    /// <summary>The pages that are the same for everybody, with their headings.</summary>
    public static readonly (string Path, string Name)[] Lists =
    [
        ("/ops", "Operations"),
        ("/executions", "Executions"),
        ("/jobs", "Jobs"),
        ("/schedules", "Schedules"),
        ("/queues", "Queues"),
        ("/workers", "Workers"),
        ("/dead-letters", "Dead letters"),
        ("/settings", "Settings"),
    ];

    /// <summary>The addresses of everything that pages show in tabs and panels, of the same data.</summary>
    public static IEnumerable<string> WithTabs(IEnumerable<string> pages) =>
        pages.SelectMany(page =>
            page switch
            {
                "/settings" => Tabs(page, "keys", "retries", "retention", "operations", "about", "configuration"),
                "/queues" => [.. Tabs(page, "keys", "tenants", "breakers"), "/queues?queue=default"],
                "/executions" or "/ops" or "/jobs" or "/schedules" or "/workers" or "/dead-letters" => [page],
                _ when page.StartsWith("/jobs/", StringComparison.Ordinal) => Tabs(
                    page,
                    "definition",
                    "versions",
                    "schedules",
                    "parameters"
                ),
                _ => Tabs(page, "graph", "attempts", "parameters", "metrics", "events"),
            }
        );

    private static string[] Tabs(string page, params string[] tabs) =>
        [page, .. tabs.Select(tab => $"{page}?tab={tab}")];

    /// <summary>Makes one of each thing that pages show, and returns the addresses of all ten pages.</summary>
    public static async Task<IReadOnlyList<string>> FillAsync(Ui ui, string prefix)
    {
        await ui.SaveJobAsync(
            $"{prefix}-greeting",
            $"""
            name: {prefix}-greeting
            description: Says hello to somebody
            type: process
            tags: [example]
            parameters:
              who: world
              times: 3
            process:
              command: "for i in 1 2 3; do echo hello; done"
            """
        );
        await ui.SaveJobAsync(
            $"{prefix}-nightly",
            $"""
            name: {prefix}-nightly
            type: noop
            noop: {"{waitMs: 1}"}
            schedule: {"{cron: \"0 6 * * *\", timeZone: Europe/Berlin}"}
            """
        );
        using var run = await ui.Http.PostAsJsonAsync($"/api/v1/jobs/{prefix}-greeting/executions", new { });
        Assert.True(run.IsSuccessStatusCode, await run.Content.ReadAsStringAsync());
        var good = await ui.SubmitAsync($"{prefix}-good", "echo fine; echo WARN careful >&2");
        var bad = await ui.SubmitAsync($"{prefix}-bad", "echo begin; echo 'ERROR: no such table orders' >&2; exit 3");
        await ui.SubmitAsync($"{prefix}-long", "echo waiting; sleep 600");
        await ui.SubmitAsync($"{prefix}-again", "echo try; exit 4", new { maxAttempts = 5, policy = "default" });
        await ui.BecomesAsync(good, "succeeded");
        await ui.BecomesAsync(bad, "failed");
        return
        [
            .. Lists.Select(page => page.Path),
            $"/executions/{bad}",
            $"/executions/{good}",
            $"/jobs/{prefix}-greeting",
            $"/jobs/{prefix}-nightly",
        ];
    }
}
