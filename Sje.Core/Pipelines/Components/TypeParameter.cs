using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>A type given as text in a parameter.</summary>
internal static class TypeParameter
{
    public static DataType? Read(NodeContext context, JsonNode? node, string pointer)
    {
        if (node is JsonValue value && value.TryGetValue<string>(out var text))
        {
            if (DataType.TryParse(text, out var type))
            {
                return type;
            }

            context.Fault(
                pointer,
                $"\"{text}\" is no type; the types are {string.Join(", ", DataTypeText.ScalarNames)}, array<t>, map<k,v>, struct<a:t>",
                FaultCodes.WrongType
            );
            return null;
        }

        context.Fault(pointer, "a type is written as text, such as int64", FaultCodes.WrongType);
        return null;
    }
}
