using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Sje.Core.Security;
using Sje.Jobs.Storage;

namespace Sje.Web.Api.Auth;

/// <summary>
/// Knows callers by their key: <c>Authorization: Bearer</c>, <c>X-Api-Key</c>, or the cookie of a browser that signed in. A key that is
/// sent is checked, also where none is needed. A database that does not answer is an error here (503), never "no such key".
/// </summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logger,
    UrlEncoder encoder,
    KeyStore keys,
    AnonymousAccess anonymous
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "ApiKey";
    public const string HeaderName = "X-Api-Key";
    public const string CookieName = "sje-key";

    /// <summary>The key in the headers, where a web page of another site cannot put one; null when there is none.</summary>
    public static string? KeyInHeaders(HttpRequest request)
    {
        if (request.Headers.TryGetValue(HeaderName, out var header))
        {
            return header.ToString();
        }

        var authorization = request.Headers.Authorization.ToString();
        return authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
            ? authorization["Bearer ".Length..].Trim()
            : null;
    }

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (KeyInHeaders(Request) is { } key)
        {
            return await keys.FindCallerAsync(key, Context.RequestAborted) is { } holder
                ? Success(holder)
                : AuthenticateResult.Fail("The key is unknown or revoked.");
        }

        // A cookie outlives the database that its key was made in; where no key is needed, an old one must not lock anybody out.
        if (
            Request.Cookies[CookieName] is { } cookie
            && await keys.FindCallerAsync(cookie, Context.RequestAborted) is { } signedIn
        )
        {
            return Success(signedIn);
        }

        return anonymous.IsAllowed ? Success(Caller.Anonymous) : AuthenticateResult.NoResult();
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (SignInByPage.Wants(Context))
        {
            Response.Redirect(SignInByPage.AddressFor(Request));
            return Task.CompletedTask;
        }

        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer realm=\"sje\"";
        return Task.CompletedTask;
    }

    private static AuthenticateResult Success(Caller caller) =>
        AuthenticateResult.Success(
            new AuthenticationTicket(new ClaimsPrincipal(new CallerIdentity(caller, SchemeName)), SchemeName)
        );
}
