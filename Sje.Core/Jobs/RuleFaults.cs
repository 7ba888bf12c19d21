using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FluentValidation.Results;

namespace Sje.Core.Jobs;

/// <summary>
/// Turns failures of the validators, which speak of properties of the spec (<c>Tasks[2].Retry.MaxAttempts</c>), into faults that
/// point into the file: at the field of the task, or of the job where the task only inherits it.
/// </summary>
internal static partial class RuleFaults
{
    private static readonly Dictionary<string, string> FieldOfProperty = new()
    {
        [nameof(JobSpec.Label)] = "/jobId",
        [nameof(JobSpec.TotalTimeout)] = "/timeouts/total",
        [nameof(TaskSpec.QueuedTimeout)] = "/timeouts/queued",
        [nameof(TaskSpec.RunTimeout)] = "/timeouts/run",
        [nameof(ResourceSpec.MemoryBytes)] = "/memory",
    };

    public static IEnumerable<Fault> Of(ValidationResult result, JobForm form, JsonObject root) =>
        result.Errors.Select(failure => new Fault(
            PointerOf(failure.PropertyName, form, root),
            failure.ErrorMessage,
            failure.ErrorCode
        ));

    private static string PointerOf(string path, JobForm form, JsonObject root)
    {
        var (owner, rest) = ("", path);
        if (Item().Match(path) is { Success: true } item)
        {
            var index = int.Parse(item.Groups["index"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);
            if (item.Groups["list"].Value == nameof(JobSpec.Parameters))
            {
                return Fault.At("/parameters", form.Spec.Parameters[index].Name);
            }

            (owner, rest) = (form.TaskPointers[index], item.Groups["rest"].Value);
        }

        var field = string.Concat(rest.Split('.').Select(FieldOf));
        return !Exists(root, owner + field) && Exists(root, field) ? field : owner + field;
    }

    /// <summary><c>Labels[1]</c> is <c>/labels/1</c>.</summary>
    private static string FieldOf(string property)
    {
        var parts = property.TrimEnd(']').Split('[');
        var field =
            FieldOfProperty.GetValueOrDefault(parts[0]) ?? "/" + JsonNamingPolicy.CamelCase.ConvertName(parts[0]);
        return parts.Length == 1 ? field : $"{field}/{parts[1]}";
    }

    // Only pointers made here come in: of plain names and numbers, with nothing to unescape.
    private static bool Exists(JsonObject root, string pointer)
    {
        JsonNode? node = root;
        foreach (var token in pointer.Split('/').Skip(1))
        {
            node = node switch
            {
                JsonObject map => map[token],
                JsonArray list
                    when int.TryParse(token, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[
                    index
                ],
                _ => null,
            };
        }

        return node is not null;
    }

    [GeneratedRegex(
        @"^(?<list>Tasks|Parameters)\[(?<index>[0-9]+)\]\.(?<rest>.+)\z",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Item();
}
