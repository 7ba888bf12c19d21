using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions.Functions;

/// <summary>The types that the letters of a signature stand for in one call.</summary>
internal sealed class Bindings : Dictionary<string, DataType>
{
    public Bindings()
        : base(StringComparer.Ordinal) { }
}

/// <summary>A type of a signature, or a kind of types.</summary>
internal abstract record TypePattern
{
    /// <summary>
    /// How well a type fits: 0 as it is, 1 after widening, null not at all. Letters are bound on the way.
    /// </summary>
    public abstract int? Match(DataType type, Bindings bindings);

    /// <summary>The type that an argument of this type is converted to.</summary>
    public abstract DataType Target(DataType type, Bindings bindings);

    public static TypePattern Parse(string text)
    {
        if (text.StartsWith('('))
        {
            var parts = text[1..^1].Split(':');
            return new LambdaPattern([.. Signature.Split(parts[0]).Select(Parse)], Parse(parts[1]));
        }

        if (text.StartsWith("array<", StringComparison.Ordinal))
        {
            return new ArrayPattern(Parse(text["array<".Length..^1]));
        }

        if (text.StartsWith("map<", StringComparison.Ordinal))
        {
            var parts = Signature.Split(text["map<".Length..^1]);
            return new MapPattern(Parse(parts[0]), Parse(parts[1]));
        }

        return text switch
        {
            "int" => new KindPattern(text, t => t.IsInteger),
            "number" => new KindPattern(text, t => t.IsNumber),
            "decimal" => new KindPattern(text, t => t is DecimalType),
            "exact" => new KindPattern(text, t => t.IsInteger || t is DecimalType),
            "struct" => new KindPattern(text, t => t is StructType),
            "scalar" => new KindPattern(text, t => t.IsScalar),
            [>= 'A' and <= 'Z'] => new LetterPattern(text),
            _ => DataType.TryParse(text, out var type)
                ? new ExactPattern(type)
                : throw new ArgumentException($"no type in a signature: {text}"),
        };
    }
}

/// <summary>One type, and what widens to it.</summary>
internal sealed record ExactPattern(DataType Type) : TypePattern
{
    public override int? Match(DataType type, Bindings bindings) =>
        type == Type ? 0
        : Widening.Allows(type, Type) ? 1
        : null;

    public override DataType Target(DataType type, Bindings bindings) => Type;

    public override string ToString() => Type.ToString();
}

/// <summary>Any type of a kind; floats come as doubles, as in every operation.</summary>
internal sealed record KindPattern(string Name, Func<DataType, bool> Has) : TypePattern
{
    public override int? Match(DataType type, Bindings bindings) => Has(type) ? 0 : null;

    public override DataType Target(DataType type, Bindings bindings) =>
        type == DataType.Float ? DataType.Double : type;

    public override string ToString() => Name;
}

/// <summary>One type for all uses of the letter.</summary>
internal sealed record LetterPattern(string Letter) : TypePattern
{
    public override int? Match(DataType type, Bindings bindings)
    {
        if (!bindings.TryGetValue(Letter, out var bound))
        {
            bindings[Letter] = type == DataType.Float ? DataType.Double : type;
            return 0;
        }

        if (Widening.Common(bound, type) is not { } common)
        {
            return null;
        }

        bindings[Letter] = common;
        return common == bound && common == type ? 0 : 1;
    }

    public override DataType Target(DataType type, Bindings bindings) => bindings[Letter];

    public override string ToString() => Letter;
}

/// <summary>An array.</summary>
internal sealed record ArrayPattern(TypePattern Element) : TypePattern
{
    public override int? Match(DataType type, Bindings bindings) =>
        type is ArrayType array ? Element.Match(array.Element, bindings) : null;

    public override DataType Target(DataType type, Bindings bindings) =>
        new ArrayType(Element.Target(type is ArrayType array ? array.Element : DataType.Null, bindings));

    public override string ToString() => $"array<{Element}>";
}

/// <summary>A map.</summary>
internal sealed record MapPattern(TypePattern Key, TypePattern Value) : TypePattern
{
    public override int? Match(DataType type, Bindings bindings) =>
        type is MapType map && Key.Match(map.Key, bindings) is { } key && Value.Match(map.Value, bindings) is { } value
            ? key + value
            : null;

    public override DataType Target(DataType type, Bindings bindings)
    {
        var map = type as MapType;
        return new MapType(
            Key.Target(map?.Key ?? DataType.Null, bindings),
            Value.Target(map?.Value ?? DataType.Null, bindings)
        );
    }

    public override string ToString() => $"map<{Key},{Value}>";
}

/// <summary>A lambda; it is checked when the types of its parameters are known, so it fits whatever it is.</summary>
internal sealed record LambdaPattern(IReadOnlyList<TypePattern> Parameters, TypePattern Body) : TypePattern
{
    public override int? Match(DataType type, Bindings bindings) => Body.Match(type, bindings);

    public override DataType Target(DataType type, Bindings bindings) => Body.Target(type, bindings);

    public override string ToString() =>
        Parameters.Count == 1 ? $"{Parameters[0]} -> {Body}" : $"({string.Join(", ", Parameters)}) -> {Body}";
}
