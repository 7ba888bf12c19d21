using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>Which casts may be written (EXPRESSIONS.md, "Cast" and section 6); each engine's compiler has the spelling.</summary>
internal static class CastRules
{
    /// <summary>Why a cast is refused, or null when it is allowed.</summary>
    public static string? Objection(DataType from, DataType to, bool isTry)
    {
        if (from == to || from == DataType.Null)
        {
            return null;
        }

        if (!to.IsScalar || !from.IsScalar)
        {
            return !from.IsScalar && to == DataType.String
                ? $"a cast of {from} to string is written differently by the engines: use to_json or array_join"
                : Objection(from, to);
        }

        if (isTry && from == DataType.Binary)
        {
            return "try_cast from binary is not offered";
        }

        return Allowed(Kind(from), Kind(to)) ? null : $"there is no cast from {from} to {to}{Hint(from, to)}";
    }

    private static string? Objection(DataType from, DataType to) =>
        from is ArrayType a
        && to is ArrayType b
        && Objection(a.Element, b.Element, isTry: false) is null
        && Widening.Allows(from, to)
            ? null
            : $"there is no cast from {from} to {to}";

    private static char Kind(DataType type) =>
        type switch
        {
            DecimalType => 'n',
            ScalarType { Kind: ScalarKind.Boolean } => 'b',
            ScalarType { Kind: ScalarKind.Int32 or ScalarKind.Int64 or ScalarKind.Double or ScalarKind.Float } => 'n',
            ScalarType { Kind: ScalarKind.String } => 's',
            ScalarType { Kind: ScalarKind.Binary } => 'x',
            ScalarType { Kind: ScalarKind.Date } => 'd',
            ScalarType { Kind: ScalarKind.Timestamp } => 't',
            _ => 'i',
        };

    private static bool Allowed(char from, char to) =>
        (from, to) switch
        {
            ('b', 'b' or 'n' or 's') => true,
            ('n', 'b' or 'n' or 's') => true,
            ('s', 'i') => false,
            ('s', _) => true,
            ('d', 't' or 's') => true,
            ('t', 'd' or 'i' or 's') => true,
            ('i', 't' or 's') => true,
            ('x', 's') => true,
            _ => false,
        };

    private static string Hint(DataType from, DataType to) =>
        (Kind(from), Kind(to)) switch
        {
            ('n', 't' or 'd' or 'i') => ": use from_epoch_seconds",
            ('t' or 'd' or 'i', 'n') => ": use epoch_seconds",
            ('i', 'd') or ('d', 'i') or ('s', 'i') => ": cast to timestamp first",
            _ => "",
        };
}
