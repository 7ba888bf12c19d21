using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

public sealed class LocalRunTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-run-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_job_of_several_tasks_runs_in_order_and_hands_its_outputs_on()
    {
        Write(
            """
            name: chain
            parameters: {who: {type: string, default: nobody}}
            tasks:
              - {name: second, type: process, process: {command: [bash, -c, "echo got {{ tasks.first.outputs.word }}"]}, dependsOn: [first]}
              - {name: first, type: process, process: {command: 'echo "word=\"{{ parameters.who }}\"" >> "$SJE_OUTPUTS"'}}
            """
        );

        var (code, output, errors) = await SjeProcess.RunAsync(folder, "run", "job.yaml", "--param", "who=42");

        Assert.True(code == ExitCodes.Ok, errors);
        Assert.Contains("second | got 42", output, StringComparison.Ordinal);
        Assert.Contains("chain succeeded", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_keeps_later_tasks_from_running_and_shows_in_the_exit_code_and_in_JSON()
    {
        Write(
            """
            name: broken
            tasks:
              - {name: bad, type: process, process: {command: "echo oh; exit 3"}}
              - {name: after, type: process, process: {command: "touch ran"}, dependsOn: [bad]}
            """
        );

        var (code, output, _) = await SjeProcess.RunAsync(folder, "run", "job.yaml", "--output", "json");

        Assert.Equal(ExitCodes.JobFailed, code);
        using var end = JsonDocument.Parse(output);
        Assert.Equal("failed", end.RootElement.GetProperty("state").GetString());
        Assert.Equal(
            3,
            end.RootElement.GetProperty("tasks")[0].GetProperty("error").GetProperty("exitCode").GetInt32()
        );
        Assert.Equal("skipped", end.RootElement.GetProperty("tasks")[1].GetProperty("state").GetString());
        Assert.False(File.Exists(Path.Combine(folder, "ran")));
    }

    [Fact]
    public async Task A_request_and_a_statement_run_without_a_server_on_a_connection_of_the_configuration()
    {
        var database = await TestPostgres.ConnectionStringAsync();
        File.WriteAllText(
            Path.Combine(folder, "sje-config.yaml"),
            $"connections:\n  warehouse:\n    connectionString: {database}\n"
        );
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync("""{"answer": 42}""");
            }
        );
        Write(
            $$$"""
            name: ask
            tasks:
              - {name: ask, type: http, http: {url: "{{{target.Address}}}", expect: {jsonPath: {$.answer: 42}} } }
              - name: count
                dependsOn: [ask]
                type: sql
                sql: {connection: warehouse, statement: select @n + 1 as n, parameters: {n: "{{ tasks.ask.outputs.body.answer }}"} }
            """
        );

        var (code, output, errors) = await SjeProcess.RunAsync(folder, "run", "job.yaml", "--output", "json");

        Assert.True(code == ExitCodes.Ok, errors);
        using var end = JsonDocument.Parse(output);
        var task = end.RootElement.GetProperty("tasks")[1];
        Assert.Equal(43, task.GetProperty("outputs").GetProperty("firstRow").GetProperty("n").GetInt32());
        Assert.Equal(43, task.GetProperty("preview")[0].GetProperty("rows")[0][0].GetInt32());
    }

    [Fact]
    public async Task A_job_may_name_the_retry_policies_of_the_configuration_and_no_others()
    {
        File.WriteAllText(Path.Combine(folder, "sje-config.yaml"), "retryPolicies: {patient: {maxAttempts: 50}}\n");
        Write("name: x\ntype: process\nprocess: {command: 'true'}\nretry: {policy: patient}\n");
        var (code, _, errors) = await SjeProcess.RunAsync(folder, "run", "job.yaml");
        Assert.True(code == ExitCodes.Ok, errors);

        Write("name: x\ntype: process\nprocess: {command: 'true'}\nretry: {policy: patiens}\n");
        var refused = await SjeProcess.RunAsync(folder, "run", "job.yaml");
        Assert.Equal(ExitCodes.Rejected, refused.Code);
        Assert.Contains(
            "/retry/policy: There is no retry policy 'patiens'. Did you mean 'patient'?",
            refused.Errors,
            StringComparison.Ordinal
        );
        Assert.Contains("(line 4)", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_fault_of_the_file_is_told_with_its_line()
    {
        Write("name: x\nqueu: default\ntype: process\nprocess: {}\n");

        var (code, _, errors) = await SjeProcess.RunAsync(folder, "run", "job.yaml");

        Assert.Equal(ExitCodes.Rejected, code);
        Assert.Contains("/queu", errors, StringComparison.Ordinal);
        Assert.Contains("(line 2)", errors, StringComparison.Ordinal);
        Assert.Contains("/process", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_on_the_run_ends_it_with_the_code_of_a_time_out()
    {
        Write("name: slow\ntype: process\nprocess: {command: [sleep, '60']}\ntimeouts: {run: 1s}\n");

        var (code, _, errors) = await SjeProcess.RunAsync(folder, "run", "job.yaml");

        Assert.Equal(ExitCodes.Cancelled, code);
        Assert.Contains("slow timed_out", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_stops_the_job_and_all_it_started()
    {
        Write("name: long\ntype: process\nprocess: {command: 'echo $$ > pid; exec sleep 300'}\n");
        await using var sje = SjeProcess.Start(folder, ["run", "job.yaml"]);
        var file = Path.Combine(folder, "pid");
        await SjeProcess.EventuallyAsync(
            () => File.Exists(file) && File.ReadAllText(file).EndsWith('\n'),
            () => sje.Errors
        );
        var child = File.ReadAllText(file).Trim();

        sje.Signal("INT");

        Assert.Equal(ExitCodes.Cancelled, await sje.EndAsync());
        Assert.False(Directory.Exists("/proc/" + child));
    }

    private void Write(string text) => File.WriteAllText(Path.Combine(folder, "job.yaml"), text);
}
