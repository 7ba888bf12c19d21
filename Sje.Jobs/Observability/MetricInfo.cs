namespace Sje.Jobs.Observability;

/// <summary>What is done with a figure.</summary>
public enum MetricKind
{
    /// <summary>It only rises, from 0 at the start of the process.</summary>
    Counter,

    /// <summary>It is what is true when it is asked for.</summary>
    Gauge,

    /// <summary>It is a distribution, in buckets.</summary>
    Histogram,
}

/// <summary>Where a figure is read.</summary>
public enum MetricSource
{
    /// <summary>The process counts what it does itself; the sum over all processes is the whole.</summary>
    Process,

    /// <summary>A server reads it from the database; all servers say the same.</summary>
    Database,

    /// <summary>A worker says it of itself.</summary>
    Worker,

    /// <summary>A server has asked a Spark cluster; all servers of one configuration say the same, some seconds apart.</summary>
    Cluster,
}

/// <summary>A figure that the core tells about itself.</summary>
/// <param name="Instrument">Its name as an instrument of the meter <see cref="CoreMetrics.MeterName"/>.</param>
/// <param name="Kind">Counter, gauge or histogram.</param>
/// <param name="Source">Who reads it.</param>
/// <param name="Unit">Its unit in UCUM: <c>s</c>; null for a count, or where the name itself says it.</param>
/// <param name="Labels">Names of its labels. None has a value without bound: no ids, no names of jobs.</param>
/// <param name="Meaning">A sentence for people.</param>
public sealed record MetricInfo(
    string Instrument,
    MetricKind Kind,
    MetricSource Source,
    string? Unit,
    IReadOnlyList<string> Labels,
    string Meaning
)
{
    /// <summary>Its name in Prometheus: words joined by <c>_</c>, the unit in full, <c>_total</c> for a counter.</summary>
    public string Name
    {
        get
        {
            var name = Instrument.Replace('.', '_');
            name = Unit == "s" ? name + "_seconds" : name;
            return Kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal)
                ? name + "_total"
                : name;
        }
    }
}
