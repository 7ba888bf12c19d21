using System.Globalization;
using System.Text;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Components;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Plan;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>
/// Compiles a pipeline whose sources have been looked at into statements: one common table expression per node, named like
/// it, and a table of its own where a node feeds several others (a Parquet source aside: reading it twice is cheaper than
/// keeping it). The text depends on nothing but the arguments.
/// </summary>
public static class DuckDbCompiler
{
    /// <summary>The longest statement; what is longer came out of an expression that repeats itself.</summary>
    private const int MaxStatement = 4 * 1024 * 1024;

    /// <summary>
    /// The statements, or null when there are faults. <paramref name="targets"/> names the file or folder that each sink writes.
    /// </summary>
    public static DuckDbScript? Compile(
        Pipeline pipeline,
        IReadOnlyDictionary<string, SourceBinding> sources,
        IReadOnlyDictionary<string, string> targets,
        IReadOnlyList<JobParameter> parameters,
        TemplateScope scope,
        ICollection<Fault> faults
    )
    {
        var found = new List<Fault>();
        var schemas = sources.ToDictionary(s => s.Key, s => s.Value.Schema);
        var plan = PipelinePlan.Make(pipeline, schemas, new TemplateValues(parameters, scope), found);
        foreach (var fault in found)
        {
            faults.Add(fault);
        }

        if (found.Count > 0)
        {
            return null;
        }

        if (plan.Nodes.FirstOrDefault(n => n.Relation is null) is { } open)
        {
            throw new InvalidOperationException(
                $"node {open.Node.Id} has no plan and no fault: the source {open.Node.Id} was not bound"
            );
        }

        return new Writer(plan, sources, targets).Script();
    }

    private sealed class Writer(
        PipelinePlan plan,
        IReadOnlyDictionary<string, SourceBinding> sources,
        IReadOnlyDictionary<string, string> targets
    )
    {
        private readonly RelationWriter relations = new(sources);
        private readonly Dictionary<string, RowCount> rows = [];
        private readonly HashSet<string> tables = [];

        public DuckDbScript Script()
        {
            foreach (var node in plan.Nodes)
            {
                if (
                    node.Component.Kind != ComponentKind.Sink
                    && node.Relation is not ParquetRelation
                    && plan.Pipeline.FanOut(node.Node.Id) > 1
                )
                {
                    tables.Add(node.Node.Id);
                }
            }

            CountRows();
            var statements = plan
                .Nodes.Where(n => n.Component.Kind == ComponentKind.Sink || tables.Contains(n.Node.Id))
                .Select(Statement)
                .ToList();
            return new DuckDbScript { Statements = statements, Rows = rows };
        }

        /// <summary>Decides, from the end of the pipeline on, who tells the rows of each node.</summary>
        private void CountRows()
        {
            var counted = 0;
            foreach (var node in plan.Nodes.Reverse())
            {
                var id = node.Node.Id;
                var next = plan.Pipeline.Nodes.FirstOrDefault(n => n.Inputs.Any(i => i.NodeId == id));
                rows[id] = node switch
                {
                    _ when node.Component.Kind == ComponentKind.Sink || tables.Contains(id) => new RowsOfStatement(),
                    { Relation: ParquetRelation or ProjectRelation { Input: ParquetRelation } } => new RowsOfFiles(),
                    _ when next is not null && !tables.Contains(id) && KeepsRows(plan.Find(next.Id).Relation!) =>
                        new RowsOfNode(next.Id),
                    _ when KeepsRows(node.Relation!)
                            && node.Node.Inputs is [var input]
                            && plan.Find(input.NodeId).Relation is ParquetRelation => new RowsOfNode(input.NodeId),
                    _ => After(id) switch
                    {
                        Later.Stops => new RowsUnknown(),
                        var later => new RowsCounted(counted++) { Kept = later == Later.Narrows },
                    },
                };
            }
        }

        /// <summary>What the nodes behind one, up to the next table or sink, may do to its counting.</summary>
        private Later After(string id)
        {
            var worst = Later.Nothing;
            foreach (var next in plan.Nodes.Where(n => n.Node.Inputs.Any(i => i.NodeId == id)))
            {
                var here = Effect(next.Relation!);
                var behind = tables.Contains(next.Node.Id) || here == Later.Stops ? Later.Nothing : After(next.Node.Id);
                worst = (Later)Math.Max((int)worst, Math.Max((int)here, (int)behind));
            }

            return worst;
        }

        private static Later Effect(Relation relation) =>
            relation switch
            {
                FilterRelation or JoinRelation => Later.Narrows,
                LimitRelation { Keys.Count: 0 } => Later.Stops,
                LimitRelation r => Effect(r.Input),
                ProjectRelation r => Effect(r.Input),
                SortRelation r => Effect(r.Input),
                DistinctRelation r => Effect(r.Input),
                AggregateRelation r => Effect(r.Input),
                WriteRelation r => Effect(r.Input),
                UnionRelation r => r.Inputs.Max(Effect),
                _ => Later.Nothing,
            };

        private enum Later
        {
            Nothing,

            /// <summary>Conditions that DuckDB may move below the node.</summary>
            Narrows,

            /// <summary>A limit that ends the reading.</summary>
            Stops,
        }

        /// <summary>Whether a relation gives exactly one row for each row of the one node below it.</summary>
        private static bool KeepsRows(Relation relation) =>
            relation switch
            {
                InputRelation => true,
                ProjectRelation r => KeepsRows(r.Input),
                SortRelation r => KeepsRows(r.Input),
                WriteRelation r => KeepsRows(r.Input),
                _ => false,
            };

        private DuckDbStatement Statement(NodePlan node)
        {
            var id = node.Node.Id;
            var text = new StringBuilder();
            if (node.Relation is WriteRelation write)
            {
                text.Append(
                    $"COPY (\n{With(node)}{relations.Select(write.Input)}\n) TO {Sql.Text(targets[id])} ({Options(write.Format)})"
                );
            }
            else
            {
                text.Append($"CREATE TEMP TABLE {Sql.Name(id)} AS\n{With(node)}{relations.Select(node.Relation!)}"); // null is refused before
            }

            if (text.Length > MaxStatement)
            {
                throw new StatementTooLongException(id, text.Length, MaxStatement);
            }

            return new DuckDbStatement(id, text.ToString())
            {
                Output = node.Relation is WriteRelation output
                    ? new DuckDbOutput(output, plan.Find(node.Node.Inputs[0].NodeId).Relation!.Schema) // no null relations here
                    : null,
            };
        }

        /// <summary>The expressions of all nodes before this one that are not kept in tables.</summary>
        private string With(NodePlan node)
        {
            var needed = new HashSet<string>();
            Collect(node);
            var parts = plan.Nodes.Where(n => needed.Contains(n.Node.Id)).Select(Expression).ToList();
            return parts.Count == 0 ? "" : $"WITH {string.Join(",\n", parts)}\n";

            void Collect(NodePlan from)
            {
                foreach (var input in from.Node.Inputs.Where(i => !tables.Contains(i.NodeId) && needed.Add(i.NodeId)))
                {
                    Collect(plan.Find(input.NodeId));
                }
            }
        }

        /// <summary>Left to itself, DuckDB may keep the rows of a common table expression in memory before it goes on.</summary>
        private string Expression(NodePlan node)
        {
            var select = relations.Select(node.Relation!);
            var counted = rows[node.Node.Id] as RowsCounted;
            if (counted is not null)
            {
                select = relations.Counted(node.Relation!, counted.Index);
            }

            return $"{Sql.Name(node.Node.Id)} AS {(counted?.Kept == true ? "" : "NOT ")}MATERIALIZED (\n  {select}\n)";
        }

        private static string Options(WriteFormat format) =>
            format switch
            {
                ParquetWrite p => string.Join(
                    ", ",
                    new[]
                    {
                        "FORMAT parquet",
                        $"COMPRESSION {(p.Compression == "none" ? "uncompressed" : p.Compression)}",
                        p.RowGroupSize is { } size
                            ? string.Create(CultureInfo.InvariantCulture, $"ROW_GROUP_SIZE {size}")
                            : "",
                        Partitions(p),
                    }.Where(o => o.Length > 0)
                ),
                CsvWrite c => string.Join(
                    ", ",
                    new[]
                    {
                        "FORMAT csv",
                        $"HEADER {(c.Header ? "true" : "false")}",
                        $"DELIMITER {Sql.Text(c.Delimiter)}",
                        "QUOTE '\"'",
                        "ESCAPE '\"'",
                        $"NULLSTR {Sql.Text(c.NullValue)}",
                        c.QuoteAll ? "FORCE_QUOTE *" : "",
                        c.Compression == "none" ? "" : $"COMPRESSION {c.Compression}",
                    }.Where(o => o.Length > 0)
                ),
                _ => throw new InvalidOperationException($"no format {format.GetType().Name}"),
            };

        private static string Partitions(WriteFormat format) =>
            format.PartitionBy.Count == 0
                ? ""
                : $"PARTITION_BY ({string.Join(", ", format.PartitionBy.Select(Sql.Name))})";
    }
}
