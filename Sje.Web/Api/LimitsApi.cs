using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>How many tasks share a concurrency key.</summary>
internal sealed record ConcurrencyKeyRequest
{
    /// <summary>Most tasks with the key that run at a time, over all queues and workers.</summary>
    public int? Limit { get; init; }
}

internal sealed class ConcurrencyKeyRequestValidator : AbstractValidator<ConcurrencyKeyRequest>
{
    public ConcurrencyKeyRequestValidator() =>
        RuleFor(r => r.Limit)
            .Must(limit => limit is >= 1 and <= 1_000_000)
            .WithMessage("The most tasks at a time is a whole number from 1 to 1000000.")
            .WithErrorCode(FaultCodes.OutOfRange);
}

/// <summary>What share of a queue a tenant gets.</summary>
internal sealed record TenantRequest
{
    /// <summary>Twice the weight of another tenant is twice as many tasks.</summary>
    public int? Weight { get; init; }
}

internal sealed class TenantRequestValidator : AbstractValidator<TenantRequest>
{
    public TenantRequestValidator() =>
        RuleFor(r => r.Weight)
            .Must(weight => weight is >= 1 and <= 1000)
            .WithMessage("A weight is a whole number from 1 to 1000.")
            .WithErrorCode(FaultCodes.OutOfRange);
}

/// <summary>What tasks share over all queues: concurrency keys, tenants, and the circuit breakers of what they depend on.</summary>
internal static class LimitsApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        MapKeys(routes.MapGroup("/api/v1/concurrency-keys").WithTags("Limits"));
        MapTenants(routes.MapGroup("/api/v1/tenants").WithTags("Limits"));
        MapBreakers(routes.MapGroup("/api/v1/circuit-breakers").WithTags("Limits"));
    }

    private static void MapKeys(RouteGroupBuilder keys)
    {
        keys.MapGet("", ListKeysAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listConcurrencyKeys")
            .WithSummary("Concurrency keys by name, with what runs and waits under each");
        keys.MapGet("/{name}", GetKeyAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getConcurrencyKey")
            .WithSummary("One concurrency key");
        keys.MapPut("/{name}", SaveKeyAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("saveConcurrencyKey")
            .WithSummary("Set how many tasks with a key run at a time; jobs that name it no longer change that");
        keys.MapDelete("/{name}", ForgetKeyAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("deleteConcurrencyKey")
            .WithSummary("Forget a key that no task names; the next job that names it sets its limit");
    }

    private static void MapTenants(RouteGroupBuilder tenants)
    {
        tenants
            .MapGet("", ListTenantsAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listTenants")
            .WithSummary("Tenants by name, with their weights and what runs and waits of each");
        tenants
            .MapGet("/{name}", GetTenantAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getTenant")
            .WithSummary("One tenant");
        tenants
            .MapPut("/{name}", SaveTenantAsync)
            .RequireAuthorization(Policies.Admin)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("saveTenant")
            .WithSummary("Set a tenant's weight beside others in a queue");
    }

    private static void MapBreakers(RouteGroupBuilder breakers)
    {
        breakers
            .MapGet("", ListBreakersAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listCircuitBreakers")
            .WithSummary("Targets that have failed, and whether anything is started for them");
        breakers
            .MapGet("/{target}", GetBreakerAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getCircuitBreaker")
            .WithSummary("The circuit breaker of one target");
        breakers
            .MapPost("/{target}/reset", ResetBreakerAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("resetCircuitBreaker")
            .WithSummary("Close it: what waits for the target may start");
    }

    private static async Task<Results<Ok<Page<ConcurrencyKeyStatus>>, Refusal>> ListKeysAsync(
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        LimitReader limits,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        return TypedResults.Ok(
            (await limits.ListKeysAsync(query.KeyOf(), limit + 1, stop)).ToPage(
                limit,
                key => key.Name,
                key => For(key, user)
            )
        );
    }

    private static async Task<Results<Ok<ConcurrencyKeyStatus>, Refusal>> GetKeyAsync(
        string name,
        ClaimsPrincipal user,
        LimitReader limits,
        CancellationToken stop
    ) =>
        await limits.FindKeyAsync(name, stop) is { } key
            ? TypedResults.Ok(For(key, user))
            : Refusal.NotFound("concurrency key", name);

    private static async Task<Results<Ok<ConcurrencyKeyStatus>, Refusal>> SaveKeyAsync(
        string name,
        RequestBody<ConcurrencyKeyRequest> body,
        ClaimsPrincipal user,
        LimitControl control,
        LimitReader limits,
        CancellationToken stop
    )
    {
        if (!NameRules.IsName(name))
        {
            return Refusal.InvalidParameter("name", $"A key is {NameRules.Wanted}.");
        }

        await control.SaveKeyAsync(name, body.Value.Limit!.Value, stop);
        return await GetKeyAsync(name, user, limits, stop);
    }

    private static async Task<Results<NoContent, Refusal>> ForgetKeyAsync(
        string name,
        LimitControl control,
        LimitReader limits,
        CancellationToken stop
    )
    {
        if (await control.ForgetKeyAsync(name, stop))
        {
            return TypedResults.NoContent();
        }

        return await limits.FindKeyAsync(name, stop) is null
            ? Refusal.NotFound("concurrency key", name)
            : new Refusal(ProblemKind.WrongState, $"Tasks that wait or run name the concurrency key '{name}'.");
    }

    private static async Task<Results<Ok<Page<TenantStatus>>, Refusal>> ListTenantsAsync(
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        LimitReader limits,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        return TypedResults.Ok(
            (await limits.ListTenantsAsync(query.KeyOf(), limit + 1, stop)).ToPage(
                limit,
                tenant => tenant.Name,
                tenant => For(tenant, user)
            )
        );
    }

    private static async Task<Results<Ok<TenantStatus>, Refusal>> GetTenantAsync(
        string name,
        ClaimsPrincipal user,
        LimitReader limits,
        CancellationToken stop
    ) =>
        await limits.FindTenantAsync(name, stop) is { } tenant
            ? TypedResults.Ok(For(tenant, user))
            : Refusal.NotFound("tenant", name);

    private static async Task<Results<Ok<TenantStatus>, Refusal>> SaveTenantAsync(
        string name,
        RequestBody<TenantRequest> body,
        ClaimsPrincipal user,
        LimitControl control,
        LimitReader limits,
        CancellationToken stop
    )
    {
        if (!NameRules.IsName(name))
        {
            return Refusal.InvalidParameter("name", $"A tenant is {NameRules.Wanted}.");
        }

        await control.SaveTenantAsync(name, body.Value.Weight!.Value, stop);
        return await GetTenantAsync(name, user, limits, stop);
    }

    private static async Task<Results<Ok<Page<CircuitBreakerStatus>>, Refusal>> ListBreakersAsync(
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        LimitReader limits,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        return TypedResults.Ok(
            (await limits.ListBreakersAsync(query.KeyOf(), limit + 1, stop)).ToPage(
                limit,
                breaker => breaker.Target,
                breaker => For(breaker, user)
            )
        );
    }

    private static async Task<Results<Ok<CircuitBreakerStatus>, Refusal>> GetBreakerAsync(
        string target,
        ClaimsPrincipal user,
        LimitReader limits,
        CancellationToken stop
    ) =>
        await limits.FindBreakerAsync(target, stop) is { } breaker
            ? TypedResults.Ok(For(breaker, user))
            : Refusal.NotFound("circuit breaker", target);

    private static async Task<Results<Ok<CircuitBreakerStatus>, Refusal>> ResetBreakerAsync(
        string target,
        ClaimsPrincipal user,
        CircuitBreakers breakers,
        LimitReader limits,
        CancellationToken stop
    ) =>
        await breakers.ResetAsync(target, stop)
            ? await GetBreakerAsync(target, user, limits, stop)
            : Refusal.NotFound("circuit breaker", target);

    private static ConcurrencyKeyStatus For(ConcurrencyKeyStatus key, ClaimsPrincipal user) =>
        key with
        {
            Actions = AllowedActions.OfConcurrencyKey(user.Caller().Role, key.Running + key.Waiting > 0),
        };

    private static TenantStatus For(TenantStatus tenant, ClaimsPrincipal user) =>
        tenant with
        {
            Actions = AllowedActions.OfTenant(user.Caller().Role),
        };

    private static CircuitBreakerStatus For(CircuitBreakerStatus breaker, ClaimsPrincipal user) =>
        breaker with
        {
            Actions = AllowedActions.OfCircuitBreaker(user.Caller().Role, breaker.State == "closed"),
        };
}
