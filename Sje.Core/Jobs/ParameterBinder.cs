using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>The parameters of one execution: every declared one by name, or what is wrong with those given.</summary>
public sealed record BoundParameters(JsonObject Values, IReadOnlyList<Fault> Faults);

/// <summary>Joins the parameters that a job declares with the values that an execution is given.</summary>
public static class ParameterBinder
{
    /// <summary>
    /// Converts the given values to the declared types and fills in the defaults. A parameter without either is null.
    /// Pointers of faults start at <paramref name="pointer"/>, where the values stand in the request.
    /// </summary>
    public static BoundParameters Bind(JobSpec job, JsonObject given, string pointer = "/parameters")
    {
        var faults = new FaultList();
        var values = new JsonObject();
        foreach (var parameter in job.Parameters)
        {
            values[parameter.Name] =
                given.TryGetPropertyValue(parameter.Name, out var value) && value is not null
                    ? Convert(parameter, value, Fault.At(pointer, parameter.Name), faults)
                    : parameter.Default?.DeepClone();
            if (value is null && parameter.Required && parameter.Default is null)
            {
                faults.Add(
                    Fault.At(pointer, parameter.Name),
                    FaultCodes.Required,
                    $"Parameter '{parameter.Name}' ({parameter.Type}) must be given."
                );
            }
        }

        foreach (var (name, _) in given)
        {
            if (!values.ContainsKey(name))
            {
                var names = job.Parameters.Select(parameter => parameter.Name).ToList();
                faults.Add(
                    Fault.At(pointer, name.Length <= 200 ? name : name[..200]),
                    FaultCodes.UnknownParameter,
                    $"The job has no parameter {Excerpt.Quote(name)}.{NearName.Hint(name, names)}"
                );
            }
        }

        return new BoundParameters(values, faults.ToList());
    }

    private static JsonNode? Convert(JobParameter parameter, JsonNode given, string at, FaultList faults)
    {
        if (!ParameterValue.TryConvert(parameter.Type, given, out var value, out var wanted))
        {
            faults.Add(
                at,
                FaultCodes.InvalidValue,
                $"Parameter '{parameter.Name}' must be {wanted}, and is {Excerpt.Quote(Template.PlainText(given))}."
            );
        }

        return value;
    }
}
