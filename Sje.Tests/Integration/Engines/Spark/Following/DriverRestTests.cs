using Microsoft.AspNetCore.Http;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Tests.Chaos;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Engines.Spark.Following;

/// <summary>What answers as a driver should not; how a real one answers is in <see cref="SparkRunTests"/>.</summary>
[Collection(Alone.Name)]
public sealed class DriverRestTests : IDisposable
{
    private static readonly DriverApplication App = new("app-1", null, "app-1");

    private readonly HttpMessageInvoker http = DriverRest.Connections();

    public void Dispose() => http.Dispose();

    [Fact]
    public async Task It_works_below_any_path_and_names_YARNs_attempt()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
                context.Response.WriteAsync(
                    context.Request.Path.Value!.EndsWith("/applications", StringComparison.Ordinal)
                        ? """
                        [{"id":"application_7_0001","name":"a","attempts":[
                          {"attemptId":"2","startTime":"2026-11-21T10:11:12.123GMT","endTime":"1969-12-31T23:59:59.999GMT","completed":false,"appSparkVersion":"3.5.1"},
                          {"attemptId":"1","completed":true}]}]
                        """
                        : "[]"
                )
        );
        var rest = Rest(target, "/proxy/application_7_0001");

        var application = await rest.ApplicationAsync("application_7_0001", default);
        await rest.JobsAsync(application!, default);
        await rest.StagesAsync(application!, onlyActive: true, default);

        Assert.Equal("2", application!.AttemptId);
        Assert.Equal("3.5.1", application.SparkVersion);
        Assert.Equal(new DateTimeOffset(2026, 11, 21, 10, 11, 12, 123, TimeSpan.Zero), application.StartedAt);
        Assert.Null(application.EndedAt);
        Assert.Equal(
            [
                "/proxy/application_7_0001/api/v1/applications",
                "/proxy/application_7_0001/api/v1/applications/application_7_0001/2/jobs",
                "/proxy/application_7_0001/api/v1/applications/application_7_0001/2/stages?status=active",
            ],
            target.Requests.Select(request => request.Path)
        );
    }

    [Fact]
    public async Task Another_application_of_the_same_server_is_not_taken_for_it()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) => context.Response.WriteAsync("""[{"id":"app-2"},{"name":"no id"},7]""")
        );

        Assert.Null(await Rest(target).ApplicationAsync("app-1", default));
        Assert.Equal("app-2", (await Rest(target).ApplicationAsync(null, default))!.Id);
    }

    [Fact]
    public async Task What_is_missing_or_of_another_kind_is_nothing()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
                context.Response.WriteAsync(
                    """[{"stageId":3,"status":"SOMETHING_NEW","numTasks":"4","inputBytes":1.5e3,"name":null,"submissionTime":"never"},{},null]"""
                )
        );

        var stages = await Rest(target).StagesAsync(App, onlyActive: false, default);

        Assert.Equal(
            new SparkStageFacts
            {
                Id = 3,
                Tasks = 4,
                InputBytes = 1500,
            },
            stages[0]
        );
        Assert.Equal(3, stages.Count);
        Assert.Empty((await Rest(target).JobsAsync(App, default))[0].StageIds);
    }

    [Fact]
    public async Task Stages_whose_tasks_have_not_ended_have_no_quantiles()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = 404;
                return context.Response.WriteAsync("No tasks reported metrics for 1 / 0 yet.");
            }
        );

        var stage = new SparkStageFacts { Id = 1 };

        Assert.Same(stage, await Rest(target).WithQuantilesAsync(App, stage, default));
    }

    [Theory]
    [InlineData(200, "<html>a login page</html>", "does not answer in JSON")]
    [InlineData(200, "[{\"id\":", "does not answer in JSON")]
    [InlineData(500, "x", "answered 500")]
    [InlineData(302, "x", "answered 302")]
    public async Task What_is_no_driver_is_unavailable(int status, string body, string says)
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                context.Response.StatusCode = status;
                // To another host: what its driver answers is not for us to fetch anywhere else.
                context.Response.Headers.Location = "http://127.0.0.1:1/api/v1/applications";
                return context.Response.WriteAsync(body);
            }
        );

        var failure = await Assert.ThrowsAsync<DriverUnavailableException>(() =>
            Rest(target).ApplicationAsync(null, default)
        );

        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirect_on_the_same_server_is_followed_and_a_circle_ends()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
            {
                var good = context.Request.Path.Value!.StartsWith("/elsewhere", StringComparison.Ordinal);
                context.Response.StatusCode = good ? 200 : 307;
                context.Response.Headers.Location = context.Request.Path.Value.Contains(
                    "jobs",
                    StringComparison.Ordinal
                )
                    ? context.Request.Path.Value
                    : "/elsewhere";
                return context.Response.WriteAsync(good ? """[{"id":"app-1"}]""" : "");
            }
        );

        Assert.Equal("app-1", (await Rest(target).ApplicationAsync(null, default))!.Id);
        await Assert.ThrowsAsync<DriverUnavailableException>(() => Rest(target).JobsAsync(App, default));
        Assert.InRange(target.Requests.Count(request => request.Path.Contains("jobs", StringComparison.Ordinal)), 2, 5);
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        await using var target = await HttpTarget.StartAsync(
            async (_, context) =>
            {
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await context.Response.WriteAsync(new string(' ', 64 << 10));
                }
            }
        );
        var rest = new DriverRest(http, new Uri(target.Address), TimeProvider.System)
        {
            MostBytes = 1 << 20,
            Limit = TimeSpan.FromMinutes(1),
        };

        var failure = await Assert.ThrowsAsync<DriverUnavailableException>(() => rest.JobsAsync(App, default));

        Assert.Contains("larger than 1 MiB", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_driver_that_does_not_answer_in_time_is_unavailable_and_a_stop_is_a_stop()
    {
        await using var target = await HttpTarget.StartAsync((target, context) => target.HoldAsync(context));
        var rest = new DriverRest(http, new Uri(target.Address), TimeProvider.System)
        {
            Limit = TimeSpan.FromMilliseconds(300),
        };

        await Assert.ThrowsAsync<DriverUnavailableException>(() => rest.JobsAsync(App, default));
        using var stop = new CancellationTokenSource();
        var asked = Rest(target).JobsAsync(App, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task Nobody_there_is_unavailable()
    {
        var rest = new DriverRest(http, new Uri("http://127.0.0.1:1"), TimeProvider.System);

        await Assert.ThrowsAsync<DriverUnavailableException>(() => rest.ApplicationAsync(null, default));
    }

    [Fact]
    public async Task Secrets_of_the_environment_are_not_kept()
    {
        await using var target = await HttpTarget.StartAsync(
            (_, context) =>
                context.Response.WriteAsync(
                    """{"sparkProperties":[["spark.executor.memory","2g"],["spark.hadoop.secret","x"],["spark.sje.task","t/1"],[1],"x"]}"""
                )
        );

        var properties = await Rest(target).PropertiesAsync(App, default);

        Assert.Equal(
            new Dictionary<string, string> { ["spark.executor.memory"] = "2g", ["spark.sje.task"] = "t/1" },
            properties
        );
    }

    [Theory]
    [InlineData("1204.0 B", 1204L)]
    [InlineData("15.5 MiB", 16252928L)]
    [InlineData(
        "total (min, med, max (stageId: taskId))\n2.0 KiB (1.0 KiB, 1.0 KiB, 1.0 KiB (stage 1.0: task 2))",
        2048L
    )]
    [InlineData("1,024.0 KiB", 1048576L)]
    [InlineData("1,234", null)]
    [InlineData("12 ms", null)]
    [InlineData(null, null)]
    public void Sizes_written_for_people_are_read(string? text, long? bytes) =>
        Assert.Equal(bytes, DriverPlans.Size(text));

    private DriverRest Rest(HttpTarget target, string path = "") =>
        new(http, new Uri(target.Address.TrimEnd('/') + path), TimeProvider.System)
        {
            Limit = TimeSpan.FromSeconds(30),
        };
}
