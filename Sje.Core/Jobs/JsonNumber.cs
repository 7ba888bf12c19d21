using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>Numbers of a JSON tree, whichever way the tree was made (parsed text, or .NET numbers).</summary>
internal static class JsonNumber
{
    /// <summary>A whole number of 64 bits; <c>3.0</c> and <c>3e2</c> are whole too.</summary>
    public static bool TryWhole(JsonNode? node, out long whole)
    {
        whole = 0;
        return node?.GetValueKind() == JsonValueKind.Number && TryWhole(node.ToJsonString(), out whole);
    }

    /// <summary>A finite number.</summary>
    public static bool TryNumber(JsonNode? node, out double number)
    {
        number = 0;
        return node?.GetValueKind() == JsonValueKind.Number
            && double.TryParse(node.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number)
            && double.IsFinite(number);
    }

    /// <summary>Reads the text of a whole number.</summary>
    public static bool TryWhole(string text, out long whole)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out whole))
        {
            return true;
        }

        if (
            text.Length <= 60
            && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number == decimal.Truncate(number)
            && number is >= long.MinValue and <= long.MaxValue
        )
        {
            whole = (long)number;
            return true;
        }

        return false;
    }
}
