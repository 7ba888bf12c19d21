using System.Net;
using System.Text.Json.Nodes;

namespace Sje.Tests.Integration.Api;

public sealed class JobRunsApiTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly string ThreeTasks = Tasks("extract", "load < extract", "report < load");

    [Fact]
    public async Task Runs_come_newest_first_with_a_cell_for_each_of_their_tasks()
    {
        await SaveAsync("grid", ThreeTasks);
        var first = await RunAsync("grid");
        await SaveAsync("grid", Tasks("extract", "check"));
        var second = await RunAsync("grid");

        var grid = await GetAsync("/api/v1/jobs/grid/runs");

        Assert.Equal(["extract", "check", "load", "report"], Texts(grid["tasks"]!));
        Assert.Equal(4, grid["taskCount"]!.GetValue<int>());
        Assert.Equal([second, first], grid["runs"]!.AsArray().Select(run => (string?)run!["execution"]!["id"]));
        Assert.Equal([0, 1], CellTasks(grid, 0));
        Assert.Equal([0, 2, 3], CellTasks(grid, 1));
        Assert.Equal(
            ["queued", "blocked", "blocked"],
            grid["runs"]![1]!["cells"]!.AsArray().Select(cell => (string?)cell!["state"])
        );
        Assert.Null(grid["nextCursor"]);
    }

    [Fact]
    public async Task Runs_and_tasks_are_paged_each_for_itself()
    {
        await SaveAsync("paged grid", ThreeTasks);
        var ids = new List<string>();
        for (var run = 0; run < 3; run++)
        {
            ids.Insert(0, await RunAsync("paged grid"));
        }

        var first = await GetAsync("/api/v1/jobs/paged%20grid/runs?limit=2&tasks=2&taskOffset=1");
        var second = await GetAsync($"/api/v1/jobs/paged%20grid/runs?limit=2&cursor={first["nextCursor"]}");

        Assert.Equal(["load", "report"], Texts(first["tasks"]!));
        Assert.Equal(3, first["taskCount"]!.GetValue<int>());
        Assert.Equal([0, 1], CellTasks(first, 0));
        Assert.Equal(
            ids,
            first["runs"]!.AsArray().Concat(second["runs"]!.AsArray()).Select(run => (string?)run!["execution"]!["id"])
        );
        Assert.Null(second["nextCursor"]);
    }

    [Fact]
    public async Task A_state_chooses_runs_and_what_is_wrong_is_named()
    {
        await SaveAsync("by state", ThreeTasks);
        await RunAsync("by state");

        Assert.Empty((await GetAsync("/api/v1/jobs/by%20state/runs?state=failed,timed_out"))["runs"]!.AsArray());
        var wrong = await (
            await host.Client.GetAsync("/api/v1/jobs/by%20state/runs?state=odd&tasks=0&taskOffset=-1")
        ).ReadProblemAsync(422, "validation");
        Assert.Equal(["state", "taskOffset", "tasks"], wrong.Pointers().Order());
        await (await host.Client.GetAsync("/api/v1/jobs/absent/runs")).ReadProblemAsync(404, "not-found");
    }

    /// <summary>A job of these tasks; "b &lt; a" waits for a.</summary>
    private static string Tasks(params string[] tasks) =>
        new JsonObject
        {
            ["tasks"] = new JsonArray([
                .. tasks
                    .Select(task => task.Split(" < "))
                    .Select(task => new JsonObject
                    {
                        ["name"] = task[0],
                        ["type"] = "process",
                        ["process"] = new JsonObject { ["command"] = new JsonArray("true") },
                        ["dependsOn"] = new JsonArray([.. task.Skip(1).Select(name => JsonValue.Create(name))]),
                    }),
            ]),
        }.ToJsonString();

    private async Task SaveAsync(string name, string job) =>
        Assert.True(
            (
                await host.Client.PutAsync($"/api/v1/jobs/{Uri.EscapeDataString(name)}", ApiHost.Json(job))
            ).IsSuccessStatusCode
        );

    private async Task<string> RunAsync(string name)
    {
        var answer = await host.Client.PostAsync(
            $"/api/v1/jobs/{Uri.EscapeDataString(name)}/executions",
            ApiHost.Json("{}")
        );
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return (string)(await answer.ReadJsonAsync())["taskId"]!;
    }

    private async Task<JsonNode> GetAsync(string path) => await (await host.Client.GetAsync(path)).ReadJsonAsync();

    private static IEnumerable<string> Texts(JsonNode list) => list.AsArray().Select(text => (string)text!);

    private static IEnumerable<int> CellTasks(JsonNode grid, int run) =>
        grid["runs"]![run]!["cells"]!.AsArray().Select(cell => cell!["task"]!.GetValue<int>());
}
