using System.Text.Json.Nodes;

namespace Sje.Tests.Unit.Dialects;

/// <summary>The statements of Spark SQL, word for word, and the nodes of our own that mean the same.</summary>
public sealed class DesignerStatementTests
{
    [Theory]
    [InlineData("count", "count", "count(`x`)")]
    [InlineData("count_distinct", "count_distinct", "count(DISTINCT `x`)")]
    [InlineData("countDistinct", "count_distinct", "count(DISTINCT `x`)")]
    [InlineData("sum", "sum", "sum(`x`)")]
    [InlineData("avg", "avg", "avg(`x`)")]
    [InlineData("mean", "avg", "avg(`x`)")]
    [InlineData("average", "avg", "avg(`x`)")]
    [InlineData("min", "min", "min(`x`)")]
    [InlineData("max", "max", "max(`x`)")]
    [InlineData("stddev", "stddev", "stddev_samp(`x`)")]
    [InlineData("stddev_samp", "stddev", "stddev_samp(`x`)")]
    [InlineData("stddev_pop", "stddev_pop", "stddev_pop(`x`)")]
    [InlineData("variance", "var", "var_samp(`x`)")]
    [InlineData("var_samp", "var", "var_samp(`x`)")]
    [InlineData("var_pop", "var_pop", "var_pop(`x`)")]
    [InlineData("median", "median", "percentile(`x`, 0.5)")]
    [InlineData("collect_list", "collect", "collect_list(`x`)")]
    [InlineData("collect_set", "collect_set", "collect_set(`x`)")]
    [InlineData("mode", "mode", "mode(`x`)")]
    public void An_aggregation_is_one_function_here_and_one_of_Spark(string word, string ours, string sparks)
    {
        var transformation = $"{{type: aggregate, groupBy: k, aggregations: {{x: {word}}}}}";
        var name = word.ToLowerInvariant() + "_x";

        var node = Pipeline(transformation)[1]!;
        Assert.Equal(
            $$"""{"groupBy":["k"],"aggs":[{"fn":"{{ours}}","as":"{{name}}","col":"x"}]}""",
            node["params"]!.ToJsonString()
        );
        Assert.Contains(
            $"VIEW `aggregate` AS SELECT `k`, {sparks} AS `{name}` FROM `a` GROUP BY `k`;",
            Script(transformation)
        );
    }

    [Theory]
    [InlineData("{type: filter, condition: x > 1}", "AS SELECT * FROM `a` WHERE x > 1")]
    [InlineData("{type: select, columns: [x, {name: y, as: z}]}", "AS SELECT `x`, `y` AS `z` FROM `a`")]
    [InlineData("{type: derive, name: t, expression: x * 2}", "AS SELECT *, x * 2 AS `t` FROM `a`")]
    [InlineData("{type: drop, columns: [x, y]}", "AS SELECT * EXCEPT (`x`, `y`) FROM `a`")]
    [InlineData(
        "{type: rename, columns: {x: z, y: w}}",
        "AS SELECT * EXCEPT (`x`, `y`), `x` AS `z`, `y` AS `w` FROM `a`"
    )]
    [InlineData("{type: sort, by: x}", "AS SELECT * FROM `a` ORDER BY `x` ASC NULLS LAST")]
    [InlineData(
        "{type: sort, by: [{column: x, desc: true}, y]}",
        "AS SELECT * FROM `a` ORDER BY `x` DESC NULLS LAST, `y` ASC NULLS LAST"
    )]
    [InlineData("{type: limit, n: 5}", "AS SELECT * FROM `a` LIMIT 5")]
    [InlineData("{type: limit, n: 0}", "AS SELECT * FROM `a` LIMIT 0")]
    [InlineData("{type: distinct}", "AS SELECT DISTINCT * FROM `a`")]
    [InlineData("{type: distinct, columns: [x, y]}", "AS SELECT DISTINCT `x`, `y` FROM `a`")]
    [InlineData("{type: aggregate, aggregations: {\"*\": count}}", "AS SELECT count(*) AS `count` FROM `a`")]
    [InlineData("{type: join, table: a, on: x}", "AS SELECT * FROM `a` INNER JOIN `a` USING (`x`)")]
    [InlineData("{type: join, table: a, on: [x, y], how: left}", "AS SELECT * FROM `a` LEFT JOIN `a` USING (`x`, `y`)")]
    [InlineData("{type: join, table: a, on: x, how: right_outer}", "AS SELECT * FROM `a` RIGHT JOIN `a` USING (`x`)")]
    [InlineData("{type: join, table: a, on: x, how: outer}", "AS SELECT * FROM `a` FULL OUTER JOIN `a` USING (`x`)")]
    [InlineData("{type: join, table: a, on: x, how: left semi}", "AS SELECT * FROM `a` LEFT SEMI JOIN `a` USING (`x`)")]
    [InlineData("{type: join, table: a, on: x, how: left_anti}", "AS SELECT * FROM `a` LEFT ANTI JOIN `a` USING (`x`)")]
    [InlineData("{type: join, table: a, how: cross}", "AS SELECT * FROM `a` CROSS JOIN `a`")]
    [InlineData(
        "{type: join, table: a, on: {x: y}, how: full}",
        "AS SELECT * FROM `a` AS l FULL OUTER JOIN `a` AS r ON l.`x` = r.`y`"
    )]
    [InlineData(
        "{type: join, table: a, on: [{left: x, right: y}, z]}",
        "AS SELECT * FROM `a` AS l INNER JOIN `a` AS r ON l.`x` = r.`y` AND l.`z` = r.`z`"
    )]
    [InlineData(
        "{type: join, table: a, condition: l.x < r.y}",
        "AS SELECT * FROM `a` AS l INNER JOIN `a` AS r ON l.x < r.y"
    )]
    [InlineData("{type: union, table: a, byName: false}", "AS SELECT * FROM `a` UNION ALL SELECT * FROM `a`")]
    public void A_transformation_is_a_view_of_Spark(string transformation, string statement) =>
        Assert.Contains($" {statement};\n", Script(transformation));

    [Theory]
    [InlineData(
        "{type: table, table: db.t}",
        "DROP TABLE IF EXISTS `db`.`t`;\nCREATE TABLE `db`.`t` USING parquet AS SELECT * FROM `limit`;\n"
    )]
    [InlineData(
        "{type: table, table: t, format: orc, mode: append, partitionBy: [p, q]}",
        "CREATE TABLE IF NOT EXISTS `t` USING orc PARTITIONED BY (`p`, `q`) AS SELECT * FROM `limit` WHERE false;\nINSERT INTO `t` SELECT * FROM `limit`;\n"
    )]
    [InlineData("{type: table, table: t, mode: error}", "CREATE TABLE `t` USING parquet AS SELECT * FROM `limit`;\n")]
    [InlineData(
        "{type: table, table: t, mode: ignore}",
        "CREATE TABLE IF NOT EXISTS `t` USING parquet AS SELECT * FROM `limit`;\n"
    )]
    [InlineData(
        "{type: delta, path: /d, mode: overwrite, partitionBy: p}",
        "CREATE OR REPLACE TABLE delta.`/d` USING delta PARTITIONED BY (`p`) AS SELECT * FROM `limit`;\n"
    )]
    [InlineData(
        "{type: delta, path: /d, mode: append}",
        "CREATE TABLE IF NOT EXISTS delta.`/d` USING delta AS SELECT * FROM `limit` WHERE false;\nINSERT INTO delta.`/d` SELECT * FROM `limit`;\n"
    )]
    [InlineData(
        "{type: jdbc, url: u, table: t}",
        "DROP TABLE IF EXISTS `sje_sink_3`;\nCREATE TABLE `sje_sink_3` USING jdbc OPTIONS ('url' 'u', 'dbtable' 't') AS SELECT * FROM `limit`;\nDROP TABLE `sje_sink_3`;\n"
    )]
    [InlineData(
        "{type: file, path: /o, format: json, options: {compression: gzip}}",
        "INSERT OVERWRITE DIRECTORY '/o' USING json OPTIONS ('compression' 'gzip') SELECT * FROM `limit`;\n"
    )]
    public void A_sink_is_one_statement_or_a_few(string sink, string statements) =>
        Assert.EndsWith(";\n" + statements, Script("{type: limit, n: 1}", sink));

    [Theory]
    [InlineData("{type: table, table: db.t}", "`db_t`", "AS SELECT * FROM `db`.`t`")]
    [InlineData(
        "{type: kafka, name: k, bootstrapServers: b, topic: t, options: {startingOffsets: earliest}}",
        "`k`",
        "USING kafka OPTIONS ('startingOffsets' 'earliest', 'kafka.bootstrap.servers' 'b', 'subscribe' 't')"
    )]
    [InlineData(
        "{type: kafka, name: k, bootstrapServers: b, options: {subscribePattern: t.*}}",
        "`k`",
        "USING kafka OPTIONS ('subscribePattern' 't.*', 'kafka.bootstrap.servers' 'b')"
    )]
    [InlineData(
        "{type: jdbc, name: j, url: u, query: select 1, user: me, password: 'it''s'}",
        "`j`",
        "USING jdbc OPTIONS ('url' 'u', 'query' 'select 1', 'user' 'me', 'password' 'it\\'s')"
    )]
    [InlineData(
        "{type: parquet, path: 's3a://b/k.parquet', options: {mergeSchema: true}}",
        "`k`",
        "USING parquet OPTIONS ('mergeSchema' 'true', 'path' 's3a://b/k.parquet')"
    )]
    public void A_source_is_a_view_of_Spark(string source, string name, string statement) =>
        Assert.StartsWith(
            $"CREATE OR REPLACE TEMPORARY VIEW {name} {statement};\n",
            DialectReading.Canonical(File(source, "{type: limit, n: 1}", "{type: file, path: o, format: json}"))[
                "spark"
            ]!["sql"]!.ToString()
        );

    private static JsonArray Pipeline(string transformation) =>
        DialectReading.Canonical(File("{type: file, path: a.csv}", transformation, "{type: file, path: o.csv}"))[
            "pipeline"
        ]!["nodes"]!.AsArray();

    private static string Script(string transformation, string sink = "{type: file, path: o, format: json}") =>
        DialectReading.Canonical(File("{type: file, path: a.json}", transformation, sink))["spark"]!["sql"]!.ToString();

    private static string File(string source, string transformation, string sink) =>
        $"""
            name: s
            pipeline:
              sources: [{source}]
              transformations: [{transformation}]
              sinks: [{sink}]
            """;
}
