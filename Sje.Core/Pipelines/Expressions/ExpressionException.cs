namespace Sje.Core.Pipelines.Expressions;

/// <summary>What is wrong with an expression, at which character (from 0). It never leaves <see cref="ExpressionCompiler"/>.</summary>
internal sealed class ExpressionException(string message, int position, string code = "expression") : Exception(message)
{
    public int Position { get; } = position;

    public string Code { get; } = code;
}
