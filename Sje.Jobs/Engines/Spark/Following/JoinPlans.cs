using System.Text.Json;
using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// The joins in the plans of an event log that shuffled both sides, and how large the sides were: the exchange below each has a counter
/// "data size", whose number the plan names and whose value stands where stages end. A plan that adaptive execution has changed replaces
/// the one before, so what became a broadcast join in time is none of these.
/// </summary>
internal sealed partial class JoinPlans
{
    private const int DeepestPlan = 400;
    private const string SizeMetric = "data size";

    private readonly Dictionary<long, List<PlannedJoin>> byExecution = [];
    private readonly Dictionary<long, long> sizes = [];

    /// <summary>Takes the plan of a <c>SQLExecutionStart</c> or <c>SQLAdaptiveExecutionUpdate</c>.</summary>
    public void Take(JsonElement query)
    {
        var joins = new List<PlannedJoin>();
        Walk(query.At("sparkPlanInfo"), joins, 0);
        var id = query.Long("executionId");
        if (joins.Count > 0)
        {
            byExecution[id] = joins;
        }
        else
        {
            byExecution.Remove(id);
        }
    }

    /// <summary>Takes the counters of a stage that ended.</summary>
    public void TakeSizes(JsonElement accumulables)
    {
        foreach (var counter in accumulables.Items())
        {
            if (counter.Text("Name") == SizeMetric && counter.At("Value").AsLong() is { } bytes)
            {
                var id = counter.Long("ID");
                sizes[id] = Math.Max(bytes, sizes.GetValueOrDefault(id));
            }
        }
    }

    /// <summary>Those whose sides were both measured.</summary>
    public IEnumerable<SparkJoinFacts> Facts()
    {
        foreach (var (execution, joins) in byExecution)
        {
            foreach (var join in joins)
            {
                if (sizes.TryGetValue(join.Left, out var left) && sizes.TryGetValue(join.Right, out var right))
                {
                    yield return new SparkJoinFacts
                    {
                        ExecutionId = execution,
                        Operator = join.Operator,
                        JoinType = join.Type,
                        SmallSide = left < right ? "left" : "right",
                        SmallBytes = Math.Min(left, right),
                        LargeBytes = Math.Max(left, right),
                    };
                }
            }
        }
    }

    /// <summary>Whether an operator joins two shuffled sides.</summary>
    public static bool IsShuffledJoin(string? name) =>
        name is not null
        && (
            name.StartsWith("SortMergeJoin", StringComparison.Ordinal)
            || name.StartsWith("ShuffledHashJoin", StringComparison.Ordinal)
        );

    /// <summary>Whether an operator is a shuffle.</summary>
    public static bool IsShuffle(string? name) => name is "Exchange";

    private static void Walk(JsonElement node, List<PlannedJoin> joins, int depth)
    {
        if (depth > DeepestPlan)
        {
            return;
        }

        var children = node.At("children").Items().ToList();
        if (
            children.Count == 2
            && node.Text("nodeName") is { } name
            && IsShuffledJoin(name)
            && SizeCounter(children[0]) is { } left
            && SizeCounter(children[1]) is { } right
        )
        {
            var type = JoinType().Match(node.Text("simpleString") ?? "");
            joins.Add(new PlannedJoin(name, type.Success ? type.Groups[1].Value : null, left, right));
        }

        foreach (var child in children)
        {
            Walk(child, joins, depth + 1);
        }
    }

    // The counter of the nearest exchange below, over operators that have one input.
    private static long? SizeCounter(JsonElement node)
    {
        for (var depth = 0; depth < DeepestPlan; depth++)
        {
            if (IsShuffle(node.Text("nodeName")))
            {
                return node.At("metrics")
                    .Items()
                    .Where(metric => metric.Text("name") == SizeMetric)
                    .Select(metric => metric.At("accumulatorId").AsLong())
                    .FirstOrDefault();
            }

            var children = node.At("children").Items().Take(2).ToList();
            if (children.Count != 1)
            {
                return null;
            }

            node = children[0];
        }

        return null;
    }

    [GeneratedRegex(
        @"\], (Inner|Cross|LeftOuter|RightOuter|FullOuter|LeftSemi|LeftAnti|ExistenceJoin)",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex JoinType();

    private sealed record PlannedJoin(string Operator, string? Type, long Left, long Right);
}
