using System.Text.Json.Nodes;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Dialects;

/// <summary>Files of the job orchestrator.</summary>
public class OrchestratorJobTests
{
    [Fact]
    public void A_job_becomes_a_pipeline_with_its_limits_needs_and_tags()
    {
        var job = DialectReading.Canonical(
            File.ReadAllText(RepositoryFiles.Path("examples", "dialects", "active-users.json"))
        );

        Assert.Equal(
            """
            {"name":"active-users","priority":"high","type":"pipeline","pipeline":{"nodes":[
            {"id":"input","type":"source.csv","params":{"path":"data/users.csv"}},
            {"id":"filter","type":"filter","params":{"condition":"status = 'active'"},"inputs":{"in":"input"}},
            {"id":"groupby","type":"aggregate","params":{"groupBy":["country"],"aggs":[{"fn":"avg","as":"avg_age","col":"age"}]},"inputs":{"in":"filter"}},
            {"id":"select","type":"select","params":{"columns":["country","avg_age"]},"inputs":{"in":"groupby"}},
            {"id":"output","type":"sink.parquet","params":{"path":"out/active"},"inputs":{"in":"select"}}]},
            "retry":{"maxAttempts":4},"timeouts":{"run":"1h"},"resources":{"cpus":2,"memory":"2GiB"},"tags":["data_processing","daily"]}
            """.ReplaceLineEndings(""),
            job.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping })
        );
    }

    [Theory]
    [InlineData("status == \"it's\\n\"", "status =  'it''s\n'")]
    [InlineData("`a b` <> 'say \\'hi\\''", "`a b` <> 'say ''hi'''")]
    [InlineData("x = \"\"", "x = ''")]
    public void Double_quotes_make_a_text_as_in_Spark(string written, string ours)
    {
        var job = DialectReading.Canonical(
            """{"job_name": "x", "job_type": "DATA_ANALYSIS", "job_data": {"input_path": "a.csv", "output_path": "b.csv", "processing_logic": {"transformations": [{"type": "filter", "condition": "CONDITION"}]}}}""".Replace(
                "\"CONDITION\"",
                JsonValue.Create(written).ToJsonString(),
                StringComparison.Ordinal
            )
        );
        Assert.Equal(ours, job["pipeline"]!["nodes"]![1]!["params"]!["condition"]!.GetValue<string>());
        Assert.Equal("""["data_analysis"]""", job["tags"]!.ToJsonString());
    }

    [Fact]
    public void Groups_without_aggregations_are_counted()
    {
        var job = DialectReading.Canonical(
            """{"job_name": "x", "job_type": "etl_pipeline", "job_data": {"input_path": "a.csv", "output_path": "b.parquet", "processing_logic": {"transformations": [{"type": "groupby", "columns": "country"}]}}}"""
        );
        Assert.Equal(
            """{"groupBy":["country"],"aggs":[{"fn":"count","as":"count"}]}""",
            job["pipeline"]!["nodes"]![1]!["params"]!.ToJsonString()
        );
    }

    [Fact]
    public void On_Spark_it_is_a_script_and_its_needs_are_those_of_the_executors()
    {
        var file = JsonNode
            .Parse(File.ReadAllText(RepositoryFiles.Path("examples", "dialects", "active-users.json")))!
            .AsObject();
        file["execution_engine"] = "Spark";
        var job = DialectReading.Canonical(file.ToJsonString());

        Assert.Equal("""{"cores":2,"memory":"2048m"}""", job["spark"]!["executor"]!.ToJsonString());
        Assert.Null(job["resources"]);
        Assert.Equal(
            """
            CREATE OR REPLACE TEMPORARY VIEW `input` USING csv OPTIONS ('header' 'true', 'inferSchema' 'true', 'path' '${spark.sje.root}/data/users.csv');
            CREATE OR REPLACE TEMPORARY VIEW `filter` AS SELECT * FROM `input` WHERE status = 'active';
            CREATE OR REPLACE TEMPORARY VIEW `groupby` AS SELECT `country`, avg(`age`) AS `avg_age` FROM `filter` GROUP BY `country`;
            CREATE OR REPLACE TEMPORARY VIEW `select` AS SELECT `country`, `avg_age` FROM `groupby`;
            INSERT OVERWRITE DIRECTORY '${spark.sje.root}/out/active' USING parquet SELECT * FROM `select`;

            """,
            job["spark"]!["sql"]!.GetValue<string>()
        );
    }

    [Theory]
    [InlineData(null, "spark")]
    [InlineData("spark", "spark")]
    [InlineData("local", null)]
    public void Without_an_engine_the_formats_decide(string? engine, string? type)
    {
        var named = engine is null ? "" : $"\"execution_engine\": \"{engine}\", ";
        var text =
            $"{{\"job_name\": \"x\", \"job_type\": \"bulk_export\", {named}\"job_data\": {{\"input_path\": \"a.csv\", \"output_path\": \"b\", \"output_format\": \"orc\"}}}}";
        if (type is null)
        {
            Assert.Equal(["1 /job_data/output_format"], DialectReading.Faults(text));
            Assert.Contains("execution_engine", DialectReading.Complaints(text), StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(type, DialectReading.Canonical(text)["type"]!.ToString());
        }
    }

    [Fact]
    public void A_script_is_run_as_a_command()
    {
        var job = DialectReading.Canonical(
            """{"job_name": "x", "job_type": "scheduled_task", "job_data": {"script_path": "a.py", "script_args": ["--n", 5], "environment_vars": {"A": "b"}, "working_directory": "w"}, "resource_requirements": {"memory_mb": 512}}"""
        );
        Assert.Equal(
            """{"command":["python","a.py","--n","5"],"env":{"A":"b"},"workingDirectory":"w"}""",
            job["process"]!.ToJsonString()
        );
        Assert.Equal("512MiB", job["resources"]!["memory"]!.ToString());
    }

    [Fact]
    public void All_faults_come_at_once_at_their_lines()
    {
        const string File = """
            {
              "job_name": "?",
              "job_type": "data_procesing",
              "priority": "hihg",
              "execution_engine": "sparc",
              "job_data": {
                "input_path": 5,
                "output_path": "o",
                "output_format": "parqet",
                "input_fromat": "csv",
                "processing_logic": {
                  "transformations": [
                    {"type": "filter", "condition": "a >"},
                    {"type": "pivot"},
                    {"type": "groupby", "columns": [], "aggregations": {"a": "agv"}}
                  ]
                }
              },
              "max_retries": -1,
              "timeout": 0,
              "depends_on": ["other"],
              "retry_count": 1,
              "resource_requirements": {"cpu_cores": -2, "gpus": 1},
              "tagz": []
            }
            """;
        Assert.Equal(
            [
                "2 /job_name",
                "3 /job_type",
                "4 /priority",
                "5 /execution_engine",
                "7 /job_data/input_path",
                "9 /job_data/output_format",
                "10 /job_data/input_fromat",
                "13 /job_data/processing_logic/transformations/0/condition",
                "14 /job_data/processing_logic/transformations/1/type",
                "15 /job_data/processing_logic/transformations/2/aggregations/a",
                "19 /max_retries",
                "20 /timeout",
                "21 /depends_on",
                "22 /retry_count",
                "23 /resource_requirements/gpus",
                "23 /resource_requirements/cpu_cores",
                "24 /tagz",
            ],
            DialectReading.Faults(File)
        );
        var told = DialectReading.Complaints(File);
        foreach (var near in new[] { "data_processing", "high", "spark", "parquet", "input_format", "avg", "tags" })
        {
            Assert.Contains($"Did you mean '{near}'?", told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_job_without_its_work_is_told_what_is_missing() =>
        Assert.Equal(
            "/job_data: 'job_data' is missing.",
            DialectReading.Complaints("""{"job_name": "x", "job_type": "data_quality"}""")
        );

    [Fact]
    public void A_field_that_a_transformation_does_not_have_is_told_there() =>
        Assert.Equal(
            "/job_data/processing_logic/transformations/0/colour: There is no field 'colour' here.",
            DialectReading.Complaints(
                """{"job_name": "x", "job_type": "data_quality", "job_data": {"input_path": "a.csv", "output_path": "b.csv", "processing_logic": {"transformations": [{"type": "filter", "condition": "x > 1", "colour": 1}]}}}"""
            )
        );

    [Theory]
    [InlineData("custom_workflow")]
    [InlineData("MACHINE_LEARNING")]
    [InlineData("model_training")]
    [InlineData("model_inference")]
    public void Types_whose_work_is_a_program_of_the_orchestrator_are_refused(string type) =>
        Assert.Equal(
            ["1 /job_type"],
            DialectReading.Faults(
                $"{{\"job_name\": \"x\", \"job_type\": \"{type}\", \"job_data\": {{\"input_path\": \"a.csv\", \"output_path\": \"b.csv\"}}}}"
            )
        );

    [Fact]
    public void A_file_with_very_many_transformations_is_refused_at_once()
    {
        var many = string.Join(",", Enumerable.Repeat("{\"type\": \"filter\"}", 40_000));
        Assert.Equal(
            ["1 /job_data/processing_logic/transformations"],
            DialectReading.Faults(
                $"{{\"job_name\": \"x\", \"job_type\": \"data_quality\", \"job_data\": {{\"input_path\": \"a.csv\", \"output_path\": \"b.csv\", \"processing_logic\": {{\"transformations\": [{many}]}}}}}}"
            )
        );
    }

    [Fact]
    public void The_same_job_as_YAML_is_the_same_job()
    {
        var json = File.ReadAllText(RepositoryFiles.Path("examples", "dialects", "active-users.json"));
        var yaml = Sje.Core.Jobs.YamlText.Write(JsonNode.Parse(json)!.AsObject());
        Assert.Equal(DialectReading.Canonical(json).ToJsonString(), DialectReading.Canonical(yaml).ToJsonString());
    }
}
