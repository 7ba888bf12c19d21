using System.Net;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api.Spark;

/// <summary>Executions with Spark tasks and what workers would have stored of them.</summary>
internal static class SparkRows
{
    /// <summary>Accepts an execution of one or several Spark tasks; nobody runs them.</summary>
    public static async Task<Guid> SubmitSparkAsync(this ApiHost host, string name, params string[] tasks)
    {
        var job = new JsonObject { ["name"] = name };
        JsonObject Task() =>
            new()
            {
                ["type"] = "spark",
                ["spark"] = new JsonObject { ["application"] = "a.py" },
            };
        if (tasks.Length == 0)
        {
            job = Task();
            job["name"] = name;
        }
        else
        {
            job["tasks"] = new JsonArray([
                .. tasks.Select(one =>
                {
                    var task = Task();
                    task["name"] = one;
                    return task;
                }),
            ]);
        }

        var answer = await host.Client.PostAsync("/task", ApiHost.Json(job.ToJsonString()));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return (await answer.ReadJsonAsync())["taskId"]!.GetValue<Guid>();
    }

    /// <summary>An application of one of its tasks, as a worker stores it. <paramref name="more"/> are further columns and their values.</summary>
    public static Task AddApplicationAsync(
        this ApiHost host,
        Guid execution,
        string state,
        string task = "main",
        bool client = false,
        string cluster = "lab",
        params (string Column, string Value)[] more
    )
    {
        var columns = new Dictionary<string, string>
        {
            ["number"] = "1",
            ["cluster"] = $"'{cluster}'",
            ["identity"] = "'i'",
            ["state"] = $"'{state}'",
            ["client"] = client ? "true" : "false",
            ["ended_at"] = state is "pending" or "running" ? "null" : "now()",
        };
        foreach (var (column, value) in more)
        {
            columns[column] = $"'{value}'";
        }

        return host.ExecuteAsync(
            $"""
            insert into sje.spark_applications (task_id, execution_id, {string.Join(", ", columns.Keys)})
            select t.id, t.execution_id, {string.Join(", ", columns.Values)}
            from sje.all_tasks t where t.execution_id = $1 and t.name = $2
            """,
            execution,
            task
        );
    }

    /// <summary>Makes a task one that has succeeded.</summary>
    public static async Task EndTaskAsync(this ApiHost host, Guid execution, string task = "main")
    {
        await host.ExecuteAsync(
            """
            insert into sje.finished_tasks (id, execution_id, name, ordinal, type, queue, rank, state, spec, max_attempts, finished_at)
            select id, execution_id, name, ordinal, type, queue, rank, 'succeeded', spec, max_attempts, now()
            from sje.tasks where execution_id = $1 and name = $2
            """,
            execution,
            task
        );
        await host.ExecuteAsync("delete from sje.tasks where execution_id = $1 and name = $2", execution, task);
    }

    /// <summary>The id of a task.</summary>
    public static async Task<Guid> TaskIdAsync(this ApiHost host, Guid execution, string task)
    {
        await using var command = host.Database.Main.CreateCommand(
            "select id from sje.all_tasks where execution_id = $1 and name = $2"
        );
        command.Parameters.AddWithValue(execution);
        command.Parameters.AddWithValue(task);
        return (Guid)(await command.ExecuteScalarAsync())!;
    }
}
