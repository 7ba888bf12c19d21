using Sje.Core.Pipelines.Expressions.Functions;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>Calls: lambdas, distinct, order by, filter, ignore nulls, over.</summary>
internal sealed partial class ExpressionParser
{
    private CallSyntax Call(Token name)
    {
        Expect("(");
        if (name.Is("position"))
        {
            // position(a in b): the operand stops before "in", which elsewhere is an operator.
            var part = Expression(Power.Comparison);
            if (!Accept("in"))
            {
                throw Unexpected("\"in\": the call is position(part in text)");
            }

            var whole = Expression(Power.Lowest);
            Expect(")");
            return new CallSyntax("position", [part, whole], name.Position);
        }

        var distinct =
            Current.Is("distinct")
            && (!tokens[at + 1].Is("(") || FunctionCatalogue.Find(name.Text)?.Kind == FunctionKind.Aggregate)
            && Accept("distinct");
        var arguments = new List<Syntax>();
        while (!Current.Is(")") && !Current.Is("order"))
        {
            if (arguments.Count > 0)
            {
                Expect(",");
            }

            arguments.Add(Argument());
            if (!Current.Is(",") && !Current.Is(")") && !Current.Is("order"))
            {
                throw Unexpected("\",\" or \")\"");
            }
        }

        var order = Accept("order") ? OrderKeys() : [];
        Expect(")");
        return Modifiers(new CallSyntax(name.Text, arguments, name.Position) { Distinct = distinct, OrderBy = order });
    }

    private Syntax Argument()
    {
        var start = Current;
        if (start.Is("*") && tokens[at + 1].Is(")"))
        {
            at++;
            return new StarSyntax(start.Position);
        }

        return LambdaParameters() is { } parameters
            ? new LambdaSyntax(parameters, Expression(Power.Lowest), start.Position)
            : Expression(Power.Lowest);
    }

    /// <summary>Looks ahead for <c>x -></c> or <c>(x, y) -></c> and moves behind the arrow; null when there is none.</summary>
    private List<string>? LambdaParameters()
    {
        var look = at;
        var names = new List<string>();
        if (tokens[look].Kind == TokenKind.Word)
        {
            names.Add(tokens[look++].Text);
        }
        else if (tokens[look].Is("("))
        {
            do
            {
                look++;
                if (tokens[look].Kind != TokenKind.Word)
                {
                    return null;
                }

                names.Add(tokens[look++].Text);
            } while (tokens[look].Is(","));

            if (!tokens[look++].Is(")"))
            {
                return null;
            }
        }

        if (names.Count == 0 || !tokens[look].Is("->"))
        {
            return null;
        }

        at = look + 1;
        return names;
    }

    private CallSyntax Modifiers(CallSyntax call)
    {
        if (Current.Is("filter") && tokens[at + 1].Is("("))
        {
            at += 2;
            Expect("where");
            call = call with { Filter = Expression(Power.Lowest) };
            Expect(")");
        }

        if (Current.Is("ignore") && tokens[at + 1].Is("nulls"))
        {
            at += 2;
            call = call with { IgnoreNulls = true };
        }

        return Current.Is("over") && tokens[at + 1].Is("(") ? call with { Over = Window() } : call;
    }

    private WindowSyntax Window()
    {
        at += 2;
        var partition = new List<Syntax>();
        if (Accept("partition"))
        {
            Expect("by");
            do
            {
                partition.Add(Expression(Power.Lowest));
            } while (Accept(","));
        }

        var order = Accept("order") ? OrderKeys() : [];
        var frame = Current.Is("rows") || Current.Is("range") ? Frame() : null;
        Expect(")");
        return new WindowSyntax(partition, order, frame);
    }

    private List<OrderSyntax> OrderKeys()
    {
        Expect("by");
        var keys = new List<OrderSyntax>();
        do
        {
            var key = Expression(Power.Lowest);
            var descending = Accept("desc");
            if (!descending)
            {
                Accept("asc");
            }

            var first = false;
            if (Accept("nulls"))
            {
                first = Accept("first");
                if (!first)
                {
                    Expect("last");
                }
            }

            keys.Add(new OrderSyntax(key, descending, first));
        } while (Accept(","));
        return keys;
    }

    private FrameSyntax Frame()
    {
        var range = Advance().Is("range");
        Expect("between");
        var start = Bound();
        Expect("and");
        var position = Current.Position;
        var end = Bound();
        return
            start.Kind <= end.Kind
            && start.Kind != FrameBoundKind.UnboundedFollowing
            && end.Kind != FrameBoundKind.UnboundedPreceding
            ? new FrameSyntax(range, start, end)
            : throw new ExpressionException("the frame ends before it starts", position);
    }

    private FrameBound Bound()
    {
        if (Accept("unbounded"))
        {
            if (Accept("preceding"))
            {
                return new FrameBound(FrameBoundKind.UnboundedPreceding);
            }

            Expect("following");
            return new FrameBound(FrameBoundKind.UnboundedFollowing);
        }

        if (Accept("current"))
        {
            Expect("row");
            return new FrameBound(FrameBoundKind.CurrentRow);
        }

        if (Current.Kind is not (TokenKind.Integer or TokenKind.Decimal))
        {
            throw Unexpected("unbounded, current row or a number of rows");
        }

        var offset = Advance().Text;
        if (Accept("preceding"))
        {
            return new FrameBound(FrameBoundKind.Preceding, offset);
        }

        Expect("following");
        return new FrameBound(FrameBoundKind.Following, offset);
    }
}
