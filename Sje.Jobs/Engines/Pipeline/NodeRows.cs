using System.Text.Json.Nodes;
using Sje.Core.Pipelines.Compilers.DuckDb;

namespace Sje.Jobs.Engines.Pipeline;

using Pipeline = Sje.Core.Pipelines.Ir.Pipeline;

/// <summary>The rows that each node took and gave.</summary>
internal sealed class NodeRows(
    Pipeline pipeline,
    DuckDbScript script,
    Dictionary<string, long> statements,
    Dictionary<string, long> files,
    RowCounters counters
)
{
    /// <summary>Rows that a node gave (for a sink, wrote), or null where a limit behind it leaves that open.</summary>
    public long? Out(string node) =>
        script.Rows[node] switch
        {
            RowsOfFiles => files[node],
            RowsOfStatement => statements.GetValueOrDefault(node),
            RowsOfNode same => Out(same.NodeId),
            RowsCounted counted => counters[counted.Index],
            RowsUnknown => null,
            _ => throw new InvalidOperationException($"no way to tell the rows of {node}"),
        };

    public JsonArray Parts() =>
        [
            .. pipeline.Nodes.Select(n => new JsonObject
            {
                ["node"] = n.Id,
                ["type"] = n.Type,
                ["rowsIn"] = n.Inputs.Aggregate((long?)0, (sum, i) => sum + Out(i.NodeId)),
                ["rowsOut"] = Out(n.Id),
            }),
        ];
}
