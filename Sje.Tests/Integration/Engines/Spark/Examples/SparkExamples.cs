using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Configuration;
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

    /// <summary>How the worker knows the cluster. Starts it, or skips the test.</summary>
    private protected abstract Task<SparkClusterOptions> ProfileAsync();

    private protected static string Example(string name) => RepositoryFiles.Path("examples", "spark", name);

    private protected async Task<TestNode> NodeAsync()
    {
        var profile = await ProfileAsync();
        return await TestNode.StartAsync(
            db,
            services: services =>
            {
                services.Configure<SparkOptions>(spark => spark.Clusters["lab"] = profile);
                services.Configure<StorageOptions>(storage => storage.Root = folder);
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
