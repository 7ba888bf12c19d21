using System.Globalization;
using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>A task of an execution; <c>task</c> is its place among the tasks of the grid, from 0.</summary>
internal sealed record JobRunCell(int Task, TaskState State, int Attempt, int Failures, long? DurationMs);

/// <summary>An execution of a job: a row of the grid. A task that it does not have has no cell.</summary>
internal sealed record JobRun(ExecutionItem Execution, IReadOnlyList<JobRunCell> Cells);

/// <summary>Executions of a job, newest first, by tasks. <c>taskCount</c> is how many different tasks these executions have.</summary>
internal sealed record JobRunGrid(
    IReadOnlyList<string> Tasks,
    int TaskOffset,
    int TaskCount,
    IReadOnlyList<JobRun> Runs,
    string? NextCursor
);

internal sealed record JobRunsQuery(
    [FromQuery(Name = "state")] string[]? State,
    [FromQuery(Name = "tasks")] string? Tasks,
    [FromQuery(Name = "taskOffset")] string? TaskOffset,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged
{
    /// <summary>How many tasks side by side at most.</summary>
    public const int MostTasks = 200;

    private const int TasksUnlessAsked = 50;

    public IReadOnlyList<string> AskedStates =>
        [
            .. (State ?? []).SelectMany(text =>
                text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            ),
        ];

    public int TaskCount => Read(Tasks) ?? TasksUnlessAsked;

    public int TasksSkipped => Read(TaskOffset) ?? 0;

    public static int? Read(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}

internal sealed class JobRunsQueryValidator : AbstractValidator<JobRunsQuery>
{
    public JobRunsQueryValidator()
    {
        Include(new PagedValidator());
        RuleFor(q => q.State)
            .Must(
                (query, _) => query.AskedStates.All(name => StateNames.TryParseSnake<ExecutionState>(name, out var _))
            )
            .WithMessage(
                $"The states are {string.Join(", ", Enum.GetValues<ExecutionState>().Select(s => s.ToSnake()))}."
            )
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Tasks)
            .Must(text => text is null || JobRunsQuery.Read(text) is >= 1 and <= JobRunsQuery.MostTasks)
            .WithMessage($"It is a whole number from 1 to {JobRunsQuery.MostTasks}.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.TaskOffset)
            .Must(text => text is null || JobRunsQuery.Read(text) is not null)
            .WithMessage("It is a whole number from 0.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

/// <summary>The executions of a saved job by its tasks: one answer for the whole grid of a job's page.</summary>
internal static class JobRunsApi
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/jobs/{name}/runs", ListAsync)
            .WithTags("Jobs")
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("listJobRuns")
            .WithSummary("Executions of a job, newest first, each with the states of its tasks")
            .WithDescription(
                "tasks and taskOffset choose which of the tasks are shown, limit and cursor which executions."
            );

    private static async Task<Results<Ok<JobRunGrid>, Refusal>> ListAsync(
        string name,
        [AsParameters] JobRunsQuery query,
        ClaimsPrincipal user,
        JobStore jobs,
        ExecutionReader executions,
        ExecutionPages pages,
        RunGridReader grid,
        CancellationToken stop
    )
    {
        Guid? before = null;
        if (query.KeyOf() is { } key)
        {
            if (!Guid.TryParse(key, out var last))
            {
                return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
            }

            before = last;
        }

        if (await jobs.FindAsync(name, null, stop) is null)
        {
            return Refusal.NotFound("job", name);
        }

        var limit = query.LimitOf();
        var filter = new ExecutionFilter
        {
            Tenant = user.Caller().Scope,
            Job = name,
            States = [.. query.AskedStates.Select(StateNames.ParseSnake<ExecutionState>)],
        };
        var found = await executions.ListAsync(filter, before, limit + 1, stop);
        var shown = found.Take(limit).ToList();
        Guid[] ids = [.. shown.Select(execution => execution.Id)];
        var columns = await grid.FindColumnsAsync(ids, query.TasksSkipped, query.TaskCount, stop);
        var cells = (await grid.ListCellsAsync(ids, columns.Names, stop)).ToLookup(cell => cell.ExecutionId);
        var places = columns.Names.Index().ToDictionary(column => column.Item, column => column.Index);
        var items = await pages.ToItemsAsync(shown, user.Caller(), withTypical: false, stop);
        return TypedResults.Ok(
            new JobRunGrid(
                columns.Names,
                query.TasksSkipped,
                columns.Count,
                [
                    .. items.Select(item => new JobRun(
                        item,
                        [.. cells[item.Id].Select(cell => ToView(cell, places[cell.Task])).OrderBy(cell => cell.Task)]
                    )),
                ],
                found.Count > limit ? Paging.Encode(shown[^1].Id.ToString()) : null
            )
        );
    }

    private static JobRunCell ToView(RunGridCell cell, int place) =>
        new(
            place,
            cell.State,
            cell.Attempt,
            cell.Failures,
            cell is { StartedAt: { } start, FinishedAt: { } end } ? (long)(end - start).TotalMilliseconds : null
        );
}
