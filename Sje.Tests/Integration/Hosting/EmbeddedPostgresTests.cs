using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sje.Tests.Support;
using Sje.Web.Failures;
using Sje.Web.Hosting.Postgres;

namespace Sje.Tests.Integration.Hosting;

public sealed class EmbeddedPostgresTests : IAsyncLifetime
{
    private readonly string folder = TestFolder();
    private readonly List<EmbeddedPostgres> started = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var postgres in started)
        {
            await postgres.StopAsync(CancellationToken.None);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task It_makes_a_durable_UTF8_database_that_listens_on_loopback_alone_and_wants_a_password()
    {
        var postgres = await StartAsync();

        Assert.Equal("UTF8", await AskAsync(postgres, "show server_encoding"));
        Assert.Equal("127.0.0.1", await AskAsync(postgres, "show listen_addresses"));
        Assert.Equal("on", await AskAsync(postgres, "show fsync"));
        Assert.Equal("on", await AskAsync(postgres, "show synchronous_commit"));
        Assert.Equal("on", await AskAsync(postgres, "show data_checksums"));
        Assert.Equal("sje", await AskAsync(postgres, "select current_database()"));
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString)
        {
            Password = "wrong",
            Pooling = false,
        };
        await using var connection = new NpgsqlConnection(wrong.ConnectionString);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => connection.OpenAsync());
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refused.SqlState);
    }

    [Fact]
    public async Task The_password_is_for_its_owner_alone_and_the_server_is_nobody_elses_child()
    {
        var postgres = await StartAsync();

        var mode = File.GetUnixFileMode(postgres.Data + ".password");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, mode);
        var stat = await File.ReadAllTextAsync($"/proc/{postgres.ProcessId}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        // Field 6 of stat is the session: its own, so that Ctrl-C in our terminal does not reach it.
        Assert.Equal(postgres.ProcessId.ToString(), fields[3]);
    }

    [Fact]
    public async Task A_second_start_adopts_the_running_server_and_the_last_user_stops_it()
    {
        var first = await StartAsync();
        var second = await StartAsync();

        Assert.Equal(first.ProcessId, second.ProcessId);
        Assert.Equal(first.ConnectionString, second.ConnectionString);
        await first.StopAsync(CancellationToken.None);
        Assert.NotNull(second.ProcessId);
        Assert.Equal("1", await AskAsync(second, "select 1"));
        await second.StopAsync(CancellationToken.None);
        Assert.Null(second.ProcessId);
        await Eventually.TrueAsync(
            () => Task.FromResult(!Postmaster.ProcessesOf(second.Data).Any()),
            "no process is left"
        );
    }

    [Fact]
    public async Task A_start_that_is_called_off_at_any_moment_leaves_no_server_behind()
    {
        var first = await StartAsync();
        await first.StopAsync(CancellationToken.None);

        foreach (var milliseconds in new[] { 30, 80, 150, 250, 400, 600 })
        {
            using var calledOff = new CancellationTokenSource(TimeSpan.FromMilliseconds(milliseconds));
            try
            {
                var late = await EmbeddedPostgres.StartAsync(
                    folder,
                    new EmbeddedPostgresOptions { Durable = false },
                    NullLogger.Instance,
                    TimeProvider.System,
                    calledOff.Token
                );
                await late.StopAsync(CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }

            // What has just been killed may take a moment to be gone.
            await EventuallyAsync(() => !Postmaster.ProcessesOf(first.Data).Any());
        }
    }

    [Fact]
    public async Task What_was_committed_is_there_after_the_server_and_all_its_children_were_killed()
    {
        var postgres = await StartAsync();
        await AskAsync(postgres, "create table kept (n int); insert into kept values (42); select 1");
        var port = postgres.Port;

        await KillServerAsync(postgres);
        Assert.True(await postgres.RestartIfDownAsync(CancellationToken.None));

        Assert.Equal(port, postgres.Port);
        Assert.Equal("42", await AskAsync(postgres, "select n from kept"));
        Assert.False(await postgres.RestartIfDownAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Killing_only_the_postmaster_is_recovered_from_once_its_children_have_ended()
    {
        var postgres = await StartAsync();
        var old = postgres.ProcessId;

        Postmaster.Kill(old!.Value);
        await EventuallyAsync(() => postgres.ProcessId is null);
        await postgres.RestartIfDownAsync(CancellationToken.None);

        Assert.NotEqual(old, postgres.ProcessId);
        Assert.Equal("1", await AskAsync(postgres, "select 1"));
    }

    [Fact]
    public async Task A_pid_file_that_names_a_live_process_of_somebody_else_does_not_keep_it_from_starting()
    {
        var postgres = await StartAsync();
        await KillServerAsync(postgres);
        var file = Postmaster.FileIn(postgres.Data);
        var lines = await File.ReadAllLinesAsync(file);
        lines[0] = Environment.ProcessId.ToString();
        await File.WriteAllLinesAsync(file, lines);

        Assert.Null(postgres.ProcessId);
        Assert.True(await postgres.RestartIfDownAsync(CancellationToken.None));
        Assert.Equal("1", await AskAsync(postgres, "select 1"));
    }

    [Fact]
    public async Task It_moves_to_another_port_when_somebody_took_its_own_between_two_starts()
    {
        var postgres = await StartAsync();
        var port = postgres.Port;
        await postgres.StopAsync(CancellationToken.None);
        using var other = new TcpListener(IPAddress.Loopback, port);
        other.Start();

        var again = await StartAsync();

        Assert.NotEqual(port, again.Port);
        Assert.Equal("1", await AskAsync(again, "select 1"));
    }

    [Fact]
    public async Task A_port_that_is_configured_and_taken_is_named()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var failure = await Assert.ThrowsAsync<FailureException>(() =>
            StartAsync(new EmbeddedPostgresOptions { Port = port })
        );

        Assert.Contains($"Port {port}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("postgres:port", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_of_a_version_that_is_not_here_is_named_and_left_alone()
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, "pg14")).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "PG_VERSION"), "14\n");

        var failure = await Assert.ThrowsAsync<FailureException>(() => StartAsync());

        Assert.Contains("PostgreSQL 14", failure.Message, StringComparison.Ordinal);
        Assert.Contains(data, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', failure.Message);
        Assert.Equal([Path.Combine(data, "PG_VERSION")], Directory.GetFiles(data));
    }

    [Fact]
    public async Task A_folder_whose_name_lies_about_its_version_is_refused()
    {
        var data = Directory.CreateDirectory(Path.Combine(folder, "pg15")).FullName;
        await File.WriteAllTextAsync(Path.Combine(data, "PG_VERSION"), "13\n");

        var failure = await Assert.ThrowsAsync<FailureException>(() => StartAsync());

        Assert.Contains("PostgreSQL 13, not 15", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_was_cut_off_in_the_middle_of_making_the_data_is_made_good()
    {
        var half = Directory.CreateDirectory(Path.Combine(folder, "pg15.new", "base")).FullName;
        await File.WriteAllTextAsync(Path.Combine(half, "rest"), "half");
        foreach (var version in await PostgresBinaries.FindAsync([], CancellationToken.None))
        {
            Directory.CreateDirectory(Path.Combine(folder, $"pg{version.Major}.new"));
        }

        var postgres = await StartAsync();

        Assert.Equal("1", await AskAsync(postgres, "select 1"));
    }

    [Fact]
    public async Task Programs_that_are_not_where_the_settings_say_are_named()
    {
        var failure = await Assert.ThrowsAsync<FailureException>(() =>
            StartAsync(new EmbeddedPostgresOptions { Binaries = "/nonexistent" })
        );

        Assert.Contains("postgres:binaries is '/nonexistent'", failure.Message, StringComparison.Ordinal);
    }

    internal static string TestFolder()
    {
        var folder = Directory.CreateTempSubdirectory("sje-hosting-").FullName;
        File.SetUnixFileMode(
            folder,
            File.GetUnixFileMode(folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute
        );
        return folder;
    }

    private async Task<EmbeddedPostgres> StartAsync(EmbeddedPostgresOptions? options = null)
    {
        var postgres = await EmbeddedPostgres.StartAsync(
            folder,
            options ?? new EmbeddedPostgresOptions { MaxConnections = 40 },
            NullLogger.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
        started.Add(postgres);
        return postgres;
    }

    private static async Task KillServerAsync(EmbeddedPostgres postgres)
    {
        foreach (var process in Postmaster.ProcessesOf(postgres.Data))
        {
            Postmaster.Kill(process);
        }

        await EventuallyAsync(() => postgres.ProcessId is null);
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        var until = TimeProvider.System.GetUtcNow().AddSeconds(20);
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < until, "It did not happen within 20 s.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private static async Task<string?> AskAsync(EmbeddedPostgres postgres, string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Pooling = false };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture);
    }
}
