using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;

namespace Sje.Web.Api.Requests;

/// <summary>Whose log is meant.</summary>
internal sealed record LogSummaryQuery(
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "attempt")] string? Attempt
) : IQueryParameters;

internal sealed class LogSummaryQueryValidator : AbstractValidator<LogSummaryQuery>
{
    public LogSummaryQueryValidator() =>
        this.Whole(q => q.Attempt, "An attempt is a whole number from 1.", 1, int.MaxValue);
}

/// <summary>What to look for in a log, and in which of its lines.</summary>
internal sealed record LogSearchQuery(
    [FromQuery(Name = "q")] string? Q,
    [FromQuery(Name = "regex")] string? Regex,
    [FromQuery(Name = "ignoreCase")] string? IgnoreCase,
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "attempt")] string? Attempt,
    [FromQuery(Name = "level")] string? Level,
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "to")] string? To,
    [FromQuery(Name = "limit")] string? Limit,
    [FromQuery(Name = "total")] string? Total
) : IQueryParameters
{
    public const int DefaultLimit = 100;

    public LogRange Range =>
        new(LogTextQuery.Line(From) ?? 0, LogTextQuery.Line(To) ?? long.MaxValue, LogNumbers.Filter(Level));

    public int LimitOf =>
        Limit is not null && LogNumbers.TryRead(Limit, 1, Paging.MaxLimit, out var limit) ? (int)limit : DefaultLimit;
}

internal sealed class LogSearchQueryValidator : AbstractValidator<LogSearchQuery>
{
    public LogSearchQueryValidator()
    {
        RuleFor(q => q.Q).NotEmpty().WithMessage("What to look for is needed.").WithErrorCode(FaultCodes.Required);
        this.Whole(q => q.Attempt, "An attempt is a whole number from 1.", 1, int.MaxValue);
        this.Whole(q => q.From, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        this.Whole(q => q.To, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        this.Whole(q => q.Limit, $"It is a whole number from 1 to {Paging.MaxLimit}.", 1, Paging.MaxLimit);
        this.Level(q => q.Level);
        this.YesOrNo(q => q.Regex);
        this.YesOrNo(q => q.IgnoreCase);
        this.YesOrNo(q => q.Total);
    }
}

/// <summary>Which lines of a log are to be downloaded, and how.</summary>
internal sealed record LogTextQuery(
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "attempt")] string? Attempt,
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "to")] string? To,
    [FromQuery(Name = "level")] string? Level,
    [FromQuery(Name = "q")] string? Q,
    [FromQuery(Name = "regex")] string? Regex,
    [FromQuery(Name = "ignoreCase")] string? IgnoreCase,
    [FromQuery(Name = "plain")] string? Plain,
    [FromQuery(Name = "times")] string? Times
) : IQueryParameters
{
    public static long? Line(string? text) =>
        text is not null && LogNumbers.TryRead(text, 0, long.MaxValue / 2, out var line) ? line : null;

    public LogRange Range => new(Line(From) ?? 0, Line(To) ?? long.MaxValue, LogNumbers.Filter(Level));
}

internal sealed class LogTextQueryValidator : AbstractValidator<LogTextQuery>
{
    public LogTextQueryValidator()
    {
        this.Whole(q => q.Attempt, "An attempt is a whole number from 1.", 1, int.MaxValue);
        this.Whole(q => q.From, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        this.Whole(q => q.To, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        this.Level(q => q.Level);
        this.YesOrNo(q => q.Regex);
        this.YesOrNo(q => q.IgnoreCase);
        this.YesOrNo(q => q.Plain);
        this.YesOrNo(q => q.Times);
    }
}
