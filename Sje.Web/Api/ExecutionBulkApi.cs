using System.Security.Claims;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Jobs;
using Sje.Jobs.Operations;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>Which executions are to be changed: those that are named, or those that meet all that is given.</summary>
internal abstract record ExecutionBulkRequest : BulkRequest
{
    /// <summary>Those that are meant, up to 10,000; then nothing else says which.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }

    /// <summary>Any of these states; retrying is one, as in the list.</summary>
    public IReadOnlyList<string>? State { get; init; }

    /// <summary>The name of the schedule that started them.</summary>
    public string? Schedule { get; init; }

    /// <summary>One of the tags.</summary>
    public string? Tag { get; init; }

    /// <summary>Only says how many would be changed.</summary>
    public bool? DryRun { get; init; }

    internal override bool HasFilter =>
        base.HasFilter || State is { Count: > 0 } || Schedule is not null || Tag is not null;

    internal override bool NamesSome => Ids is not null;

    internal ExecutionSelection Selection =>
        new()
        {
            Ids = Ids,
            Filter = new ExecutionFilter
            {
                Schedule = Schedule,
                Job = Job,
                Queue = Queue,
                Tag = Tag,
                Text = Q,
                Since = RequestInstant.Read(Since),
                Until = RequestInstant.Read(Until),
            }.InStates([.. State ?? []]),
        };

    internal abstract ExecutionChange Change { get; }
}

internal abstract class ExecutionBulkValidator<TRequest> : BulkValidator<TRequest>
    where TRequest : ExecutionBulkRequest
{
    protected ExecutionBulkValidator()
    {
        RuleFor(r => r.Ids)
            .Must(ids => ids is null or { Count: > 0 and <= ExecutionSelection.MaxIds })
            .WithMessage($"Name 1 to {ExecutionSelection.MaxIds:N0} executions.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(r => r.Ids)
            .Must((request, ids) => ids is null || (!request.HasFilter && request.All != true))
            .WithMessage("They do not go with a filter.")
            .WithErrorCode(FaultCodes.Conflict);
        RuleFor(r => r.State)
            .Must(states => ExecutionStateWords.AreKnown(states ?? []))
            .WithMessage(ExecutionStateWords.Known)
            .WithErrorCode(FaultCodes.InvalidValue);
        MustSayWhich("executions");
    }
}

/// <summary>Which executions are to be cancelled, and why.</summary>
internal sealed record CancelExecutionsRequest : ExecutionBulkRequest
{
    /// <summary>Stands with each of them.</summary>
    public string? Reason { get; init; }

    internal override ExecutionChange Change => new() { Reason = Reason };
}

internal sealed class CancelExecutionsRequestValidator : ExecutionBulkValidator<CancelExecutionsRequest>
{
    public CancelExecutionsRequestValidator() => RuleFor(r => r.Reason).MaximumLength(1000);
}

/// <summary>Which executions are to be taken up again.</summary>
internal sealed record RetryExecutionsRequest : ExecutionBulkRequest
{
    internal override ExecutionChange Change => new();
}

internal sealed class RetryExecutionsRequestValidator : ExecutionBulkValidator<RetryExecutionsRequest>;

/// <summary>Which executions get another priority.</summary>
internal sealed record PrioritizeExecutionsRequest : ExecutionBulkRequest
{
    /// <summary>low, normal, high, urgent, critical, or a number from -100 to 100.</summary>
    public JsonNode? Priority { get; init; }

    internal override ExecutionChange Change => new() { Priority = MoveRequest.ReadPriority(Priority) };
}

internal sealed class PrioritizeExecutionsRequestValidator : ExecutionBulkValidator<PrioritizeExecutionsRequest>
{
    public PrioritizeExecutionsRequestValidator() =>
        RuleFor(r => r.Priority)
            .Must(priority => MoveRequest.ReadPriority(priority) is not null)
            .WithMessage($"Write {string.Join(", ", Priorities.Words)} or a number from -100 to 100.")
            .WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>Which executions go to another queue.</summary>
internal sealed record MoveExecutionsRequest : ExecutionBulkRequest
{
    /// <summary>A queue of the same lane.</summary>
    public string? ToQueue { get; init; }

    internal override ExecutionChange Change => new() { Queue = ToQueue };
}

internal sealed class MoveExecutionsRequestValidator : ExecutionBulkValidator<MoveExecutionsRequest>
{
    public MoveExecutionsRequestValidator() =>
        RuleFor(r => r.ToQueue)
            .Must(queue => queue is not null && NameRules.IsQueue(queue))
            .WithMessage("A queue has 1 to 50 characters of a-z, 0-9, _ and -.")
            .WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>How many executions would be changed.</summary>
internal sealed record ExecutionsMatched(long Matched);

/// <summary>Changes of many executions, each begun by one request and worked off by the servers and workers.</summary>
internal static class ExecutionBulkApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        Begins(routes.MapPost("/api/v1/executions:cancel", CancelAsync))
            .WithName("cancelExecutions")
            .WithSummary("Begin to cancel all that match and have not ended");
        Begins(routes.MapPost("/api/v1/executions:retry", RetryAsync))
            .WithName("retryExecutions")
            .WithSummary("Begin to take up all that match and ended without success");
        Begins(routes.MapPost("/api/v1/executions:prioritize", PrioritizeAsync))
            .WithName("prioritizeExecutions")
            .WithSummary("Begin to give what waits of all that match another priority");
        Begins(routes.MapPost("/api/v1/executions:move", MoveAsync))
            .WithName("moveExecutions")
            .WithSummary("Begin to move what waits of all that match to another queue of the same lane");
    }

    private static Task<Results<Accepted<OperationView>, Ok<ExecutionsMatched>>> CancelAsync(
        RequestBody<CancelExecutionsRequest> body,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) => BeginAsync(OperationKind.Cancel, body.Value, user, operations, stop);

    private static Task<Results<Accepted<OperationView>, Ok<ExecutionsMatched>>> RetryAsync(
        RequestBody<RetryExecutionsRequest> body,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) => BeginAsync(OperationKind.Retry, body.Value, user, operations, stop);

    private static Task<Results<Accepted<OperationView>, Ok<ExecutionsMatched>>> PrioritizeAsync(
        RequestBody<PrioritizeExecutionsRequest> body,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) => BeginAsync(OperationKind.Prioritize, body.Value, user, operations, stop);

    private static Task<Results<Accepted<OperationView>, Ok<ExecutionsMatched>>> MoveAsync(
        RequestBody<MoveExecutionsRequest> body,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) => BeginAsync(OperationKind.Move, body.Value, user, operations, stop);

    private static async Task<Results<Accepted<OperationView>, Ok<ExecutionsMatched>>> BeginAsync(
        OperationKind kind,
        ExecutionBulkRequest request,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (request.DryRun == true)
        {
            return TypedResults.Ok(
                new ExecutionsMatched(await operations.CountAsync(kind, request.Selection, caller.Scope, stop))
            );
        }

        var begun = await operations.BeginAsync(
            kind,
            request.Selection,
            request.Change,
            caller.Scope,
            caller.Name,
            stop
        );
        return TypedResults.Accepted($"/api/v1/operations/{begun.Id}", OperationView.Of(begun, caller));
    }

    private static RouteHandlerBuilder Begins(RouteHandlerBuilder route) =>
        route
            .WithTags("Executions")
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithDescription(
                "The servers work it off, also after a restart: Location is the operation. Only what is there now is touched. With 'ids' each is accounted for; "
                    + "a filter means those of its executions that can be changed so, and without any 'all' must say so. 'dryRun' begins nothing and says how many."
            );
}
