using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Storage;
using Sje.Web.Api.Requests;

namespace Sje.Web.Api;

/// <summary>Which executions a list shows, and in which order.</summary>
internal sealed record ExecutionListQuery(
    [FromQuery(Name = "state")] string[]? State,
    [FromQuery(Name = "id")] string[]? Id,
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "schedule")] string? Schedule,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "since")] string? Since,
    [FromQuery(Name = "until")] string? Until,
    [FromQuery(Name = "sort")] string? Sort,
    [FromQuery(Name = "typical")] string? Typical,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged, IExecutionFilter
{
    public static readonly IReadOnlyDictionary<string, (ExecutionSort Sort, bool Descending)> Orders =
        Enum.GetValues<ExecutionSort>()
            .SelectMany(sort => new[] { (sort, false), (sort, true) })
            .ToDictionary(order => $"{(order.Item2 ? "-" : "")}{order.sort.ToSnake()}");

    public IEnumerable<string> AskedStates => Listed(State);

    public static IEnumerable<string> Listed(string[]? given) =>
        (given ?? []).SelectMany(text =>
            text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        );

    /// <summary>The order asked for, from the cursor on; null when the cursor is none of it.</summary>
    public ExecutionOrder? OrderAt(DateTimeOffset now)
    {
        var (sort, descending) = Orders[Sort ?? "-accepted"];
        var order = new ExecutionOrder(sort, descending, now);
        return this.KeyOf() is { } key ? order.From(key) : order;
    }
}

internal sealed class ExecutionListQueryValidator : AbstractValidator<ExecutionListQuery>
{
    public ExecutionListQueryValidator()
    {
        Include(new PagedValidator());
        Include(new ExecutionFilterValidator());
        RuleFor(q => q.State)
            .Must((query, _) => ExecutionStateWords.AreKnown(query.AskedStates))
            .WithMessage(ExecutionStateWords.Known)
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Typical).MustBeFlag();
        RuleFor(q => q.Sort)
            .Must(sort => sort is null || ExecutionListQuery.Orders.ContainsKey(sort))
            .WithMessage($"The orders are {string.Join(", ", ExecutionListQuery.Orders.Keys)}.")
            .WithErrorCode(FaultCodes.InvalidValue);
    }
}

/// <summary>The states as requests name them.</summary>
internal static class ExecutionStateWords
{
    /// <summary>No state of its own, but asked for like one.</summary>
    public const string Retrying = "retrying";

    /// <summary>Which there are, for those who name another.</summary>
    public static readonly string Known =
        $"The states are {string.Join(", ", Enum.GetValues<ExecutionState>().Select(state => state.ToSnake()))} and {Retrying}.";

    public static bool AreKnown(IEnumerable<string> names) =>
        names.All(name => name == Retrying || StateNames.TryParseSnake<ExecutionState>(name, out _));

    /// <summary>A filter that lets only these states through.</summary>
    public static ExecutionFilter InStates(this ExecutionFilter filter, IReadOnlyCollection<string> names) =>
        filter with
        {
            States = [.. names.Where(name => name != Retrying).Select(StateNames.ParseSnake<ExecutionState>)],
            Retrying = names.Contains(Retrying),
        };
}

/// <summary>The parameters that say which executions are meant.</summary>
internal interface IExecutionFilter : IQueryParameters
{
    string[]? Id { get; }

    string? Job { get; }

    string? Schedule { get; }

    string? Queue { get; }

    string? Tag { get; }

    string? Text { get; }

    string? Since { get; }

    string? Until { get; }
}

internal sealed class ExecutionFilterValidator : AbstractValidator<IExecutionFilter>
{
    private const int MostIds = 1000;

    public ExecutionFilterValidator()
    {
        RuleFor(q => q.Id)
            .Must(given => ExecutionListQuery.Listed(given).All(id => Guid.TryParseExact(id, "D", out _)))
            .WithMessage("An id looks like 01234567-89ab-7cde-8f01-23456789abcd.")
            .WithErrorCode(FaultCodes.InvalidValue);
        RuleFor(q => q.Id)
            .Must(given => ExecutionListQuery.Listed(given).Count() <= MostIds)
            .WithMessage($"At most {MostIds} ids are asked for at once.")
            .WithErrorCode(FaultCodes.OutOfRange);
        RuleFor(q => q.Since).MustBeInstant();
        RuleFor(q => q.Until).MustBeInstant();
        RuleFor(q => q.Text).MaximumLength(200);
    }
}

internal static class ExecutionFilters
{
    /// <summary>What the parameters mean, for a caller.</summary>
    public static ExecutionFilter ToFilter(this IExecutionFilter query, Caller caller) =>
        new()
        {
            Tenant = caller.Scope,
            Ids = query.Id is null or []
                ? null
                : [.. ExecutionListQuery.Listed(query.Id).Select(id => Guid.ParseExact(id, "D"))],
            Job = query.Job,
            Schedule = query.Schedule,
            Queue = query.Queue,
            Tag = query.Tag,
            Text = query.Text,
            Since = RequestInstant.Read(query.Since),
            Until = RequestInstant.Read(query.Until),
        };
}

/// <summary>Which executions are counted.</summary>
internal sealed record ExecutionCountQuery(
    [FromQuery(Name = "id")] string[]? Id,
    [FromQuery(Name = "job")] string? Job,
    [FromQuery(Name = "schedule")] string? Schedule,
    [FromQuery(Name = "queue")] string? Queue,
    [FromQuery(Name = "tag")] string? Tag,
    [FromQuery(Name = "q")] string? Text,
    [FromQuery(Name = "since")] string? Since,
    [FromQuery(Name = "until")] string? Until
) : IExecutionFilter;

internal sealed class ExecutionCountQueryValidator : AbstractValidator<ExecutionCountQuery>
{
    public ExecutionCountQueryValidator() => Include(new ExecutionFilterValidator());
}

internal sealed record AttemptListQuery(
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "cursor")] string? Cursor
) : IPaged;

internal sealed class AttemptListQueryValidator : AbstractValidator<AttemptListQuery>
{
    public AttemptListQueryValidator() => Include(new PagedValidator());
}
