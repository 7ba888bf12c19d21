using Sje.Core.Pipelines.Compilers.DuckDb;
using Sje.Core.Pipelines.Types;

namespace Sje.Jobs.Engines.Pipeline;

/// <summary>Reads the columns and the row count of Parquet files from their footers.</summary>
internal static class ParquetSchema
{
    public static SourceBinding Read(DuckDbSession session, string node, IReadOnlyList<string> files, bool merge)
    {
        var columns = new List<Column>();
        var recast = new HashSet<string>();
        foreach (var row in session.Query($"DESCRIBE SELECT * FROM {DuckDbFiles.Parquet(files, merge)}"))
        {
            var (name, type) = ((string)row[0]!, (string)row[1]!); // DESCRIBE gives both always
            var (known, exact) =
                DuckDbTypes.Read(type)
                ?? throw PipelineFailure.Invalid(
                    $"node {node}: column {name} has the type {type}, which the pipeline language does not have; leave it out by naming columns"
                );
            columns.Add(new Column(name, known));
            if (!exact)
            {
                recast.Add(name);
            }
        }

        return new SourceBinding(files, Schema.Of(columns), recast);
    }

    public static long Rows(DuckDbSession session, IReadOnlyList<string> files) =>
        Convert.ToInt64(
            session.Query(
                $"SELECT CAST(coalesce(sum(num_rows), 0) AS BIGINT) FROM parquet_file_metadata({DuckDbFiles.List(files)})"
            )[0][0],
            System.Globalization.CultureInfo.InvariantCulture
        );
}
