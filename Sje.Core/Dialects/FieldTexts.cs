using System.Text.Json;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Core.Dialects;

/// <summary>Forms of fields that dialects have and we do not.</summary>
internal static class FieldTexts
{
    /// <summary>A list of texts, or one text alone; null when it is missing or neither.</summary>
    public static IReadOnlyList<string>? OneOrMore(Fields fields, string name) =>
        fields.Any(name)?.GetValueKind() == JsonValueKind.String ? [fields.Text(name)!] : fields.Texts(name);

    /// <summary>As <see cref="OneOrMore"/>, with a fault where there is none.</summary>
    public static IReadOnlyList<string> Required(Fields fields, string name)
    {
        if (!fields.Has(name))
        {
            fields.Missing(name);
            return [];
        }

        return OneOrMore(fields, name) ?? [];
    }

    /// <summary>A field that may only be there when it says nothing.</summary>
    public static void NothingIn(Fields fields, string name, FaultList faults, string why)
    {
        if (fields.Any(name) is not (null or JsonObject { Count: 0 } or JsonArray { Count: 0 }))
        {
            faults.Add(fields.At(name), FaultCodes.NotSupportedYet, why);
        }
    }

    /// <summary>The pointer of the n-th text of a field that may be one text alone.</summary>
    public static string ItemAt(Fields fields, string name, int index) =>
        fields.Any(name) is JsonArray ? Fault.At(fields.At(name), index) : fields.At(name);
}
