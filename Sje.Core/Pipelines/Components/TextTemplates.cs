using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Ir;

namespace Sje.Core.Pipelines.Components;

/// <summary>Fills templates into parameters that are texts. Expressions are left alone: they bind values, never text.</summary>
internal static class TextTemplates
{
    public static JsonObject Fill(PipelineNode node, TemplateScope scope) =>
        Fill(node.Params, ComponentCatalogue.Find(node.Type)!.Parameters, scope); // the reader refuses unknown components

    private static JsonObject Fill(JsonObject given, IReadOnlyList<ParameterSpec> specs, TemplateScope scope)
    {
        var filled = new JsonObject();
        foreach (var (name, value) in given)
        {
            var spec = specs.FirstOrDefault(s => s.Name == name);
            filled[name] = (value, spec) switch
            {
                (_, { Kind: ParameterKind.Expression }) => value?.DeepClone(),
                (JsonArray items, { Kind: ParameterKind.List, Fields: { } fields }) => new JsonArray([
                    .. items.Select(i =>
                        i is JsonObject item ? Fill(item, fields, scope) : Template.RenderAll(i, scope)
                    ),
                ]),
                _ => Template.RenderAll(value, scope),
            };
        }

        return filled;
    }
}
