using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Api;

/// <summary>REST to Hangfire to a worker to a result, in the application as it is put together for production.</summary>
public class WholeApplicationTests(SjeFactory factory) : IClassFixture<SjeFactory>
{
    [Fact]
    public async Task A_job_goes_from_REST_to_a_result_and_is_found_in_Hangfire()
    {
        using var http = factory.CreateClient();
        var submitted = await SubmitAsync(
            http,
            new
            {
                name = "greeting",
                parameters = new { who = "world" },
                tasks = new object[]
                {
                    new
                    {
                        name = "hello",
                        type = "process",
                        process = new { command = "echo \"word=\\\"hello\\\"\" >> $SJE_OUTPUTS" },
                    },
                    new
                    {
                        name = "speak",
                        type = "process",
                        dependsOn = new[] { "hello" },
                        process = new
                        {
                            command = new[] { "echo", "{{ tasks.hello.outputs.word }}, {{ parameters.who }}" },
                        },
                    },
                },
            }
        );

        var task = await EndOfAsync(http, submitted);

        Assert.Equal("succeeded", task["state"]!.GetValue<string>());
        var lines = await http.GetFromJsonAsync<JsonObject>($"/api/v1/executions/{submitted}/logs?task=speak");
        Assert.Equal(
            "hello, world",
            lines!["items"]!.AsArray().Single(l => l!["stream"]!.GetValue<string>() == "stdout")![
                "text"
            ]!.GetValue<string>()
        );
        var page = await http.GetStringAsync("/hangfire/jobs/succeeded");
        Assert.Contains("greeting / speak", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pipeline_runs_in_a_child_and_shows_rows_and_figures()
    {
        using var http = factory.CreateClient();
        var root = factory
            .Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<Sje.Jobs.Execution.StorageOptions>>()
            .Value.FullRoot;
        await File.WriteAllTextAsync(Path.Combine(root, "in.csv"), "city,heads\nRome,2\nOslo,3\nRome,5\n");
        var submitted = await SubmitAsync(
            http,
            new
            {
                name = "heads",
                type = "pipeline",
                pipeline = new
                {
                    nodes = new object[]
                    {
                        new
                        {
                            id = "rows",
                            type = "source.csv",
                            @params = new { path = "in.csv" },
                        },
                        new
                        {
                            id = "sums",
                            type = "aggregate",
                            inputs = new { @in = "rows" },
                            @params = new
                            {
                                groupBy = new[] { "city" },
                                aggs = new[]
                                {
                                    new
                                    {
                                        fn = "sum",
                                        col = "heads",
                                        @as = "heads",
                                    },
                                },
                            },
                        },
                        new
                        {
                            id = "out",
                            type = "sink.csv",
                            inputs = new { @in = "sums" },
                            @params = new { path = "out.csv" },
                        },
                    },
                },
            }
        );

        var task = await EndOfAsync(http, submitted);

        Assert.True(task["state"]!.GetValue<string>() == "succeeded", task.ToJsonString());
        var result = await http.GetFromJsonAsync<JsonObject>($"/task/{submitted}/result");
        var rows = result!["preview"]!["rows"]!.AsArray().Select(r => r!.ToJsonString()).Order();
        Assert.Equal(["[\"Oslo\",3]", "[\"Rome\",7]"], rows);
        var written = await File.ReadAllLinesAsync(Path.Combine(root, "out.csv"));
        Assert.Equal("city,heads", written[0]);
        Assert.Equal(["Oslo,3", "Rome,7"], written[1..].Order());
    }

    [Fact]
    public async Task The_original_task_is_run_by_the_engine_and_says_what_it_lacks()
    {
        using var http = factory.CreateClient();
        using var answer = await http.PostAsJsonAsync(
            "/task",
            new
            {
                jobId = "job-1",
                jobType = "SparkApp",
                sparkAppPath = "hdfs:///apps/etl.jar",
                parameters = new { day = "2026-11-25" },
                dependencies = new[] { "hdfs:///libs/a.jar" },
            }
        );
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);

        // There is no Spark here, and no file.
        var task = await EndOfAsync(http, "job-1");
        Assert.Equal("failed", task["state"]!.GetValue<string>());
        Assert.Contains("spark", task["error"]!["message"]!.GetValue<string>(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Who_comes_to_the_front_door_lands_on_a_page()
    {
        using var http = factory.CreateClient(new() { AllowAutoRedirect = false });
        using var answer = await http.GetAsync(new Uri("/", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/ops", answer.Headers.Location!.ToString());
    }

    [Fact]
    public void Every_route_of_the_whole_application_says_who_may_use_it()
    {
        var open = factory
            .Services.GetServices<EndpointDataSource>()
            .SelectMany(s => s.Endpoints)
            .OfType<RouteEndpoint>()
            .Where(e =>
                e.Metadata.GetMetadata<IAuthorizeData>() is null && e.Metadata.GetMetadata<IAllowAnonymous>() is null
            )
            .Select(e => e.RoutePattern.RawText);

        Assert.Empty(open);
    }

    private static async Task<string> SubmitAsync(HttpClient http, object job)
    {
        using var answer = await http.PostAsJsonAsync("/task", job);
        var body = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, body);
        return JsonNode.Parse(body)!["taskId"]!.GetValue<string>();
    }

    private static async Task<JsonObject> EndOfAsync(HttpClient http, string id) =>
        (
            await Eventually.GetAsync(
                () => http.GetFromJsonAsync<JsonObject>($"/task/{id}"),
                t => t?["finishedAt"] is not null,
                "the job ends",
                60
            )
        )!;
}
