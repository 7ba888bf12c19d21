using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>Components that match the rows of two inputs. Null keys match nothing unless null-safe; NaN matches NaN.</summary>
internal static class JoinComponents
{
    private static readonly string[] SideBySide = ["inner", "left", "right", "full"];

    public static IReadOnlyList<Component> All { get; } =
    [
        new(
            "join",
            ComponentKind.Transform,
            [
                new("type", ParameterKind.Text) { Choices = [.. SideBySide, "cross", "semi", "anti"] },
                new("on", ParameterKind.List)
                {
                    Fields =
                    [
                        new("left", ParameterKind.Column) { Required = true },
                        new("right", ParameterKind.Column) { Required = true },
                        new("nullSafe", ParameterKind.Boolean),
                    ],
                },
                new("condition", ParameterKind.Expression),
                new("suffixes", ParameterKind.Names),
                new("broadcast", ParameterKind.Text) { Choices = ["left", "right", "none", "auto"] },
            ],
            Join
        )
        {
            Ports = ["left", "right"],
        },
        new(
            "join.semi-anti",
            ComponentKind.Transform,
            KeysAnd(
                new ParameterSpec("type", ParameterKind.Text) { Choices = ["semi", "anti"], Required = true },
                new ParameterSpec("nullSafe", ParameterKind.Boolean)
            ),
            c => BySameKeys(c, Kind(c), c.Flag("nullSafe", false))
        )
        {
            Ports = ["left", "right"],
        },
        new(
            "join.nullsafe",
            ComponentKind.Transform,
            KeysAnd(Type(SideBySide), new("suffixes", ParameterKind.Names)),
            c => BySameKeys(c, Kind(c), nullSafe: true)
        )
        {
            Ports = ["left", "right"],
        },
        new(
            "join.using",
            ComponentKind.Transform,
            KeysAnd(Type(SideBySide), new("suffixes", ParameterKind.Names)),
            Using
        )
        {
            Ports = ["left", "right"],
        },
    ];

    private static ParameterSpec Type(IReadOnlyList<string> choices) =>
        new("type", ParameterKind.Text) { Choices = choices };

    private static List<ParameterSpec> KeysAnd(params IReadOnlyList<ParameterSpec> others) =>
        [new("keys", ParameterKind.Names) { Required = true }, .. others];

    private static JoinKind Kind(NodeContext context) =>
        Enum.Parse<JoinKind>(context.Text("type", "inner"), ignoreCase: true);

    private static Relation? Join(NodeContext context)
    {
        var kind = Kind(context);
        var on = context.List("on");
        var written = context.Text("condition");
        if (kind == JoinKind.Cross ? on.Count > 0 || written is not null : (on.Count > 0) == (written is not null))
        {
            context.Fault(
                context.Pointer("on"),
                kind == JoinKind.Cross
                    ? "a cross join takes neither on nor condition"
                    : "a join needs either on or condition",
                FaultCodes.Required
            );
            return null;
        }

        var condition =
            kind == JoinKind.Cross ? null
            : written is not null
                ? context.Expression(written, Scope(context), context.Pointer("condition"), asked: DataType.Boolean)
            : Keys(context, [.. on.Select(n => Key((JsonObject)n!))], context.Pointer("on"));
        return context.HasFaults ? null : Joined(context, kind, condition, []);
    }

    private static Relation? BySameKeys(NodeContext context, JoinKind kind, bool nullSafe)
    {
        var condition = Keys(
            context,
            [.. context.Names("keys").Select(n => (n, n, nullSafe))],
            context.Pointer("keys")
        );
        return context.HasFaults ? null : Joined(context, kind, condition, []);
    }

    /// <summary>Keys once and first, whichever side has them; then the other columns of both.</summary>
    private static Relation? Using(NodeContext context)
    {
        var keys = context.Names("keys");
        var condition = Keys(context, [.. keys.Select(n => (n, n, false))], context.Pointer("keys"));
        if (context.HasFaults)
        {
            return null;
        }

        var merged = new List<NamedValue>();
        foreach (var key in keys)
        {
            var call = new CallSyntax("coalesce", [Side("l", key), Side("r", key)], 0);
            if (context.Build(call, Scope(context), context.Pointer("keys")) is { } value)
            {
                merged.Add(new NamedValue(context.Inputs[0].Schema.Find(key)!.Name, value)); // the condition found it
            }
        }

        return Joined(context, Kind(context), condition, merged);
    }

    private static (string Left, string Right, bool NullSafe) Key(JsonObject key) =>
        (key["left"]!.GetValue<string>(), key["right"]!.GetValue<string>(), key["nullSafe"]?.GetValue<bool>() ?? false);

    private static Typed? Keys(
        NodeContext context,
        IReadOnlyList<(string Left, string Right, bool NullSafe)> keys,
        string pointer
    )
    {
        Syntax? all = null;
        for (var i = 0; i < keys.Count; i++)
        {
            var (left, right, nullSafe) = keys[i];
            var at = Fault.At(pointer, i);
            if (
                context.Column(context.Inputs[0], left, at) is null
                || context.Column(context.Inputs[1], right, at) is null
            )
            {
                continue;
            }

            var equal = new OperatorSyntax(
                nullSafe ? "is not distinct from" : "=",
                [Side("l", left), Side("r", right)],
                0
            );
            if (context.Build(equal, Scope(context), at) is not null)
            {
                all = all is null ? equal : new OperatorSyntax("and", [all, equal], 0);
            }
        }

        if (keys.Count == 0)
        {
            context.Fault(pointer, "at least one key is needed", FaultCodes.Required);
        }

        return all is null || context.HasFaults ? null : context.Build(all, Scope(context), pointer);
    }

    private static FieldSyntax Side(string side, string column) => new(new NameSyntax(side, 0), column, 0);

    private static ExpressionScope Scope(NodeContext context) =>
        new([("l", context.Inputs[0].Schema), ("r", context.Inputs[1].Schema)], context.Templates);

    /// <summary>All left, then all right columns (without those that <paramref name="merged"/> stands for); equal names get the suffixes.</summary>
    private static Relation? Joined(NodeContext context, JoinKind kind, Typed? condition, List<NamedValue> merged)
    {
        var (left, right) = (context.Inputs[0], context.Inputs[1]);
        var leftColumns = Others(left, merged);
        var rightColumns = kind is JoinKind.Semi or JoinKind.Anti ? [] : Others(right, merged);
        var suffixes = context.Node.Params["suffixes"] is null ? ["", "_right"] : context.Names("suffixes");
        if (suffixes.Count != 2)
        {
            context.Fault(
                context.Pointer("suffixes"),
                "suffixes are two texts, for left and right columns of one name"
            );
            return null;
        }

        List<NamedValue> items =
        [
            .. merged,
            .. leftColumns.Select(c => Item("l", c, rightColumns, suffixes[0])),
            .. rightColumns.Select(c => Item("r", c, leftColumns, suffixes[1])),
        ];
        return context.Unique(new JoinRelation(kind, left, right, condition, items), context.Pointer("suffixes"));
    }

    private static List<Column> Others(Relation relation, List<NamedValue> merged) =>
        [
            .. relation.Schema.Columns.Where(c =>
                !merged.Any(m => string.Equals(m.Name, c.Name, StringComparison.OrdinalIgnoreCase))
            ),
        ];

    private static NamedValue Item(string side, Column column, List<Column> others, string suffix)
    {
        var clash = others.Any(o => string.Equals(o.Name, column.Name, StringComparison.OrdinalIgnoreCase));
        return new NamedValue(
            clash ? column.Name + suffix : column.Name,
            new ColumnValue(side, column.Name, column.Type)
        );
    }
}
