using System.Text.Json.Nodes;

namespace Sje.Core.Jobs;

/// <summary>
/// What <c>{{ ... }}</c> can see when a task runs: <c>parameters.NAME</c>, <c>execution.id</c>, <c>execution.scheduledFor</c>,
/// <c>tasks.NAME.outputs.X</c>. One object: <c>{"parameters": {...}, "execution": {...}, "tasks": {"NAME": {"outputs": {...}}}}</c>.
/// </summary>
public sealed record TemplateScope(JsonObject Values)
{
    /// <summary>The value at a dotted path, or null when there is none.</summary>
    public JsonNode? Find(string path)
    {
        JsonNode? node = Values;
        foreach (var part in path.Split('.'))
        {
            if (node is not JsonObject map || !map.TryGetPropertyValue(part, out node))
            {
                return null;
            }
        }

        return node;
    }
}
