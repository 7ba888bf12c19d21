using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Hangfire;
using Microsoft.Extensions.DependencyInjection;

namespace Sje.Tests.Support;

/// <summary>Presses the dashboard's buttons as its pages do.</summary>
internal sealed partial class DashboardClient(SjeFactory factory) : IDisposable
{
    private readonly HttpClient http = factory.CreateClient();

    /// <summary>Which path a button on a job's own page, on a list, or a program's call has.</summary>
    public async Task PressAsync(string via, string button, string list, params long[] jobs)
    {
        if (via == "client")
        {
            var client = factory.Services.GetRequiredService<IBackgroundJobClient>();
            foreach (var job in jobs.Select(j => j.ToString(CultureInfo.InvariantCulture)))
            {
                Assert.True(button == "delete" ? client.Delete(job) : client.Requeue(job));
            }
        }
        else if (via == "page")
        {
            Assert.Equal(
                HttpStatusCode.NoContent,
                await PostAsync($"/hangfire/jobs/actions/{button}/{jobs.Single()}", [])
            );
        }
        else
        {
            var word = (list, button) is ("scheduled" or "awaiting", "requeue") ? "enqueue" : button;
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync($"/hangfire/jobs/{list}/{word}", jobs));
        }
    }

    public async Task<HttpStatusCode> PostAsync(string path, long[] jobs)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new FormUrlEncodedContent(
                jobs.Select(job => KeyValuePair.Create("jobs[]", job.ToString(CultureInfo.InvariantCulture)))
            ),
        };
        var page = await http.GetStringAsync(new Uri("/hangfire/servers", UriKind.Relative));
        if (Meta(page, "csrf-header") is { } header && Meta(page, "csrf-token") is { } token)
        {
            request.Headers.Add(header, token);
        }

        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    public void Dispose() => http.Dispose();

    private static string? Meta(string page, string name) =>
        MetaTag().Matches(page).FirstOrDefault(m => m.Groups[1].Value == name)?.Groups[2].Value;

    [GeneratedRegex("<meta name=\"([a-z-]+)\" content=\"([^\"]+)\"")]
    private static partial Regex MetaTag();
}
