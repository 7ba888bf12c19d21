using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines;
using Sje.Jobs.Observers;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Json;
using Sje.Web.Api.OpenApi;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// The HTTP API as one thing for the composition root: services, then the middleware that must stand before every endpoint of the
/// server (problem documents, the browser guard, keys), then the routes.
/// </summary>
internal static class SjeApi
{
    /// <summary>
    /// Adds what the API needs beside a <see cref="Database"/>, the queue's services and the reader of jobs with its task types.
    /// </summary>
    public static IServiceCollection AddSjeApi(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSjeStorage();
        services.AddSjeFeeds();
        services.AddSjeEngineViews();
        services.AddSingleton<ExecutionPages>();
        services.TryAddSingleton(RetryPolicies.BuiltIn);
        services.AddValidatorsFromAssemblyContaining<ListQuery>(ServiceLifetime.Singleton, includeInternalTypes: true);
        services.Configure<JsonOptions>(options => ApiJson.Configure(options.SerializerOptions));
        services.Configure<KestrelServerOptions>(options => options.AddServerHeader = false);
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);

        services.AddExceptionHandler<ExceptionRefusals>();
        services.AddProblemDetails();

        services.Configure<AuthOptions>(configuration.GetSection(AuthOptions.Section));
        services.AddSingleton<AnonymousAccess>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SignInAttempts>();
        services.AddHostedService<AccessNotice>();
        services
            // No default: the policies name it, and a host that SJE is built into may have schemes of its own.
            .AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        services.AddAuthorization(Policies.Add);

        ApiDocument.Add(services);
        return services;
    }

    /// <summary>Puts the middleware of the API before whatever is mapped; call it first.</summary>
    public static WebApplication UseSjeApi(this WebApplication app)
    {
        UseAnswers(app);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        return app;
    }

    /// <summary>Puts what answers for faults, and the guard against other sites, before some of the routes of a host.</summary>
    public static void UseAnswers(IApplicationBuilder app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { SuppressDiagnosticsCallback = _ => true });
        app.UseStatusCodePages(context =>
            new Refusal(
                ProblemKind.OfStatus(context.HttpContext.Response.StatusCode),
                DetailOf(context.HttpContext)
            ).ExecuteAsync(context.HttpContext)
        );
        app.UseMiddleware<BrowserGuard>();
    }

    /// <summary>Maps every route of the API, its document and the page that shows it.</summary>
    public static IEndpointRouteBuilder MapSjeApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("").AddEndpointFilterFactory(RequestFilter.Create);
        TasksApi.Map(api);
        TaskBatchesApi.Map(api);
        JobsApi.Map(api);
        JobRunsApi.Map(api);
        ExecutionsApi.Map(api);
        ExecutionChangesApi.Map(api);
        ExecutionBulkApi.Map(api);
        ExecutionSeriesApi.Map(api);
        LogsApi.Map(api);
        LogDetailsApi.Map(api);
        SparkApi.Map(api);
        EventsApi.Map(api);
        DeadLettersApi.Map(api);
        OperationsApi.Map(api);
        QueuesApi.Map(api);
        LimitsApi.Map(api);
        SchedulesApi.Map(api);
        WorkersApi.Map(api);
        SessionApi.Map(api);
        HealthApi.Map(api);
        MgmtApi.Map(api);
        KeysApi.Map(api);
        // Its queries are Spark's own.
        SparkUiApi.Map(routes);
        ApiDocument.Map(routes);
        return routes;
    }

    private static string? DetailOf(HttpContext context) =>
        context.Response.StatusCode switch
        {
            StatusCodes.Status401Unauthorized => "Send a key: Authorization: Bearer <key>, or X-Api-Key.",
            StatusCodes.Status403Forbidden => MissingRole(context),
            StatusCodes.Status404NotFound => $"Nothing is at {context.Request.Path}.",
            StatusCodes.Status405MethodNotAllowed =>
                $"{context.Request.Method} is not known here; {context.Response.Headers.Allow} are.",
            _ => null,
        };

    // Which role would have been let in, so that a person knows what to ask for.
    private static string? MissingRole(HttpContext context) =>
        context
            .GetEndpoint()
            ?.Metadata.GetOrderedMetadata<IAuthorizeData>()
            .Select(rule => Policies.RoleOf(rule.Policy))
            .Max()
            is { } role
            ? $"This needs the role {role.ToSnake()}; {context.User.Identity?.Name ?? "this key"} is {RolesOf(context.User)}."
            : null;

    private static string RolesOf(ClaimsPrincipal user) => user.FindFirst(ClaimTypes.Role)?.Value ?? "without a role";
}
