using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;
using Sje.Web.Hosting.Postgres;

namespace Sje.Tests.EndToEnd.Hosting;

public sealed class ServingProcessTests : IDisposable
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();

    public void Dispose()
    {
        // A test that failed half-way must leave no server behind.
        foreach (var data in Directory.GetDirectories(folder, "pg*", SearchOption.AllDirectories))
        {
            foreach (var process in Postmaster.ProcessesOf(data))
            {
                Postmaster.Kill(process);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_database_outlives_a_kill_of_its_starter_is_adopted_by_the_next_and_stopped_with_it()
    {
        var port = SjeProcess.FreePort();
        await using var first = SjeProcess.Start(folder, ["server", "--port", $"{port}"]);
        Assert.Equal($"http://127.0.0.1:{port}", await first.ReadyAsync(folder));
        var postgres = PostgresId();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(folder, ".sje", "run.json"))
        );

        first.Signal("KILL");
        await first.EndAsync();
        Assert.True(IsAlive(postgres));
        var stale = await SjeProcess.RunAsync(folder, "doctor");
        Assert.Contains("server: none runs in this folder", stale.Output, StringComparison.Ordinal);

        await using var second = SjeProcess.Start(folder, ["server", "--port", $"{port}"]);
        await second.ReadyAsync(folder);
        Assert.Equal(postgres, PostgresId());
        Assert.Contains("using it", second.Errors, StringComparison.Ordinal);

        // Twice at once, as one Ctrl-C arrives through a wrapper.
        second.Signal("INT");
        second.Signal("INT");
        Assert.Equal(ExitCodes.Ok, await second.EndAsync());
        Assert.False(IsAlive(postgres));
        Assert.False(File.Exists(Path.Combine(folder, ".sje", "run.json")));
        Assert.Empty(Postmaster.ProcessesOf(DataFolder()));
    }

    [Fact]
    public async Task A_server_starts_its_database_again_after_a_kill()
    {
        await using var sje = SjeProcess.Start(folder, ["server", "--port", "0"]);
        await sje.ReadyAsync(folder);
        var postgres = PostgresId();

        Postmaster.Kill(postgres);

        await SjeProcess.EventuallyAsync(
            () => sje.Errors.Contains("was down and was started again", StringComparison.Ordinal),
            () => sje.Errors
        );
        Assert.NotEqual(postgres, Postmaster.Read(DataFolder())?.ProcessId);
        var keys = await SjeProcess.RunAsync(folder, "keys", "list");
        Assert.Equal((ExitCodes.Ok, "There is no key."), (keys.Code, keys.Output.Trim()));
        sje.Signal("TERM");
        Assert.Equal(ExitCodes.Ok, await sje.EndAsync());
        Assert.Empty(Postmaster.ProcessesOf(DataFolder()));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named_in_one_line_before_anything_is_started()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var (code, _, errors) = await SjeProcess.RunAsync(folder, "all", "--port", $"{port}");

        Assert.Equal(ExitCodes.Machine, code);
        var line = Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"Port {port}", line, StringComparison.Ordinal);
        Assert.Contains("--urls", line, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder, ".sje")));
    }

    [Fact]
    public async Task Other_addresses_than_loopback_are_bound_only_once_there_is_a_key()
    {
        var (code, _, errors) = await SjeProcess.RunAsync(folder, "server", "--urls", "http://0.0.0.0:0");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Contains("sje keys create", errors, StringComparison.Ordinal);

        // Made before any server runs.
        var made = await SjeProcess.RunAsync(
            folder,
            "keys",
            "create",
            "operations",
            "--role",
            "admin",
            "--output",
            "json"
        );
        Assert.Equal(ExitCodes.Ok, made.Code);
        using var key = JsonDocument.Parse(made.Output);
        Assert.StartsWith("sje_", key.RootElement.GetProperty("key").GetString(), StringComparison.Ordinal);

        await using var sje = SjeProcess.Start(folder, ["server", "--urls", "http://0.0.0.0:0"]);
        await sje.ReadyAsync(folder);
    }

    [Fact]
    public async Task Wrong_settings_are_all_told_in_lines_without_a_stack_trace()
    {
        var (code, _, errors) = await SjeProcess.RunAsync(
            folder,
            "all",
            "--worker:slots=none",
            "--server:url=x",
            "--worker:leaseSeconds",
            "0.1"
        );

        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Contains("worker:slots is 'none'", errors, StringComparison.Ordinal);
        Assert.Contains(
            "server:url (command line) is no setting. Did you mean 'urls'?",
            errors,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_without_any_database_says_what_it_needs()
    {
        var (code, _, errors) = await SjeProcess.RunAsync(folder, "worker");

        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Contains(
            "ConnectionStrings:Sje",
            Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_database_that_does_not_answer_is_named_without_its_password()
    {
        var port = SjeProcess.FreePort();

        var (code, _, errors) = await SjeProcess.RunAsync(
            folder,
            "server",
            "--port",
            "0",
            "--db",
            $"Host=127.0.0.1;Port={port};Username=alice;Password=hunter2;Database=work"
        );

        Assert.Equal(ExitCodes.Unreachable, code);
        Assert.Contains($"'work' at 127.0.0.1:{port}", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", errors, StringComparison.Ordinal);
    }

    private int PostgresId()
    {
        using var run = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, ".sje", "run.json")));
        return run.RootElement.GetProperty("postgresProcessId").GetInt32();
    }

    private string DataFolder() => Directory.GetDirectories(Path.Combine(folder, ".sje"), "pg*").Single();

    // A zombie has no folder any more and does not count, wherever nobody reaps orphans.
    private bool IsAlive(int process) => Postmaster.ProcessesOf(DataFolder()).Contains(process);
}
