using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>Queues: what waits and runs in them, and their pause switch.</summary>
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
            .MapPost("/{name}/pause", PauseAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("pauseQueue")
            .WithSummary("Start nothing from it until it is resumed; what runs goes on");
        group
            .MapPost("/{name}/resume", ResumeAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("resumeQueue")
            .WithSummary("End a pause");
    }

    internal static async Task<Results<Ok<Page<QueueStatus>>, Refusal>> ListAsync(
        [AsParameters] ListQuery query,
        QueueReader queues,
        CancellationToken stop
    )
    {
        var limit = query.LimitOf();
        return TypedResults.Ok(
            (await queues.ListAsync(query.KeyOf(), limit + 1, stop)).ToPage(limit, queue => queue.Name, queue => queue)
        );
    }

    private static async Task<Results<Ok<QueueStatus>, Refusal>> GetAsync(
        string name,
        QueueReader queues,
        CancellationToken stop
    ) => await queues.FindAsync(name, stop) is { } queue ? TypedResults.Ok(queue) : Refusal.NotFound("queue", name);

    private static async Task<Results<Ok<QueueStatus>, Refusal>> PauseAsync(
        string name,
        QueueControl control,
        QueueReader queues,
        CancellationToken stop
    ) => await control.PauseAsync(name, stop) ? await GetAsync(name, queues, stop) : Refusal.NotFound("queue", name);

    private static async Task<Results<Ok<QueueStatus>, Refusal>> ResumeAsync(
        string name,
        QueueControl control,
        QueueReader queues,
        CancellationToken stop
    ) => await control.ResumeAsync(name, stop) ? await GetAsync(name, queues, stop) : Refusal.NotFound("queue", name);
}
