using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>The joins in the plans of the driver's REST: a graph of nodes with counters written for people.</summary>
internal static partial class DriverPlans
{
    private static readonly string[] Units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

    /// <summary>Those of one SQL execution for which both sides were shuffled and measured.</summary>
    public static IEnumerable<SparkJoinFacts> Joins(JsonElement execution)
    {
        var nodes = new Dictionary<long, JsonElement>();
        foreach (var node in execution.At("nodes").Items())
        {
            nodes[node.Long("nodeId")] = node;
        }

        var inputs = execution.At("edges").Items().ToLookup(edge => edge.Long("toId"), edge => edge.Long("fromId"));
        foreach (var (id, node) in nodes)
        {
            if (
                JoinPlans.IsShuffledJoin(node.Text("nodeName"))
                && inputs[id].ToArray() is [var one, var other]
                && SizeBelow(one, nodes, inputs) is { } oneSize
                && SizeBelow(other, nodes, inputs) is { } otherSize
            )
            {
                yield return new SparkJoinFacts
                {
                    ExecutionId = execution.Long("id"),
                    Operator = node.Text("nodeName")!, // Else it were no join.
                    SmallBytes = Math.Min(oneSize, otherSize),
                    LargeBytes = Math.Max(oneSize, otherSize),
                };
            }
        }
    }

    /// <summary>
    /// A counter of bytes: <c>15.3 MiB</c>, or of several tasks <c>total (min, med, max)\n15.3 MiB (...)</c>. Rounded as Spark rounds it.
    /// </summary>
    public static long? Size(string? text)
    {
        var line = text is null ? "" : text[(text.IndexOf('\n', StringComparison.Ordinal) + 1)..];
        return
            Amount().Match(line) is { Success: true } match
            && double.TryParse(
                match.Groups[1].ValueSpan,
                NumberStyles.AllowDecimalPoint | NumberStyles.AllowThousands,
                CultureInfo.InvariantCulture,
                out var number
            )
            ? (long)(number * Math.Pow(1024, Array.IndexOf(Units, match.Groups[2].Value)))
            : null;
    }

    private static long? SizeBelow(long id, Dictionary<long, JsonElement> nodes, ILookup<long, long> inputs)
    {
        // A plan has no circle, but this is another program's answer.
        for (var steps = 0; steps <= nodes.Count && nodes.TryGetValue(id, out var node); steps++)
        {
            if (JoinPlans.IsShuffle(node.Text("nodeName")))
            {
                return node.At("metrics")
                    .Items()
                    .Where(metric => metric.Text("name") == "data size")
                    .Select(metric => Size(metric.Text("value")))
                    .FirstOrDefault();
            }

            if (inputs[id].ToArray() is not [var next])
            {
                return null;
            }

            id = next;
        }

        return null;
    }

    [GeneratedRegex(@"^\s*([0-9][0-9.,]*) (B|KiB|MiB|GiB|TiB|PiB)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Amount();
}
