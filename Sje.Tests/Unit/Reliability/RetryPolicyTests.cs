using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Tests.Unit.Reliability;

public class RetryPolicyTests
{
    private static readonly TaskError Failure = new("exit_code", "exit 1", 1);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(6, 32)]
    [InlineData(7, 60)]
    [InlineData(8, 60)]
    [InlineData(100_000, 60)]
    public void The_longest_exponential_delay_doubles_up_to_the_limit(int failures, int seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), RetryPolicy.NextDelay(new RetrySpec(), failures, 1));
        Assert.Equal(TimeSpan.FromSeconds(seconds / 2.0), RetryPolicy.NextDelay(new RetrySpec(), failures, 0.5));
        Assert.Equal(TimeSpan.Zero, RetryPolicy.NextDelay(new RetrySpec(), failures, 0));
    }

    [Fact]
    public void A_fixed_delay_is_always_the_same()
    {
        var retry = new RetrySpec { Policy = RetrySpec.Fixed, InitialDelay = TimeSpan.FromSeconds(7) };
        Assert.All(
            [1, 2, 50],
            failures => Assert.Equal(TimeSpan.FromSeconds(7), RetryPolicy.NextDelay(retry, failures, 0.3))
        );
    }

    [Fact]
    public void Delays_of_years_do_not_overflow()
    {
        var retry = new RetrySpec { InitialDelay = DurationText.Longest, MaxDelay = DurationText.Longest };
        Assert.Equal(DurationText.Longest, RetryPolicy.NextDelay(retry, 5000, 1));
    }

    [Theory]
    [InlineData("default", 3, 1, true)]
    [InlineData("default", 3, 2, true)]
    [InlineData("default", 3, 3, false)]
    [InlineData("fixed", 1, 1, false)]
    [InlineData("none", 3, 1, false)]
    public void A_task_is_retried_until_its_attempts_are_used(
        string policy,
        int maxAttempts,
        int failures,
        bool retried
    ) =>
        Assert.Equal(
            retried,
            RetryPolicy.MayRetry(new RetrySpec { Policy = policy, MaxAttempts = maxAttempts }, failures, Failure)
        );

    [Fact]
    public void A_permanent_failure_is_never_retried() =>
        Assert.False(
            RetryPolicy.MayRetry(new RetrySpec { MaxAttempts = 10 }, 1, new TaskError("invalid", "no such component"))
        );

    [Fact]
    public void A_task_that_was_lost_five_times_stays_down()
    {
        Assert.True(RetryPolicy.MayRequeueLost(4));
        Assert.False(RetryPolicy.MayRequeueLost(5));
    }

    [Theory]
    [InlineData(10, null, 10)]
    [InlineData(10, 3, 10)]
    [InlineData(10, -3, 10)]
    [InlineData(10, 30, 30)]
    [InlineData(10, 100_000_000, 86_400)]
    public void A_wait_that_the_other_side_asked_for_is_kept_up_to_a_day(int drawn, int? asked, int delay) =>
        Assert.Equal(
            TimeSpan.FromSeconds(delay),
            RetryPolicy.NotBefore(
                TimeSpan.FromSeconds(drawn),
                asked is { } seconds ? TimeSpan.FromSeconds(seconds) : null
            )
        );

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, -0.1)]
    [InlineData(1, 1.1)]
    [InlineData(1, double.NaN)]
    public void Nonsense_from_the_caller_is_refused(int failures, double random) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetryPolicy.NextDelay(new RetrySpec(), failures, random));
}
