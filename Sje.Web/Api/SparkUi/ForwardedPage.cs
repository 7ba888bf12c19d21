using System.Net.Sockets;
using Microsoft.Net.Http.Headers;
using Sje.Jobs.Engines.Spark;

namespace Sje.Web.Api.SparkUi;

/// <summary>
/// A page of a driver as an answer of ours. It comes from a program of some user and stands on our own origin, so its scripts may reach only what
/// is below its own path: neither our API nor another execution's pages.
/// </summary>
internal sealed class ForwardedPage(SparkPage page, string path) : IResult
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        using (page)
        {
            var (from, to) = (page.Response, httpContext.Response);
            to.StatusCode = (int)from.StatusCode;
            foreach (var name in PassedOn.Answered)
            {
                if (
                    from.Headers.TryGetValues(name, out var values)
                    || from.Content.Headers.TryGetValues(name, out values)
                )
                {
                    to.Headers[name] = string.Join(", ", values);
                }
            }

            to.ContentType = from.Content.Headers.ContentType?.ToString();
            to.Headers.ContentSecurityPolicy = PolicyOf(httpContext.Request.Host, path);
            // A window that it opens has no way back into it, nor it into the window.
            to.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
            to.Headers["Referrer-Policy"] = "same-origin";
            if (to.StatusCode == StatusCodes.Status304NotModified)
            {
                return;
            }

            if (page.Html is { } html)
            {
                to.Headers.Remove(HeaderNames.ETag);
                to.ContentLength = html.Length;
                await to.Body.WriteAsync(html, httpContext.RequestAborted);
                return;
            }

            to.ContentLength = from.Content.Headers.ContentLength;
            try
            {
                await from.Content.CopyToAsync(to.Body, httpContext.RequestAborted);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
            {
                // The driver went away in the middle. Half an answer must not look like a whole one.
                httpContext.Abort();
            }
        }
    }

    private static string PolicyOf(HostString host, string path)
    {
        // A policy has no form for addresses of IPv6.
        var own =
            host.Value is { Length: > 0 } name && !name.Contains('[', StringComparison.Ordinal)
                ? $"{name}{path}/"
                : "'self'";
        return "default-src 'none'; "
            + $"script-src {own} 'unsafe-inline' 'unsafe-eval'; style-src {own} 'unsafe-inline'; "
            + $"img-src {own} data:; font-src {own} data:; connect-src {own}; form-action {own}; "
            + "frame-ancestors 'self'; base-uri 'none'";
    }
}
