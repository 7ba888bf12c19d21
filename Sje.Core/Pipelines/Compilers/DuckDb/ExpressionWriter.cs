using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>
/// Writes checked expressions as DuckDB SQL. Every operand stands in parentheses or is closed by itself, since the engines'
/// precedences differ. An operand that a spelling names several times is computed once (<see cref="Fill"/>).
/// </summary>
internal sealed partial class ExpressionWriter
{
    /// <summary>Operands up to this length are simply repeated; DuckDB computes equal expressions once where it can.</summary>
    private const int RepeatableLength = 100;

    private int bound;

    public static string Write(Typed value) => new ExpressionWriter().Expression(value);

    private string Expression(Typed value) =>
        value switch
        {
            ColumnValue v => v.Alias is null ? Sql.Name(v.Name) : $"{v.Alias}.{Sql.Name(v.Name)}",
            Literal v => LiteralText(v),
            UnboundTemplate v => throw new InvalidOperationException(
                $"{v.Path} has no value yet; a pipeline is compiled when its task runs"
            ),
            Converted v => Fill(CastWriter.Template(v.Value.Type, v.Type, v.Try), [v.Value], []),
            Call v => CallText(v),
            GroupCall v => GroupText(v),
            Conditional v => CaseText(v),
            Membership v => $"({Expression(v.Value)} {(v.Negated ? "NOT IN" : "IN")} ({List(v.Items)}))",
            Ranged v =>
                $"({Expression(v.Value)} {(v.Negated ? "NOT BETWEEN" : "BETWEEN")} {Expression(v.Low)} AND {Expression(v.High)})",
            Like v =>
                $"({Expression(v.Value)} {(v.Negated ? "NOT " : "")}{(v.IgnoreCase ? "ILIKE" : "LIKE")} {Expression(v.Pattern)} ESCAPE '\\')",
            ArrayValue v => v.Items.Count == 0 ? $"CAST([] AS {Sql.Type(v.Type)})" : $"[{List(v.Items)}]",
            StructValue v =>
                $"{{{string.Join(", ", v.Fields.Select(f => $"{Sql.Text(f.Name)}: {Expression(f.Value)}"))}}}",
            EmptyMap v => $"CAST(MAP {{}} AS {Sql.Type(v.Type)})",
            ElementValue v => $"{Operand(v.Target)}[{Expression(v.Index)}]",
            FieldValue v => $"struct_extract({Expression(v.Target)}, {Sql.Text(v.Name)})",
            Lambda v => $"lambda {string.Join(", ", v.Parameters.Select(p => p.Name))}: {Expression(v.Body)}",
            LambdaParameter v => v.Name,
            _ => throw new InvalidOperationException($"no spelling for {value.GetType().Name}"),
        };

    /// <summary>An operand before <c>[</c>, which binds tighter than what a spelling may begin with.</summary>
    private string Operand(Typed value) =>
        value is ColumnValue or LambdaParameter ? Expression(value) : $"({Expression(value)})";

    private string List(IEnumerable<Typed> values) => string.Join(", ", values.Select(Expression));

    private static string LiteralText(Literal literal)
    {
        var type = Sql.Type(literal.Type);
        return literal.Value switch
        {
            null => $"CAST(NULL AS {type})",
            bool flag => flag ? "true" : "false",
            int or long => Convert.ToInt64(literal.Value, CultureInfo.InvariantCulture) is var number && number < 0
                ? $"CAST('{number}' AS {type})"
                : $"CAST({literal.Value} AS {type})",
            double number => $"CAST('{DoubleText(number)}' AS DOUBLE)",
            string text => literal.Type switch
            {
                DecimalType => $"CAST({Sql.Text(text)} AS {type})",
                ScalarType { Kind: ScalarKind.Binary } => $"unhex({Sql.Text(text)})",
                ScalarType { Kind: ScalarKind.Date } => $"DATE {Sql.Text(text)}",
                ScalarType { Kind: ScalarKind.Timestamp } => $"TIMESTAMP {Sql.Text(text)}",
                ScalarType { Kind: ScalarKind.Instant } => $"TIMESTAMPTZ {Sql.Text(text + "+00")}",
                _ => Sql.Text(text),
            },
            _ => throw new InvalidOperationException($"no literal of {literal.Value.GetType().Name}"),
        };
    }

    private static string DoubleText(double number) =>
        number switch
        {
            double.NaN => "NaN",
            double.PositiveInfinity => "Infinity",
            double.NegativeInfinity => "-Infinity",
            _ => number.ToString("R", CultureInfo.InvariantCulture),
        };

    private string CallText(Call call)
    {
        var operands = new Operands(call.Arguments, call.Type, Sql.Text);
        return Fill(call.Overload.DuckDb(operands), call.Arguments, operands.Extra);
    }

    private string GroupText(GroupCall call)
    {
        var operands = new Operands(call.Arguments, call.Type, Sql.Text);
        var filter = call.Filter is null ? null : Expression(call.Filter);
        var over = call.Over is null ? "" : $" OVER ({Window(call.Over)})";
        var value = call.Overload.OrderedByValue ? Expression(call.Arguments[0]) : "";
        var keys = call.OrderBy.Select(Key).Concat(call.Overload.OrderedByValue ? [value] : []).ToList();
        var clauses = new Dictionary<string, string>
        {
            ["@distinct"] = call.Distinct ? "DISTINCT " : "",
            ["@nulls"] = call.IgnoreNulls ? " IGNORE NULLS" : "",
            ["@order"] = keys.Count == 0 ? "" : $" ORDER BY {string.Join(", ", keys)}",
            ["@present"] = $" FILTER (WHERE {value} IS NOT NULL{(filter is null ? "" : $" AND {filter}")}){over}",
            ["@tail"] = (filter is null ? "" : $" FILTER (WHERE {filter})") + over,
        };

        // An argument of an aggregate cannot be named outside of it, so it is repeated however long it is; aggregates do not nest.
        return Fill(call.Overload.DuckDb(operands), call.Arguments, operands.Extra, int.MaxValue, clauses);
    }

    private string Window(TypedWindow window)
    {
        var parts = new List<string>();
        if (window.PartitionBy.Count > 0)
        {
            parts.Add($"PARTITION BY {List(window.PartitionBy)}");
        }

        if (window.OrderBy.Count > 0)
        {
            parts.Add($"ORDER BY {string.Join(", ", window.OrderBy.Select(Key))}");
        }

        if (window.Frame is { } frame)
        {
            parts.Add($"{(frame.Range ? "RANGE" : "ROWS")} BETWEEN {Bound(frame.Start)} AND {Bound(frame.End)}");
        }

        return string.Join(' ', parts);
    }

    /// <summary>A key of an order, with the place of nulls always written.</summary>
    public string Key(OrderKey key) =>
        $"{Expression(key.Value)} {(key.Descending ? "DESC" : "ASC")} NULLS {(key.NullsFirst ? "FIRST" : "LAST")}";

    private static string Bound(FrameBound bound) =>
        bound.Kind switch
        {
            FrameBoundKind.UnboundedPreceding => "UNBOUNDED PRECEDING",
            FrameBoundKind.Preceding => $"{bound.Offset} PRECEDING",
            FrameBoundKind.CurrentRow => "CURRENT ROW",
            FrameBoundKind.Following => $"{bound.Offset} FOLLOWING",
            _ => "UNBOUNDED FOLLOWING",
        };

    private string CaseText(Conditional value)
    {
        var text = new StringBuilder("(CASE");
        if (value.Subject is not null)
        {
            text.Append(' ').Append(Expression(value.Subject));
        }

        foreach (var (when, then) in value.Branches)
        {
            text.Append($" WHEN {Expression(when)} THEN {Expression(then)}");
        }

        if (value.Else is not null)
        {
            text.Append($" ELSE {Expression(value.Else)}");
        }

        return text.Append(" END)").ToString();
    }

    /// <summary>
    /// Puts operands into a spelling. One that occurs several times and is long would make the statement grow by a factor at
    /// every level, so it is bound to a name first: <c>list_transform([operand], lambda v: ...)[1]</c> is DuckDB's only way to name
    /// a value inside an expression, and keeps the protection of a surrounding CASE, which a sub-select in front would not.
    /// </summary>
    private string Fill(
        string template,
        IReadOnlyList<Typed> arguments,
        IReadOnlyList<string> extra,
        int repeatable = RepeatableLength,
        Dictionary<string, string>? clauses = null
    )
    {
        var operands = arguments.Select(Expression).Concat(extra).ToList();
        var names = new List<(string Name, string Value)>();
        for (var i = 0; i < arguments.Count; i++)
        {
            if (
                operands[i].Length > repeatable
                && arguments[i] is not (ColumnValue or Literal or LambdaParameter or Lambda)
                && Placeholder()
                    .Matches(template)
                    .Count(m => m.ValueSpan[1..].SequenceEqual(i.ToString(CultureInfo.InvariantCulture))) > 1
            )
            {
                var name = $"sje_v{++bound}";
                names.Add((name, operands[i]));
                operands[i] = name;
            }
        }

        var text = $"({Placeholder().Replace(template, Filled)})";
        for (var i = names.Count - 1; i >= 0; i--)
        {
            text = $"(list_transform([{names[i].Value}], lambda {names[i].Name}: {text})[1])";
        }

        return text;

        string Filled(Match match) =>
            int.TryParse(match.ValueSpan[1..], CultureInfo.InvariantCulture, out var index)
                ? operands[index]
                : clauses![match.Value]; // aggregates only
    }

    [GeneratedRegex("@([0-9]+|distinct|nulls|order|present|tail)")]
    private static partial Regex Placeholder();
}
