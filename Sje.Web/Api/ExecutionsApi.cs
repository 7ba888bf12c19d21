using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
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

/// <summary>A page of executions. Counts are by state, under the same filters but the state; none goes beyond <c>countsUpTo</c>.</summary>
internal sealed record ExecutionPage(
    IReadOnlyList<ExecutionItem> Items,
    string? NextCursor,
    IReadOnlyDictionary<string, int> Counts,
    int CountsUpTo
);

internal sealed record ExecutionListQuery(
    [FromQuery(Name = "state")] string[]? State,
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "since")] string? Since,
    [FromQuery(Name = "until")] string? Until,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged
{
    public IEnumerable<string> AskedStates =>
        (State ?? []).SelectMany(text =>
            text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        );

    private static readonly string[] InstantForms =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    public static bool TryReadInstant(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParseExact(
            text,
            InstantForms,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out instant
        );
}

internal sealed class ExecutionListQueryValidator : AbstractValidator<ExecutionListQuery>
{
    public ExecutionListQueryValidator()
    {
        Include(new PagedValidator());
        RuleFor(q => q.State)
            .Must(
                (query, given) => query.AskedStates.All(name => StateNames.TryParseSnake<ExecutionState>(name, out _))
            )
            .WithMessage(
                $"The states are {string.Join(", ", Enum.GetValues<ExecutionState>().Select(s => s.ToSnake()))}."
            )
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Since).MustBeInstant();
        RuleFor(q => q.Until).MustBeInstant();
        RuleFor(q => q.Text).MaximumLength(200);
    }
}

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

internal sealed record AttemptListQuery(
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged;

internal sealed class AttemptListQueryValidator : AbstractValidator<AttemptListQuery>
{
    public AttemptListQueryValidator() => Include(new PagedValidator());
}

/// <summary>Executions: lists, one with its tasks and attempts, and what can be done to it.</summary>
internal static class ExecutionsApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/executions").WithTags("Executions");
        group
            .MapGet("", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listExecutions")
            .WithSummary("Executions, newest first, with counts by state")
            .WithDescription(
                "state may repeat or be a comma list; job is the exact name; q finds part of a name or label, or an id."
            );
        group
            .MapGet("/{id:guid}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getExecution")
            .WithSummary("One execution");
        group
            .MapGet("/{id:guid}/tasks", ListTasksAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("listExecutionTasks")
            .WithSummary("Its tasks, in the order of the job");
        group
            .MapGet("/{id:guid}/attempts", ListAttemptsAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("listExecutionAttempts")
            .WithSummary("Its attempts, newest first");
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
            .WithSummary("New attempts in the same execution for the tasks that did not succeed, or for some and what depends on them");
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

    private static async Task<Results<Ok<ExecutionPage>, Refusal>> ListAsync(
        [AsParameters] ExecutionListQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
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

        var filter = new ExecutionFilter
        {
            Tenant = user.Caller().Scope,
            States = [.. query.AskedStates.Select(StateNames.ParseSnake<ExecutionState>)],
            Job = query.Job,
            Queue = query.Queue,
            Tag = query.Tag,
            Text = query.Text,
            Since = ExecutionListQuery.TryReadInstant(query.Since, out var since) ? since : null,
            Until = ExecutionListQuery.TryReadInstant(query.Until, out var until) ? until : null,
        };
        var limit = query.LimitOf();
        var found = await executions.ListAsync(filter, before, limit + 1, stop);
        var items = await pages.ToItemsAsync(found, stop);
        var page = items.ToPage(limit, item => item.Id.ToString(), item => item);
        var counts = await executions.CountAsync(filter, stop);
        return TypedResults.Ok(
            new ExecutionPage(
                page.Items,
                page.NextCursor,
                counts.ToDictionary(c => c.Key.ToSnake(), c => c.Value),
                ExecutionReader.MaxCount
            )
        );
    }

    private static async Task<Results<Ok<ExecutionDetail>, Refusal>> GetAsync(
        Guid id,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
        CancellationToken stop
    ) =>
        await executions.FindAsync(id, user.Caller().Scope, stop) is { } execution
        && await pages.ToDetailAsync(execution, stop) is { } detail
            ? TypedResults.Ok(detail)
            : NotFound(id);

    private static async Task<Results<Ok<Page<TaskItem>>, Refusal>> ListTasksAsync(
        Guid id,
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        TaskReader tasks,
        ExecutionPages pages,
        CancellationToken stop
    )
    {
        if (!TryReadOffset(query, out var from))
        {
            return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
        }

        if (await executions.FindAsync(id, user.Caller().Scope, stop) is null)
        {
            return NotFound(id);
        }

        var limit = query.LimitOf();
        var found = await tasks.ListAsync(id, from, limit + 1, stop);
        return TypedResults.Ok(
            (await pages.ToItemsAsync(id, found, stop)).ToPage(
                limit,
                item => (item.Ordinal + 1).ToString(CultureInfo.InvariantCulture),
                item => item
            )
        );
    }

    private static async Task<Results<Ok<Page<AttemptDetail>>, Refusal>> ListAttemptsAsync(
        Guid id,
        [AsParameters] AttemptListQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        TaskReader tasks,
        CancellationToken stop
    )
    {
        if (!TryReadOffset(query, out var skip))
        {
            return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
        }

        if (await executions.FindAsync(id, user.Caller().Scope, stop) is null)
        {
            return NotFound(id);
        }

        var limit = query.LimitOf();
        var found = await tasks.ListAttemptsAsync(id, query.Task, skip, limit + 1, stop);
        return TypedResults.Ok(
            found.ToPage(limit, _ => (skip + limit).ToString(CultureInfo.InvariantCulture), attempt => attempt)
        );
    }

    private static async Task<Results<Accepted<ExecutionChanged>, Refusal>> CancelAsync(
        Guid id,
        RequestBody<CancelRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        return await executions.FindAsync(id, caller.Scope, stop) is null
            ? NotFound(id)
            : ToAnswer(
                id,
                await control.CancelAsync(id, body.Value.Reason ?? $"cancelled by {caller.Name}", stop),
                "cancelled"
            );
    }

    private static async Task<Results<Accepted<ExecutionChanged>, Refusal>> MoveAsync(
        Guid id,
        RequestBody<MoveRequest> body,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        return await executions.FindAsync(id, caller.Scope, stop) is null
            ? NotFound(id)
            : await control.MoveAsync(id, body.Value.PriorityValue, body.Value.Queue, caller.Name, stop) switch
            {
                WrongState { State: var state } when !state.IsFinal() => new Refusal(
                    ProblemKind.WrongState,
                    $"Nothing of execution '{id}' waits that could be moved so: it runs, or the queue is of another lane."
                ),
                var result => ToAnswer(id, result, "moved"),
            };
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
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (await executions.FindAsync(id, caller.Scope, stop) is null)
        {
            return NotFound(id);
        }

        var names = body.Value.Names;
        return
            await (
                names.Count == 0
                    ? control.RetryAsync(id, caller.Name, stop)
                    : control.RepairAsync(id, names, caller.Name, stop)
            ) switch
            {
                NoSuchTask { Task: var task } => Refusal.NotFound("task", task),
                TasksRefused { Why: var why } => new Refusal(
                    ProblemKind.WrongState,
                    $"Of execution '{id}' {why}."
                ),
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

    private static bool TryReadOffset(IPaged query, out int offset)
    {
        offset = 0;
        return query.KeyOf() is not { } key
            || int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    private static Refusal NotFound(Guid id) => Refusal.NotFound("execution", id.ToString());
}
