using System.Data.Common;
using System.Text.Json.Nodes;

namespace Sje.Web.Api;

/// <summary>
/// Shows configuration without its secrets. Only sections of ours are shown, since the environment of the process is in there too;
/// in them a value is hidden when its name sounds like a secret, or when it carries one inside (a connection string, an address).
/// </summary>
internal static class MaskedConfiguration
{
    public const string Mask = "***";

    private static readonly string[] Sections =
    [
        "server",
        "storage",
        "worker",
        "execution",
        "retryPolicies",
        "connections",
        "auth",
        "retention",
        "monitoring",
        "postgres",
        "spark",
        "dbConfig",
        "executorNodeConfig",
        "Serilog",
        "ConnectionStrings",
    ];

    private static readonly string[] SecretWords =
    [
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "apikey",
        "accesskey",
        "privatekey",
        "credential",
        "signature",
        "passphrase",
    ];

    public static JsonObject Of(IConfiguration configuration)
    {
        var shown = new JsonObject();
        foreach (
            var section in configuration
                .GetChildren()
                .Where(s => Sections.Contains(s.Key, StringComparer.OrdinalIgnoreCase))
        )
        {
            shown[section.Key] = Of(section);
        }

        return shown;
    }

    private static JsonNode? Of(IConfigurationSection section)
    {
        var children = section.GetChildren().ToList();
        if (children.Count == 0)
        {
            return section.Value is { } value ? MaskedValue(section.Key, value) : null;
        }

        if (children.TrueForAll(child => int.TryParse(child.Key, out _)))
        {
            return new JsonArray([.. children.Select(Of)]);
        }

        var map = new JsonObject();
        foreach (var child in children)
        {
            map[child.Key] = Of(child);
        }

        return map;
    }

    private static string MaskedValue(string name, string value)
    {
        if (IsSecretName(name))
        {
            return Mask;
        }

        if (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.UserInfo.Length > 0)
        {
            return value.Replace(address.UserInfo + "@", Mask + "@", StringComparison.Ordinal);
        }

        return
            name.Equals("connectionString", StringComparison.OrdinalIgnoreCase)
            || (value.Contains('=') && value.Contains(';'))
            ? MaskedConnectionString(value)
            : value;
    }

    private static string MaskedConnectionString(string text)
    {
        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            // Looks like one and is none: what it holds is unknown, so nothing of it is shown.
            return Mask;
        }

        foreach (var name in parts.Keys.Cast<string>().Where(IsSecretName).ToList())
        {
            parts[name] = Mask;
        }

        return parts.ConnectionString;
    }

    private static bool IsSecretName(string name)
    {
        var plain = name.Replace("_", "", StringComparison.Ordinal)
            .Replace("-", "", StringComparison.Ordinal)
            .Replace(" ", "", StringComparison.Ordinal);
        return Array.Exists(SecretWords, word => plain.Contains(word, StringComparison.OrdinalIgnoreCase));
    }
}
