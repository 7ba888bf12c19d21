using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// A Spark task and its newest application. <c>facts</c>, <c>advice</c> and <c>cost</c> are there when it has ended; <c>comparison</c> when the job has
/// run well before.
/// </summary>
internal sealed record SparkTaskView(
    Guid TaskId,
    string Task,
    TaskState State,
    SparkApplicationView? Application,
    JsonNode? Facts,
    JsonNode? Advice,
    JsonNode? Cost,
    JsonNode? Comparison
);

/// <summary>An application on its cluster. <c>ui</c> is the address of its pages on this server.</summary>
internal sealed record SparkApplicationView(
    int Attempt,
    string Cluster,
    string DeployMode,
    string State,
    string Identity,
    string? SubmissionId,
    string? ApplicationId,
    string? PendingCause,
    string? TrackingUrl,
    string Ui,
    DateTimeOffset ChosenAt,
    DateTimeOffset? EndedAt
);

/// <summary>A cluster that jobs can name. <c>health</c> is missing for <c>local[...]</c>, and before a cluster was asked for the first time.</summary>
internal sealed record SparkClusterView(
    string Name,
    string? Kind,
    string Master,
    string DeployMode,
    bool Default,
    string? Installation,
    string? Queue,
    string? Namespace,
    string? EventLogDir,
    SparkClusterReport? Health,
    int RunningApplications
);

/// <summary>The clusters, and the sizes that a job may name on any of them.</summary>
internal sealed record SparkClusterPage(
    IReadOnlyList<SparkClusterView> Items,
    string? NextCursor,
    IReadOnlyDictionary<string, SparkSizeOptions> Sizes
);

/// <summary>What is known of executions' Spark applications, and of the clusters.</summary>
internal static class SparkApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGroup("/api/v1/executions")
            .WithTags("Executions")
            .MapGet("/{id:guid}/spark", ListTasksAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("listExecutionSparkTasks")
            .WithSummary(
                "Its Spark tasks: application, figures, advice, cost, and how that compares with earlier runs"
            );
        routes
            .MapGroup("/api/v1/clusters")
            .WithTags("Clusters")
            .MapGet("", ListClustersAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listClusters")
            .WithSummary("Spark clusters that jobs can name, and how they are");
    }

    internal static async Task<Results<Ok<SparkClusterPage>, Refusal>> ListClustersAsync(
        [AsParameters] ListQuery query,
        SparkClusterWatch watch,
        SparkReader reader,
        CancellationToken stop
    )
    {
        var running = await reader.CountRunningAsync(stop);
        var limit = query.LimitOf();
        var page = watch
            .List()
            .Where(cluster =>
                query.KeyOf() is not { } key || StringComparer.OrdinalIgnoreCase.Compare(cluster.Name, key) > 0
            )
            .Take(limit + 1)
            .ToList()
            .ToPage(
                limit,
                cluster => cluster.Name,
                cluster => new SparkClusterView(
                    cluster.Name,
                    cluster.Kind,
                    cluster.Master,
                    cluster.DeployMode,
                    cluster.Default,
                    cluster.Installation,
                    cluster.Queue,
                    cluster.Namespace,
                    cluster.EventLogDir,
                    cluster.Health,
                    running.GetValueOrDefault(cluster.Name)
                )
            );
        return TypedResults.Ok(new SparkClusterPage(page.Items, page.NextCursor, watch.Sizes));
    }

    private static async Task<Results<Ok<Page<SparkTaskView>>, Refusal>> ListTasksAsync(
        Guid id,
        [AsParameters] ListQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        SparkReader reader,
        CancellationToken stop
    )
    {
        var from = 0;
        if (query.KeyOf() is { } key && !int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out from))
        {
            return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
        }

        if (await executions.FindAsync(id, user.Caller().Scope, stop) is null)
        {
            return Refusal.NotFound("execution", id.ToString());
        }

        var limit = query.LimitOf();
        var found = await reader.ListAsync(id, from, limit + 1, stop);
        var comparisons = await reader.CompareAsync(id, [.. found.Take(limit)], stop);
        return TypedResults.Ok(
            found.ToPage(
                limit,
                task => (task.Ordinal + 1).ToString(CultureInfo.InvariantCulture),
                task => ToView(id, task, comparisons.GetValueOrDefault(task.Task))
            )
        );
    }

    private static SparkTaskView ToView(Guid execution, SparkTaskDetail task, JsonNode? comparison) =>
        new(
            task.TaskId,
            task.Task,
            task.State,
            task.Application is { } application
                ? new SparkApplicationView(
                    application.Attempt,
                    application.Cluster,
                    application.Client ? "client" : "cluster",
                    application.State,
                    application.Identity,
                    application.SubmissionId,
                    application.ApplicationId,
                    application.PendingCause,
                    application.TrackingUrl,
                    $"/executions/{execution}/tasks/{task.TaskId}/spark-ui/",
                    application.ChosenAt,
                    application.EndedAt
                )
                : null,
            task.Application?.Facts,
            task.Application?.Advice,
            task.Application?.Cost,
            comparison
        );
}
