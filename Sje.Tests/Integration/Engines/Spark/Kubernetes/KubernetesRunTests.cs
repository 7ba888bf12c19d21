using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Kubernetes;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;
using static Sje.Tests.Integration.Engines.Spark.Kubernetes.KubernetesApplications;

namespace Sje.Tests.Integration.Engines.Spark.Kubernetes;

/// <summary>Real Spark on a real API server: from the submission to the end.</summary>
[Collection(Alone.Name)]
public sealed class KubernetesRunTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_Python_file_of_this_machine_runs_to_its_end()
    {
        var cluster = await KubernetesCluster.StartedAsync();
        using var spark = new KubernetesSparkCluster("k8s", cluster.Profile, TimeProvider.System);
        var app = Path.Combine(folder, "pi.py");
        await File.WriteAllTextAsync(app, PiInPython);

        var submission = await SubmitAsync(spark, Of(cluster, "python pi", app));
        var positions = new Dictionary<string, long>();
        var live = new List<string>();
        Uri? ui = null;
        await StateAsync(
            spark,
            submission,
            status =>
            {
                ui ??= status.DriverUi;
                spark
                    .ReadLogsAsync(
                        submission,
                        positions,
                        status.IsFinal,
                        line => live.Add($"{line.Source}: {line.Text}"),
                        CancellationToken.None
                    )
                    .GetAwaiter()
                    .GetResult();
                return status.State == SparkState.Succeeded;
            },
            "the Python application ends well"
        );

        Assert.Contains("driver: Pi is roughly 3", live);
        Assert.NotNull(ui);
        Assert.Contains(live, line => line.StartsWith("executor 1: ", StringComparison.Ordinal));
        // Followed live and in pieces, it is what one reads at the end: nothing lost, nothing doubled.
        var whole = await LogAsync(spark, submission);
        Assert.Equal(
            whole["driver"],
            live.Where(l => l.StartsWith("driver: ", StringComparison.Ordinal)).Select(l => l["driver: ".Length..])
        );
        Assert.Equal(
            whole["executor 1"],
            live.Where(l => l.StartsWith("executor 1: ", StringComparison.Ordinal))
                .Select(l => l["executor 1: ".Length..])
        );

        Assert.Null(await spark.CleanUpAsync(submission, CancellationToken.None));
        Assert.Null(await spark.FindAsync(submission, CancellationToken.None));
        await Eventually.TrueAsync(
            async () => await CountAsync(cluster, submission) == (0, 0, 0),
            "nothing of it is left",
            30
        );
    }

    [Fact]
    public async Task A_jar_of_this_machine_runs_to_its_end()
    {
        var cluster = await KubernetesCluster.StartedAsync();
        using var spark = new KubernetesSparkCluster("k8s", cluster.Profile, TimeProvider.System);
        var application = Of(
            cluster,
            "java pi",
            await JarAsync(folder),
            new Dictionary<string, string> { ["spark.sje.kubernetes.keepSeconds"] = "3600" }
        ) with
        {
            MainClass = "Pi",
            Arguments = ["a word: with = signs"],
            Environment = new Dictionary<string, string> { ["GREETING"] = "hello" },
        };

        var submission = await SubmitAsync(spark, application);
        await StateAsync(
            spark,
            submission,
            status => status.State == SparkState.Succeeded,
            "the Java application ends well"
        );

        var log = (await LogAsync(spark, submission))["driver"].ToList();
        Assert.True(log.Contains("Pi is roughly 3, said a word: with = signs"), string.Join('\n', log));
        // It is to be kept.
        Assert.InRange(
            (await spark.CleanUpAsync(submission, CancellationToken.None))!.Value,
            TimeSpan.FromMinutes(50),
            TimeSpan.FromHours(1)
        );
        Assert.Equal(0, await spark.SweepAsync(KubernetesCluster.Space, TimeSpan.Zero, CancellationToken.None));
        Assert.NotNull(await spark.FindAsync(submission, CancellationToken.None));
        await spark.KillAsync(submission, CancellationToken.None);
    }

    [Fact]
    public async Task An_application_that_fails_says_why()
    {
        var cluster = await KubernetesCluster.StartedAsync();
        using var spark = new KubernetesSparkCluster("k8s", cluster.Profile, TimeProvider.System);
        var app = Path.Combine(folder, "fails.py");
        await File.WriteAllTextAsync(app, "import sys\nprint('before the end')\nsys.exit(42)\n");

        var submission = await SubmitAsync(spark, Of(cluster, "fails", app));
        var status = await StateAsync(spark, submission, s => s.IsFinal, "the application ends");

        Assert.Equal(SparkState.Failed, status.State);
        Assert.Equal("exit_code", status.Error!.Class);
        Assert.Equal(42, status.Error.ExitCode);
        Assert.Contains("before the end", (await LogAsync(spark, submission))["driver"]);
        Assert.Null(await spark.CleanUpAsync(submission, CancellationToken.None));
    }
}
