using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Core.Pipelines.Expressions;
using Sje.Core.Pipelines.Expressions.Values;
using Sje.Core.Pipelines.Ir;
using Sje.Core.Pipelines.Types;

namespace Sje.Core.Pipelines.Components;

/// <summary>
/// Components that read files. No engine infers types: CSV is read as text and cast by our rules, to declared types or to those
/// that our own sampling found (<see cref="TypeInference"/>).
/// </summary>
internal static class SourceComponents
{
    private static readonly string[] Modes = ["failfast", "dropmalformed", "permissive"];

    public static IReadOnlyList<Component> All { get; } =
    [
        new(
            "source.csv",
            ComponentKind.Source,
            [
                new("path", ParameterKind.Text) { Required = true },
                new("header", ParameterKind.Boolean),
                new("delimiter", ParameterKind.Text),
                new("quote", ParameterKind.Text),
                new("escape", ParameterKind.Text),
                new("nullValue", ParameterKind.Text),
                new("encoding", ParameterKind.Text) { Choices = ["utf-8", "utf-16", "latin-1"] },
                new("columns", ParameterKind.Map),
                new("mode", ParameterKind.Text) { Choices = Modes },
                new("dateFormat", ParameterKind.Text),
                new("compression", ParameterKind.Text) { Choices = ["auto", "none", "gzip", "zstd"] },
            ],
            Csv
        ),
        new(
            "source.parquet",
            ComponentKind.Source,
            [
                new("path", ParameterKind.Text) { Required = true },
                new("columns", ParameterKind.Names),
                new("mergeSchema", ParameterKind.Boolean),
            ],
            Parquet
        ),
    ];

    /// <summary>The texture that the parameters of a <c>source.csv</c> node describe.</summary>
    public static CsvFormat Format(JsonObject parameters) =>
        new()
        {
            Header = parameters["header"]?.GetValue<bool>() ?? true,
            Delimiter = parameters["delimiter"]?.GetValue<string>() ?? ",",
            Quote = parameters["quote"]?.GetValue<string>() ?? "\"",
            Escape = parameters["escape"]?.GetValue<string>() ?? parameters["quote"]?.GetValue<string>() ?? "\"",
            NullValue = parameters["nullValue"]?.GetValue<string>(),
            Encoding = parameters["encoding"]?.GetValue<string>() ?? "utf-8",
            Compression = parameters["compression"]?.GetValue<string>() ?? "auto",
            SkipRagged = parameters["mode"]?.GetValue<string>() is "permissive" or "dropmalformed",
        };

    /// <summary>The columns that a <c>source.csv</c> node declares, if all are right; null otherwise.</summary>
    public static Schema? Declared(JsonObject parameters)
    {
        if (parameters["columns"] is not JsonObject map)
        {
            return null;
        }

        var columns = new List<Column>();
        foreach (var (name, node) in map)
        {
            if (
                node is not JsonValue value
                || !value.TryGetValue<string>(out var text)
                || !DataType.TryParse(text, out var type)
            )
            {
                return null;
            }

            columns.Add(new Column(name, type));
        }

        return Schema.Of(columns);
    }

    private static ProjectRelation? Csv(NodeContext context)
    {
        var format = Format(context.Node.Params);
        foreach (
            var (name, value) in new[]
            {
                ("delimiter", format.Delimiter),
                ("quote", format.Quote),
                ("escape", format.Escape),
            }
        )
        {
            if (value.Length != 1 || value[0] is '\r' or '\n' or '\0')
            {
                context.Fault(context.Pointer(name), $"{name} is one character", FaultCodes.InvalidValue);
            }
        }

        var declared = Declared(context);
        if (context.HasFaults || (declared ?? context.SourceSchema) is not { } schema)
        {
            return null;
        }

        var text = new CsvRelation(
            context.Node.Id,
            format,
            new Schema([.. schema.Columns.Select(c => c with { Type = DataType.String })])
        );
        return context.Unique(text, context.Pointer("columns")) is null ? null : Cast(context, text, schema);
    }

    private static Schema? Declared(NodeContext context)
    {
        if (context.Node.Params["columns"] is null)
        {
            return null;
        }

        var columns = new List<Column>();
        foreach (var (name, node) in context.Map("columns"))
        {
            var pointer = context.Pointer("columns", name);
            if (TypeParameter.Read(context, node, pointer) is not { } type)
            {
                continue;
            }

            columns.Add(new Column(name, type));
            if (CastRules.Objection(DataType.String, type, isTry: true) is not null || type == DataType.Binary)
            {
                context.Fault(pointer, $"a CSV field cannot be read as {type}", FaultCodes.WrongType);
            }
        }

        if (columns.Count == 0 && !context.HasFaults)
        {
            context.Fault(context.Pointer("columns"), "columns names no column", FaultCodes.Required);
        }

        return Schema.Of(columns);
    }

    private static ProjectRelation? Cast(NodeContext context, Relation text, Schema schema)
    {
        var mode = context.Text("mode", "failfast");
        var items = new List<NamedValue>();
        Relation relation = text;
        foreach (var column in schema.Columns)
        {
            var raw = new ColumnValue(null, column.Name, DataType.String);
            if (Value(context, raw, column.Type, isTry: mode != "failfast") is not { } value)
            {
                return null;
            }

            items.Add(new NamedValue(column.Name, value));
            if (mode == "dropmalformed" && value != raw)
            {
                relation = new FilterRelation(relation, Fits(raw, value));
            }
        }

        return new ProjectRelation(relation, items);
    }

    private static Typed? Value(NodeContext context, ColumnValue raw, DataType type, bool isTry)
    {
        if (type == DataType.Date && context.Text("dateFormat") is { } pattern)
        {
            var parse = new CallSyntax(
                isTry ? "try_parse_date" : "parse_date",
                [new NameSyntax(raw.Name, 0), new LiteralSyntax(pattern, DataType.String, 0)],
                0
            );
            return context.Build(
                parse,
                ExpressionScope.Of(Schema.Of(new Column(raw.Name, raw.Type)), context.Templates),
                context.Pointer("dateFormat")
            );
        }

        return type == DataType.String ? raw : new Converted(raw, type, isTry);
    }

    /// <summary>True unless there is a text and no value came of it.</summary>
    private static Call Fits(Typed raw, Typed value)
    {
        var catalogue = Expressions.Functions.FunctionCatalogue.Find;
        return new Call(
            catalogue("or")!.Overloads[0], // operators are always in the catalogue
            [
                new Call(catalogue("is null")!.Overloads[0], [raw], DataType.Boolean),
                new Call(catalogue("is not null")!.Overloads[0], [value], DataType.Boolean),
            ],
            DataType.Boolean
        );
    }

    private static Relation? Parquet(NodeContext context)
    {
        if (context.SourceSchema is not { } schema)
        {
            return null;
        }

        var file = new ParquetRelation(context.Node.Id, context.Flag("mergeSchema", false), schema);
        if (context.Node.Params["columns"] is null)
        {
            return context.Unique(file, context.Pointer("path"));
        }

        var items = new List<NamedValue>();
        foreach (var (name, i) in context.Names("columns").Select((n, i) => (n, i)))
        {
            if (context.Column(file, name, Fault.At(context.Pointer("columns"), i)) is { } column)
            {
                items.Add(RowComponents.Keep(column));
            }
        }

        return context.HasFaults ? null : context.Unique(new ProjectRelation(file, items), context.Pointer("columns"));
    }
}
