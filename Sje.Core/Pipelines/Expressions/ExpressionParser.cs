using System.Globalization;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>
/// A Pratt parser for the language of EXPRESSIONS.md: one loop over binding powers for operators. Comparisons do not chain
/// (<c>a &lt; b &lt; c</c> is an error, not a surprise). Nesting is counted, so no input can exhaust the stack.
/// </summary>
internal sealed partial class ExpressionParser
{
    /// <summary>Levels of nesting, as everywhere in the product.</summary>
    public const int MaxDepth = 64;

    /// <summary>Operators in one expression: a row of them (<c>a + b + ...</c>) makes a tree as deep as the row is long.</summary>
    public const int MaxOperators = 500;

    private readonly List<Token> tokens;
    private int at;
    private int depth;
    private int operators;

    private ExpressionParser(string text) => tokens = Lexer.Read(text);

    private Token Current => tokens[at];

    public static Syntax Parse(string text)
    {
        var parser = new ExpressionParser(text);
        if (parser.Current.Kind == TokenKind.End)
        {
            throw new ExpressionException("the expression is empty", 0);
        }

        var expression = parser.Expression(Power.Lowest);
        return parser.Current.Kind == TokenKind.End ? expression : throw parser.Unexpected("an operator or the end");
    }

    /// <summary>Binding powers, loose to tight.</summary>
    private enum Power
    {
        Lowest,
        Or,
        And,
        Not,
        Comparison,
        Concat,
        Sum,
        Product,
        Unary,
    }

    private Syntax Expression(Power minimum)
    {
        if (++depth > MaxDepth)
        {
            throw new ExpressionException($"the expression is nested deeper than {MaxDepth} levels", Current.Position);
        }

        var left = Prefix();
        var compared = false;
        while (true)
        {
            var power = PowerOf(Current);
            if (power <= minimum || power == Power.Lowest)
            {
                depth--;
                return left;
            }

            if (++operators > MaxOperators)
            {
                throw new ExpressionException(
                    $"more than {MaxOperators} operators in one expression: use several columns",
                    Current.Position
                );
            }

            if (power == Power.Comparison)
            {
                if (compared)
                {
                    throw new ExpressionException(
                        "comparisons do not chain: write a < b and b < c, or use parentheses",
                        Current.Position
                    );
                }

                compared = true;
                left = Comparison(left);
            }
            else
            {
                compared = false;
                var token = Advance();
                left = new OperatorSyntax(token.Text.ToLowerInvariant(), [left, Expression(power)], token.Position);
            }
        }
    }

    private Power PowerOf(Token token) =>
        token switch
        {
            { Kind: TokenKind.Symbol } => token.Text switch
            {
                "*" or "/" or "%" => Power.Product,
                "+" or "-" => Power.Sum,
                "||" => Power.Concat,
                "=" or "<>" or "<" or "<=" or ">" or ">=" => Power.Comparison,
                _ => Power.Lowest,
            },
            { Kind: TokenKind.Word } => token.Text.ToLowerInvariant() switch
            {
                "or" => Power.Or,
                "and" => Power.And,
                "is" or "in" or "between" or "like" or "ilike" => Power.Comparison,
                "not" when IsOne(tokens[at + 1], "in", "between", "like", "ilike") => Power.Comparison,
                _ => Power.Lowest,
            },
            _ => Power.Lowest,
        };

    private Syntax Comparison(Syntax left)
    {
        var token = Advance();
        if (token.Kind == TokenKind.Symbol)
        {
            return new OperatorSyntax(token.Text, [left, Expression(Power.Comparison)], token.Position);
        }

        if (token.Is("is"))
        {
            return Is(left, token.Position);
        }

        var negated = token.Is("not");
        var word = negated ? Advance() : token;
        if (word.Is("in"))
        {
            Expect("(");
            return new InSyntax(left, List(")"), negated, token.Position);
        }

        if (word.Is("between"))
        {
            // The bounds bind tighter than "and", which here separates them.
            var low = Expression(Power.Comparison);
            Expect("and");
            return new BetweenSyntax(left, low, Expression(Power.Comparison), negated, token.Position);
        }

        return new LikeSyntax(left, Expression(Power.Comparison), word.Is("ilike"), negated, token.Position);
    }

    private OperatorSyntax Is(Syntax left, int position)
    {
        var negated = Accept("not");
        if (Accept("null"))
        {
            return new OperatorSyntax(negated ? "is not null" : "is null", [left], position);
        }

        if (!Accept("distinct"))
        {
            throw Unexpected("null, not null, distinct from or not distinct from");
        }

        Expect("from");
        var right = Expression(Power.Comparison);
        return new OperatorSyntax(negated ? "is not distinct from" : "is distinct from", [left, right], position);
    }

    private Syntax Prefix()
    {
        var token = Current;
        if (token.Is("not"))
        {
            at++;
            return new OperatorSyntax("not", [Expression(Power.Not)], token.Position);
        }

        if (!token.Is("-"))
        {
            return Postfix(Primary());
        }

        at++;
        // A minus directly before a number is part of it, so that the smallest integers can be written.
        return Current.Kind is TokenKind.Integer or TokenKind.Long or TokenKind.Decimal or TokenKind.Double
            ? Postfix(Number(Advance(), "-", token.Position))
            : new OperatorSyntax("negate", [Expression(Power.Unary)], token.Position);
    }

    private Syntax Postfix(Syntax target)
    {
        for (var chain = 0; ; chain++)
        {
            if (chain == MaxDepth)
            {
                throw new ExpressionException($"more than {MaxDepth} accesses in a row", Current.Position);
            }

            if (Current.Is("["))
            {
                var position = Advance().Position;
                target = new IndexSyntax(target, Expression(Power.Lowest), position);
                Expect("]");
            }
            else if (Current.Is("."))
            {
                var position = Advance().Position;
                target = new FieldSyntax(target, Name("a field"), position);
            }
            else
            {
                return target;
            }
        }
    }

    private Syntax Primary()
    {
        var token = Advance();
        return token.Kind switch
        {
            TokenKind.Integer or TokenKind.Long or TokenKind.Decimal or TokenKind.Double => Number(
                token,
                "",
                token.Position
            ),
            TokenKind.Text => new LiteralSyntax(token.Text, DataType.String, token.Position),
            TokenKind.Bytes => new LiteralSyntax(token.Text.ToLowerInvariant(), DataType.Binary, token.Position),
            TokenKind.Template => new TemplateSyntax(token.Text, token.Position),
            TokenKind.QuotedName => new NameSyntax(token.Text, token.Position),
            TokenKind.Symbol => token.Text switch
            {
                "(" => Parenthesised(),
                "[" => new ArraySyntax(List("]"), token.Position),
                "{" => Struct(token.Position),
                _ => throw Unexpected("a value", token),
            },
            TokenKind.Word => Word(token),
            _ => throw Unexpected("a value", token),
        };
    }

    private Syntax Parenthesised()
    {
        var inner = Expression(Power.Lowest);
        Expect(")");
        return inner;
    }

    private Syntax Word(Token token)
    {
        switch (token.Text.ToLowerInvariant())
        {
            case "true" or "false":
                return new LiteralSyntax(token.Is("true"), DataType.Boolean, token.Position);
            case "null":
                return new LiteralSyntax(null, DataType.Null, token.Position);
            case "case":
                return Case(token.Position);
            case "cast" or "try_cast" when Current.Is("("):
                return Cast(token);
            case "date" or "timestamp" or "instant" when Current.Kind == TokenKind.Text:
                return TemporalLiteral.Read(token, Advance());
            case "and"
            or "or"
            or "in"
            or "is"
            or "between"
            or "like"
            or "ilike"
            or "when"
            or "then"
            or "else"
            or "end"
            or "as":
                throw Unexpected("a value", token);
            default:
                return Current.Is("(") ? Call(token) : new NameSyntax(token.Text, token.Position);
        }
    }

    private CaseSyntax Case(int position)
    {
        var subject = Current.Is("when") ? null : Expression(Power.Lowest);
        var branches = new List<(Syntax, Syntax)>();
        while (Accept("when"))
        {
            var when = Expression(Power.Lowest);
            Expect("then");
            branches.Add((when, Expression(Power.Lowest)));
        }

        if (branches.Count == 0)
        {
            throw Unexpected("when");
        }

        var otherwise = Accept("else") ? Expression(Power.Lowest) : null;
        Expect("end");
        return new CaseSyntax(subject, branches, otherwise, position);
    }

    private CastSyntax Cast(Token word)
    {
        Expect("(");
        var value = Expression(Power.Lowest);
        Expect("as");
        var type = TypeName();
        Expect(")");
        return new CastSyntax(value, type, word.Is("try_cast"), word.Position);
    }

    /// <summary>The tokens of a type, put together again for the one reader of types.</summary>
    private DataType TypeName()
    {
        var start = Current;
        var text = new System.Text.StringBuilder();
        var open = 0;
        while (Current.Kind is TokenKind.Word or TokenKind.Integer or TokenKind.Symbol)
        {
            if (open == 0 && Current.Is(")"))
            {
                break;
            }

            open += Current.Text switch
            {
                "<" or "(" => 1,
                ">" or ")" => -1,
                _ => 0,
            };
            text.Append(Advance().Text);
        }

        return DataTypeText.TryParse(text.ToString(), out var type)
            ? type
            : throw new ExpressionException(
                $"\"{text}\" is no type; the types are {string.Join(", ", DataTypeText.ScalarNames)}, array<t>, map<k,v>, struct<a:t>",
                start.Position
            );
    }

    private StructSyntax Struct(int position)
    {
        var fields = new List<(string, Syntax)>();
        if (Accept("}"))
        {
            return new StructSyntax(fields, position);
        }

        do
        {
            var name = Name("a field name");
            Expect(":");
            fields.Add((name, Expression(Power.Lowest)));
        } while (Accept(","));
        Expect("}");
        return new StructSyntax(fields, position);
    }

    private List<Syntax> List(string end)
    {
        var items = new List<Syntax>();
        if (Accept(end))
        {
            return items;
        }

        do
        {
            items.Add(Expression(Power.Lowest));
        } while (Accept(","));
        Expect(end);
        return items;
    }

    private static LiteralSyntax Number(Token token, string sign, int position)
    {
        var text = sign + token.Text;
        switch (token.Kind)
        {
            case TokenKind.Double:
                return new LiteralSyntax(double.Parse(text, CultureInfo.InvariantCulture), DataType.Double, position);
            case TokenKind.Decimal:
                return DecimalLiteral(text, position);
            default:
                if (token.Kind == TokenKind.Integer && int.TryParse(text, CultureInfo.InvariantCulture, out var small))
                {
                    return new LiteralSyntax(small, DataType.Int32, position);
                }

                return long.TryParse(text, CultureInfo.InvariantCulture, out var large)
                    ? new LiteralSyntax(large, DataType.Int64, position)
                    : throw new ExpressionException(
                        $"{text} is larger than an int64; write it with a decimal point",
                        position
                    );
        }
    }

    private static LiteralSyntax DecimalLiteral(string text, int position)
    {
        var digits = text.TrimStart('-');
        var point = digits.IndexOf('.', StringComparison.Ordinal);
        var whole = digits[..point].TrimStart('0');
        var scale = digits.Length - point - 1;
        var precision = Math.Max(whole.Length + scale, 1);
        return precision <= DecimalType.MaxPrecision
            ? new LiteralSyntax(text.EndsWith('.') ? text[..^1] : text, new DecimalType(precision, scale), position)
            : throw new ExpressionException($"{text} has more than {DecimalType.MaxPrecision} digits", position);
    }

    private Token Advance() => Current.Kind == TokenKind.End ? throw Unexpected("a value") : tokens[at++];

    private bool Accept(string word)
    {
        if (!Current.Is(word))
        {
            return false;
        }

        at++;
        return true;
    }

    private void Expect(string word)
    {
        if (!Accept(word))
        {
            throw Unexpected($"\"{word}\"");
        }
    }

    private string Name(string what) =>
        Current.Kind is TokenKind.Word or TokenKind.QuotedName ? Advance().Text : throw Unexpected(what);

    private static bool IsOne(Token token, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (token.Is(word))
            {
                return true;
            }
        }

        return false;
    }

    private ExpressionException Unexpected(string expected, Token? found = null)
    {
        var token = found ?? Current;
        return new ExpressionException($"expected {expected}, found {token.Describe()}", token.Position);
    }
}
