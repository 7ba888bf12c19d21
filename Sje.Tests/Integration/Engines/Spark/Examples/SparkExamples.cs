using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Jobs.Engines.Spark;
using Sje.Jobs.Engines.Spark.Configuration;
using Sje.Jobs.Engines.Spark.Store;
using Sje.Jobs.Execution;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Examples;

/// <summary>The examples, each a job that a worker runs on a real cluster: the same for every kind.</summary>
public abstract class SparkExamples(TestDatabase db) : IClassFixture<TestDatabase>, IDisposable
{
    private const double Long = 300;

    private readonly string folder = Directory.CreateTempSubdirectory("sje-examples-").FullName;

    private protected TestDatabase Db => db;

    /// <summary>Where a test keeps its files; the worker's storage root.</summary>
    private protected string Folder => folder;

    public void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Pi_is_found_by_a_jar_and_by_Python()
    {
        await using var node = await NodeAsync();
        var jar = await SparkHome.CompileAsync(Example("MonteCarloPi.java"), folder, "MonteCarloPi");

        // The class with main is the one that the manifest names.
        var java = await RunAsync(node, new() { ["application"] = jar, ["arguments"] = new JsonArray("4", "400000") });
        var python = await RunAsync(
            node,
            new() { ["application"] = Example("pi.py"), ["arguments"] = new JsonArray("4", "200000") }
        );

        foreach (var run in new[] { java, python })
        {
            Assert.True(run.State == "succeeded", run.ToString());
            Assert.Matches(@"Pi is roughly 3\.1[34]", run.Log);
            Assert.NotNull(run.Outputs?["applicationId"]);
            Assert.NotNull(run.Outputs?["submissionId"]);
        }
    }

    [Fact]
    public async Task A_failure_in_the_middle_of_a_stage_is_the_tasks_error()
    {
        await using var node = await NodeAsync();

        var run = await RunAsync(node, new() { ["application"] = Example("failing.py") });

        Assert.True(run.State == "failed", run.ToString());
        var message = run.Error?["message"]?.ToString();
        Assert.Contains("Task 6 in stage 1.0 failed 4 times", message, StringComparison.Ordinal);
        Assert.Contains("ValueError: invalid literal for int() with base 10: 'n/a'", message, StringComparison.Ordinal);
        Assert.Contains("8000 lines read", run.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Late_departures_are_what_the_local_engine_finds()
    {
        await using var node = await NodeAsync();
        var answer = Path.Combine(Folder, "late-departures");
        var expected = LateDepartures.Expected();

        var run = await RunAsync(
            node,
            new()
            {
                ["application"] = Example("flights.py"),
                ["arguments"] = new JsonArray(
                    RepositoryFiles.SampleData("flights-3m.parquet"),
                    RepositoryFiles.SampleData("airports.csv"),
                    answer,
                    "60"
                ),
            }
        );

        Assert.True(run.State == "succeeded", run.ToString());
        Assert.True(expected.Count > 40, $"only {expected.Count} states");
        Assert.Equal(expected, LateDepartures.In(answer));
    }

    [Fact]
    public async Task The_advice_names_the_skew()
    {
        await using var node = await NodeAsync();

        var run = await RunAsync(node, new() { ["application"] = Example("skewed.py") });

        Assert.True(run.State == "succeeded", run.ToString());
        var skew = Assert.Single(run.Advice!.AsArray(), advice => advice!["kind"]!.ToString() == "skew");
        Assert.Contains("seal the orders of each customer", skew!["text"]!.ToString(), StringComparison.Ordinal);
        // It stands in the task's log, too.
        Assert.Contains("Advice: " + skew["text"], run.Log, StringComparison.Ordinal);
        // The driver is gone, and its pages are rebuilt.
        var application = run.Outputs!["applicationId"]!.ToString();
        Assert.Contains(
            "Spark Jobs",
            await PageAsync(node, run.Id, $"history/{application}/jobs/"),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task What_runs_long_is_cancelled_and_leaves_nothing()
    {
        await using var node = await NodeAsync();
        var id = await SubmitAsync(
            node,
            new() { ["application"] = Example("slow.py"), ["arguments"] = new JsonArray("600") }
        );
        // Its tasks run, and are seen to.
        await Eventually.TrueAsync(
            () =>
                db.ScalarAsync<bool>("select coalesce(progress, 0) > 0 from sje.all_tasks where execution_id = $1", id),
            "it runs",
            180
        );

        var submission = await db.ScalarAsync<string>(
            "select submission_id from sje.spark_applications where execution_id = $1",
            id
        );
        Assert.True(await RunsAsync(submission!));
        // So are its pages, from here.
        Assert.Contains("Spark Jobs", await PageAsync(node, id, "jobs/"), StringComparison.Ordinal);

        await node.Control.CancelAsync(id, "seen enough", CancellationToken.None);

        await db.ExecutionBecomesAsync(id, "cancelled", 90);
        Assert.False(await RunsAsync(submission!));
        Assert.Equal(
            "killed",
            await db.ScalarAsync<string>("select state from sje.spark_applications where execution_id = $1", id)
        );
    }

    /// <summary>How the worker knows the cluster. Starts it, or skips the test.</summary>
    private protected abstract Task<SparkClusterOptions> ProfileAsync();

    /// <summary>Whether a driver runs, as the cluster says itself.</summary>
    private protected abstract Task<bool> RunsAsync(string submission);

    private protected static string Example(string name) => RepositoryFiles.Path("examples", "spark", name);

    private protected async Task<TestNode> NodeAsync()
    {
        var profile = await ProfileAsync();
        var home = await SparkHome.PathAsync();
        profile.EventLogDir = Directory.CreateDirectory(Path.Combine(folder, "events")).FullName;
        return await TestNode.StartAsync(
            db,
            services: services =>
            {
                services.Configure<SparkOptions>(spark =>
                {
                    spark.Clusters["lab"] = profile;
                    spark.Installations["4.1"] = new() { Home = home };
                });
                services.Configure<StorageOptions>(storage => storage.Root = folder);
                services.AddSjeEngineViews();
            }
        );
    }

    private protected static Task<Guid> SubmitAsync(TestNode node, JsonObject settings)
    {
        settings["cluster"] = "lab";
        return node.SubmitAsync(
            new TaskSpec
            {
                Name = "main",
                Type = "spark",
                Settings = settings,
                Retry = new RetrySpec { MaxAttempts = 1 },
            }
        );
    }

    /// <summary>Runs an example to its end.</summary>
    private protected async Task<ExampleRun> RunAsync(TestNode node, JsonObject settings)
    {
        var id = await SubmitAsync(node, settings);
        var state = await Eventually.GetAsync(
            () => db.ExecutionStateAsync(id),
            state => state is "succeeded" or "failed" or "cancelled",
            "the example ends",
            Long
        );
        return new ExampleRun(
            id,
            state!,
            await LogAsync(id),
            Json(await TextAsync("select outputs::text from sje.finished_tasks where execution_id = $1")),
            Json(await TextAsync("select error::text from sje.all_attempts where execution_id = $1")),
            Json(await TextAsync("select advice::text from sje.spark_applications where execution_id = $1"))
        );

        Task<string?> TextAsync(string sql) => db.ScalarAsync<string>(sql, id);
        static JsonNode? Json(string? text) => text is null ? null : JsonNode.Parse(text);
    }

    /// <summary>One of Spark's pages, as the server shows it.</summary>
    private static async Task<string> PageAsync(TestNode node, Guid id, string path)
    {
        var pages = node.Services.GetRequiredService<SparkPages>();
        SparkPageAnswer? answer = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var tasks = await node.Services.GetRequiredService<SparkReader>().ListAsync(id, 0, 1, default);
                answer = await pages.AskAsync(new SparkPageRequest(tasks[0], "/pages", path, ""), default);
                path = answer is SparkPageMoved moved ? moved.Path["/pages/".Length..] : path;
                return answer is not (SparkPageNotYet or SparkPageMoved);
            },
            "the pages are there",
            90
        );
        using var page = Assert.IsType<SparkPage>(answer);
        Assert.Equal(HttpStatusCode.OK, page.Response.StatusCode);
        return Encoding.UTF8.GetString(page.Html!);
    }

    private async Task<string> LogAsync(Guid id)
    {
        var text = new StringBuilder();
        await using var command = db.Database.Main.CreateCommand(
            "select body, packed from sje.log_chunks where execution_id = $1 order by first_line"
        );
        command.Parameters.AddWithValue(id);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            if (!row.IsDBNull(0))
            {
                text.AppendLine(row.GetString(0));
                continue;
            }

            // Long ones are kept packed.
            using var packed = new MemoryStream(row.GetFieldValue<byte[]>(1));
            await using var unpacked = new BrotliStream(packed, CompressionMode.Decompress);
            using var reader = new StreamReader(unpacked);
            text.AppendLine(await reader.ReadToEndAsync());
        }

        return text.ToString();
    }

    /// <summary>What became of an example.</summary>
    private protected sealed record ExampleRun(
        Guid Id,
        string State,
        string Log,
        JsonNode? Outputs,
        JsonNode? Error,
        JsonNode? Advice
    );
}
