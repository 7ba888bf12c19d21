using FluentValidation;
using Sje.Core.Jobs;

namespace Sje.Web.Api.Requests;

/// <summary>A parameter that is <c>true</c>, <c>false</c> or not there.</summary>
internal static class QueryFlag
{
    public static bool? Read(string? text) => bool.TryParse(text, out var flag) ? flag : null;

    public static void MustBeFlag<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(text => text is null or "true" or "false")
            .WithMessage("It is true or false.")
            .WithErrorCode(FaultCodes.InvalidValue);
}
