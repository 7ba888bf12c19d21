using System.Globalization;
using System.Text.Json;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>Reads Spark's JSON: what is missing or of another kind is nothing, since every version has other fields.</summary>
internal static class LenientJson
{
    /// <summary>The field; an undefined element when there is none.</summary>
    public static JsonElement At(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    public static string? Text(this JsonElement element, string name) =>
        element.At(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static bool Flag(this JsonElement element, string name) => element.At(name).ValueKind == JsonValueKind.True;

    public static long Long(this JsonElement element, string name) => element.At(name).AsLong() ?? 0;

    public static int Int(this JsonElement element, string name) =>
        (int)Math.Clamp(element.Long(name), int.MinValue, int.MaxValue);

    /// <summary>The items of a list; none when it is none.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : [];

    /// <summary>An event log's milliseconds since 1970, or the REST's <c>2026-11-21T10:11:12.123GMT</c>. Nothing and -1 are null.</summary>
    public static DateTimeOffset? Time(this JsonElement element, string name)
    {
        var value = element.At(name);
        if (value.ValueKind == JsonValueKind.String)
        {
            var text = value.GetString() ?? "";
            text = text.EndsWith("GMT", StringComparison.Ordinal) ? text[..^3] + "Z" : text;
            return
                DateTimeOffset.TryParse(
                    text,
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                    out var time
                )
                && time > DateTimeOffset.UnixEpoch
                ? time
                : null;
        }

        return value.AsLong() is > 0 and < 253_402_300_800_000 and var since
            ? DateTimeOffset.FromUnixTimeMilliseconds(since)
            : null;
    }

    /// <summary>A whole number, also one written as a text or with a fraction.</summary>
    public static long? AsLong(this JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Number)
        {
            return element.TryGetInt64(out var whole) ? whole
                : element.TryGetDouble(out var real) && Math.Abs(real) < long.MaxValue ? (long)real
                : null;
        }

        return
            element.ValueKind == JsonValueKind.String
            && long.TryParse(
                element.GetString(),
                NumberStyles.AllowLeadingSign,
                CultureInfo.InvariantCulture,
                out var number
            )
            ? number
            : null;
    }
}
