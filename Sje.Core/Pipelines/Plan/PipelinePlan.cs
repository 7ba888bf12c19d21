using Sje.Core.Jobs;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Plan;

/// <summary>A node and what it does; null where a schema before it is not known or faulty.</summary>
internal sealed record NodePlan(PipelineNode Node, Component Component, Relation? Relation);

/// <summary>A pipeline with every node lowered to relations, in the order of <see cref="Pipeline.Nodes"/>.</summary>
internal sealed record PipelinePlan(Pipeline Pipeline, IReadOnlyList<NodePlan> Nodes)
{
    public NodePlan Find(string id) => Nodes.First(n => n.Node.Id == id);

    /// <summary>
    /// Infers schemas from the sources on and checks every expression whose columns are known. Nodes behind an unknown schema stay
    /// unchecked; with all sources known and no fault, every relation is there.
    /// </summary>
    public static PipelinePlan Make(
        Pipeline pipeline,
        IReadOnlyDictionary<string, Schema> sources,
        TemplateValues templates,
        List<Fault> faults
    )
    {
        var plans = new Dictionary<string, NodePlan>(StringComparer.Ordinal);
        foreach (var node in pipeline.Nodes)
        {
            var component = ComponentCatalogue.Find(node.Type)!; // the reader refuses unknown components
            var inputs = node
                .Inputs.Select(i =>
                    plans[i.NodeId].Relation is { } relation ? new InputRelation(i.NodeId, relation.Schema) : null
                )
                .ToList();
            var context = new NodeContext(
                node,
                [.. inputs.OfType<Relation>()],
                templates,
                sources.GetValueOrDefault(node.Id),
                faults
            );
            plans[node.Id] = new NodePlan(node, component, inputs.Contains(null) ? null : component.Lower(context));
        }

        return new PipelinePlan(pipeline, [.. pipeline.Nodes.Select(n => plans[n.Id])]);
    }
}
