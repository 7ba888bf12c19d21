using System.Globalization;
using Sje.Core.Reliability;

namespace Sje.Core.Jobs;

/// <summary>What is known when an attempt has failed, beside the failure itself.</summary>
/// <param name="Attempt">The number of the attempt.</param>
/// <param name="Failures">Failures so far, this one among them.</param>
/// <param name="Elapsed">How long ago the first attempt began.</param>
/// <param name="RetryAfter">No earlier, says the other side of the task.</param>
public readonly record struct RetryOccasion(int Attempt, int Failures, TimeSpan Elapsed, TimeSpan? RetryAfter = null);

/// <summary>What follows from a failure.</summary>
/// <param name="Error">The failure, its class settled.</param>
/// <param name="Policy">The policy that decided; null when the failure is permanent.</param>
/// <param name="Delay">How long to wait before the next attempt; null when there is none.</param>
/// <param name="Reason">All that in a sentence for people.</param>
public sealed record RetryDecision(TaskError Error, RetryPolicy? Policy, TimeSpan? Delay, string Reason)
{
    /// <summary>Decides by the task's own copy of its policies: the same on every worker.</summary>
    /// <param name="retry">The task's retry settings.</param>
    /// <param name="error">What the engine made of the failure.</param>
    /// <param name="occasion">Which failure it is.</param>
    /// <param name="random01">A uniform draw from [0, 1).</param>
    public static RetryDecision On(RetrySpec retry, TaskError error, RetryOccasion occasion, double random01)
    {
        ArgumentNullException.ThrowIfNull(retry);
        ArgumentNullException.ThrowIfNull(error);
        error = error with { Class = FailureClasses.Of(Facts(error)) };
        var what = $"{error.Message.TrimEnd('.')} ({error.Class})";
        if (retry.For(Facts(error)) is not { } policy)
        {
            return new RetryDecision(
                error,
                null,
                null,
                $"attempt {occasion.Attempt} failed for good: {what}; such a failure is permanent"
            );
        }

        var tries = $"attempt {occasion.Attempt} failed ({occasion.Failures} of {policy.MaxAttempts})";
        if (occasion.Failures >= policy.MaxAttempts)
        {
            return new RetryDecision(error, policy, null, $"{tries} for good: {what}; policy {policy.Name}");
        }

        var delay = RetryPolicy.NotBefore(policy.NextDelay(occasion.Failures, random01), occasion.RetryAfter);
        if (occasion.Elapsed + delay > policy.MaxElapsed)
        {
            return new RetryDecision(
                error,
                policy,
                null,
                $"{tries} for good: {what}; policy {policy.Name}: the next attempt would begin later than {DurationText.Format(policy.MaxElapsed.Value)} after the first"
            );
        }

        var next = delay.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        return new RetryDecision(error, policy, delay, $"{tries}: {what}; policy {policy.Name}; next in {next} s");
    }

    private static Failure Facts(TaskError error) =>
        new(error.Class, error.Message, error.ExitCode, error.Signal, error.Exception, error.LogTail);
}
