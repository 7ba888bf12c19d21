using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Npgsql;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Storage;
using Sje.Web.Api.Json;
using Sje.Web.Api.Problems;

namespace Sje.Web.Api;

/// <summary>One thing looked at: <c>ok</c>, <c>warning</c> (work waits, nothing is broken) or <c>down</c>.</summary>
internal sealed record HealthCheck(string Status, string Detail, double DurationMs);

/// <summary>The health of this server.</summary>
internal sealed record HealthReport(string Status, string Version, IReadOnlyDictionary<string, HealthCheck> Checks);

/// <summary>
/// Whether this server can do its work, for probes and people; it needs no key and says nothing secret. That no worker is alive, or that a
/// Spark cluster is down, is a warning: work is still accepted, and starting the server again would not help.
/// </summary>
internal static class HealthApi
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGroup("/health")
            .WithTags("Health")
            .MapGet("", GetAsync)
            .AllowAnonymous()
            .Refuses(ProblemKind.Unhealthy)
            .WithName("getHealth")
            .WithSummary("200 when everything this server needs is there, 500 naming what is down");

    private static async Task<Results<Ok<HealthReport>, Refusal>> GetAsync(
        Database database,
        WorkerReader workers,
        SparkClusterWatch clusters,
        TimeProvider time,
        CancellationToken stop
    )
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        var checks = new Dictionary<string, HealthCheck>
        {
            ["database"] = await CheckAsync(
                async () =>
                {
                    await using var command = database.Main.CreateCommand("select 1");
                    await command.ExecuteScalarAsync(limit.Token);
                    return ("ok", "answers");
                },
                limit.Token
            ),
        };
        if (checks["database"].Status == "ok")
        {
            checks["migrations"] = await CheckAsync(
                async () =>
                {
                    var pending = await Task.Run(() => Migrator.Pending(database.ConnectionString), limit.Token);
                    return pending.Count == 0
                        ? ("ok", "up to date")
                        : ("down", $"{pending.Count} not run: {string.Join(", ", pending)}");
                },
                limit.Token
            );
        }

        if (checks.GetValueOrDefault("migrations")?.Status == "ok")
        {
            checks["workers"] = await CheckAsync(
                async () =>
                    await workers.CountAliveAsync(limit.Token) is var alive and > 0
                        ? ("ok", $"{alive} alive")
                        : ("warning", "none is alive, so nothing runs"),
                limit.Token
            );
        }

        foreach (var cluster in clusters.List().Where(cluster => cluster.Kind != "local"))
        {
            checks[$"cluster:{cluster.Name}"] = OfCluster(cluster.Health);
        }

        var down = checks.Where(check => check.Value.Status == "down").Select(check => check.Key).ToList();
        return down.Count == 0
            ? TypedResults.Ok(
                new HealthReport("ok", typeof(HealthApi).Assembly.GetName().Version?.ToString(3) ?? "", checks)
            )
            : new Refusal(ProblemKind.Unhealthy, $"Down: {string.Join(", ", down)}.")
            {
                More = new JsonObject { ["checks"] = JsonSerializer.SerializeToNode(checks, ApiJson.Options) },
            };
    }

    // What it answered last; why it is down names hosts, and stands in /mgmt/clusters.
    private static HealthCheck OfCluster(SparkClusterReport? report) =>
        report switch
        {
            null => new HealthCheck("warning", "it has not answered yet", 0),
            { Up: true, Nodes: { } nodes } => new HealthCheck(
                "ok",
                $"works, {nodes} {(nodes == 1 ? "machine" : "machines")}",
                report.DurationMs
            ),
            { Up: true } => new HealthCheck("ok", "works", report.DurationMs),
            _ => new HealthCheck("warning", "cannot be used, so its jobs wait or fail", report.DurationMs),
        };

    private static async Task<HealthCheck> CheckAsync(
        Func<Task<(string Status, string Detail)>> look,
        CancellationToken limit
    )
    {
        var started = Stopwatch.GetTimestamp();
        string status,
            detail;
        try
        {
            (status, detail) = await look();
        }
        catch (Exception failure) when (failure is NpgsqlException || limit.IsCancellationRequested)
        {
            // The kind of failure is enough for a probe; messages of the driver may name hosts and users.
            (status, detail) = ("down", limit.IsCancellationRequested ? "no answer in time" : Kind(failure));
        }

        return new HealthCheck(status, detail, Math.Round(Stopwatch.GetElapsedTime(started).TotalMilliseconds, 1));
    }

    private static string Kind(Exception failure) =>
        failure is PostgresException postgres ? $"refuses with SQLSTATE {postgres.SqlState}" : "cannot be reached";
}
