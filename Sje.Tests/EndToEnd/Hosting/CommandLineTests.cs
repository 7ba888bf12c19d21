using System.Text.Json;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>The verbs against a real server that works too, on a database of its own.</summary>
public sealed class CommandLineTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();
    private SjeProcess server = null!;

    public async ValueTask InitializeAsync()
    {
        server = SjeProcess.Start(folder, ["all", "--port", "0", "--db", database.ConnectionString]);
        await server.ReadyAsync(folder);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_job_is_submitted_waited_for_and_shown_with_its_log()
    {
        Write(
            "name: hello\njobId: label-1\ntype: process\nparameters: {who: {type: string, default: nobody}}\nprocess: {command: 'echo hello {{ parameters.who }}'}\n"
        );

        var submit = await SjeProcess.RunAsync(
            folder,
            "submit",
            "job.yaml",
            "--wait",
            "--param",
            "who=world",
            "--output",
            "json"
        );

        Assert.True(submit.Code == ExitCodes.Ok, submit.Errors + server.Errors);
        using var end = JsonDocument.Parse(submit.Output);
        Assert.Equal("succeeded", end.RootElement.GetProperty("state").GetString());
        var id = end.RootElement.GetProperty("taskId").GetString()!;
        var logs = await SjeProcess.RunAsync(folder, "logs", id, "--follow");
        Assert.Contains("hello world", logs.Output, StringComparison.Ordinal);
        var found = await SjeProcess.RunAsync(folder, "logs", id, "--grep", "HELLO w.*d$", "--ignore-case");
        Assert.Equal((ExitCodes.Ok, "hello world\n"), (found.Code, found.Output));
        var asJson = await SjeProcess.RunAsync(folder, "logs", id, "--grep", "world", "-o", "json");
        Assert.Equal("hello world", JsonDocument.Parse(asJson.Output).RootElement.GetProperty("text").GetString());
        var errors = await SjeProcess.RunAsync(folder, "logs", id, "--level", "error");
        Assert.Equal((ExitCodes.Ok, ""), (errors.Code, errors.Output));
        var wrong = await SjeProcess.RunAsync(folder, "logs", id, "--grep", "(");
        Assert.Equal(ExitCodes.Rejected, wrong.Code);
        Assert.Contains("at character", wrong.Errors, StringComparison.Ordinal);
        var status = await SjeProcess.RunAsync(folder, "status", "label-1");
        Assert.Contains(id, status.Output, StringComparison.Ordinal);
        Assert.Contains("succeeded", status.Output, StringComparison.Ordinal);
        var executions = await SjeProcess.RunAsync(folder, "executions", "--state", "succeeded");
        Assert.Contains(id, executions.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exit_codes_tell_a_failure_a_cancellation_and_a_refusal_apart()
    {
        Write("name: broken\ntype: process\nprocess: {command: 'echo why >&2; exit 7'}\nretry: {policy: none}\n");
        var failed = await SjeProcess.RunAsync(folder, "submit", "job.yaml", "--wait");
        Assert.True(failed.Code == ExitCodes.JobFailed, failed.Errors + server.Errors);

        Write("name: long\ntype: process\nprocess: {command: [sleep, '300']}\n");
        var submitted = await SjeProcess.RunAsync(folder, "submit", "job.yaml");
        var id = submitted.Output.Trim();
        Assert.Equal(ExitCodes.Ok, (await SjeProcess.RunAsync(folder, "cancel", id)).Code);
        Assert.Equal(ExitCodes.Cancelled, (await SjeProcess.RunAsync(folder, "wait", id)).Code);

        Write("name: x\ntype: proces\nqueu: y\n");
        var refused = await SjeProcess.RunAsync(folder, "submit", "job.yaml");
        Assert.Equal(ExitCodes.Rejected, refused.Code);
        Assert.Contains("/queu", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("(line 3)", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, (await SjeProcess.RunAsync(folder, "status", "nothing")).Code);
    }

    [Fact]
    public async Task Workers_and_queues_are_listed_for_people_and_for_programs()
    {
        var workers = await SjeProcess.RunAsync(folder, "workers", "--output", "json");
        Assert.Equal(ExitCodes.Ok, workers.Code);
        using var list = JsonDocument.Parse(workers.Output);
        Assert.NotEqual(0, list.RootElement.GetProperty("items").GetArrayLength());
        var queues = await SjeProcess.RunAsync(folder, "queues");
        Assert.Contains("default", queues.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_are_narrowed_down_and_executions_counted_as_on_the_pages()
    {
        foreach (var name in new[] { "narrow-one", "narrow-two" })
        {
            Write(
                $"name: {name}\ntags: [kept]\ntype: process\nprocess: {{command: ['true']}}\nschedule: {{cron: '0 6 * * *'}}\n"
            );
            Assert.Equal(ExitCodes.Ok, (await SjeProcess.RunAsync(folder, "jobs", "save", "job.yaml")).Code);
        }

        Assert.Equal(ExitCodes.Ok, (await SjeProcess.RunAsync(folder, "jobs", "pause", "narrow-two")).Code);
        Assert.Equal(ExitCodes.Ok, (await SjeProcess.RunAsync(folder, "jobs", "run", "narrow-one", "--wait")).Code);

        string[] search = ["--search", "narrow", "--tag", "kept", "--type", "process", "-o", "json"];
        var both = await SjeProcess.RunAsync(folder, ["jobs", "list", "--sort", "-name", .. search]);
        var paused = await SjeProcess.RunAsync(folder, ["jobs", "--paused", .. search]);
        var others = await SjeProcess.RunAsync(folder, ["jobs", "--paused", "false", .. search]);
        var schedules = await SjeProcess.RunAsync(folder, "schedules", "--search", "narrow-o", "--paused", "false");
        var counts = await SjeProcess.RunAsync(folder, "executions", "counts", "--job", "narrow-one", "-o", "json");
        var shown = await SjeProcess.RunAsync(folder, "executions", "counts", "--job", "narrow-one");

        Assert.Equal(["narrow-two", "narrow-one"], Names(both.Output));
        Assert.Equal(["narrow-two"], Names(paused.Output));
        Assert.Equal(["narrow-one"], Names(others.Output));
        Assert.Contains("narrow-one", schedules.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("narrow-two", schedules.Output, StringComparison.Ordinal);
        using var counted = JsonDocument.Parse(counts.Output);
        Assert.Equal(1, counted.RootElement.GetProperty("counts").GetProperty("succeeded").GetInt32());
        Assert.Matches(@"succeeded\s+1\b", shown.Output);
    }

    private static IEnumerable<string?> Names(string list) =>
        [
            .. JsonDocument
                .Parse(list)
                .RootElement.GetProperty("items")
                .EnumerateArray()
                .Select(item => item.GetProperty("name").GetString()),
        ];

    private void Write(string text) => File.WriteAllText(Path.Combine(folder, "job.yaml"), text);
}
