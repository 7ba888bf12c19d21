using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>The server at a glance.</summary>
internal sealed record MgmtOverview(
    string Version,
    DateTimeOffset Now,
    int WorkersAlive,
    IReadOnlyList<QueueStatus> Queues,
    IReadOnlyList<string> Links
);

/// <summary>The configuration in force, secrets masked, as one object per section.</summary>
internal sealed record MgmtConfig(JsonObject Settings);

/// <summary>State and settings for administrators.</summary>
internal static class MgmtApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/mgmt").WithTags("Management").RequireAuthorization(Policies.Admin);
        group.MapGet("", GetAsync).WithName("getMgmt").WithSummary("The server at a glance");
        group
            .MapGet("/queues", QueuesApi.ListAsync)
            .Refuses(ProblemKind.Invalid)
            .WithName("listMgmtQueues")
            .WithSummary("Queues by name");
        group
            .MapGet("/workers", WorkersApi.ListAsync)
            .Refuses(ProblemKind.Invalid)
            .WithName("listMgmtWorkers")
            .WithSummary("Workers");
        group
            .MapGet("/config", GetConfig)
            .WithName("getMgmtConfig")
            .WithSummary("The configuration in force, secrets masked");
    }

    private static async Task<Ok<MgmtOverview>> GetAsync(
        QueueReader queues,
        WorkerReader workers,
        TimeProvider time,
        CancellationToken stop
    ) =>
        TypedResults.Ok(
            new MgmtOverview(
                typeof(MgmtApi).Assembly.GetName().Version?.ToString(3) ?? "",
                time.GetUtcNow(),
                await workers.CountAliveAsync(stop),
                await queues.ListAsync(null, Paging.MaxLimit, stop),
                ["/mgmt/queues", "/mgmt/workers", "/mgmt/config", "/mgmt/keys"]
            )
        );

    private static Ok<MgmtConfig> GetConfig(IConfiguration configuration) =>
        TypedResults.Ok(new MgmtConfig(MaskedConfiguration.Of(configuration)));
}
