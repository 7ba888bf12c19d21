using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sje.Core.Security;
using Sje.Jobs.Storage;

namespace Sje.Tests.Support;

/// <summary>The real binary in role <c>all</c> on a database and in a folder of its own. Use as a fixture.</summary>
public sealed class ServingProcess : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sje-serving-").FullName;
    private SjeProcess process = null!;

    public TestDatabase Db { get; } = new();

    public string Url { get; private set; } = "";

    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Db.InitializeAsync();
        process = SjeProcess.Start(
            folder,
            ["all", "--name", "first", "--queues", "default,etl", "--port", "0", "--db", Db.ConnectionString],
            new Dictionary<string, string> { ["SJE_WORKER__DRAINSECONDS"] = "1" }
        );
        Url = await process.ReadyAsync(folder);
        Http = new HttpClient { BaseAddress = new Uri(Url), Timeout = TimeSpan.FromSeconds(100) };
    }

    /// <summary>A key, made in the database.</summary>
    public async Task<string> NewKeyAsync(Role role, string tenant = "default")
    {
        await using var services = new ServiceCollection()
            .AddSingleton(Db.Database)
            .AddSjeStorage()
            .BuildServiceProvider();
        return (
            await services.GetRequiredService<KeyStore>().CreateAsync($"{role} of {tenant}", role, tenant, default)
        ).Key;
    }

    /// <summary>Submits a job that runs a shell script.</summary>
    public async Task<Guid> SubmitAsync(
        string name,
        string script,
        string queue = "default",
        object? retry = null,
        object? parameters = null
    )
    {
        using var answer = await Http.PostAsJsonAsync(
            "/task",
            new
            {
                name,
                queue,
                type = "process",
                parameters = parameters ?? new { },
                retry = retry ?? new { policy = "none" },
                process = new { command = script },
            }
        );
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!["taskId"]!.GetValue<Guid>();
    }

    /// <summary>The background job of a task of one of our executions.</summary>
    public Task<long> JobOfAsync(Guid execution, string task = "main") =>
        Eventually.GetAsync(
            () =>
                Db.ScalarAsync<long>(
                    "select hangfire_job_id from sje.all_tasks where execution_id = $1 and ($2 = 'main' or name = $2)",
                    execution,
                    task
                ),
            job => job > 0,
            "a background job",
            60
        );

    /// <summary>Starts another worker on the same database.</summary>
    internal SjeProcess StartWorker(string name, string queues) =>
        SjeProcess.Start(
            folder,
            ["worker", "--name", name, "--queues", queues, "--slots", "3", "--db", Db.ConnectionString],
            new Dictionary<string, string> { ["SJE_WORKER__DRAINSECONDS"] = "1" }
        );

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (process is not null)
        {
            await process.DisposeAsync();
        }

        await Db.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
