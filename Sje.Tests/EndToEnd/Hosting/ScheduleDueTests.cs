using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>A due time, from the job file to the log of the task, as people see it.</summary>
public sealed class ScheduleDueTests(TestDatabase database) : IClassFixture<TestDatabase>, IDisposable
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_due_time_starts_the_job_and_stands_on_the_execution_and_in_its_template()
    {
        await using var server = SjeProcess.Start(folder, ["all", "--port", "0", "--db", database.ConnectionString]);
        using var http = new HttpClient { BaseAddress = new Uri(await server.ReadyAsync(folder)) };
        await File.WriteAllTextAsync(
            Path.Combine(folder, "tick.yaml"),
            "schedule: {cron: '*/2 * * * * *'}\ntype: process\nprocess: {command: 'echo for {{ execution.scheduledFor }}'}\n"
        );

        var saved = await SjeProcess.RunAsync(folder, "jobs", "save", "tick.yaml");
        Assert.True(saved.Code == ExitCodes.Ok, saved.Errors);
        var execution = await Eventually.GetAsync(
            async () =>
                JsonNode.Parse(await http.GetStringAsync("/api/v1/executions?job=tick&state=succeeded"))!["items"]!
                    .AsArray()
                    .FirstOrDefault(),
            found => found is not null,
            "a due execution has succeeded",
            120
        );
        await SjeProcess.RunAsync(folder, "schedules", "pause", "tick");
        var id = (string)execution!["id"]!;
        var due = execution["scheduledFor"]!.GetValue<DateTimeOffset>();
        var log = await SjeProcess.RunAsync(folder, "logs", id);
        var status = await SjeProcess.RunAsync(folder, "status", id);

        Assert.Equal(("schedule", "tick"), ((string?)execution["trigger"], (string?)execution["schedule"]));
        Assert.Equal((0, 0), (due.Second % 2, due.Millisecond));
        Assert.Contains(
            "for " + due.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture),
            log.Output,
            StringComparison.Ordinal
        );
        Assert.Contains("schedule tick, due at", status.Output, StringComparison.Ordinal);

        // The schedule goes, what it started stays and says so.
        await http.DeleteAsync("/api/v1/schedules/tick");
        var later = JsonNode.Parse(await http.GetStringAsync($"/api/v1/executions/{id}"))!;
        Assert.Equal("schedule", (string?)later["trigger"]);
        Assert.Null(later["schedule"]);
        Assert.NotNull(later["scheduledFor"]);
    }
}
