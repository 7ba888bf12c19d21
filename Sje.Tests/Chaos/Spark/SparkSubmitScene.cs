using System.Text;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Execution;
using Sje.Jobs.Faults;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos.Spark;

/// <summary>Workers that submit by <c>spark-submit</c> to a cluster, and die over it.</summary>
internal sealed class SparkSubmitScene(TestDatabase db, Dictionary<string, string> settings) : IAsyncDisposable
{
    private const string Attempts = "select count(*) from sje.all_attempts where execution_id = $1";

    private readonly List<SjeProcess> workers = [];
    private TestNode? node;

    /// <summary>Where the workers are, and relative paths begin.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("sje-spark-submit-").FullName;

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public async Task<Guid> SubmitAsync(JsonObject spark)
    {
        node ??= await TestNode.StartAsync(db, worker: false);
        return await node.SubmitAsync(
            new TaskSpec
            {
                Name = "main",
                Type = "spark",
                Settings = spark,
            }
        );
    }

    public Task CancelAsync(Guid id) => node!.Control.CancelAsync(id, "seen enough", CancellationToken.None);

    public SjeProcess Worker(string name, string? fault = null)
    {
        var environment = new Dictionary<string, string>(settings)
        {
            ["SJE_WORKER__DRAINSECONDS"] = "1",
            ["SPARK_LOCAL_IP"] = "127.0.0.1",
        };
        if (fault is not null)
        {
            environment[FaultPoint.Variable] = fault;
        }

        var worker = SjeProcess.Start(
            Folder,
            ["worker", "--name", name, "--slots", "2", "--db", db.ConnectionString],
            environment
        );
        workers.Add(worker);
        return worker;
    }

    /// <summary>Waits for the JVM of the execution's <c>spark-submit</c>, and for why it is one: a worker that is killed takes its last words with it.</summary>
    public async Task SubmittingAsync(Guid execution)
    {
        var task = await db.ScalarAsync<Guid>("select id from sje.all_tasks where execution_id = $1", execution);
        await Eventually.TrueAsync(() => Task.FromResult(Clients(task).Count > 0), "spark-submit runs", 120);
        await Eventually.TrueAsync(
            async () => (await LogAsync(execution)).Contains("with spark-submit:", StringComparison.Ordinal),
            "the log says why",
            30
        );
    }

    /// <summary>Waits until nothing of it is left.</summary>
    public async Task SubmittedAsync(Guid execution)
    {
        var task = await db.ScalarAsync<Guid>("select id from sje.all_tasks where execution_id = $1", execution);
        await Eventually.TrueAsync(
            () => Task.FromResult(Clients(task).Count == 0),
            "the guard ends the child with its worker",
            20
        );
    }

    /// <summary>JVMs of <c>spark-submit</c> on this machine that submit for a task.</summary>
    private static List<int> Clients(Guid task) =>
        [
            .. ProcessTable
                .Read()
                .Select(process => process.Id)
                .Where(id =>
                    CommandLine(id) is var line
                    && line.Contains($"{SparkMark.Property}={task}/", StringComparison.Ordinal)
                    && line.Contains("\0org.apache.spark.deploy.SparkSubmit\0", StringComparison.Ordinal)
                    && line.Contains("--deploy-mode\0cluster\0", StringComparison.Ordinal)
                ),
        ];

    /// <summary>What was said of the execution's attempts, in all their logs.</summary>
    public async Task<string> LogAsync(Guid execution)
    {
        var reader = new LogReader(db.Database);
        var text = new StringBuilder();
        for (var attempt = 1; ; attempt++)
        {
            var head = await reader.FindHeadAsync(execution, "main", attempt, CancellationToken.None);
            var lines = await reader.ReadAsync(execution, head!.TaskId, attempt, 1, 5_000, CancellationToken.None);
            text.AppendJoin('\n', lines.Select(line => line.Text)).Append('\n');
            if (attempt >= await db.ScalarAsync<long>(Attempts, execution))
            {
                return text.ToString();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await worker.DisposeAsync();
        }

        if (node is not null)
        {
            await node.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
