using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Sje.Jobs.Engines.Spark.Advice;

/// <summary>What a piece of advice is about.</summary>
internal enum SparkAdviceKind
{
    /// <summary>One task of a stage has far more to do than the others.</summary>
    Skew,

    /// <summary>Data did not fit into memory and went over the disk.</summary>
    Spill,

    /// <summary>Tasks read so much each that few of them can share the work.</summary>
    LargePartitions,

    /// <summary>Tasks are so short that starting them is much of the work.</summary>
    SmallPartitions,

    /// <summary>Executors spend their time collecting garbage.</summary>
    GcPressure,

    /// <summary>Executors were there and had nothing to do.</summary>
    IdleExecutors,

    /// <summary>A join shuffled a large side though the other one is small.</summary>
    BroadcastJoin,

    /// <summary>Executors have far more memory than they used.</summary>
    LargeExecutors,

    /// <summary>Executors ran out of memory.</summary>
    OutOfMemory,
}

/// <summary>How much it matters.</summary>
internal enum SparkAdviceSeverity
{
    /// <summary>It would be cheaper otherwise.</summary>
    Hint,

    /// <summary>It costs a good part of the run's time.</summary>
    Warning,

    /// <summary>It made tasks fail.</summary>
    Problem,
}

/// <summary>Something that a run's figures say could be better; the text holds the figures, for people.</summary>
internal sealed record SparkAdvice(SparkAdviceKind Kind, SparkAdviceSeverity Severity, string Text)
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    /// <summary>The stage it is about; null for the whole run.</summary>
    public int? StageId { get; init; }

    /// <summary>Properties to try, with values; none where no setting helps.</summary>
    public IReadOnlyDictionary<string, string> Suggestion { get; init; } = new Dictionary<string, string>();

    /// <summary><c>[{kind: "skew", severity: "warning", text, stageId, suggestion: {...}}]</c>.</summary>
    public static JsonNode ToJson(IReadOnlyList<SparkAdvice> advice) => JsonSerializer.SerializeToNode(advice, Format)!; // A list is never written as null.
}
