using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>Dead letters and skips from the command line alone, against a real server that works too.</summary>
public sealed class DeadLetterCommandTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
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
    public async Task What_failed_is_grouped_shown_requeued_and_purged()
    {
        await File.WriteAllTextAsync(
            Path.Combine(folder, "bad.yaml"),
            "name: bad\ntype: process\nretry: {maxAttempts: 1}\nprocess: {command: 'echo ValueError: row 17 >&2; exit 3'}\n"
        );
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(ExitCodes.JobFailed, (await SjeProcess.RunAsync(folder, "submit", "bad.yaml", "--wait")).Code);
        }

        var groups = await RunAsync("dead-letters", "groups");
        var list = JsonNode.Parse(await RunAsync("dead-letters", "--class", "exit_code", "-o", "json"))!["items"]!;
        var id = (string)list[0]!["id"]!;
        var shown = await RunAsync("dead-letters", "show", id);
        var (usage, _, _) = await SjeProcess.RunAsync(folder, "dead-letters", "purge");
        var one = await RunAsync("dead-letters", "requeue", id);
        var other = await RunAsync("dead-letters", "purge", (string)list[1]!["id"]!);
        await Eventually.GetAsync(
            () => RunAsync("dead-letters", "list"),
            text => text.Contains(id, StringComparison.Ordinal),
            "the requeued one has failed again",
            60
        );
        var all = await RunAsync("dead-letters", "purge", "--job", "bad");
        var none = await RunAsync("dead-letters", "list");

        Assert.Contains("2", groups, StringComparison.Ordinal);
        Assert.Contains("exit_code-", groups, StringComparison.Ordinal);
        Assert.Contains("bad", groups, StringComparison.Ordinal);
        Assert.Equal(2, list.AsArray().Count);
        Assert.Contains("ValueError: row 17", shown, StringComparison.Ordinal);
        Assert.Contains("failed", shown, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, usage);
        Assert.Contains("1 requeued", one, StringComparison.Ordinal);
        Assert.Contains("1 purged", other, StringComparison.Ordinal);
        Assert.Contains("1 purged", all, StringComparison.Ordinal);
        Assert.Contains("There is no dead letter.", none, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_task_is_skipped()
    {
        await File.WriteAllTextAsync(
            Path.Combine(folder, "steps.yaml"),
            """
            name: steps
            queue: nobody-serves-this
            tasks:
              - {name: first, type: process, process: {command: [echo, one]}}
              - {name: second, type: process, process: {command: [echo, two]}, dependsOn: [first]}
            """
        );
        var id = (string)JsonNode.Parse(await RunAsync("submit", "steps.yaml", "-o", "json"))!["taskId"]!;

        var (usage, _, why) = await SjeProcess.RunAsync(folder, "skip", id);
        var skipped = await RunAsync("skip", id, "--task", "first", "--reason", "not today");

        Assert.Equal(ExitCodes.Usage, usage);
        Assert.Contains("--task", why, StringComparison.Ordinal);
        Assert.Contains("task first", skipped, StringComparison.Ordinal);
        Assert.Contains("succeeded", skipped, StringComparison.Ordinal);
        Assert.Contains("skipped", await RunAsync("status", id), StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(params string[] words)
    {
        var (code, output, errors) = await SjeProcess.RunAsync(folder, words);
        Assert.True(code == ExitCodes.Ok, $"sje {string.Join(' ', words)} ended with {code}: {errors}");
        return output;
    }
}
