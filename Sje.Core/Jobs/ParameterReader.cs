using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// Reads <c>parameters</c>. <c>minDelay: {type: int, default: 60}</c> declares one; <c>minDelay: 60</c> is a value for this execution,
/// which declares one of the value's own type.
/// </summary>
internal sealed class ParameterReader(FaultList faults)
{
    private static readonly string[] DeclarationFields = ["type", "default", "required"];

    public IReadOnlyList<JobParameter> Read(Fields job)
    {
        var parameters = new List<JobParameter>();
        foreach (var (name, written) in job.Object("parameters") ?? [])
        {
            var pointer = Fault.At(job.At("parameters"), name);
            parameters.Add(
                IsDeclaration(written)
                    ? ReadDeclaration(name, new Fields(written!.AsObject(), pointer, faults))
                    : new JobParameter
                    {
                        Name = name,
                        Type = ParameterValue.TypeOf(written),
                        Default = Value(written, pointer),
                    }
            );
        }

        return parameters;
    }

    private static bool IsDeclaration(JsonNode? written) =>
        written is JsonObject { Count: > 0 } map
        && (
            map["type"]?.GetValueKind() == JsonValueKind.String
            || map.All(field => DeclarationFields.Contains(field.Key))
        );

    private JobParameter ReadDeclaration(string name, Fields declaration)
    {
        var type = declaration.RequiredText("type");
        if (type is not null && !ParameterValue.Types.Contains(type))
        {
            faults.Add(
                declaration.At("type"),
                FaultCodes.InvalidValue,
                $"There is no parameter type {Excerpt.Quote(type)}.{NearName.Hint(type, ParameterValue.Types)} Known are {string.Join(", ", ParameterValue.Types)}."
            );
            type = null;
        }

        var written = Value(declaration.Any("default"), declaration.At("default"));
        var required = declaration.Flag("required") ?? false;
        declaration.RefuseOthers();
        JsonNode? value = null;
        if (type is not null && !ParameterValue.TryConvert(type, written, out value, out var wanted))
        {
            faults.Add(
                declaration.At("default"),
                FaultCodes.InvalidValue,
                $"Must be {wanted}, and is {Excerpt.Quote(Template.PlainText(written))}."
            );
        }

        // A default answers the demand: so a client gives the value of a required parameter together with the job.
        return new JobParameter
        {
            Name = name,
            Type = type ?? "json",
            Default = value,
            Required = required && written is null,
        };
    }

    /// <summary>Values are data: they are put into templates and are none. One that looks like one was meant otherwise.</summary>
    private JsonNode? Value(JsonNode? written, string pointer)
    {
        if (
            written?.GetValueKind() == JsonValueKind.String
            && Template.Parse(written.GetValue<string>()).References.FirstOrDefault() is { } reference
        )
        {
            faults.Add(
                pointer,
                FaultCodes.Template,
                $"Column {reference.Position}: '{{{{ {Excerpt.Cut(reference.Text)} }}}}' is not filled in here; the value of a parameter is taken as it is."
            );
        }

        return written?.DeepClone();
    }
}
