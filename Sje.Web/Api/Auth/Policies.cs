using Microsoft.AspNetCore.Authorization;
using Sje.Core.Jobs;
using Sje.Core.Security;

namespace Sje.Web.Api.Auth;

/// <summary>Names of the authorization policies; each lets its role and the ones above in.</summary>
internal static class Policies
{
    public const string Viewer = "sje:viewer";
    public const string Operator = "sje:operator";
    public const string Admin = "sje:admin";

    public static void Add(AuthorizationOptions options)
    {
        Add(options, Viewer, Role.Viewer);
        Add(options, Operator, Role.Operator);
        Add(options, Admin, Role.Admin);
    }

    /// <summary>The least role that a policy lets in; null for a policy that is not one of these.</summary>
    public static Role? RoleOf(string? policy) =>
        policy switch
        {
            Viewer => Role.Viewer,
            Operator => Role.Operator,
            Admin => Role.Admin,
            _ => null,
        };

    private static void Add(AuthorizationOptions options, string policy, Role least) =>
        options.AddPolicy(
            policy,
            rule =>
                rule.AddAuthenticationSchemes(ApiKeyHandler.SchemeName)
                    .RequireAuthenticatedUser()
                    .RequireRole(Enum.GetValues<Role>().Where(role => role >= least).Select(role => role.ToSnake()))
        );
}
