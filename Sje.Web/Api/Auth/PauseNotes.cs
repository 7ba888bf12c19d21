using System.Security.Claims;
using Sje.Jobs.Queueing;

namespace Sje.Web.Api.Auth;

internal static class PauseNotes
{
    /// <summary>A pause by a caller, for a reason.</summary>
    public static PauseNote Note(this ClaimsPrincipal user, string? reason) => new(user.Caller().Name, reason);
}
