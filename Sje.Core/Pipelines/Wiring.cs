using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Ir;

namespace Sje.Core.Pipelines;

/// <summary>How nodes hang together: ports, references, cycles, ends.</summary>
internal static class Wiring
{
    /// <summary>Reads <c>{port: node}</c> or <c>{port: node.outputPort}</c> against the component's ports.</summary>
    public static IReadOnlyList<NodeInput> Inputs(
        string id,
        Component component,
        JsonNode? written,
        string pointer,
        List<Fault> faults
    )
    {
        if (written is not (null or JsonObject))
        {
            faults.Add(new Fault(pointer, "inputs is an object {port: node}", FaultCodes.WrongType));
            return [];
        }

        var inputs = new List<NodeInput>();
        foreach (var (port, source) in written as JsonObject ?? [])
        {
            var at = Fault.At(pointer, port);
            if (component.Ports?.Contains(port) == false)
            {
                faults.Add(
                    new Fault(
                        at,
                        component.Ports.Count == 0
                            ? $"node {id}: {component.Type} reads files and takes no input"
                            : $"node {id}: {component.Type} has no port {port}.{NearName.Hint(port, component.Ports)} It has {string.Join(", ", component.Ports)}",
                        "unknown_port"
                    )
                );
            }
            else if (source is not JsonValue value || !value.TryGetValue<string>(out var text))
            {
                faults.Add(new Fault(at, $"node {id}: an input is the id of a node", FaultCodes.WrongType));
            }
            else if (text.Split('.') is not ([_] or [_, "out"]))
            {
                faults.Add(
                    new Fault(
                        at,
                        $"node {id}: {text.Split('.')[0]} has one output; write {text.Split('.')[0]}",
                        "unknown_port"
                    )
                );
            }
            else
            {
                inputs.Add(new NodeInput(port, text.Split('.')[0]));
            }
        }

        if (faults.All(f => !f.Pointer.StartsWith(pointer + "/", StringComparison.Ordinal)))
        {
            Missing(id, component, inputs, pointer, faults);
        }

        return component.Ports is null ? inputs : [.. inputs.OrderBy(i => component.Ports.ToList().IndexOf(i.Port))];
    }

    /// <summary>The nodes, each behind its inputs and otherwise as written; null when the wiring has faults.</summary>
    public static List<PipelineNode>? Order(List<PipelineNode> nodes, bool complete, string pointer, List<Fault> faults)
    {
        var before = faults.Count;
        var byId = nodes
            .GroupBy(n => n.Id, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.OrdinalIgnoreCase);
        foreach (var node in complete ? nodes : [])
        {
            foreach (var input in node.Inputs)
            {
                var at = Fault.At(Fault.At(node.Pointer, "inputs"), input.Port);
                if (!byId.TryGetValue(input.NodeId, out var source))
                {
                    faults.Add(
                        new Fault(
                            at,
                            $"node {node.Id}: no node is named {input.NodeId}.{NearName.Hint(input.NodeId, byId.Keys)}",
                            "unknown_node"
                        )
                    );
                }
                else if (ComponentCatalogue.Find(source.Type)?.Kind == ComponentKind.Sink)
                {
                    faults.Add(
                        new Fault(at, $"node {node.Id}: {source.Id} is a sink and has no output", "unknown_port")
                    );
                }
            }
        }

        if (complete && !nodes.Any(n => ComponentCatalogue.Find(n.Type)?.Kind == ComponentKind.Sink))
        {
            faults.Add(
                new Fault(
                    pointer,
                    "the pipeline has no sink, so it would do nothing: add a sink.parquet or sink.csv node",
                    "no_sink"
                )
            );
        }

        if (faults.Count > before || !complete)
        {
            return null;
        }

        foreach (
            var unused in nodes.Where(n =>
                ComponentCatalogue.Find(n.Type)?.Kind != ComponentKind.Sink
                && !nodes.Any(o => o.Inputs.Any(i => string.Equals(i.NodeId, n.Id, StringComparison.OrdinalIgnoreCase)))
            )
        )
        {
            faults.Add(new Fault(unused.Pointer, $"node {unused.Id} leads to no sink", "unused"));
        }

        return Sorted(nodes, byId, faults);
    }

    private static List<PipelineNode>? Sorted(
        List<PipelineNode> nodes,
        Dictionary<string, PipelineNode> byId,
        List<Fault> faults
    )
    {
        // Each round takes the nodes whose inputs are there; what is left when none is, lies on or behind a cycle.
        var done = new List<PipelineNode>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (done.Count < nodes.Count)
        {
            var next = nodes.Where(n => !names.Contains(n.Id) && n.Inputs.All(i => names.Contains(i.NodeId))).ToList();
            if (next.Count == 0)
            {
                var left = nodes.Where(n => !names.Contains(n.Id)).ToList();
                faults.Add(
                    new Fault(
                        left[0].Pointer,
                        $"the nodes {string.Join(", ", left.Select(n => n.Id))} form a cycle, or wait for one",
                        "cycle"
                    )
                );
                return null;
            }

            // References take the spelling of the node's own id.
            done.AddRange(
                next.Select(n => n with { Inputs = [.. n.Inputs.Select(i => i with { NodeId = byId[i.NodeId].Id })] })
            );
            names.UnionWith(next.Select(n => n.Id));
        }

        return done;
    }

    private static void Missing(
        string id,
        Component component,
        List<NodeInput> inputs,
        string pointer,
        List<Fault> faults
    )
    {
        foreach (var port in component.Ports?.Where(p => inputs.All(i => i.Port != p)) ?? [])
        {
            faults.Add(
                new Fault(
                    Fault.At(pointer, port),
                    $"node {id}: {component.Type} needs an input at port {port}",
                    FaultCodes.Required
                )
            );
        }

        if (component.Ports is null && inputs.Count < 2)
        {
            faults.Add(
                new Fault(
                    pointer,
                    $"node {id}: {component.Type} needs at least two inputs, under names of your choice",
                    FaultCodes.Required
                )
            );
        }
    }
}
