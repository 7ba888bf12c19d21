using Sje.Jobs.Engines.Spark.Advice;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Tests.Unit.Engines.Spark.Advice;

public class SparkCostTests
{
    private static readonly SparkFacts Facts = new()
    {
        DurationMs = 3_600_000,
        Totals = new SparkTotals
        {
            Tasks = 77,
            InputRows = 1_000,
            ShuffleWriteBytes = 500,
            ExecutorCoreSeconds = 8 * 3600,
            ExecutorGibSeconds = 32 * 3600,
            DriverCoreSeconds = 3600,
            DriverGibSeconds = 2 * 3600,
        },
    };

    private static readonly SparkPriceOptions Price = new()
    {
        CoreHour = 0.04m,
        GibHour = 0.005m,
        SpotDiscount = 0.7m,
        Currency = "EUR",
    };

    [Fact]
    public void Cores_and_memory_of_driver_and_executors_are_paid_by_the_hour()
    {
        var cost = SparkCost.Of(Facts, Price, executorsOnSpot: false)!;

        Assert.Equal(0.05m, cost.Driver);
        Assert.Equal(0.48m, cost.Executors);
        Assert.Equal(0.53m, cost.Total);
        Assert.Equal(0, cost.SpotSaving);
        Assert.Equal("EUR", cost.Currency);
        Assert.Equal(9 * 3600, cost.CoreSeconds);
    }

    [Fact]
    public void Spot_machines_save_on_executors_only()
    {
        var cost = SparkCost.Of(Facts, Price, executorsOnSpot: true)!;

        Assert.Equal(0.05m, cost.Driver);
        Assert.Equal(0.144m, cost.Executors);
        Assert.Equal(0.336m, cost.SpotSaving);
    }

    [Fact]
    public void Without_prices_there_is_no_cost() => Assert.Null(SparkCost.Of(Facts, new SparkPriceOptions(), false));

    [Fact]
    public void A_run_is_compared_with_the_median_of_the_last_ones()
    {
        var now = RunFigures.Of(Facts, SparkCost.Of(Facts, Price, false));
        Assert.Equal(77, now.Tasks);
        List<RunFigures> earlier =
        [
            Earlier(1_800_000, 0.2m),
            Earlier(1_700_000, null),
            // One bad day changes nothing.
            Earlier(90_000_000, 0.4m),
            .. Enumerable.Repeat(Earlier(1, 1), 20),
        ];

        var comparison = RunComparison.Of(now, earlier.Take(3).ToList())!;

        Assert.Equal(3, comparison.Earlier);
        Assert.Equal(2, comparison.Duration);
        Assert.Equal(1_800_000, comparison.MedianDurationMs);
        Assert.Equal(1.767, comparison.Cost);
        Assert.Equal(0.5, comparison.InputRows);
        Assert.Null(comparison.OutputRows);
        Assert.Null(comparison.Spill);
        Assert.Equal(RunComparison.MostEarlier, RunComparison.Of(now, earlier)!.Earlier);
        Assert.Null(RunComparison.Of(now, []));
    }

    private static RunFigures Earlier(long durationMs, decimal? cost) =>
        new()
        {
            DurationMs = durationMs,
            Cost = cost,
            InputRows = 2_000,
            ShuffleBytes = 100,
        };
}
