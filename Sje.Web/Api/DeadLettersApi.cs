using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Nodes;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Security;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Operations;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>Which dead letters a list shows.</summary>
internal sealed record DeadLetterQuery(
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "class")] string? Class,
    [FromQuery(Name = "fingerprint")] string? Fingerprint,
    [FromQuery(Name = "since")] string? Since,
    [FromQuery(Name = "until")] string? Until,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged
{
    public DeadLetterFilter Filter =>
        new()
        {
            Job = Job,
            Queue = Queue,
            Class = Class,
            Fingerprint = Fingerprint,
            Since = RequestInstant.Read(Since),
            Until = RequestInstant.Read(Until),
            Text = Text,
        };
}

internal sealed class DeadLetterQueryValidator : AbstractValidator<DeadLetterQuery>
{
    public DeadLetterQueryValidator()
    {
        Include(new PagedValidator());
        RuleFor(q => q.Since).MustBeInstant();
        RuleFor(q => q.Until).MustBeInstant();
        RuleFor(q => q.Text).MaximumLength(200);
    }
}

/// <summary>Which dead letters are to be changed: those that meet all that is given.</summary>
internal sealed record DeadLetterRequest : BulkRequest
{
    /// <summary>The failure class.</summary>
    public string? Class { get; init; }

    /// <summary>Those that look alike.</summary>
    public string? Fingerprint { get; init; }

    internal override bool HasFilter => !Filter.MeansAll;

    internal DeadLetterFilter Filter =>
        new()
        {
            Job = Job,
            Queue = Queue,
            Class = Class,
            Fingerprint = Fingerprint,
            Since = RequestInstant.Read(Since),
            Until = RequestInstant.Read(Until),
            Text = Q,
        };
}

internal sealed class DeadLetterRequestValidator : BulkValidator<DeadLetterRequest>
{
    public DeadLetterRequestValidator() => MustSayWhich("dead letters");
}

/// <summary>A page of dead letters. Counts are by failure class, under the same filters but the class; together they go up to <c>countsUpTo</c>.</summary>
internal sealed record DeadLetterPage(
    IReadOnlyList<DeadLetter> Items,
    string? NextCursor,
    IReadOnlyDictionary<string, long> Counts,
    int CountsUpTo
);

/// <summary>A dead letter on its own page: its whole error with the end of its log, and its attempts, the newest first.</summary>
internal sealed record DeadLetterDetail(
    DeadLetter Letter,
    JsonObject? Error,
    IReadOnlyList<AttemptDetail> Attempts,
    IReadOnlyList<string> Skipped
);

/// <summary>The dead letters of one id: of a task one, of an execution all that it has.</summary>
internal sealed record DeadLettersOfOne(IReadOnlyList<DeadLetterDetail> Items);

/// <summary>How many were changed.</summary>
internal sealed record DeadLettersChanged(long Changed);

/// <summary>Dead letters: tasks that failed for good and that nobody has dismissed or run again.</summary>
internal static class DeadLettersApi
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/dead-letters").WithTags("Dead letters");
        group
            .MapGet("", ListAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listDeadLetters")
            .WithSummary("Dead letters, the last to fail first, with counts by failure class")
            .WithDescription(
                "job is the exact name; since and until are about when it failed for good; q finds part of the job's name, of the label or of the message."
            );
        group
            .MapGet("/groups", GroupAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("listDeadLetterGroups")
            .WithSummary("Dead letters by what they look like, the most frequent first");
        group
            .MapGet("/{id:guid}", GetAsync)
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.NotFound)
            .WithName("getDeadLetter")
            .WithSummary("The dead letter of a task, or those of an execution: error, end of the log, attempts");
        group
            .MapPost("/{id:guid}/requeue", RequeueOneAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("requeueDeadLetter")
            .WithSummary("Run a task's, or an execution's, dead letters again, with what was skipped behind them");
        group
            .MapPost("/{id:guid}/purge", PurgeOneAsync)
            .RequireAuthorization(Policies.Operator)
            .Refuses(ProblemKind.NotFound)
            .WithName("purgeDeadLetter")
            .WithSummary("Dismiss a task's, or an execution's, dead letters; their history stays");
        Begins(routes.MapPost("/api/v1/dead-letters:requeue", RequeueAsync))
            .WithName("requeueDeadLetters")
            .WithSummary("Begin to run all that match again");
        Begins(routes.MapPost("/api/v1/dead-letters:purge", PurgeAsync))
            .WithName("purgeDeadLetters")
            .WithSummary("Begin to dismiss all that match; their history stays");
    }

    internal static async Task<Results<Ok<DeadLetterPage>, Refusal>> ListAsync(
        [AsParameters] DeadLetterQuery query,
        ClaimsPrincipal user,
        DeadLetterReader letters,
        CancellationToken stop
    )
    {
        DeadLetterPlace? after = null;
        if (query.KeyOf() is { } key)
        {
            after = DeadLetterPlace.Parse(key);
            if (after is null)
            {
                return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
            }
        }

        var limit = query.LimitOf();
        var scope = user.Caller().Scope;
        var page = (await letters.ListAsync(query.Filter, scope, after, limit + 1, stop)).ToPage(
            limit,
            letter => new DeadLetterPlace(letter.FailedAt, letter.Id).ToString(),
            letter => For(letter, user)
        );
        return TypedResults.Ok(
            new DeadLetterPage(
                page.Items,
                page.NextCursor,
                await letters.CountAsync(query.Filter, scope, stop),
                DeadLetterReader.MaxCount
            )
        );
    }

    private static async Task<Results<Ok<Page<DeadLetterGroup>>, Refusal>> GroupAsync(
        [AsParameters] DeadLetterQuery query,
        ClaimsPrincipal user,
        DeadLetterReader letters,
        CancellationToken stop
    )
    {
        var skip = 0;
        if (query.KeyOf() is { } key && !int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out skip))
        {
            return Refusal.InvalidParameter("cursor", "That is a cursor of another list.");
        }

        var limit = query.LimitOf();
        var found = await letters.GroupAsync(query.Filter, user.Caller().Scope, skip, limit + 1, stop);
        return TypedResults.Ok(
            found.ToPage(
                limit,
                _ => (skip + limit).ToString(CultureInfo.InvariantCulture),
                group => group with { Sample = For(group.Sample, user) }
            )
        );
    }

    private static async Task<Results<Ok<DeadLettersOfOne>, Refusal>> GetAsync(
        Guid id,
        ClaimsPrincipal user,
        DeadLetterReader letters,
        TaskReader tasks,
        CancellationToken stop
    )
    {
        var found = await letters.FindAsync(id, user.Caller().Scope, stop);
        if (found.Count == 0)
        {
            return NotFound(id);
        }

        var details = new List<DeadLetterDetail>();
        foreach (var letter in found)
        {
            details.Add(
                new DeadLetterDetail(
                    For(letter, user),
                    await letters.FindErrorAsync(letter.Id, stop),
                    await tasks.ListAttemptsAsync(letter.ExecutionId, letter.Task, 0, 100, stop),
                    await letters.ListSkippedBehindAsync(letter, stop)
                )
            );
        }

        return TypedResults.Ok(new DeadLettersOfOne(details));
    }

    private static Task<Results<Accepted<DeadLettersChanged>, Refusal>> RequeueOneAsync(
        Guid id,
        ClaimsPrincipal user,
        DeadLetterReader letters,
        DeadLetterControl control,
        CancellationToken stop
    ) => ChangeAsync(DeadLetterChange.Requeue, id, user, letters, control, stop);

    private static Task<Results<Accepted<DeadLettersChanged>, Refusal>> PurgeOneAsync(
        Guid id,
        ClaimsPrincipal user,
        DeadLetterReader letters,
        DeadLetterControl control,
        CancellationToken stop
    ) => ChangeAsync(DeadLetterChange.Purge, id, user, letters, control, stop);

    private static async Task<Results<Accepted<DeadLettersChanged>, Refusal>> ChangeAsync(
        DeadLetterChange kind,
        Guid id,
        ClaimsPrincipal user,
        DeadLetterReader letters,
        DeadLetterControl control,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        var found = await letters.FindAsync(id, caller.Scope, stop);
        return found.Count > 0 && await control.ChangeAsync(kind, found, caller.Name, stop) is var changed and > 0
            ? TypedResults.Accepted($"/api/v1/executions/{found[0].ExecutionId}", new DeadLettersChanged(changed))
            : NotFound(id);
    }

    private static Task<Accepted<OperationView>> RequeueAsync(
        RequestBody<DeadLetterRequest> body,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) => BeginAsync(OperationKind.Requeue, body.Value, user, operations, stop);

    private static Task<Accepted<OperationView>> PurgeAsync(
        RequestBody<DeadLetterRequest> body,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    ) => BeginAsync(OperationKind.Purge, body.Value, user, operations, stop);

    private static async Task<Accepted<OperationView>> BeginAsync(
        OperationKind kind,
        DeadLetterRequest request,
        ClaimsPrincipal user,
        OperationStore operations,
        CancellationToken stop
    )
    {
        var caller = user.Caller();
        var begun = await operations.BeginAsync(kind, request.Filter, caller.Scope, caller.Name, stop);
        return TypedResults.Accepted($"/api/v1/operations/{begun.Id}", OperationView.Of(begun, caller));
    }

    private static RouteHandlerBuilder Begins(RouteHandlerBuilder route) =>
        route
            .WithTags("Dead letters")
            .RequireAuthorization(Policies.Operator)
            .Refuses(
                ProblemKind.Unreadable,
                ProblemKind.TooLarge,
                ProblemKind.UnsupportedMediaType,
                ProblemKind.Invalid
            )
            .WithDescription(
                "The server works it off, also after a restart: Location is the operation. Only what matches now is touched. Without any filter 'all' must say so."
            );

    private static DeadLetter For(DeadLetter letter, ClaimsPrincipal user) =>
        letter with
        {
            Actions = AllowedActions.OfDeadLetter(user.Caller().Role),
        };

    private static Refusal NotFound(Guid id) => Refusal.NotFound("dead letter", id.ToString());
}
