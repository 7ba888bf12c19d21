using System.Globalization;
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
    [FromQuery(Name = "tail")] string? Tail
) : IQueryParameters
{
    public const int MaxCount = 10_000;
    public const int DefaultCount = 1000;

    public static bool TryRead(string? text, long least, long most, out long value)
    {
        value = 0;
        return text is null
            || (
                long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value)
                && value >= least
                && value <= most
            );
    }

    public int? AttemptNumber =>
        Attempt is not null && TryRead(Attempt, 1, int.MaxValue, out var number) ? (int)number : null;

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
        RuleFor(q => q.Tail)
            .Must((query, tail) => tail is null || query.From is null)
            .WithMessage("It does not go with 'from'.")
            .WithErrorCode(FaultCodes.Conflict);
    }

    private void Whole(
        System.Linq.Expressions.Expression<Func<LogQuery, string?>> parameter,
        string message,
        long least,
        long most
    ) =>
        RuleFor(parameter)
            .Must(text => LogQuery.TryRead(text, least, most, out _))
            .WithMessage(message)
            .WithErrorCode(FaultCodes.InvalidValue);
}
