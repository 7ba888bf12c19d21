using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Core.Jobs;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>
/// A database and a folder of its own for one crash: real processes with and without a fault, tasks that write down every run, and the
/// question whether both views are right.
/// </summary>
internal sealed class CrashScene : IAsyncDisposable
{
    // A task that runs under a dead worker is shown as running by both views, and by both wrongly.
    private const string RunsNowhere = """
        select count(*) from sje.tasks t join sje.workers w on w.id = t.worker_id
        where t.state = 'running' and (w.state not in ('active', 'draining') or w.lease_until < clock_timestamp())
        """;

    private readonly List<SjeProcess> processes = [];
    private readonly ExecutionIntake intake;
    private readonly Signals signals;

    private CrashScene(TestDatabase db)
    {
        Db = db;
        signals = new Signals(db.Database, TimeProvider.System, NullLogger<Signals>.Instance);
        intake = new ExecutionIntake(
            db.Database,
            new SortableIds(TimeProvider.System),
            signals,
            new Admission(db.Database, signals, TimeProvider.System, NullLogger<Admission>.Instance)
        );
    }

    public TestDatabase Db { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("sje-crash-").FullName;

    /// <summary>Settings of its processes beside their own, as variables of the environment.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public static async Task<CrashScene> OpenAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        var db = new TestDatabase();
        await db.InitializeAsync();
        return new CrashScene(db) { Settings = settings ?? new Dictionary<string, string>() };
    }

    /// <summary>Starts the real binary as a worker, with a fault or without, and waits until it is registered or gone.</summary>
    public async Task<SjeProcess> WorkerAsync(string? fault = null, int slots = 4)
    {
        var name = $"w{processes.Count}";
        var process = Start(["worker", "--name", name, "--slots", slots.ToString(CultureInfo.InvariantCulture)], fault);
        await Eventually.TrueAsync(
            async () =>
                process.HasExited
                || await Db.ScalarAsync<long>("select count(*) from sje.workers where name = $1", name) == 1,
            $"worker {name} is there",
            240
        );
        return process;
    }

    /// <summary>Starts the real binary in a role, with a fault or without.</summary>
    public SjeProcess Start(IReadOnlyList<string> words, string? fault = null)
    {
        var environment = new Dictionary<string, string>(Settings) { ["SJE_WORKER__DRAINSECONDS"] = "1" };
        if (fault is not null)
        {
            environment[FaultPoint.Variable] = fault;
        }

        var process = SjeProcess.Start(Folder, [.. words, "--db", Db.ConnectionString], environment);
        processes.Add(process);
        return process;
    }

    /// <summary>Submits a job of one task whose script runs after it has written down that it does, without any process of ours.</summary>
    public Task<Guid> SubmitAsync(string script = "", int maxAttempts = 3) => SubmitAsync(Job(script, maxAttempts));

    /// <summary>Submits a job without any process of ours.</summary>
    public async Task<Guid> SubmitAsync(Submission job) =>
        ((SubmissionAccepted)(await intake.AcceptAsync([job], CancellationToken.None))[0]).ExecutionId;

    /// <summary>The job that <see cref="SubmitAsync(string, int)"/> submits.</summary>
    public Submission Job(string script, int maxAttempts = 3) =>
        TestNode.Job(
            new TaskSpec
            {
                Name = "main",
                Type = "process",
                Settings = new JsonObject { ["command"] = Counting(script) },
                Retry = new RetrySpec
                {
                    MaxAttempts = maxAttempts,
                    // Longer than the state change takes on a busy machine.
                    InitialDelay = TimeSpan.FromSeconds(3),
                    Policy = "fixed",
                },
            }
        );

    /// <summary>A script that writes down each of its runs first.</summary>
    public string Counting(string script) =>
        $"echo \"$SJE_EXECUTION_ID $SJE_ATTEMPT\" >> '{Path.Combine(Folder, "runs")}'\n{script}";

    /// <summary>How often tasks of an execution were run: processes started, whatever became of them.</summary>
    public int Runs(Guid execution)
    {
        var file = Path.Combine(Folder, "runs");
        return File.Exists(file)
            ? File.ReadLines(file).Count(line => line.StartsWith(execution.ToString(), StringComparison.Ordinal))
            : 0;
    }

    /// <summary>Cancels through our own tables alone; Hangfire's view lags.</summary>
    public Task CancelAsync(Guid execution) =>
        new ExecutionControl(Db.Database, signals).CancelAsync(execution, "for a test", CancellationToken.None);

    /// <summary>Waits until a process was ended by its fault.</summary>
    public static async Task DiesAsync(SjeProcess process)
    {
        Assert.Equal(137, await process.EndAsync());
        Assert.Contains($"{FaultPoint.Variable}: kill at", process.Errors, StringComparison.Ordinal);
    }

    /// <summary>Waits until a process has met its fault, and lives on.</summary>
    public static Task IsStruckAsync(SjeProcess process) =>
        Eventually.TrueAsync(
            () => Task.FromResult(process.Errors.Contains($"{FaultPoint.Variable}: ", StringComparison.Ordinal)),
            "the fault has struck",
            60
        );

    /// <summary>The sum of one of Hangfire's counters.</summary>
    public Task<string?> CountersAsync(string key) =>
        Db.ScalarAsync<string>(
            """
            select sum(value)::text from (
                select value from hangfire.counter where key = $1 union all select value from hangfire.aggregatedcounter where key = $1) c
            """,
            key
        );

    /// <summary>Waits until a process stands still at its fault.</summary>
    public static Task StandsAsync(SjeProcess process) =>
        Eventually.TrueAsync(
            () =>
                Task.FromResult(
                    File.ReadAllText($"/proc/{process.Id}/stat").Contains(") T ", StringComparison.Ordinal)
                ),
            "the process stands still",
            60
        );

    /// <summary>Waits until both views are right, and says how long it took.</summary>
    public async Task<double> BothRightAsync(double seconds)
    {
        var clock = Stopwatch.StartNew();
        await Eventually.GetAsync(WrongAsync, wrong => wrong.Length == 0, "both views are right", seconds);
        return clock.Elapsed.TotalSeconds;
    }

    /// <summary>What is wrong in one view or the other; empty when nothing is.</summary>
    public async Task<string> WrongAsync()
    {
        var nowhere = await Db.ScalarAsync<long>(RunsNowhere);
        var lines = await ViewAuditor.DisagreementsAsync(Db);
        return string.Join("; ", nowhere == 0 ? lines : lines.Append($"{nowhere} tasks run under dead workers"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            if (!process.HasExited)
            {
                process.Signal("KILL");
                await process.EndAsync();
            }

            await process.DisposeAsync();
        }

        await Db.DisposeAsync();
        signals.Dispose();
        await RemoveAsync(Folder);
    }

    private static async Task RemoveAsync(string folder)
    {
        // Guards of tasks whose worker was killed take a moment to end them.
        await Eventually.TrueAsync(
            () =>
            {
                try
                {
                    Directory.Delete(folder, recursive: true);
                    return Task.FromResult(true);
                }
                catch (IOException)
                {
                    return Task.FromResult(false);
                }
            },
            $"{folder} is removed"
        );
    }
}
