using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// What <c>{{ ... }}</c> can see when a task runs: <c>parameters.NAME</c>, <c>execution.id</c>, <c>execution.scheduledFor</c>,
/// <c>tasks.NAME.outputs.X</c>. One object: <c>{"parameters": {...}, "execution": {...}, "tasks": {"NAME": {"outputs": {...}}}}</c>.
/// </summary>
public sealed record TemplateScope(JsonObject Values)
{
    /// <summary>The value at a path as written in a template, or null when there is none.</summary>
    public JsonNode? Find(string path) => TryFind(TemplatePath.Split(path), out var value) ? value : null;

    /// <summary>Tells a value that is null from one that is not there.</summary>
    public bool TryFind(IReadOnlyList<string> path, out JsonNode? value)
    {
        value = Values;
        foreach (var name in path)
        {
            if (value is not JsonObject map || !map.TryGetPropertyValue(name, out value))
            {
                value = null;
                return false;
            }
        }

        return true;
    }
}
