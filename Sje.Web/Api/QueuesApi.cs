using System.Security.Claims;
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

/// <summary>How a queue is to run.</summary>
internal sealed record QueueRequest
{
    /// <summary>background or direct; as it is when missing, background for a new one.</summary>
    public string? Lane { get; init; }

    /// <summary>Most tasks at a time over all workers; no limit when missing.</summary>
    public int? MaxRunning { get; init; }

    /// <summary>Most tasks that may wait in it, then 429; no limit when missing.</summary>
    public int? MaxQueued { get; init; }

    /// <summary>Most tasks that start in any stretch of perSeconds; no limit when missing.</summary>
    public int? MaxStarts { get; init; }

    /// <summary>The length of that stretch; with maxStarts, 1 when missing.</summary>
    public double? PerSeconds { get; init; }
}

internal sealed class QueueRequestValidator : AbstractValidator<QueueRequest>
{
    public QueueRequestValidator()
    {
        RuleFor(r => r.Lane)
            .Must(lane => lane is null || Lanes.All.Contains(lane))
            .WithMessage($"A lane is one of {string.Join(", ", Lanes.All)}.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(r => r.MaxRunning)
            .InclusiveBetween(1, 1_000_000)
            .WithMessage("The most tasks at a time is a whole number from 1 to 1000000; leave it out for no limit.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(r => r.MaxQueued)
            .InclusiveBetween(1, 100_000_000)
            .WithMessage("The most tasks that wait is a whole number from 1 to 100000000; leave it out for no limit.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(r => r.MaxStarts)
            .InclusiveBetween(1, 1_000_000)
            .WithMessage("The most starts is a whole number from 1 to 1000000; leave it out for no limit.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(r => r.PerSeconds)
            .InclusiveBetween(0.1, 86_400)
            .WithMessage("The starts are counted over 0.1 to 86400 seconds.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(r => r.PerSeconds)
            .Must((request, per) => per is null || request.MaxStarts is not null)
            .WithMessage("Say also how many tasks may start in that time: maxStarts.")
            .WithErrorCode(FaultCodes.Conflict);
    }
}

/// <summary>Queues: what waits and runs in them, how they run, and their pause switch.</summary>
internal static class QueuesApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/queues").WithTags("Queues");
        group
            .MapGet("", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listQueues")
            .WithSummary("Queues by name");
        group
            .MapGet("/{name}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getQueue")
            .WithSummary("One queue");
        group
            .MapPut("/{name}", SaveAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("saveQueue")
            .WithSummary("Make a queue or say how it runs")
            .WithDescription(
                "A lane is for what is accepted from then on. Without maxRunning, maxQueued and maxStarts there is no limit."
            );
        group
            .MapPost("/{name}/pause", PauseAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.NotFound,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithName("pauseQueue")
            .WithSummary("Start nothing from it until it is resumed; what runs goes on")
            .WithDescription("With a reason, which those who find it paused are told; who paused it first keeps it.");
        group
            .MapPost("/{name}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("resumeQueue")
            .WithSummary("End a pause");
    }

    internal static async Task<Results<Ok<Page<QueueStatus>>, Refusal>> ListAsync(
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        QueueReader queues,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        return TypedResults.Ok(
            (await queues.ListAsync(query.KeyOf(), limit + 1, stop)).ToPage(
                limit,
                queue => queue.Name,
                queue => queue.For(user)
            )
        );
    }

    private static async Task<Results<Ok<QueueStatus>, Refusal>> GetAsync(
        string name,
        ClaimsPrincipal user,
        QueueReader queues,
        CancellationToken stop
    ) =>
        await queues.FindAsync(name, stop) is { } queue
            ? TypedResults.Ok(queue.For(user))
            : Refusal.NotFound("queue", name);

    /// <summary>A queue with what a caller may do to it.</summary>
    internal static QueueStatus For(this QueueStatus queue, ClaimsPrincipal user) =>
        queue with
        {
            Actions = AllowedActions.OfQueue(user.Caller().Role, queue.PausedAt is not null),
        };

    private static async Task<Results<Ok<QueueStatus>, Refusal>> SaveAsync(
        string name,
        RequestBody<QueueRequest> body,
        ClaimsPrincipal user,
        QueueControl control,
        QueueReader queues,
        CancellationToken stop
    )
    {
        if (!NameRules.IsQueue(name))
        {
            return Refusal.InvalidParameter("name", "A queue has 1 to 50 characters of a-z, 0-9, _ and -.");
        }

        var lane = body.Value.Lane ?? (await queues.FindAsync(name, stop))?.Lane ?? Lanes.Background;
        await control.SaveAsync(
            new QueueSettings(name, lane)
            {
                MaxRunning = body.Value.MaxRunning,
                MaxQueued = body.Value.MaxQueued,
                MaxStarts = body.Value.MaxStarts,
                Per = TimeSpan.FromSeconds(body.Value.PerSeconds ?? 1),
            },
            stop
        );
        return await GetAsync(name, user, queues, stop);
    }

    private static async Task<Results<Ok<QueueStatus>, Refusal>> PauseAsync(
        string name,
        RequestBody<PauseRequest> body,
        ClaimsPrincipal user,
        QueueControl control,
        QueueReader queues,
        CancellationToken stop
    ) =>
        await control.PauseAsync(name, user.Note(body.Value.Reason), stop)
            ? await GetAsync(name, user, queues, stop)
            : Refusal.NotFound("queue", name);

    private static async Task<Results<Ok<QueueStatus>, Refusal>> ResumeAsync(
        string name,
        ClaimsPrincipal user,
        QueueControl control,
        QueueReader queues,
        CancellationToken stop
    ) =>
        await control.ResumeAsync(name, stop)
            ? await GetAsync(name, user, queues, stop)
            : Refusal.NotFound("queue", name);
}
