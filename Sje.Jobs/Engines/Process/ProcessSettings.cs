using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;

namespace Sje.Jobs.Engines.Process;

/// <summary>Reads the settings of a <c>process</c> task, its templates filled in.</summary>
internal static class ProcessSettings
{
    /// <summary>What is to be run.</summary>
    /// <exception cref="FormatException">The settings are not as the job file's rules say; the message names the field.</exception>
    /// <exception cref="TemplateException">A template has no value.</exception>
    public static TaskCommand Read(JsonObject settings, TemplateScope scope, string storageRoot) =>
        new()
        {
            Arguments = Command(settings["command"], scope),
            Environment = Environment(settings["env"], scope),
            Stdin = settings["stdin"] is { } stdin ? Text(stdin, "stdin", scope) : null,
            WorkingDirectory = WorkingDirectory(settings["workingDirectory"], scope, storageRoot),
        };

    private static IReadOnlyList<string> Command(JsonNode? command, TemplateScope scope) =>
        command switch
        {
            JsonArray { Count: > 0 } list =>
            [
                .. list.Select(
                    (argument, index) => WithoutNul(Text(argument, $"command[{index}]", scope), $"command[{index}]")
                ),
            ],
            JsonValue value when value.TryGetValue<string>(out var text) && text.Length > 0 => ShellScript.Arguments(
                text,
                scope
            ),
            _ => throw new FormatException(
                "process.command must be a list of a program and its arguments, or a line of shell."
            ),
        };

    private static Dictionary<string, string> Environment(JsonNode? env, TemplateScope scope)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        if (env is null)
        {
            return result;
        }

        if (env is not JsonObject map)
        {
            throw new FormatException("process.env must map names to values.");
        }

        foreach (var (name, value) in map)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0'))
            {
                throw new FormatException($"process.env: '{name}' cannot be the name of a variable.");
            }

            result[name] = WithoutNul(Text(value, $"env.{name}", scope), $"env.{name}");
        }

        return result;
    }

    private static string WorkingDirectory(JsonNode? setting, TemplateScope scope, string storageRoot)
    {
        if (setting is null)
        {
            return Path.GetFullPath(storageRoot);
        }

        var root = Path.GetFullPath(storageRoot);
        var path = Path.GetFullPath(
            Path.Combine(root, WithoutNul(Text(setting, "workingDirectory", scope), "workingDirectory"))
        );
        return path == root || path.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal)
            ? path
            : throw new FormatException($"process.workingDirectory '{path}' is not below the storage root '{root}'.");
    }

    private static string Text(JsonNode? node, string field, TemplateScope scope) =>
        node switch
        {
            JsonValue value when value.TryGetValue<string>(out var text) => Template.Render(text, scope),
            // YAML reads 8080 and true as such; on a command line they are text again.
            JsonValue value => Template.PlainText(value),
            _ => throw new FormatException($"process.{field} must be text."),
        };

    private static string WithoutNul(string text, string field) =>
        text.Contains('\0', StringComparison.Ordinal)
            ? throw new FormatException($"process.{field} holds a NUL character, which no command line can.")
            : text;
}
