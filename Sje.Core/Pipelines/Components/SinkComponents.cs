using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>Components that write files.</summary>
internal static class SinkComponents
{
    private static readonly ParameterSpec Path = new("path", ParameterKind.Text) { Required = true };

    private static readonly ParameterSpec Mode = new("mode", ParameterKind.Text)
    {
        Choices = ["overwrite", "error", "ignore"],
    };

    public static IReadOnlyList<Component> All { get; } =
    [
        new(
            "sink.parquet",
            ComponentKind.Sink,
            [
                Path,
                Mode,
                new("partitionBy", ParameterKind.Names),
                new("compression", ParameterKind.Text) { Choices = ["snappy", "gzip", "zstd", "lz4_raw", "none"] },
                new("rowGroupSize", ParameterKind.Integer),
            ],
            Parquet
        ),
        new(
            "sink.csv",
            ComponentKind.Sink,
            [
                Path,
                Mode,
                new("header", ParameterKind.Boolean),
                new("delimiter", ParameterKind.Text),
                new("quoteAll", ParameterKind.Boolean),
                new("nullValue", ParameterKind.Text),
                new("compression", ParameterKind.Text) { Choices = ["none", "gzip", "zstd"] },
            ],
            Csv
        ),
    ];

    private static WriteRelation? Parquet(NodeContext context)
    {
        var partitions = context
            .Names("partitionBy")
            .Select(
                (n, i) =>
                    (Column: context.Column(context.Input, n, Fault.At(context.Pointer("partitionBy"), i)), Index: i)
            )
            .ToList();
        foreach (var (column, index) in partitions)
        {
            if (
                column is not null
                && (
                    !column.Type.IsScalar
                    || column.Type == DataType.Binary
                    || column.Type == DataType.Double
                    || column.Type == DataType.Float
                )
            )
            {
                context.Fault(
                    Fault.At(context.Pointer("partitionBy"), index),
                    $"{column.Name} is {column.Type}, which is no name of a folder",
                    FaultCodes.WrongType
                );
            }
        }

        if (partitions.Count > 0 && partitions.Count == context.Input.Schema.Columns.Length)
        {
            context.Fault(context.Pointer("partitionBy"), "no column would be left for the files");
        }

        var size = context.Integer("rowGroupSize");
        if (size is < 1 or > 100_000_000)
        {
            context.Fault(context.Pointer("rowGroupSize"), "must be from 1 to 100000000", FaultCodes.OutOfRange);
        }

        return context.HasFaults
            ? null
            : new WriteRelation(
                context.Input,
                new ParquetWrite
                {
                    PartitionBy = [.. partitions.Select(p => p.Column!.Name)],
                    Compression = context.Text("compression", "snappy"),
                    RowGroupSize = size,
                }
            );
    }

    /// <summary>Every value becomes the text that a cast to string gives, so that what is read back is what was written.</summary>
    private static WriteRelation? Csv(NodeContext context)
    {
        var delimiter = context.Text("delimiter", ",");
        if (delimiter.Length != 1 || delimiter[0] is '\r' or '\n' or '\0' or '"')
        {
            context.Fault(context.Pointer("delimiter"), "delimiter is one character, not a quote or line break");
        }

        var items = new List<NamedValue>();
        foreach (var column in context.Input.Schema.Columns)
        {
            if (!column.Type.IsScalar || column.Type == DataType.Binary)
            {
                context.Fault(
                    context.Pointer(),
                    $"column {column.Name} is {column.Type}, which CSV cannot hold: drop it or make text of it",
                    FaultCodes.WrongType
                );
                continue;
            }

            items.Add(new NamedValue(column.Name, Text(RowComponents.Keep(column).Value)));
        }

        return context.HasFaults
            ? null
            : new WriteRelation(
                new ProjectRelation(context.Input, items),
                new CsvWrite
                {
                    Header = context.Flag("header", true),
                    Delimiter = delimiter,
                    QuoteAll = context.Flag("quoteAll", false),
                    NullValue = context.Text("nullValue", ""),
                    Compression = context.Text("compression", "none"),
                }
            );
    }

    private static Typed Text(Typed value) =>
        value.Type switch
        {
            ScalarType { Kind: ScalarKind.String } => value,
            ScalarType { Kind: ScalarKind.Timestamp } => Formatted(value, "yyyy-MM-dd'T'HH:mm:ss.SSSSSS"),
            ScalarType { Kind: ScalarKind.Instant } => Formatted(
                new Converted(value, DataType.Timestamp),
                "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"
            ),
            _ => new Converted(value, DataType.String),
        };

    private static Call Formatted(Typed value, string pattern) =>
        new(
            Expressions.Functions.FunctionCatalogue.Find("format_date")!.Overloads[0], // the form for timestamps
            [value, new Literal(pattern, DataType.String)],
            DataType.String
        );
}
