using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>Components that make one row of many.</summary>
internal static class GroupComponents
{
    private static readonly Dictionary<string, string> Functions = new()
    {
        ["count"] = "count",
        ["count_distinct"] = "count",
        ["sum"] = "sum",
        ["avg"] = "avg",
        ["min"] = "min",
        ["max"] = "max",
        ["stddev"] = "stddev_samp",
        ["var"] = "var_samp",
        ["stddev_pop"] = "stddev_pop",
        ["var_pop"] = "var_pop",
        ["median"] = "median",
        ["quantile"] = "quantile_cont",
        ["first"] = "first",
        ["last"] = "last",
        ["collect"] = "collect",
        ["collect_set"] = "collect_distinct",
        ["any"] = "bool_or",
        ["all"] = "bool_and",
        ["mode"] = "mode",
        ["corr"] = "corr",
    };

    private static readonly IReadOnlyList<ParameterSpec> Parameters =
    [
        new("groupBy", ParameterKind.Names),
        new("aggs", ParameterKind.List)
        {
            Required = true,
            Fields =
            [
                new("fn", ParameterKind.Text) { Required = true, Choices = [.. Functions.Keys] },
                new("col", ParameterKind.Column),
                new("as", ParameterKind.Text) { Required = true },
                new("distinct", ParameterKind.Boolean),
                new("filter", ParameterKind.Expression),
                new("orderBy", ParameterKind.List) { Fields = Ordering.Fields },
                new("q", ParameterKind.Value),
                new("col2", ParameterKind.Column),
            ],
        },
    ];

    public static IReadOnlyList<Component> All { get; } =
    [
        new("aggregate", ComponentKind.Transform, Parameters, Aggregate),
        new(
            "having",
            ComponentKind.Transform,
            [.. Parameters, new("condition", ParameterKind.Expression) { Required = true }],
            Having
        ),
    ];

    private static FilterRelation? Having(NodeContext context) =>
        Aggregate(context) is { } groups
        && context.Expression(
            context.Text("condition", ""),
            groups,
            context.Pointer("condition"),
            asked: DataType.Boolean
        )
            is { } condition
            ? new FilterRelation(groups, condition)
            : null;

    private static Relation? Aggregate(NodeContext context)
    {
        var keys = new List<NamedValue>();
        foreach (var (name, i) in context.Names("groupBy").Select((n, i) => (n, i)))
        {
            var pointer = Fault.At(context.Pointer("groupBy"), i);
            if (context.Column(context.Input, name, pointer) is { } column)
            {
                keys.Add(RowComponents.Keep(column));
                if (column.Type is MapType)
                {
                    context.Fault(pointer, $"{column.Name} is a map; maps cannot be compared", FaultCodes.WrongType);
                }
            }
        }

        var items = new List<NamedValue>();
        foreach (var (agg, i) in context.List("aggs").Select((n, i) => ((JsonObject)n!, i)))
        {
            var pointer = Fault.At(context.Pointer("aggs"), i);
            if (
                Call(context, agg, pointer) is { } call
                && context.Build(
                    call,
                    ExpressionScope.Of(context.Input.Schema, context.Templates),
                    pointer,
                    Allowed.Aggregates
                )
                    is { } value
            )
            {
                items.Add(new NamedValue(agg["as"]!.GetValue<string>(), value));
            }
        }

        if (keys.Count + items.Count == 0 && !context.HasFaults)
        {
            context.Fault(context.Pointer("aggs"), "neither groupBy nor aggs name anything", FaultCodes.Required);
        }

        return context.HasFaults
            ? null
            : context.Unique(new AggregateRelation(context.Input, keys, items), context.Pointer("aggs"));
    }

    /// <summary>The call of the expression language that an entry of <c>aggs</c> stands for.</summary>
    private static CallSyntax? Call(NodeContext context, JsonObject agg, string pointer)
    {
        var fn = agg["fn"]!.GetValue<string>();
        var column = agg["col"]?.GetValue<string>();
        var arguments = new List<Syntax>();
        if (column is null or "*")
        {
            if (fn != "count")
            {
                context.Fault(pointer, $"{fn} needs col", FaultCodes.Required);
                return null;
            }
        }
        else if (context.Column(context.Input, column, Fault.At(pointer, "col")) is not null)
        {
            arguments.Add(new NameSyntax(column, 0));
        }

        Need(context, agg, "q", fn == "quantile", pointer);
        Need(context, agg, "col2", fn == "corr", pointer);
        if (fn is not ("first" or "last") && agg["orderBy"] is not null)
        {
            context.Fault(Fault.At(pointer, "orderBy"), $"{fn} takes no orderBy", FaultCodes.UnknownField);
        }

        if (fn == "quantile" && agg["q"] is { } share)
        {
            if (share is JsonValue && double.TryParse(share.ToJsonString(), CultureInfo.InvariantCulture, out var q))
            {
                arguments.Add(new LiteralSyntax(q, DataType.Double, 0));
            }
            else
            {
                context.Fault(Fault.At(pointer, "q"), "q is a number from 0 to 1", FaultCodes.WrongType);
            }
        }

        if (
            fn == "corr"
            && agg["col2"] is { } other
            && context.Column(context.Input, other.GetValue<string>(), Fault.At(pointer, "col2")) is not null
        )
        {
            arguments.Add(new NameSyntax(other.GetValue<string>(), 0));
        }

        var order = Order(context, agg, fn, pointer);
        var filter = agg["filter"] is { } text
            ? context.Parse(text.GetValue<string>(), Fault.At(pointer, "filter"))
            : null;
        if (order.Count > 0)
        {
            // A row without a key has no place in the order, so it is neither first nor last.
            var placed = new OperatorSyntax("is not null", [order[0].Key], 0);
            filter = filter is null ? placed : new OperatorSyntax("and", [filter, placed], 0);
        }

        return context.HasFaults
            ? null
            : new CallSyntax(Functions[fn], arguments, 0)
            {
                Distinct = fn == "count_distinct" || (agg["distinct"]?.GetValue<bool>() ?? false),
                Filter = filter,
                OrderBy = order,
            };
    }

    private static List<OrderSyntax> Order(NodeContext context, JsonObject agg, string fn, string pointer)
    {
        if (fn is not ("first" or "last"))
        {
            return [];
        }

        var at = Fault.At(pointer, "orderBy");
        if (agg["orderBy"] is not JsonArray { Count: > 0 } items)
        {
            context.Fault(
                at,
                $"{fn} needs orderBy, else its result depends on the order of reading",
                FaultCodes.Required
            );
            return [];
        }

        return
        [
            .. Ordering
                .Read(context, context.Input, items, at, breakTies: true)
                .Select(k => new OrderSyntax(
                    new NameSyntax(((ColumnValue)k.Value).Name, 0),
                    k.Descending,
                    k.NullsFirst
                )),
        ];
    }

    private static void Need(NodeContext context, JsonObject agg, string name, bool needed, string pointer)
    {
        if (needed != agg[name] is not null)
        {
            context.Fault(
                Fault.At(pointer, name),
                $"{name} is {(needed ? "needed" : "not used")} by {agg["fn"]}",
                needed ? FaultCodes.Required : FaultCodes.UnknownField
            );
        }
    }
}
