using System.Text.Json.Nodes;
using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

/// <summary>What a <c>spark</c> task may say, and what is wrong with the rest.</summary>
public class SparkTaskTypeTests
{
    private static readonly SparkTaskType Spark = new();

    [Fact]
    public void All_of_it_is_right() =>
        Assert.Empty(
            Faults(
                """
                {"application": "app.jar", "mainClass": "a.Main", "arguments": ["1"], "jars": ["a.jar"], "pyFiles": [], "files": ["f#g"],
                 "archives": ["e.zip#e"], "packages": ["g:a:1"], "excludePackages": ["g:b"], "repositories": ["https://r"], "cluster": "lab",
                 "version": "4.1", "deployMode": "cluster", "submit": "spark-submit", "queue": "etl", "driver": {"cores": 1, "memory": "2g", "memoryOverhead": "512m"},
                 "executor": {"instances": 2, "cores": 2, "memory": "{{ parameters.m }}"},
                 "dynamicAllocation": {"enabled": true, "minExecutors": 0, "initialExecutors": 1, "maxExecutors": 4},
                 "sparkConf": {"spark.sql.shuffle.partitions": "8"}, "environment": {"A": ""}, "principal": "p", "keytab": "k",
                 "kubernetes": {"namespace": "n", "image": "i", "serviceAccount": "s", "driverTemplate": {}, "executorTemplate": {},
                   "nodeSelector": {"a": "b"}, "executorNodeSelector": {"spot": "true"}, "tolerations": [{"key": "spot"}]}}
                """
            )
        );

    [Theory]
    [InlineData("{}", "/spark/application", "'application' is missing.")]
    [InlineData("""{"application": " "}""", "/spark/application", "empty")]
    [InlineData("""{"application": "a.py", "sql": "select 1"}""", "/spark/sql", "cannot stand beside 'application'")]
    [InlineData("""{"sql": "select 1", "mainClass": "A"}""", "/spark/mainClass", "cannot stand beside 'sql'")]
    [InlineData("""{"application": "a.py", "driver": {"memory": "2 gigs"}}""", "/spark/driver/memory", "512m, 4g")]
    [InlineData("""{"application": "a.py", "driver": {"memory": "1.5g"}}""", "/spark/driver/memory", "512m, 4g")]
    [InlineData("""{"application": "a.py", "driver": {"instances": 2}}""", "/spark/driver/instances", "no field")]
    [InlineData("""{"application": "a.py", "executor": {"cores": 0}}""", "/spark/executor/cores", "from 1 to")]
    [InlineData(
        """{"application": "a.py", "dynamicAllocation": {"minExecutors": 5, "maxExecutors": 2}}""",
        "/spark/dynamicAllocation/maxExecutors",
        "less than minExecutors, 5"
    )]
    [InlineData("""{"application": "a.py", "deployMode": "Cluster"}""", "/spark/deployMode", "cluster, client")]
    [InlineData("""{"application": "a.py", "submit": "livy"}""", "/spark/submit", "auto, rest, spark-submit")]
    [InlineData("""{"application": "a.py", "submit": "rest", "deployMode": "client"}""", "/spark/submit", "client")]
    [InlineData(
        """{"application": "a.py", "sparkConf": {"spark.master": "x"}}""",
        "/spark/sparkConf/spark.master",
        "'cluster'"
    )]
    [InlineData(
        """{"application": "a.py", "sparkConf": {"spark.sje.task": "x"}}""",
        "/spark/sparkConf/spark.sje.task",
        "find the application"
    )]
    [InlineData(
        """{"application": "a.py", "sparkConf": {"hive.x": "x"}}""",
        "/spark/sparkConf/hive.x",
        "begin with 'spark.'"
    )]
    [InlineData("""{"application": "a.py", "sparkConf": {"spark.a": null}}""", "/spark/sparkConf/spark.a", "null")]
    [InlineData(
        """{"application": "a.py", "environment": {"A-B": "x"}}""",
        "/spark/environment/A-B",
        "no name of a variable"
    )]
    [InlineData(
        """{"application": "a.py", "proxyUser": "u", "principal": "p", "keytab": "k"}""",
        "/spark/proxyUser",
        "cannot stand"
    )]
    [InlineData("""{"application": "a.py", "keytab": "k"}""", "/spark/principal", "missing")]
    [InlineData("""{"application": "a.py", "cluster": {"nam": "x"}}""", "/spark/cluster/nam", "no field")]
    [InlineData(
        """{"application": "a.py", "kubernetes": {"tolerations": ["x"]}}""",
        "/spark/kubernetes/tolerations/0",
        "toleration"
    )]
    [InlineData("""{"application": "a.py", "jar": ["x"]}""", "/spark/jar", "jars")]
    public void What_is_wrong_is_said_where_it_stands(string settings, string pointer, string words)
    {
        var fault = Assert.Single(Faults(settings));

        Assert.Equal(pointer, fault.Pointer);
        Assert.Contains(words, fault.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Numbers_become_the_texts_that_Spark_takes()
    {
        var settings = Spark.Normalise(
            JsonNode
                .Parse(
                    """
                    {"application": "a.py", "arguments": [1, true, "x"], "version": 4.1, "dynamicAllocation": true,
                     "sparkConf": {"spark.sql.shuffle.partitions": 8}, "environment": {"N": 2}}
                    """
                )!
                .AsObject()
        );

        Assert.Equal(
            """{"application":"a.py","arguments":["1","true","x"],"version":"4.1","dynamicAllocation":{"enabled":true},"sparkConf":{"spark.sql.shuffle.partitions":"8"},"environment":{"N":"2"}}""",
            settings.ToJsonString()
        );
    }

    [Theory]
    [InlineData("""{"cluster": "lab"}""", "spark:lab")]
    [InlineData("""{"cluster": "Lab"}""", "spark:lab")]
    [InlineData("""{"cluster": {"name": "lab", "size": "small"}}""", "spark:lab")]
    [InlineData("""{"cluster": {"size": "small"}}""", "spark:lake")]
    [InlineData("{}", "spark:lake")]
    [InlineData("""{"cluster": "local"}""", null)]
    [InlineData("""{"cluster": "{{ parameters.where }}"}""", null)]
    [InlineData("""{"cluster": {"name": "{{ parameters.where }}"}}""", null)]
    public void The_cluster_is_what_a_circuit_breaker_knows_a_task_by(string settings, string? target)
    {
        Assert.Equal(target, new SparkTaskType("lake").TargetOf(JsonNode.Parse(settings)!.AsObject()));
        Assert.Null(Spark.TargetOf([]));
    }

    private static List<Fault> Faults(string settings) =>
        [.. Spark.Validate(Spark.Normalise(JsonNode.Parse(settings)!.AsObject()), "/spark", [])];
}
