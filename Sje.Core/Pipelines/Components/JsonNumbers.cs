using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Pipelines.Components;

/// <summary>Reads numbers of JSON whatever type the node was made from.</summary>
internal static class JsonNumbers
{
    public static long? Whole(JsonNode node) =>
        node is JsonValue
        && node.GetValueKind() == JsonValueKind.Number
        && long.TryParse(
            node.ToJsonString(),
            NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture,
            out var value
        )
            ? value
            : null;
}
