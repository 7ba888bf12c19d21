using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>What is wrong with an expression, at which character from 0.</summary>
internal sealed record ExpressionFault(string Message, int Position, string Code)
{
    public override string ToString() => $"{Message} (at character {Position + 1})";
}

/// <summary>A checked expression, or what is wrong with it.</summary>
internal sealed record ExpressionResult(Typed? Value, ExpressionFault? Fault);

/// <summary>The way from text to a checked expression; the only one that callers need.</summary>
internal static class ExpressionCompiler
{
    /// <summary>Checks against known columns; <paramref name="asked"/> is the type that the place needs, or null for any.</summary>
    public static ExpressionResult Compile(
        string text,
        ExpressionScope scope,
        Allowed allowed = Allowed.Scalars,
        DataType? asked = null
    ) => Guarded(() => Check(ExpressionParser.Parse(text), scope, allowed, asked));

    /// <summary>Checks an expression that was put together by a component.</summary>
    public static ExpressionResult Compile(
        Syntax syntax,
        ExpressionScope scope,
        Allowed allowed = Allowed.Scalars,
        DataType? asked = null
    ) => Guarded(() => Check(syntax, scope, allowed, asked));

    /// <summary>Checks the grammar only, where the columns are not known yet.</summary>
    public static (Syntax? Syntax, ExpressionFault? Fault) Parse(string text)
    {
        try
        {
            return (ExpressionParser.Parse(text), null);
        }
        catch (ExpressionException e)
        {
            return (null, new ExpressionFault(e.Message, e.Position, e.Code));
        }
    }

    private static Typed Check(Syntax syntax, ExpressionScope scope, Allowed allowed, DataType? asked)
    {
        var value = new Checker(scope, allowed).Check(syntax);
        return asked is not null ? Checker.Convert(value, asked, syntax.Position, "the expression")
            : value.Type == DataType.Null
                ? throw new ExpressionException(
                    "null has no type here: write cast(null as ...)",
                    syntax.Position,
                    "wrong_type"
                )
            : value;
    }

    private static ExpressionResult Guarded(Func<Typed> compile)
    {
        try
        {
            return new ExpressionResult(compile(), null);
        }
        catch (ExpressionException e)
        {
            return new ExpressionResult(null, new ExpressionFault(e.Message, e.Position, e.Code));
        }
    }
}
