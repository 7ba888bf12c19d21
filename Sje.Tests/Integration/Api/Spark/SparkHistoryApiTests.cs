using System.Net;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Api.Spark;

/// <summary>A server that has a real Spark to rebuild pages with.</summary>
public sealed class SparkHistoryHost : ApiHost
{
    internal string Folder { get; } = Directory.CreateTempSubdirectory("sje-history-").FullName;

    protected override Dictionary<string, string?> Settings =>
        new()
        {
            ["spark:installations:test:home"] = SparkHome.PathAsync().GetAwaiter().GetResult(),
            ["storage:root"] = Folder,
        };

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

public sealed class SparkHistoryApiTests(SparkHistoryHost host) : IClassFixture<SparkHistoryHost>
{
    [Fact]
    public async Task An_application_of_YARN_that_has_ended_shows_the_pages_of_its_last_attempt()
    {
        const string app = "application_1795688991175_0003";
        await File.WriteAllTextAsync(
            Path.Combine(host.Folder, app + "_2"),
            $$"""
            {"Event":"SparkListenerLogStart","Spark Version":"4.1.1"}
            {"Event":"SparkListenerApplicationStart","App Name":"again","App ID":"{{app}}","Timestamp":1795689280000,"User":"root","App Attempt ID":"2"}
            {"Event":"SparkListenerEnvironmentUpdate","JVM Information":{},"Spark Properties":{},"Hadoop Properties":{},"System Properties":{},"Metrics Properties":{},"Classpath Entries":{} }
            {"Event":"SparkListenerApplicationEnd","Timestamp":1795689290000}

            """
        );
        var id = await host.SubmitSparkAsync("ended");
        await host.AddApplicationAsync(
            id,
            "succeeded",
            more:
            [
                ("application_id", app),
                ("event_log", new Uri(host.Folder).AbsoluteUri),
                // The worker's; this server has another one that reads the log as well.
                ("installation", "of-the-worker"),
            ]
        );
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = host.Address,
        };
        var ui = $"/executions/{id}/spark-ui";

        var moved = await Eventually.GetAsync(
            () => http.GetAsync($"{ui}/history/{app}/jobs/?a=b"),
            answer => answer.StatusCode != HttpStatusCode.ServiceUnavailable,
            "the history server has read the log",
            180
        );

        Assert.Equal($"{ui}/history/{app}/2/jobs/?a=b", moved.Headers.Location?.OriginalString);
        // The history server loads it at the first request, and sends people to the same address again.
        var page = await Eventually.GetAsync(
            () => http.GetAsync($"{ui}/history/{app}/2/jobs/"),
            answer => answer.StatusCode == HttpStatusCode.OK,
            "the page of the last attempt is there",
            60
        );
        Assert.Contains(
            $"\"{ui}/history/{app}/2/stages/\"",
            await page.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
        Assert.Empty(host.Errors);
    }
}
