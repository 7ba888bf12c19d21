using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Dashboard;

/// <summary>Who may press the dashboard's buttons, and from where.</summary>
public partial class DashboardAccessTests(SjeFactory factory) : IClassFixture<SjeFactory>
{
    public static TheoryData<string> Commands =>
        [
            "/jobs/enqueued/delete",
            "/jobs/enqueued/requeue",
            "/jobs/processing/delete",
            "/jobs/processing/requeue",
            "/jobs/scheduled/enqueue",
            "/jobs/scheduled/delete",
            "/jobs/succeeded/requeue",
            "/jobs/failed/requeue",
            "/jobs/failed/delete",
            "/jobs/deleted/requeue",
            "/jobs/awaiting/enqueue",
            "/jobs/awaiting/delete",
            "/jobs/actions/requeue/1",
            "/jobs/actions/delete/1",
            "/recurring/remove",
            "/recurring/trigger",
        ];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_viewer_may_press_nothing_even_with_a_token(string command)
    {
        using var http = factory.CreateClient();
        http.DefaultRequestHeaders.Add(
            "X-Api-Key",
            (
                await factory
                    .Services.GetRequiredService<KeyStore>()
                    .CreateAsync("looker", Role.Viewer, "default", default)
            ).Key
        );
        var token = await TokenAsync(http);

        using var answer = await PressAsync(http, command, token);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_press_without_the_token_of_a_page_is_refused_and_with_it_is_heard(string command)
    {
        using var http = factory.CreateClient();
        var token = await TokenAsync(http);

        using var without = await PressAsync(http, command, null);
        using var forged = await PressAsync(http, command, "CfDJ8AAAA");
        using var with = await PressAsync(http, command, token);

        Assert.Equal(HttpStatusCode.Forbidden, without.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, forged.StatusCode);
        // 422: there is no such job; a batch does what it can.
        Assert.Contains(with.StatusCode, new[] { HttpStatusCode.NoContent, HttpStatusCode.UnprocessableEntity });
    }

    [Fact]
    public async Task A_token_is_still_good_on_another_server_of_the_same_database()
    {
        using var http = factory.CreateClient();
        await TokenAsync(http);

        Assert.True(
            await factory.Clone.ScalarAsync<long>("select count(*) from sje.protection_keys") > 0,
            "the keys behind tokens are in the database"
        );
    }

    [Fact]
    public async Task Scripts_and_styles_may_be_cached_and_pages_may_not()
    {
        using var http = factory.CreateClient();
        using var page = await http.GetAsync(new Uri("/hangfire", UriKind.Relative));
        var script = ScriptAddress().Match(await page.Content.ReadAsStringAsync()).Groups[1].Value;
        using var asset = await http.GetAsync(new Uri(script, UriKind.Relative));

        Assert.True(page.Headers.CacheControl!.NoStore);
        Assert.Equal(HttpStatusCode.OK, asset.StatusCode);
        Assert.True(asset.Headers.CacheControl!.MaxAge > TimeSpan.FromDays(1));
        Assert.False(asset.Headers.CacheControl.NoStore);
    }

    [Fact]
    public async Task Every_page_carries_the_way_home_and_the_top_navigation_of_our_own_pages()
    {
        using var http = factory.CreateClient();
        var page = await http.GetStringAsync("/hangfire/servers");

        Assert.Contains("href=\"/ops\"", page, StringComparison.Ordinal);
        var script = await http.GetStringAsync(ScriptAddress().Match(page).Groups[1].Value);
        foreach (
            var address in (string[])
                ["/ops", "/executions", "/jobs", "/schedules", "/queues", "/workers", "/dead-letters", "/settings"]
        )
        {
            Assert.Contains($"'{address}'", script, StringComparison.Ordinal);
        }

        var style = await http.GetStringAsync(StyleAddress().Match(page).Groups[1].Value);
        Assert.Contains(".sje-top", style, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_names_its_background_job_and_that_page_links_back_to_the_task()
    {
        using var http = factory.CreateClient();
        using var accepted = await http.PostAsJsonAsync("/task", new { name = "two views", type = "noop" });
        var id = (await accepted.Content.ReadFromJsonAsync<JsonObject>())!["taskId"]!.GetValue<Guid>();
        var task = await Eventually.GetAsync(
            async () => (await http.GetFromJsonAsync<JsonObject>($"/api/v1/executions/{id}"))!["tasks"]![0]!.AsObject(),
            task => task["backgroundJobUrl"] is not null,
            "it has a background job",
            60
        );

        var address = task["backgroundJobUrl"]!.GetValue<string>();
        var page = await http.GetStringAsync(address);

        Assert.Equal($"/hangfire/jobs/details/{task["backgroundJobId"]}", address);
        Assert.Contains($"href=\"/executions/{id}\"", page, StringComparison.Ordinal);
        Assert.Contains($"href=\"/executions/{id}?task={task["name"]}\"", page, StringComparison.Ordinal);
    }

    private static async Task<string> TokenAsync(HttpClient http)
    {
        var page = await http.GetStringAsync("/hangfire/servers");
        return Token().Match(page).Groups[1].Value;
    }

    private static Task<HttpResponseMessage> PressAsync(HttpClient http, string command, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/hangfire" + command)
        {
            Content = new FormUrlEncodedContent([new("jobs[]", "999999999")]),
        };
        if (token is not null)
        {
            request.Headers.Add("RequestVerificationToken", token);
        }

        return http.SendAsync(request);
    }

    [GeneratedRegex("name=\"csrf-token\" content=\"([^\"]+)\"")]
    private static partial Regex Token();

    [GeneratedRegex("<script src=\"([^\"]+)\"")]
    private static partial Regex ScriptAddress();

    [GeneratedRegex("<link rel=\"stylesheet\" href=\"([^\"]+)\"")]
    private static partial Regex StyleAddress();
}
