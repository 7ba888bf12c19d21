using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Testbed;

/// <summary>A real YARN on loopback, in a folder and on ports of its own: a ResourceManager, two NodeManagers and a log server.</summary>
public class YarnDaemons : IAsyncDisposable
{
    // What the daemons listen on, counted from the first port.
    private static readonly int[] Ports = [0, 1, 2, 3, 4, 5, 6, 10, 11, 12, 20, 21, 22];

    private static readonly string[] NodeManagers = ["nm1", "nm2"];

    private readonly string folder = Directory.CreateTempSubdirectory("sje-yarn-").FullName;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private int port;
    private bool up;
    private Process? guard;

    /// <summary>What it has, in the words of <c>yarn up</c>: <c>--nodes 1 --memory 1024</c>. Nothing: two nodes of 4 GiB.</summary>
    public IReadOnlyList<string> Sizing { get; init; } = [];

    /// <summary>The Spark that is on its nodes.</summary>
    public string Home { get; private set; } = "";

    /// <summary>A folder that its nodes see.</summary>
    public string Folder => folder;

    /// <summary>The ResourceManager's address.</summary>
    public string ResourceManager => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    /// <summary>Hadoop's configuration.</summary>
    public string Configuration => Path.Combine(folder, "yarn", "conf");

    internal HttpClient Http => http;

    /// <summary>The profile that names it.</summary>
    internal SparkClusterOptions Profile =>
        new()
        {
            Master = "yarn",
            ResourceManagers = [ResourceManager],
            HadoopConfDir = Configuration,
            NodeSparkHome = Home,
            SparkConf =
            {
                ["spark.driver.memory"] = "512m",
                ["spark.executor.memory"] = "512m",
                ["spark.executor.instances"] = "1",
                ["spark.driver.extraJavaOptions"] = ShortLives.JavaOptions,
                ["spark.executor.extraJavaOptions"] = ShortLives.JavaOptions,
            },
        };

    /// <summary>Starts it.</summary>
    public async ValueTask InitializeAsync()
    {
        Home = await SparkDistribution.PathAsync();
        SparkDistribution.Shared("yarn", "yarn");
        port = FreePorts();
        StartGuard();
        up = true;
        await UpAsync();
    }

    /// <summary>Starts what does not run.</summary>
    public Task UpAsync() => YarnAsync("up", ["--port-base", port.ToString(CultureInfo.InvariantCulture), .. Sizing]);

    /// <summary>Kills the ResourceManager where it stands.</summary>
    public Task KillResourceManagerAsync() => KillAsync("rm");

    /// <summary>Kills a NodeManager that runs something of an application, and all that it runs of it, as when its machine goes.</summary>
    public async Task KillNodeOfAsync(string applicationId)
    {
        var own = ProcessesOf(applicationId);
        var daemon = NodeManagers.First(name =>
            own.Any(process =>
                FolderOf(process).StartsWith(Path.Combine(folder, "yarn", name) + "/", StringComparison.Ordinal)
            )
        );
        await KillAsync(daemon);
        foreach (var id in ProcessesOf(applicationId))
        {
            try
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
            }
            catch (ArgumentException)
            {
                // It has ended with its parent.
            }
        }
    }

    /// <summary>The applications that carry a tag: id and state.</summary>
    public Task<IReadOnlyList<(string Id, string State)>> TaggedAsync(string tag) =>
        ApplicationsAsync($"applicationTags={tag}&");

    /// <summary>All applications: id and state.</summary>
    public Task<IReadOnlyList<(string Id, string State)>> ApplicationsAsync() => ApplicationsAsync("");

    private async Task<IReadOnlyList<(string Id, string State)>> ApplicationsAsync(string filter)
    {
        var answer = JsonNode.Parse(
            await http.GetStringAsync(
                new Uri($"{ResourceManager}/ws/v1/cluster/apps?{filter}user.name={Environment.UserName}")
            )
        );
        return
        [
            .. (answer?["apps"]?["app"] as JsonArray ?? []).Select(app =>
                (app!["id"]!.GetValue<string>(), app["state"]!.GetValue<string>())
            ),
        ];
    }

    /// <summary>Processes of containers, by the application's id in their folder.</summary>
    public IReadOnlyList<int> ProcessesOf(string applicationId)
    {
        var found = new List<int>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Select(Path.GetFileName))
        {
            if (!int.TryParse(process, CultureInfo.InvariantCulture, out var id))
            {
                continue;
            }

            var here = FolderOf(id);
            if (
                here.StartsWith(folder, StringComparison.Ordinal)
                && here.Contains("/" + applicationId + "/", StringComparison.Ordinal)
            )
            {
                found.Add(id);
            }
        }

        return found;
    }

    /// <summary>Ends it, and all that runs on it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (up)
        {
            await YarnAsync("down");
        }

        http.Dispose();
        guard?.StandardInput.Close();
        guard?.Dispose();
        await RemoveAsync();
        GC.SuppressFinalize(this);
    }

    // Containers outlive their node for a moment, and write.
    private async Task RemoveAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
                return;
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
            }
        }
    }

    private static string FolderOf(int process)
    {
        try
        {
            return File.ResolveLinkTarget($"/proc/{process}/cwd", returnFinalTarget: false)?.FullName ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return "";
        }
    }

    private async Task KillAsync(string daemon)
    {
        using var process = Process.GetProcessById(
            int.Parse(
                await File.ReadAllTextAsync(Path.Combine(folder, "yarn", daemon, "pid")),
                CultureInfo.InvariantCulture
            )
        );
        process.Kill();
        await process.WaitForExitAsync();
    }

    private async Task YarnAsync(string verb, params string[] words)
    {
        var start = new ProcessStartInfo(
            SparkDistribution.Shared("yarn", "yarn"),
            [verb, Path.Combine(folder, "yarn"), .. words]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["SPARK_HOME"] = Home;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"yarn {verb}: {await errors}");
        }
    }

    /// <summary>A shell in a session of its own that takes YARN down when the end of this run closes its input, however that comes.</summary>
    private void StartGuard()
    {
        guard = Process.Start(
            new ProcessStartInfo(
                "setsid",
                [
                    "bash",
                    "-c",
                    "exec >/dev/null 2>&1; read -r _; [ -d \"$2\" ] || exit 0; \"$1\" down \"$2\"; rm -rf \"$3\"",
                    "guard",
                    SparkDistribution.Shared("yarn", "yarn"),
                    Path.Combine(folder, "yarn"),
                    folder,
                ]
            )
            {
                RedirectStandardInput = true,
            }
        );
    }

    private static int FreePorts()
    {
        for (var tries = 0; tries < 200; tries++)
        {
            var first = Random.Shared.Next(20_000, 31_000);
            if (Ports.All(offset => IsFree(first + offset)))
            {
                return first;
            }
        }

        throw new InvalidOperationException("No ports are free for YARN.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
