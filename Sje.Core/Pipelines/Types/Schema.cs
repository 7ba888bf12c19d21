using System.Collections.Immutable;

namespace Sje.Core.Pipelines.Types;

/// <summary>A named value of a row or struct.</summary>
public sealed record Column(string Name, DataType Type)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name}: {Type}";
}

/// <summary>The columns of a relation, in order. Names are unique without regard to case.</summary>
public sealed record Schema(ImmutableArray<Column> Columns)
{
    /// <summary>A schema of these columns.</summary>
    public static Schema Of(params IEnumerable<Column> columns) => new([.. columns]);

    /// <summary>The column of this name: the exact spelling first, else the one that differs in case only.</summary>
    public Column? Find(string name) =>
        Columns.FirstOrDefault(c => c.Name == name)
        ?? Columns.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The first name that occurs twice, compared without case, or null.</summary>
    public string? Duplicate() =>
        Columns.GroupBy(c => c.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1)?.Last().Name;

    /// <inheritdoc/>
    public bool Equals(Schema? other) => other is not null && Columns.SequenceEqual(other.Columns);

    /// <inheritdoc/>
    public override int GetHashCode() => Columns.Aggregate(17, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => string.Join(", ", Columns);
}
