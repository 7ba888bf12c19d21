using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Reliability;
using Sje.Jobs.Observability;
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

/// <summary>
/// The core's figures: <see cref="Load"/> is read from the database and the same on every server, <see cref="Process"/> is what this process alone has
/// seen since it started.
/// </summary>
internal sealed record MgmtCore(DateTimeOffset Now, CoreLoad Load, CoreCounts Process);

/// <summary>The configuration in force, secrets masked, as one object per section.</summary>
internal sealed record MgmtConfig(JsonObject Settings);

/// <summary>A retry policy that jobs may name.</summary>
internal sealed record RetryPolicyView(
    string Name,
    bool BuiltIn,
    Backoff Backoff,
    double InitialDelaySeconds,
    double MaxDelaySeconds,
    double? Factor,
    Jitter Jitter,
    int MaxAttempts,
    double? MaxElapsedSeconds
);

/// <summary>A failure class, how it is recognised, and the retry policy that it picks where the job names none.</summary>
internal sealed record FailureClassView(string Name, string RecognisedBy, string Policy, bool Permanent);

/// <summary>How this server lets tasks be retried.</summary>
internal sealed record MgmtRetryPolicies(
    IReadOnlyList<RetryPolicyView> Policies,
    IReadOnlyList<FailureClassView> FailureClasses
);

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
            .MapGet("/clusters", SparkApi.ListClustersAsync)
            .Refuses(ProblemKind.Invalid)
            .WithName("listMgmtClusters")
            .WithSummary("Spark clusters that jobs can name, and how they are");
        group
            .MapGet("/dead-letters", DeadLettersApi.ListAsync)
            .Refuses(ProblemKind.Invalid)
            .WithName("listMgmtDeadLetters")
            .WithSummary("Dead letters, the last to fail first");
        group
            .MapGet("/config", GetConfig)
            .WithName("getMgmtConfig")
            .WithSummary("The configuration in force, secrets masked");
        group
            .MapGet("/core", GetCore)
            .WithName("getMgmtCore")
            .WithSummary("What waits and runs, who works, and what this process has seen of it");
        group
            .MapGet("/retry-policies", GetRetryPolicies)
            .WithName("getMgmtRetryPolicies")
            .WithSummary("The retry policies that jobs may name, and the failure classes that pick them");
        RetentionApi.Map(group);
    }

    private static async Task<Ok<MgmtOverview>> GetAsync(
        ClaimsPrincipal user,
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
                [.. (await queues.ListAsync(null, Paging.MaxLimit, stop)).Select(queue => queue.For(user))],
                [
                    "/mgmt/core",
                    "/mgmt/queues",
                    "/mgmt/workers",
                    "/mgmt/clusters",
                    "/mgmt/dead-letters",
                    "/mgmt/config",
                    "/mgmt/retry-policies",
                    "/mgmt/retention",
                    "/mgmt/keys",
                ]
            )
        );

    private static Ok<MgmtCore> GetCore(CoreLoadReader load, TimeProvider time) =>
        TypedResults.Ok(new MgmtCore(time.GetUtcNow(), load.Read(), CoreMetrics.Counts));

    private static Ok<MgmtConfig> GetConfig(IConfiguration configuration) =>
        TypedResults.Ok(new MgmtConfig(MaskedConfiguration.Of(configuration)));

    private static Ok<MgmtRetryPolicies> GetRetryPolicies(RetryPolicies policies) =>
        TypedResults.Ok(
            new MgmtRetryPolicies(
                [
                    .. policies.All.Select(p => new RetryPolicyView(
                        p.Name,
                        RetryPolicies.IsBuiltIn(p),
                        p.Backoff,
                        p.InitialDelay.TotalSeconds,
                        p.MaxDelay.TotalSeconds,
                        p.Backoff == Backoff.Exponential ? p.Factor : null,
                        p.Jitter,
                        p.MaxAttempts,
                        p.MaxElapsed?.TotalSeconds
                    )),
                ],
                [.. FailureClasses.All.Select(c => new FailureClassView(c.Name, c.RecognisedBy, c.Policy, c.Permanent))]
            )
        );
}
