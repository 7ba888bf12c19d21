using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Sje.Jobs.Engines.Spark.Following;

namespace Sje.Jobs.Engines.Spark.Advice;

/// <summary>The figures by which runs of one job are compared; kept with each execution.</summary>
internal sealed record RunFigures
{
    public long DurationMs { get; init; }

    /// <summary>Null where there was no price.</summary>
    public decimal? Cost { get; init; }

    public long InputRows { get; init; }

    public long OutputRows { get; init; }

    /// <summary>Written to shuffles.</summary>
    public long ShuffleBytes { get; init; }

    public long SpilledBytes { get; init; }

    /// <summary>For the next run's <see cref="SparkProgress"/>.</summary>
    public long Tasks { get; init; }

    public static RunFigures Of(SparkFacts facts, SparkCost? cost) =>
        new()
        {
            DurationMs = facts.DurationMs,
            Cost = cost?.Total,
            InputRows = facts.Totals.InputRows,
            OutputRows = facts.Totals.OutputRows,
            ShuffleBytes = facts.Totals.ShuffleWriteBytes,
            SpilledBytes = facts.Totals.DiskSpilledBytes,
            Tasks = facts.Totals.Tasks,
        };
}

/// <summary>
/// A run beside the earlier ones of the same job: each figure as a multiple of the median of the last <see cref="MostEarlier"/>. The median, since one
/// run on a bad day must not set the measure.
/// </summary>
internal sealed record RunComparison
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>How many earlier runs count, the latest.</summary>
    public const int MostEarlier = 10;

    /// <summary>How many earlier runs were compared with.</summary>
    public required int Earlier { get; init; }

    /// <summary>2 is twice as long as usual. Null where there was nothing earlier to divide by.</summary>
    public double? Duration { get; init; }

    public double? Cost { get; init; }

    public double? InputRows { get; init; }

    public double? OutputRows { get; init; }

    public double? Shuffle { get; init; }

    public double? Spill { get; init; }

    /// <summary>How long it usually takes.</summary>
    public long MedianDurationMs { get; init; }

    /// <summary>Compares with earlier good runs, the latest first; null when there is none.</summary>
    public static RunComparison? Of(RunFigures now, IReadOnlyList<RunFigures> earlier)
    {
        var last = earlier.Take(MostEarlier).ToList();
        return last.Count == 0
            ? null
            : new RunComparison
            {
                Earlier = last.Count,
                Duration = Ratio(now.DurationMs, last.Select(run => (double)run.DurationMs)),
                Cost = now.Cost is { } cost
                    ? Ratio((double)cost, last.Where(run => run.Cost is not null).Select(run => (double)run.Cost!)) // Filtered just before.
                    : null,
                InputRows = Ratio(now.InputRows, last.Select(run => (double)run.InputRows)),
                OutputRows = Ratio(now.OutputRows, last.Select(run => (double)run.OutputRows)),
                Shuffle = Ratio(now.ShuffleBytes, last.Select(run => (double)run.ShuffleBytes)),
                Spill = Ratio(now.SpilledBytes, last.Select(run => (double)run.SpilledBytes)),
                MedianDurationMs = (long)(Median(last.Select(run => (double)run.DurationMs)) ?? 0),
            };
    }

    /// <summary><c>{earlier, duration, cost, inputRows, outputRows, shuffle, spill, medianDurationMs}</c>; what there is no measure for is left out.</summary>
    public JsonNode ToJson() => JsonSerializer.SerializeToNode(this, Format)!; // A record is never written as null.

    private static double? Ratio(double now, IEnumerable<double> earlier) =>
        Median(earlier) is > 0 and var median ? Math.Round(now / median, 3) : null;

    private static double? Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count == 0 ? null
            : sorted.Count % 2 == 1 ? sorted[sorted.Count / 2]
            : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }
}
