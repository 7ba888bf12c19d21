using System.ComponentModel.DataAnnotations;

namespace Sje.Web.Monitoring;

/// <summary>Who may watch this process, and where its figures and traces are sent.</summary>
internal sealed class MonitoringOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "monitoring";

    /// <summary>Whether a server answers <c>/metrics</c>. Nothing is sent anywhere because of it.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>
    /// Addresses that serve <c>/metrics</c> alone, several with <c>;</c> between: for workers, which listen nowhere else, and for servers that
    /// shall be scraped at another port. Other than loopback needs keys (<c>auth</c>).
    /// </summary>
    public string? MetricsUrl { get; set; }

    /// <summary>
    /// An OpenTelemetry collector that gets figures and traces over OTLP, like <c>http://127.0.0.1:4317</c>. Null: none, unless the standard variable
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one.
    /// </summary>
    public string? OtlpEndpoint { get; set; }

    /// <summary>The protocol of OTLP: <c>grpc</c> or <c>http/protobuf</c>; null is <c>OTEL_EXPORTER_OTLP_PROTOCOL</c>, else grpc.</summary>
    public string? OtlpProtocol { get; set; }

    /// <summary>The single addresses of <see cref="MetricsUrl"/>.</summary>
    public string[] Split() =>
        MetricsUrl?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Every address that is none, and a protocol that there is not.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var url in Split().Where(url => !IsAddress(url)))
        {
            yield return new ValidationResult(
                $"'{url}' is no address; it looks like http://127.0.0.1:9464",
                [nameof(MetricsUrl)]
            );
        }

        if (OtlpEndpoint is { Length: > 0 } endpoint && !IsAddress(endpoint))
        {
            yield return new ValidationResult(
                "an address is needed, like http://127.0.0.1:4317",
                [nameof(OtlpEndpoint)]
            );
        }

        if (OtlpProtocol is not (null or "" or "grpc" or "http/protobuf"))
        {
            yield return new ValidationResult("it must be grpc or http/protobuf", [nameof(OtlpProtocol)]);
        }
    }

    private static bool IsAddress(string url) =>
        Uri.TryCreate(
            url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal)
                .Replace("://+", "://0.0.0.0", StringComparison.Ordinal),
            UriKind.Absolute,
            out var address
        ) && address.Scheme is ("http" or "https");
}
