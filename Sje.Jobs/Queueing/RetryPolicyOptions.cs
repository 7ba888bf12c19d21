using System.ComponentModel.DataAnnotations;
using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Jobs.Queueing;

/// <summary>
/// One entry of the section <c>retryPolicies</c>: a retry policy of the user's, by its name. What is left out is as in the built-in policy
/// of that name, else as in <c>default</c>. Lengths of time are written as in job files: <c>500ms</c>, <c>90s</c>, <c>1h30m</c>.
/// </summary>
public sealed class RetryPolicyOptions : IValidatableObject
{
    /// <summary>The section that holds them.</summary>
    public const string Section = "retryPolicies";

    /// <summary>How delays grow: <c>exponential</c>, <c>fixed</c>, <c>linear</c>, <c>fibonacci</c>.</summary>
    public Backoff? Backoff { get; set; }

    /// <summary>The first delay.</summary>
    public string? InitialDelay { get; set; }

    /// <summary>No delay is longer.</summary>
    public string? MaxDelay { get; set; }

    /// <summary>What an exponential delay is multiplied by from failure to failure.</summary>
    [Range(1, RetryPolicy.LargestFactor)]
    public double? Factor { get; set; }

    /// <summary>What part of a delay is waited: <c>full</c> is a random part, <c>none</c> is all of it.</summary>
    public Jitter? Jitter { get; set; }

    /// <summary>Failures allowed, the first try among them.</summary>
    [Range(1, RetryPolicy.MostAttempts)]
    public int? MaxAttempts { get; set; }

    /// <summary>No attempt begins later than this after the first one began.</summary>
    public string? MaxElapsed { get; set; }

    /// <summary>The policies of the section, and the built-in ones.</summary>
    /// <exception cref="ArgumentException">One of them is wrong.</exception>
    public static RetryPolicies ToPolicies(IReadOnlyDictionary<string, RetryPolicyOptions> section)
    {
        ArgumentNullException.ThrowIfNull(section);
        return new RetryPolicies(
            section.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Value.ToPolicy(entry.Key))
        );
    }

    private static string? NameFault(string name) =>
        name == RetryPolicies.None ? "'none' is one attempt only, and stays it"
        : RetryPolicies.IsName(name) ? null
        : "a policy's name is 1 to 50 of a-z, 0-9, '_' and '-', with a letter or digit first";

    /// <summary>What is wrong with it; the context's display name is the policy's.</summary>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        ArgumentNullException.ThrowIfNull(validationContext);
        if (NameFault(validationContext.DisplayName) is { } fault)
        {
            yield return new ValidationResult(fault);
        }

        foreach (
            var (name, text) in new[]
            {
                (nameof(InitialDelay), InitialDelay),
                (nameof(MaxDelay), MaxDelay),
                (nameof(MaxElapsed), MaxElapsed),
            }
        )
        {
            if (text is not null && !DurationText.TryParse(text, out _))
            {
                yield return new ValidationResult($"{DurationText.Examples} is needed", [name]);
            }
        }

        if (Time(MaxElapsed) == TimeSpan.Zero)
        {
            yield return new ValidationResult(
                "it must be longer than nothing; leave it out for no limit",
                [nameof(MaxElapsed)]
            );
        }

        if (Time(InitialDelay) > Time(MaxDelay))
        {
            yield return new ValidationResult("it must not be longer than maxDelay", [nameof(InitialDelay)]);
        }

        if (Factor is not null && Backoff is not (null or Core.Reliability.Backoff.Exponential))
        {
            yield return new ValidationResult("a factor goes with an exponential backoff", [nameof(Factor)]);
        }
    }

    private RetryPolicy ToPolicy(string name)
    {
        var wrong = new List<ValidationResult>();
        if (
            !Validator.TryValidateObject(
                this,
                new ValidationContext(this) { DisplayName = name },
                wrong,
                validateAllProperties: true
            )
        )
        {
            throw new ArgumentException(
                $"{Section}:{name}: {string.Join("; ", wrong.Select(w => $"{string.Join(", ", w.MemberNames)} {w.ErrorMessage}".TrimStart()))}"
            );
        }

        var like = RetryPolicies.BuiltIn.Find(name) ?? RetryPolicies.BuiltIn.Find(RetryPolicies.Default)!; // always there
        var first = Time(InitialDelay) ?? like.InitialDelay;
        var longest = Time(MaxDelay) ?? (first > like.MaxDelay ? first : like.MaxDelay);
        return new RetryPolicy
        {
            Name = name,
            Backoff = Backoff ?? like.Backoff,
            InitialDelay = first < longest ? first : longest,
            MaxDelay = longest,
            Factor = Factor ?? like.Factor,
            Jitter = Jitter ?? like.Jitter,
            MaxAttempts = MaxAttempts ?? like.MaxAttempts,
            MaxElapsed = Time(MaxElapsed) ?? like.MaxElapsed,
        };
    }

    private static TimeSpan? Time(string? text) =>
        text is not null && DurationText.TryParse(text, out var time) ? time : null;
}
