using System.Security.Claims;
using Hangfire;
using Hangfire.Dashboard;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Http.Features;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Background;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Links;

namespace Sje.Web.Dashboard;

/// <summary>
/// The genuine dashboard at <see cref="Path"/>, behind our keys: viewers look, operators press. Jobs are named by what they run. Each
/// press carries a token that the page was given, so that no other site can press.
/// </summary>
internal static class HangfireDashboard
{
    /// <summary>Where it is.</summary>
    public const string Path = ExecutionLinks.Hangfire;

    /// <summary>More than a page of Hangfire's can select.</summary>
    private const int MostJobsAtOnce = 10_000;

    /// <summary>Adds what its pages need beside the API's services.</summary>
    public static IServiceCollection AddSjeDashboard(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("sje");
        services
            .AddOptions<KeyManagementOptions>()
            .Configure<ProtectionKeys>((options, keys) => options.XmlRepository = keys);
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "sje-form";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        return services;
    }

    /// <summary>Maps it. Authentication is the application's; this asks for the viewer's policy.</summary>
    public static void MapSjeDashboard(this IEndpointRouteBuilder routes)
    {
        DashboardExtensions.Add();
        SignInPage.Map(routes);
        routes
            .MapHangfireDashboardWithAuthorizationPolicy(
                Policies.Viewer,
                Path,
                new DashboardOptions
                {
                    AppPath = ExecutionLinks.Home,
                    DashboardTitle = "SJE",
                    DisplayStorageConnectionString = false,
                    DisplayNameFunc = (_, job) => BackgroundJobTitle.Of(job),
                    IsReadOnlyFunc = context => !MayPress(context.GetHttpContext().User),
                    IgnoreAntiforgeryToken = false,
                }
            )
            .WithMetadata(new SignInByPage())
            .Add(endpoint =>
            {
                var dashboard = endpoint.RequestDelegate!; // a mapped pipeline has one
                endpoint.RequestDelegate = context => ServeAsync(context, dashboard);
            });
    }

    private static Task ServeAsync(HttpContext context, RequestDelegate dashboard)
    {
        var path = context.Request.Path.Value ?? "";
        if (IsAsset(path))
        {
            // The token that every answer gets makes it uncacheable; scripts and styles have their version in their address.
            context.Response.OnStarting(() =>
            {
                context.Response.Headers.CacheControl = "public, max-age=31536000, immutable";
                context.Response.Headers.Remove("Pragma");
                return Task.CompletedTask;
            });
        }
        else if (
            !HttpMethods.IsGet(context.Request.Method)
            && !HttpMethods.IsHead(context.Request.Method)
            && !path.EndsWith("/stats", StringComparison.OrdinalIgnoreCase)
            && !MayPress(context.User)
        )
        {
            return new Refusal(ProblemKind.Forbidden, "A viewer looks; buttons are for operators.").ExecuteAsync(
                context
            );
        }

        // Reasons and events name who pressed the button.
        Actor.Current = new Actor("in the dashboard", context.User.Identity?.Name);

        // A page of 5,000 jobs sends as many values; ASP.NET's limit is 1,024.
        context.Features.Set<IFormFeature>(
            new FormFeature(context.Request, new FormOptions { ValueCountLimit = MostJobsAtOnce })
        );
        return dashboard(context);
    }

    private static bool IsAsset(string path) =>
        path.StartsWith(Path + "/js", StringComparison.OrdinalIgnoreCase)
        || path.StartsWith(Path + "/css", StringComparison.OrdinalIgnoreCase)
        || path.StartsWith(Path + "/fonts/", StringComparison.OrdinalIgnoreCase);

    private static bool MayPress(ClaimsPrincipal user) =>
        user.IsInRole(Role.Operator.ToSnake()) || user.IsInRole(Role.Admin.ToSnake());
}
