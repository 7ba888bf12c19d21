using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>Queues, jobs and workers paused and resumed from the command line, against a real server that works too.</summary>
public sealed class PauseCommandTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();
    private SjeProcess server = null!;

    public async ValueTask InitializeAsync()
    {
        server = SjeProcess.Start(
            folder,
            ["all", "--port", "0", "--db", database.ConnectionString],
            new Dictionary<string, string> { ["SJE_worker__name"] = "only" }
        );
        await server.ReadyAsync(folder);
        await File.WriteAllTextAsync(
            Path.Combine(folder, "hello.yaml"),
            "name: hello\ntype: process\nprocess: {command: [echo, hello]}\n"
        );
        await RunAsync("jobs", "save", "hello.yaml");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("queues", "default", "queue 'default' is paused")]
    [InlineData("jobs", "hello", "job 'hello' is paused")]
    [InlineData("workers", "only", "every worker that could take it is paused")]
    public async Task What_is_paused_starts_nothing_says_so_and_goes_on_when_it_is_resumed(
        string list,
        string name,
        string reason
    )
    {
        var paused = await RunAsync(list, "pause", name);
        var id = (string)JsonNode.Parse(await RunAsync("jobs", "run", "hello", "-o", "json"))!["taskId"]!;
        await Eventually.TrueAsync(
            async () =>
                (await RunAsync("status", id, "-o", "json")).Contains(reason, StringComparison.OrdinalIgnoreCase),
            $"'{reason}' to be the reason"
        );
        var shown = await RunAsync(list);
        var resumed = await RunAsync(list, "resume", name);

        await database.ExecutionBecomesAsync(Guid.Parse(id), "succeeded");
        Assert.StartsWith($"{name} is paused since ", paused, StringComparison.Ordinal);
        Assert.Matches($@"{name}\b.*\d", shown);
        Assert.Equal($"{name} is not paused", resumed.Trim());
        Assert.True(
            await database.ScalarAsync<bool>(
                "select a.started_at > e.accepted_at from sje.executions e join sje.attempts a on a.execution_id = e.id where e.id = $1",
                Guid.Parse(id)
            )
        );
    }

    [Theory]
    [InlineData("queues")]
    [InlineData("jobs")]
    [InlineData("workers")]
    public async Task A_name_that_nobody_bears_is_refused(string list)
    {
        var (code, _, errors) = await SjeProcess.RunAsync(folder, list, "pause", "nobody");

        Assert.Equal(ExitCodes.Rejected, code);
        Assert.Contains("nobody", errors, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(params string[] words)
    {
        var (code, output, errors) = await SjeProcess.RunAsync(folder, words);
        Assert.True(code == ExitCodes.Ok, $"{string.Join(' ', words)}: {code} {errors}");
        return output;
    }
}
