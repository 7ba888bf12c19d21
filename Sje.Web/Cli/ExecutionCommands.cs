using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>status</c> and <c>wait</c>: about one execution.</summary>
internal static class ExecutionCommands
{
    /// <summary>Names an execution.</summary>
    public static readonly Argument<string> Id = new("id")
    {
        Description = "The execution: its taskId, or your own label (the newest)",
    };

    public static IEnumerable<Command> Create()
    {
        var status = ClientOptions.With(new Command("status", "Show an execution") { Id });
        status.SetAction(StatusAsync);
        var wait = ClientOptions.With(
            new Command("wait", "Wait for the end of an execution, show the result, exit by it") { Id }
        );
        wait.SetAction(WaitAsync);
        return [status, wait];
    }

    /// <summary>The path of an execution at the root of the API.</summary>
    public static string Path(ParseResult parsed) => "task/" + Uri.EscapeDataString(parsed.GetRequiredValue(Id));

    private static async Task<int> StatusAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var execution = await client.GetAsync(Path(parsed), stop);
        if (ClientOptions.Json(parsed))
        {
            Show.Json(execution);
            return ExitCodes.Ok;
        }

        Show.Facts([
            ("execution", Show.Text(execution["taskId"])),
            ("label", Show.Text(execution["jobId"])),
            ("name", Show.Text(execution["name"])),
            ("type", Show.Text(execution["jobType"])),
            ("started by", StartedBy(execution)),
            ("state", State(execution)),
            ("progress", Percent(execution["progress"])),
            ("attempt", Show.Text(execution["attempt"])),
            (
                "failures",
                Show.Text(execution["failures"]) is { } failures && failures != "0"
                    ? $"{failures} of {Show.Text(execution["maxAttempts"])}"
                    : null
            ),
            ("worker", Show.Text(execution["worker"])),
            ("accepted", Show.Time(execution["acceptedAt"])),
            ("started", Show.Time(execution["startedAt"])),
            ("finished", Show.Time(execution["finishedAt"])),
            ("error", Show.Text(execution["error"]?["message"])),
        ]);
        if (execution["tasks"] is JsonArray { Count: > 1 } tasks)
        {
            Show.List(
                new JsonObject { ["items"] = tasks.DeepClone() },
                "no tasks",
                ("task", task => Show.Text(task["name"])),
                ("type", task => Show.Text(task["type"])),
                ("state", State),
                ("attempt", task => Show.Text(task["attempt"])),
                ("progress", task => Percent(task["progress"])),
                ("worker", task => Show.Text(task["worker"]))
            );
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> WaitAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var json = ClientOptions.Json(parsed);
        var end = await ExecutionWatch.WaitAsync(client, parsed.GetRequiredValue(Id), quiet: json, stop);
        return await ExecutionWatch.ReportAsync(client, end, json, stop);
    }

    private static string? StartedBy(JsonNode execution) =>
        Show.Text(execution["trigger"]) switch
        {
            "schedule" =>
                $"schedule {Show.Text(execution["schedule"]) ?? "that is gone"}, due at {Show.Time(execution["scheduledFor"])}",
            "manual" => $"schedule {Show.Text(execution["schedule"]) ?? "that is gone"}, by hand",
            var trigger => trigger,
        };

    private static string? State(JsonNode node) =>
        Show.Text(node["state"]) + (Show.Text(node["waitReason"]) is { } reason ? $" ({reason})" : "");

    private static string? Percent(JsonNode? progress) =>
        progress is JsonValue value && value.TryGetValue<double>(out var fraction) && fraction > 0
            ? fraction.ToString("P0", CultureInfo.InvariantCulture)
            : null;
}
