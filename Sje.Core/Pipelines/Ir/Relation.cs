using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Ir;

/// <summary>
/// What a node does, as relational algebra over checked expressions: the one form that components lower to and each engine's
/// compiler spells. A tree of these ends in inputs (other nodes) or files.
/// </summary>
internal abstract record Relation(Schema Schema);

/// <summary>The rows that another node gives.</summary>
internal sealed record InputRelation(string NodeId, Schema Schema) : Relation(Schema);

/// <summary>A CSV file's records as text.</summary>
internal sealed record CsvRelation(string NodeId, CsvFormat Format, Schema Schema) : Relation(Schema);

/// <summary>Parquet files; <paramref name="Merge"/> puts files of different columns together by name.</summary>
internal sealed record ParquetRelation(string NodeId, bool Merge, Schema Schema) : Relation(Schema);

/// <summary>Rows for which the condition is true.</summary>
internal sealed record FilterRelation(Relation Input, Typed Condition) : Relation(Input.Schema);

/// <summary>New columns computed from each row.</summary>
internal sealed record ProjectRelation(Relation Input, IReadOnlyList<NamedValue> Items)
    : Relation(new Schema([.. Items.Select(i => new Column(i.Name, i.Value.Type))]));

/// <summary>Two inputs, named <c>l</c> and <c>r</c> in condition and items. Semi and anti joins give columns of the left one only.</summary>
internal sealed record JoinRelation(
    JoinKind Kind,
    Relation Left,
    Relation Right,
    Typed? Condition,
    IReadOnlyList<NamedValue> Items
) : Relation(new Schema([.. Items.Select(i => new Column(i.Name, i.Value.Type))]));

/// <summary>One row per group of equal keys; without keys, exactly one row.</summary>
internal sealed record AggregateRelation(
    Relation Input,
    IReadOnlyList<NamedValue> Keys,
    IReadOnlyList<NamedValue> Items
) : Relation(new Schema([.. Keys.Concat(Items).Select(i => new Column(i.Name, i.Value.Type))]));

/// <summary>The rows in an order.</summary>
internal sealed record SortRelation(Relation Input, IReadOnlyList<OrderKey> Keys) : Relation(Input.Schema);

/// <summary>A run of the rows, in an order if there are keys.</summary>
internal sealed record LimitRelation(Relation Input, IReadOnlyList<OrderKey> Keys, long? Count, long Offset)
    : Relation(Input.Schema);

/// <summary>Each row once.</summary>
internal sealed record DistinctRelation(Relation Input) : Relation(Input.Schema);

/// <summary>The rows of all inputs, which have equal schemas.</summary>
internal sealed record UnionRelation(IReadOnlyList<Relation> Inputs) : Relation(Inputs[0].Schema);

/// <summary>The end of a pipeline: rows written to files.</summary>
internal sealed record WriteRelation(Relation Input, WriteFormat Format) : Relation(Input.Schema);

/// <summary>A column of a result and what is in it.</summary>
internal sealed record NamedValue(string Name, Typed Value);

/// <summary>How two inputs are matched.</summary>
internal enum JoinKind
{
    Inner,
    Left,
    Right,
    Full,
    Cross,
    Semi,
    Anti,
}

/// <summary>How a sink writes.</summary>
internal abstract record WriteFormat
{
    /// <summary>Columns that become folders.</summary>
    public IReadOnlyList<string> PartitionBy { get; init; } = [];

    public string Compression { get; init; } = "none";
}

/// <summary>Writes Parquet.</summary>
internal sealed record ParquetWrite : WriteFormat
{
    public long? RowGroupSize { get; init; }
}

/// <summary>Writes CSV.</summary>
internal sealed record CsvWrite : WriteFormat
{
    public bool Header { get; init; } = true;

    public string Delimiter { get; init; } = ",";

    public bool QuoteAll { get; init; }

    public string NullValue { get; init; } = "";
}
