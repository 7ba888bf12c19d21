using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>Components that choose, order and join up whole rows.</summary>
internal static class RowComponents
{
    public static IReadOnlyList<Component> All { get; } =
    [
        new(
            "filter",
            ComponentKind.Transform,
            [new("condition", ParameterKind.Expression) { Required = true }, new("keepNull", ParameterKind.Boolean)],
            Filter
        ),
        new("distinct", ComponentKind.Transform, [new("columns", ParameterKind.Names)], Distinct),
        new(
            "sort",
            ComponentKind.Transform,
            [new("by", ParameterKind.List) { Required = true, Fields = Ordering.Fields }],
            Sort
        ),
        new(
            "limit",
            ComponentKind.Transform,
            [
                new("n", ParameterKind.Integer),
                new("offset", ParameterKind.Integer),
                new("orderBy", ParameterKind.List) { Fields = Ordering.Fields },
            ],
            Limit
        ),
        new(
            "union",
            ComponentKind.Transform,
            [
                new("byName", ParameterKind.Boolean),
                new("allowMissing", ParameterKind.Boolean),
                new("distinct", ParameterKind.Boolean),
            ],
            Union
        )
        {
            Ports = null,
        },
    ];

    private static FilterRelation? Filter(NodeContext context)
    {
        var pointer = context.Pointer("condition");
        var condition = context.Expression(
            context.Text("condition", ""),
            context.Input,
            pointer,
            asked: DataType.Boolean
        );
        if (condition is not null && context.Flag("keepNull", false))
        {
            condition = Coalesced(condition);
        }

        return condition is null ? null : new FilterRelation(context.Input, condition);
    }

    private static Conditional Coalesced(Typed condition) =>
        new(
            null,
            [
                (condition, new Literal(true, DataType.Boolean)),
                (IsNull(condition), new Literal(true, DataType.Boolean)),
            ],
            null,
            DataType.Boolean
        );

    private static Call IsNull(Typed value) =>
        new(Expressions.Functions.FunctionCatalogue.Find("is null")!.Overloads[0], [value], DataType.Boolean); // an operator of the catalogue

    private static DistinctRelation? Distinct(NodeContext context)
    {
        var input = context.Input;
        if (context.Node.Params["columns"] is not null)
        {
            var names = context.Names("columns");
            var columns = names
                .Select((n, i) => context.Column(input, n, Jobs.Fault.At(context.Pointer("columns"), i)))
                .ToList();
            if (
                context.HasFaults
                || context.Unique(
                    new ProjectRelation(input, [.. columns.Select(c => Keep(c!))]),
                    context.Pointer("columns")
                )
                    is not { } chosen
            )
            {
                return null;
            }

            input = chosen;
        }

        if (input.Schema.Columns.FirstOrDefault(c => c.Type is MapType) is { } map)
        {
            context.Fault(context.Pointer(), $"{map.Name} is a map; maps cannot be compared", FaultCodes.WrongType);
            return null;
        }

        return new DistinctRelation(input);
    }

    private static SortRelation? Sort(NodeContext context)
    {
        if (context.List("by").Count == 0)
        {
            context.Fault(context.Pointer("by"), "at least one column to sort by is needed");
        }

        var keys = Ordering.Read(context, context.Input, context.List("by"), context.Pointer("by"), breakTies: true);
        return context.HasFaults ? null : new SortRelation(context.Input, keys);
    }

    private static LimitRelation? Limit(NodeContext context)
    {
        var (count, offset) = (context.Integer("n"), context.Integer("offset") ?? 0);
        if (count is null && offset == 0 && context.Node.Params["offset"] is null)
        {
            context.Fault(context.Pointer("n"), "n or offset is needed", FaultCodes.Required);
        }

        if (count < 0 || offset < 0)
        {
            context.Fault(context.Pointer(count < 0 ? "n" : "offset"), "must not be below 0", FaultCodes.OutOfRange);
        }

        var keys = Ordering.Read(
            context,
            context.Input,
            context.List("orderBy"),
            context.Pointer("orderBy"),
            breakTies: true
        );
        return context.HasFaults ? null : new LimitRelation(context.Input, keys, count, offset);
    }

    private static Relation? Union(NodeContext context)
    {
        var byName = context.Flag("byName", true);
        var allowMissing = context.Flag("allowMissing", false);
        var columns = new List<Column>();
        foreach (var (input, index) in context.Inputs.Select((r, i) => (r, i)))
        {
            var port = context.Node.Inputs[index].Port;
            var schema = input.Schema.Columns;
            if (index > 0 && !byName && schema.Length != columns.Count)
            {
                context.Fault(
                    context.Pointer("byName"),
                    $"port {port} has {schema.Length} columns where the first has {columns.Count}"
                );
                return null;
            }

            for (var i = 0; i < schema.Length; i++)
            {
                var at =
                    byName
                        ? columns.FindIndex(c =>
                            string.Equals(c.Name, schema[i].Name, StringComparison.OrdinalIgnoreCase)
                        )
                    : index == 0 ? -1
                    : i;
                if (at < 0)
                {
                    columns.Add(schema[i]);
                }
                else if (Widening.Common(columns[at].Type, schema[i].Type) is { } common)
                {
                    columns[at] = columns[at] with { Type = common };
                }
                else
                {
                    context.Fault(
                        context.Pointer(),
                        $"column {columns[at].Name}: no common type of {columns[at].Type} and {schema[i].Type} (port {port})",
                        FaultCodes.WrongType
                    );
                }
            }
        }

        if (context.HasFaults)
        {
            return null;
        }

        var inputs = context
            .Inputs.Select((r, i) => Aligned(context, r, columns, byName, allowMissing, context.Node.Inputs[i].Port))
            .ToList();
        return context.HasFaults ? null
            : context.Flag("distinct", false) ? new DistinctRelation(new UnionRelation(inputs))
            : new UnionRelation(inputs);
    }

    private static ProjectRelation Aligned(
        NodeContext context,
        Relation input,
        List<Column> columns,
        bool byName,
        bool allowMissing,
        string port
    )
    {
        var items = new List<NamedValue>();
        for (var i = 0; i < columns.Count; i++)
        {
            var column = byName ? input.Schema.Find(columns[i].Name) : input.Schema.Columns[i];
            if (column is null && !allowMissing)
            {
                context.Fault(
                    context.Pointer("allowMissing"),
                    $"port {port} has no column {columns[i].Name}; allowMissing: true fills it with null",
                    "unknown_column"
                );
            }

            Typed value = column is null
                ? new Literal(null, columns[i].Type)
                : Checker.Convert(new ColumnValue(null, column.Name, column.Type), columns[i].Type, 0, column.Name);
            items.Add(new NamedValue(columns[i].Name, value));
        }

        return new ProjectRelation(input, items);
    }

    internal static NamedValue Keep(Column column) => new(column.Name, new ColumnValue(null, column.Name, column.Type));
}
