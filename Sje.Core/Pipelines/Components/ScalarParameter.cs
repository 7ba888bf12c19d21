using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>A scalar given as JSON in a parameter, as the literal that an expression would hold.</summary>
internal static class ScalarParameter
{
    public static LiteralSyntax Read(JsonNode node) =>
        node.GetValueKind() switch
        {
            JsonValueKind.True or JsonValueKind.False => new LiteralSyntax(node.GetValue<bool>(), DataType.Boolean, 0),
            JsonValueKind.Number when JsonNumbers.Whole(node) is { } whole => whole
                is >= int.MinValue
                    and <= int.MaxValue
                ? new LiteralSyntax((int)whole, DataType.Int32, 0)
                : new LiteralSyntax(whole, DataType.Int64, 0),
            JsonValueKind.Number => new LiteralSyntax(
                double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture),
                DataType.Double,
                0
            ),
            _ => new LiteralSyntax(node.GetValue<string>(), DataType.String, 0),
        };
}
