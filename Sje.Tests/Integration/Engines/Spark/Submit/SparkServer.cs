using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sje.Testbed;
using Sje.Tests.Support;
using Sje.Tests.Support.Clusters;

namespace Sje.Tests.Integration.Engines.Spark.Submit;

/// <summary>
/// The real binary in role <c>all</c>, with a Spark installation and a standalone cluster named <c>lab</c> in its configuration. Use as a fixture.
/// </summary>
public sealed class SparkServer : IAsyncLifetime
{
    private readonly TestDatabase db = new();
    private SjeProcess process = null!; // Set before any test.

    /// <summary>The folder that relative paths start from.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("sje-spark-server-").FullName;

    public StandaloneSpark Lab { get; } = new();

    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await db.InitializeAsync();
        await Lab.InitializeAsync();
        var profile = Lab.Profile;
        process = SjeProcess.Start(
            Folder,
            ["all", "--slots", "3", "--port", "0", "--db", db.ConnectionString],
            new Dictionary<string, string>
            {
                ["SJE_WORKER__DRAINSECONDS"] = "1",
                ["SJE_spark__installations__4.1__home"] = Lab.Home,
                ["SJE_spark__clusters__lab__master"] = profile.Master,
                ["SJE_spark__clusters__lab__rest__0"] = profile.Rest[0],
                ["SJE_spark__clusters__lab__webUi__0"] = profile.WebUi[0],
                ["SJE_spark__clusters__lab__eventLogDir"] = Lab.Events,
                ["SJE_spark__clusters__lab__sparkConf__spark.driver.memory"] = "512m",
                ["SJE_spark__clusters__lab__sparkConf__spark.executor.memory"] = "512m",
                ["SJE_spark__clusters__lab__sparkConf__spark.cores.max"] = "2",
                ["SJE_spark__clusters__lab__sparkConf__spark.eventLog.compress"] = "false",
                ["SPARK_LOCAL_IP"] = "127.0.0.1",
                // Short lives: what the JVM compiles well comes too late for them.
                ["JAVA_TOOL_OPTIONS"] = ShortLives.JavaOptions,
                ["SJE_execution__passEnvironment__0"] = "JAVA_TOOL_OPTIONS",
            }
        );
        Http = new HttpClient { BaseAddress = new Uri(await process.ReadyAsync(Folder)) };
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        await Lab.DisposeAsync();
        await db.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);

    /// <summary>Submits a job or an original task to <c>POST /task</c>.</summary>
    public async Task<Guid> SubmitAsync(string job)
    {
        using var answer = await Http.PostAsync("/task", new StringContent(job, Encoding.UTF8, "application/json"));
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, body);
        return JsonNode.Parse(body)!["taskId"]!.GetValue<Guid>();
    }

    public async Task<JsonNode> GetAsync(string path) => JsonNode.Parse(await Http.GetStringAsync(path))!;

    /// <summary>Waits until it has ended, and returns it as <c>/api/v1</c> shows it.</summary>
    public async Task<JsonNode> EndAsync(Guid id)
    {
        await Eventually.GetAsync(
            async () => (await GetAsync($"/task/{id}"))["state"]!.ToString(),
            state => state is "succeeded" or "failed" or "cancelled" or "timed_out",
            "it ends",
            240
        );
        return await GetAsync($"/api/v1/executions/{id}");
    }

    /// <summary>The whole log of the only task.</summary>
    public async Task<string> LogAsync(Guid id) =>
        string.Join(
            '\n',
            (await GetAsync($"/api/v1/executions/{id}/logs?count=1000"))["items"]!
                .AsArray()
                .Select(line => line!["text"]!.ToString())
        );
}
