using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Hosting.Postgres;

namespace Sje.Tests.Chaos;

/// <summary>The embedded database killed under a serving process with running tasks.</summary>
[Collection(Alone.Name)]
public sealed class DatabaseDeathTests : IDisposable
{
    private const int Tasks = 12;

    private readonly string folder = EmbeddedPostgresTests.TestFolder();

    public void Dispose()
    {
        foreach (var data in Directory.GetDirectories(folder, "pg*", SearchOption.AllDirectories))
        {
            foreach (var process in Postmaster.ProcessesOf(data))
            {
                Postmaster.Kill(process);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_killed_database_loses_nothing_accepted_and_kills_no_running_task()
    {
        await using var sje = SjeProcess.Start(folder, ["all", "--port", "0", "--slots", $"{Tasks}"]);
        using var http = new HttpClient { BaseAddress = new Uri(await sje.ReadyAsync(folder)) };
        var ids = new List<string>();
        for (var i = 0; i < Tasks; i++)
        {
            ids.Add(await SubmitAsync(http, $"echo x >> started.{i}; sleep 6; echo x >> ended.{i}"));
        }

        var waiting = await SubmitAsync(http, "echo x >> started.last; echo x >> ended.last");
        await Eventually.TrueAsync(
            () =>
                Task.FromResult(Enumerable.Range(0, Tasks).All(i => File.Exists(Path.Combine(folder, $"started.{i}")))),
            "all run",
            60
        );
        var postmaster = Directory
            .GetDirectories(Path.Combine(folder, ".sje"), "pg*")
            .Select(Postmaster.Read)
            .Single(p => p is not null)!;

        Postmaster.Kill(postmaster.ProcessId);

        foreach (var id in ids.Append(waiting))
        {
            var task = await Eventually.GetAsync(
                () => StatusAsync(http, id),
                t => t?["state"]?.GetValue<string>() == "succeeded",
                $"task {id} succeeded",
                90
            );
            Assert.Equal(1, task!["attempt"]!.GetValue<int>());
        }

        foreach (var name in Enumerable.Range(0, Tasks).Select(i => $"{i}").Append("last"))
        {
            Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(folder, "started." + name)));
            Assert.Equal("x\n", await File.ReadAllTextAsync(Path.Combine(folder, "ended." + name)));
        }

        sje.Signal("TERM");
        Assert.Equal(0, await sje.EndAsync());
    }

    private static async Task<string> SubmitAsync(HttpClient http, string command)
    {
        using var answer = await http.PostAsJsonAsync(
            "/task",
            new
            {
                name = "sleeper",
                type = "process",
                process = new { command },
            }
        );
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonObject>())!["taskId"]!.GetValue<string>();
    }

    private static async Task<JsonObject?> StatusAsync(HttpClient http, string id)
    {
        using var answer = await http.GetAsync(new Uri($"/task/{id}", UriKind.Relative));
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<JsonObject>() : null;
    }
}
