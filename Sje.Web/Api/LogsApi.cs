using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using Sje.Core.Jobs;
using Sje.Jobs.Observers;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;
using Sje.Web.Api.Streams;

namespace Sje.Web.Api;

/// <summary>
/// Some lines of one attempt's log, which now has the lines from <c>firstLine</c> to before <c>endLine</c>; <c>nextFrom</c> is where to
/// go on reading, <c>ended</c> whether no further line will come. Of a level: <c>firstRank</c> is which of its lines the first one here is, from 1,
/// <c>total</c> how many there are, and <c>nextFrom</c> a rank.
/// </summary>
internal sealed record LogPage(
    string Task,
    int Attempt,
    IReadOnlyList<LogLine> Items,
    long NextFrom,
    long FirstLine,
    long EndLine,
    bool Ended,
    long? FirstRank,
    long? Total
);

/// <summary>Logs by lines, or as they grow.</summary>
internal static class LogsApi
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGroup("/api/v1/executions")
            .WithTags("Executions")
            .MapGet("/{id:guid}/logs", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Produces<LogPage>()
            .WithMetadata(new StreamsEvents())
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("getExecutionLogs")
            .WithSummary("Lines of a task's log; with Accept: text/event-stream they go on as they come")
            .WithDescription(
                "Without a task the one most worth reading, without an attempt the newest. A stream that is not bound to an attempt goes on "
                    + "with the next one after a retry. Event ids are attempt:line; a stream resumes behind Last-Event-ID. With level only "
                    + "its lines and graver ones are given; then from is a rank among them, from 1, and line=N starts at the first one numbered N or higher."
            );

    private static async Task<IResult> GetAsync(
        Guid id,
        [AsParameters] LogQuery query,
        HttpRequest request,
        ClaimsPrincipal user,
        ExecutionReader executions,
        LogReader logs,
        LogFeed feed,
        CancellationToken stop
    )
    {
        if (await executions.FindAsync(id, user.Caller().Scope, stop) is null)
        {
            return Refusal.NotFound("execution", id.ToString());
        }

        var follow = EventStream.IsWanted(request);
        if (follow && (query.Level is not null || query.Width is not null))
        {
            return Refusal.InvalidParameter(
                query.Level is not null ? "level" : "width",
                "A stream has every line, and all of it.",
                FaultCodes.Conflict
            );
        }

        (int Attempt, long Line)? seen = null;
        if (follow && EventStream.LastEventId(request) is { } last)
        {
            seen = ReadPlace(last);
            if (seen is null)
            {
                return Refusal.InvalidParameter("Last-Event-ID", "That is no id of a log line.");
            }
        }

        if (await logs.FindHeadAsync(id, query.Task, seen?.Attempt ?? query.AttemptNumber, stop) is not { } head)
        {
            return new Refusal(ProblemKind.NotFound, $"Execution '{id}' has no such task or attempt.");
        }

        if (follow)
        {
            var start = seen is { } place ? place.Line + 1 : query.StartIn(head);
            return new EventStream(FollowAsync(id, head, start, query.AttemptNumber is not null, logs, feed, stop));
        }

        var key = new LogKey(id, head.TaskId, head.Attempt);
        if (query.Filter is { } filter)
        {
            var some = await logs.ReadFilteredAsync(
                key,
                filter,
                query.Rank,
                query.LineNumber,
                query.CountOf,
                query.WidthOf,
                stop
            );
            return TypedResults.Ok(
                new LogPage(
                    head.Task,
                    head.Attempt,
                    some.Lines,
                    some.FirstRank + some.Lines.Count,
                    head.FirstLine,
                    head.NextLine,
                    head.Ended,
                    some.FirstRank,
                    some.Total
                )
            );
        }

        var from = query.StartIn(head);
        var lines = await logs.ReadAsync(key, from, query.CountOf, query.WidthOf, stop);
        var next = lines is [.., var final] ? final.Number + 1 : from;
        return TypedResults.Ok(
            new LogPage(
                head.Task,
                head.Attempt,
                lines,
                next,
                head.FirstLine,
                Math.Max(head.NextLine, next),
                head.Ended,
                null,
                null
            )
        );
    }

    private static async IAsyncEnumerable<ServerEvent?> FollowAsync(
        Guid executionId,
        LogHead head,
        long next,
        bool oneAttempt,
        LogReader logs,
        LogFeed feed,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        yield return null;
        while (true)
        {
            // Whether it has ended is asked before the lines are read: a line written before the end is then never missed.
            if (await logs.FindHeadAsync(executionId, head.Task, head.Attempt, stop) is { } now)
            {
                head = now;
            }

            var lines = await logs.ReadAsync(executionId, head.TaskId, head.Attempt, next, LogQuery.DefaultCount, stop);
            foreach (var line in lines)
            {
                next = line.Number + 1;
                yield return new ServerEvent(
                    string.Create(CultureInfo.InvariantCulture, $"{head.Attempt}:{line.Number}"),
                    "line",
                    line
                );
            }

            if (lines.Count == LogQuery.DefaultCount)
            {
                continue;
            }

            if (
                head.Ended
                && !oneAttempt
                && await logs.FindHeadAsync(executionId, head.Task, null, stop) is { } newest
                && newest.Attempt > head.Attempt
            )
            {
                head = newest;
                next = newest.FirstLine;
                continue;
            }

            // Between an attempt that failed and the next one the task lives on, and so does its log.
            if (head.TaskEnded || (head.Ended && oneAttempt))
            {
                yield return new ServerEvent(null, "end", new { task = head.Task, attempt = head.Attempt });
                yield break;
            }

            await feed.WaitAsync(new LogPosition(executionId, head.TaskId, head.Attempt, next, head.Ended), stop);
        }
    }

    private static (int Attempt, long Line)? ReadPlace(string id) =>
        id.Split(':') is [var attempt, var line]
        && LogNumbers.TryRead(attempt, 1, int.MaxValue, out var number)
        && LogNumbers.TryRead(line, 0, long.MaxValue / 2, out var at)
            ? ((int)number, at)
            : null;
}
