namespace Sje.Jobs.Observability;

/// <summary>
/// The last values of a figure in this process, for people who look without a monitoring system. Writing takes no lock; a reader may see a
/// value that is just being replaced, which does not matter among a thousand.
/// </summary>
internal sealed class RecentValues
{
    private const int Kept = 1_024;

    private readonly double[] values = new double[Kept];
    private long count;

    /// <summary>Adds a value.</summary>
    public void Add(double value) => Volatile.Write(ref values[(Interlocked.Increment(ref count) - 1) % Kept], value);

    /// <summary>Median and 99th percentile of the last thousand or so; null when there is none yet.</summary>
    public RecentFigures? Read()
    {
        var total = Interlocked.Read(ref count);
        if (total == 0)
        {
            return null;
        }

        var sorted = values[..(int)Math.Min(total, Kept)];
        Array.Sort(sorted);
        return new RecentFigures(total, Rank(sorted, 0.5), Rank(sorted, 0.99));
    }

    // The smallest value that so many are not above.
    private static double Rank(double[] sorted, double share) =>
        Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Length) - 1)] * 1000, 3);
}

/// <summary>The last values of a duration: how many there were since the start of the process, and of the last 1,024 the median and the 99th percentile in milliseconds.</summary>
public sealed record RecentFigures(long Count, double P50Ms, double P99Ms);
