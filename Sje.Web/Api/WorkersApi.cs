using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
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
        group
            .MapPost("/{id:guid}/pause", PauseAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("pauseWorker")
            .WithSummary("Let it claim nothing until it is resumed or started again; what it runs goes on");
        group
            .MapPost("/{id:guid}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("resumeWorker")
            .WithSummary("End a pause");
    }

    internal static async Task<Results<Ok<Page<WorkerStatus>>, Refusal>> ListAsync(
        [AsParameters] WorkerListQuery query,
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
        return TypedResults.Ok(found.ToPage(limit, worker => worker.Id.ToString(), worker => worker));
    }

    private static async Task<Results<Ok<WorkerStatus>, Refusal>> PauseAsync(
        Guid id,
        PauseControl control,
        WorkerReader workers,
        CancellationToken stop
    ) => await AnswerAsync(id, await control.PauseWorkerAsync(id, stop), workers, stop);

    private static async Task<Results<Ok<WorkerStatus>, Refusal>> ResumeAsync(
        Guid id,
        PauseControl control,
        WorkerReader workers,
        CancellationToken stop
    ) => await AnswerAsync(id, await control.ResumeWorkerAsync(id, stop), workers, stop);

    private static async Task<Results<Ok<WorkerStatus>, Refusal>> AnswerAsync(
        Guid id,
        bool changed,
        WorkerReader workers,
        CancellationToken stop
    ) =>
        await workers.FindAsync(id, stop) is not { } worker ? Refusal.NotFound("worker", id.ToString())
        : changed ? TypedResults.Ok(worker)
        : new Refusal(ProblemKind.WrongState, $"Worker '{id}' is {worker.State}.");

    private static async Task<Results<Ok<WorkerStatus>, Refusal>> GetAsync(
        Guid id,
        WorkerReader workers,
        CancellationToken stop
    ) =>
        await workers.FindAsync(id, stop) is { } worker
            ? TypedResults.Ok(worker)
            : Refusal.NotFound("worker", id.ToString());
}
