using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Observers;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// Some lines of one attempt's log, which now has the lines from <c>firstLine</c> to before <c>endLine</c>; <c>nextFrom</c> is where to
/// go on reading, <c>ended</c> whether no further line will come.
/// </summary>
internal sealed record LogPage(
    string Task, int Attempt, IReadOnlyList<LogLine> Items, long NextFrom, long FirstLine, long EndLine, bool Ended);

internal sealed record LogQuery(
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "attempt")] string? Attempt,
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "count")] string? Count,
    [FromQuery(Name = "tail")] string? Tail) : IQueryParameters
{
    public const int MaxCount = 10_000;
    public const int DefaultCount = 1000;

    public static bool TryRead(string? text, long least, long most, out long value)
    {
        value = 0;
        return text is null
            || (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most);
    }

    public int? AttemptNumber => Attempt is not null && TryRead(Attempt, 1, int.MaxValue, out var number) ? (int)number : null;

    public int CountOf => Count is not null && TryRead(Count, 1, MaxCount, out var count) ? (int)count : DefaultCount;

    /// <summary>The line to start at in a log: as asked for, or so many before its end, or its first.</summary>
    public long StartIn(LogHead head) =>
        From is not null && TryRead(From, 0, long.MaxValue, out var from) ? Math.Max(from, head.FirstLine)
        : Tail is not null && TryRead(Tail, 1, MaxCount, out var tail) ? Math.Max(head.NextLine - tail, head.FirstLine)
        : head.FirstLine;
}

internal sealed class LogQueryValidator : AbstractValidator<LogQuery>
{
    public LogQueryValidator()
    {
        Whole(q => q.Attempt, "An attempt is a whole number from 1.", 1, int.MaxValue);
        Whole(q => q.From, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        Whole(q => q.Count, $"It is a whole number from 1 to {LogQuery.MaxCount}.", 1, LogQuery.MaxCount);
        Whole(q => q.Tail, $"It is a whole number from 1 to {LogQuery.MaxCount}.", 1, LogQuery.MaxCount);
        RuleFor(q => q.Tail).Must((query, tail) => tail is null || query.From is null)
            .WithMessage("It does not go with 'from'.").WithErrorCode(FaultCodes.Conflict);
    }

    private void Whole(System.Linq.Expressions.Expression<Func<LogQuery, string?>> parameter, string message, long least, long most) =>
        RuleFor(parameter).Must(text => LogQuery.TryRead(text, least, most, out _)).WithMessage(message).WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>Logs by lines, or as they grow.</summary>
internal static class LogsApi
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGroup("/api/v1/executions").WithTags("Executions")
            .MapGet("/{id:guid}/logs", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Produces<LogPage>()
            .WithMetadata(new StreamsEvents())
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("getExecutionLogs")
            .WithSummary("Lines of a task's log; with Accept: text/event-stream they go on as they come")
            .WithDescription(
                "Without a task the one most worth reading, without an attempt the newest. A stream that is not bound to an attempt goes on "
                + "with the next one after a retry. Event ids are attempt:line; a stream resumes behind Last-Event-ID.");

    private static async Task<IResult> GetAsync(
        Guid id,
        [AsParameters] LogQuery query,
        HttpRequest request,
        ClaimsPrincipal user,
        ExecutionReader executions,
        LogReader logs,
        LogFeed feed,
        CancellationToken stop)
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
        var lines = await logs.ReadAsync(head.TaskId, head.Attempt, from, query.CountOf, stop);
        var next = lines is [.., var final] ? final.Number + 1 : from;
        return TypedResults.Ok(new LogPage(head.Task, head.Attempt, lines, next, head.FirstLine, Math.Max(head.NextLine, next), head.Ended));
    }

    private static async IAsyncEnumerable<ServerEvent?> FollowAsync(
        Guid executionId, LogHead head, long next, bool oneAttempt, LogReader logs, LogFeed feed, [EnumeratorCancellation] CancellationToken stop)
    {
        yield return null;
        while (true)
        {
            // Whether it has ended is asked before the lines are read: a line written before the end is then never missed.
            if (await logs.FindHeadAsync(executionId, head.Task, head.Attempt, stop) is { } now)
            {
                head = now;
            }

            var lines = await logs.ReadAsync(head.TaskId, head.Attempt, next, LogQuery.DefaultCount, stop);
            foreach (var line in lines)
            {
                next = line.Number + 1;
                yield return new ServerEvent(
                    string.Create(CultureInfo.InvariantCulture, $"{head.Attempt}:{line.Number}"), "line", line);
            }

            if (lines.Count == LogQuery.DefaultCount)
            {
                continue;
            }

            if (head.Ended && !oneAttempt && await logs.FindHeadAsync(executionId, head.Task, null, stop) is { } newest
                && newest.Attempt > head.Attempt)
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

            await feed.WaitAsync(new LogPosition(head.TaskId, head.Attempt, next, head.Ended), stop);
        }
    }

    private static (int Attempt, long Line)? ReadPlace(string id) =>
        id.Split(':') is [var attempt, var line]
        && LogQuery.TryRead(attempt, 1, int.MaxValue, out var number)
        && LogQuery.TryRead(line, 0, long.MaxValue / 2, out var at)
            ? ((int)number, at)
            : null;
}
