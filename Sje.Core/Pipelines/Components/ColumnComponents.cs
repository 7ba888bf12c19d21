using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>Components that compute, choose and name columns of each row.</summary>
internal static class ColumnComponents
{
    public static IReadOnlyList<Component> All { get; } =
    [
        new(
            "derive",
            ComponentKind.Transform,
            [
                new("columns", ParameterKind.List)
                {
                    Required = true,
                    Fields =
                    [
                        new("name", ParameterKind.Text) { Required = true },
                        new("expr", ParameterKind.Expression) { Required = true },
                    ],
                },
            ],
            Derive
        ),
        new(
            "select",
            ComponentKind.Transform,
            [
                new("columns", ParameterKind.List)
                {
                    Required = true,
                    Fields = [new("name", ParameterKind.Column) { Required = true }, new("as", ParameterKind.Text)],
                },
            ],
            Select
        ),
        new("reorder", ComponentKind.Transform, [new("columns", ParameterKind.Names) { Required = true }], Reorder),
        new("rename", ComponentKind.Transform, [new("map", ParameterKind.Map) { Required = true }], Rename),
        new("drop", ComponentKind.Transform, [new("columns", ParameterKind.Names) { Required = true }], Drop),
        new(
            "cast",
            ComponentKind.Transform,
            [
                new("map", ParameterKind.Map) { Required = true },
                new("onError", ParameterKind.Text) { Choices = ["fail", "null"] },
            ],
            Cast
        ),
        new(
            "coalesce",
            ComponentKind.Transform,
            [
                new("columns", ParameterKind.Names) { Required = true },
                new("default", ParameterKind.Value),
                new("as", ParameterKind.Text) { Required = true },
            ],
            Coalesce
        ),
        new(
            "case.when",
            ComponentKind.Transform,
            [
                new("name", ParameterKind.Text) { Required = true },
                new("branches", ParameterKind.List)
                {
                    Required = true,
                    Fields =
                    [
                        new("when", ParameterKind.Expression) { Required = true },
                        new("then", ParameterKind.Expression) { Required = true },
                    ],
                },
                new("else", ParameterKind.Expression),
            ],
            CaseWhen
        ),
    ];

    /// <summary>Columns in sequence: a later one sees an earlier one, so each is a projection of its own.</summary>
    private static Relation? Derive(NodeContext context)
    {
        var relation = context.Input;
        foreach (var (item, i) in context.List("columns").Select((n, i) => ((JsonObject)n!, i)))
        {
            var pointer = Fault.At(Fault.At(context.Pointer("columns"), i), "expr");
            if (
                context.Expression(item["expr"]!.GetValue<string>(), relation, pointer, Allowed.Windows)
                is not { } value
            )
            {
                return null;
            }

            relation = With(relation, item["name"]!.GetValue<string>(), value);
        }

        return relation;
    }

    private static Relation? Select(NodeContext context)
    {
        var items = new List<NamedValue>();
        foreach (var (item, i) in context.List("columns").Select((n, i) => (n!, i)))
        {
            var name = item is JsonObject map ? map["name"]!.GetValue<string>() : item.GetValue<string>();
            if (context.Column(context.Input, name, Fault.At(context.Pointer("columns"), i)) is { } column)
            {
                items.Add(
                    RowComponents.Keep(column) with
                    {
                        Name = (item as JsonObject)?["as"]?.GetValue<string>() ?? column.Name,
                    }
                );
            }
        }

        return Project(context, items, "columns");
    }

    /// <summary>The named columns first, the others behind them.</summary>
    private static Relation? Reorder(NodeContext context)
    {
        var first = Named(context);
        var rest = context.Input.Schema.Columns.Where(c => first.All(f => f.Name != c.Name));
        return Project(context, [.. first.Concat(rest).Select(RowComponents.Keep)], "columns");
    }

    private static Relation? Drop(NodeContext context)
    {
        var dropped = Named(context);
        var kept = context
            .Input.Schema.Columns.Where(c => dropped.All(d => d.Name != c.Name))
            .Select(RowComponents.Keep)
            .ToList();
        if (kept.Count == 0)
        {
            context.Fault(context.Pointer("columns"), "no column would be left");
        }

        return Project(context, kept, "columns");
    }

    /// <summary>All names change at once, so that two can be swapped.</summary>
    private static Relation? Rename(NodeContext context)
    {
        var names = new Dictionary<string, string>();
        foreach (var (old, name) in context.Map("map"))
        {
            if (name is not JsonValue value || !value.TryGetValue<string>(out var text) || text.Length == 0)
            {
                context.Fault(context.Pointer("map", old), "the new name must be text", FaultCodes.WrongType);
            }
            else if (context.Column(context.Input, old, context.Pointer("map", old)) is { } column)
            {
                names[column.Name] = text;
            }
        }

        return Project(
            context,
            [
                .. context.Input.Schema.Columns.Select(c =>
                    RowComponents.Keep(c) with
                    {
                        Name = names.GetValueOrDefault(c.Name, c.Name),
                    }
                ),
            ],
            "map"
        );
    }

    private static Relation? Cast(NodeContext context)
    {
        var isTry = context.Text("onError") == "null";
        var types = new Dictionary<string, DataType>();
        foreach (var (name, type) in context.Map("map"))
        {
            var pointer = context.Pointer("map", name);
            if (
                TypeParameter.Read(context, type, pointer) is { } target
                && context.Column(context.Input, name, pointer) is { } column
            )
            {
                types[column.Name] = target;
                if (CastRules.Objection(column.Type, target, isTry) is { } refusal)
                {
                    context.Fault(pointer, refusal, FaultCodes.WrongType);
                }
            }
        }

        return Project(
            context,
            [
                .. context.Input.Schema.Columns.Select(c =>
                    types.TryGetValue(c.Name, out var type) && type != c.Type
                        ? new NamedValue(c.Name, new Converted(RowComponents.Keep(c).Value, type, isTry))
                        : RowComponents.Keep(c)
                ),
            ],
            "map"
        );
    }

    private static ProjectRelation? Coalesce(NodeContext context)
    {
        List<Syntax> parts = [.. context.Names("columns").Select(n => new NameSyntax(n, 0))];
        if (context.Node.Params["default"] is { } value)
        {
            parts.Add(ScalarParameter.Read(value));
        }

        if (parts.Count == 0)
        {
            context.Fault(context.Pointer("columns"), "at least one column is needed", FaultCodes.Required);
            return null;
        }

        var scope = ExpressionScope.Of(context.Input.Schema, context.Templates);
        return context.Build(new CallSyntax("coalesce", parts, 0), scope, context.Pointer("columns")) is { } result
            ? With(context.Input, context.Text("as", ""), result)
            : null;
    }

    private static ProjectRelation? CaseWhen(NodeContext context)
    {
        var branches = new List<(Syntax, Syntax)>();
        foreach (var (branch, i) in context.List("branches").Select((b, i) => (b!, i)))
        {
            var pointer = Fault.At(context.Pointer("branches"), i);
            if (
                context.Parse(branch["when"]!.GetValue<string>(), Fault.At(pointer, "when")) is { } when
                && context.Parse(branch["then"]!.GetValue<string>(), Fault.At(pointer, "then")) is { } then
            )
            {
                branches.Add((when, then));
            }
        }

        var otherwise = context.Text("else") is { } text ? context.Parse(text, context.Pointer("else")) : null;
        if (branches.Count == 0 && !context.HasFaults)
        {
            context.Fault(context.Pointer("branches"), "at least one branch is needed", FaultCodes.Required);
        }

        var scope = ExpressionScope.Of(context.Input.Schema, context.Templates);
        return
            !context.HasFaults
            && context.Build(
                new CaseSyntax(null, branches, otherwise, 0),
                scope,
                context.Pointer("branches"),
                Allowed.Windows
            )
                is { } value
            ? With(context.Input, context.Text("name", ""), value)
            : null;
    }

    /// <summary>The relation with one more column, or with one replaced in its place.</summary>
    internal static ProjectRelation With(Relation relation, string name, Typed value)
    {
        var items = relation.Schema.Columns.Select(RowComponents.Keep).ToList();
        var at = items.FindIndex(i => string.Equals(i.Name, name, StringComparison.OrdinalIgnoreCase));
        if (at < 0)
        {
            items.Add(new NamedValue(name, value));
        }
        else
        {
            items[at] = new NamedValue(name, value);
        }

        return new ProjectRelation(relation, items);
    }

    private static List<Column> Named(NodeContext context) =>
        [
            .. context
                .Names("columns")
                .Select((n, i) => context.Column(context.Input, n, Fault.At(context.Pointer("columns"), i)))
                .OfType<Column>(),
        ];

    private static Relation? Project(NodeContext context, IReadOnlyList<NamedValue> items, string parameter) =>
        context.HasFaults
            ? null
            : context.Unique(new ProjectRelation(context.Input, items), context.Pointer(parameter));
}
