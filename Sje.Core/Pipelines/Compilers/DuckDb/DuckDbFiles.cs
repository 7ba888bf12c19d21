namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>Spells files for statements that look at sources before a pipeline is compiled.</summary>
public static class DuckDbFiles
{
    /// <summary>The list of files as DuckDB's table functions take it.</summary>
    public static string List(IReadOnlyList<string> files) => Sql.TextList(files);

    /// <summary>What stands behind FROM to read Parquet files.</summary>
    public static string Parquet(IReadOnlyList<string> files, bool merge) => RelationWriter.ReadParquet(files, merge);
}
