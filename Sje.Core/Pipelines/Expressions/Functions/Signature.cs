namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>
/// What a form of a function takes and gives, in a small notation: <c>"string, =int32 -> string"</c>. <c>=</c> marks an argument
/// that must be a literal, <c>...</c> one that may repeat; <c>int</c>, <c>number</c>, <c>decimal</c>, <c>struct</c> stand for any type of
/// the kind, a capital letter for one type that its uses widen to; <c>(T:U)</c> is a lambda.
/// </summary>
internal sealed record Signature(string Text, IReadOnlyList<Parameter> Parameters, TypePattern Result, bool Variadic)
{
    public static Signature Parse(string text)
    {
        var arrow = text.LastIndexOf("->", StringComparison.Ordinal);
        var parameters = Split(text[..arrow]).Select(Parameter.Parse).ToList();
        return new Signature(
            text,
            parameters,
            TypePattern.Parse(text[(arrow + 2)..].Trim()),
            parameters.Count > 0 && parameters[^1].Repeats
        );
    }

    public bool Takes(int count) => Variadic ? count >= Parameters.Count : count == Parameters.Count;

    public Parameter At(int index) => Parameters[Math.Min(index, Parameters.Count - 1)];

    /// <summary>Splits at the commas outside brackets.</summary>
    internal static List<string> Split(string text)
    {
        var parts = new List<string>();
        var depth = 0;
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || (text[i] == ',' && depth == 0))
            {
                if (text[start..i].Trim() is { Length: > 0 } part)
                {
                    parts.Add(part);
                }

                start = i + 1;
            }
            else
            {
                depth += text[i] switch
                {
                    '<' or '(' => 1,
                    '>' or ')' => -1,
                    _ => 0,
                };
            }
        }

        return parts;
    }
}

/// <summary>One parameter of a signature.</summary>
internal sealed record Parameter(TypePattern Pattern, bool IsLiteral, bool Repeats)
{
    public static Parameter Parse(string text)
    {
        var repeats = text.EndsWith("...", StringComparison.Ordinal);
        var isLiteral = text.StartsWith('=');
        return new Parameter(
            TypePattern.Parse(text[(isLiteral ? 1 : 0)..(repeats ? text.Length - 3 : text.Length)]),
            isLiteral,
            repeats
        );
    }
}
