using System.Text.Json.Nodes;
using Sje.Jobs.Execution;
using Sje.Tests.Chaos;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines.Spark.Submit;

/// <summary>
/// Spark tasks whose driver runs on the worker, through the API to their end: on <c>local[*]</c>, and in client mode on a standalone cluster.
/// </summary>
[Collection(Alone.Name)]
public sealed class SparkTaskTests(SparkServer server) : IClassFixture<SparkServer>
{
    private static string Example(string name) => RepositoryFiles.Path("examples", "spark", name);

    [Fact]
    public async Task Python_runs_on_the_worker_with_outputs_facts_and_advice()
    {
        var id = await server.SubmitAsync(
            $$$"""{"name": "pi", "type": "spark", "spark": {"application": "{{{Example("pi.py")}}}", "arguments": [4, 40000]}}"""
        );

        var ended = await server.EndAsync(id);

        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        Assert.Contains("Pi is roughly 3.1", await server.LogAsync(id), StringComparison.Ordinal);
        var task = ended["tasks"]![0]!;
        Assert.StartsWith("local-", task["outputs"]!["applicationId"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("local", task["outputs"]!["cluster"]!.ToString());
        Assert.Equal(1, task["progress"]!.GetValue<double>());
        var parts = task["parts"]!;
        Assert.Equal("pi", parts["facts"]!["name"]!.ToString());
        Assert.Equal(4, parts["facts"]!["totals"]!["tasks"]!.GetValue<int>());
        Assert.IsType<JsonArray>(parts["advice"]);
        Assert.True(task["metrics"]!["memory_peak_bytes"]!.GetValue<double>() > 50_000_000, task.ToJsonString());
    }

    [Fact]
    public async Task The_task_of_the_original_SJE_runs_as_it_is()
    {
        server.Write("helper.py", "def greet(name):\n    return 'hello ' + name\n");
        server.Write(
            "report.py",
            """
            import sys
            import helper
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.getOrCreate()
            print(helper.greet("spark"), spark.range(10).count(), sys.argv[1:])
            """
        );
        var id = await server.SubmitAsync(
            """
            {"jobId": "daily report #7", "jobType": "SparkApp", "sparkAppPath": "report.py",
             "parameters": {"day": "2026-11-26", "top": 3}, "dependencies": ["helper.py"]}
            """
        );

        var ended = await server.EndAsync(id);

        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        Assert.Contains(
            "hello spark 10 ['--day', '2026-11-26', '--top', '3']",
            await server.LogAsync(id),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Sql_runs_statement_by_statement_with_parameters_and_fails_at_the_first_that_is_wrong()
    {
        server.Write(
            "totals.sql",
            """
            -- Two statements; the semicolon in the text is no end.
            create temporary view numbers as select id, 'a;b' as word from range(5);
            select count(*) as n, max(word) as word, :day as day from numbers where id >= :least;
            """
        );
        var file = await server.SubmitAsync(
            """
            {"name": "totals", "type": "spark", "retry": {"maxAttempts": 1},
             "spark": {"application": "totals.sql", "arguments": ["day=2026-11-26", "least=2"]}}
            """
        );
        var text = await server.SubmitAsync(
            """
            {"name": "wrong", "type": "spark", "retry": {"maxAttempts": 1},
             "spark": {"sql": "select 1 as one; select * from nowhere; select 2 as two"}}
            """
        );

        var ended = await server.EndAsync(file);
        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        var log = await server.LogAsync(file);
        Assert.Contains("-- statement 2 of 2", log, StringComparison.Ordinal);
        Assert.Contains("|3  |a;b |2026-11-26|", log, StringComparison.Ordinal);

        ended = await server.EndAsync(text);
        Assert.Equal("failed", ended["state"]!.ToString());
        log = await server.LogAsync(text);
        Assert.Contains("-- statement 2 of 3", log, StringComparison.Ordinal);
        Assert.DoesNotContain("-- statement 3 of 3", log, StringComparison.Ordinal);
        Assert.Contains(
            "TABLE_OR_VIEW_NOT_FOUND",
            ended["tasks"]![0]!["error"]!.ToJsonString(),
            StringComparison.Ordinal
        );
        // What was written for the two runs is gone with them.
        Assert.Empty(Directory.GetDirectories(Path.Combine(server.Folder, ".sje", "spark-sql")));
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_a_stage_says_what_and_keeps_what_is_known()
    {
        var id = await server.SubmitAsync(
            $$$"""
            {"name": "failing", "type": "spark", "retry": {"maxAttempts": 1},
             "spark": {"application": "{{{Example("failing.py")}}}"}}
            """
        );

        var ended = await server.EndAsync(id);

        Assert.Equal("failed", ended["state"]!.ToString());
        var task = ended["tasks"]![0]!;
        var error = task["error"]!;
        Assert.Equal("exit_code", error["class"]!.ToString());
        Assert.Equal(1, error["exitCode"]!.GetValue<int>());
        Assert.Contains("invalid literal for int()", error["logTail"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, task["parts"]!["facts"]!["totals"]!["failedJobs"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_cancel_ends_the_driver_with_all_its_processes()
    {
        var id = await server.SubmitAsync(
            $$$"""{"name": "slow", "type": "spark", "spark": {"application": "{{{Example("slow.py")}}}", "arguments": [600, 600]}}"""
        );
        await Eventually.TrueAsync(
            async () =>
                (await server.GetAsync($"/task/{id}")) is var seen
                && seen["progress"]?.GetValue<double>() is > 0 and < 1
                && Processes(seen).Count > 2,
            "its driver, Java and Python, makes progress",
            120
        );
        var running = await server.GetAsync($"/task/{id}");

        await server.Http.DeleteAsync($"/task/{id}");

        var ended = await server.EndAsync(id);
        Assert.Equal("cancelled", ended["state"]!.ToString());
        Assert.Empty(Processes(running));
    }

    [Fact]
    public async Task In_client_mode_the_driver_is_here_and_the_executors_are_on_the_cluster()
    {
        var drivers = (await server.Lab.DriversAsync()).Count;
        var id = await server.SubmitAsync(
            $$$"""
            {"name": "pi there", "type": "spark",
             "spark": {"application": "{{{Example(
                "pi.py"
            )}}}", "arguments": [4, 40000], "cluster": "lab", "deployMode": "client"}}
            """
        );

        var ended = await server.EndAsync(id);

        Assert.True(ended["state"]!.ToString() == "succeeded", ended.ToJsonString());
        Assert.Contains("Pi is roughly 3.1", await server.LogAsync(id), StringComparison.Ordinal);
        var task = ended["tasks"]![0]!;
        Assert.StartsWith("app-", task["outputs"]!["applicationId"]!.ToString(), StringComparison.Ordinal);
        Assert.Equal("lab", task["outputs"]!["cluster"]!.ToString());
        Assert.True(task["parts"]!["facts"]!["totals"]!["executorCoreSeconds"]!.GetValue<double>() > 0);
        Assert.Equal(drivers, (await server.Lab.DriversAsync()).Count);
    }

    // Whatever carries the task in its environment, in whichever session.
    private static List<int> Processes(JsonNode task) =>
        [
            .. ProcessTable
                .Read()
                .Select(process => process.Id)
                .Where(id => ProcessTable.CarriesEnvironment(id, $"SJE_EXECUTION_ID={task["taskId"]}") == true),
        ];
}
