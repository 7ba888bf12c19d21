using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

internal sealed record WorkerListQuery(
    [FromQuery(Name = "gone")] string? Gone,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged;

internal sealed class WorkerListQueryValidator : AbstractValidator<WorkerListQuery>
{
    public WorkerListQueryValidator()
    {
        Include(new PagedValidator());
        RuleFor(q => q.Gone)
            .Must(gone => gone is null or "true" or "false")
            .WithMessage("It is true (also those that are gone) or false.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

/// <summary>Workers: who is there, what each offers and runs.</summary>
internal static class WorkersApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/workers").WithTags("Workers");
        group
            .MapGet("", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listWorkers")
            .WithSummary("Workers that are alive; with ?gone=true all");
        group
            .MapGet("/{id:guid}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getWorker")
            .WithSummary("One worker");
        Changes(group.MapPost("/{id:guid}/pause", PauseAsync))
            .WithName("pauseWorker")
            .WithSummary("Let it claim nothing until it is resumed or started again; what it runs goes on")
            .WithDescription("With a reason, which those who find it paused are told; who paused it first keeps it.");
        Changes(group.MapPost("/{id:guid}/drain", DrainAsync))
            .WithName("drainWorker")
            .WithSummary("Let it claim nothing, and hand back what still runs after its grace (worker:drainSeconds)")
            .WithDescription(
                "Its process goes on, and the worker drains until it is resumed or started again: stop it when it runs nothing. With a reason."
            );
        group
            .MapPost("/{id:guid}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("resumeWorker")
            .WithSummary("End a pause or a drain");
    }

    internal static async Task<Results<Ok<Page<WorkerStatus>>, Refusal>> ListAsync(
        [AsParameters] WorkerListQuery query,
        ClaimsPrincipal user,
        WorkerReader workers,
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
        var found = await workers.ListAsync(query.Gone == "true", before, limit + 1, stop);
        return TypedResults.Ok(found.ToPage(limit, worker => worker.Id.ToString(), worker => For(worker, user)));
    }

    private static Task<Results<Ok<WorkerStatus>, Refusal>> PauseAsync(
        Guid id,
        RequestBody<PauseRequest> body,
        ClaimsPrincipal user,
        PauseControl control,
        WorkerReader workers,
        CancellationToken stop
    ) => ChangeAsync(id, user, () => control.PauseWorkerAsync(id, user.Note(body.Value.Reason), stop), workers, stop);

    private static Task<Results<Ok<WorkerStatus>, Refusal>> DrainAsync(
        Guid id,
        RequestBody<PauseRequest> body,
        ClaimsPrincipal user,
        PauseControl control,
        WorkerReader workers,
        CancellationToken stop
    ) => ChangeAsync(id, user, () => control.DrainWorkerAsync(id, user.Note(body.Value.Reason), stop), workers, stop);

    private static Task<Results<Ok<WorkerStatus>, Refusal>> ResumeAsync(
        Guid id,
        ClaimsPrincipal user,
        PauseControl control,
        WorkerReader workers,
        CancellationToken stop
    ) => ChangeAsync(id, user, () => control.ResumeWorkerAsync(id, stop), workers, stop);

    // A change that it has already had is no fault: only one that is not alive allows none.
    private static async Task<Results<Ok<WorkerStatus>, Refusal>> ChangeAsync(
        Guid id,
        ClaimsPrincipal user,
        Func<Task<bool>> change,
        WorkerReader workers,
        CancellationToken stop
    )
    {
        if (await workers.FindAsync(id, stop) is not { } worker)
        {
            return Refusal.NotFound("worker", id.ToString());
        }

        var changed = For(worker, user).Actions.Count > 0 && await change();
        worker = await workers.FindAsync(id, stop) ?? worker;
        return changed
            ? TypedResults.Ok(For(worker, user))
            : new Refusal(ProblemKind.WrongState, $"Worker '{id}' is {worker.Condition.ToSnake()}.");
    }

    private static async Task<Results<Ok<WorkerStatus>, Refusal>> GetAsync(
        Guid id,
        ClaimsPrincipal user,
        WorkerReader workers,
        CancellationToken stop
    ) =>
        await workers.FindAsync(id, stop) is { } worker
            ? TypedResults.Ok(For(worker, user))
            : Refusal.NotFound("worker", id.ToString());

    private static WorkerStatus For(WorkerStatus worker, ClaimsPrincipal user) =>
        worker with
        {
            Actions = AllowedActions.OfWorker(
                user.Caller().Role,
                worker.Alive,
                worker.PausedAt is not null,
                worker.DrainRequestedAt is not null
            ),
        };

    private static RouteHandlerBuilder Changes(RouteHandlerBuilder route) =>
        route
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            );
}
