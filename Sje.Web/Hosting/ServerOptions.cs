using System.ComponentModel.DataAnnotations;

namespace Sje.Web.Hosting;

/// <summary>Where the server listens.</summary>
internal sealed class ServerOptions : IValidatableObject
{
    /// <summary>The section of the configuration.</summary>
    public const string Section = "server";

    /// <summary>Addresses, several with <c>;</c> between. Other than loopback needs keys (<c>auth</c>).</summary>
    public string Urls { get; set; } = "http://127.0.0.1:8082";

    /// <summary>Every address that is none.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var url in Split())
        {
            // '*' and '+' are Kestrel's words for every address, and no host to Uri.
            var plain = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal)
                .Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
            if (!Uri.TryCreate(plain, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
            {
                yield return new ValidationResult(
                    $"'{url}' is no address; it looks like http://127.0.0.1:8082",
                    [nameof(Urls)]
                );
            }
        }

        if (Split().Length == 0)
        {
            yield return new ValidationResult(
                "at least one address is needed, like http://127.0.0.1:8082",
                [nameof(Urls)]
            );
        }
    }

    /// <summary>The single addresses.</summary>
    public string[] Split() => Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
