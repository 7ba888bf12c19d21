using System.Net.Mime;
using System.Security.Claims;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Sje.Jobs.Maintenance;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// What an attempt's log holds: lines from <c>firstLine</c> to before <c>endLine</c>, <c>lines</c> of them. <c>missing</c>: why there are none.
/// </summary>
internal sealed record LogSummary(
    string Task,
    int Attempt,
    bool Ended,
    bool TaskEnded,
    long FirstLine,
    long EndLine,
    long Lines,
    DateTimeOffset? FirstAt,
    DateTimeOffset? LastAt,
    LevelCounts Levels,
    long? FirstErrorLine,
    long? FirstStderrLine,
    MissingLog? Missing,
    string? MissingDetail,
    IReadOnlyList<AttemptLogSize> Attempts
);

/// <summary>
/// Lines with a match. <c>total</c>: how many were found in the lines looked at, <c>complete</c> whether that were all that were asked for. More
/// hits are had from <c>nextFrom</c> on. Where time ran out, <c>resumeFrom</c> is the line to go on at: what is found there adds to the total and to
/// the map, whose <c>buckets</c> tell how many hits there are in <c>bucketLines</c> lines from <c>line</c> on.
/// </summary>
internal sealed record LogSearchPage(
    string Task,
    int Attempt,
    IReadOnlyList<LogHit> Items,
    long Total,
    bool Complete,
    long? NextFrom,
    long? ResumeFrom,
    long FirstLine,
    long EndLine,
    long BucketLines,
    IReadOnlyList<LogHitBucket> Buckets
);

/// <summary>What logs hold, where something stands in them, and their text.</summary>
internal static class LogDetailsApi
{
    /// <summary>How many places the map of hits has at most: more than a scrollbar has points.</summary>
    private const int MostBuckets = 500;

    // A million lines take a second or two. Who has more asks again where it broke off, and sees hits meanwhile.
    private static readonly TimeSpan SearchTime = TimeSpan.FromSeconds(5);

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes
            .MapGroup("/api/v1/executions/{id:guid}/logs")
            .WithTags("Executions")
            .RequireAuthorization(Policies.Viewer);
        group
            .MapGet("/summary", SummaryAsync)
            .Produces<LogSummary>()
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("getExecutionLogSummary")
            .WithSummary(
                "How long a task's log is, how many lines of which level, where the first error stands, its attempts; why it is missing"
            );
        group
            .MapGet("/search", SearchAsync)
            .Produces<LogSearchPage>()
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("searchExecutionLogs")
            .WithSummary(
                "Lines of a task's log that hold a text or match a regular expression, their number and where they are"
            )
            .WithDescription(
                "Lines are compared as they are shown, without colours. Regular expressions are those of .NET without look-around and "
                    + "back-references. from and to narrow the lines; limit is how many hits are wanted; total=false stops when it has them."
            );
        group
            .MapGet("/text", TextAsync)
            .Produces<string>(StatusCodes.Status200OK, MediaTypeNames.Text.Plain)
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("downloadExecutionLogs")
            .WithSummary("A task's log as text; of a level, of lines with a match, of a range of lines")
            .WithDescription(
                "plain=true leaves out colours and control characters; times=true puts the instant before each line."
            );
    }

    private static async Task<IResult> SummaryAsync(
        Guid id,
        [AsParameters] LogSummaryQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        LogReader logs,
        LogSummaries summaries,
        IOptions<RetentionOptions> retention,
        CancellationToken stop
    )
    {
        var (head, refusal) = await FindAsync(id, query.Task, query.Attempt, user, executions, logs, stop);
        if (head is null)
        {
            return refusal!; // one of the two is there
        }

        var outline = await summaries.ReadAsync(id, head, retention.Value.LogsTime, stop);
        return TypedResults.Ok(
            new LogSummary(
                head.Task,
                head.Attempt,
                head.Ended,
                head.TaskEnded,
                head.FirstLine,
                head.FirstLine + outline.Lines,
                outline.Lines,
                outline.FirstAt,
                outline.LastAt,
                outline.Levels,
                outline.FirstErrorLine,
                outline.FirstStderrLine,
                outline.Missing,
                Why(outline.Missing, retention.Value),
                outline.Attempts
            )
        );
    }

    private static async Task<IResult> SearchAsync(
        Guid id,
        [AsParameters] LogSearchQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        LogReader logs,
        LogSearch search,
        CancellationToken stop
    )
    {
        if (PatternOf(query.Q, query.Regex, query.IgnoreCase, out var wrong) is not { } pattern)
        {
            return wrong!; // one of the two is there
        }

        var (head, refusal) = await FindAsync(id, query.Task, query.Attempt, user, executions, logs, stop);
        if (head is null)
        {
            return refusal!;
        }

        // The map begins at line 1, so that parts of it found at different times fit together.
        var bucketLines = Math.Max((head.NextLine - 1 + MostBuckets - 1) / MostBuckets, 1);
        try
        {
            var found = await search.FindAsync(
                new LogKey(id, head.TaskId, head.Attempt),
                new LogQuestion(
                    pattern,
                    query.Range with
                    {
                        To = Math.Min(query.Range.To, head.NextLine - 1),
                    },
                    query.LimitOf,
                    query.Total != "false",
                    bucketLines,
                    SearchTime
                ),
                stop
            );
            return TypedResults.Ok(
                new LogSearchPage(
                    head.Task,
                    head.Attempt,
                    found.Items,
                    found.Total,
                    found.ResumeFrom is null && (query.Total != "false" || found.NextFrom is null),
                    found.NextFrom,
                    found.ResumeFrom,
                    head.FirstLine,
                    head.NextLine,
                    bucketLines,
                    found.Buckets
                )
            );
        }
        catch (RegexMatchTimeoutException)
        {
            return TooCostly();
        }
    }

    private static async Task<IResult> TextAsync(
        Guid id,
        [AsParameters] LogTextQuery query,
        ClaimsPrincipal user,
        ExecutionReader executions,
        LogReader logs,
        HttpResponse response,
        CancellationToken stop
    )
    {
        LinePattern? pattern = null;
        if (query.Q is not null)
        {
            pattern = PatternOf(query.Q, query.Regex, query.IgnoreCase, out var wrong);
            if (pattern is null)
            {
                return wrong!; // one of the two is there
            }
        }

        var (head, refusal) = await FindAsync(id, query.Task, query.Attempt, user, executions, logs, stop);
        if (head is null)
        {
            return refusal!;
        }

        var pieces = logs.ReadTextAsync(
            new LogKey(id, head.TaskId, head.Attempt),
            query.Range,
            pattern,
            query.Plain == "true",
            query.Times == "true",
            stop
        );
        // Never shown as a page: a log may hold anything.
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment")
        {
            FileNameStar = $"{id}-{head.Task}-{head.Attempt}.log",
        }.ToString();
        return TypedResults.Stream(
            async body =>
            {
                await foreach (var piece in pieces)
                {
                    await body.WriteAsync(piece, stop);
                }
            },
            "text/plain; charset=utf-8"
        );
    }

    private static async Task<(LogHead? Head, Refusal? Refusal)> FindAsync(
        Guid id,
        string? task,
        string? attempt,
        ClaimsPrincipal user,
        ExecutionReader executions,
        LogReader logs,
        CancellationToken stop
    ) =>
        await executions.FindAsync(id, user.Caller().Scope, stop) is null
            ? (null, Refusal.NotFound("execution", id.ToString()))
        : await logs.FindHeadAsync(id, task, LogNumbers.Attempt(attempt), stop) is { } head ? (head, null)
        : (null, new Refusal(ProblemKind.NotFound, $"Execution '{id}' has no such task or attempt."));

    private static LinePattern? PatternOf(string? text, string? regex, string? ignoreCase, out Refusal? wrong)
    {
        var pattern = LinePattern.TryCreate(text ?? "", regex == "true", ignoreCase == "true", out var fault);
        wrong = fault is null
            ? null
            : new Refusal(ProblemKind.Invalid, fault.Detail)
            {
                Errors = [ProblemError.OfParameter("q", fault.Detail, Core.Jobs.FaultCodes.InvalidValue)],
                More = fault.Position is { } position ? new JsonObject { ["position"] = position } : null,
            };
        return pattern;
    }

    private static Refusal TooCostly() =>
        Refusal.InvalidParameter("q", "This regular expression takes too long for a single line: make it simpler.");

    private static string? Why(MissingLog? missing, RetentionOptions retention) =>
        missing switch
        {
            MissingLog.NotStarted => "The task has not run yet.",
            MissingLog.NothingYet => "The task runs and has written nothing so far.",
            MissingLog.NothingWritten => "The task wrote nothing.",
            MissingLog.WorkerLost => "The worker was lost before it could send what the task had written.",
            MissingLog.Retention =>
                $"It was removed: logs are kept for {Core.Jobs.DurationText.Format(retention.LogsTime)} after the end ({RetentionOptions.Section}:logs).",
            _ => null,
        };
}
