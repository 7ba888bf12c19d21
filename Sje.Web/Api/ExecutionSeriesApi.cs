using System.Globalization;
using System.Security.Claims;
using FluentValidation;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;
using Sje.Web.Api.Auth;
using Sje.Web.Api.Problems;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>
/// What ended between two instants, in stretches of <c>stepSeconds</c>, oldest first, each named by its beginning. Percentiles are of up to
/// <c>measuredUpTo</c> executions, spread evenly.
/// </summary>
internal sealed record ExecutionSeries(
    DateTimeOffset From,
    DateTimeOffset To,
    double StepSeconds,
    int MeasuredUpTo,
    IReadOnlyList<ExecutionPoint> Points
);

internal sealed record ExecutionSeriesQuery(
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "to")] string? To,
    [FromQuery(Name = "points")] string? Points,
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "schedule")] string? Schedule,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "q")] string? Text
) : IQueryParameters
{
    public static bool TryReadPoints(string? text, out int points)
    {
        points = SeriesPoints.UnlessAsked;
        return text is null
            || (
                int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out points)
                && points is >= 1 and <= SeriesPoints.Most
            );
    }
}

internal sealed class ExecutionSeriesQueryValidator : AbstractValidator<ExecutionSeriesQuery>
{
    public ExecutionSeriesQueryValidator()
    {
        RuleFor(q => q.From).MustBeInstant();
        RuleFor(q => q.To).MustBeInstant();
        RuleFor(q => q.Points)
            .Must(points => ExecutionSeriesQuery.TryReadPoints(points, out _))
            .WithMessage($"The points are a whole number from 1 to {SeriesPoints.Most}.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(q => q.Text).MaximumLength(200);
    }
}

/// <summary>Throughput and times of executions over time.</summary>
internal static class ExecutionSeriesApi
{
    private static readonly TimeSpan SpanUnlessAsked = TimeSpan.FromHours(1);
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3660);

    public static void Map(IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/api/v1/executions/series", GetAsync)
            .WithTags("Executions")
            .RequireAuthorization(Policies.Viewer)
            .Refuses(ProblemKind.Invalid)
            .WithName("getExecutionSeries")
            .WithSummary("Executions that ended, over time: how many in which state, how long they ran and had waited")
            .WithDescription(
                $"Between from and to, the last hour if not given, in up to {SeriesPoints.Most} points (60 if not given) of at least a second; "
                    + "the filters of the list narrow it down."
            );

    private static async Task<Results<Ok<ExecutionSeries>, Refusal>> GetAsync(
        [AsParameters] ExecutionSeriesQuery query,
        ClaimsPrincipal user,
        ExecutionSeriesReader series,
        TimeProvider time,
        CancellationToken stop
    )
    {
        var to = RequestInstant.TryRead(query.To, out var end) ? end : time.GetUtcNow();
        var from = RequestInstant.TryRead(query.From, out var begin) ? begin : to - SpanUnlessAsked;
        if (to - from is var span && (span < Shortest || span > Longest))
        {
            return Refusal.InvalidParameter("from", "It is at least a second and at most ten years before 'to'.");
        }

        _ = ExecutionSeriesQuery.TryReadPoints(query.Points, out var asked);
        var points = Math.Min(asked, (int)Math.Min(span.TotalSeconds, int.MaxValue));
        var step = span / points;
        var filter = new ExecutionFilter
        {
            Tenant = user.Caller().Scope,
            Job = query.Job,
            Schedule = query.Schedule,
            Queue = query.Queue,
            Tag = query.Tag,
            Text = query.Text,
        };
        return TypedResults.Ok(
            new ExecutionSeries(
                from,
                to,
                step.TotalSeconds,
                ExecutionSeriesReader.MostMeasured,
                await series.ReadAsync(filter, from, step, points, stop)
            )
        );
    }
}
