using System.Globalization;
using System.Linq.Expressions;
using FluentValidation;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;

namespace Sje.Web.Api.Requests;

/// <summary>Reads what parameters of logs have in common: whole numbers, levels, yes and no.</summary>
internal static class LogNumbers
{
    /// <summary>The levels by their names.</summary>
    public static readonly string[] Levels = ["error", "warn", "info", "debug", "stderr"];

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

    public static int? Attempt(string? text) =>
        text is not null && TryRead(text, 1, int.MaxValue, out var number) ? (int)number : null;

    public static LineFilter? Filter(string? text) =>
        text is null ? null
        : Array.IndexOf(Levels, text) is >= 0 and var place ? (LineFilter)place
        : null;

    public static void Whole<T>(
        this AbstractValidator<T> validator,
        Expression<Func<T, string?>> parameter,
        string message,
        long least,
        long most
    ) =>
        validator
            .RuleFor(parameter)
            .Must(text => TryRead(text, least, most, out _))
            .WithMessage(message)
            .WithErrorCode(FaultCodes.InvalidValue);

    public static void Level<T>(this AbstractValidator<T> validator, Expression<Func<T, string?>> parameter) =>
        validator
            .RuleFor(parameter)
            .Must(text => text is null || Filter(text) is not null)
            .WithMessage($"It is one of {string.Join(", ", Levels)}.")
            .WithErrorCode(FaultCodes.InvalidValue);

    public static void YesOrNo<T>(this AbstractValidator<T> validator, Expression<Func<T, string?>> parameter) =>
        validator
            .RuleFor(parameter)
            .Must(text => text is null or "true" or "false")
            .WithMessage("It is true or false.")
            .WithErrorCode(FaultCodes.InvalidValue);
}
