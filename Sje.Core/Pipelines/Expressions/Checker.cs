using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>What kind of calls an expression may hold besides scalar ones.</summary>
internal enum Allowed
{
    /// <summary>Neither aggregates nor windows: conditions of rows.</summary>
    Scalars,

    /// <summary>Functions over windows: derived columns.</summary>
    Windows,

    /// <summary>Aggregates and windows over a whole group.</summary>
    Aggregates,
}

/// <summary>Looks up names, finds the form of every function and writes out every implicit conversion.</summary>
internal sealed partial class Checker(ExpressionScope scope, Allowed allowed)
{
    private readonly List<LambdaParameter> lambdas = [];
    private readonly List<string> lambdaNames = [];
    private int lambdaCount;
    private bool insideGroup;

    public Typed Check(Syntax syntax) =>
        syntax switch
        {
            LiteralSyntax s => new Literal(s.Value, s.Type),
            TemplateSyntax s => scope.Templates.Resolve(s.Path, s.Position),
            NameSyntax s => Name(s),
            FieldSyntax s => Field(s),
            IndexSyntax s => Index(s),
            OperatorSyntax s => Apply(s.Name, s.Operands, s.Position),
            CallSyntax s => Call(s),
            InSyntax s => In(s),
            BetweenSyntax s => Between(s),
            LikeSyntax s => LikePattern(s),
            CaseSyntax s => Case(s),
            CastSyntax s => Cast(s),
            ArraySyntax s => Array(s),
            StructSyntax s => Struct(s),
            StarSyntax s => throw new ExpressionException("* stands in count(*) only", s.Position),
            LambdaSyntax s => throw new ExpressionException(
                "a lambda is an argument of functions such as transform or filter only",
                s.Position
            ),
            _ => throw new InvalidOperationException($"no rule for {syntax.GetType().Name}"),
        };

    /// <summary>Checks an expression that must be true or false.</summary>
    public Typed CheckCondition(Syntax syntax) =>
        Convert(Check(syntax), DataType.Boolean, syntax.Position, "a condition");

    /// <summary>The same value as another type, by widening only.</summary>
    public static Typed Convert(Typed value, DataType target, int position, string what) =>
        value switch
        {
            _ when value.Type == target => value,
            Literal { Value: null } => new Literal(null, target),
            ArrayValue { Items.Count: 0 } when target is ArrayType => new ArrayValue([], target),
            // A parameter given as text takes the type of its place, if it is a value of that type.
            Literal { FromTemplate: true, Value: string text }
                when IsTemporal(target) && TemporalLiteral.Normalise(text, target) is { } normal => new Literal(
                normal,
                target
            ),
            _ when Widening.Allows(value.Type, target) => new Converted(value, target),
            _ => throw new ExpressionException($"{what} must be {target}, but is {value.Type}", position, "wrong_type"),
        };

    private static bool IsTemporal(DataType type) =>
        type == DataType.Date || type == DataType.Timestamp || type == DataType.Instant;

    private Typed Name(NameSyntax name)
    {
        for (var i = lambdas.Count - 1; i >= 0; i--)
        {
            if (string.Equals(lambdaNames[i], name.Name, StringComparison.OrdinalIgnoreCase))
            {
                return lambdas[i];
            }
        }

        var found = scope
            .Relations.Select(r => (r.Alias, Column: r.Schema.Find(name.Name)))
            .Where(r => r.Column is not null)
            .ToList();
        return found switch
        {
            [var (relation, column)] => new ColumnValue(relation, column!.Name, column.Type),
            [] => throw UnknownColumn(name.Name, scope.Relations.SelectMany(r => r.Schema.Columns), name.Position),
            _ => throw new ExpressionException(
                $"both inputs have a column {name.Name}: write {string.Join(" or ", found.Select(f => $"{f.Alias}.{name.Name}"))}",
                name.Position
            ),
        };
    }

    private Typed Field(FieldSyntax field)
    {
        if (
            field.Target is NameSyntax relation
            && scope.Relations.FirstOrDefault(r =>
                string.Equals(r.Alias, relation.Name, StringComparison.OrdinalIgnoreCase)
            )
                is { Alias: { } alias, Schema: { } schema }
        )
        {
            return schema.Find(field.Name) is { } column
                ? new ColumnValue(alias, column.Name, column.Type)
                : throw UnknownColumn(field.Name, schema.Columns, field.Position);
        }

        var target = Check(field.Target);
        if (target.Type is not StructType type)
        {
            throw new ExpressionException(
                $".{field.Name} needs a struct, but the value before it is {target.Type}",
                field.Position,
                "wrong_type"
            );
        }

        return new Schema(type.Fields).Find(field.Name) is { } part
            ? new FieldValue(target, part.Name, part.Type)
            : throw UnknownColumn(field.Name, type.Fields, field.Position);
    }

    private static ExpressionException UnknownColumn(string name, IEnumerable<Column> columns, int position)
    {
        var names = columns.Select(c => c.Name).ToList();
        return new ExpressionException(
            $"no column {name}.{NearName.Hint(name, names)} {(names.Count == 0 ? "There are no columns" : $"There are {string.Join(", ", names.Take(20))}{(names.Count > 20 ? ", ..." : "")}")}",
            position,
            "unknown_column"
        );
    }

    private ElementValue Index(IndexSyntax index)
    {
        var target = Check(index.Target);
        var at = Check(index.Index);
        return target.Type switch
        {
            ArrayType array => new ElementValue(
                target,
                Convert(
                    at,
                    at.Type == DataType.Int64 ? DataType.Int64 : DataType.Int32,
                    index.Position,
                    "the place in an array"
                ),
                array.Element
            ),
            MapType map => new ElementValue(target, Convert(at, map.Key, index.Position, "the key"), map.Value),
            _ => throw new ExpressionException(
                $"[ ] needs an array or a map, but the value before it is {target.Type}",
                index.Position,
                "wrong_type"
            ),
        };
    }

    private Membership In(InSyntax membership)
    {
        if (membership.Items.Count == 0)
        {
            throw new ExpressionException("in () has no items", membership.Position);
        }

        var values = CheckAll([membership.Value, .. membership.Items]);
        var converted = Unify(values, [membership.Value, .. membership.Items]);
        return new Membership(converted[0], [.. converted.Skip(1)], membership.Negated);
    }

    private Ranged Between(BetweenSyntax between)
    {
        Syntax[] parts = [between.Value, between.Low, between.High];
        var values = Unify(CheckAll(parts), parts);
        return new Ranged(values[0], values[1], values[2], between.Negated);
    }

    private Like LikePattern(LikeSyntax like)
    {
        var value = Convert(Check(like.Value), DataType.String, like.Value.Position, "the left side of like");
        var pattern = Convert(Check(like.Pattern), DataType.String, like.Pattern.Position, "the pattern");
        if (pattern is not (Literal { Value: string } or UnboundTemplate))
        {
            throw new ExpressionException("the pattern of like must be a literal", like.Pattern.Position);
        }

        if (pattern is Literal { Value: string text })
        {
            for (var i = 0; i < text.Length; i++)
            {
                if (text[i] == '\\' && (++i == text.Length || text[i] is not ('%' or '_' or '\\')))
                {
                    throw new ExpressionException(
                        "in a pattern a backslash stands before %, _ or another backslash only",
                        like.Pattern.Position
                    );
                }
            }
        }

        return new Like(value, pattern, like.IgnoreCase, like.Negated);
    }

    private Conditional Case(CaseSyntax written)
    {
        var whens = written.Branches.Select(b => b.When).ToList();
        Typed? subject = null;
        List<Typed> conditions;
        if (written.Subject is null)
        {
            conditions = [.. whens.Select(CheckCondition)];
        }
        else
        {
            Syntax[] compared = [written.Subject, .. whens];
            var values = Unify(CheckAll(compared), compared);
            subject = values[0];
            conditions = [.. values.Skip(1)];
        }

        List<Syntax> results = [.. written.Branches.Select(b => b.Then)];
        if (written.Else is not null)
        {
            results.Add(written.Else);
        }

        var typed = Unify(CheckAll(results), results);
        return new Conditional(
            subject,
            [.. conditions.Zip(typed)],
            written.Else is null ? null : typed[^1],
            typed[0].Type
        );
    }

    private Typed Cast(CastSyntax cast)
    {
        var value = Check(cast.Value);
        if (value is Literal { Value: null })
        {
            return new Literal(null, cast.Type);
        }

        return CastRules.Objection(value.Type, cast.Type, cast.Try) is { } refusal
                ? throw new ExpressionException(refusal, cast.Position, "wrong_type")
            : value.Type == cast.Type ? value
            : new Converted(value, cast.Type, cast.Try);
    }

    private ArrayValue Array(ArraySyntax array)
    {
        if (array.Items.Count == 0)
        {
            // Any context gives it another type; alone it is the array of the vectors.
            return new ArrayValue([], new ArrayType(DataType.Int32));
        }

        var items = Unify(CheckAll(array.Items), array.Items);
        return new ArrayValue(items, new ArrayType(items[0].Type));
    }

    private Typed Struct(StructSyntax written)
    {
        if (written.Fields.Count == 0)
        {
            return new EmptyMap(new MapType(DataType.String, DataType.Int32));
        }

        var fields = written.Fields.Select(f => (f.Name, Value: NeedsType(Check(f.Value), f.Value.Position))).ToList();
        var type = new StructType([.. fields.Select(f => new Column(f.Name, f.Value.Type))]);
        return new Schema(type.Fields).Duplicate() is { } twice
            ? throw new ExpressionException($"the field {twice} is there twice", written.Position)
            : new StructValue(fields, type);
    }

    private List<Typed> CheckAll(IEnumerable<Syntax> all) => [.. all.Select(Check)];

    /// <summary>Converts all to the one type that they widen to.</summary>
    private static List<Typed> Unify(List<Typed> values, IReadOnlyList<Syntax> written)
    {
        var type = values[0] is ArrayValue { Items.Count: 0 } ? DataType.Null : values[0].Type;
        for (var i = 1; i < values.Count; i++)
        {
            if (values[i] is Literal { FromTemplate: true } && values[i].Type == DataType.String && IsTemporal(type))
            {
                continue;
            }

            type =
                type == DataType.String && values[0] is Literal { FromTemplate: true } && IsTemporal(values[i].Type)
                    ? values[i].Type
                    : Widening.Common(type, values[i].Type)
                        ?? throw new ExpressionException(
                            $"{type} and {values[i].Type} have no common type; cast one of them",
                            written[i].Position,
                            "wrong_type"
                        );
        }

        var common = type == DataType.Float ? DataType.Double : type;
        return [.. values.Select((v, i) => Convert(v, common, written[i].Position, "the value"))];
    }

    private static Typed NeedsType(Typed value, int position) =>
        value.Type == DataType.Null
            ? throw new ExpressionException("null has no type here: write cast(null as ...)", position, "wrong_type")
            : value;
}
