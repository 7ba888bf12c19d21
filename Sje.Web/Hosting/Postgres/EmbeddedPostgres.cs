using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;
using Sje.Web.Failures;

namespace Sje.Web.Hosting.Postgres;

/// <summary>
/// The PostgreSQL of a folder: found running and adopted, or started; made first where there is none.
/// <para>
/// The server is the authority on itself: it stands in a session of its own and outlives whoever started it, so that a kill -9 of SJE
/// loses no database. What we keep is its port and its password, in files beside the data. One process at a time starts or stops it
/// (an exclusive lock on a file); every process that uses it holds a shared lock on another, so that the last one out can tell that it
/// is the last. Both locks are the kernel's and end with their process.
/// </para>
/// </summary>
internal sealed class EmbeddedPostgres : IAsyncDisposable
{
    /// <summary>The database and its owner.</summary>
    public const string Name = "sje";

    private static readonly TimeSpan OneStart = TimeSpan.FromSeconds(60);

    private readonly EmbeddedPostgresOptions options;
    private readonly PostgresLocation location;
    private readonly ILogger log;
    private readonly TimeProvider time;
    private FileStream? use;
    private string password = "";

    private EmbeddedPostgres(EmbeddedPostgresOptions options, PostgresLocation location, ILogger log, TimeProvider time)
    {
        this.options = options;
        this.location = location;
        this.log = log;
        this.time = time;
    }

    /// <summary>Where it listens on 127.0.0.1. It stays the same as long as this object lives.</summary>
    public int Port { get; private set; }

    /// <summary>The data folder.</summary>
    public string Data => location.Data;

    /// <summary>How to reach the database <see cref="Name"/>.</summary>
    public string ConnectionString => ConnectionTo(Name);

    /// <summary>The process that runs, or null when none does.</summary>
    public int? ProcessId => Postmaster.Read(Data) is { IsAlive: true } postmaster ? postmaster.ProcessId : null;

    /// <summary>Finds or starts the server of <paramref name="folder"/> and returns when it takes connections.</summary>
    /// <exception cref="FailureException">It cannot be: no programs, no room, another version's data, no right.</exception>
    public static async Task<EmbeddedPostgres> StartAsync(
        string folder,
        EmbeddedPostgresOptions options,
        ILogger log,
        TimeProvider time,
        CancellationToken stop
    )
    {
        var location = await PostgresLocation.ChooseAsync(folder, options, stop);
        var postgres = new EmbeddedPostgres(options, location, log, time);
        try
        {
            using (await postgres.LockAsync(stop))
            {
                postgres.use = File.Open(
                    location.File("users"),
                    new FileStreamOptions
                    {
                        Mode = FileMode.OpenOrCreate,
                        Access = FileAccess.Read,
                        Share = FileShare.ReadWrite,
                    }
                );
                await postgres.EnsureAsync(keepPort: false, stop);
            }

            return postgres;
        }
        catch
        {
            // The server stands in a session of its own: one that came up while its start was called off would stay for good.
            await postgres.StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Starts the server again, on the same port, if it is down. Returns whether it was.</summary>
    public async Task<bool> RestartIfDownAsync(CancellationToken stop)
    {
        if (ProcessId is not null)
        {
            return false;
        }

        using (await LockAsync(stop))
        {
            await EnsureAsync(keepPort: true, stop);
        }

        return true;
    }

    /// <summary>Stops the server unless another process of SJE uses it too. Connections are cut, commits are kept.</summary>
    public async Task StopAsync(CancellationToken stop)
    {
        if (use is null)
        {
            return;
        }

        using (await LockAsync(stop))
        {
            await use.DisposeAsync();
            use = null;
            if (!IsUnused() || ProcessId is not { } process)
            {
                return;
            }

            var result = await location.User.RunAsync(
                location.Binaries.PathOf("pg_ctl"),
                ["stop", "-D", Data, "-m", "fast", "-w", "-t", "60", "-s"],
                stop
            );
            if (ProcessId is not null)
            {
                PostgresLog.DidNotStop(log, process, result.StandardError.Trim());
                return;
            }

            PostgresLog.Stopped(log, process);
        }
    }

    /// <summary>Stops using the server without stopping it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (use is not null)
        {
            await use.DisposeAsync();
            use = null;
        }
    }

    private async Task EnsureAsync(bool keepPort, CancellationToken stop)
    {
        if (!Directory.Exists(Data))
        {
            await new PostgresCluster(location, log).CreateAsync(stop);
        }

        password = (await File.ReadAllTextAsync(location.File("password"), stop)).Trim();
        if (Postmaster.Read(Data) is { IsAlive: true } running)
        {
            Port = running.Port > 0 ? running.Port : ReadPort();
            await AwaitAnswerAsync(stop);
            PostgresLog.Adopted(log, running.ProcessId, Port);
        }
        else
        {
            await AwaitChildrenAsync(stop);
            // The server itself refuses to start where the number in the file belongs to a live process of its user, whoever that is.
            File.Delete(Postmaster.FileIn(Data));
            await StartServerAsync(keepPort, stop);
        }

        await CreateDatabaseAsync(stop);
    }

    /// <summary>
    /// After a kill -9 of the postmaster its children end by themselves, once they notice. A second server beside one of them
    /// would write the same files, so they must be gone.
    /// </summary>
    private async Task AwaitChildrenAsync(CancellationToken stop)
    {
        var since = time.GetTimestamp();
        while (Postmaster.ProcessesOf(Data) is { Count: > 0 } left)
        {
            if (time.GetElapsedTime(since) > TimeSpan.FromSeconds(10))
            {
                PostgresLog.ChildrenKilled(log, left.Count, Data);
                foreach (var process in left)
                {
                    Postmaster.Kill(process);
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, stop);
        }
    }

    private async Task StartServerAsync(bool keepPort, CancellationToken stop)
    {
        var port =
            Port > 0 ? Port
            : options.Port > 0 ? options.Port
            : ReadPort();
        var mayMove = !keepPort && options.Port == 0;
        for (var tries = 1; ; tries++)
        {
            if (port == 0 || (mayMove && !IsFree(port)))
            {
                port = FindFreePort();
            }

            if (!IsFree(port))
            {
                throw new FailureException(
                    $"Port {port} on 127.0.0.1, where PostgreSQL is to listen, is taken: free it, or set postgres:port to another.",
                    ExitCodes.Machine
                );
            }

            var why = await RunServerAsync(port, stop);
            if (why is null)
            {
                break;
            }

            // Between our look and the server's somebody may have taken the port.
            if (IsFree(port) || !mayMove || tries == 3)
            {
                throw new FailureException(why, ExitCodes.Machine);
            }
        }

        Port = port;
        await File.WriteAllTextAsync(location.File("port"), port.ToString(CultureInfo.InvariantCulture), stop);
        PostgresLog.Started(log, location.Binaries.Major, ProcessId ?? 0, port, Data);
    }

    /// <summary>Starts the server and waits until it takes connections; returns why it does not, or null.</summary>
    private async Task<string?> RunServerAsync(int port, CancellationToken stop)
    {
        var options = string.Join(
            ' ',
            "-c listen_addresses=127.0.0.1",
            "-c port=" + port.ToString(CultureInfo.InvariantCulture),
            // A socket's path may be too long, or in a folder the user cannot enter; loopback is enough.
            "-c unix_socket_directories=",
            "-c max_connections=" + this.options.MaxConnections.ToString(CultureInfo.InvariantCulture),
            "-c shared_buffers=256MB",
            "-c log_checkpoints=off",
            this.options.Durable
                ? "-c fsync=on -c synchronous_commit=on -c full_page_writes=on"
                : "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        );
        var log = Path.Combine(Data, "sje.log");
        var known = File.Exists(log) ? new FileInfo(log).Length : 0;
        var result = await location.User.RunAsync(
            location.Binaries.PathOf("pg_ctl"),
            [
                "start",
                "-D",
                Data,
                "-l",
                log,
                "-s",
                "-w",
                "-t",
                OneStart.TotalSeconds.ToString(CultureInfo.InvariantCulture),
                "-o",
                options,
            ],
            // Killed half-way it would leave a server of which nobody knows yet; with Ctrl-C it is told to stop, and stops what it started.
            CancellationToken.None
        );
        stop.ThrowIfCancellationRequested();

        // pg_ctl gives up after its time; replaying a long log may take more, and that is no failure.
        if (result.ExitCode != 0 && ProcessId is null)
        {
            return PostgresCluster.Explain(
                "PostgreSQL did not start",
                location,
                ReadFrom(log, known) + "\n" + result.StandardError
            );
        }

        Port = port;
        await AwaitAnswerAsync(stop);
        return null;
    }

    private async Task AwaitAnswerAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(ConnectionTo("postgres"));
                await connection.OpenAsync(stop);
                return;
            }
            catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InvalidPassword)
            {
                throw new FailureException(
                    $"PostgreSQL in {Data} does not take the password in {location.File("password")}: put the right one there."
                );
            }
            catch (NpgsqlException) when (ProcessId is not null)
            {
                // It starts, recovers, or has all its connections in use: it will answer.
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, stop);
            }
            catch (NpgsqlException down)
            {
                throw new FailureException(
                    $"PostgreSQL in {Data} ended while it started: {down.Message}",
                    ExitCodes.Machine
                );
            }
        }
    }

    private async Task CreateDatabaseAsync(CancellationToken stop)
    {
        await using var connection = new NpgsqlConnection(ConnectionTo("postgres"));
        await connection.OpenAsync(stop);
        await using var find = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = Name } },
        };
        if (await find.ExecuteScalarAsync(stop) is null)
        {
            await using var create = new NpgsqlCommand($"create database {Name}", connection);
            await create.ExecuteNonQueryAsync(stop);
        }
    }

    private string ConnectionTo(string database) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = Port,
            Username = Name,
            Password = password,
            Database = database,
            // What this class itself opens must see the server as it is now, not a pooled connection to the one before.
            Pooling = database == Name,
        }.ConnectionString;

    private async Task<FileStream> LockAsync(CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return File.Open(location.File("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), time, stop);
            }
        }
    }

    private bool IsUnused()
    {
        try
        {
            using var all = File.Open(location.File("users"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private int ReadPort() =>
        File.Exists(location.File("port"))
        && int.TryParse(
            File.ReadAllText(location.File("port")).Trim(),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out var port
        )
            ? port
            : 0;

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A port below those that the kernel hands out for outgoing connections, which would take it from us between two starts.</summary>
    private static int FindFreePort()
    {
        for (var tries = 0; tries < 200; tries++)
        {
            var port = RandomNumberGenerator.GetInt32(20_000, 32_000);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new FailureException(
            "No port between 20000 and 32000 is free on 127.0.0.1: set postgres:port.",
            ExitCodes.Machine
        );
    }

    private static string ReadFrom(string log, long start)
    {
        if (!File.Exists(log))
        {
            return "";
        }

        using var reader = new StreamReader(log);
        reader.BaseStream.Seek(start, SeekOrigin.Begin);
        return reader.ReadToEnd();
    }
}
