using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenTelemetry.Metrics;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;

namespace Sje.Web.Monitoring;

/// <summary>
/// A small web server with nothing but <c>/metrics</c>, for workers and for servers that shall be scraped elsewhere. Who gets in is decided as on the
/// server's own addresses.
/// </summary>
internal sealed class MetricsListener(
    MonitoringOptions options,
    MeterProvider figures,
    KeyStore keys,
    IConfiguration configuration,
    ILoggerFactory loggers,
    TimeProvider clock
) : IHostedService, IAsyncDisposable
{
    private WebApplication? app;

    /// <summary>Where it listens, once started.</summary>
    public ICollection<string> Addresses => app?.Urls ?? [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrel();
        builder.WebHost.UseUrls(options.Split());
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddRouting();
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(clock);
        builder.Services.AddSingleton(keys);
        builder.Services.Configure<AuthOptions>(configuration.GetSection(AuthOptions.Section));
        builder.Services.AddSingleton<AnonymousAccess>();
        builder
            .Services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        builder.Services.AddAuthorization(Policies.Add);
        app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapPrometheusScrapingEndpoint(Telemetry.MetricsPath, figures, null, null)
            .RequireAuthorization(Policies.Viewer);
        return app.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) =>
        app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }
}
