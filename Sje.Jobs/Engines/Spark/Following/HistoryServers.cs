using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Execution;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// Spark's pages of applications that have ended: Spark's own history server, on loopback, started when somebody looks and ended when nobody has
/// looked for a while. One for each installation and folder of event logs. It runs as a guarded child of ours: however this process ends,
/// the server ends too.
/// </summary>
/// <remarks>
/// Pages work below the path that the proxy in front names in the header <see cref="ContextHeader"/> of each request (the path of an
/// execution), and redirects lead there, on the host that the request named. The server must not be given a path of its own
/// (<c>spark.ui.proxyBase</c>): Spark prefers that to the header, and one server has many executions. It shows every application of its
/// folder: whoever forwards to it lets through the paths of one only (<see cref="Allows"/>).
/// </remarks>
internal sealed class HistoryServers(
    ChildProcess children,
    AttemptDirectories directories,
    IOptions<ExecutionOptions> execution,
    IOptions<StorageOptions> storage,
    TimeProvider time,
    ILogger<HistoryServers> logger
) : IAsyncDisposable
{
    /// <summary>The header by which a proxy says below which path the pages stand.</summary>
    public const string ContextHeader = "X-Forwarded-Context";

    // Spark's default; a listing of thousands of logs fits.
    private const string Heap = "1g";
    private const int Ports = 3;
    private const int TailLines = 20;
    private static readonly string[] Ambiguous = ["..", "//", ";", "\\", "%2e", "%2f", "%5c", "%25", "%3b"];
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<(string Home, string Folder), Server> servers = new();
    private readonly Lock gate = new();
    private int disposed;
    private readonly CancellationTokenSource shutdown = new();
    private readonly HttpMessageInvoker http = DriverRest.Connections();

    /// <summary>How long one that nobody asks for is kept.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a start may take.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How many run or start now.</summary>
    public int Count => servers.Count;

    /// <summary>
    /// The address of the server for that folder, on this machine; starts it where there is none, which takes some seconds. Asking is using: it is
    /// kept for <see cref="IdleLimit"/> from now. A log that was finished a moment ago is listed within two seconds.
    /// </summary>
    /// <param name="installation">Whose history server it is.</param>
    /// <param name="eventLogFolder">An absolute path, or a URI that the installation can read.</param>
    /// <param name="stop">Ends the wait; the server goes on starting for others who wait.</param>
    /// <exception cref="HistoryServerException">It does not start; the message holds what it said.</exception>
    public async Task<Uri> FindAsync(SparkInstallation installation, string eventLogFolder, CancellationToken stop)
    {
        ObjectDisposedException.ThrowIf(shutdown.IsCancellationRequested, this);
        var key = (installation.Home, eventLogFolder);
        Server server;
        lock (gate)
        {
            if (!servers.TryGetValue(key, out server!)) // Set in either case.
            {
                server = new Server(
                    CancellationTokenSource.CreateLinkedTokenSource(shutdown.Token),
                    time.GetTimestamp()
                );
                servers[key] = server;
                server.Running = RunAsync(server, key, installation);
            }

            server.LastUsed = time.GetTimestamp();
        }

        var address = await server.Ready.Task.WaitAsync(stop);
        server.LastUsed = time.GetTimestamp();
        return address;
    }

    /// <summary>Whether a path of the server is one of that application's pages, or of the files that all pages use.</summary>
    public static bool Allows(string path, string applicationId) =>
        // What a server may take for another path than the one that is written there.
        !Array.Exists(Ambiguous, part => path.Contains(part, StringComparison.OrdinalIgnoreCase))
        && (
            IsBelow(path, "/static")
            || IsBelow(path, $"/history/{applicationId}")
            || IsBelow(path, $"/api/v1/applications/{applicationId}")
        );

    /// <summary>Ends all.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        await shutdown.CancelAsync();
        await Task.WhenAll(servers.Values.Select(server => server.Running));
        http.Dispose();
        shutdown.Dispose();
    }

    private static bool IsBelow(string path, string folder) =>
        path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);

    private async Task RunAsync(Server server, (string Home, string Folder) key, SparkInstallation installation)
    {
        // Whoever waits sees every end of it by Ready.
        await Task.Yield();
        var tail = new ConcurrentQueue<string>();
        try
        {
            if (!File.Exists(ClassRunner(installation)))
            {
                throw new HistoryServerException(
                    $"Spark '{installation.Name}' has no {ClassRunner(installation)}, so it has no pages to show."
                );
            }

            for (var attempt = 1; ; attempt++)
            {
                var port = FreePort();
                if (!await RunOnAsync(server, port, key, installation, tail))
                {
                    // It ended before it answered. The port may have been taken in between, by somebody else.
                    if (attempt < Ports && tail.Any(line => line.Contains("BindException", StringComparison.Ordinal)))
                    {
                        tail.Clear();
                        continue;
                    }

                    throw new HistoryServerException(
                        $"The history server of Spark '{installation.Name}' for '{key.Folder}' did not start: {Last(tail)}"
                    );
                }

                return;
            }
        }
        catch (OperationCanceledException) when (server.Stop.IsCancellationRequested)
        {
            server.Ready.TrySetException(
                new HistoryServerException($"The history server for '{key.Folder}' was stopped while it started.")
            );
        }
        catch (HistoryServerException e)
        {
            FollowingLog.HistoryServerFailed(logger, key.Folder, e);
            server.Ready.TrySetException(e);
        }
        catch (Exception e)
        {
            FollowingLog.HistoryServerFailed(logger, key.Folder, e);
            server.Ready.TrySetException(
                new HistoryServerException($"The history server for '{key.Folder}' could not be run: {e.Message}", e)
            );
        }
        finally
        {
            // Nobody need have waited; a faulted task that nobody looked at would be reported.
            _ = server.Ready.Task.Exception;
            lock (gate)
            {
                servers.TryRemove(new KeyValuePair<(string, string), Server>(key, server));
            }

            server.Stop.Dispose();
        }
    }

    // True when it had answered; it was ended by us, or by itself, since.
    private async Task<bool> RunOnAsync(
        Server server,
        int port,
        (string Home, string Folder) key,
        SparkInstallation installation,
        ConcurrentQueue<string> tail
    )
    {
        var folder = key.Folder;
        var id = Guid.CreateVersion7();
        using var directory = directories.Create(
            storage.Value.FullRoot,
            new AttemptIdentity(id, id, "spark-history", "server", 1)
        );
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(server.Stop.Token);
        var running = children.RunAsync(
            Command(installation, folder, port, directory.Path, id),
            new UntilWeEnd(time),
            (_, line) => Keep(tail, line),
            onSample: null,
            ended.Token
        );
        var address = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/");
        try
        {
            if (!await AnswersAsync(address, running, ended.Token))
            {
                if (running.IsCompleted)
                {
                    await running;
                    return false;
                }

                throw new HistoryServerException(
                    $"The history server of Spark '{installation.Name}' for '{folder}' did not answer within {StartLimit.TotalSeconds:0} s: {Last(tail)}"
                );
            }

            FollowingLog.HistoryServerStarted(logger, folder, port);
            server.Ready.TrySetResult(address);
            await UntilIdleAsync(server, key, running, ended.Token);
            return true;
        }
        finally
        {
            await ended.CancelAsync();
            // However it ended: how that came about is told already.
            await Task.WhenAny(running);
            FollowingLog.HistoryServerEnded(logger, folder, port);
        }
    }

    private async Task<bool> AnswersAsync(Uri address, Task running, CancellationToken stop)
    {
        var rest = new DriverRest(http, address, time);
        var start = time.GetTimestamp();
        while (time.GetElapsedTime(start) < StartLimit)
        {
            if (running.IsCompleted)
            {
                return false;
            }

            try
            {
                await rest.ApplicationAsync(null, stop);
                // Else somebody else has this port, and ours could not have it.
                return !running.IsCompleted;
            }
            catch (DriverUnavailableException)
            {
                await Task.WhenAny(running, Task.Delay(Look, time, stop));
                stop.ThrowIfCancellationRequested();
            }
        }

        return false;
    }

    private async Task UntilIdleAsync(
        Server server,
        (string Home, string Folder) key,
        Task running,
        CancellationToken stop
    )
    {
        while (!running.IsCompleted)
        {
            TimeSpan left;
            lock (gate)
            {
                left = IdleLimit - time.GetElapsedTime(server.LastUsed);
                if (left <= TimeSpan.Zero)
                {
                    // Nobody is given this one any more.
                    servers.TryRemove(new KeyValuePair<(string, string), Server>(key, server));
                    return;
                }
            }

            await Task.WhenAny(running, Task.Delay(left, time, stop));
            stop.ThrowIfCancellationRequested();
        }
    }

    private ChildCommand Command(SparkInstallation installation, string folder, int port, string directory, Guid id)
    {
        var properties = Path.Combine(directory, "history.properties");
        File.WriteAllLines(
            properties,
            [
                Property("spark.history.fs.logDirectory", Path.IsPathRooted(folder) ? "file:" + folder : folder),
                Property("spark.history.fs.update.interval", "2s"),
                Property("spark.history.ui.port", port.ToString(CultureInfo.InvariantCulture)),
                // A busy port is an error, not a reason to take the next one.
                Property("spark.port.maxRetries", "0"),
                // The address in front of the path in redirects: none, so that they hold on whatever host people came by.
                Property("spark.ui.proxyRedirectUri", "/"),
            ]
        );
        var environment = CleanEnvironment.Of(execution.Value);
        environment["SPARK_LOCAL_IP"] = "127.0.0.1";
        environment["SPARK_DAEMON_MEMORY"] = Heap;
        environment["SPARK_HOME"] = installation.Home;
        if (installation.JavaHome is { } java)
        {
            environment["JAVA_HOME"] = java;
        }

        environment["SJE_TASK_ID"] = id.ToString();
        environment["SJE_ATTEMPT"] = "1";
        return new ChildCommand
        {
            Arguments =
            [
                ClassRunner(installation),
                "org.apache.spark.deploy.history.HistoryServer",
                "--properties-file",
                properties,
            ],
            Environment = environment,
            WorkingDirectory = directory,
            PrivateDirectory = directory,
            TaskId = id,
            Attempt = 1,
        };
    }

    private static string ClassRunner(SparkInstallation installation) =>
        Path.Combine(installation.Home, "bin", "spark-class");

    private static string Property(string name, string value)
    {
        var line = new StringBuilder(name).Append('=');
        foreach (var c in value)
        {
            _ =
                c is '\\' ? line.Append(@"\\")
                : c is >= ' ' and <= '~' ? line.Append(c)
                : line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
        }

        return line.ToString();
    }

    private static void Keep(ConcurrentQueue<string> tail, string line)
    {
        tail.Enqueue(line);
        while (tail.Count > TailLines && tail.TryDequeue(out _)) { }
    }

    private static string Last(ConcurrentQueue<string> tail) =>
        tail.LastOrDefault(line => line.Contains("Exception", StringComparison.Ordinal))
        ?? tail.LastOrDefault()
        ?? "it said nothing.";

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed class Server(CancellationTokenSource stop, long lastUsed)
    {
        private long used = lastUsed;

        public CancellationTokenSource Stop { get; } = stop;

        public TaskCompletionSource<Uri> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Running { get; set; } = Task.CompletedTask;

        public long LastUsed
        {
            get => Interlocked.Read(ref used);
            set => Interlocked.Exchange(ref used, value);
        }
    }

    // Not a task's lease: its guard waits for the end of this process only.
    private sealed class UntilWeEnd(TimeProvider time) : IAttemptLease
    {
        private const double Year = 365 * 86_400.0;

        public double DeadlineUptime { get; } = BootClock.Now + Year;

        public async Task<double> NextDeadlineAsync(double seen, CancellationToken stop)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
            return seen;
        }
    }
}

/// <summary>A history server does not start.</summary>
internal sealed class HistoryServerException(string message, Exception? inner = null) : Exception(message, inner);
