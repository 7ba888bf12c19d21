using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Maintenance;

namespace Sje.Web.Api;

/// <summary>How long what has ended is kept, as configured.</summary>
internal sealed record RetentionSettings(
    string History,
    string Logs,
    string DeadLetters,
    string IdempotencyKeys,
    PartitionWidth Partition
);

/// <summary>What is kept, how much of it there is, and what the last round removed.</summary>
internal sealed record MgmtRetention(
    RetentionSettings Settings,
    RetentionRun LastRun,
    IReadOnlyList<HistoryPart> History,
    IReadOnlyList<TablePart> Tables
);

/// <summary>The history and its removal.</summary>
internal static class RetentionApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group
            .MapGet("/retention", GetAsync)
            .WithName("getMgmtRetention")
            .WithSummary("What is kept for how long, its size by stretches of time, and what the last round removed");
        group
            .MapPost("/retention:run", RunAsync)
            .WithName("runMgmtRetention")
            .WithSummary("Asks for a round of retention now; a server makes it within seconds");
    }

    private static async Task<Ok<MgmtRetention>> GetAsync(
        RetentionStatus status,
        IOptions<RetentionOptions> options,
        CancellationToken stop
    ) => TypedResults.Ok(await ReadAsync(status, options.Value, stop));

    private static async Task<Accepted<MgmtRetention>> RunAsync(
        RetentionStatus status,
        IOptions<RetentionOptions> options,
        CancellationToken stop
    )
    {
        await status.AskAsync(stop);
        return TypedResults.Accepted("/mgmt/retention", await ReadAsync(status, options.Value, stop));
    }

    private static async Task<MgmtRetention> ReadAsync(
        RetentionStatus status,
        RetentionOptions options,
        CancellationToken stop
    )
    {
        var state = await status.ReadAsync(options, stop);
        return new MgmtRetention(
            new RetentionSettings(
                DurationText.Format(options.HistoryTime),
                DurationText.Format(options.LogsTime),
                DurationText.Format(options.DeadLettersTime),
                DurationText.Format(options.IdempotencyKeysTime),
                options.Partition
            ),
            state.Run,
            state.History,
            state.Tables
        );
    }
}
