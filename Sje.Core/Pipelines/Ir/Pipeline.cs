namespace Sje.Core.Pipelines.Ir;

/// <summary>A pipeline as the user wrote it, its wiring checked: nodes in an order in which every node follows its inputs.</summary>
public sealed record Pipeline(IReadOnlyList<PipelineNode> Nodes)
{
    /// <summary>The node of this id; ids differ by more than case.</summary>
    public PipelineNode? Find(string id) =>
        Nodes.FirstOrDefault(n => string.Equals(n.Id, id, StringComparison.OrdinalIgnoreCase));

    /// <summary>How many inputs of other nodes this node feeds.</summary>
    public int FanOut(string id) => Nodes.Sum(n => n.Inputs.Count(i => i.NodeId == id));
}
