using FluentValidation;

namespace Sje.Web.Api.Requests;

/// <summary>Why something is paused or drained; it may be left out.</summary>
internal sealed record PauseRequest
{
    /// <summary>In words, for those who find it so.</summary>
    public string? Reason { get; init; }
}

internal sealed class PauseRequestValidator : AbstractValidator<PauseRequest>
{
    public PauseRequestValidator() => RuleFor(r => r.Reason).MaximumLength(1000);
}
