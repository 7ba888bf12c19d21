using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using Sje.Jobs.Observers;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;
using Sje.Web.Api.Streams;

namespace Sje.Web.Api;

/// <summary>
/// Some lines of one attempt's log, which now has the lines from <c>firstLine</c> to before <c>endLine</c>; <c>nextFrom</c> is where to
/// go on reading, <c>ended</c> whether no further line will come.
/// </summary>
internal sealed record LogPage(
    string Task,
    int Attempt,
    IReadOnlyList<LogLine> Items,
    long NextFrom,
    long FirstLine,
    long EndLine,
    bool Ended
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
                    + "with the next one after a retry. Event ids are attempt:line; a stream resumes behind Last-Event-ID."
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

        var from = query.StartIn(head);
        var lines = await logs.ReadAsync(id, head.TaskId, head.Attempt, from, query.CountOf, stop);
        var next = lines is [.., var final] ? final.Number + 1 : from;
        return TypedResults.Ok(
            new LogPage(head.Task, head.Attempt, lines, next, head.FirstLine, Math.Max(head.NextLine, next), head.Ended)
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
        && LogQuery.TryRead(attempt, 1, int.MaxValue, out var number)
        && LogQuery.TryRead(line, 0, long.MaxValue / 2, out var at)
            ? ((int)number, at)
            : null;
}
