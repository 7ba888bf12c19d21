using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
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

/// <summary>
/// A page of executions. Counts are by state, under the same filters but the state; none goes beyond <c>countsUpTo</c>. <c>retrying</c> among them
/// counts some of the queued and running ones again.
/// </summary>
internal sealed record ExecutionPage(
    IReadOnlyList<ExecutionItem> Items,
    string? NextCursor,
    IReadOnlyDictionary<string, int> Counts,
    int CountsUpTo
);

/// <summary>How many there are by state, under a filter; none goes beyond <c>countsUpTo</c>. <c>retrying</c> counts some of the queued and running ones again.</summary>
internal sealed record ExecutionCountsView(IReadOnlyDictionary<string, int> Counts, int CountsUpTo)
{
    public static ExecutionCountsView Of(ExecutionCounts counts)
    {
        var named = counts.States.ToDictionary(c => c.Key.ToSnake(), c => c.Value);
        named[ExecutionListQuery.RetryingState] = counts.Retrying;
        return new ExecutionCountsView(named, ExecutionReader.MaxCount);
    }
}

internal sealed record ExecutionListQuery(
    [FromQuery(Name = "state")] string[]? State,
    [FromQuery(Name = "id")] string[]? Id,
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "schedule")] string? Schedule,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "since")] string? Since,
    [FromQuery(Name = "until")] string? Until,
    [FromQuery(Name = "sort")] string? Sort,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged, IExecutionFilter
{
    /// <summary>No state of its own, but asked for like one.</summary>
    public const string RetryingState = "retrying";

    public static readonly IReadOnlyDictionary<string, (ExecutionSort Sort, bool Descending)> Orders =
        Enum.GetValues<ExecutionSort>()
            .SelectMany(sort => new[] { (sort, false), (sort, true) })
            .ToDictionary(order => $"{(order.Item2 ? "-" : "")}{order.sort.ToSnake()}");

    public IEnumerable<string> AskedStates => Listed(State);

    public static IEnumerable<string> Listed(string[]? given) =>
        (given ?? []).SelectMany(text =>
            text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        );

    /// <summary>The order asked for, from the cursor on; null when the cursor is none of it.</summary>
    public ExecutionOrder? OrderAt(DateTimeOffset now)
    {
        var (sort, descending) = Orders[Sort ?? "-accepted"];
        var order = new ExecutionOrder(sort, descending, now);
        return this.KeyOf() is { } key ? order.From(key) : order;
    }

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
        Include(new ExecutionFilterValidator());
        RuleFor(q => q.State)
            .Must(
                (query, given) =>
                    query.AskedStates.All(name =>
                        name == ExecutionListQuery.RetryingState
                        || StateNames.TryParseSnake<ExecutionState>(name, out _)
                    )
            )
            .WithMessage(
                $"The states are {string.Join(", ", Enum.GetValues<ExecutionState>().Select(s => s.ToSnake()))} and {ExecutionListQuery.RetryingState}."
            )
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Sort)
            .Must(sort => sort is null || ExecutionListQuery.Orders.ContainsKey(sort))
            .WithMessage($"The orders are {string.Join(", ", ExecutionListQuery.Orders.Keys)}.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

/// <summary>The parameters that say which executions are meant.</summary>
internal interface IExecutionFilter : IQueryParameters
{
    string[]? Id { get; }

    string? Job { get; }

    string? Schedule { get; }

    string? Queue { get; }

    string? Tag { get; }

    string? Text { get; }

    string? Since { get; }

    string? Until { get; }
}

internal sealed class ExecutionFilterValidator : AbstractValidator<IExecutionFilter>
{
    private const int MostIds = 1000;

    public ExecutionFilterValidator()
    {
        RuleFor(q => q.Id)
            .Must(given => ExecutionListQuery.Listed(given).All(id => Guid.TryParseExact(id, "D", out _)))
            .WithMessage("An id looks like 01234567-89ab-7cde-8f01-23456789abcd.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Id)
            .Must(given => ExecutionListQuery.Listed(given).Count() <= MostIds)
            .WithMessage($"At most {MostIds} ids are asked for at once.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(q => q.Since).MustBeInstant();
        RuleFor(q => q.Until).MustBeInstant();
        RuleFor(q => q.Text).MaximumLength(200);
    }
}

internal static class ExecutionFilters
{
    /// <summary>What the parameters mean, for a caller.</summary>
    public static ExecutionFilter ToFilter(this IExecutionFilter query, Caller caller) =>
        new()
        {
            Tenant = caller.Scope,
            Ids = query.Id is null or []
                ? null
                : [.. ExecutionListQuery.Listed(query.Id).Select(id => Guid.ParseExact(id, "D"))],
            Job = query.Job,
            Schedule = query.Schedule,
            Queue = query.Queue,
            Tag = query.Tag,
            Text = query.Text,
            Since = ExecutionListQuery.TryReadInstant(query.Since, out var since) ? since : null,
            Until = ExecutionListQuery.TryReadInstant(query.Until, out var until) ? until : null,
        };
}

/// <summary>Which executions are counted.</summary>
internal sealed record ExecutionCountQuery(
    [FromQuery(Name = "id")] string[]? Id,
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "schedule")] string? Schedule,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "since")] string? Since,
    [FromQuery(Name = "until")] string? Until
) : IExecutionFilter;

internal sealed class ExecutionCountQueryValidator : AbstractValidator<ExecutionCountQuery>
{
    public ExecutionCountQueryValidator() => Include(new ExecutionFilterValidator());
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
                "state may repeat or be a comma list, and retrying is one: those of which a task tries again; so also id. job and schedule are exact names; "
                    + "q finds part of a name or label, or an id. sort is accepted, started, finished, duration, name or priority, with - before it the "
                    + $"other way round; those other than accepted sort the newest {ExecutionOrder.MostSorted} that match."
            );
        group
            .MapGet("/counts", CountAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("countExecutions")
            .WithSummary("How many there are in each state, by one statement")
            .WithDescription("The filters of the list, but the state.");
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

    private static async Task<Results<Ok<ExecutionPage>, Refusal>> ListAsync(
        [AsParameters] ExecutionListQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
        TimeProvider time,
        CancellationToken stop
    )
    {
        if (query.OrderAt(time.GetUtcNow()) is not { } order)
        {
            return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
        }

        var caller = user.Caller();
        var filter = query.ToFilter(caller) with
        {
            States =
            [
                .. query
                    .AskedStates.Where(name => name != ExecutionListQuery.RetryingState)
                    .Select(StateNames.ParseSnake<ExecutionState>),
            ],
            Retrying = query.AskedStates.Contains(ExecutionListQuery.RetryingState),
        };
        var limit = query.LimitOf();
        var found = await executions.ListAsync(filter, order, limit + 1, stop);
        var page = found.ToPage(limit, order.KeyOf, execution => execution);
        var counts = ExecutionCountsView.Of(await executions.CountAsync(filter, stop));
        return TypedResults.Ok(
            new ExecutionPage(
                await pages.ToItemsAsync(page.Items, caller, stop),
                page.NextCursor,
                counts.Counts,
                counts.CountsUpTo
            )
        );
    }

    private static async Task<Ok<ExecutionCountsView>> CountAsync(
        [AsParameters] ExecutionCountQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        CancellationToken stop
    ) => TypedResults.Ok(ExecutionCountsView.Of(await executions.CountAsync(query.ToFilter(user.Caller()), stop)));

    private static async Task<Results<Ok<ExecutionDetail>, Refusal>> GetAsync(
        Guid id,
        ClaimsPrincipal user,
        ExecutionReader executions,
        ExecutionPages pages,
        CancellationToken stop
    ) =>
        await executions.FindAsync(id, user.Caller().Scope, stop) is { } execution
        && await pages.ToDetailAsync(execution, user.Caller(), stop) is { } detail
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
            (await pages.ToItemsAsync(id, found, user.Caller(), stop)).ToPage(
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

    private static bool TryReadOffset(IPaged query, out int offset)
    {
        offset = 0;
        return query.KeyOf() is not { } key
            || int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    private static Refusal NotFound(Guid id) => Refusal.NotFound("execution", id.ToString());
}
