using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Security;
using Sje.Jobs.Operations;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>A change of many rows under way, or over.</summary>
internal sealed record OperationView(
    Guid Id,
    string Kind,
    JsonObject Filter,
    int? Chosen,
    JsonObject Settings,
    OperationState State,
    long Total,
    long Done,
    long Failed,
    IReadOnlyDictionary<string, long> Reasons,
    long? Untouched,
    string? LastError,
    string? RequestedBy,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? FinishedAt,
    IReadOnlyList<ObjectAction> Actions
)
{
    public static OperationView Of(Operation operation, Caller caller) =>
        new(
            operation.Id,
            operation.Word,
            operation.Filter,
            operation.Chosen,
            operation.Settings,
            operation.State,
            operation.Total,
            operation.Done,
            operation.Failed,
            operation.Reasons,
            operation.Untouched,
            operation.LastError,
            operation.RequestedBy,
            operation.CreatedAt,
            operation.UpdatedAt,
            operation.FinishedAt,
            AllowedActions.OfOperation(caller.Role, operation.State == OperationState.Running)
        );
}

/// <summary>Operations: changes of many rows that were asked for in one request, and how far they are.</summary>
internal static class OperationsApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/operations").WithTags("Operations");
        group
            .MapGet("", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listOperations")
            .WithSummary("Operations, newest first");
        group
            .MapGet("/{id:guid}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getOperation")
            .WithSummary("One operation: how far it is");
        group
            .MapPost("/{id:guid}/cancel", CancelAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("cancelOperation")
            .WithSummary("End it before it is over; what it has done stays done");
    }

    private static async Task<Results<Ok<Page<OperationView>>, Refusal>> ListAsync(
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    )
    {
        Guid? before = null;
        if (query.KeyOf() is { } key)
        {
            if (!Guid.TryParseExact(key, "D", out var last))
            {
                return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
            }

            before = last;
        }

        var limit = query.LimitOf();
        var found = await operations.ListAsync(user.Caller().Scope, before, limit + 1, stop);
        return TypedResults.Ok(
            found.ToPage(
                limit,
                operation => operation.Id.ToString(),
                operation => OperationView.Of(operation, user.Caller())
            )
        );
    }

    private static async Task<Results<Ok<OperationView>, Refusal>> GetAsync(
        Guid id,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) =>
        await operations.FindAsync(id, user.Caller().Scope, stop) is { } found
            ? TypedResults.Ok(OperationView.Of(found, user.Caller()))
            : NotFound(id);

    private static async Task<Results<Ok<OperationView>, Refusal>> CancelAsync(
        Guid id,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        var scope = caller.Scope;
        var cancelled = await operations.CancelAsync(id, scope, caller.Name, stop);
        return await operations.FindAsync(id, scope, stop) is not { } found ? NotFound(id)
            : cancelled ? TypedResults.Ok(OperationView.Of(found, user.Caller()))
            : new Refusal(ProblemKind.WrongState, $"Operation '{id}' is over.");
    }

    private static Refusal NotFound(Guid id) => Refusal.NotFound("operation", id.ToString());
}
