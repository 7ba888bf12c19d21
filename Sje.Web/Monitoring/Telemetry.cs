using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Sje.Jobs.Observability;
using Sje.Web.Api.Auth;

namespace Sje.Web.Monitoring;

/// <summary>
/// OpenTelemetry for a process of ours. Figures are gathered where somebody can scrape them or a collector gets them, spans only where a
/// collector gets them; otherwise nothing of it is in the process at all.
/// </summary>
internal static class Telemetry
{
    /// <summary>Where Prometheus scrapes.</summary>
    public const string MetricsPath = "/metrics";

    private const string Prefix = "OTEL_";

    // Probes and scrapes come every few seconds and say nothing about the work.
    private static readonly PathString[] Unseen = [MetricsPath, "/health"];

    /// <summary>Adds what the section <c>monitoring</c> asks for.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="serves">Whether it has a web server of its own.</param>
    public static void AddTelemetry(this IHostApplicationBuilder builder, bool serves)
    {
        // The standard variables are read from the configuration, which holds no environment of others.
        builder.Configuration.AddInMemoryCollection(StandardVariables());
        var options =
            builder.Configuration.GetSection(MonitoringOptions.Section).Get<MonitoringOptions>()
            ?? new MonitoringOptions();
        builder.Services.AddSingleton(options);
        var listens = options.Split().Length > 0;
        var scraped = (options.Enabled && serves) || listens;
        var exported =
            options.OtlpEndpoint is { Length: > 0 }
            || builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 };
        if (!scraped && !exported)
        {
            return;
        }

        var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(Name(builder.Configuration));
        telemetry.WithMetrics(metrics =>
        {
            metrics
                .AddMeter(CoreMetrics.MeterName)
                .AddMeter("System.Runtime")
                .AddMeter("Microsoft.AspNetCore.Hosting")
                .AddMeter("Microsoft.AspNetCore.Server.Kestrel");
            if (scraped)
            {
                metrics.AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
            }

            if (exported)
            {
                metrics.AddOtlpExporter(otlp => Aim(otlp, options, "metrics"));
            }
        });
        if (exported)
        {
            telemetry.WithTracing(traces =>
                traces
                    .AddSource(CoreTracing.SourceName)
                    // What tasks of type http send goes on with their trace.
                    .AddSource("System.Net.Http")
                    .AddAspNetCoreInstrumentation(requests =>
                        requests.Filter = context => !Unseen.Any(path => context.Request.Path.StartsWithSegments(path))
                    )
                    .AddOtlpExporter(otlp => Aim(otlp, options, "traces"))
            );
        }

        if (listens)
        {
            builder.Services.AddHostedService<MetricsListener>();
        }
    }

    /// <summary>Maps <c>/metrics</c> for viewers, where it is not switched off.</summary>
    public static void MapTelemetry(this WebApplication app)
    {
        if (app.Services.GetRequiredService<MonitoringOptions>().Enabled)
        {
            app.MapPrometheusScrapingEndpoint(MetricsPath).RequireAuthorization(Policies.Viewer);
        }
    }

    private static Action<ResourceBuilder> Name(IConfiguration configuration) =>
        resource =>
        {
            if (configuration["OTEL_SERVICE_NAME"] is null)
            {
                resource.AddService(
                    "sje",
                    serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3),
                    serviceInstanceId: configuration["worker:name"]
                        ?? $"{Environment.MachineName}:{Environment.ProcessId}"
                );
            }
        };

    private static void Aim(OtlpExporterOptions otlp, MonitoringOptions options, string signal)
    {
        if (options.OtlpProtocol is { Length: > 0 } protocol)
        {
            otlp.Protocol = protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        }

        if (options.OtlpEndpoint is { Length: > 0 } endpoint)
        {
            // An endpoint set here is taken as it is; over HTTP each kind of signal has its own path below it, as with the standard variable.
            otlp.Endpoint =
                otlp.Protocol == OtlpExportProtocol.HttpProtobuf
                    ? new Uri($"{endpoint.TrimEnd('/')}/v1/{signal}")
                    : new Uri(endpoint);
        }
    }

    private static IEnumerable<KeyValuePair<string, string?>> StandardVariables() =>
        Environment
            .GetEnvironmentVariables()
            .Cast<System.Collections.DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, variable.Value as string))
            .Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal));
}
