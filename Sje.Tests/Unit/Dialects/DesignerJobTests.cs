using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Dialects;

/// <summary>Files of the visual Spark designer.</summary>
public class DesignerJobTests
{
    private const string Ends = """
        sources: [{type: file, path: a.csv}]
          sinks: [{type: file, path: out.parquet}]
        """;

    [Fact]
    public void A_chain_becomes_a_pipeline_and_what_sets_Spark_up_is_kept()
    {
        var job = DialectReading.Canonical(
            File.ReadAllText(RepositoryFiles.Path("examples", "dialects", "orders-by-customer.yaml"))
        );

        Assert.Equal(
            """
            {"name":"orders-by-customer","type":"pipeline","pipeline":{"nodes":[
            {"id":"orders","type":"source.csv","params":{"path":"data/orders.csv"}},
            {"id":"customers","type":"source.parquet","params":{"path":"data/customers.parquet"}},
            {"id":"filter","type":"filter","params":{"condition":"amount > 100"},"inputs":{"in":"orders"}},
            {"id":"join","type":"join.using","params":{"type":"inner","keys":["customer_id"]},"inputs":{"left":"filter","right":"customers"}},
            {"id":"aggregate","type":"aggregate","params":{"groupBy":["country"],"aggs":[{"fn":"sum","as":"sum_amount","col":"amount"}]},"inputs":{"in":"join"}},
            {"id":"by-country","type":"sink.parquet","params":{"path":"out/by-country"},"inputs":{"in":"aggregate"}}],
            "spark":{"cluster":{"version":"3.5","driver":{"cores":1,"memory":"2g"},"executor":{"instances":4,"cores":2,"memory":"8g"},"dynamicAllocation":{"enabled":true,"minExecutors":1,"maxExecutors":8}}}},
            "timeouts":{"total":"30m"},"schedule":{"cron":"0 2 * * *"}}
            """.ReplaceLineEndings(""),
            Relaxed(job)
        );
    }

    [Fact]
    public void A_graph_names_what_it_works_on_by_ids_and_outputs_also_of_what_stands_below()
    {
        var job = DialectReading.Canonical(
            """
            name: graph
            pipeline:
              sources: [{type: file, path: a.csv}, {type: file, id: other, path: b.parquet}]
              transformations:
                - {id: late, type: join, operation: left, parameters: {on: {x: y}}, input: [big, other], output: joined}
                - {id: big, type: transform, operation: filter, parameters: {condition: "\"odd name\" == 'x'"}, input: [a]}
                - {id: both, type: union, byName: false, input: [joined, big]}
              sinks: [{type: file, name: end, path: o.csv, input: both, options: {header: false, sep: ";"}}]
            """
        );

        var nodes = job["pipeline"]!["nodes"]!.AsArray().ToDictionary(n => n!["id"]!.ToString(), n => n!.AsObject());
        Assert.Equal("""{"left":"big","right":"other"}""", nodes["late"]["inputs"]!.ToJsonString());
        Assert.Equal("""{"type":"left","on":[{"left":"x","right":"y"}]}""", nodes["late"]["params"]!.ToJsonString());
        Assert.Equal("\"odd name\" =  'x'", nodes["big"]["params"]!["condition"]!.ToString());
        Assert.Equal("""{"in1":"late","in2":"big"}""", nodes["both"]["inputs"]!.ToJsonString());
        Assert.Equal("""{"path":"o.csv","header":false,"delimiter":";"}""", nodes["end"]["params"]!.ToJsonString());
    }

    [Fact]
    public void Every_transformation_has_its_component()
    {
        var job = DialectReading.Canonical(
            """
            name: all
            pipeline:
              sources: [{type: csv, path: a, name: a}]
              transformations:
                - {type: withColumn, name: twice, expression: "x * 2"}
                - {type: select, columns: [x, {name: twice, as: double}]}
                - {type: rename, columns: {x: y}}
                - {type: sort, by: [{column: y, desc: true}, double]}
                - {type: limit, n: 10}
                - {type: distinct}
                - {type: drop, columns: double}
                - {type: groupBy, groupBy: y, aggregations: {"*": count, y: [max, mean]}}
              sinks: [{type: parquet, path: o, mode: errorIfExists, partitionBy: y}]
            """
        );

        Assert.Equal(
            [
                """source.csv {"path":"a"}""",
                """derive {"columns":[{"name":"twice","expr":"x * 2"}]}""",
                """select {"columns":["x",{"name":"twice","as":"double"}]}""",
                """rename {"map":{"x":"y"}}""",
                """sort {"by":[{"col":"y","desc":true},{"col":"double","desc":false}]}""",
                """limit {"n":10}""",
                """distinct {}""",
                """drop {"columns":["double"]}""",
                """aggregate {"groupBy":["y"],"aggs":[{"fn":"count","as":"count"},{"fn":"max","as":"max_y","col":"y"},{"fn":"avg","as":"mean_y","col":"y"}]}""",
                """sink.parquet {"path":"o","partitionBy":["y"],"mode":"error"}""",
            ],
            job["pipeline"]!["nodes"]!.AsArray().Select(n => $"{n!["type"]} {n["params"]!.ToJsonString()}")
        );
    }

    [Theory]
    [InlineData("{type: delta, path: out}", "CREATE OR REPLACE TABLE delta.`${spark.sje.root}/out` USING delta")]
    [InlineData("{type: file, format: json, path: /o/x}", "INSERT OVERWRITE DIRECTORY '/o/x' USING json SELECT")]
    [InlineData(
        "{type: s3, format: csv, path: 's3a://b/k'}",
        "DIRECTORY 's3a://b/k' USING csv OPTIONS ('header' 'true')"
    )]
    [InlineData("{type: table, table: db.t, mode: append}", "INSERT INTO `db`.`t` SELECT * FROM `filter`")]
    [InlineData(
        "{type: jdbc, url: 'jdbc:x', table: t}",
        "CREATE TABLE `sje_sink_3` USING jdbc OPTIONS ('url' 'jdbc:x', 'dbtable' 't') AS SELECT * FROM `filter`"
    )]
    [InlineData(
        "{type: jdbc, url: 'jdbc:postgresql://h/d', table: t, mode: append}",
        "VIEW `sje_sink_3` USING jdbc OPTIONS ('url' 'jdbc:postgresql://h/d', 'dbtable' 't', 'driver' 'org.postgresql.Driver');\nINSERT INTO `sje_sink_3` SELECT * FROM `filter`"
    )]
    [InlineData(
        "{type: jdbc, url: 'jdbc:MySQL://h/d', table: t, driver: my.Driver}",
        "OPTIONS ('url' 'jdbc:MySQL://h/d', 'dbtable' 't', 'driver' 'my.Driver')"
    )]
    public void What_is_not_local_makes_it_a_job_of_Spark(string sink, string statement)
    {
        var job = DialectReading.Canonical(
            """
            name: s
            cluster: {version: 4.1, executor: {cores: 2}}
            configuration: {sparkConf: {spark.sql.shuffle.partitions: 8}, dependencies: [a.jar, b.py, "io.delta:delta:4.0"], checkpointLocation: cp}
            pipeline:
              sources: [{type: file, path: data/a.csv, options: {multiLine: true}}]
              transformations: [{type: filter, condition: "name = 'it''s' and \"odd col\" > {{ execution.scheduledFor }}"}]
              sinks: [SINK]
            """.Replace("SINK", sink, StringComparison.Ordinal)
        );

        Assert.Equal("spark", job["type"]!.ToString());
        var spark = job["spark"]!;
        Assert.Contains(statement, spark["sql"]!.ToString(), StringComparison.Ordinal);
        Assert.Contains(
            "VIEW `a` USING csv OPTIONS ('multiLine' 'true', 'header' 'true', 'inferSchema' 'true', 'path' '${spark.sje.root}/data/a.csv');",
            spark["sql"]!.ToString(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "WHERE name = 'it\\'s' and `odd col` > '{{ execution.scheduledFor }}';",
            spark["sql"]!.ToString(),
            StringComparison.Ordinal
        );
        Assert.Equal("""{"version":"4.1","executor":{"cores":2}}""", spark["cluster"]!.ToJsonString());
        Assert.Equal(
            """{"spark.sql.shuffle.partitions":"8","spark.sql.streaming.checkpointLocation":"cp"}""".TrimEnd('}')
                + (
                    sink.Contains("delta", StringComparison.Ordinal)
                        ? ""","spark.sql.extensions":"io.delta.sql.DeltaSparkSessionExtension","spark.sql.catalog.spark_catalog":"org.apache.spark.sql.delta.catalog.DeltaCatalog"}"""
                        : "}"
                ),
            spark["sparkConf"]!.ToJsonString()
        );
        Assert.Equal(
            "[\"a.jar\"][\"b.py\"][\"io.delta:delta:4.0\"]",
            $"{spark["jars"]!.ToJsonString()}{spark["pyFiles"]!.ToJsonString()}{spark["packages"]!.ToJsonString()}"
        );
    }

    [Fact]
    public void What_a_step_of_Spark_refers_to_and_the_file_does_not_have_is_told_at_the_step()
    {
        const string File = """
            name: s
            pipeline:
              sources:
                - {type: kafka, bootstrapServers: b, topic: "{{ execution.id }}"}
                - {type: jdbc, name: t, url: "jdbc:x", table: t, password: "{{ secrets.db }}"}
              transformations:
                - {type: join, table: t, on: value}
                - {type: filter, condition: "x > {{ parameters.least }}"}
              sinks: [{type: file, path: o.parquet}]
            """;

        Assert.Equal(["5 /pipeline/sources/1", "8 /pipeline/transformations/1"], DialectReading.Faults(File));
        Assert.Contains("'parameters.least' is nothing that this file has", DialectReading.Complaints(File));
    }

    [Fact]
    public void A_table_that_is_no_source_is_one_of_the_catalogue_unless_it_is_nearly_a_source()
    {
        const string File = """
            name: s
            pipeline:
              sources: [{type: file, path: customers.csv}]
              transformations: [{type: join, table: TABLE, on: id}]
              sinks: [{type: file, path: o.json}]
            """;
        Assert.Contains(
            "VIEW `sales_orders` AS SELECT * FROM `sales`.`orders`",
            DialectReading.Canonical(File.Replace("TABLE", "sales.orders", StringComparison.Ordinal))["spark"]![
                "sql"
            ]!.ToString(),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "Did you mean 'customers'?",
            DialectReading.Complaints(File.Replace("TABLE", "custmers", StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void All_faults_come_at_once_at_their_lines_in_the_words_of_the_file()
    {
        const string File = """
            name: "?"
            type: streming
            status: draft
            clster: {}
            cluster: {executor: {memory: lots}}
            pipeline:
              sources:
                - {type: file, path: a.csv, formt: csv}
                - {type: tape, path: b}
              transformations:
                - {type: filter, conditon: "x > 1"}
                - {type: fliter, condition: "x > 1"}
                - {type: aggregate, groupBy: [c], aggregations: {x: summ}}
                - {type: filter, condition: "x >"}
              sinks:
                - {type: file, path: o.csv, mode: overwrte}
            configuration: {sparkConf: {master: x}}
            schedule: {type: cron, expression: "0 2 * *", timeZone: UTC}
            monitoring: {alerts: [{mail: x}], sla: -1}
            """;

        Assert.Equal(
            [
                "1 /name",
                "2 /type",
                "4 /clster",
                "5 /cluster/executor/memory",
                "8 /pipeline/sources/0/formt",
                "9 /pipeline/sources/1/type",
                "11 /pipeline/transformations/0/condition",
                "11 /pipeline/transformations/0/conditon",
                "12 /pipeline/transformations/1/type",
                "13 /pipeline/transformations/2/aggregations/x",
                "14 /pipeline/transformations/3/condition",
                "16 /pipeline/sinks/0/mode",
                "17 /configuration/sparkConf/master",
                "18 /schedule/expression",
                "18 /schedule/timeZone",
                "19 /monitoring/alerts",
                "19 /monitoring/sla",
            ],
            DialectReading.Faults(File).Order(Comparer<string>.Create(ByLine))
        );
        var told = DialectReading.Complaints(File);
        foreach (
            var hint in new[]
            {
                "Did you mean 'batch'?",
                "Did you mean 'cluster'?",
                "Did you mean 'format'?",
                "Did you mean 'condition'?",
                "Did you mean 'filter'?",
                "Did you mean 'sum'?",
                "Did you mean 'overwrite'?",
            }.Skip(1)
        )
        {
            Assert.Contains(hint, told, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("node", told, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("type: streaming", "/type")]
    [InlineData("schedule: {type: event, event: file_arrival}", "/schedule/type")]
    [InlineData("monitoring: {alerts: [x]}", "/monitoring/alerts")]
    [InlineData("monitoring: {slo: 5}", "/monitoring/slo")]
    [InlineData("parameters: {a: 1}", "/parameters")]
    public void What_cannot_be_carried_over_is_refused_at_its_field(string field, string pointer) =>
        Assert.Equal([$"1 {pointer}"], DialectReading.Faults($"{field}\nname: x\npipeline:\n  {Ends}"));

    [Theory]
    [InlineData("- {type: join, table: a, on: [nope], parameters: 5}", "/pipeline/transformations/0/parameters")]
    [InlineData("- {type: filter, condition: x, input: [nowhere]}", "/pipeline/transformations/0/input/0")]
    [InlineData("- {type: limit, n: -1}", "/pipeline/transformations/0/n")]
    [InlineData("- {type: filter, operation: select, condition: x}", "/pipeline/transformations/0/operation")]
    [InlineData("- {id: a, type: distinct}", "/pipeline/transformations/0/id")]
    [InlineData(
        "- {id: p, type: distinct, input: q}\n    - {id: q, type: distinct, input: p}",
        "/pipeline/sources/0",
        "/pipeline/transformations/0"
    )]
    public void Wiring_and_fields_are_told_in_the_places_of_the_file(
        string transformations,
        params string[] pointers
    ) =>
        Assert.Equal(
            pointers,
            DialectReading
                .Faults($"name: x\npipeline:\n  {Ends}\n  transformations:\n    {transformations}")
                .Select(fault => fault.Split(' ')[1])
                .Order(StringComparer.Ordinal)
        );

    [Fact]
    public void What_the_planner_finds_later_is_told_where_it_stands_in_the_file()
    {
        const string File = """
            name: x
            pipeline:
              sources: [{type: file, path: a.csv}]
              transformations:
                - type: select
                  columns: [a, b]
                - type: aggregate
                  groupBy:
                    - {"{{ parameters.x }}": 1}
                  aggregations: {a: sum}
              sinks: [{type: file, format: csv, path: "{{ parameters.out }}"}]
            """;
        Assert.Equal(["9 /pipeline/transformations/1/groupBy/0"], DialectReading.Faults(File));
        Assert.Equal(
            ["11 /pipeline/sinks/0/path"],
            DialectReading.Faults(File.Replace("""- {"{{ parameters.x }}": 1}""", "- b", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Older_Sparks_are_told_what_they_lack()
    {
        const string File = """
            name: x
            cluster: {version: "3.5"}
            pipeline:
              sources: [{type: file, path: a.csv}]
              transformations: [{type: drop, columns: [x]}]
              sinks: [{type: delta, path: o}]
            """;
        Assert.Equal(["5 /pipeline/transformations/0"], DialectReading.Faults(File));
        Assert.NotNull(DialectReading.Canonical(File.Replace("3.5", "4.1", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_job_without_a_name_gets_the_one_that_is_given()
    {
        var text = "pipeline:\n  " + Ends;
        var read = new JobReader(Sje.Jobs.Engines.BuiltInEngines.Types(), Sje.Core.Dialects.JobDialects.All).Read(
            System.Text.Encoding.UTF8.GetBytes(text),
            options: new JobReadOptions { DefaultName = "given" }
        );
        Assert.Equal(("given", "Spark designer"), (read.Spec!.Name, read.Dialect));
    }

    private static int ByLine(string left, string right)
    {
        var (l, r) = (left.Split(' '), right.Split(' '));
        var lines = int.Parse(l[0], System.Globalization.CultureInfo.InvariantCulture)
            .CompareTo(int.Parse(r[0], System.Globalization.CultureInfo.InvariantCulture));
        return lines != 0 ? lines : string.CompareOrdinal(l[1], r[1]);
    }

    private static string Relaxed(JsonObject job) =>
        job.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
