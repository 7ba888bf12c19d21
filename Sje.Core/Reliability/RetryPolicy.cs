using Sje.Core.Jobs;

namespace Sje.Core.Reliability;

/// <summary>
/// Whether and when a failed task is tried again. Pure arithmetic: the caller counts failures, draws the random number and owns
/// the clock.
/// </summary>
public static class RetryPolicy
{
    /// <summary>How often a task may be lost with its worker before that counts as its own fault.</summary>
    public const int MaxLost = 5;

    /// <summary>The longest wait that the other side may ask for (<see cref="EngineResult.RetryAfter"/>): a day.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <summary>Whether another attempt is due after this failure; <paramref name="failures"/> counts it already.</summary>
    public static bool MayRetry(RetrySpec retry, int failures, TaskError error) =>
        retry.Policy != RetrySpec.None && failures < retry.MaxAttempts && !error.Permanent;

    /// <summary>Whether a task lost for the <paramref name="lost"/>th time (counted already) goes back to its queue.</summary>
    public static bool MayRequeueLost(int lost) => lost < MaxLost;

    /// <summary>
    /// How long to wait after the <paramref name="failures"/>th failure (from 1). The default policy is "full jitter":
    /// a uniform draw from 0 to min(maxDelay, initialDelay x 2^(failures - 1)). It spreads retries of many tasks that failed together
    /// with the least work of the variants compared in M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    /// </summary>
    /// <param name="retry">The task's retry settings.</param>
    /// <param name="failures">Failures so far, this one among them.</param>
    /// <param name="random01">A uniform draw from [0, 1).</param>
    public static TimeSpan NextDelay(RetrySpec retry, int failures, double random01)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        if (!(random01 >= 0 && random01 <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(random01), random01, "A draw lies between 0 and 1.");
        }

        return retry.Policy switch
        {
            RetrySpec.None => TimeSpan.Zero,
            RetrySpec.Fixed => TimeSpan.FromTicks(Math.Min(retry.InitialDelay.Ticks, retry.MaxDelay.Ticks)),
            _ => TimeSpan.FromTicks((long)(random01 * Ceiling(retry, failures))),
        };
    }

    /// <summary>The delay that a policy drew, made as long as the other side asked for, but for no more than a day.</summary>
    public static TimeSpan NotBefore(TimeSpan delay, TimeSpan? retryAfter)
    {
        var asked = retryAfter > LongestRetryAfter ? LongestRetryAfter : retryAfter ?? TimeSpan.Zero;
        return asked > delay ? asked : delay;
    }

    // In floating point, where 2^1000 is a number and no overflow.
    private static double Ceiling(RetrySpec retry, int failures) =>
        Math.Min(retry.MaxDelay.Ticks, retry.InitialDelay.Ticks * Math.Pow(2, Math.Min(failures - 1, 1000)));
}
