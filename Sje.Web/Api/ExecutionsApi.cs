using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>Executions: lists, and one with its tasks and attempts.</summary>
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
                    + $"other way round; those other than accepted sort the newest {ExecutionOrder.MostSorted} that match. typical=true also reads typicalDurationMs."
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
        var filter = query.ToFilter(caller).InStates([.. query.AskedStates]);
        var limit = query.LimitOf();
        var found = await executions.ListAsync(filter, order, limit + 1, stop);
        var page = found.ToPage(limit, order.KeyOf, execution => execution);
        var counts = ExecutionCountsView.Of(await executions.CountAsync(filter, stop));
        return TypedResults.Ok(
            new ExecutionPage(
                await pages.ToItemsAsync(page.Items, caller, QueryFlag.Read(query.Typical) == true, stop),
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

    private static bool TryReadOffset(IPaged query, out int offset)
    {
        offset = 0;
        return query.KeyOf() is not { } key
            || int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
    }

    private static Refusal NotFound(Guid id) => Refusal.NotFound("execution", id.ToString());
}
