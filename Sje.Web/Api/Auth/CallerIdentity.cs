using System.Security.Claims;
using Sje.Core.Jobs;
using Sje.Core.Security;

namespace Sje.Web.Api.Auth;

/// <summary>The caller of a request as ASP.NET Core knows users.</summary>
internal sealed class CallerIdentity(Caller caller, string scheme)
    : ClaimsIdentity(
        [new Claim(ClaimTypes.Name, caller.Name), new Claim(ClaimTypes.Role, caller.Role.ToSnake())],
        scheme
    )
{
    public Caller Caller { get; } = caller;
}

internal static class CallerOfRequest
{
    /// <summary>Who makes the request; only behind an endpoint that lets nobody else in.</summary>
    public static Caller Caller(this ClaimsPrincipal user) =>
        user.Identities.OfType<CallerIdentity>().FirstOrDefault()?.Caller
        ?? throw new InvalidOperationException("The endpoint lets requests without a caller in.");
}
