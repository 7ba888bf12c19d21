using System.Diagnostics;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Testbed;

namespace Sje.Tests.Support.Clusters;

/// <summary>Real Spark applications on <c>local[2]</c>, one process each, on loopback.</summary>
internal static class LocalSpark
{
    /// <summary>The Spark of the tests; without it the test is skipped, or fails where nothing may be skipped.</summary>
    public static async Task<SparkInstallation> InstallationAsync()
    {
        var home = await SparkHome.PathAsync();
        return new SparkInstallation("test", home, JavaHome: null, Python: null, Version: null);
    }

    /// <summary>
    /// Runs an application to its end with its event log in <paramref name="folder"/>, and follows it: many light looks, and measuring all the time.
    /// </summary>
    public static async Task<FollowedRun> RunAsync(
        string folder,
        string application,
        IReadOnlyList<string> arguments,
        params string[] configuration
    )
    {
        var installation = await InstallationAsync();
        var port = SparkHome.FreePort();
        var start = new ProcessStartInfo(Path.Combine(installation.Home, "bin", "spark-submit"))
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (
            var setting in (string[])
                [
                    $"spark.ui.port={port}",
                    "spark.eventLog.enabled=true",
                    // A URI: Spark takes one with a space in it for a relative path.
                    $"spark.eventLog.dir={new Uri(folder).AbsoluteUri}",
                    "spark.ui.showConsoleProgress=false",
                    $"spark.driver.extraJavaOptions={ShortLives.JavaOptions}",
                    "spark.sje.task=00000000-0000-0000-0000-000000000001/1",
                    .. configuration,
                ]
        )
        {
            start.ArgumentList.Add("--conf");
            start.ArgumentList.Add(setting);
        }

        foreach (var word in (string[])["--master", "local[2]", application, .. arguments])
        {
            start.ArgumentList.Add(word);
        }

        start.Environment["SPARK_LOCAL_IP"] = "127.0.0.1";
        start.Environment["PYSPARK_PYTHON"] = "python3";
        using var process = Process.Start(start) ?? throw new InvalidOperationException("spark-submit did not start.");
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            var run = new FollowedRun(folder);
            await run.FollowAsync(new Uri($"http://127.0.0.1:{port}"), process);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
            run.ExitCode = process.ExitCode;
            run.Output = await output;
            run.Errors = await errors;
            return run;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}

/// <summary>What was seen of an application while it ran, and what it left.</summary>
internal sealed class FollowedRun(string folder)
{
    public List<DriverLook> Looks { get; } = [];

    /// <summary>The last measurement through the driver; null when there was none in time.</summary>
    public SparkFacts? LastMeasured { get; private set; }

    public int ExitCode { get; set; }

    public string Output { get; set; } = "";

    public string Errors { get; set; } = "";

    /// <summary>Why the last look failed that did.</summary>
    public string LastTrouble { get; private set; } = "";

    public string ApplicationId =>
        Looks.Count > 0 ? Looks[0].Application.Id : throw new InvalidOperationException($"{LastTrouble} {Errors}");

    public string EventLogPath =>
        EventLogFiles.Find(folder, ApplicationId) ?? throw new InvalidOperationException("There is no event log.");

    public async Task FollowAsync(Uri driverUi, Process process)
    {
        using var http = DriverRest.Connections();
        var watch = new DriverWatch(
            new DriverRest(http, driverUi, TimeProvider.System),
            new SparkProgress(),
            TimeProvider.System
        );
        while (!process.HasExited)
        {
            try
            {
                if (await watch.LookAsync(null, CancellationToken.None) is { } look)
                {
                    Looks.Add(look);
                    LastMeasured = await watch.MeasureAsync(null, CancellationToken.None) ?? LastMeasured;
                }
            }
            catch (DriverUnavailableException e)
            {
                LastTrouble = e.Message;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }
}
