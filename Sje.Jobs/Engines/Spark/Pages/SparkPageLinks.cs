using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Pages;

/// <summary>
/// Makes links of a driver's pages lead through us. Most do by themselves: Spark puts the header <c>X-Forwarded-Context</c> before each of
/// them. Not where it was told another path: by YARN (<c>APPLICATION_WEB_PROXY_BASE</c>), by <c>spark.ui.proxyBase</c> or
/// <c>spark.ui.reverseProxy</c>. And the proxy of Kubernetes' API server writes its own path before all links that it finds in a page.
/// </summary>
internal static partial class SparkPageLinks
{
    /// <summary>The page with its links below <paramref name="context"/>.</summary>
    /// <param name="html">The page.</param>
    /// <param name="prefix">The path of the address by which the driver is asked, without a slash at its end; empty for none.</param>
    /// <param name="context">The path at which people see the pages.</param>
    public static string Rewrite(string html, string prefix, string context)
    {
        if (prefix.Length > 0)
        {
            html = html.Replace(prefix + context, context, StringComparison.Ordinal)
                .Replace(prefix, context, StringComparison.Ordinal);
        }

        // Every page tells its scripts before which path its links stand.
        return Root().Match(html) is { Success: true } match && match.Groups[1].Value is var root && root != context
            ? html.Replace(root, context, StringComparison.Ordinal)
            : html;
    }

    /// <summary>Where a redirect leads below <paramref name="context"/>; null when it leads away from the driver's pages.</summary>
    /// <param name="asked">The address that was asked.</param>
    /// <param name="location">What it answered.</param>
    /// <param name="prefix">As in <see cref="Rewrite"/>.</param>
    /// <param name="context">As in <see cref="Rewrite"/>.</param>
    public static string? Follow(Uri asked, Uri location, string prefix, string context)
    {
        var target = new Uri(asked, location);
        var path = target.AbsolutePath;
        if (IsBelow(path, prefix + context))
        {
            path = path[(prefix + context).Length..];
        }
        else if (IsBelow(path, context))
        {
            path = path[context.Length..];
        }
        else if (prefix.Length > 0 && IsBelow(path, prefix))
        {
            path = path[prefix.Length..];
        }
        else if (SparkPagePath.Read(path) is not { IsPage: true })
        {
            return null;
        }

        return context + (path.Length == 0 ? "/" : path) + target.Query;
    }

    private static bool IsBelow(string path, string folder) =>
        folder.Length > 0 && (path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal));

    [GeneratedRegex(@"setUIRoot\('((?:/|https?://)[^'""<>\s]+)'\)", RegexOptions.CultureInvariant)]
    private static partial Regex Root();
}
