using System.Security.Claims;
using System.Text.Json.Nodes;
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

internal sealed record CancelRequest
{
    public string? Reason { get; init; }
}

internal sealed class CancelRequestValidator : AbstractValidator<CancelRequest>
{
    public CancelRequestValidator() => RuleFor(r => r.Reason).MaximumLength(1000);
}

/// <summary>Values to change; the others stay as they were.</summary>
internal sealed record RerunRequest
{
    public JsonObject? Parameters { get; init; }
}

internal sealed class RerunRequestValidator : AbstractValidator<RerunRequest>;

/// <summary>Where what waits of an execution is to stand; what is missing stays as it is.</summary>
internal sealed record MoveRequest
{
    /// <summary>low, normal, high, urgent, critical, or a number from -100 to 100.</summary>
    public JsonNode? Priority { get; init; }

    /// <summary>A queue of the same lane.</summary>
    public string? Queue { get; init; }

    internal int? PriorityValue => ReadPriority(Priority);

    internal static int? ReadPriority(JsonNode? node) =>
        node is not JsonValue value ? null
        : value.TryGetValue<int>(out var number) && number is >= -100 and <= 100 ? number
        : value.TryGetValue<string>(out var word) && Priorities.TryParse(word, out var named) ? named
        : null;
}

internal sealed class MoveRequestValidator : AbstractValidator<MoveRequest>
{
    public MoveRequestValidator()
    {
        RuleFor(r => r.Priority)
            .Must(priority => priority is null || MoveRequest.ReadPriority(priority) is not null)
            .WithMessage($"Write {string.Join(", ", Priorities.Words)} or a number from -100 to 100.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(r => r.Queue)
            .Must(queue => queue is null || NameRules.IsQueue(queue))
            .WithMessage("A queue has 1 to 50 characters of a-z, 0-9, _ and -.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(r => r)
            .Must(r => r.Priority is not null || r.Queue is not null)
            .WithMessage("Give 'priority', 'queue' or both.")
            .WithErrorCode(FaultCodes.Required);
    }
}

/// <summary>The state after a change, or while it is under way.</summary>
internal sealed record ExecutionChanged(Guid Id, ExecutionState State, DateTimeOffset? CancelRequestedAt);

internal sealed record SkipRequest
{
    public string? Reason { get; init; }
}

internal sealed class SkipRequestValidator : AbstractValidator<SkipRequest>
{
    public SkipRequestValidator() => RuleFor(r => r.Reason).MaximumLength(1000);
}

/// <summary>Which tasks are to run again; without any those that ended without success.</summary>
internal sealed record RetryRequest
{
    /// <summary>One task, by its name, and with it all that depends on it.</summary>
    public string? Task { get; init; }

    /// <summary>Several of them.</summary>
    public IReadOnlyList<string>? Tasks { get; init; }

    internal IReadOnlyList<string> Names => Tasks ?? (Task is null ? [] : [Task]);
}

internal sealed class RetryRequestValidator : AbstractValidator<RetryRequest>
{
    public RetryRequestValidator()
    {
        RuleFor(r => r.Task)
            .Must((request, task) => task is null || request.Tasks is null)
            .WithMessage("Give 'task' or 'tasks'.")
            .WithErrorCode(FaultCodes.Conflict);
        RuleFor(r => r.Tasks)
            .Must(tasks => tasks is null || (tasks.Count > 0 && tasks.All(name => !string.IsNullOrEmpty(name))))
            .WithMessage("Name one task or more.")
            .WithErrorCode(FaultCodes.Required);
    }
}

/// <summary>What can be done to one execution.</summary>
internal static class ExecutionChangesApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/executions").WithTags("Executions");
        group
            .MapPatch("/{id:guid}", MoveAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("moveExecution")
            .WithSummary("Another priority or another queue of the same lane for what waits of it");
        group
            .MapPost("/{id:guid}/cancel", CancelAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("cancelExecution")
            .WithSummary("Cancel: waiting tasks at once, running ones when they have stopped");
        group
            .MapPost("/{id:guid}/tasks/{task}/skip", SkipAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("skipExecutionTask")
            .WithSummary("Skip a task that waits, and with it what depends on it");
        group
            .MapPost("/{id:guid}/retry", RetryAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.WrongState,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("retryExecution")
            .WithSummary(
                "New attempts in the same execution for the tasks that did not succeed, or for some and what depends on them"
            );
        group
            .MapPost("/{id:guid}/rerun", RerunAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.QueueFull
            )
            .WithName("rerunExecution")
            .WithSummary("A new execution of the same job text; parameters may change");
    }

    private static async Task<Results<Accepted<ExecutionChanged>, Refusal>> CancelAsync(
        Guid id,
        RequestBody<CancelRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (await executions.FindAsync(id, caller.Scope, stop) is not { } execution)
        {
            return NotFound(id);
        }

        var allowed = await pages.ActionsOfAsync(execution, caller, stop);
        return ToAnswer(
            id,
            allowed.Contains(ObjectAction.Cancel)
                ? await control.CancelAsync(id, body.Value.Reason ?? $"cancelled by {caller.Name}", stop)
                : new WrongState(execution.State),
            "cancelled"
        );
    }

    private static async Task<Results<Accepted<ExecutionChanged>, Refusal>> MoveAsync(
        Guid id,
        RequestBody<MoveRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (await executions.FindAsync(id, caller.Scope, stop) is not { } execution)
        {
            return NotFound(id);
        }

        var allowed = await pages.ActionsOfAsync(execution, caller, stop);
        var result = allowed.Contains(ObjectAction.Move)
            ? await control.MoveAsync(id, body.Value.PriorityValue, body.Value.Queue, caller.Name, stop)
            : new WrongState(execution.State);
        return result is WrongState { State: var state } && !state.IsFinal()
            ? new Refusal(
                ProblemKind.WrongState,
                $"Nothing of execution '{id}' waits that could be moved so: it runs, or the queue is of another lane."
            )
            : ToAnswer(id, result, "moved");
    }

    private static async Task<Results<Accepted<ExecutionChanged>, Refusal>> SkipAsync(
        Guid id,
        string task,
        RequestBody<SkipRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (await executions.FindAsync(id, caller.Scope, stop) is null)
        {
            return NotFound(id);
        }

        var reason = body.Value.Reason ?? $"skipped by {caller.Name}";
        return await control.SkipAsync(id, task, reason, caller.Name, stop) switch
        {
            NoSuchTask => Refusal.NotFound("task", task),
            WrongTaskState { State: TaskState.Running } => new Refusal(
                ProblemKind.WrongState,
                $"Task '{task}' of execution '{id}' is running; only one that waits can be skipped."
            ),
            WrongTaskState { State: var state } => new Refusal(
                ProblemKind.WrongState,
                $"Task '{task}' of execution '{id}' is {state.ToSnake()} and cannot be skipped."
            ),
            var result => ToAnswer(id, result, "skipped"),
        };
    }

    private static async Task<Results<Accepted<ExecutionChanged>, Refusal>> RetryAsync(
        Guid id,
        RequestBody<RetryRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (await executions.FindAsync(id, caller.Scope, stop) is not { } execution)
        {
            return NotFound(id);
        }

        var names = body.Value.Names;
        return await (
            names.Count > 0 ? control.RepairAsync(id, names, caller.Name, stop)
            : (await pages.ActionsOfAsync(execution, caller, stop)).Contains(ObjectAction.Retry)
                ? control.RetryAsync(id, caller.Name, stop)
            : Task.FromResult<ControlResult>(new WrongState(execution.State))
        ) switch
        {
            NoSuchTask { Task: var task } => Refusal.NotFound("task", task),
            TasksRefused { Why: var why } => new Refusal(ProblemKind.WrongState, $"Of execution '{id}' {why}."),
            var result => ToAnswer(id, result, "retried"),
        };
    }

    private static async Task<Results<Accepted<TaskAccepted>, Ok<TaskAccepted>, Refusal>> RerunAsync(
        Guid id,
        RequestBody<RerunRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        JobReader reader,
        ExecutionIntake intake,
        CancellationToken stop
    )
    {
        if (
            await executions.FindAsync(id, user.Caller().Scope, stop) is not { } execution
            || await executions.FindTextAsync(id, stop) is not { } text
        )
        {
            return NotFound(id);
        }

        var prepared = JobSubmission.OfRerun(
            execution,
            text,
            reader.Read(text.Spec, options: JobReadOptions.Stored),
            body.Value.Parameters,
            user.Caller()
        );
        return prepared.Submission is { } submission
            ? TasksApi.ToAnswer(await intake.AcceptOneAsync(submission, stop))
            : prepared.Refusal!; // One of the two is there.
    }

    private static Results<Accepted<ExecutionChanged>, Refusal> ToAnswer(Guid id, ControlResult result, string what) =>
        result switch
        {
            ChangeMade done => TypedResults.Accepted(
                $"/api/v1/executions/{id}",
                new ExecutionChanged(id, done.State, done.CancelRequestedAt)
            ),
            WrongState wrong => new Refusal(
                ProblemKind.WrongState,
                $"Execution '{id}' is {wrong.State.ToSnake()} and cannot be {what}."
            ),
            _ => NotFound(id),
        };

    private static Refusal NotFound(Guid id) => Refusal.NotFound("execution", id.ToString());
}
