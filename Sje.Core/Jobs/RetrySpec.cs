using System.Text.Json.Serialization;
using Sje.Core.Reliability;

namespace Sje.Core.Jobs;

/// <summary>
/// How a task is tried again: what the job says, and the figures that policies had when it was read. What is null is the policy's.
/// A task keeps this as it was accepted, so every worker decides alike, whatever its own configuration says.
/// </summary>
public sealed record RetrySpec
{
    /// <summary>Exponential delays with full jitter.</summary>
    public const string Exponential = RetryPolicies.Default;

    /// <summary>The same delay every time.</summary>
    public const string Fixed = RetryPolicies.Fixed;

    /// <summary>One attempt only.</summary>
    public const string None = RetryPolicies.None;

    /// <summary>The policy of every failure that no rule is about; null lets the failure's class pick one.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Policy { get; init; }

    /// <summary>Failures allowed, the first try among them; at least 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? MaxAttempts { get; init; }

    /// <summary>How delays grow.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Backoff? Backoff { get; init; }

    /// <summary>The first delay.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? InitialDelay { get; init; }

    /// <summary>The longest delay.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? MaxDelay { get; init; }

    /// <summary>What an exponential delay is multiplied by.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Factor { get; init; }

    /// <summary>What part of a delay is waited.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Jitter? Jitter { get; init; }

    /// <summary>No attempt begins later than this after the first one began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TimeSpan? MaxElapsed { get; init; }

    /// <summary>The job's own rules; the first that matches a failure decides on it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<FailureRule>? On { get; init; }

    /// <summary>The policies that may be picked and are not as every process knows them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RetryPolicy>? KnownPolicies { get; init; }

    /// <summary>The policy where no rule and no failure class knows better.</summary>
    public RetryPolicy Usual() => Adjusted(Policy ?? RetryPolicies.Default);

    /// <summary>
    /// The policy for a failure whose class is settled; null when it is permanent. A rule's policy is taken as it is; the figures that the
    /// job gives beside hold for its own policy and for those that classes pick.
    /// </summary>
    public RetryPolicy? For(Failure failure)
    {
        if (On?.FirstOrDefault(rule => rule.Matches(failure)) is { } rule)
        {
            return rule.Policy == None ? null : Find(rule.Policy);
        }

        return FailureClasses.IsPermanent(failure.Class) ? null : Adjusted(Policy ?? FailureClasses.PolicyFor(failure));
    }

    /// <summary>The same with those figures of policies that a worker may need and could have otherwise.</summary>
    internal RetrySpec With(RetryPolicies policies)
    {
        IEnumerable<string> named = Policy is null
            ? FailureClasses.All.Select(c => c.Policy).Append(RetryPolicies.Default)
            : [Policy];
        var own = named
            .Concat((On ?? []).Select(rule => rule.Policy))
            .Distinct(StringComparer.Ordinal)
            .Select(policies.Find)
            .OfType<RetryPolicy>()
            .Where(policy => !RetryPolicies.IsBuiltIn(policy))
            .ToList();
        return own.Count == 0 ? this : this with { KnownPolicies = own };
    }

    private RetryPolicy Adjusted(string name)
    {
        var policy = Find(name);
        var first = InitialDelay ?? policy.InitialDelay;
        // A delay that the job does not give makes room for the one that it gives.
        var longest = MaxDelay ?? (first > policy.MaxDelay ? first : policy.MaxDelay);
        return policy with
        {
            MaxAttempts = name == None ? 1 : MaxAttempts ?? policy.MaxAttempts,
            Backoff = Backoff ?? policy.Backoff,
            InitialDelay = first < longest ? first : longest,
            MaxDelay = longest,
            Factor = Factor ?? policy.Factor,
            Jitter = Jitter ?? policy.Jitter,
            MaxElapsed = MaxElapsed ?? policy.MaxElapsed,
        };
    }

    // A name that nobody knows cannot have been read; a job made in code that has one is retried as by default.
    private RetryPolicy Find(string name) =>
        KnownPolicies?.FirstOrDefault(policy => policy.Name == name)
        ?? RetryPolicies.BuiltIn.Find(name)
        ?? RetryPolicies.BuiltIn.Find(RetryPolicies.Default)!;
}
