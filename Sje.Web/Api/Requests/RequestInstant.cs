using System.Globalization;
using FluentValidation;
using Sje.Core.Jobs;

namespace Sje.Web.Api.Requests;

/// <summary>An instant as requests write it; without a zone it is UTC, without a time the day's first.</summary>
internal static class RequestInstant
{
    private static readonly string[] Forms =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ssK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
    ];

    public static bool TryRead(string? text, out DateTimeOffset instant) =>
        DateTimeOffset.TryParseExact(
            text,
            Forms,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out instant
        );

    /// <summary>The instant of a text that a validator has passed; null of none.</summary>
    public static DateTimeOffset? Read(string? text) => TryRead(text, out var instant) ? instant : null;

    /// <summary>An instant, or nothing.</summary>
    public static IRuleBuilderOptions<TRequest, string?> MustBeInstant<TRequest>(
        this IRuleBuilder<TRequest, string?> rule
    ) =>
        rule.Must(text => text is null || TryRead(text, out _))
            .WithMessage("It is an instant like 2026-01-31T12:00:00Z.")
            .WithErrorCode(FaultCodes.InvalidValue);
}
