using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

internal sealed record SignInRequest
{
    public string? Key { get; init; }
}

internal sealed class SignInRequestValidator : AbstractValidator<SignInRequest>
{
    public SignInRequestValidator() => RuleFor(r => r.Key).NotEmpty().MaximumLength(200);
}

/// <summary>Who the caller is to this server.</summary>
internal sealed record SessionView(string Name, Role Role, string Tenant, bool Anonymous);

/// <summary>
/// Signs browsers in: pages, event streams and the dashboard cannot send a header, so the key goes into a cookie that scripts cannot
/// read and other sites cannot make the browser send.
/// </summary>
internal static class SessionApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/session").WithTags("Session");
        group
            .MapGet("", Get)
            .RequireAuthorization(Policies.Viewer)
            .WithName("getSession")
            .WithSummary("Who the caller is");
        group
            .MapPost("", SignInAsync)
            .AllowAnonymous()
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.Unauthorized,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.TooManyAttempts
            )
            .WithName("signIn")
            .WithSummary("Sign a browser in with a key");
        group.MapDelete("", SignOut).AllowAnonymous().WithName("signOut").WithSummary("Sign the browser out");
    }

    private static Ok<SessionView> Get(ClaimsPrincipal user) => TypedResults.Ok(ToView(user.Caller()));

    private static async Task<Results<Ok<SessionView>, Refusal>> SignInAsync(
        RequestBody<SignInRequest> body,
        HttpContext context,
        KeyStore keys,
        SignInAttempts attempts,
        CancellationToken stop
    )
    {
        var from = context.Connection.RemoteIpAddress;
        if (attempts.WaitOf(from) is { } wait)
        {
            return new Refusal(ProblemKind.TooManyAttempts, "Too many wrong keys came from this address.")
            {
                RetryAfter = wait,
            };
        }

        var key = body.Value.Key!; // The validator asks for one.
        if (await keys.FindCallerAsync(key, stop) is not { } caller)
        {
            attempts.Failed(from);
            return new Refusal(ProblemKind.Unauthorized, "The key is unknown or revoked.");
        }

        context.Response.Cookies.Append(ApiKeyHandler.CookieName, key, CookieFor(context.Request));
        return TypedResults.Ok(ToView(caller));
    }

    private static NoContent SignOut(HttpContext context)
    {
        context.Response.Cookies.Delete(ApiKeyHandler.CookieName, CookieFor(context.Request));
        return TypedResults.NoContent();
    }

    private static CookieOptions CookieFor(HttpRequest request) =>
        new()
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Secure = request.IsHttps,
            Path = "/",
            IsEssential = true,
        };

    private static SessionView ToView(Caller caller) =>
        new(caller.Name, caller.Role, caller.Tenant, caller.KeyId is null);
}
