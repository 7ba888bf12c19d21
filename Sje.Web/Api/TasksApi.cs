using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>What a submit answers.</summary>
internal sealed record TaskAccepted(Guid TaskId, string? JobId, ExecutionState State, string Queue);

/// <summary>An execution in the words of the task API: <c>jobId</c> is the client's own label.</summary>
internal sealed record TaskView(
    Guid TaskId,
    string? JobId,
    string Name,
    string JobType,
    ExecutionState State,
    string? WaitReason,
    double? Progress,
    string? ProgressMessage,
    int Attempt,
    int Failures,
    int MaxAttempts,
    string? Worker,
    string Queue,
    string Trigger,
    string? Schedule,
    DateTimeOffset? ScheduledFor,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? CancelRequestedAt,
    JsonObject? Error,
    JsonObject? Outputs,
    JsonObject? Metrics,
    IReadOnlyList<TaskItem> Tasks
);

/// <summary>The results of a succeeded execution; <c>preview</c> is the first of <c>previews</c>.</summary>
internal sealed record TaskResult(
    Guid TaskId,
    ExecutionState State,
    JsonObject Outputs,
    JsonNode? Preview,
    IReadOnlyList<JsonNode> Previews
);

/// <summary>Where an execution stands that has no result yet.</summary>
internal sealed record TaskPending(Guid TaskId, ExecutionState State, string? WaitReason, double? Progress);

/// <summary>What a cancel answers.</summary>
internal sealed record TaskCancelled(ExecutionState State, DateTimeOffset? CancelRequestedAt);

/// <summary>The task API at the root, for whoever only submits and waits.</summary>
internal static class TasksApi
{
    private static readonly TimeSpan ResultRetry = TimeSpan.FromSeconds(2);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/task").WithTags("Tasks");
        group
            .MapPost("", SubmitAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.QueueFull
            )
            .WithName("submitTask")
            .WithSummary("Submit a job and run it")
            .WithDescription(
                "Takes a job file (JSON or YAML) or the original's {jobId, jobType, sparkAppPath, ...}. With an Idempotency-Key a repeat gets the first answer."
            );
        group
            .MapGet("/{id}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getTask")
            .WithSummary("State, progress and outcome, by id or by the newest of a label");
        group
            .MapGet("/{id}/result", GetResultAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Cancelled, ProblemKind.ExecutionFailed)
            .WithName("getTaskResult")
            .WithSummary(
                "Outputs and first rows; 202 while it runs, 500 with the failure when it failed, 409 when it was cancelled"
            );
        group
            .MapDelete("/{id}", CancelAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound, ProblemKind.WrongState)
            .WithName("cancelTask")
            .WithSummary("Cancel");
    }

    private static async Task<Results<Accepted<TaskAccepted>, Ok<TaskAccepted>, Refusal>> SubmitAsync(
        RawBody body,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        ClaimsPrincipal user,
        JobReader reader,
        ExecutionIntake intake,
        CancellationToken stop
    )
    {
        if (JobSubmission.WrongKey(idempotencyKey) is { } wrong)
        {
            return Refusal.InvalidParameter("Idempotency-Key", wrong);
        }

        var prepared = JobSubmission.OfText(reader.Read(body.Bytes, body.Format), user.Caller(), idempotencyKey);
        return prepared.Submission is { } submission
            ? ToAnswer(await intake.AcceptOneAsync(submission, stop))
            : prepared.Refusal!; // One of the two is there.
    }

    internal static Results<Accepted<TaskAccepted>, Ok<TaskAccepted>, Refusal> ToAnswer(IntakeResult result) =>
        result switch
        {
            SubmissionAccepted a => TypedResults.Accepted(
                $"/task/{a.ExecutionId}",
                new TaskAccepted(a.ExecutionId, a.Label, a.State, a.Queue)
            ),
            // The first answer once more, whatever became of the execution since: that stands at its address.
            Repeated r => TypedResults.Ok(new TaskAccepted(r.ExecutionId, r.Label, ExecutionState.Queued, r.Queue)),
            KeyReused k => new Refusal(
                ProblemKind.KeyReused,
                $"Idempotency key '{k.Key}' came with another body before."
            ),
            QueueFull full => FullOf(full),
            _ => throw new InvalidOperationException(
                $"The intake answered {result.GetType().Name} to a single submission."
            ),
        };

    internal static Refusal FullOf(QueueFull full) =>
        new(ProblemKind.QueueFull, full.Detail) { RetryAfter = QueueFull.RetryAfter };

    private static async Task<Results<Ok<TaskView>, Refusal>> GetAsync(
        string id,
        ClaimsPrincipal user,
        ExecutionPages pages,
        CancellationToken stop
    ) =>
        await pages.FindAsync(id, user.Caller(), stop) is { } execution
        && await pages.ToDetailAsync(execution, user.Caller(), stop) is { } detail
            ? TypedResults.Ok(ToView(detail))
            : Refusal.NotFound("task", id);

    private static async Task<Results<Ok<TaskResult>, Accepted<TaskPending>, Refusal>> GetResultAsync(
        string id,
        HttpResponse response,
        ClaimsPrincipal user,
        ExecutionPages pages,
        TaskReader tasks,
        CancellationToken stop
    )
    {
        if (
            await pages.FindAsync(id, user.Caller(), stop) is not { } execution
            || await pages.ToDetailAsync(execution, user.Caller(), stop) is not { } detail
        )
        {
            return Refusal.NotFound("task", id);
        }

        switch (detail.State)
        {
            case ExecutionState.Succeeded or ExecutionState.PartiallySucceeded:
                var previews = (await tasks.ListAsync(execution.Id, 0, ExecutionViews.TasksShown, stop))
                    .Select(task => task.Preview)
                    .OfType<JsonArray>()
                    .SelectMany(list => list)
                    .OfType<JsonNode>()
                    .ToList();
                return TypedResults.Ok(
                    new TaskResult(
                        detail.Id,
                        detail.State,
                        detail.Outputs ?? [],
                        previews is [var first, ..] ? first.DeepClone() : null,
                        previews
                    )
                );
            case ExecutionState.Failed or ExecutionState.TimedOut:
                return new Refusal(ProblemKind.ExecutionFailed, FailureText(detail))
                {
                    More = new JsonObject
                    {
                        ["taskId"] = detail.Id.ToString(),
                        ["state"] = detail.State.ToSnake(),
                        ["failure"] = ExecutionViews.Copy(detail.Error),
                    },
                };
            case ExecutionState.Cancelled:
                return new Refusal(ProblemKind.Cancelled, detail.CancelReason ?? "It was cancelled.");
            default:
                response.Headers.RetryAfter = ResultRetry.TotalSeconds.ToString(
                    System.Globalization.CultureInfo.InvariantCulture
                );
                return TypedResults.Accepted(
                    $"/task/{detail.Id}/result",
                    new TaskPending(detail.Id, detail.State, detail.WaitReason, detail.Progress)
                );
        }
    }

    private static async Task<Results<Accepted<TaskCancelled>, Refusal>> CancelAsync(
        string id,
        ClaimsPrincipal user,
        ExecutionPages pages,
        ExecutionControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        if (await pages.FindAsync(id, caller, stop) is not { } execution)
        {
            return Refusal.NotFound("task", id);
        }

        return await control.CancelAsync(execution.Id, $"cancelled by {caller.Name}", stop) switch
        {
            ChangeMade done => TypedResults.Accepted(
                $"/task/{execution.Id}",
                new TaskCancelled(done.State, done.CancelRequestedAt)
            ),
            WrongState wrong => new Refusal(
                ProblemKind.WrongState,
                $"Task '{id}' is {wrong.State.ToSnake()}; nothing is left to cancel."
            ),
            _ => Refusal.NotFound("task", id),
        };
    }

    private static string FailureText(ExecutionDetail detail)
    {
        var what = detail.State == ExecutionState.TimedOut ? "timed out" : "failed";
        return ExecutionViews.Text(detail.Error, "message") is { } message ? $"It {what}: {message}" : $"It {what}.";
    }

    private static TaskView ToView(ExecutionDetail e) =>
        new(
            e.Id,
            e.Label,
            e.Name,
            e.JobType,
            e.State,
            e.WaitReason,
            e.Progress,
            e.ProgressMessage,
            e.Attempt,
            e.Failures,
            e.MaxAttempts,
            e.Worker,
            e.Queue,
            e.Trigger,
            e.Schedule,
            e.ScheduledFor,
            e.AcceptedAt,
            e.StartedAt,
            e.FinishedAt,
            e.CancelRequestedAt,
            e.Error,
            e.Outputs,
            e.Metrics,
            e.Tasks
        );
}
