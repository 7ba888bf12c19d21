using FluentValidation;
using Microsoft.AspNetCore.Mvc;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;

namespace Sje.Web.Api.Requests;

/// <summary>Which lines of an execution's log are wanted.</summary>
internal sealed record LogQuery(
    [FromQuery(Name = "task")] string? Task,
    [FromQuery(Name = "attempt")] string? Attempt,
    [FromQuery(Name = "from")] string? From,
    [FromQuery(Name = "count")] string? Count,
    [FromQuery(Name = "tail")] string? Tail,
    [FromQuery(Name = "level")] string? Level,
    [FromQuery(Name = "line")] string? Line,
    [FromQuery(Name = "width")] string? Width
) : IQueryParameters
{
    public const int MaxCount = 10_000;
    public const int DefaultCount = 1000;
    public const int LeastWidth = 100;
    public const int MaxWidth = 1_000_000;

    public int? AttemptNumber => LogNumbers.Attempt(Attempt);

    public int CountOf =>
        Count is not null && LogNumbers.TryRead(Count, 1, MaxCount, out var count) ? (int)count : DefaultCount;

    public int WidthOf =>
        Width is not null && LogNumbers.TryRead(Width, LeastWidth, MaxWidth, out var width) ? (int)width : int.MaxValue;

    public LineFilter? Filter => LogNumbers.Filter(Level);

    /// <summary>The number of the line from which on filtered lines are wanted.</summary>
    public long? LineNumber =>
        Line is not null && LogNumbers.TryRead(Line, 0, long.MaxValue / 2, out var line) ? line : null;

    /// <summary>Which of the filtered lines comes first, from 1.</summary>
    public long Rank =>
        From is not null && LogNumbers.TryRead(From, 0, long.MaxValue / 2, out var from) ? Math.Max(from, 1) : 1;

    /// <summary>The line to start at in a log: as asked for, or so many before its end, or its first.</summary>
    public long StartIn(LogHead head) =>
        From is not null && LogNumbers.TryRead(From, 0, long.MaxValue, out var from) ? Math.Max(from, head.FirstLine)
        : Tail is not null && LogNumbers.TryRead(Tail, 1, MaxCount, out var tail)
            ? Math.Max(head.NextLine - tail, head.FirstLine)
        : head.FirstLine;
}

internal sealed class LogQueryValidator : AbstractValidator<LogQuery>
{
    public LogQueryValidator()
    {
        this.Whole(q => q.Attempt, "An attempt is a whole number from 1.", 1, int.MaxValue);
        this.Whole(q => q.From, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        this.Whole(q => q.Line, "It is the number of a line, from 0.", 0, long.MaxValue / 2);
        this.Whole(q => q.Count, $"It is a whole number from 1 to {LogQuery.MaxCount}.", 1, LogQuery.MaxCount);
        this.Whole(q => q.Tail, $"It is a whole number from 1 to {LogQuery.MaxCount}.", 1, LogQuery.MaxCount);
        this.Whole(
            q => q.Width,
            $"It is a whole number from {LogQuery.LeastWidth} to {LogQuery.MaxWidth}.",
            LogQuery.LeastWidth,
            LogQuery.MaxWidth
        );
        this.Level(q => q.Level);
        RuleFor(q => q.Tail)
            .Must((query, tail) => tail is null || (query.From is null && query.Level is null))
            .WithMessage("It does not go with 'from' and 'level'.")
            .WithErrorCode(FaultCodes.Conflict);
        RuleFor(q => q.Line)
            .Must((query, line) => line is null || (query.From is null && query.Level is not null))
            .WithMessage("It goes with 'level', in place of 'from'.")
            .WithErrorCode(FaultCodes.Conflict);
    }
}
