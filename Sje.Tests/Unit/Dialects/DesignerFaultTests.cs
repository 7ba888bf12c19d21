namespace Sje.Tests.Unit.Dialects;

/// <summary>What single fields of a designer's file say and refuse, each fault alone with its words.</summary>
public sealed class DesignerFaultTests
{
    private const string Local = "{type: file, path: a.csv}";
    private const string Out = "{type: file, path: o.csv}";
    private const string Rows = "{type: distinct}";

    [Theory]
    [InlineData("{type: select, columns: []}", "columns", "At least one column is needed.")]
    [InlineData("{type: select}", "columns", "'columns' is missing.")]
    [InlineData(
        "{type: select, columns: [5]}",
        "columns/0",
        "Must be the name of a column or {name, as}, and is a number."
    )]
    [InlineData("{type: select, columns: [{as: y}]}", "columns/0/name", "'name' is missing.")]
    [InlineData("{type: rename}", "columns", "'columns' is missing.")]
    [InlineData("{type: drop}", "columns", "'columns' is missing.")]
    [InlineData("{type: derive, expression: x}", "name", "'name' is missing.")]
    [InlineData("{type: sort}", "by", "'by' is missing.")]
    [InlineData("{type: sort, by: [5]}", "by/0", "Must be the name of a column or {column, desc}, and is a number.")]
    [InlineData("{type: sort, by: [{desc: true}]}", "by/0/column", "'column' is missing.")]
    [InlineData("{type: sort, by: [{column: x, asc: true}]}", "by/0/asc", "There is no field 'asc' here.")]
    [InlineData("{type: limit}", "n", "'n' is missing.")]
    [InlineData("{type: limit, n: -1}", "n", "Must be 0 or more.")]
    [InlineData("{type: aggregate, groupBy: x}", "aggregations", "'aggregations' is missing: {column: function}.")]
    [InlineData("{type: aggregate, aggregations: {\"*\": sum}}", "aggregations/*", "Of '*' there is a count alone.")]
    [InlineData(
        "{type: aggregate, aggregations: {x: [sum, 5]}}",
        "aggregations/x/1",
        "Must be the name of a function or a list of them, and is a number."
    )]
    [InlineData("{type: join, on: x}", "table", "'table' is missing.")]
    [InlineData("{type: join, table: a}", "on", "'on' is missing.")]
    [InlineData("{type: join, table: a, on: [{left: x}]}", "on/0/right", "'right' is missing.")]
    [InlineData("{type: join, table: a, on: [{left: x, right: y, as: z}]}", "on/0/as", "There is no field 'as' here.")]
    [InlineData(
        "{type: join, table: a, on: [{left: x, right: y}, 5]}",
        "on/1",
        "Must be a name or {left, right}, and is a number."
    )]
    [InlineData("{type: join, table: a, how: cross, on: x}", "on", "A cross join takes no 'on'.")]
    [InlineData(
        "{type: join, table: a, on: x, condition: l.x = r.x}",
        "condition",
        "'condition' cannot stand beside 'on'."
    )]
    [InlineData(
        "{type: join, table: a, on: x, how: iner}",
        "how",
        "'iner' is no kind of join. Did you mean 'inner'? There are inner, left, right, full, cross, semi, anti."
    )]
    [InlineData(
        "{type: join, table: a, input: [a, a], on: x}",
        "table",
        "'input' names both sides of the join already; leave 'table' out."
    )]
    [InlineData("{type: join, input: [a, a, a], on: x}", "input/2", "A join works on two inputs.")]
    [InlineData("{type: distinct, input: [a, a]}", "input/1", "A transformation of type distinct works on one input.")]
    [InlineData("{type: distinct, input: []}", "input", "At least one input is needed.")]
    [InlineData(
        "{type: union}",
        "input",
        "A union works on two inputs or more: 'input' names them, or 'table' the second."
    )]
    [InlineData(
        "{type: distinct, parameters: {}, n: 5}",
        "n",
        "There is no field 'n' here. What a transformation is given stands in 'parameters' here."
    )]
    public void A_transformation_is_refused_at_its_field(string transformation, string field, string complaint) =>
        Assert.Contains(
            $"/pipeline/transformations/0/{field}: {complaint}",
            Complaints(Local, transformation, Out).Split('\n')
        );

    [Theory]
    [InlineData(
        "{type: file, path: a.csv, options: {foo: 1}}",
        "options/foo",
        "There is no option 'foo' for this format here."
    )]
    [InlineData(
        "{type: file, path: a.csv, options: {sep: [1]}}",
        "options/sep",
        "Must be a text, a number, true or false, and is a list."
    )]
    [InlineData("{type: kafka, topic: t}", "bootstrapServers", "'bootstrapServers' is missing.")]
    [InlineData("{type: kafka, bootstrapServers: b}", "topic", "'topic' is missing.")]
    [InlineData("{type: jdbc, table: t}", "url", "'url' is missing.")]
    [InlineData(
        "{type: jdbc, url: u, options: {x: {}}}",
        "options/x",
        "Must be a text, a number, true or false, and is a map."
    )]
    [InlineData("{type: table}", "table", "'table' is missing.")]
    [InlineData("{type: table, table: t, options: {x: 1}}", "options", "There is no field 'options' here.")]
    [InlineData("{type: file, format: csv}", "path", "'path' is missing.")]
    [InlineData(
        "{type: csv, format: parquet, path: a}",
        "format",
        "The type says csv, the format parquet; a type says where something is."
    )]
    public void A_source_is_refused_at_its_field(string source, string field, string complaint) =>
        Assert.Contains(
            $"/pipeline/sources/0/{field}: {complaint}".Replace("a map", "an object", StringComparison.Ordinal),
            Complaints(source, Rows, "{type: file, path: o.parquet}").Split('\n')
        );

    [Theory]
    [InlineData("{type: file, path: o.csv, partitionBy: x}", "partitionBy", "CSV files are not partitioned.")]
    [InlineData(
        "{type: file, path: o.parquet, mode: append}",
        "mode",
        "A file is replaced, never added to: the modes here are overwrite, error and ignore."
    )]
    [InlineData(
        "{type: file, path: o, format: json, mode: error}",
        "mode",
        "Spark SQL replaces a whole folder of files; write a table or Delta for anything else."
    )]
    [InlineData(
        "{type: file, path: o, format: json, partitionBy: [x]}",
        "partitionBy",
        "Spark SQL replaces a whole folder of files; write a table or Delta for anything else."
    )]
    [InlineData(
        "{type: jdbc, url: u, table: t, mode: ignore}",
        "mode",
        "A table of a database is overwritten or appended to."
    )]
    [InlineData(
        "{type: file, path: o.csv, input: [a, a]}",
        "input",
        "A sink takes the rows of one transformation or source."
    )]
    public void A_sink_is_refused_at_its_field(string sink, string field, string complaint) =>
        Assert.Contains($"/pipeline/sinks/0/{field}: {complaint}", Complaints(Local, Rows, sink).Split('\n'));

    [Fact]
    public void A_pipeline_has_sources_and_sinks()
    {
        var told = DialectReading.Complaints("name: s\npipeline: {transformations: []}").Split('\n');

        Assert.Contains("/pipeline/sources: 'sources' is missing.", told);
        Assert.Contains("/pipeline/sinks: 'sinks' is missing.", told);
    }

    [Fact]
    public void Without_a_source_there_is_nothing_to_work_on() =>
        Assert.Contains(
            "/pipeline/transformations/0: There is nothing before it to work on: no source.",
            Complaints("", Rows, Out).Split('\n')
        );

    [Fact]
    public void Options_of_files_are_ours_by_Sparks_names()
    {
        var nodes = DialectReading.Canonical(
            File(
                "{type: file, path: a.csv, options: {header: false, sep: ';', quote: '|', escape: '!', nullValue: NA, encoding: UTF-8, dateFormat: yyyy, mode: DROPMALFORMED, compression: GZIP, inferSchema: true}}",
                Rows,
                "{type: file, path: o.csv, options: {header: true, delimiter: ',', nullValue: '', quoteAll: true, compression: gzip}}"
            )
        )["pipeline"]!["nodes"]!;

        Assert.Equal(
            """{"path":"a.csv","header":false,"delimiter":";","quote":"|","escape":"!","nullValue":"NA","encoding":"utf-8","dateFormat":"yyyy","mode":"dropmalformed","compression":"gzip"}""",
            nodes[0]!["params"]!.ToJsonString()
        );
        Assert.Equal(
            """{"path":"o.csv","header":true,"delimiter":",","nullValue":"","quoteAll":true,"compression":"gzip"}""",
            nodes[2]!["params"]!.ToJsonString()
        );
    }

    private static string Complaints(string source, string transformation, string sink) =>
        DialectReading.Complaints(File(source, transformation, sink));

    private static string File(string source, string transformation, string sink) =>
        $"""
            name: s
            pipeline:
              sources: [{source}]
              transformations: [{transformation}]
              sinks: [{sink}]
            """;
}
