using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>Executions steered from the command line alone, one and many at once, against a real server that works too.</summary>
public sealed class ExecutionCommandTests(ExecutionCommandTests.Server server)
    : IClassFixture<ExecutionCommandTests.Server>
{
    [Fact]
    public async Task One_task_is_retried_with_what_depends_on_it_and_the_whole_is_rerun_with_other_parameters()
    {
        Write(
            "graph.yaml",
            """
            name: graph
            parameters: {who: {type: string, default: nobody}}
            tasks:
              - {name: main, type: process, process: {command: "echo main {{ parameters.who }}"}}
              - {name: then, type: process, process: {command: "echo then"}, dependsOn: [main]}
              - {name: beside, type: noop}
            """
        );
        var id = (await RunAsync("submit", "graph.yaml", "--wait", "-o", "json")).Json["taskId"]!.GetValue<string>();

        await RunAsync("retry", id, "--task", "main", "--wait");
        var attempts = (await RunAsync("attempts", id, "-o", "json")).Json["items"]!.AsArray();
        var events = (await RunAsync("events", id)).Text;
        var followed = (await RunAsync("events", id, "--follow", "-o", "json")).Text;
        var rerun = (await RunAsync("rerun", id, "-p", "who=42", "--wait", "-o", "json")).Json;
        var logs = (await RunAsync("logs", (string)rerun["taskId"]!, "--task", "main")).Text;
        var unknown = await SjeProcess.RunAsync(server.Folder, "retry", id, "--task", "none");
        var nothing = await SjeProcess.RunAsync(server.Folder, "retry", id);

        Assert.Equal(
            ["beside 1", "main 1", "main 2", "then 1", "then 2"],
            attempts.Select(attempt => $"{attempt!["task"]} {attempt["number"]}").Order()
        );
        Assert.Contains("retried", events, StringComparison.Ordinal);
        Assert.Contains("execution.succeeded", followed.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        Assert.Contains("main 42", logs, StringComparison.Ordinal);
        Assert.NotEqual(id, (string?)rerun["taskId"]);
        Assert.Equal(ExitCodes.Rejected, unknown.Code);
        Assert.Contains("no task 'none'", unknown.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, nothing.Code);
    }

    [Fact]
    public async Task Many_are_submitted_moved_and_cancelled_at_once_while_their_queue_stands_still()
    {
        await RunAsync("queues", "set", "still");
        await RunAsync("pause", "queue", "still", "--reason", "for a test");
        Write(
            "many.ndjson",
            string.Join(
                '\n',
                Enumerable
                    .Range(0, 6)
                    .Select(i => $$"""{"name": "many", "queue": "still", "type": "noop", "tags": ["t{{i % 2}}"]}""")
            )
        );
        Write("bad.json", """[{"name": "many", "type": "noop"}, {"name": "many", "type": "nonsense"}]""");

        var ids = (await RunAsync("batch", "many.ndjson")).Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var bad = await SjeProcess.RunAsync(server.Folder, "batch", "bad.json");
        var atomic = await SjeProcess.RunAsync(server.Folder, "batch", "bad.json", "--atomic");
        var urgent = (await RunAsync("priority", "urgent", ids[0], ids[1])).Text;
        var lower = (await RunAsync("priority", "-10", ids[2])).Text;
        var count = (await RunAsync("cancel", "--queue", "still", "--tag", "t1", "--dry-run")).Text;
        var cancelled = (await RunAsync("cancel", "--queue", "still", "--tag", "t1", "--reason", "enough")).Text;
        var again = await SjeProcess.RunAsync(server.Folder, "cancel", ids[0], ids[1]);
        var moved = (await RunAsync("move", "--from-queue", "still", "--state", "queued", "--queue", "default")).Text;
        var list = (await RunAsync("executions", "--job", "many", "--tag", "t1", "-o", "json")).Json;
        var operations = (await RunAsync("operations", "-o", "json")).Json["items"]!.AsArray();
        var shown = (await RunAsync("operations", "show", (string)operations[1]!["id"]!)).Text;
        var usage = await SjeProcess.RunAsync(server.Folder, "cancel", ids[0], "--queue", "still");

        Assert.Equal(6, ids.Length);
        Assert.Equal(ExitCodes.JobFailed, bad.Code);
        Assert.Contains("job 1:", bad.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, atomic.Code);
        Assert.Contains("2 moved", urgent, StringComparison.Ordinal);
        Assert.Contains("is moved", lower, StringComparison.Ordinal);
        Assert.Contains("3 executions would be cancelled", count, StringComparison.Ordinal);
        Assert.Contains("3 cancelled", cancelled, StringComparison.Ordinal);
        // Of the two one has been cancelled already.
        Assert.Equal(ExitCodes.JobFailed, again.Code);
        Assert.Contains("1 cancelled, 1 failed", again.Output, StringComparison.Ordinal);
        Assert.Contains("1: it is cancelled", again.Output, StringComparison.Ordinal);
        Assert.Contains("2 moved", moved, StringComparison.Ordinal);
        Assert.All(list["items"]!.AsArray(), item => Assert.Equal("enough", (string?)item!["cancelReason"]));
        Assert.Equal(
            ["executions.move", "executions.cancel", "executions.cancel", "executions.prioritize"],
            operations.Select(operation => (string)operation!["kind"]!)
        );
        Assert.Contains("2 that were named", shown, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, usage.Code);
        Assert.Equal("succeeded", (string?)(await RunAsync("wait", ids[2], "-o", "json")).Json["state"]);
    }

    [Fact]
    public async Task Queues_workers_jobs_and_the_server_itself_are_shown_and_steered()
    {
        Write("held.yaml", "name: held\ntype: noop\nnoop: {waitMs: 1}\n");
        await RunAsync("jobs", "save", "held.yaml");

        var valid = (await RunAsync("jobs", "validate", "held.yaml")).Text;
        Write("broken.yaml", "name: broken\ntype: noop\nnope: 1\n");
        var broken = await SjeProcess.RunAsync(server.Folder, "jobs", "validate", "broken.yaml");
        var versions = (await RunAsync("jobs", "versions", "held")).Text;
        var all = (await RunAsync("pause", "all")).Text;
        var queue = (await RunAsync("queues", "show", "default")).Text;
        await RunAsync("resume", "all");
        var job = (await RunAsync("pause", "job", "held")).Text;
        var free = (await RunAsync("resume", "job", "held")).Text;
        var drained = (await RunAsync("workers", "drain", "hand", "--reason", "maintenance")).Text;
        var worker = (await RunAsync("workers", "show", "hand", "-o", "json")).Json;
        await RunAsync("resume", "worker", "hand");
        var top = (await RunAsync("top", "--once")).Text;
        var figures = (await RunAsync("top", "-o", "json")).Json;
        var whoami = (await RunAsync("whoami")).Text;
        var config = (await RunAsync("config", "-o", "json")).Json;
        var policies = (await RunAsync("retry-policies")).Text;
        var retention = (await RunAsync("retention")).Text;
        await RunAsync("retention", "run");
        var overview = (await RunAsync("overview")).Text;
        var script = (await RunAsync("completion", "bash")).Text;
        var words = (await RunAsync("[suggest:8]", "sje canc")).Text;

        Assert.Contains("would take", valid, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, broken.Code);
        Assert.Contains("(line 3)", broken.Errors, StringComparison.Ordinal);
        Assert.Contains("version", versions, StringComparison.Ordinal);
        Assert.Contains("queues are paused", all, StringComparison.Ordinal);
        Assert.Contains("pausedAt", queue, StringComparison.Ordinal);
        Assert.Contains("is paused since", job, StringComparison.Ordinal);
        Assert.Contains("is not paused", free, StringComparison.Ordinal);
        Assert.Contains("hand drains", drained, StringComparison.Ordinal);
        Assert.Equal("draining", (string?)worker["condition"]);
        Assert.Contains("WORKER", top, StringComparison.Ordinal);
        Assert.Contains("hand", top, StringComparison.Ordinal);
        Assert.Equal("hand", (string?)figures["workers"]![0]!["name"]);
        Assert.NotEmpty(whoami);
        Assert.NotNull(config);
        Assert.Contains("default", policies, StringComparison.Ordinal);
        Assert.Contains("settings.history", retention, StringComparison.Ordinal);
        Assert.NotEmpty(overview);
        Assert.Contains("complete -o default -F _sje", script, StringComparison.Ordinal);
        Assert.Equal("cancel", words.Trim());
    }

    private async Task<Said> RunAsync(params string[] words)
    {
        var (code, output, errors) = await SjeProcess.RunAsync(server.Folder, words);
        Assert.True(code == ExitCodes.Ok, $"{string.Join(' ', words)}: {code} {output} {errors}{server.Errors}");
        return new Said(output);
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(server.Folder, file), text);

    private sealed record Said(string Text)
    {
        public JsonNode Json => JsonNode.Parse(Text)!;
    }

    /// <summary>The one server of these tests, in a folder where the words find it.</summary>
    public sealed class Server : IAsyncLifetime
    {
        private readonly TestDatabase database = new();
        private SjeProcess process = null!;

        public string Folder { get; } = EmbeddedPostgresTests.TestFolder();

        public string Errors => process.Errors;

        public async ValueTask InitializeAsync()
        {
            await database.InitializeAsync();
            process = SjeProcess.Start(
                Folder,
                ["all", "--port", "0", "--name", "hand", "--queues", "default,still", "--db", database.ConnectionString]
            );
            await process.ReadyAsync(Folder);
        }

        public async ValueTask DisposeAsync()
        {
            await process.DisposeAsync();
            await database.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
