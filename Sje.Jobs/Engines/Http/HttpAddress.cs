using System.Text;
using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Http;

/// <summary>
/// Addresses with templates. A value at the very beginning is the beginning of the address, as it is. In the name of the host it may
/// be a part of a name, with or without a port. Everywhere else it is one piece of a path or a query: escaped, so that no value can lead
/// to another place than the text around it says.
/// </summary>
internal static class HttpAddress
{
    /// <summary>The address with its values.</summary>
    /// <exception cref="FormatException">It is none, or a value leads elsewhere.</exception>
    /// <exception cref="TemplateException">A template has no value.</exception>
    public static Uri Render(string text, TemplateScope scope)
    {
        var url = new StringBuilder();
        var filled = false;
        foreach (var part in Template.Parse(text).Parts)
        {
            if (part is not TemplateReference reference)
            {
                url.Append(((TemplateText)part).Text);
                continue;
            }

            var value = Template.Render("{{ " + reference.Text + " }}", scope);
            url.Append(
                url.Length == 0 ? value
                : InPath(url.ToString()) ? Uri.EscapeDataString(value)
                : HostPart(value, reference.Text)
            );
            filled = true;
        }

        var address = url.ToString();
        if (HttpTaskType.AddressProblem(address) is { } problem)
        {
            throw new FormatException($"http.url with its values is no address: {problem}");
        }

        // Escaping leaves dots alone, and a segment of dots goes up.
        return filled && PathOf(address).Split('/').Any(segment => segment is "." or "..")
            ? throw new FormatException(
                "http.url: with its values the path has a segment '.' or '..', which leads elsewhere."
            )
            : new Uri(address);
    }

    /// <summary>The address for logs and messages: without query, where keys may stand.</summary>
    public static string Shown(Uri address) =>
        address.GetLeftPart(UriPartial.Path) + (address.Query.Length > 1 ? "?..." : "");

    private static bool InPath(string url)
    {
        var host = url.IndexOf("://", StringComparison.Ordinal);
        return host >= 0 && url.AsSpan(host + 3).ContainsAny('/', '?', '#');
    }

    private static string HostPart(string value, string reference) =>
        value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or ':' or '[' or ']')
            ? value
            : throw new FormatException(
                $"http.url: the value of '{{{{ {reference} }}}}' is no part of the name of a host."
            );

    private static string PathOf(string address)
    {
        var path = address[(address.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var end = path.IndexOfAny(['?', '#']);
        return (end < 0 ? path : path[..end])
            .Replace('\\', '/')
            .Replace("%2e", ".", StringComparison.OrdinalIgnoreCase);
    }
}
