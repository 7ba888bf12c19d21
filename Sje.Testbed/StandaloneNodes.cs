using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Testbed;

/// <summary>A real standalone cluster on loopback: a master, which remembers over its own death, and one worker, in a folder of their own.</summary>
public class StandaloneNodes : IAsyncDisposable
{
    private static readonly string[] DriverLists = ["activedrivers", "completeddrivers"];

    private readonly string folder = Directory.CreateTempSubdirectory("sje-standalone-").FullName;
    private readonly int port = SparkDistribution.FreePort();
    private readonly int restPort = SparkDistribution.FreePort();
    private readonly int pagePort = SparkDistribution.FreePort();
    private readonly HttpClient http = new();
    private readonly List<(Process Process, string Folder)> workers = [];
    private int started;
    private string home = "";
    private Process? master;

    /// <summary>Cores of a worker, as Spark writes them.</summary>
    public string WorkerCores { get; init; } = "8";

    /// <summary>Memory of a worker, as Spark writes it.</summary>
    public string WorkerMemory { get; init; } = "8g";

    /// <summary>Where event logs go.</summary>
    public string Events => Path.Combine(folder, "events");

    /// <summary>The profile that names it.</summary>
    internal SparkClusterOptions Profile =>
        new()
        {
            Master = $"spark://127.0.0.1:{port}",
            Rest = [$"http://127.0.0.1:{restPort}"],
            WebUi = [$"http://127.0.0.1:{pagePort}"],
            EventLogDir = Events,
            SparkConf =
            {
                ["spark.executor.memory"] = "512m",
                ["spark.driver.memory"] = "512m",
                ["spark.cores.max"] = "2",
                ["spark.driver.extraJavaOptions"] = ShortLives.JavaOptions,
                ["spark.executor.extraJavaOptions"] = ShortLives.JavaOptions,
            },
        };

    /// <summary>The Spark it runs.</summary>
    public string Home => home;

    private string Recovery => Path.Combine(folder, "recovery");

    /// <summary>Starts it.</summary>
    public async ValueTask InitializeAsync()
    {
        home = await SparkDistribution.PathAsync();
        Directory.CreateDirectory(Events);
        StartMaster();
        await AddWorkerAsync();
    }

    /// <summary>Starts one more worker.</summary>
    public async Task AddWorkerAsync()
    {
        var own = Directory.CreateDirectory(Path.Combine(folder, $"work{++started}")).FullName;
        var process = Start(
            "org.apache.spark.deploy.worker.Worker",
            [
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                WorkerCores,
                "--memory",
                WorkerMemory,
                "--work-dir",
                own,
                $"spark://127.0.0.1:{port}",
            ],
            $"worker{started}.log"
        );
        workers.Add((process, own));
        await WorkingAsync();
    }

    /// <summary>Kills the worker that runs a driver, and all that it runs, as when its machine goes.</summary>
    public async Task KillWorkerOfAsync(string driver)
    {
        var found = workers.Single(worker => Directory.Exists(Path.Combine(worker.Folder, driver)));
        workers.Remove(found);
        await EndAsync(found.Process);
    }

    /// <summary>Kills the master where it stands.</summary>
    public async Task KillMasterAsync() => await EndAsync(master!);

    /// <summary>Starts a master in the place of the one that was killed.</summary>
    /// <param name="forgets">Whether it knows nothing of what the other one knew.</param>
    public async Task StartMasterAgainAsync(bool forgets = false)
    {
        if (forgets)
        {
            Directory.Delete(Recovery, recursive: true);
        }

        StartMaster();
        await WorkingAsync();
    }

    /// <summary>What the master knows of drivers, by id and state.</summary>
    public async Task<IReadOnlyList<(string Id, string State)>> DriversAsync()
    {
        var page = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{pagePort}/json/")))!;
        return
        [
            .. DriverLists.SelectMany(list =>
                page[list]!.AsArray().Select(driver => (driver!["id"]!.ToString(), driver["state"]!.ToString()))
            ),
        ];
    }

    /// <summary>Those of <see cref="DriversAsync"/> whose command line, the first of their log, has a text in it.</summary>
    public async Task<IReadOnlyList<(string Id, string State)>> DriversWithAsync(string text) =>
        [
            .. (await DriversAsync()).Where(driver =>
                Directory
                    .EnumerateDirectories(folder, driver.Id, new EnumerationOptions { RecurseSubdirectories = true })
                    .Select(work => Path.Combine(work, "stderr"))
                    .Any(log => File.Exists(log) && File.ReadAllText(log).Contains(text, StringComparison.Ordinal))
            ),
        ];

    /// <summary>Ends it, and all that runs on it.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in workers.Select(worker => worker.Process).Append(master).OfType<Process>())
        {
            await EndAsync(process);
        }

        http.Dispose();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
    }

    private void StartMaster() =>
        master = Start(
            "org.apache.spark.deploy.master.Master",
            ["--host", "127.0.0.1", "--port", Text(port), "--webui-port", Text(pagePort)],
            "master.log"
        );

    private async Task WorkingAsync() =>
        await Waits.UntilAsync(
            async () =>
            {
                try
                {
                    var page = JsonNode.Parse(
                        await http.GetStringAsync(new Uri($"http://127.0.0.1:{pagePort}/json/"))
                    )!;
                    return page["status"]!.ToString() == "ALIVE"
                        && page["aliveworkers"]!.GetValue<int>() == workers.Count;
                }
                catch (Exception e) when (e is HttpRequestException or System.Text.Json.JsonException)
                {
                    // It is just coming up; a page that it has not got yet is another one, in HTML.
                    return false;
                }
            },
            "master and workers are there",
            120
        );

    private Process Start(string name, IReadOnlyList<string> words, string log)
    {
        var start = new ProcessStartInfo(
            "bash",
            ["-c", $"exec \"$@\" >> {log} 2>&1", "bash", Path.Combine(home, "bin", "spark-class"), name, .. words]
        )
        {
            WorkingDirectory = folder,
            Environment =
            {
                ["SPARK_LOCAL_IP"] = "127.0.0.1",
                ["SPARK_HOME"] = home,
                ["SPARK_DAEMON_MEMORY"] = "256m",
                ["SPARK_DAEMON_JAVA_OPTS"] = ShortLives.JavaOptions,
                ["SPARK_MASTER_OPTS"] =
                    $"-Dspark.master.rest.enabled=true -Dspark.master.rest.port={Text(restPort)} "
                    + $"-Dspark.deploy.recoveryMode=FILESYSTEM -Dspark.deploy.recoveryDirectory={Recovery}",
            },
        };
        return Process.Start(start)!;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
