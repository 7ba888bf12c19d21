using System.Diagnostics;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Queueing;
using Sje.Tests.Chaos;
using Sje.Tests.Integration.Execution;

namespace Sje.Tests.Integration.Engines.Spark.Submit;

/// <summary>A submission by <c>spark-submit</c>, the cluster and the program played by the test: what is started, when, and what is believed.</summary>
[Collection(Alone.Name)]
public sealed class SparkSubmitWayTests : IDisposable
{
    private readonly ExecutionBench bench = new();
    private readonly PlayedCluster cluster = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task What_the_clusters_own_interface_cannot_submit_goes_by_spark_submit_and_the_log_says_why()
    {
        cluster.WhyNot = "packages have to be resolved";

        var result = await RunAsync(Application("touch submitted"));

        Assert.Null(result.Error);
        Assert.Equal(1, Started);
        Assert.Equal(0, cluster.Submitted);
        Assert.Contains(
            Said,
            line => line.Contains("with spark-submit: packages have to be resolved", StringComparison.Ordinal)
        );
        Assert.Contains(Said, line => line.Contains("with spark-submit as driver-1", StringComparison.Ordinal));
        Assert.Contains("[spark-submit] here I am", bench.Reporter.Lines(LogStream.Stdout));
        // Nothing of the attempt goes on to where it is submitted.
        Assert.Contains("[spark-submit] marks: 0", bench.Reporter.Lines(LogStream.Stdout));
        var words = await File.ReadAllTextAsync(Path.Combine(bench.Root, "words"));
        Assert.Contains("--conf spark.played=yes", words, StringComparison.Ordinal);
        Assert.Contains("--deploy-mode cluster", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_job_has_the_last_word_about_the_way()
    {
        var byClient = await RunAsync(Application("touch submitted") with { Way = SubmissionWay.SparkSubmit });
        Assert.Null(byClient.Error);
        Assert.Equal((1, 0), (Started, cluster.Submitted));
        Assert.Contains(Said, line => line.Contains("with spark-submit: the job says so", StringComparison.Ordinal));

        cluster.WhyNot = "it is too long";
        var byRest = await RunAsync(Application("exit 1") with { Way = SubmissionWay.Rest });
        Assert.Equal("invalid", byRest.Error!.Class);
        Assert.Contains("without spark-submit: it is too long", byRest.Error.Message, StringComparison.Ordinal);
        Assert.Equal((1, 0), (Started, cluster.Submitted));
    }

    [Fact]
    public async Task A_spark_submit_that_fails_though_its_request_arrived_has_submitted()
    {
        cluster.WhyNot = "packages have to be resolved";

        var result = await RunAsync(Application("touch submitted; echo 'already exists' >&2; exit 1"));

        Assert.Null(result.Error);
        Assert.Equal(1, Started);
    }

    [Fact]
    public async Task A_spark_submit_that_fails_and_leaves_nothing_is_a_failure_with_its_reason()
    {
        cluster.WhyNot = "packages have to be resolved";

        var result = await RunAsync(
            Application("echo 'Exception in thread \"main\" java.net.ConnectException: Connection refused' >&2; exit 1")
        );

        Assert.Equal("network", result.Error!.Class);
        Assert.Contains("ConnectException: Connection refused", result.Error.Message, StringComparison.Ordinal);
        Assert.Equal(1, Started);
    }

    [Fact]
    public async Task Whoever_comes_after_a_dead_worker_waits_until_nothing_of_it_can_arrive()
    {
        cluster.WhyNot = "packages have to be resolved";
        var application = Application("touch submitted");
        var clock = Stopwatch.StartNew();

        var result = await RunAsync(application, Left(application));

        Assert.Null(result.Error);
        Assert.Equal(1, Started);
        // The shortest lease there is, and ten seconds.
        Assert.True(clock.Elapsed.TotalSeconds > 13, $"It waited {clock.Elapsed.TotalSeconds} s only.");
        Assert.Contains(Said, line => line.Contains("may still arrive", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_arrives_in_that_time_is_not_submitted_again()
    {
        cluster.WhyNot = "packages have to be resolved";
        var application = Application("touch submitted");
        var running = RunAsync(application, Left(application));
        await ExecutionBench.EventuallyAsync(() => cluster.Looks > 2);

        await File.WriteAllTextAsync(Path.Combine(bench.Root, "submitted"), "");

        Assert.Null((await running).Error);
        Assert.Equal(0, Started);
    }

    [Fact]
    public async Task A_cancel_in_the_middle_ends_the_child_and_what_it_has_submitted()
    {
        cluster.WhyNot = "packages have to be resolved";
        using var stop = new CancellationTokenSource();
        var running = RunAsync(Application("touch submitted; sleep 600"), stop: stop.Token);
        await ExecutionBench.EventuallyAsync(() => File.Exists(Path.Combine(bench.Root, "submitted")));

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(1, cluster.Killed);
        var child = File.ReadAllText(Path.Combine(bench.Root, "started")).Trim();
        Assert.False(Directory.Exists("/proc/" + child), "the child still runs");
    }

    private int Started =>
        File.Exists(Path.Combine(bench.Root, "started"))
            ? File.ReadAllLines(Path.Combine(bench.Root, "started")).Length
            : 0;

    private IReadOnlyList<string> Said => bench.Reporter.Lines(LogStream.System);

    private static StoredApplication Left(SparkApplication application) =>
        new(
            application.Attempt.TaskId,
            1,
            application.ClusterName,
            new SparkSubmission(SparkMark.Of(application.Attempt.TaskId, 1), "played", TimeProvider.System.GetUtcNow())
        );

    private async Task<EngineResult> RunAsync(
        SparkApplication application,
        StoredApplication? open = null,
        CancellationToken stop = default
    )
    {
        using var http = new HttpClient();
        var clock = TimeProvider.System;
        var context = bench.Context([]);
        cluster.Folder = bench.Root;
        return await new SparkRun(
            cluster,
            application,
            new UnstoredApplications(clock),
            context,
            new SparkInsight(application, context.Reporter, http, clock),
            new SparkSubmitter(
                bench.Processes,
                Options.Create(new WorkerOptions { LeaseSeconds = 3, HeartbeatSeconds = 1 }),
                clock
            ),
            clock
        ).RunAsync(open, stop);
    }

    /// <summary>An application whose spark-submit is a script.</summary>
    private SparkApplication Application(string script)
    {
        var home = Path.Combine(bench.Root, "spark");
        Directory.CreateDirectory(Path.Combine(home, "bin"));
        var program = Path.Combine(home, "bin", "spark-submit");
        File.WriteAllText(
            program,
            $"#!/bin/bash\ncd '{bench.Root}'\necho $$ >> started\necho \"$*\" > words\necho here I am\necho marks: $(env | grep -c ^SJE_)\n{script}\n"
        );
        File.SetUnixFileMode(program, (UnixFileMode)0b111_101_101);
        return new SparkApplication
        {
            Attempt = bench.Identity,
            Name = "played",
            ClusterName = "stage",
            Cluster = new() { Master = "spark://nowhere:7077" },
            DeployMode = "cluster",
            Installation = new SparkInstallation("4.1", home, null, null, new Version(4, 1, 1)),
            Resource = "/apps/main.jar",
            MainClass = "a.Main",
            IsPython = false,
            Properties = new Dictionary<string, string>
            {
                [SparkMark.Property] = SparkMark.Of(bench.Identity.TaskId, bench.Identity.Attempt),
            },
        };
    }

    /// <summary>Has the application when the file is there that the script makes, and lets it succeed at the second look.</summary>
    private sealed class PlayedCluster : ISparkCluster
    {
        private int seen;

        public string Folder { get; set; } = "";

        public string? WhyNot { get; set; }

        public int Submitted { get; private set; }

        public int Killed { get; private set; }

        public int Looks { get; private set; }

        public SparkClusterKind Kind => SparkClusterKind.Standalone;

        public string? WhyNotRest(SparkApplication application) => WhyNot;

        public Task<IReadOnlyDictionary<string, string>> PrepareSparkSubmitAsync(
            SparkApplication application,
            SparkSubmission chosen,
            string folder,
            CancellationToken stop
        ) =>
            Task.FromResult<IReadOnlyDictionary<string, string>>(
                new Dictionary<string, string> { ["spark.played"] = "yes" }
            );

        public Task<TaskError?> CheckAsync(SparkApplication application, CancellationToken stop) =>
            Task.FromResult<TaskError?>(null);

        public Task<string> ChooseIdentityAsync(SparkApplication application, CancellationToken stop) =>
            Task.FromResult("played");

        public Task<SparkSubmission> SubmitAsync(
            SparkApplication application,
            SparkSubmission chosen,
            CancellationToken stop
        )
        {
            Submitted++;
            return Task.FromResult(chosen);
        }

        public Task<SparkStatus?> FindAsync(SparkSubmission submission, CancellationToken stop)
        {
            Looks++;
            return Task.FromResult(
                !File.Exists(Path.Combine(Folder, "submitted"))
                    ? null
                    : new SparkStatus(++seen > 1 ? SparkState.Succeeded : SparkState.Running)
                    {
                        SubmissionId = "driver-1",
                    }
            );
        }

        public Task KillAsync(SparkSubmission submission, CancellationToken stop)
        {
            Killed++;
            return Task.CompletedTask;
        }

        public Task ReadLogsAsync(
            SparkSubmission submission,
            IDictionary<string, long> positions,
            bool ended,
            Action<SparkLogLine> write,
            CancellationToken stop
        ) => Task.CompletedTask;

        public Task<SparkClusterHealth> HealthAsync(CancellationToken stop) =>
            Task.FromResult(new SparkClusterHealth(true, ""));
    }
}
