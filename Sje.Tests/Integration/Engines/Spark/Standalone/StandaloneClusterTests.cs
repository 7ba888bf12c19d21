using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Standalone;
using Sje.Tests.Chaos;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Standalone;

/// <summary>The client of a standalone cluster, against a real one.</summary>
[Collection(Alone.Name)]
public sealed class StandaloneClusterTests(StandaloneSpark spark) : IClassFixture<StandaloneSpark>, IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-spark-").FullName;
    private readonly SparkHttp http = new();

    public void Dispose()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Python_is_submitted_found_by_its_mark_followed_to_its_end_and_its_log_read()
    {
        var cluster = Cluster();
        var application = Application(
            """
            import sys
            from pyspark.sql import SparkSession
            spark = SparkSession.builder.appName("a name of its own").getOrCreate()
            print("the sum is", spark.range(1000).repartition(4).groupBy().sum().first()[0], sys.argv[1:])
            """,
            "one",
            "two words"
        );
        var chosen = await ChooseAsync(cluster, application);
        Assert.Null(await cluster.FindAsync(chosen, default));

        var submitted = await cluster.SubmitAsync(application, chosen, default);

        Assert.StartsWith("driver-", submitted.SubmissionId, StringComparison.Ordinal);
        // As a worker would that knows only what was stored before.
        var found = await EventuallyAsync(cluster, chosen, status => status is not null);
        Assert.Equal(submitted.SubmissionId, found!.SubmissionId);

        var ended = await EventuallyAsync(cluster, submitted, status => status is { IsFinal: true });
        Assert.Equal(SparkState.Succeeded, ended!.State);
        Assert.StartsWith("app-", ended.ApplicationId, StringComparison.Ordinal);
        var lines = await LogAsync(cluster, submitted);
        Assert.Contains("the sum is 499500 ['one', 'two words']", lines);
        Assert.DoesNotContain(
            lines,
            line =>
                line.Contains("spark.sje.task", StringComparison.Ordinal)
                && line.StartsWith("Launch", StringComparison.Ordinal)
        );
        Assert.Single(await spark.DriversAsync(), driver => driver.Id == submitted.SubmissionId);
    }

    [Fact]
    public async Task A_driver_is_killed_and_gone()
    {
        var cluster = Cluster();
        var application = Application(
            "import time\nopen('" + Path.Combine(folder, "runs") + "', 'w').close()\ntime.sleep(600)\n"
        );
        var submitted = await cluster.SubmitAsync(application, await ChooseAsync(cluster, application), default);
        await Eventually.TrueAsync(() => Task.FromResult(File.Exists(Path.Combine(folder, "runs"))), "it runs", 120);

        await cluster.KillAsync(submitted, default);

        Assert.Equal(SparkState.Killed, (await cluster.FindAsync(submitted, default))!.State);
        Assert.DoesNotContain(
            System.Diagnostics.Process.GetProcesses(),
            process => CommandLine(process.Id).Contains(submitted.Mark, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_failing_driver_says_so_and_its_log_says_why()
    {
        var cluster = Cluster();
        var application = Application("raise ValueError('not today')\n");
        var submitted = await cluster.SubmitAsync(application, await ChooseAsync(cluster, application), default);

        var ended = await EventuallyAsync(cluster, submitted, status => status is { IsFinal: true });

        Assert.Equal(SparkState.Failed, ended!.State);
        Assert.Contains("ValueError: not today", await LogAsync(cluster, submitted));
    }

    [Fact]
    public async Task What_can_never_run_is_refused_before_it_is_submitted()
    {
        var application = Application("pass\n") with
        {
            Properties = new Dictionary<string, string> { ["spark.driver.memory"] = "64g" },
        };

        var wrong = await Cluster().CheckAsync(application, default);

        Assert.Equal("invalid", wrong!.Class);
        Assert.Contains("65536 MiB", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_at_the_address_is_said_so_and_is_no_answer()
    {
        var profile = spark.Profile;
        profile.WebUi = [$"http://127.0.0.1:{SparkHome.FreePort()}"];
        var cluster = new StandaloneCluster("lab", profile, http.Client, TimeProvider.System);

        await Assert.ThrowsAsync<SparkClusterUnavailableException>(() =>
            cluster.FindAsync(new SparkSubmission("x/1", "x/1", TimeProvider.System.GetUtcNow()), default)
        );
        Assert.False((await cluster.HealthAsync(default)).Up);
        Assert.True((await Cluster().HealthAsync(default)).Up);
    }

    private StandaloneCluster Cluster() => new("lab", spark.Profile, http.Client, TimeProvider.System);

    private SparkApplication Application(string script, params string[] arguments)
    {
        var attempt = new AttemptIdentity(Guid.CreateVersion7(), Guid.CreateVersion7(), "test", "main", 1);
        var file = Path.Combine(folder, "app.py");
        File.WriteAllText(file, script);
        var profile = spark.Profile;
        return new SparkApplication
        {
            Attempt = attempt,
            Name = "test",
            ClusterName = "lab",
            Cluster = profile,
            DeployMode = "cluster",
            Resource = file,
            IsPython = true,
            Arguments = arguments,
            Properties = new Dictionary<string, string>(profile.SparkConf)
            {
                [SparkMark.Property] = SparkMark.Of(attempt.TaskId, 1),
            },
        };
    }

    private static async Task<SparkSubmission> ChooseAsync(StandaloneCluster cluster, SparkApplication application)
    {
        Assert.Null(await cluster.CheckAsync(application, default));
        var identity = await cluster.ChooseIdentityAsync(application, default);
        return new SparkSubmission(
            application.Properties[SparkMark.Property],
            identity,
            TimeProvider.System.GetUtcNow()
        );
    }

    private static async Task<SparkStatus?> EventuallyAsync(
        StandaloneCluster cluster,
        SparkSubmission submission,
        Func<SparkStatus?, bool> wanted
    ) =>
        await Eventually.GetAsync(
            async () =>
            {
                try
                {
                    return await cluster.FindAsync(submission, default);
                }
                catch (SparkClusterUnavailableException)
                {
                    return null;
                }
            },
            wanted,
            "the state that is waited for",
            180
        );

    private static async Task<List<string>> LogAsync(StandaloneCluster cluster, SparkSubmission submission)
    {
        var lines = new List<string>();
        await cluster.ReadLogsAsync(
            submission,
            new Dictionary<string, long>(),
            ended: true,
            line => lines.Add(line.Text),
            default
        );
        return lines;
    }

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
