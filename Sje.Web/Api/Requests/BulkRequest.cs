using FluentValidation;
using Sje.Core.Jobs;

namespace Sje.Web.Api.Requests;

/// <summary>Which of many are to be changed: what every such request can say.</summary>
internal abstract record BulkRequest
{
    /// <summary>The exact name of the job.</summary>
    public string? Job { get; init; }

    /// <summary>The exact queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Accepted at this instant or later; of dead letters, failed for good.</summary>
    public string? Since { get; init; }

    /// <summary>Accepted before this instant; of dead letters, failed for good.</summary>
    public string? Until { get; init; }

    /// <summary>Part of the job's name or of the label; of executions also an id, of dead letters also part of the error's message.</summary>
    public string? Q { get; init; }

    /// <summary>Says that all are meant, where nothing else is given.</summary>
    public bool? All { get; init; }

    /// <summary>Whether anything narrows them down.</summary>
    internal virtual bool HasFilter =>
        Job is not null || Queue is not null || Since is not null || Until is not null || Q is not null;

    /// <summary>Whether they are named one by one.</summary>
    internal virtual bool NamesSome => false;
}

/// <summary>Its rules.</summary>
internal abstract class BulkValidator<TRequest> : AbstractValidator<TRequest>
    where TRequest : BulkRequest
{
    protected BulkValidator()
    {
        RuleFor(r => r.Since).MustBeInstant();
        RuleFor(r => r.Until).MustBeInstant();
        RuleFor(r => r.Q).MaximumLength(200);
    }

    /// <summary>Nobody means all by saying nothing, and all does not go with a filter.</summary>
    protected void MustSayWhich(string what)
    {
        RuleFor(r => r.All)
            .Must((request, all) => all == true || request.HasFilter || request.NamesSome)
            .WithMessage($"Say which {what} are meant, or 'all': true for all of them.")
            .WithErrorCode(FaultCodes.Required);
        RuleFor(r => r.All)
            .Must((request, all) => all != true || !request.HasFilter)
            .WithMessage("It does not go with a filter.")
            .WithErrorCode(FaultCodes.Conflict);
    }
}
