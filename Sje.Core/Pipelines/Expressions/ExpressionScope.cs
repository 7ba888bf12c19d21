using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Expressions;

/// <summary>The columns that an expression can name: those of one input, or of two under <c>l</c> and <c>r</c>.</summary>
internal sealed record ExpressionScope(
    IReadOnlyList<(string? Alias, Schema Schema)> Relations,
    TemplateValues Templates
)
{
    public static ExpressionScope Of(Schema schema, TemplateValues templates) => new([(null, schema)], templates);
}

/// <summary>
/// What <c>{{ path }}</c> means in expressions: when a job is read, a type (that of the declared parameter); when it runs, also a
/// value, as a literal. Text never becomes part of an expression.
/// </summary>
internal sealed record TemplateValues(IReadOnlyList<JobParameter> Parameters, TemplateScope? Scope)
{
    /// <summary>No parameters, no values.</summary>
    public static readonly TemplateValues None = new([], null);

    public Typed Resolve(string path, int position)
    {
        var declared = path.StartsWith("parameters.", StringComparison.Ordinal)
            ? Parameters.FirstOrDefault(p => p.Name == path["parameters.".Length..])
            : null;
        if (Scope is not null)
        {
            return Value(path, Scope.Find(path), declared?.Type, position);
        }

        if (declared is null && path.StartsWith("parameters.", StringComparison.Ordinal))
        {
            throw new ExpressionException(
                $"no parameter {path["parameters.".Length..]} is declared",
                position,
                "unknown_parameter"
            );
        }

        return
            declared is { Default: { } value, Required: false }
            && Value(path, value, declared.Type, position) is Literal literal
            ? new UnboundTemplate(path, literal.Type)
            : new UnboundTemplate(path, TypeOf(declared?.Type));
    }

    /// <summary>The type of a parameter before its value is known. An int is taken as int32 while its value fits one.</summary>
    private static ScalarType TypeOf(string? declared) =>
        declared switch
        {
            "int" => DataType.Int32,
            "double" => DataType.Double,
            "boolean" => DataType.Boolean,
            "date" => DataType.Date,
            "timestamp" => DataType.Timestamp,
            _ => DataType.String,
        };

    private static Literal Value(string path, JsonNode? node, string? declared, int position)
    {
        if (node is null)
        {
            throw new ExpressionException($"{path} has no value", position, "no_value");
        }

        if (node is not JsonValue value)
        {
            throw new ExpressionException(
                $"{path} is an object or list; an expression takes one value",
                position,
                "no_value"
            );
        }

        if (value.TryGetValue<bool>(out var flag))
        {
            return new Literal(flag, DataType.Boolean) { FromTemplate = true };
        }

        if (value.TryGetValue<string>(out var text))
        {
            var type = declared is "date" or "timestamp" ? TypeOf(declared) : DataType.String;
            return type == DataType.String ? new Literal(text, type) { FromTemplate = true }
                : TemporalLiteral.Normalise(text, type) is { } normal ? new Literal(normal, type)
                : throw new ExpressionException($"{path} is '{text}', which is no {declared}", position, "bad_value");
        }

        var digits = value.ToJsonString();
        if (
            declared != "double"
            && long.TryParse(digits, System.Globalization.CultureInfo.InvariantCulture, out var number)
        )
        {
            return number is >= int.MinValue and <= int.MaxValue
                ? new Literal((int)number, DataType.Int32)
                : new Literal(number, DataType.Int64);
        }

        return new Literal(double.Parse(digits, System.Globalization.CultureInfo.InvariantCulture), DataType.Double);
    }
}
