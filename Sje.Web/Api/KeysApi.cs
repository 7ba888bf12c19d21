using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>A key to make; an operator of the tenant <c>default</c> unless it says otherwise.</summary>
internal sealed record KeyRequest
{
    public string? Name { get; init; }
    public Role Role { get; init; } = Role.Operator;
    public string Tenant { get; init; } = Caller.DefaultTenant;
}

internal sealed class KeyRequestValidator : AbstractValidator<KeyRequest>
{
    public KeyRequestValidator()
    {
        RuleFor(r => r.Name).NotEmpty().MaximumLength(100);
        RuleFor(r => r.Tenant)
            .NotEmpty()
            .Matches("^[a-z0-9_-]{1,50}$")
            .WithMessage("A tenant has 1 to 50 characters of a-z, 0-9, _ and -.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

/// <summary>A key that was just made; <c>key</c> is shown this once.</summary>
internal sealed record KeyCreated(ApiKeyInfo Info, string Key);

/// <summary>The keys of this API.</summary>
internal static class KeysApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/mgmt/keys").WithTags("Management").RequireAuthorization(Policies.Admin);
        group.MapGet("", ListAsync).WithName("listKeys").WithSummary("All keys, without their secrets");
        group
            .MapPost("", CreateAsync)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("createKey")
            .WithSummary("Make a key; its text is shown this once");
        group
            .MapDelete("/{idOrPrefix}", RevokeAsync)
            .Refuses(ProblemKind.NotFound)
            .WithName("revokeKey")
            .WithSummary("End a key; within seconds everywhere");
    }

    private static async Task<Ok<Page<ApiKeyInfo>>> ListAsync(
        ClaimsPrincipal user,
        KeyStore keys,
        CancellationToken stop
    ) => TypedResults.Ok(new Page<ApiKeyInfo>([.. (await keys.ListAsync(stop)).Select(key => For(key, user))], null));

    private static ApiKeyInfo For(ApiKeyInfo key, ClaimsPrincipal user) =>
        key with
        {
            Actions = AllowedActions.OfKey(user.Caller().Role, key.RevokedAt is not null),
        };

    private static async Task<Results<Created<KeyCreated>, Refusal>> CreateAsync(
        RequestBody<KeyRequest> body,
        ClaimsPrincipal user,
        HttpResponse response,
        KeyStore keys,
        CancellationToken stop
    )
    {
        var request = body.Value;
        var made = await keys.CreateAsync(request.Name!, request.Role, request.Tenant, stop); // The validator asks for a name.
        response.Headers.CacheControl = "no-store";
        return TypedResults.Created($"/mgmt/keys/{made.Info.Id}", new KeyCreated(For(made.Info, user), made.Key));
    }

    private static async Task<Results<NoContent, Refusal>> RevokeAsync(
        string idOrPrefix,
        KeyStore keys,
        CancellationToken stop
    ) => await keys.RevokeAsync(idOrPrefix, stop) ? TypedResults.NoContent() : Refusal.NotFound("key", idOrPrefix);
}
