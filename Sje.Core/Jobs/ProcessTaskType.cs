using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sje.Core.Jobs;

/// <summary>
/// <c>process: {command: [python3, job.py] or "a line of bash", env: {A: b}, stdin: text, workingDirectory: relative}</c>.
/// </summary>
public sealed partial class ProcessTaskType : ITaskType
{
    private const int MostArguments = 10_000;

    /// <inheritdoc/>
    public string Type => "process";

    /// <inheritdoc/>
    public IReadOnlyList<string> Aliases => [];

    /// <summary>Makes texts of the numbers and booleans of a command line and its environment: <c>[sleep, 5]</c>, <c>{PORT: 80}</c>.</summary>
    public JsonObject Normalise(JsonObject settings)
    {
        var result = settings.DeepClone().AsObject();
        if (result["command"] is JsonArray command)
        {
            for (var index = 0; index < command.Count; index++)
            {
                command[index] = ScalarAsText(command[index]);
            }
        }

        if (result["env"] is JsonObject env)
        {
            foreach (var name in env.Select(variable => variable.Key).ToList())
            {
                env[name] = ScalarAsText(env[name]);
            }
        }

        return result;
    }

    /// <inheritdoc/>
    public IEnumerable<Fault> Validate(JsonObject settings, string pointer, IReadOnlyList<JobParameter> parameters)
    {
        var faults = new FaultList();
        var fields = new Fields(settings, pointer, faults);
        CheckCommand(fields, faults);
        if (fields.Map("env") is { } env)
        {
            CheckEnvironment(env, settings["env"]!.AsObject(), faults);
        }

        fields.Text("stdin");
        if (fields.Text("workingDirectory") is { } directory && !StaysInside(directory))
        {
            faults.Add(
                fields.At("workingDirectory"),
                FaultCodes.InvalidValue,
                "Must be a path relative to the storage root that does not leave it: no '/' in front, no '..'."
            );
        }

        fields.RefuseOthers();
        return faults.ToList();
    }

    /// <summary>Whether a relative path stays below where it starts. Ask again once its templates are filled in.</summary>
    public static bool StaysInside(string path) =>
        !path.StartsWith('/') && !path.Contains('\0', StringComparison.Ordinal) && !path.Split('/').Contains("..");

    private static void CheckCommand(Fields fields, FaultList faults)
    {
        var at = fields.At("command");
        switch (fields.Any("command"))
        {
            case null:
                fields.Missing("command");
                break;
            case JsonArray { Count: 0 }:
                faults.Add(at, FaultCodes.InvalidValue, "An empty list names no program.");
                break;
            case JsonArray { Count: > MostArguments } list:
                faults.Add(at, FaultCodes.TooMany, $"{list.Count:N0} arguments; at most {MostArguments:N0}.");
                break;
            case JsonArray:
                if (fields.Texts("command") is [var program, ..] && string.IsNullOrWhiteSpace(program))
                {
                    faults.Add(Fault.At(at, 0), FaultCodes.InvalidValue, "The name of the program is empty.");
                }

                break;
            case JsonValue line when line.GetValueKind() == JsonValueKind.String:
                if (string.IsNullOrWhiteSpace(line.GetValue<string>()))
                {
                    faults.Add(at, FaultCodes.InvalidValue, "The command is empty.");
                }

                break;
            case var other:
                faults.Add(
                    at,
                    FaultCodes.WrongType,
                    $"Must be a list (program and arguments) or a text (run by bash), and is {Fields.KindOf(other)}."
                );
                break;
        }
    }

    private static void CheckEnvironment(Fields env, JsonObject variables, FaultList faults)
    {
        foreach (var (name, _) in variables)
        {
            if (!VariableName().IsMatch(name))
            {
                faults.Add(
                    env.At(name),
                    FaultCodes.InvalidValue,
                    $"{Excerpt.Quote(name)} is no name of a variable: a letter or underscore, then letters, digits, underscores (at most 200)."
                );
            }
            else if (name.StartsWith("SJE_", StringComparison.Ordinal))
            {
                faults.Add(env.At(name), FaultCodes.Conflict, "Variables that start with SJE_ are set by SJE itself.");
            }
            else if (!env.Has(name))
            {
                faults.Add(
                    env.At(name),
                    FaultCodes.WrongType,
                    "Must be a text, and is null. Write \"\" for an empty value."
                );
            }

            env.Text(name);
        }
    }

    private static JsonNode? ScalarAsText(JsonNode? node) =>
        node?.GetValueKind() is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
            ? JsonValue.Create(node.ToJsonString())
            : node?.DeepClone();

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]{0,199}\z", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName();
}
