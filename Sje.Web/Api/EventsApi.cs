using System.Runtime.CompilerServices;
using System.Security.Claims;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Observers;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;
using Sje.Web.Api.Streams;

namespace Sje.Web.Api;

/// <summary>A state change; <c>version</c> is the execution's of now, by which a client sees whether it has to read it again.</summary>
internal sealed record EventItem(
    string Id,
    DateTimeOffset At,
    string Kind,
    Guid ExecutionId,
    Guid? TaskId,
    long? Version,
    JsonObject Data
);

/// <summary>
/// What a stream says of an event: which object changed, not the object. <c>id</c> is its id, or its name where it has no other; tasks and dead letters
/// name their execution too. <c>version</c> is the object's where it has one, of tasks the execution's.
/// </summary>
internal sealed record EventNotice(
    string Topic,
    string Id,
    string Kind,
    Guid? ExecutionId,
    Guid? TaskId,
    Guid? OperationId,
    long? Version,
    DateTimeOffset At
);

internal sealed record EventStreamQuery([FromQuery(Name = "topics")] string? Topics) : IQueryParameters
{
    public IReadOnlyList<string> Names =>
        Topics?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? EventTopics.All;
}

internal sealed class EventStreamQueryValidator : AbstractValidator<EventStreamQuery>
{
    public EventStreamQueryValidator() =>
        RuleFor(q => q.Topics)
            .Must((query, _) => query.Names.All(EventTopics.All.Contains))
            .WithMessage($"The topics are {string.Join(", ", EventTopics.All)}.")
            .WithErrorCode(FaultCodes.InvalidValue);
}

/// <summary>State changes, as a list or as they happen.</summary>
internal static class EventsApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes
            .MapGroup("/api/v1/executions")
            .WithTags("Executions")
            .MapGet("/{id:guid}/events", GetOfExecutionAsync)
            .RequireAuthorization(Policies.Viewer)
            .Produces<Page<EventItem>>()
            .WithMetadata(new StreamsEvents())
            .Refuses(ProblemKind.NotFound, ProblemKind.Invalid)
            .WithName("getExecutionEvents")
            .WithSummary("Its state changes, oldest first; with Accept: text/event-stream they go on as they happen");
        routes
            .MapGroup("/api/v1/events")
            .WithTags("Events")
            .MapGet("", Watch)
            .RequireAuthorization(Policies.Viewer)
            .Produces(StatusCodes.Status200OK)
            .WithMetadata(new StreamsEvents())
            .Refuses(ProblemKind.Invalid)
            .WithName("watchEvents")
            .WithSummary(
                "Every change of executions, tasks, dead letters, operations, jobs, schedules, queues and workers from now on, as one stream of server-sent events: ids and versions, not the objects"
            )
            .WithDescription(
                $"?topics= takes some of {string.Join(", ", EventTopics.All)}. A stream resumes behind Last-Event-ID and loses nothing of any topic, as long as "
                    + "what was missed is kept: a day, of executions and tasks as long as their history. "
                    + $"A comment line comes at least every {EventStream.Heartbeat.TotalSeconds} s. What a queue holds changes with its tasks, and a worker is "
                    + "changed when its state or its pause is, not at each heartbeat."
            );
    }

    private static async Task<IResult> GetOfExecutionAsync(
        Guid id,
        [AsParameters] ListQuery query,
        HttpRequest request,
        ClaimsPrincipal user,
        ExecutionReader executions,
        EventReader events,
        EventFeed feed,
        CancellationToken stop
    )
    {
        if (await executions.FindAsync(id, user.Caller().Scope, stop) is null)
        {
            return Refusal.NotFound("execution", id.ToString());
        }

        if (EventStream.IsWanted(request))
        {
            return TryReadLast(request, EventPosition.Start, out var last)
                ? new EventStream(NoticesAsync(feed, last, id, _ => true, stop))
                : WrongLast();
        }

        var after = EventPosition.Start;
        if (query.KeyOf() is { } key && !EventPosition.TryParse(key, out after))
        {
            return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
        }

        var limit = query.LimitOf();
        var found = await events.ReadAsync(after, id, limit + 1, stop);
        return TypedResults.Ok(found.ToPage(limit, e => e.Position.ToString(), ToItem));
    }

    private static IResult Watch(
        [AsParameters] EventStreamQuery query,
        HttpRequest request,
        ClaimsPrincipal user,
        EventFeed feed,
        CancellationToken stop
    )
    {
        if (!TryReadLast(request, null, out var last))
        {
            return WrongLast();
        }

        var scope = user.Caller().Scope;
        var topics = query.Names;
        return new EventStream(
            NoticesAsync(
                feed,
                last,
                null,
                e =>
                    (scope is null || e.Tenant == scope || EventTopics.IsOfEverybody(e.Topic))
                    && topics.Contains(e.Topic),
                stop
            )
        );
    }

    private static async IAsyncEnumerable<ServerEvent?> NoticesAsync(
        EventFeed feed,
        EventPosition? after,
        Guid? executionId,
        Func<StoredEvent, bool> seen,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        await foreach (var batch in feed.WatchAsync(after, executionId, stop))
        {
            if (batch.Count == 0)
            {
                yield return null;
            }

            foreach (var e in batch.Where(seen))
            {
                yield return new ServerEvent(
                    e.Position.ToString(),
                    e.Kind,
                    new EventNotice(
                        e.Topic,
                        e.Subject,
                        e.Kind,
                        e.ExecutionId,
                        e.TaskId,
                        e.Topic == EventTopics.Operations ? Guid.Parse(e.Subject) : null,
                        e.Version,
                        e.At
                    )
                );
            }
        }
    }

    private static bool TryReadLast(HttpRequest request, EventPosition? otherwise, out EventPosition? last)
    {
        last = otherwise;
        if (EventStream.LastEventId(request) is not { } id)
        {
            return true;
        }

        var isPlace = EventPosition.TryParse(id, out var place);
        last = place;
        return isPlace;
    }

    private static Refusal WrongLast() => Refusal.InvalidParameter("Last-Event-ID", "That is no id of an event.");

    private static EventItem ToItem(StoredEvent e) =>
        new(
            e.Position.ToString(),
            e.At,
            e.Kind,
            e.ExecutionId!.Value, // They were read by it.
            e.TaskId,
            e.Version,
            e.Data
        );
}
