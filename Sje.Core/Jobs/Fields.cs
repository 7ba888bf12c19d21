using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// Reads the fields of one object, with a fault at the right pointer for each that has the wrong form. A field that is missing and
/// one that is null are the same. The fields asked for are the ones that exist: <see cref="RefuseOthers"/> refuses the rest.
/// </summary>
internal sealed class Fields(JsonObject map, string pointer, FaultList faults)
{
    private readonly HashSet<string> known = new(StringComparer.Ordinal);

    /// <summary>Where the object stands in the document.</summary>
    public string Pointer => pointer;

    /// <summary>The fields as they are, for an object whose names are the user's.</summary>
    public IEnumerable<KeyValuePair<string, JsonNode?>> Values => map;

    /// <summary>Where a field of it stands, or would stand.</summary>
    public string At(string name) => Fault.At(pointer, name);

    /// <summary>Whether a field is there and not null.</summary>
    public bool Has(string name) => Any(name) is not null;

    /// <summary>A field of any form.</summary>
    public JsonNode? Any(string name)
    {
        known.Add(name);
        FieldLog.Current?.Of(pointer, name);
        return map.TryGetPropertyValue(name, out var node) ? node : null;
    }

    public string? Text(string name)
    {
        Asked(name, "text");
        return Any(name) is { } node ? AsText(node, At(name), faults) : null;
    }

    /// <summary>A text that must be there.</summary>
    public string? RequiredText(string name)
    {
        FieldLog.Current?.Of(pointer, name).IsRequired = true;
        if (!Has(name))
        {
            Missing(name);
        }

        return Text(name);
    }

    public bool? Flag(string name)
    {
        Asked(name, "true or false");
        if (Any(name) is not { } node)
        {
            return null;
        }

        if (node.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        {
            return node.GetValueKind() == JsonValueKind.True;
        }

        WrongType(name, node, "true or false");
        return null;
    }

    public int? Whole(string name)
    {
        Asked(name, "whole number");
        if (Any(name) is not { } node)
        {
            return null;
        }

        if (JsonNumber.TryWhole(node, out var whole))
        {
            // What does not fit is out of every range that a rule may set.
            return (int)Math.Clamp(whole, int.MinValue, int.MaxValue);
        }

        WrongType(name, node, "a whole number");
        return null;
    }

    public double? Number(string name)
    {
        Asked(name, "number");
        if (Any(name) is not { } node)
        {
            return null;
        }

        if (JsonNumber.TryNumber(node, out var number))
        {
            return number;
        }

        WrongType(name, node, "a number");
        return null;
    }

    public TimeSpan? Duration(string name)
    {
        Asked(name, "length of time");
        if (Any(name) is not { } node)
        {
            return null;
        }

        if (node.GetValueKind() != JsonValueKind.String)
        {
            WrongType(name, node, DurationText.Examples);
            return null;
        }

        var text = node.GetValue<string>();
        if (DurationText.TryParse(text, out var duration))
        {
            return duration;
        }

        faults.Add(
            At(name),
            FaultCodes.InvalidValue,
            $"{Excerpt.Quote(text)} is not {DurationText.Examples} (at most ten years)."
        );
        return null;
    }

    public long? Size(string name)
    {
        Asked(name, "amount of memory");
        if (Any(name) is not { } node)
        {
            return null;
        }

        if (JsonNumber.TryWhole(node, out var bytes) && bytes is >= 0 and <= SizeText.Largest)
        {
            return bytes;
        }

        if (node.GetValueKind() is not (JsonValueKind.String or JsonValueKind.Number))
        {
            WrongType(name, node, SizeText.Examples);
            return null;
        }

        var text = Template.PlainText(node);
        if (SizeText.TryParse(text, out bytes))
        {
            return bytes;
        }

        faults.Add(
            At(name),
            FaultCodes.InvalidValue,
            $"{Excerpt.Quote(text)} is not {SizeText.Examples} (at most 1024 TiB)."
        );
        return null;
    }

    public Fields? Map(string name) => Object(name) is { } inner ? new Fields(inner, At(name), faults) : null;

    public JsonObject? Object(string name)
    {
        Asked(name, "object");
        var node = Any(name);
        if (node is not null and not JsonObject)
        {
            WrongType(name, node, "an object");
        }

        return node as JsonObject;
    }

    public JsonArray? List(string name)
    {
        Asked(name, "list");
        return ListOf(name);
    }

    private JsonArray? ListOf(string name)
    {
        var node = Any(name);
        if (node is not null and not JsonArray)
        {
            WrongType(name, node, "a list");
        }

        return node as JsonArray;
    }

    /// <summary>A list of texts; null when it is missing or not one.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        Asked(name, "list of texts");
        if (ListOf(name) is not { } list)
        {
            return null;
        }

        var texts = new List<string>(list.Count);
        for (var index = 0; index < list.Count; index++)
        {
            if (AsText(list[index], Fault.At(At(name), index), faults) is { } text)
            {
                texts.Add(text);
            }
        }

        return texts.Count == list.Count ? texts : null;
    }

    /// <summary>Fields that are part of the job file but do nothing on this server yet.</summary>
    public void NotYet(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            FieldLog.Current?.Of(pointer, name).IsToCome = true;
            if (Has(name))
            {
                faults.Add(At(name), FaultCodes.NotSupportedYet, $"'{name}' is not supported yet by this server.");
            }
        }
    }

    /// <summary>Claims a field without reading it, where something else has already been said about it.</summary>
    public void Pass(string name) => known.Add(name);

    public void Missing(string name) => faults.Add(At(name), FaultCodes.Required, $"'{name}' is missing.");

    /// <summary>Refuses every field that was not asked for. <paramref name="explain"/> may know better than a near name.</summary>
    public void RefuseOthers(Func<string, string?>? explain = null)
    {
        foreach (var (name, _) in map)
        {
            if (known.Contains(name))
            {
                continue;
            }

            var reason = explain?.Invoke(name) ?? NearName.Hint(name, known);
            faults.Add(
                PointerToUnknown(name),
                FaultCodes.UnknownField,
                $"There is no field {Excerpt.Quote(name)} here.{reason}"
            );
            if (faults.IsFull)
            {
                return;
            }
        }
    }

    public static string KindOf(JsonNode? node) =>
        node?.GetValueKind() switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => "null",
        };

    private static string? AsText(JsonNode? node, string at, FaultList faults)
    {
        if (node?.GetValueKind() == JsonValueKind.String)
        {
            return node.GetValue<string>();
        }

        var quotes = node?.GetValueKind() is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
            ? $" Write it in quotes: \"{Excerpt.Cut(node.ToJsonString())}\"."
            : "";
        faults.Add(at, FaultCodes.WrongType, $"Must be a text, and is {KindOf(node)}.{quotes}");
        return null;
    }

    private void Asked(string name, string form) => FieldLog.Current?.Of(pointer, name).Forms.Add(form);

    private void WrongType(string name, JsonNode node, string wanted) =>
        faults.Add(At(name), FaultCodes.WrongType, $"Must be {wanted}, and is {KindOf(node)}.");

    // A pointer must name the field in full, but a name of a megabyte is not worth repeating: then it names the object.
    private string PointerToUnknown(string name) => name.Length <= 200 ? At(name) : pointer;
}
