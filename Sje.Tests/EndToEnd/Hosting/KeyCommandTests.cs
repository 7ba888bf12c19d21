using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>Keys from the command line, on the database itself and by way of a server that asks for them.</summary>
public sealed class KeyCommandTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();
    private SjeProcess? server;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_first_key_is_made_on_the_database_and_opens_the_way_by_a_server()
    {
        var first = await FirstKeyAsync();
        var url = await ServeAsync();
        string[] asBoss = ["--server", url, "--key", first];

        var made = JsonNode.Parse(
            await OkAsync(["keys", "create", "ci", "--role", "viewer", "--tenant", "builds", "-o", "json", .. asBoss])
        )!;
        var byServer = await OkAsync(["keys", "list", "-o", "json", .. asBoss]);
        var onDatabase = await OkAsync("keys", "list", "-o", "json", "--local");
        var shown = await OkAsync(["keys", "list", .. asBoss]);
        string[] asViewer = ["--server", url, "--key", (string)made["key"]!];
        var (refused, _, why) = await SjeProcess.RunAsync(folder, ["keys", "list", .. asViewer]);
        var (wrongKey, _, unknown) = await SjeProcess.RunAsync(
            folder,
            "keys",
            "list",
            "--server",
            url,
            "--key",
            "none"
        );
        var prefix = (string)made["info"]!["prefix"]!;
        await OkAsync(["keys", "revoke", prefix, .. asBoss]);
        var (again, _, gone) = await SjeProcess.RunAsync(folder, ["keys", "revoke", prefix, .. asBoss]);
        var (viewer, _, _) = await SjeProcess.RunAsync(folder, ["whoami", .. asViewer]);

        Assert.Equal(("viewer", "builds"), ((string)made["info"]!["role"]!, (string)made["info"]!["tenant"]!));
        Assert.Equal(WithoutUse(byServer), WithoutUse(onDatabase));
        Assert.Contains("boss", shown, StringComparison.Ordinal);
        Assert.DoesNotContain(first, shown, StringComparison.Ordinal);
        Assert.Equal((ExitCodes.Rejected, ExitCodes.Rejected), (refused, wrongKey));
        Assert.Contains("--local", why, StringComparison.Ordinal);
        Assert.Contains("(403)", why, StringComparison.Ordinal);
        Assert.Contains("(401)", unknown, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, again);
        Assert.Contains(prefix, gone, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, viewer);
    }

    [Fact]
    public async Task A_key_that_cannot_be_is_refused_alike_on_both_ways()
    {
        var key = await FirstKeyAsync();
        var url = await ServeAsync();
        foreach (
            var way in new[]
            {
                new[] { "--server", url, "--key", key },
                ["--local"],
                ["--db", database.ConnectionString],
            }
        )
        {
            var (code, output, errors) = await SjeProcess.RunAsync(
                folder,
                ["keys", "create", "", "--role", "viewer", "--tenant", "NOT OK", .. way]
            );
            var (unknown, _, said) = await SjeProcess.RunAsync(folder, ["keys", "revoke", "nobody", .. way]);

            Assert.Equal((ExitCodes.Rejected, ""), (code, output));
            Assert.Contains("/name: ", errors, StringComparison.Ordinal);
            Assert.Contains("/tenant: A tenant has 1 to 50 characters", errors, StringComparison.Ordinal);
            Assert.Equal(ExitCodes.Rejected, unknown);
            Assert.Contains("nobody", said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_server_that_is_named_and_away_is_not_replaced_by_a_database()
    {
        var address = $"http://127.0.0.1:{SjeProcess.FreePort()}";

        var (code, output, errors) = await SjeProcess.RunAsync(folder, "keys", "list", "--server", address);
        await using var byVariable = SjeProcess.Start(
            folder,
            ["keys", "list"],
            new Dictionary<string, string> { ["SJE_SERVER"] = address }
        );
        var (away, _, database) = await SjeProcess.RunAsync(
            folder,
            "keys",
            "list",
            "--db",
            $"Host=127.0.0.1;Port={SjeProcess.FreePort()};Username=nobody;Password=hidden"
        );

        Assert.Equal((ExitCodes.Unreachable, ""), (code, output));
        Assert.Contains(address, errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Unreachable, await byVariable.EndAsync());
        Assert.False(Directory.Exists(Path.Combine(folder, ".sje")));
        Assert.Equal(ExitCodes.Unreachable, away);
        Assert.DoesNotContain("hidden", database, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--server", "--local", "--server")]
    [InlineData("--key", "--local", "--key")]
    [InlineData("--key", "--db", "--key")]
    public async Task A_server_and_a_database_do_not_go_together(string server, string local, string named)
    {
        string[] here = local == "--db" ? [local, database.ConnectionString] : [local];

        var (code, _, errors) = await SjeProcess.RunAsync(
            folder,
            ["keys", "list", server, "http://a.example", .. here]
        );

        Assert.Equal(ExitCodes.Usage, code);
        Assert.Contains(named, errors, StringComparison.Ordinal);
    }

    private async Task<string> FirstKeyAsync() =>
        (await OkAsync("keys", "create", "boss", "--role", "admin", "--db", database.ConnectionString)).Trim();

    private async Task<string> ServeAsync()
    {
        server = SjeProcess.Start(folder, ["server", "--port", "0", "--db", database.ConnectionString]);
        return await server.ReadyAsync(folder);
    }

    private async Task<string> OkAsync(params string[] words)
    {
        var (code, output, errors) = await SjeProcess.RunAsync(folder, words);
        Assert.True(code == ExitCodes.Ok, $"sje {string.Join(' ', words)} ended with {code}: {errors}");
        return output;
    }

    // A key is noted as used by the very request that lists it.
    private static string WithoutUse(string list)
    {
        var body = JsonNode.Parse(list)!;
        foreach (var key in body["items"]!.AsArray())
        {
            key!["lastUsedAt"] = null;
        }

        return body.ToJsonString();
    }
}
