using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Engines.Spark.Submit;
using Sje.Jobs.Queueing;

namespace Sje.Tests.Unit.Engines.Spark;

/// <summary>What an attempt makes of what its cluster and its database do.</summary>
public sealed class SparkRunTests
{
    private static readonly AttemptIdentity Attempt = new(Guid.NewGuid(), Guid.NewGuid(), "test", "main", 2);
    private static readonly SparkStatus Running = new(SparkState.Running) { ApplicationId = "app-1" };
    private static readonly SparkStatus Succeeded = Running with { State = SparkState.Succeeded };

    private readonly FakeTimeProvider clock = new();
    private readonly ScriptedCluster cluster = new();
    private readonly ForgetfulStore store = new();
    private readonly Reporter reporter = new();
    private bool handsOver;

    [Fact]
    public async Task An_application_that_succeeds_is_the_attempts_success()
    {
        cluster.Says(Running, Succeeded);

        var result = await RunAsync();

        Assert.Null(result.Error);
        Assert.Equal("app-1", result.Outputs["applicationId"]!.ToString());
        Assert.Equal([SparkState.Succeeded], store.Ends);
    }

    [Fact]
    public async Task What_a_lost_attempt_saw_succeed_is_not_asked_for_again()
    {
        var result = await RunAsync(Open() with { Succeeded = new SparkOutcome(new JsonObject { ["tasks"] = 7 }) });

        Assert.Null(result.Error);
        Assert.Equal("app-0", result.Outputs["applicationId"]!.ToString());
        Assert.Equal(7, result.Parts!["facts"]!["tasks"]!.GetValue<int>());
        Assert.Equal((0, 0), (cluster.Found, cluster.Submitted));
    }

    [Fact]
    public async Task A_log_that_went_with_its_machine_does_not_keep_the_attempt_from_ending()
    {
        var gone = new TaskError("temporary", "its machine is gone");
        cluster.Says(Running, Running with { State = SparkState.Lost, Error = gone });
        cluster.LogsAreGone = true;

        var result = await RunAsync();

        Assert.Equal(gone, result.Error);
        Assert.Contains(
            reporter.Lines,
            line => line.StartsWith("The rest of the log cannot be read", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_log_that_cannot_be_read_does_not_keep_a_cancelled_application_alive()
    {
        cluster.Says(Running);
        cluster.LogsAreGone = true;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(stopAfter: TimeSpan.FromSeconds(5)));

        Assert.Equal(1, cluster.Killed);
        Assert.Equal([SparkState.Killed], store.Ends);
    }

    [Fact]
    public async Task A_worker_that_drains_leaves_the_application_as_it_is()
    {
        cluster.Says(Running);
        handsOver = true;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(stopAfter: TimeSpan.FromSeconds(5)));

        Assert.Equal(0, cluster.Killed);
        Assert.Empty(store.Ends);
    }

    [Theory]
    [InlineData(true, "temporary")]
    [InlineData(false, "killed")]
    public async Task A_driver_that_is_gone_was_taken_by_its_cluster_where_that_had_said_so(bool told, string expected)
    {
        var leaving = new TaskError("temporary", "the machine is taken back");
        cluster.Says(Running, Running with { Leaving = told ? leaving : null }, null);

        var result = await RunAsync();

        Assert.Equal(expected, result.Error!.Class);
        Assert.Equal([SparkState.Lost], store.Ends);
    }

    [Fact]
    public async Task An_outage_of_the_database_costs_no_attempt()
    {
        cluster.Says(Running, Succeeded);
        store.Outages = 5;

        var result = await RunAsync();

        Assert.Null(result.Error);
        Assert.Equal(0, store.Outages);
        Assert.Equal([SparkState.Succeeded], store.Ends);
    }

    [Fact]
    public async Task A_failed_stage_is_named_where_the_cluster_says_little()
    {
        cluster.Says(
            Running,
            Running with
            {
                State = SparkState.Failed,
                Error = new TaskError("error", "The driver failed."),
            }
        );
        cluster.Log =
        [
            "x: Job aborted due to stage failure: Task 6 in stage 1.0 failed 4 times, most recent failure: Lost task 6.3 in stage 1.0 (TID 9) (h executor 1): java.lang.Oops: no",
        ];

        var result = await RunAsync();

        Assert.Equal(
            "The driver failed. Job aborted due to stage failure: Task 6 in stage 1.0 failed 4 times: java.lang.Oops: no",
            result.Error!.Message
        );
    }

    private static StoredApplication Open() =>
        new(
            Attempt.TaskId,
            1,
            "lab",
            new SparkSubmission(SparkMark.Of(Attempt.TaskId, 1), "identity", DateTimeOffset.UnixEpoch)
            {
                ApplicationId = "app-0",
            }
        );

    private async Task<EngineResult> RunAsync(StoredApplication? open = null, TimeSpan? stopAfter = null)
    {
        using var http = new HttpClient();
        var application = new SparkApplication
        {
            Attempt = Attempt,
            Name = "test",
            ClusterName = "lab",
            Cluster = new() { Master = "spark://nowhere:7077" },
            DeployMode = "cluster",
            Resource = "local:///app.py",
            IsPython = true,
            Properties = new Dictionary<string, string>(),
        };
        var context = new EngineContext
        {
            Identity = Attempt,
            Settings = [],
            Scope = new TemplateScope([]),
            Resources = new ResourceSpec(),
            WorkingDirectory = "",
            StorageRoot = "/",
            Reporter = reporter,
            Lease = new EndlessLease(),
            HandsOver = () => handsOver,
        };
        using var stop = stopAfter is { } after
            ? new CancellationTokenSource(after, clock)
            : new CancellationTokenSource();
        var run = new SparkRun(
            cluster,
            application,
            new PatientStore(store, context.Lease, clock),
            context,
            new SparkInsight(application, reporter, http, clock),
            // Nothing here goes by spark-submit.
            new SparkSubmitter(null!, Options.Create(new WorkerOptions()), clock),
            clock
        ).RunAsync(open ?? Open(), stop.Token);
        while (!run.IsCompleted)
        {
            clock.Advance(TimeSpan.FromMilliseconds(500));
            await Task.Yield();
        }

        return await run;
    }

    private sealed class ScriptedCluster : ISparkCluster
    {
        private readonly Queue<SparkStatus?> answers = new();

        public SparkClusterKind Kind => SparkClusterKind.Standalone;

        public bool LogsAreGone { get; set; }

        public IReadOnlyList<string> Log { get; set; } = [];

        public int Found { get; private set; }

        public int Submitted { get; private set; }

        public int Killed { get; private set; }

        /// <summary>One answer after the other, the last one for good.</summary>
        public void Says(params SparkStatus?[] statuses)
        {
            foreach (var status in statuses)
            {
                answers.Enqueue(status);
            }
        }

        public Task<SparkStatus?> FindAsync(SparkSubmission submission, CancellationToken stop)
        {
            Found++;
            return Task.FromResult(answers.Count > 1 ? answers.Dequeue() : answers.Peek());
        }

        public Task<SparkSubmission> SubmitAsync(
            SparkApplication application,
            SparkSubmission chosen,
            CancellationToken stop
        )
        {
            Submitted++;
            return Task.FromResult(chosen);
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
        )
        {
            if (LogsAreGone)
            {
                throw new SparkClusterUnavailableException("nobody there");
            }

            foreach (var line in ended ? Log : [])
            {
                write(new SparkLogLine("driver", LogStream.Stderr, line));
            }

            return Task.CompletedTask;
        }

        public Task<IReadOnlyDictionary<string, string>> PrepareSparkSubmitAsync(
            SparkApplication application,
            SparkSubmission chosen,
            string folder,
            CancellationToken stop
        ) => throw new InvalidOperationException("It goes by the cluster's own interface.");

        public Task<TaskError?> CheckAsync(SparkApplication application, CancellationToken stop) =>
            Task.FromResult<TaskError?>(null);

        public Task<string> ChooseIdentityAsync(SparkApplication application, CancellationToken stop) =>
            Task.FromResult("identity");

        public Task<SparkClusterHealth> HealthAsync(CancellationToken stop) =>
            Task.FromResult(new SparkClusterHealth(true, ""));
    }

    private sealed class ForgetfulStore : ISparkStore
    {
        public List<SparkState> Ends { get; } = [];

        /// <summary>How many writes still find no database.</summary>
        public int Outages { get; set; }

        public Task<StoredApplication?> FindOpenAsync(AttemptIdentity attempt, CancellationToken stop) =>
            Task.FromResult<StoredApplication?>(null);

        public Task<StoredApplication> ChooseAsync(
            AttemptIdentity attempt,
            SparkApplication application,
            string identity,
            CancellationToken stop
        ) => Task.FromResult(Open());

        public Task NoteAsync(StoredApplication application, SparkStatus status, CancellationToken stop) =>
            WriteAsync();

        public async Task EndAsync(
            StoredApplication application,
            SparkState state,
            SparkOutcome outcome,
            CancellationToken stop
        )
        {
            await WriteAsync();
            Ends.Add(state);
        }

        private Task WriteAsync() =>
            Outages > 0 && Outages-- > 0
                ? throw new NpgsqlException("away", new IOException("no connection"))
                : Task.CompletedTask;
    }

    private sealed class Reporter : ITaskReporter
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public void Log(LogStream stream, string line) => Lines.Enqueue(line);

        public void Progress(double fraction, string? message) { }

        public void Metric(string name, double value) { }

        public void Checkpoint(JsonNode checkpoint) { }
    }

    private sealed class EndlessLease : IAttemptLease
    {
        public double DeadlineUptime => double.MaxValue;

        public Task<double> NextDeadlineAsync(double seen, CancellationToken stop) => Task.FromResult(seen);
    }
}
