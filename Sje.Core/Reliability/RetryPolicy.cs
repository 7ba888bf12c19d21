using System.Text.Json.Serialization;

namespace Sje.Core.Reliability;

/// <summary>How the longest delay grows from failure to failure.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Backoff>))]
public enum Backoff
{
    /// <summary>initialDelay x factor^(failures - 1).</summary>
    [JsonStringEnumMemberName("exponential")]
    Exponential,

    /// <summary>initialDelay, every time.</summary>
    [JsonStringEnumMemberName("fixed")]
    Fixed,

    /// <summary>initialDelay x failures.</summary>
    [JsonStringEnumMemberName("linear")]
    Linear,

    /// <summary>initialDelay x 1, 1, 2, 3, 5, 8, ...</summary>
    [JsonStringEnumMemberName("fibonacci")]
    Fibonacci,
}

/// <summary>What part of the longest delay is waited.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Jitter>))]
public enum Jitter
{
    /// <summary>A uniform draw between nothing and all of it.</summary>
    [JsonStringEnumMemberName("full")]
    Full,

    /// <summary>All of it.</summary>
    [JsonStringEnumMemberName("none")]
    None,
}

/// <summary>
/// Whether and when a failed task is tried again: the figures of one named policy. Pure arithmetic: the caller counts failures, draws
/// the random number and owns the clock.
/// </summary>
public sealed record RetryPolicy
{
    /// <summary>How often a task may be lost with its worker before that counts as its own fault.</summary>
    public const int MaxLost = 5;

    /// <summary>The most failures that a policy or a job may allow.</summary>
    public const int MostAttempts = 100;

    /// <summary>The largest factor of an exponential backoff.</summary>
    public const double LargestFactor = 100;

    /// <summary>The longest wait that the other side of a task may ask for (HTTP's Retry-After): a day.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);

    /// <summary>Its name: 1 to 50 of <c>a-z</c>, <c>0-9</c>, <c>_</c>, <c>-</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How delays grow.</summary>
    public Backoff Backoff { get; init; } = Backoff.Exponential;

    /// <summary>The first delay.</summary>
    public TimeSpan InitialDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>No delay is longer.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>What an exponential delay is multiplied by from failure to failure; 1 to <see cref="LargestFactor"/>.</summary>
    public double Factor { get; init; } = 2;

    /// <summary>What part of a delay is waited.</summary>
    public Jitter Jitter { get; init; } = Jitter.Full;

    /// <summary>Failures allowed, the first try among them; 1 to <see cref="MostAttempts"/>.</summary>
    public int MaxAttempts { get; init; } = 3;

    /// <summary>No attempt begins later than this after the first one began; null is no limit.</summary>
    public TimeSpan? MaxElapsed { get; init; }

    /// <summary>Whether a task lost for the <paramref name="lost"/>th time (counted already) goes back to its queue.</summary>
    public static bool MayRequeueLost(int lost) => lost < MaxLost;

    /// <summary>
    /// How long to wait after the <paramref name="failures"/>th failure (from 1). With "full jitter" that is a uniform draw from 0 to the
    /// backoff's delay. It spreads retries of many tasks that failed together with the least work of the variants compared in M. Brooker,
    /// "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    /// </summary>
    /// <param name="failures">Failures so far, this one among them.</param>
    /// <param name="random01">A uniform draw from [0, 1).</param>
    public TimeSpan NextDelay(int failures, double random01)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failures, 1);
        if (!(random01 >= 0 && random01 <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(random01), random01, "A draw lies between 0 and 1.");
        }

        return TimeSpan.FromTicks((long)(Longest(failures) * (Jitter == Jitter.Full ? random01 : 1)));
    }

    /// <summary>The delay that a policy drew, made as long as the other side asked for, but for no more than a day.</summary>
    public static TimeSpan NotBefore(TimeSpan delay, TimeSpan? retryAfter)
    {
        var asked = retryAfter > LongestRetryAfter ? LongestRetryAfter : retryAfter ?? TimeSpan.Zero;
        return asked > delay ? asked : delay;
    }

    // In floating point, where the 100th power of a factor is a number, or at worst infinite, and no overflow.
    private double Longest(int failures) =>
        InitialDelay <= TimeSpan.Zero ? 0 : Math.Min(MaxDelay.Ticks, InitialDelay.Ticks * Growth(failures));

    private double Growth(int failures) =>
        Backoff switch
        {
            Backoff.Fixed => 1,
            Backoff.Linear => failures,
            Backoff.Fibonacci => Fibonacci(failures),
            _ => Math.Pow(Factor, failures - 1),
        };

    private static double Fibonacci(int n)
    {
        // Beyond that every delay is the longest one.
        var (last, next) = (0.0, 1.0);
        for (var i = 0; i < Math.Min(n, 200); i++)
        {
            (last, next) = (next, last + next);
        }

        return last;
    }
}
