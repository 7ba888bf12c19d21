using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>The queues of a cluster, as its scheduler lists them.</summary>
internal sealed class YarnQueues
{
    private readonly Dictionary<string, (bool Leaf, bool Creates, string? State)> paths = new(StringComparer.Ordinal);

    // Only of this scheduler is it known that a queue must be there before.
    private bool complete;

    /// <summary>Asks for them.</summary>
    public static async Task<YarnQueues> AskAsync(ResourceManagerClient resourceManager, CancellationToken stop)
    {
        var answer = await resourceManager.GetAsync("scheduler", stop);
        var queues = new YarnQueues();
        if (answer.Status == 200 && answer.Json?["scheduler"]?["schedulerInfo"] is JsonObject info)
        {
            queues.complete = info.Text("type") == "capacityScheduler";
            queues.Add(info, info.Text("queueName") ?? "root");
        }

        return queues;
    }

    /// <summary>What speaks against a queue; null for nothing that can be known.</summary>
    public TaskError? Fault(string queue)
    {
        if (!complete || paths.Count == 0)
        {
            return null;
        }

        var found = paths
            .Where(path => path.Key == queue || path.Key.EndsWith("." + queue, StringComparison.Ordinal))
            .ToList();
        if (found.Count == 0)
        {
            var parent = queue.LastIndexOf('.');
            var creates =
                parent > 0
                && paths.Any(path =>
                    path.Value.Creates
                    && (
                        path.Key == queue[..parent]
                        || path.Key.EndsWith("." + queue[..parent], StringComparison.Ordinal)
                    )
                );
            return creates
                ? null
                : new TaskError(
                    FailureClasses.Invalid,
                    $"YARN has no queue {queue}. There are: {string.Join(", ", paths.Where(p => p.Value.Leaf).Select(p => p.Key))}."
                );
        }

        if (found.TrueForAll(path => !path.Value.Leaf))
        {
            return found.Exists(path => path.Value.Creates)
                ? null
                : new TaskError(
                    FailureClasses.Invalid,
                    $"YARN's queue {queue} only holds other queues: {string.Join(", ", paths.Where(p => p.Value.Leaf && p.Key.StartsWith(found[0].Key + ".", StringComparison.Ordinal)).Select(p => p.Key))}."
                );
        }

        return found.TrueForAll(path => path.Value.State is "STOPPED" or "DRAINING")
            ? new TaskError("temporary", $"YARN's queue {queue} is {found[0].Value.State} and takes nothing.")
            : null;
    }

    private void Add(JsonNode queue, string path)
    {
        var children = (queue["queues"]?["queue"]).Items().ToList();
        var policy = queue.Text("autoCreationEligibility") is { } eligible && eligible != "off";
        paths[path] = (
            queue.Text("type")?.Contains("Leaf", StringComparison.OrdinalIgnoreCase) ?? children.Count == 0,
            policy,
            queue.Text("state")
        );
        foreach (var child in children)
        {
            var name = child.Text("queueName") ?? "";
            Add(child, child.Text("queuePath") ?? $"{path}.{name}");
        }
    }
}
