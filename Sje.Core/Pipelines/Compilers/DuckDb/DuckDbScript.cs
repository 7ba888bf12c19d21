using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Functions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Compilers.DuckDb;

/// <summary>What the engine found behind a source's path: files, columns, and the columns whose type in the files is not the one named.</summary>
public sealed record SourceBinding(IReadOnlyList<string> Files, Schema Schema, IReadOnlySet<string> Recast);

/// <summary>A pipeline as DuckDB statements, in the order to run them.</summary>
public sealed record DuckDbScript
{
    /// <summary>One per node that is kept in a table, and one per sink.</summary>
    public required IReadOnlyList<DuckDbStatement> Statements { get; init; }

    /// <summary>How to tell the rows that each node gave, by node id in the pipeline's order.</summary>
    public required IReadOnlyDictionary<string, RowCount> Rows { get; init; }
}

/// <summary>A statement and the node it ends in; its count of rows is that node's.</summary>
public sealed record DuckDbStatement(string NodeId, string Sql)
{
    /// <summary>For a sink: what it writes.</summary>
    public DuckDbOutput? Output { get; init; }
}

/// <summary>What a sink writes: the columns, and whether they are spread over folders.</summary>
public sealed record DuckDbOutput
{
    internal DuckDbOutput(WriteRelation write, Schema schema) => (Write, Schema) = (write, schema);

    /// <summary>The columns of the rows written.</summary>
    public Schema Schema { get; }

    /// <summary>Whether the target is a folder of folders, not one file.</summary>
    public bool Partitioned => Write.Format.PartitionBy.Count > 0;

    internal WriteRelation Write { get; }

    /// <summary>A SELECT, in the form of <see cref="JsonForm"/>, of the first rows of what was written to these files.</summary>
    public string Preview(IReadOnlyList<string> files, int rows) =>
        $"{JsonForm.Select(Schema, $"({Written(files)})")} LIMIT {rows}";

    private string Written(IReadOnlyList<string> files)
    {
        if (Write.Format is CsvWrite csv)
        {
            var format = new CsvFormat
            {
                Header = csv.Header,
                Delimiter = csv.Delimiter,
                NullValue = csv.NullValue,
                Compression = csv.Compression,
            };
            var text = new CsvRelation(
                "",
                format,
                new Schema([.. Schema.Columns.Select(c => c with { Type = DataType.String })])
            );
            var typed = new ProjectRelation(text, [.. Schema.Columns.Select(c => new NamedValue(c.Name, FromCsv(c)))]);
            return new RelationWriter(
                new Dictionary<string, SourceBinding> { [""] = new(files, Schema, new HashSet<string>()) }
            ).Select(typed);
        }

        if (!Partitioned)
        {
            return $"SELECT * FROM {RelationWriter.ReadParquet(files, merge: false)}";
        }

        // Folder names are text; DuckDB's own guess of their types is not ours.
        var columns = Schema.Columns.Select(c =>
            Write.Format.PartitionBy.Contains(c.Name)
                ? $"CAST({Compilers.DuckDb.Sql.Name(c.Name)} AS {Compilers.DuckDb.Sql.Type(c.Type)}) AS {Compilers.DuckDb.Sql.Name(c.Name)}"
                : Compilers.DuckDb.Sql.Name(c.Name)
        );
        return $"SELECT {string.Join(", ", columns)} FROM read_parquet({Compilers.DuckDb.Sql.TextList(files)}, hive_partitioning = true, hive_types_autocast = false)";
    }

    private static Typed FromCsv(Column column)
    {
        Typed text = new ColumnValue(null, column.Name, DataType.String);
        return column.Type switch
        {
            ScalarType { Kind: ScalarKind.String } => text,
            ScalarType { Kind: ScalarKind.Instant } => new Converted(
                new Converted(
                    new Call(Overload.On("string -> string", "rtrim(@0, 'Z')"), [text], DataType.String),
                    DataType.Timestamp
                ),
                DataType.Instant
            ),
            _ => new Converted(text, column.Type),
        };
    }
}

/// <summary>How the number of rows that a node gives is known. Counting is not free, so it is done only where nothing else tells.</summary>
public abstract record RowCount
{
    private protected RowCount() { }
}

/// <summary>The files say it (Parquet's footers).</summary>
public sealed record RowsOfFiles : RowCount;

/// <summary>The statement that ends in the node says it.</summary>
public sealed record RowsOfStatement : RowCount;

/// <summary>As many as another node gives, since this node changes no number of rows, or writes what it gets.</summary>
public sealed record RowsOfNode(string NodeId) : RowCount;

/// <summary>A call of <c>sje_rows(index)</c> in the statement counts them.</summary>
public sealed record RowsCounted(int Index) : RowCount
{
    /// <summary>
    /// Whether the rows are kept before they go on. DuckDB moves later conditions below earlier nodes, which would then seem to
    /// give fewer rows; it moves nothing into kept rows.
    /// </summary>
    internal bool Kept { get; init; }
}

/// <summary>Nobody knows: a later limit stops the reading before the end, and counting would undo that.</summary>
public sealed record RowsUnknown : RowCount;
