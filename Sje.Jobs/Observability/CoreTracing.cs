using System.Diagnostics;

namespace Sje.Jobs.Observability;

/// <summary>
/// The core's spans. An acceptance is kept with its execution as a W3C <c>traceparent</c>, and the attempts, on whatever machine, go on from
/// there: request, acceptance and attempts are one trace. A claim serves many traces, so it is one of its own, linked with each. As long as
/// nobody listens, nothing is made and nothing is stored.
/// </summary>
public static class CoreTracing
{
    /// <summary>The source of every span of ours.</summary>
    public const string SourceName = "Sje";

    /// <summary>What children find their parent span under.</summary>
    public const string ParentVariable = "TRACEPARENT";

    private const int MostLinks = 100;

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>The span to go on from, as a <c>traceparent</c>; null outside a span of ours.</summary>
    public static string? Current =>
        Activity.Current is { IdFormat: ActivityIdFormat.W3C } span && span.Source == Source ? span.Id : null;

    /// <summary>Jobs are being accepted; null when nobody listens.</summary>
    public static Activity? Accept(int jobs)
    {
        var span = Source.StartActivity("accept", ActivityKind.Producer);
        span?.SetTag("sje.jobs", jobs);
        return span;
    }

    /// <summary>
    /// A claim that brought tasks, after the fact: most bring none and are of no interest. Linked with the acceptances it came from.
    /// </summary>
    /// <param name="lane">The lane.</param>
    /// <param name="worker">The worker's name.</param>
    /// <param name="took">How long it took; it ends now.</param>
    /// <param name="parents">What the executions carry.</param>
    /// <returns>The claim's own context, for its attempts to link to; default when nobody listens.</returns>
    public static ActivityContext Claimed(
        string lane,
        string worker,
        TimeSpan took,
        IReadOnlyCollection<string?> parents
    )
    {
        if (!Source.HasListeners())
        {
            return default;
        }

        var links = parents
            .Where(parent => parent is not null)
            .Distinct(StringComparer.Ordinal)
            .Take(MostLinks)
            .Select(Parse)
            .Where(context => context != default)
            .Select(context => new ActivityLink(context))
            .ToList();
        var around = Activity.Current;
        Activity.Current = null;
        try
        {
            using var span = Source.StartActivity(
                "claim",
                ActivityKind.Consumer,
                parentContext: default,
                [new("sje.lane", lane), new("sje.worker", worker), new("sje.tasks", parents.Count)],
                links,
                TimeProvider.System.GetUtcNow() - took
            );
            return span?.Context ?? default;
        }
        finally
        {
            Activity.Current = around;
        }
    }

    /// <summary>An attempt begins; null when nobody listens.</summary>
    /// <param name="parent">What its execution carries.</param>
    /// <param name="claim">The claim it came by.</param>
    /// <param name="tags">What it is.</param>
    public static Activity? Attempt(
        string? parent,
        ActivityContext claim,
        IEnumerable<KeyValuePair<string, object?>> tags
    )
    {
        if (!Source.HasListeners())
        {
            return null;
        }

        return Source.StartActivity(
            "attempt",
            ActivityKind.Consumer,
            parent is null ? default : Parse(parent),
            tags,
            claim == default ? null : [new ActivityLink(claim)]
        );
    }

    /// <summary>Says how an attempt ended.</summary>
    public static void Ended(Activity? span, string outcome, string state, string? failureClass, string? reason)
    {
        if (span is null)
        {
            return;
        }

        span.SetTag("sje.outcome", outcome);
        span.SetTag("sje.state", state);
        if (failureClass is not null)
        {
            span.SetTag("error.type", failureClass);
            span.SetStatus(ActivityStatusCode.Error, reason);
        }
    }

    private static ActivityContext Parse(string? parent) =>
        ActivityContext.TryParse(parent, null, isRemote: true, out var context) ? context : default;
}
