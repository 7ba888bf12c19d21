using System.Security.Claims;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Queueing;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Json;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>What became of one job of a batch: its <c>taskId</c>, or its problem.</summary>
internal sealed record BatchItem(
    int Index,
    int Status,
    [property: System.Text.Json.Serialization.JsonIgnore(
        Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull
    )]
        Guid? TaskId,
    [property: System.Text.Json.Serialization.JsonIgnore(
        Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull
    )]
        string? JobId,
    [property: System.Text.Json.Serialization.JsonIgnore(
        Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull
    )]
        ProblemDocument? Problem
);

/// <summary>What became of a batch; items stand in the order sent.</summary>
internal sealed record BatchAccepted(int Accepted, int Rejected, IReadOnlyList<BatchItem> Items);

internal sealed record BatchQuery([FromQuery(Name = "atomic")] string? Atomic) : IQueryParameters;

internal sealed class BatchQueryValidator : AbstractValidator<BatchQuery>
{
    public BatchQueryValidator() =>
        RuleFor(q => q.Atomic)
            .Must(atomic => atomic is null or "true" or "false")
            .WithMessage("It is true (all or none) or false.")
            .WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>Many jobs in one request and one transaction.</summary>
internal static class TaskBatchesApi
{
    public const int MaxItems = 10_000;
    private const string KeyField = "idempotencyKey";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGroup("/tasks")
            .WithTags("Tasks")
            .MapPost("", SubmitAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid,
                ProblemKind.QueueFull
            )
            .WithName("submitTasks")
            .WithSummary("Submit up to 10,000 jobs")
            .WithDescription(
                "An array of jobs, {\"tasks\": [...]}, or a line of JSON each (application/x-ndjson). Each may have an idempotencyKey. "
                    + "422 when none is right; with ?atomic=true also when one is wrong, and then none is accepted."
            );

    private static async Task<Results<Accepted<BatchAccepted>, Refusal>> SubmitAsync(
        BatchBody body,
        [AsParameters] BatchQuery query,
        ClaimsPrincipal user,
        JobReader reader,
        ExecutionIntake intake,
        HttpResponse response,
        CancellationToken stop
    )
    {
        var batch = JobBatch.Read(body.Bytes, body.Format, body.IsLines, MaxItems);
        if (batch.Refusal is not null)
        {
            return batch.Refusal;
        }

        var atomic = query.Atomic == "true";
        var caller = user.Caller();
        var prepared = batch.Items.Select(item => Prepare(item, reader, caller)).ToList();
        var outcomes = new ItemOutcome[prepared.Count];
        var right = new List<(int Index, Submission Submission)>();
        for (var index = 0; index < prepared.Count; index++)
        {
            if (prepared[index].Submission is { } submission)
            {
                right.Add((index, submission));
            }
            else
            {
                outcomes[index] = new ItemOutcome(null, null, prepared[index].Refusal);
            }
        }

        if (right.Count > 0 && !(atomic && right.Count < prepared.Count))
        {
            List<Submission> submissions = right.ConvertAll(r => r.Submission);
            var results = atomic
                ? await intake.AcceptAllOrNoneAsync(submissions, stop)
                : await intake.AcceptAsync(submissions, stop);
            for (var i = 0; i < right.Count; i++)
            {
                outcomes[right[i].Index] = ToOutcome(results[i]);
            }
        }

        return ToAnswer(outcomes, batch.At, response);
    }

    private static PreparedSubmission Prepare(BatchEntry entry, JobReader reader, Caller caller)
    {
        if (entry.Refusal is not null)
        {
            return new PreparedSubmission(null, entry.Refusal);
        }

        string? key = null;
        var tree = entry.Tree;
        if (tree is JsonObject job && job.TryGetPropertyValue(KeyField, out var given))
        {
            key = given is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
            if (key is null || JobSubmission.WrongKey(key) is not null)
            {
                return new PreparedSubmission(
                    null,
                    Refusal.Invalid([
                        new Fault(
                            "/" + KeyField,
                            JobSubmission.WrongKey(key) ?? "It must be a text.",
                            FaultCodes.InvalidValue
                        ),
                    ])
                );
            }

            // It is the request's, not the job's.
            job.Remove(KeyField);
        }

        return JobSubmission.OfText(reader.Read(tree, entry.Faults), caller, key);
    }

    private static ItemOutcome ToOutcome(IntakeResult result) =>
        result switch
        {
            SubmissionAccepted a => new ItemOutcome(a.ExecutionId, a.Label, null),
            Repeated r => new ItemOutcome(r.ExecutionId, r.Label, null, IsRepeat: true),
            KeyReused k => new ItemOutcome(
                null,
                null,
                new Refusal(ProblemKind.KeyReused, $"Idempotency key '{k.Key}' came with another job before.")
            ),
            QueueFull full => new ItemOutcome(null, null, TasksApi.FullOf(full)),
            _ => default,
        };

    private static Results<Accepted<BatchAccepted>, Refusal> ToAnswer(
        ItemOutcome[] outcomes,
        Func<int, string> at,
        HttpResponse response
    )
    {
        // A part that found its queue full may come again, whatever became of the rest.
        var wait = outcomes.Max(outcome => outcome.Refusal?.RetryAfter);
        if (wait is { } longest)
        {
            response.Headers.RetryAfter = Math.Ceiling(longest.TotalSeconds)
                .ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var accepted = outcomes.Count(outcome => outcome.Id is not null);
        var items = outcomes.Select((outcome, index) => ToItem(outcome, index)).ToList();
        if (accepted > 0)
        {
            return TypedResults.Accepted((string?)null, new BatchAccepted(accepted, outcomes.Length - accepted, items));
        }

        var errors = outcomes
            .SelectMany(
                (outcome, index) =>
                    (outcome.Refusal?.Errors ?? []).Select(error => error with { Pointer = at(index) + error.Pointer })
            )
            .ToList();
        var wrong = outcomes.Count(outcome => outcome.Refusal is not null);
        var full =
            wait is not null
            && outcomes.All(outcome =>
                outcome.Refusal is null or { Kind.Status: StatusCodes.Status429TooManyRequests }
            );
        return new Refusal(
            full ? ProblemKind.QueueFull : ProblemKind.Invalid,
            full
                ? $"{wrong} of {outcomes.Length} jobs find their queue full; none was accepted."
                : $"{wrong} of {outcomes.Length} jobs are wrong; none was accepted."
        )
        {
            RetryAfter = wait,
            Errors = errors,
            More = new JsonObject
            {
                ["accepted"] = 0,
                ["rejected"] = outcomes.Length,
                ["items"] = System.Text.Json.JsonSerializer.SerializeToNode(items, ApiJson.Options),
            },
        };
    }

    private static BatchItem ToItem(ItemOutcome outcome, int index) =>
        outcome switch
        {
            { Id: { } id } => new BatchItem(
                index,
                outcome.IsRepeat ? StatusCodes.Status200OK : StatusCodes.Status202Accepted,
                id,
                outcome.Label,
                null
            ),
            { Refusal: { } refusal } => new BatchItem(index, refusal.Kind.Status, null, null, refusal.Value),
            // Right in itself; another of its atomic batch was not.
            _ => new BatchItem(index, StatusCodes.Status424FailedDependency, null, null, null),
        };

    private readonly record struct ItemOutcome(Guid? Id, string? Label, Refusal? Refusal, bool IsRepeat = false);
}
