using System.Security.Claims;
using Hangfire;
using Hangfire.Dashboard;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Background;
using Sje.Web.Api.Auth;

namespace Sje.Web.Dashboard;

/// <summary>
/// The genuine dashboard at <see cref="Path"/>, behind our keys: viewers look, operators press. Jobs are named by what they run.
/// </summary>
internal static class HangfireDashboard
{
    /// <summary>Where it is.</summary>
    public const string Path = "/hangfire";

    /// <summary>Maps it. Authentication is the application's; this asks for the viewer's policy.</summary>
    public static void MapSjeDashboard(this IEndpointRouteBuilder routes) =>
        routes.MapHangfireDashboardWithAuthorizationPolicy(
            Policies.Viewer,
            Path,
            new DashboardOptions
            {
                AppPath = "/",
                DashboardTitle = "SJE",
                DisplayStorageConnectionString = false,
                DisplayNameFunc = (_, job) => BackgroundJobTitle.Of(job),
                IsReadOnlyFunc = context => !MayPress(context.GetHttpContext().User),
            }
        );

    private static bool MayPress(ClaimsPrincipal user) =>
        user.IsInRole(Role.Operator.ToSnake()) || user.IsInRole(Role.Admin.ToSnake());
}
