using Microsoft.Extensions.Primitives;
using Sje.Web.Api.Problems;
using Sje.Web.Links;

namespace Sje.Web.Api.Auth;

/// <summary>
/// Keeps web pages of other sites from using a server that lets this machine in without a key, or a browser that is signed in. A page
/// can make the browser send requests here, and by DNS rebinding even under a host name of its own; it cannot add a key header. A change in
/// the name of who is signed in also needs <see cref="HeaderName"/>, which no form and no link of another site can add.
/// </summary>
internal sealed class BrowserGuard(RequestDelegate next, AnonymousAccess anonymous, ILogger<BrowserGuard> log)
{
    /// <summary>What our own pages send with every change.</summary>
    public const string HeaderName = "X-Sje-Request";

    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        if (ApiKeyHandler.KeyInHeaders(request) is not null)
        {
            return next(context);
        }

        if (
            !anonymous.IsOpenToEverybody
            && anonymous.IsLoopbackOnly
            && !AnonymousAccess.IsLoopbackHost(request.Host.Host)
        )
        {
            return RefuseAsync(
                context,
                $"Without a key this server is reached as localhost only, not as '{request.Host.Host}'."
            );
        }

        if (IsSafe(request.Method))
        {
            return next(context);
        }

        if (!IsOfThisSite(request))
        {
            return RefuseAsync(context, "A page of another site sent this. Programs send a key, or no Origin.");
        }

        return NeedsHeader(request) && !request.Headers.ContainsKey(HeaderName)
            ? RefuseAsync(context, $"A change by who is signed in with a cookie needs the header {HeaderName}: 1.")
            : next(context);
    }

    // The forms of Hangfire's dashboard carry a token of their own.
    private static bool NeedsHeader(HttpRequest request) =>
        request.Cookies.ContainsKey(ApiKeyHandler.CookieName)
        && !request.Path.StartsWithSegments(ExecutionLinks.Hangfire);

    private static bool IsSafe(string method) =>
        HttpMethods.IsGet(method)
        || HttpMethods.IsHead(method)
        || HttpMethods.IsOptions(method)
        || HttpMethods.IsTrace(method);

    private static bool IsOfThisSite(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        var origin = request.Headers.Origin;
        return (StringValues.IsNullOrEmpty(site) || site == "same-origin" || site == "none")
            && (
                StringValues.IsNullOrEmpty(origin)
                || (
                    Uri.TryCreate(origin, UriKind.Absolute, out var from)
                    && string.Equals(from.Authority, AuthorityOf(request), StringComparison.OrdinalIgnoreCase)
                    && string.Equals(from.Scheme, request.Scheme, StringComparison.OrdinalIgnoreCase)
                )
            );
    }

    // Uri leaves the usual port out, so it is left out here too.
    private static string AuthorityOf(HttpRequest request) =>
        Uri.TryCreate($"{request.Scheme}://{request.Host}", UriKind.Absolute, out var self) ? self.Authority : "";

    private Task RefuseAsync(HttpContext context, string detail)
    {
        var request = context.Request;
        log.UnsafeRequest(request.Method, request.Path, request.Headers.Origin.ToString(), request.Host.ToString());
        return new Refusal(ProblemKind.UnsafeOrigin, detail).ExecuteAsync(context);
    }
}
