using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>The types of parameters, and how a given value becomes one of them.</summary>
public static partial class ParameterValue
{
    /// <summary>The types that a job may declare.</summary>
    public static readonly IReadOnlyList<string> Types =
    [
        "string",
        "int",
        "double",
        "boolean",
        "date",
        "timestamp",
        "json",
    ];

    /// <summary>
    /// Converts a value: texts such as <c>"60"</c>, which is all that a command line can give, become numbers where the type wants
    /// one; instants become UTC. False, with what would be right, when the value is none of the type.
    /// </summary>
    public static bool TryConvert(string type, JsonNode? given, out JsonNode? value, out string wanted)
    {
        value = null;
        wanted = "";
        if (given is null)
        {
            return true;
        }

        var text = given.GetValueKind() == JsonValueKind.String ? given.GetValue<string>() : null;
        switch (type)
        {
            case "string":
                wanted = "a text";
                value = text is null ? null : JsonValue.Create(text);
                break;
            case "int":
                wanted = "a whole number of 64 bits";
                value =
                    JsonNumber.TryWhole(given, out var whole)
                    || (text is not null && JsonNumber.TryWhole(text.Trim(), out whole))
                        ? JsonValue.Create(whole)
                        : null;
                break;
            case "double":
                wanted = "a number";
                value =
                    JsonNumber.TryNumber(given, out _) ? given.DeepClone()
                    : text is null ? null
                    : NumberOf(text.Trim());
                break;
            case "boolean":
                wanted = "true or false";
                value =
                    given.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? given.DeepClone()
                    : bool.TryParse(text, out var flag) ? JsonValue.Create(flag)
                    : null;
                break;
            case "date":
                wanted = "a date like 2024-05-31";
                value = DateOnly.TryParseExact(
                    text,
                    "yyyy-MM-dd",
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.None,
                    out _
                )
                    ? JsonValue.Create(text)
                    : null;
                break;
            case "timestamp":
                wanted = "an instant like 2024-05-31T06:00:00Z (RFC 3339)";
                value = text is null ? null : InstantOf(text);
                break;
            case "json":
                value = given.DeepClone();
                break;
            default:
                throw new ArgumentException($"There is no parameter type '{type}'.", nameof(type));
        }

        return value is not null;
    }

    /// <summary>The type that a bare value in a job file tells.</summary>
    internal static string TypeOf(JsonNode? value) =>
        value?.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Number => JsonNumber.TryWhole(value, out _)
            && !value.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E')
                ? "int"
                : "double",
            _ => "json",
        };

    private static JsonNode? NumberOf(string text) =>
        JsonNumberText().IsMatch(text) && JsonNode.Parse(text) is var number && JsonNumber.TryNumber(number, out _)
            ? number
            : null;

    private static JsonValue? InstantOf(string text) =>
        InstantText().IsMatch(text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant)
            ? JsonValue.Create(
                instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture)
            )
            : null;

    [GeneratedRegex(@"^-?(0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?([eE][-+]?[0-9]{1,3})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumberText();

    // RFC 3339, section 5.6, with a space for the T as it allows; without a zone it is UTC, as everywhere in SJE.
    [GeneratedRegex(
        @"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[-+][0-9]{2}:[0-9]{2})?\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex InstantText();
}
