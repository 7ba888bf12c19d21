using System.Collections.Immutable;

namespace Sje.Core.Pipelines.Types;

/// <summary>
/// The only implicit conversions of the language: int32 to int64 to decimal to double, float to double, date to timestamp,
/// and a bare null to anything. Everything else is a type error, though both engines would convert silently.
/// </summary>
internal static class Widening
{
    /// <summary>The decimal that an integer counts as.</summary>
    public static DecimalType? AsDecimal(DataType type) =>
        type switch
        {
            DecimalType d => d,
            ScalarType { Kind: ScalarKind.Int32 } => new DecimalType(10, 0),
            ScalarType { Kind: ScalarKind.Int64 } => new DecimalType(19, 0),
            _ => null,
        };

    /// <summary>The narrowest type that both widen to, or null.</summary>
    public static DataType? Common(DataType a, DataType b)
    {
        if (a == b)
        {
            return a == DataType.Float ? DataType.Double : a;
        }

        return (a, b) switch
        {
            (ScalarType { Kind: ScalarKind.Null }, _) => b,
            (_, ScalarType { Kind: ScalarKind.Null }) => a,
            _ when a.IsNumber && b.IsNumber => CommonNumber(a, b),
            (ScalarType { Kind: ScalarKind.Date }, ScalarType { Kind: ScalarKind.Timestamp }) => b,
            (ScalarType { Kind: ScalarKind.Timestamp }, ScalarType { Kind: ScalarKind.Date }) => a,
            (ArrayType x, ArrayType y) => Common(x.Element, y.Element) is { } element ? new ArrayType(element) : null,
            (MapType x, MapType y) => Common(x.Key, y.Key) is { } key && Common(x.Value, y.Value) is { } value
                ? new MapType(key, value)
                : null,
            (StructType x, StructType y) => CommonStruct(x, y),
            _ => null,
        };
    }

    /// <summary>Whether a value of <paramref name="from"/> may stand where <paramref name="to"/> is asked for.</summary>
    public static bool Allows(DataType from, DataType to) =>
        from == to || (Common(from, to) is { } common && common == to);

    private static DataType? CommonNumber(DataType a, DataType b)
    {
        if (IsFloating(a) || IsFloating(b))
        {
            return DataType.Double;
        }

        if (a.IsInteger && b.IsInteger)
        {
            return DataType.Int64;
        }

        var (x, y) = (AsDecimal(a)!, AsDecimal(b)!); // both are integers or decimals here
        var scale = Math.Max(x.Scale, y.Scale);
        var precision = Math.Max(x.Precision - x.Scale, y.Precision - y.Scale) + scale;
        return precision <= DecimalType.MaxPrecision ? new DecimalType(precision, scale) : null;
    }

    private static bool IsFloating(DataType type) => type is ScalarType { Kind: ScalarKind.Float or ScalarKind.Double };

    private static StructType? CommonStruct(StructType a, StructType b)
    {
        if (a.Fields.Length != b.Fields.Length)
        {
            return null;
        }

        var fields = ImmutableArray.CreateBuilder<Column>(a.Fields.Length);
        for (var i = 0; i < a.Fields.Length; i++)
        {
            if (a.Fields[i].Name != b.Fields[i].Name || Common(a.Fields[i].Type, b.Fields[i].Type) is not { } type)
            {
                return null;
            }

            fields.Add(new Column(a.Fields[i].Name, type));
        }

        return new StructType(fields.ToImmutable());
    }
}
