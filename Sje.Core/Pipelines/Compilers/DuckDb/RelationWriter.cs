using System.Globalization;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>Writes relations as SELECT statements. Nothing of the user's text gets in but as quoted names and text literals.</summary>
internal sealed class RelationWriter(IReadOnlyDictionary<string, SourceBinding> sources)
{
    /// <summary>A whole SELECT.</summary>
    public string Select(Relation relation) =>
        relation switch
        {
            InputRelation r => $"SELECT * FROM {Sql.Name(r.NodeId)}",
            CsvRelation r => Csv(r),
            ParquetRelation r => Parquet(r),
            FilterRelation r => $"SELECT * FROM {From(r.Input)} WHERE {ExpressionWriter.Write(r.Condition)}",
            ProjectRelation r => $"SELECT {Items(r.Items)} FROM {From(r.Input)}",
            JoinRelation r => Join(r),
            AggregateRelation r => Aggregate(r),
            SortRelation r => $"SELECT * FROM {From(r.Input)}{OrderBy(r.Keys)}",
            LimitRelation r => $"SELECT * FROM {From(r.Input)}{OrderBy(r.Keys)}{Limit(r)}",
            DistinctRelation r => $"SELECT DISTINCT * FROM {From(r.Input)}",
            UnionRelation r => string.Join(" UNION ALL ", r.Inputs.Select(Select)),
            _ => throw new InvalidOperationException($"no statement for {relation.GetType().Name}"),
        };

    /// <summary>
    /// The same, with a counter of its rows. DuckDB evaluates conditions in the order that it finds fastest, so the counter of a
    /// filter stands behind its condition in a CASE; the condition itself is written once more for the scan to use.
    /// </summary>
    public string Counted(Relation relation, int counter)
    {
        if (relation is FilterRelation filter)
        {
            var condition = ExpressionWriter.Write(filter.Condition);
            return $"SELECT * FROM {From(filter.Input)} WHERE {condition} AND CASE WHEN {condition} THEN sje_rows({counter}) ELSE false END";
        }

        return $"SELECT * FROM ({Select(relation)}) WHERE sje_rows({counter})";
    }

    /// <summary>What stands behind FROM.</summary>
    private string From(Relation relation) =>
        relation is InputRelation input ? Sql.Name(input.NodeId) : $"({Select(relation)})";

    private static string Items(IEnumerable<NamedValue> items) => string.Join(", ", items.Select(Item));

    private static string Item(NamedValue item) =>
        item.Value is ColumnValue { Alias: null } column && column.Name == item.Name
            ? Sql.Name(item.Name)
            : $"{ExpressionWriter.Write(item.Value)} AS {Sql.Name(item.Name)}";

    private static string OrderBy(IReadOnlyList<OrderKey> keys) =>
        keys.Count == 0 ? "" : $" ORDER BY {string.Join(", ", keys.Select(new ExpressionWriter().Key))}";

    private static string Limit(LimitRelation relation) =>
        (relation.Count is { } count ? string.Create(CultureInfo.InvariantCulture, $" LIMIT {count}") : "")
        + (relation.Offset > 0 ? string.Create(CultureInfo.InvariantCulture, $" OFFSET {relation.Offset}") : "");

    private string Join(JoinRelation relation)
    {
        var kind = relation.Kind switch
        {
            JoinKind.Inner => "JOIN",
            JoinKind.Cross => "CROSS JOIN",
            _ => $"{relation.Kind.ToString().ToUpperInvariant()} JOIN",
        };
        var on = relation.Condition is null ? "" : $" ON {ExpressionWriter.Write(relation.Condition)}";
        return $"SELECT {Items(relation.Items)} FROM {From(relation.Left)} AS l {kind} {From(relation.Right)} AS r{on}";
    }

    private string Aggregate(AggregateRelation relation)
    {
        var groupBy =
            relation.Keys.Count == 0
                ? ""
                : $" GROUP BY {string.Join(", ", relation.Keys.Select(k => ExpressionWriter.Write(k.Value)))}";
        return $"SELECT {Items(relation.Keys.Concat(relation.Items))} FROM {From(relation.Input)}{groupBy}";
    }

    /// <summary>Everything as text; a CRLF inside quotes is read as LF.</summary>
    private string Csv(CsvRelation relation)
    {
        var format = relation.Format;
        var nulls = format.NullValue is { Length: > 0 } word ? Sql.TextList([word, ""]) : "''";
        var columns = string.Join(", ", relation.Schema.Columns.Select(c => $"{Sql.Text(c.Name)}: 'VARCHAR'"));
        var items = relation.Schema.Columns.Select(c =>
            $"replace({Sql.Name(c.Name)}, chr(13) || chr(10), chr(10)) AS {Sql.Name(c.Name)}"
        );
        return $"SELECT {string.Join(", ", items)} FROM read_csv({Sql.TextList(sources[relation.NodeId].Files)}, auto_detect = false, "
            + $"header = {(format.Header ? "true" : "false")}, delim = {Sql.Text(format.Delimiter)}, quote = {Sql.Text(format.Quote)}, "
            + $"escape = {Sql.Text(format.Escape)}, columns = {{{columns}}}, nullstr = {nulls}, allow_quoted_nulls = true, strict_mode = true, "
            + $"encoding = {Sql.Text(format.Encoding)}, compression = {Sql.Text(format.Compression)}{(format.SkipRagged ? ", ignore_errors = true" : "")})";
    }

    private string Parquet(ParquetRelation relation)
    {
        var binding = sources[relation.NodeId];
        var items = relation.Schema.Columns.Select(c =>
            binding.Recast.Contains(c.Name)
                ? $"CAST({Sql.Name(c.Name)} AS {Sql.Type(c.Type)}) AS {Sql.Name(c.Name)}"
                : Sql.Name(c.Name)
        );
        return $"SELECT {string.Join(", ", items)} FROM {ReadParquet(binding.Files, relation.Merge)}";
    }

    public static string ReadParquet(IReadOnlyList<string> files, bool merge) =>
        $"read_parquet({Sql.TextList(files)}, hive_partitioning = false, union_by_name = {(merge ? "true" : "false")})";
}
