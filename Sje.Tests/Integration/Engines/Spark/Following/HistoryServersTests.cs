using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Execution;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Following;

/// <summary>Spark's pages after the end, on a real history server.</summary>
[Collection(Alone.Name)]
public sealed class HistoryServersTests : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje history é ").FullName;
    private readonly HttpClient http = new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(5),
        }
    );

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Pages_work_below_the_path_that_a_request_names_and_the_server_ends_when_nobody_looks()
    {
        var installation = await LocalSpark.InstallationAsync();
        var run = await LocalSpark.RunAsync(
            folder,
            RepositoryFiles.Path("examples", "spark", "pi.py"),
            ["4", "40000"],
            "spark.eventLog.compress=false"
        );
        Assert.True(run.ExitCode == 0, run.Errors);
        Assert.Contains("Pi is roughly 3.1", run.Output, StringComparison.Ordinal);
        await using var bench = new HistoryBench(folder, TimeSpan.FromSeconds(20));

        var asked = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => bench.Servers.FindAsync(installation, folder, default))
        );

        var address = Assert.Single(asked.Distinct());
        Assert.Equal(1, bench.Servers.Count);
        Assert.Equal("127.0.0.1", address.Host);
        await OnlyOnLoopback(address.Port);
        var app = $"history/{run.ApplicationId}";
        using (var redirect = await GetAsync(address, app, "/executions/7/spark-ui"))
        {
            // The server loads it and sends people there, below the path of the proxy.
            Assert.Equal(302, (int)redirect.StatusCode);
            Assert.Equal(
                $"http://sje.example:8443/executions/7/spark-ui/{app}/",
                redirect.Headers.Location!.OriginalString
            );
        }

        var page = await PageAsync(address, app + "/jobs/", "/executions/7/spark-ui");
        Assert.Contains($"\"/executions/7/spark-ui/{app}/stages/\"", page, StringComparison.Ordinal);
        Assert.Contains("\"/executions/7/spark-ui/static/", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/static/", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\"/history/", page, StringComparison.Ordinal);
        Assert.Contains("sum at ", page, StringComparison.Ordinal);
        Assert.Contains(
            $"\"/x/{app}/stages/\"",
            await PageAsync(address, app + "/jobs/", "/x"),
            StringComparison.Ordinal
        );

        await Eventually.TrueAsync(() => Task.FromResult(bench.Servers.Count == 0), "the idle server is let go", 120);
        await Eventually.TrueAsync(async () => !await AnswersAsync(address), "the idle server is gone", 60);
        var again = await bench.Servers.FindAsync(installation, folder, default);
        Assert.True(await AnswersAsync(again));
        await bench.DisposeAsync();
        Assert.False(await AnswersAsync(again));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => bench.Servers.FindAsync(installation, folder, default));
    }

    [Fact]
    public async Task It_does_not_outlive_a_process_that_is_killed()
    {
        var installation = await LocalSpark.InstallationAsync();
        var self = SelfCommand.OfThisProcess().Arguments;
        using var keeper = Process.Start(
            new ProcessStartInfo(self[0], [.. self.Skip(1), HistoryProgram.Verb, installation.Home, folder])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            }
        )!;
        try
        {
            var line = await keeper.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(3));
            var address = new Uri(line ?? "nothing was said");
            Assert.True(await AnswersAsync(address));

            keeper.Kill();

            await Eventually.TrueAsync(async () => !await AnswersAsync(address), "the server dies with its keeper", 60);
        }
        finally
        {
            keeper.Kill();
            await keeper.WaitForExitAsync();
        }
    }

    [Fact]
    public async Task What_does_not_start_says_why_and_is_tried_again_next_time()
    {
        var installation = await LocalSpark.InstallationAsync();
        await using var bench = new HistoryBench(folder);
        var nowhere = Path.Combine(folder, "nowhere");

        var failure = await Assert.ThrowsAsync<HistoryServerException>(() =>
            bench.Servers.FindAsync(installation, nowhere, default)
        );

        Assert.Contains("nowhere", failure.Message, StringComparison.Ordinal);
        Assert.Contains("does not exist", failure.Message, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => Task.FromResult(bench.Servers.Count == 0), "the failed one is forgotten");
        var none = new SparkInstallation("none", Path.Combine(folder, "no-spark"), null, null, null);
        await Assert.ThrowsAsync<HistoryServerException>(() => bench.Servers.FindAsync(none, folder, default));
    }

    [Theory]
    [InlineData("/static/spark-logo.svg", true)]
    [InlineData("/history/app-1", true)]
    [InlineData("/history/app-1/jobs/", true)]
    [InlineData("/history/app-1/1/stages/stage/", true)]
    [InlineData("/api/v1/applications/app-1/allexecutors", true)]
    [InlineData("/", false)]
    [InlineData("/history/app-10/jobs/", false)]
    [InlineData("/api/v1/applications", false)]
    [InlineData("/api/v1/applications/app-2/jobs", false)]
    [InlineData("/history/app-1/../app-2/jobs/", false)]
    [InlineData("/history/app-1/%2e%2E/app-2/jobs/", false)]
    [InlineData("/static/;/../history/app-2", false)]
    public void Only_the_paths_of_one_application_are_let_through(string path, bool allowed) =>
        Assert.Equal(allowed, HistoryServers.Allows(path, "app-1"));

    private async Task<string> PageAsync(Uri address, string path, string context)
    {
        using var response = await GetAsync(address, path, context);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
        return await response.Content.ReadAsStringAsync();
    }

    // A log is listed some seconds after the start.
    private async Task<HttpResponseMessage> GetAsync(Uri address, string path, string context) =>
        await Eventually.GetAsync(
            async () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, path));
                request.Headers.Add(HistoryServers.ContextHeader, context);
                request.Headers.Host = "sje.example:8443";
                return await http.SendAsync(request);
            },
            response => response.StatusCode != HttpStatusCode.NotFound,
            path,
            60
        );

    private async Task<bool> AnswersAsync(Uri address)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(address, "api/v1/version"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task OnlyOnLoopback(int port)
    {
        foreach (
            var own in (await Dns.GetHostAddressesAsync(Dns.GetHostName())).Where(one =>
                one.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(one)
            )
        )
        {
            using var socket = new TcpClient();
            await Assert.ThrowsAnyAsync<SocketException>(() => socket.ConnectAsync(own, port));
        }
    }
}
