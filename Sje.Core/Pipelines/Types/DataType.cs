using System.Collections.Immutable;
using System.Globalization;

namespace Sje.Core.Pipelines.Types;

/// <summary>A type of the pipeline language (EXPRESSIONS.md, section 1). Types are values: two equal descriptions are one type.</summary>
public abstract record DataType
{
    /// <summary>True or false.</summary>
    public static readonly ScalarType Boolean = new(ScalarKind.Boolean);

    /// <summary>32-bit integer.</summary>
    public static readonly ScalarType Int32 = new(ScalarKind.Int32);

    /// <summary>64-bit integer.</summary>
    public static readonly ScalarType Int64 = new(ScalarKind.Int64);

    /// <summary>Single precision; it occurs in files and casts only, every operation widens it to double.</summary>
    public static readonly ScalarType Float = new(ScalarKind.Float);

    /// <summary>Double precision, with NaN and the infinities.</summary>
    public static readonly ScalarType Double = new(ScalarKind.Double);

    /// <summary>UTF-8 text.</summary>
    public static readonly ScalarType String = new(ScalarKind.String);

    /// <summary>Bytes.</summary>
    public static readonly ScalarType Binary = new(ScalarKind.Binary);

    /// <summary>A day, 0001-01-01 to 9999-12-31.</summary>
    public static readonly ScalarType Date = new(ScalarKind.Date);

    /// <summary>Wall time without a zone, to the microsecond.</summary>
    public static readonly ScalarType Timestamp = new(ScalarKind.Timestamp);

    /// <summary>A moment, to the microsecond.</summary>
    public static readonly ScalarType Instant = new(ScalarKind.Instant);

    /// <summary>The type of a bare <c>null</c>: it takes the type that its context asks for.</summary>
    public static readonly ScalarType Null = new(ScalarKind.Null);

    /// <summary>Reads the text form (<c>array&lt;decimal(10,2)&gt;</c>); false when it is none.</summary>
    public static bool TryParse(string text, out DataType type) => DataTypeText.TryParse(text, out type);

    /// <summary>Whether numbers of this type take part in arithmetic.</summary>
    internal bool IsNumber =>
        this
            is DecimalType
                or ScalarType { Kind: ScalarKind.Int32 or ScalarKind.Int64 or ScalarKind.Float or ScalarKind.Double };

    internal bool IsInteger => this is ScalarType { Kind: ScalarKind.Int32 or ScalarKind.Int64 };

    internal bool IsScalar => this is ScalarType or DecimalType;
}

/// <summary>The types without parameters.</summary>
public enum ScalarKind
{
    /// <summary>See <see cref="DataType.Boolean"/>.</summary>
    Boolean,

    /// <summary>See <see cref="DataType.Int32"/>.</summary>
    Int32,

    /// <summary>See <see cref="DataType.Int64"/>.</summary>
    Int64,

    /// <summary>See <see cref="DataType.Float"/>.</summary>
    Float,

    /// <summary>See <see cref="DataType.Double"/>.</summary>
    Double,

    /// <summary>See <see cref="DataType.String"/>.</summary>
    String,

    /// <summary>See <see cref="DataType.Binary"/>.</summary>
    Binary,

    /// <summary>See <see cref="DataType.Date"/>.</summary>
    Date,

    /// <summary>See <see cref="DataType.Timestamp"/>.</summary>
    Timestamp,

    /// <summary>See <see cref="DataType.Instant"/>.</summary>
    Instant,

    /// <summary>See <see cref="DataType.Null"/>.</summary>
    Null,
}

/// <summary>A type without parameters.</summary>
public sealed record ScalarType(ScalarKind Kind) : DataType
{
    /// <inheritdoc/>
    public override string ToString() => Kind.ToString().ToLowerInvariant();
}

/// <summary>An exact number of at most <paramref name="Precision"/> (1-38) digits, <paramref name="Scale"/> of them after the point.</summary>
public sealed record DecimalType(int Precision, int Scale) : DataType
{
    /// <summary>The most digits that both engines hold.</summary>
    public const int MaxPrecision = 38;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision},{Scale})");
}

/// <summary>A list of values of one type.</summary>
public sealed record ArrayType(DataType Element) : DataType
{
    /// <inheritdoc/>
    public override string ToString() => $"array<{Element}>";
}

/// <summary>Values by unique key.</summary>
public sealed record MapType(DataType Key, DataType Value) : DataType
{
    /// <inheritdoc/>
    public override string ToString() => $"map<{Key},{Value}>";
}

/// <summary>Named values in an order.</summary>
public sealed record StructType(ImmutableArray<Column> Fields) : DataType
{
    /// <inheritdoc/>
    public bool Equals(StructType? other) => other is not null && Fields.SequenceEqual(other.Fields);

    /// <inheritdoc/>
    public override int GetHashCode() => Fields.Aggregate(17, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => $"struct<{string.Join(',', Fields.Select(f => $"{f.Name}:{f.Type}"))}>";
}
