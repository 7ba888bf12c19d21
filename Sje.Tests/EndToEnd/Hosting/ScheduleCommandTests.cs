using System.Text.Json.Nodes;
using Sje.Tests.Integration.Hosting;
using Sje.Tests.Support;
using Sje.Web.Failures;

namespace Sje.Tests.EndToEnd.Hosting;

/// <summary>Saved jobs and schedules from the command line alone, against a real server that works too.</summary>
public sealed class ScheduleCommandTests(TestDatabase database) : IClassFixture<TestDatabase>, IAsyncLifetime
{
    private readonly string folder = EmbeddedPostgresTests.TestFolder();
    private SjeProcess server = null!;

    public async ValueTask InitializeAsync()
    {
        server = SjeProcess.Start(folder, ["all", "--port", "0", "--db", database.ConnectionString]);
        await server.ReadyAsync(folder);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_job_is_saved_run_shown_and_deleted()
    {
        Write(
            "greet.yaml",
            "type: process\nparameters: {who: {type: string, default: nobody}}\nprocess: {command: 'echo hello {{ parameters.who }}'}\n"
        );

        var saved = await RunAsync("jobs", "save", "greet.yaml");
        var run = await RunAsync("jobs", "run", "greet", "--param", "who=42", "--wait", "-o", "json");
        var logs = await RunAsync("logs", Json(run)["taskId"]!.GetValue<string>());
        Write("greet.yaml", "name: greet\ntype: process\nprocess: {command: [echo, changed]}\n");
        var changed = await RunAsync("jobs", "save", "greet.yaml");
        var shown = await RunAsync("jobs", "show", "greet", "--version", "1");
        var list = await RunAsync("jobs", "list");
        var deleted = await RunAsync("jobs", "delete", "greet");
        var (code, _, errors) = await SjeProcess.RunAsync(folder, "jobs", "run", "greet");

        Assert.Contains("greet is saved as version 1", saved, StringComparison.Ordinal);
        Assert.Contains("hello 42", logs, StringComparison.Ordinal);
        Assert.Contains("greet is saved as version 2", changed, StringComparison.Ordinal);
        Assert.Contains("parameters.who", shown, StringComparison.Ordinal);
        Assert.Contains("greet", list, StringComparison.Ordinal);
        Assert.Equal("", deleted);
        Assert.Equal(ExitCodes.Rejected, code);
        Assert.Contains("There is no job 'greet'", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schedule_of_a_job_file_is_shown_paused_resumed_triggered_and_taken_out_of_the_job()
    {
        Write(
            "tick.yaml",
            "name: tick\nschedule: {cron: '0 0 1 1 *', timeZone: Europe/Berlin}\ntype: process\nprocess: {command: [echo, tick]}\n"
        );

        var (refused, _, why) = await SjeProcess.RunAsync(folder, "submit", "tick.yaml");
        var saved = await RunAsync("jobs", "save", "tick.yaml");
        var paused = await RunAsync("schedules", "pause", "tick");
        var list = await RunAsync("schedules");
        var triggered = Json(await RunAsync("schedules", "trigger", "tick", "--wait", "-o", "json"));
        var resumed = await RunAsync("schedules", "resume", "tick");
        var status = await RunAsync("status", (string)triggered["taskId"]!);

        Assert.Equal(ExitCodes.Rejected, refused);
        Assert.Contains("/schedule: A schedule belongs to a saved job", why, StringComparison.Ordinal);
        Assert.Contains("it starts by itself: 0 0 1 1 * (Europe/Berlin), next in", saved, StringComparison.Ordinal);
        Assert.Contains("paused", paused, StringComparison.Ordinal);
        Assert.Contains("the schedule is part of it", paused, StringComparison.Ordinal);
        Assert.Contains("Europe/Berlin", list, StringComparison.Ordinal);
        Assert.Contains("next in", resumed, StringComparison.Ordinal);
        Assert.Equal(
            ("succeeded", "manual", "tick"),
            ((string?)triggered["state"], (string?)triggered["trigger"], (string?)triggered["schedule"])
        );
        Assert.Contains("schedule tick, by hand", status, StringComparison.Ordinal);
        Assert.Equal("", await RunAsync("schedules", "delete", "tick"));
        Assert.DoesNotContain("schedule", await RunAsync("jobs", "show", "tick"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schedule_of_its_own_is_set_changed_previewed_and_deleted()
    {
        Write(
            "load.yaml",
            "name: load\ntype: process\nparameters: {state: {type: string}, n: 3}\nprocess: {command: ['true']}\n"
        );
        await RunAsync("jobs", "save", "load.yaml");

        var missing = await SjeProcess.RunAsync(folder, "schedules", "set", "load-tx", "--job", "load");
        var wrong = await SjeProcess.RunAsync(
            folder,
            "schedules",
            "set",
            "load-tx",
            "--job",
            "load",
            "--cron",
            "61 * * * *"
        );
        var made = Json(
            await RunAsync(
                "schedules",
                "set",
                "load-tx",
                "--job",
                "load",
                "--cron",
                "0 6 * * *",
                "-p",
                "state=05",
                "-p",
                "n=4",
                "-o",
                "json"
            )
        );
        var changed = Json(
            await RunAsync(
                "schedules",
                "set",
                "load-tx",
                "--time-zone",
                "America/Chicago",
                "-p",
                "n=null",
                "--paused",
                "-o",
                "json"
            )
        );
        var shown = await RunAsync("schedules", "show", "load-tx");
        var next = Json(await RunAsync("schedules", "preview", "load-tx", "--count", "3", "-o", "json"));
        var line = await RunAsync(
            "schedules",
            "preview",
            "--cron",
            "30 2 * * *",
            "--time-zone",
            "Europe/Berlin",
            "--after",
            "2026-03-28T12:00:00Z",
            "--count",
            "2"
        );
        var listed = await RunAsync("schedules", "list", "--job", "load");
        var both = await SjeProcess.RunAsync(folder, "schedules", "preview");
        await RunAsync("schedules", "delete", "load-tx");
        var none = await RunAsync("schedules", "--job", "load");

        Assert.Equal(ExitCodes.Usage, missing.Code);
        Assert.Contains("--cron", missing.Errors, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Rejected, wrong.Code);
        Assert.Contains("/cron", wrong.Errors, StringComparison.Ordinal);
        Assert.Equal(("05", 4), ((string?)made["parameters"]!["state"], (int)made["parameters"]!["n"]!));
        Assert.Equal(
            ("""{"state":"05"}""", "0 6 * * *", "America/Chicago", 2),
            (
                changed["parameters"]!.ToJsonString(),
                (string?)changed["cron"],
                (string?)changed["timeZone"],
                (int)changed["version"]!
            )
        );
        Assert.NotNull(changed["pausedAt"]);
        Assert.Contains("paused", shown, StringComparison.Ordinal);
        Assert.Equal(3, next["times"]!.AsArray().Count);
        Assert.Contains("2026-03-29T03:00:00+02:00", line, StringComparison.Ordinal);
        Assert.Contains("load-tx", listed, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, both.Code);
        Assert.Contains("There is no schedule.", none, StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(params string[] words)
    {
        var (code, output, errors) = await SjeProcess.RunAsync(folder, words);
        Assert.True(code == ExitCodes.Ok, $"{string.Join(' ', words)}: {errors}{server.Errors}");
        return output;
    }

    private static JsonNode Json(string text) => JsonNode.Parse(text)!;

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);
}
