using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Tests.Unit.Reliability;

public class RetryPolicyTests
{
    private static readonly RetryPolicy Usual = RetryPolicies.BuiltIn.Find("default")!;

    [Theory]
    [InlineData("default", Backoff.Exponential, 3, 1, 60)]
    [InlineData("network_error", Backoff.Exponential, 5, 2, 120)]
    [InlineData("resource_exhausted", Backoff.Exponential, 3, 30, 300)]
    [InlineData("temporary_failure", Backoff.Exponential, 2, 5, 30)]
    [InlineData("critical_job", Backoff.Exponential, 5, 1, 30)]
    [InlineData("fixed", Backoff.Fixed, 3, 1, 60)]
    [InlineData("none", Backoff.Exponential, 1, 1, 60)]
    public void The_built_in_policies_have_the_documented_figures(
        string name,
        Backoff backoff,
        int attempts,
        int first,
        int longest
    )
    {
        var policy = RetryPolicies.BuiltIn.Find(name)!;
        Assert.Equal(
            (backoff, attempts, first, longest, 2, null),
            (
                policy.Backoff,
                policy.MaxAttempts,
                (int)policy.InitialDelay.TotalSeconds,
                (int)policy.MaxDelay.TotalSeconds,
                policy.Factor,
                policy.MaxElapsed
            )
        );
        Assert.Equal(name == "fixed" ? Jitter.None : Jitter.Full, policy.Jitter);
    }

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
        Assert.Equal(TimeSpan.FromSeconds(seconds), Usual.NextDelay(failures, 1));
        Assert.Equal(TimeSpan.FromSeconds(seconds / 2.0), Usual.NextDelay(failures, 0.5));
        Assert.Equal(TimeSpan.Zero, Usual.NextDelay(failures, 0));
    }

    [Theory]
    [InlineData(Backoff.Exponential, 3.0, new[] { 2, 6, 18, 54, 100 })]
    [InlineData(Backoff.Exponential, 1.0, new[] { 2, 2, 2, 2, 2 })]
    [InlineData(Backoff.Fixed, 3.0, new[] { 2, 2, 2, 2, 2 })]
    [InlineData(Backoff.Linear, 3.0, new[] { 2, 4, 6, 8, 10 })]
    [InlineData(Backoff.Fibonacci, 3.0, new[] { 2, 2, 4, 6, 10, 16, 26, 42, 68, 100, 100 })]
    public void Each_backoff_grows_in_its_own_way(Backoff backoff, double factor, int[] seconds)
    {
        var policy = new RetryPolicy
        {
            Name = "x",
            Backoff = backoff,
            Factor = factor,
            Jitter = Jitter.None,
            InitialDelay = TimeSpan.FromSeconds(2),
            MaxDelay = TimeSpan.FromSeconds(100),
        };
        Assert.Equal(
            seconds,
            Enumerable.Range(1, seconds.Length).Select(n => (int)policy.NextDelay(n, 0.3).TotalSeconds)
        );
        Assert.InRange(policy.NextDelay(1_000_000, 0.3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(100));
    }

    [Fact]
    public void Full_jitter_spreads_delays_evenly_from_nothing_to_the_longest()
    {
        var random = new Random(7);
        var delays = Enumerable
            .Range(0, 20_000)
            .Select(_ => Usual.NextDelay(5, random.NextDouble()).TotalSeconds)
            .ToList();

        Assert.All(delays, delay => Assert.InRange(delay, 0, 16));
        var tenths = delays.GroupBy(delay => (int)(delay / 1.6)).Select(group => group.Count()).ToList();
        Assert.Equal(10, tenths.Count);
        // 2,000 are expected in each; five times the standard deviation is 212.
        Assert.All(tenths, count => Assert.InRange(count, 1_788, 2_212));
    }

    [Fact]
    public void Without_jitter_a_delay_is_always_the_same()
    {
        var policy = Usual with { Jitter = Jitter.None };
        Assert.All([0, 0.3, 1], random => Assert.Equal(TimeSpan.FromSeconds(8), policy.NextDelay(4, random)));
    }

    [Fact]
    public void Delays_of_years_do_not_overflow_and_no_delay_stays_none()
    {
        foreach (var backoff in Enum.GetValues<Backoff>())
        {
            var years = new RetryPolicy
            {
                Name = "x",
                Backoff = backoff,
                Factor = RetryPolicy.LargestFactor,
                InitialDelay = DurationText.Longest,
                MaxDelay = DurationText.Longest,
            };
            Assert.Equal(DurationText.Longest, years.NextDelay(5000, 1));
            Assert.Equal(TimeSpan.Zero, (years with { InitialDelay = TimeSpan.Zero }).NextDelay(5000, 1));
        }
    }

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
        Assert.Throws<ArgumentOutOfRangeException>(() => Usual.NextDelay(failures, random));

    [Theory]
    [InlineData("none")]
    [InlineData("Patient")]
    [InlineData("")]
    [InlineData("-x")]
    [InlineData("a b")]
    public void A_policy_of_ones_own_needs_a_name_that_a_job_can_say(string name) =>
        Assert.Throws<ArgumentException>(() => new RetryPolicies([new RetryPolicy { Name = name }]));

    [Fact]
    public void A_policy_of_ones_own_stands_beside_the_built_in_ones_or_in_the_place_of_one()
    {
        var policies = new RetryPolicies([
            new RetryPolicy { Name = "patient", MaxAttempts = 50 },
            new RetryPolicy { Name = "network_error", MaxAttempts = 9 },
        ]);
        Assert.Equal(50, policies.Find("patient")!.MaxAttempts);
        Assert.Equal(9, policies.Find("network_error")!.MaxAttempts);
        Assert.Equal(
            [
                "default",
                "network_error",
                "resource_exhausted",
                "temporary_failure",
                "critical_job",
                "fixed",
                "none",
                "patient",
            ],
            policies.Names
        );
        Assert.Equal(policies.Names, policies.All.Select(p => p.Name));
        Assert.Equal(
            ["network_error", "patient"],
            policies.All.Where(p => !RetryPolicies.IsBuiltIn(p)).Select(p => p.Name)
        );
        Assert.Null(policies.Find("Patient"));
    }
}
