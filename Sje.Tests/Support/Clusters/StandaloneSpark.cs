using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Jobs.Engines.Spark.Configuration;

namespace Sje.Tests.Support.Clusters;

/// <summary>A real standalone cluster on loopback: a master and one worker, in a folder of their own.</summary>
public sealed class StandaloneSpark : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-standalone-").FullName;
    private readonly int port = SparkHome.FreePort();
    private readonly int restPort = SparkHome.FreePort();
    private readonly int pagePort = SparkHome.FreePort();
    private readonly HttpClient http = new();
    private string home = "";
    private Process? master;
    private Process? worker;

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
            },
        };

    /// <summary>The Spark it runs.</summary>
    public string Home => home;

    public async ValueTask InitializeAsync()
    {
        home = await SparkHome.PathAsync();
        Directory.CreateDirectory(Events);
        StartMaster();
        worker = Start(
            "org.apache.spark.deploy.worker.Worker",
            [
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--webui-port",
                "0",
                "--cores",
                "8",
                "--memory",
                "8g",
                "--work-dir",
                Path.Combine(folder, "work"),
                $"spark://127.0.0.1:{port}",
            ],
            "worker.log"
        );
        await WorkingAsync();
    }

    /// <summary>Kills the master with all it knows, and starts another one in its place.</summary>
    public async Task RestartMasterAsync()
    {
        master!.Kill(entireProcessTree: true);
        await master.WaitForExitAsync();
        StartMaster();
        await WorkingAsync();
    }

    /// <summary>What the master knows of drivers, by id and state.</summary>
    public async Task<IReadOnlyList<(string Id, string State)>> DriversAsync()
    {
        var page = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://127.0.0.1:{pagePort}/json/")))!;
        return
        [
            .. new[] { "activedrivers", "completeddrivers" }.SelectMany(list =>
                page[list]!.AsArray().Select(driver => (driver!["id"]!.ToString(), driver["state"]!.ToString()))
            ),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { worker, master })
        {
            if (process is { HasExited: false })
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process?.Dispose();
        }

        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private void StartMaster() =>
        master = Start(
            "org.apache.spark.deploy.master.Master",
            ["--host", "127.0.0.1", "--port", Text(port), "--webui-port", Text(pagePort)],
            "master.log"
        );

    private async Task WorkingAsync() =>
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    var page = JsonNode.Parse(
                        await http.GetStringAsync(new Uri($"http://127.0.0.1:{pagePort}/json/"))
                    )!;
                    return page["status"]!.ToString() == "ALIVE" && page["aliveworkers"]!.GetValue<int>() == 1;
                }
                catch (HttpRequestException)
                {
                    return false;
                }
            },
            "master and worker are there",
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
                ["SPARK_MASTER_OPTS"] = $"-Dspark.master.rest.enabled=true -Dspark.master.rest.port={Text(restPort)}",
            },
        };
        return Process.Start(start)!;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
