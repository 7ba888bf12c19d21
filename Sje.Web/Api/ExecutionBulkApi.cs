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
internal abstract record ExecutionBulkRequest
{
    /// <summary>Those that are meant, up to 10,000; then nothing else says which.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }

    /// <summary>Any of these states; retrying is one, as in the list.</summary>
    public IReadOnlyList<string>? State { get; init; }

    /// <summary>The name of the schedule that started them.</summary>
    public string? Schedule { get; init; }

    /// <summary>The exact name of the job.</summary>
    public string? Job { get; init; }

    /// <summary>The exact queue.</summary>
    public string? Queue { get; init; }

    /// <summary>One of the tags.</summary>
    public string? Tag { get; init; }

    /// <summary>Part of the name or label, or an id.</summary>
    public string? Q { get; init; }

    /// <summary>Accepted at this instant or later.</summary>
    public string? Since { get; init; }

    /// <summary>Accepted before this instant.</summary>
    public string? Until { get; init; }

    /// <summary>Says that all are meant, where nothing else is given.</summary>
    public bool? All { get; init; }

    /// <summary>Only says how many would be changed.</summary>
    public bool? DryRun { get; init; }

    internal bool HasFilter =>
        State is { Count: > 0 }
        || Job is not null
        || Schedule is not null
        || Queue is not null
        || Tag is not null
        || Q is not null
        || Since is not null
        || Until is not null;

    internal ExecutionSelection Selection =>
        new()
        {
            Ids = Ids,
            Filter = new ExecutionFilter
            {
                States =
                [
                    .. (State ?? [])
                        .Where(name => name != ExecutionListQuery.RetryingState)
                        .Select(StateNames.ParseSnake<ExecutionState>),
                ],
                Retrying = State?.Contains(ExecutionListQuery.RetryingState) == true,
                Schedule = Schedule,
                Job = Job,
                Queue = Queue,
                Tag = Tag,
                Text = Q,
                Since = ExecutionListQuery.TryReadInstant(Since, out var since) ? since : null,
                Until = ExecutionListQuery.TryReadInstant(Until, out var until) ? until : null,
            },
        };

    internal abstract ExecutionChange Change { get; }
}

internal abstract class ExecutionBulkValidator<TRequest> : AbstractValidator<TRequest>
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
            .Must(states =>
                (states ?? []).All(name =>
                    name == ExecutionListQuery.RetryingState || StateNames.TryParseSnake<ExecutionState>(name, out _)
                )
            )
            .WithMessage(
                $"The states are {string.Join(", ", Enum.GetValues<ExecutionState>().Select(s => s.ToSnake()))} and {ExecutionListQuery.RetryingState}."
            )
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(r => r.Since).MustBeInstant();
        RuleFor(r => r.Until).MustBeInstant();
        RuleFor(r => r.Q).MaximumLength(200);
        RuleFor(r => r.All)
            .Must((request, all) => all == true || request.HasFilter || request.Ids is not null)
            .WithMessage("Say which executions are meant, or 'all': true for all of them.")
            .WithErrorCode(FaultCodes.Required);
        RuleFor(r => r.All)
            .Must((request, all) => all != true || !request.HasFilter)
            .WithMessage("It does not go with a filter.")
            .WithErrorCode(FaultCodes.Conflict);
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
