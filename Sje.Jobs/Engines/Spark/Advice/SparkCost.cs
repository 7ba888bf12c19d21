using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Jobs.Engines.Spark.Advice;

/// <summary>
/// What a run's cores and memory cost, by the price table of its cluster. Both count from when a process was there until it was gone, whether
/// it worked or not: that is what a cluster bills.
/// </summary>
internal sealed record SparkCost
{
    private const decimal Hour = 3600;

    /// <summary>Driver and executors.</summary>
    public double CoreSeconds { get; init; }

    public double GibSeconds { get; init; }

    public decimal Driver { get; init; }

    /// <summary>After the discount.</summary>
    public decimal Executors { get; init; }

    /// <summary>What spot machines saved.</summary>
    public decimal SpotSaving { get; init; }

    public decimal Total => Driver + Executors;

    public string Currency { get; init; } = "";

    /// <summary>
    /// Null where the cluster has no prices: nothing is not for free. <paramref name="executorsOnSpot"/>: executors ran on spot machines; the driver
    /// never counts as one, since with it the application would go.
    /// </summary>
    public static SparkCost? Of(SparkFacts facts, SparkPriceOptions price, bool executorsOnSpot)
    {
        if (price is { CoreHour: 0, GibHour: 0 })
        {
            return null;
        }

        var totals = facts.Totals;
        var full = Price(totals.ExecutorCoreSeconds, totals.ExecutorGibSeconds, price);
        var saving = executorsOnSpot ? full * Math.Clamp(price.SpotDiscount, 0, 1) : 0;
        return new SparkCost
        {
            CoreSeconds = totals.ExecutorCoreSeconds + totals.DriverCoreSeconds,
            GibSeconds = totals.ExecutorGibSeconds + totals.DriverGibSeconds,
            Driver = Price(totals.DriverCoreSeconds, totals.DriverGibSeconds, price),
            Executors = full - saving,
            SpotSaving = saving,
            Currency = price.Currency,
        };
    }

    private static decimal Price(double coreSeconds, double gibSeconds, SparkPriceOptions price) =>
        ((decimal)coreSeconds * price.CoreHour + (decimal)gibSeconds * price.GibHour) / Hour;
}
