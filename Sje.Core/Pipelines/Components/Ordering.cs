using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>
/// Order items <c>{col, desc, nulls}</c>, nulls last in both directions unless said otherwise. Ties are broken by all remaining
/// scalar columns, so that a result depends on the rows and never on the order in which they were read.
/// </summary>
internal static class Ordering
{
    public static readonly IReadOnlyList<ParameterSpec> Fields =
    [
        new("col", ParameterKind.Column) { Required = true },
        new("desc", ParameterKind.Boolean),
        new("nulls", ParameterKind.Text) { Choices = ["first", "last"] },
    ];

    public static List<OrderKey> Read(
        NodeContext context,
        Relation relation,
        JsonArray items,
        string pointer,
        bool breakTies
    )
    {
        var keys = new List<OrderKey>();
        for (var i = 0; i < items.Count; i++)
        {
            var item = items[i] as JsonObject;
            var name = item?["col"]?.GetValue<string>() ?? items[i]!.GetValue<string>(); // checked: an object or a name
            if (context.Column(relation, name, Fault.At(pointer, i)) is not { } column)
            {
                continue;
            }

            if (column.Type is MapType)
            {
                context.Fault(
                    Fault.At(pointer, i),
                    $"{column.Name} is a map, which has no order",
                    FaultCodes.WrongType
                );
                continue;
            }

            keys.Add(
                new OrderKey(
                    new ColumnValue(null, column.Name, column.Type),
                    item?["desc"]?.GetValue<bool>() ?? false,
                    item?["nulls"]?.GetValue<string>() == "first"
                )
            );
        }

        return breakTies && keys.Count > 0 ? [.. keys, .. Remaining(relation, keys)] : keys;
    }

    public static IEnumerable<OrderKey> Remaining(Relation relation, IReadOnlyList<OrderKey> keys) =>
        relation
            .Schema.Columns.Where(c => c.Type.IsScalar && !keys.Any(k => k.Value is ColumnValue v && v.Name == c.Name))
            .Select(c => new OrderKey(new ColumnValue(null, c.Name, c.Type), Descending: false, NullsFirst: false));
}
