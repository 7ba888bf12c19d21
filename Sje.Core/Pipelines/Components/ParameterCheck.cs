using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Ir;

namespace Sje.Core.Pipelines.Components;

/// <summary>Checks the JSON of parameters against what the component declares, so that components can read them without care.</summary>
internal static class ParameterCheck
{
    public static void Check(PipelineNode node, Component component, List<Fault> faults) =>
        Object(
            node.Params,
            component.Parameters,
            Fault.At(node.Pointer, "params"),
            $"node {node.Id}: {component.Type}",
            faults
        );

    private static void Object(
        JsonObject given,
        IReadOnlyList<ParameterSpec> specs,
        string pointer,
        string owner,
        List<Fault> faults
    )
    {
        foreach (var (name, value) in given)
        {
            var spec = specs.FirstOrDefault(s => s.Name == name);
            if (spec is null)
            {
                var names = specs.Select(s => s.Name).ToList();
                faults.Add(
                    new Fault(
                        Fault.At(pointer, name),
                        $"{owner} has no parameter {name}.{NearName.Hint(name, names)} It has {string.Join(", ", names)}",
                        FaultCodes.UnknownField
                    )
                );
            }
            else if (value is null && spec.Kind != ParameterKind.Value)
            {
                faults.Add(
                    new Fault(
                        Fault.At(pointer, name),
                        $"{owner}: {name} is null; leave it out instead",
                        FaultCodes.WrongType
                    )
                );
            }
            else if (value is not null)
            {
                Value(value, spec, Fault.At(pointer, name), $"{owner}: {name}", faults);
            }
        }

        foreach (var missing in specs.Where(s => s.Required && !given.ContainsKey(s.Name)))
        {
            faults.Add(
                new Fault(Fault.At(pointer, missing.Name), $"{owner} needs {missing.Name}", FaultCodes.Required)
            );
        }
    }

    private static void Value(JsonNode value, ParameterSpec spec, string pointer, string owner, List<Fault> faults)
    {
        var expected = spec.Kind switch
        {
            ParameterKind.Text or ParameterKind.Column => Text(value) is null ? "text" : null,
            ParameterKind.Expression => Text(value) is { } text
                ? Grammar(text, pointer, owner, faults)
                : "an expression, as text",
            ParameterKind.Integer => JsonNumbers.Whole(value) is null ? "a whole number" : null,
            ParameterKind.Boolean => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False
                ? null
                : "true or false",
            ParameterKind.Names => value is JsonArray names && names.All(n => Text(n) is not null)
                ? null
                : "a list of names",
            ParameterKind.Map => value is JsonObject ? null : "an object",
            ParameterKind.Value => value is JsonValue ? null : "a single value",
            _ => List(value, spec, pointer, owner, faults),
        };
        if (expected is not null)
        {
            faults.Add(new Fault(pointer, $"{owner} must be {expected}", FaultCodes.WrongType));
        }
        else if (
            spec.Choices is { } choices
            && Text(value) is { } word
            && !choices.Contains(word)
            && !word.Contains("{{", StringComparison.Ordinal)
        )
        {
            faults.Add(
                new Fault(
                    pointer,
                    $"{owner} is \"{word}\".{NearName.Hint(word, choices)} It may be {string.Join(", ", choices)}",
                    FaultCodes.InvalidValue
                )
            );
        }
    }

    /// <summary>Reports grammar faults where they stand, so that they are found even if schemas are not known.</summary>
    private static string? Grammar(string text, string pointer, string owner, List<Fault> faults)
    {
        if (ExpressionCompiler.Parse(text).Fault is { } fault)
        {
            faults.Add(new Fault(pointer, $"{owner}: {fault}", fault.Code));
        }

        return null;
    }

    /// <summary>A list of objects; where the first field is a name and the others may be left out, the name alone will do.</summary>
    private static string? List(JsonNode value, ParameterSpec spec, string pointer, string owner, List<Fault> faults)
    {
        if (value is not JsonArray items)
        {
            return "a list";
        }

        var bare = spec.Fields is [{ Kind: ParameterKind.Column }, ..] && spec.Fields.Skip(1).All(f => !f.Required);
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is JsonObject item)
            {
                Object(item, spec.Fields ?? [], Fault.At(pointer, i), owner, faults);
            }
            else if (!bare || Text(items[i]) is null)
            {
                faults.Add(
                    new Fault(
                        Fault.At(pointer, i),
                        $"{owner} takes objects {{{string.Join(", ", spec.Fields?.Select(f => f.Name) ?? [])}}}",
                        FaultCodes.WrongType
                    )
                );
            }
        }

        return null;
    }

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
