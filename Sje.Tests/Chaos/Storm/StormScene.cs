using System.Globalization;
using System.Net.Http.Json;
using Npgsql;
using Sje.Jobs.Faults;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos.Storm;

/// <summary>A process of the scene: which it is, what runs of it now, and with which fault it is to start next.</summary>
internal sealed class StormNode(string name, TcpProxy? route)
{
    public string Name { get; } = name;

    /// <summary>Its way to the database; null for the server, which has it at hand.</summary>
    public TcpProxy? Route { get; } = route;

    public SjeProcess? Process { get; set; }

    /// <summary>The fault that is waiting in it, or with which it is to start.</summary>
    public string? Fault { get; set; }

    /// <summary>Whether the process that runs was started with a fault that may still strike.</summary>
    public bool Armed { get; set; }

    /// <summary>Until when it stands still on purpose.</summary>
    public DateTimeOffset StoppedUntil { get; set; }

    public DateTimeOffset StartAt { get; set; }

    /// <summary>Whether it has come up and goes about its work: what still starts has seen trouble enough.</summary>
    public bool AtWork =>
        Process is { HasExited: false } process
        && StoppedUntil == default
        && (process.Output + process.Errors).Contains("Ready as", StringComparison.Ordinal);

    public int MetricsPort { get; } = SjeProcess.FreePort();
}

/// <summary>
/// What a storm rages over: a PostgreSQL of its own, durable, a server, three workers with a route each, all of them the real binary, and somebody who
/// starts again what has died and lets go on what has stood still for long enough.
/// </summary>
internal sealed class StormScene : IAsyncDisposable
{
    public const int Slots = 5;
    public const int DirectSlots = 12;
    public const int LeaseSeconds = 7;

    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(LeaseSeconds + 4);

    private readonly string root;
    private readonly BreakablePostgres postgres;
    private readonly CancellationTokenSource stop = new();
    private readonly SemaphoreSlim gate = new(1, 1);
    private readonly List<Task> caring = [];
    private readonly int port = SjeProcess.FreePort();
    private readonly string? clock;
    private int starts;
    private bool keep;

    private StormScene(string root, BreakablePostgres postgres, string? clock)
    {
        (this.root, this.postgres, this.clock) = (root, postgres, clock);
        var target = new NpgsqlConnectionStringBuilder(postgres.Db.ConnectionString).Port;
        Workers = [.. Enumerable.Range(0, 3).Select(i => new StormNode($"w{i}", new TcpProxy(target)))];
        Http = new HttpClient
        {
            BaseAddress = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}"),
            Timeout = TimeSpan.FromSeconds(6),
        };
    }

    public TestDatabase Db => postgres.Db;

    public StormNode Server { get; } = new("server", null);

    public IReadOnlyList<StormNode> Workers { get; }

    public IEnumerable<StormNode> Nodes => Workers.Append(Server);

    /// <summary>Asks the server; six seconds are its patience.</summary>
    public HttpClient Http { get; }

    /// <summary>Where relative paths of tasks start; every process of a task carries it in its environment.</summary>
    public string Files => Path.Combine(root, "files");

    /// <summary>What processes of tasks write when they begin and end.</summary>
    public string Effects => Path.Combine(root, "effects");

    /// <summary>Whether clocks of workers can be moved: that takes a C compiler.</summary>
    public bool ClocksMove => clock is not null;

    /// <summary>Leaves the folder with the processes' logs when it is over, for whoever looks for the cause of a finding.</summary>
    public string Keep()
    {
        keep = true;
        return root;
    }

    /// <summary>How many times longer everything takes here than on a machine that has nothing else to do: 1 to 5, by the time of the first start.</summary>
    public double Slowness { get; private set; } = 1;

    /// <summary>How many processes were started.</summary>
    public int Starts => starts;

    public static async Task<StormScene> OpenAsync()
    {
        var root = Directory.CreateTempSubdirectory("sje-storm-").FullName;
        var scene = new StormScene(root, await BreakablePostgres.StartAsync(), await MakeClockAsync(root));
        Directory.CreateDirectory(scene.Files);
        foreach (var node in scene.Nodes)
        {
            Directory.CreateDirectory(scene.FolderOf(node));
            await File.WriteAllBytesAsync(scene.ClockOf(node), new byte[sizeof(long)]);
        }

        var began = TimeProvider.System.GetTimestamp();
        scene.caring.AddRange(scene.Nodes.Select(scene.CareAsync));
        try
        {
            await scene.PutAsync("/api/v1/queues/narrow", new { maxRunning = 2, maxQueued = 40 });
            await scene.PutAsync("/api/v1/queues/strait", new { lane = "direct", maxRunning = 3 });
            await scene.PutAsync("/api/v1/queues/straight", new { lane = "direct" });
            await Eventually.TrueAsync(scene.WorkersAreThereAsync, "the workers are there", 300);
            scene.Slowness = Math.Clamp(TimeProvider.System.GetElapsedTime(began).TotalSeconds / 20, 1, 5);
        }
        catch
        {
            await scene.DisposeAsync();
            throw;
        }

        return scene;
    }

    /// <summary>Lets PostgreSQL end by a signal, and starts it again after a while. One at a time.</summary>
    public async Task RestartDatabaseAsync(string signal, TimeSpan away)
    {
        await gate.WaitAsync();
        try
        {
            await postgres.EndAsync(signal);
            await Task.Delay(away, TimeProvider.System);
            await postgres.StartAgainAsync();
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Ends every connection of a worker, from within the database.</summary>
    public async Task CutAsync(StormNode worker)
    {
        await using var command = Db.Database.Main.CreateCommand(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name like $1"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = $"storm-{worker.Name}%" });
        await command.ExecuteScalarAsync();
    }

    /// <summary>Moves the clock that a worker sees.</summary>
    public void MoveClock(StormNode worker, int seconds)
    {
        // In place: the process has the file in its memory.
        using var file = new FileStream(ClockOf(worker), FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        file.Write(BitConverter.GetBytes((long)seconds));
    }

    /// <summary>Kills a process; it is started again in a moment, with a fault or without.</summary>
    public static void Kill(StormNode node, string? fault, TimeSpan away)
    {
        (node.Fault, node.Armed) = (fault, false);
        node.StartAt = TimeProvider.System.GetUtcNow() + away;
        node.Process?.Signal("KILL");
    }

    /// <summary>Lets a process stand still.</summary>
    public static void Stop(StormNode node, TimeSpan still)
    {
        node.StoppedUntil = TimeProvider.System.GetUtcNow() + still;
        node.Process?.Signal("STOP");
    }

    /// <summary>
    /// Ends every fault: routes speak, clocks are right, processes go on, those in which a fault still waits are started anew without one.
    /// </summary>
    public async Task CalmAsync()
    {
        foreach (var node in Nodes)
        {
            node.Route?.Speak();
            node.StoppedUntil = default;
            MoveClock(node, 0);
            if (node.Armed)
            {
                Kill(node, null, TimeSpan.Zero);
            }

            node.Fault = null;
        }

        await gate.WaitAsync();
        await postgres.StartAgainAsync();
        gate.Release();

        // What was killed has ended by then; what starts again takes its time on a busy machine.
        await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
        await Eventually.TrueAsync(() => Task.FromResult(Nodes.All(node => node.AtWork)), "all are back at work", 300);
    }

    /// <summary>
    /// What must not be there when nothing is left to do: processes of tasks, and slots that a worker believes taken. Both get a while to go.
    /// </summary>
    public async Task<IReadOnlyList<string>> OrphansAsync()
    {
        IReadOnlyList<string> found = [];
        var since = TimeProvider.System.GetTimestamp();
        do
        {
            found = [.. Leftovers.Of(Files), .. await TakenSlotsAsync()];
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        } while (found.Count > 0 && TimeProvider.System.GetElapsedTime(since) < TimeSpan.FromSeconds(45) * Slowness);

        return found;
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(caring);
        foreach (var node in Nodes)
        {
            if (node.Process is { HasExited: false } process)
            {
                process.Signal("KILL");
                await process.EndAsync();
            }

            if (node.Route is { } route)
            {
                await route.DisposeAsync();
            }
        }

        Http.Dispose();
        await postgres.DisposeAsync();
        stop.Dispose();
        gate.Dispose();
        await Eventually.TrueAsync(() => Task.FromResult(Leftovers.Of(Files).Count == 0), "no task runs any more", 60);
        if (!keep)
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>What a process has said, for a report.</summary>
    public string Said(StormNode node) => node.Process is { } process ? process.Errors + process.Output : "";

    private async Task<IReadOnlyList<string>> TakenSlotsAsync()
    {
        var found = new List<string>();
        foreach (var worker in Workers)
        {
            try
            {
                var url = $"http://127.0.0.1:{worker.MetricsPort.ToString(CultureInfo.InvariantCulture)}";
                var running = (await PrometheusText.ScrapeAsync(url)).Sum("sje_worker_running");
                if (running != 0)
                {
                    found.Add($"{running} slots of worker {worker.Name} are taken, and nothing runs");
                }
            }
            catch (HttpRequestException e)
            {
                found.Add($"worker {worker.Name} does not answer: {e.Message}");
            }
        }

        return found;
    }

    private async Task CareAsync(StormNode node)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                var now = TimeProvider.System.GetUtcNow();
                if (node.Process is null or { HasExited: true })
                {
                    if (now >= node.StartAt)
                    {
                        Start(node);
                    }
                }
                else if (StandsStill(node.Process) && now > node.StoppedUntil)
                {
                    if (node.StoppedUntil == default)
                    {
                        // It has met a fault that stops it.
                        node.StoppedUntil = now + LongestStop;
                    }
                    else
                    {
                        node.Process.Signal("CONT");
                        node.StoppedUntil = default;
                    }
                }
            }
            catch (Exception e) when (e is IOException or InvalidOperationException)
            {
                // It has just ended.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, CancellationToken.None);
        }
    }

    private void Start(StormNode node)
    {
        var connection = new NpgsqlConnectionStringBuilder(Db.ConnectionString)
        {
            ApplicationName = $"storm-{node.Name}",
        };
        if (node.Route is { } route)
        {
            connection.Port = route.Port;
        }

        string[] words = node.Route is null
            ? ["server", "--port", port.ToString(CultureInfo.InvariantCulture)]
            :
            [
                "worker",
                "--name",
                node.Name,
                "--queues",
                "*",
                "--slots",
                Slots.ToString(CultureInfo.InvariantCulture),
                $"--worker:directSlots={DirectSlots}",
                $"--monitoring:metricsUrl=http://127.0.0.1:{node.MetricsPort.ToString(CultureInfo.InvariantCulture)}",
            ];
        var environment = new Dictionary<string, string>
        {
            ["SJE_STORAGE__ROOT"] = Files,
            ["SJE_WORKER__DRAINSECONDS"] = "2",
            ["SJE_WORKER__LEASESECONDS"] = LeaseSeconds.ToString(CultureInfo.InvariantCulture),
            ["SJE_WORKER__HEARTBEATSECONDS"] = "1",
        };
        if (node.Route is not null && clock is not null)
        {
            environment["LD_PRELOAD"] = clock;
            environment["SJE_TEST_CLOCK"] = ClockOf(node);
        }

        node.Armed = node.Fault is not null;
        if (node.Fault is { } fault)
        {
            environment[FaultPoint.Variable] = fault;
            // Who dies of it starts again without.
            node.Fault = null;
        }

        Interlocked.Increment(ref starts);
        node.StoppedUntil = default;
        node.StartAt = TimeProvider.System.GetUtcNow() + TimeSpan.FromSeconds(1);
        node.Process = SjeProcess.Start(FolderOf(node), [.. words, "--db", connection.ConnectionString], environment);
    }

    private async Task<bool> WorkersAreThereAsync() =>
        await Db.ScalarAsync<long>("select count(*) from sje.workers where lease_until > clock_timestamp()")
        == Workers.Count;

    private Task PutAsync(string path, object body) =>
        Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    using var answer = await Http.PutAsJsonAsync(path, body);
                    return answer.IsSuccessStatusCode;
                }
                catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
                {
                    return false;
                }
            },
            $"the server takes {path}",
            300
        );

    private static async Task<string?> MakeClockAsync(string root)
    {
        var library = Path.Combine(root, "clock.so");
        try
        {
            using var compiler = System.Diagnostics.Process.Start(
                "cc",
                [
                    "-shared",
                    "-fPIC",
                    "-O2",
                    "-o",
                    library,
                    RepositoryFiles.Path("Sje.Tests", "Chaos", "Storm", "clock.c"),
                ]
            );
            await compiler.WaitForExitAsync();
            return compiler.ExitCode == 0 ? library : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private string FolderOf(StormNode node) => Path.Combine(root, node.Name);

    private string ClockOf(StormNode node) => Path.Combine(FolderOf(node), "clock");

    private static bool StandsStill(SjeProcess process) =>
        File.ReadAllText($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/stat")
            .Contains(") T ", StringComparison.Ordinal);
}
