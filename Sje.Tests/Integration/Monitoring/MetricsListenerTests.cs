using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using Sje.Web.Hosting;
using Sje.Web.Monitoring;

namespace Sje.Tests.Integration.Monitoring;

public sealed class MetricsListenerTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task Beyond_this_machine_figures_need_a_key_as_everything_else_does()
    {
        using var host = await StartAsync(Role.Worker, ("monitoring:metricsUrl", "http://0.0.0.0:0"));
        var keys = host.Services.GetRequiredService<KeyStore>();
        var key = (await keys.CreateAsync("prometheus", Core.Security.Role.Viewer, "default", default)).Key;
        var url = AddressOf(host);
        using var http = new HttpClient { BaseAddress = url };

        Assert.Equal(HttpStatusCode.Unauthorized, (await http.GetAsync("/metrics")).StatusCode);
        Assert.NotEmpty((await PrometheusText.ScrapeAsync(url.ToString(), key)).Find("sje_worker_slots"));
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/health")).StatusCode);
        await host.StopAsync();
    }

    [Fact]
    public async Task On_this_machine_a_worker_is_scraped_without_one()
    {
        using var host = await StartAsync(Role.Worker, ("monitoring:metricsUrl", "http://127.0.0.1:0"));

        Assert.NotEmpty((await PrometheusText.ScrapeAsync(AddressOf(host).ToString())).Find("sje_worker_slots"));
        await host.StopAsync();
    }

    [Fact]
    public async Task A_worker_that_nobody_asked_to_be_watched_gathers_nothing()
    {
        using var host = await StartAsync(Role.Worker);

        Assert.Null(host.Services.GetService<OpenTelemetry.Metrics.MeterProvider>());
        await host.StopAsync();
    }

    private static Uri AddressOf(IHost host) =>
        new UriBuilder(host.Services.GetServices<IHostedService>().OfType<MetricsListener>().Single().Addresses.First())
        {
            Host = "127.0.0.1",
        }.Uri;

    private async Task<IHost> StartAsync(Role role, params (string Key, string? Value)[] settings)
    {
        var home = new SjeHome(Path.GetTempPath());
        var configuration = SjeConfiguration.Read(
            home,
            SjeApplication.Shape,
            settings.Select(setting => KeyValuePair.Create(setting.Key, setting.Value))
        );
        configuration.Check();
        var host = SjeApplication.Build(
            role,
            home,
            configuration,
            db.ConnectionString,
            new LoggerConfiguration().CreateLogger()
        );
        await host.StartAsync();
        return host;
    }
}
