using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>status</c>, <c>wait</c>, <c>cancel</c>, <c>move</c>, <c>skip</c>: about one execution.</summary>
internal static class ExecutionCommands
{
    /// <summary>Names an execution.</summary>
    public static readonly Argument<string> Id = new("id")
    {
        Description = "The execution: its taskId, or your own label (the newest)",
    };

    private static readonly Option<string> Priority = new("--priority")
    {
        Description = "low, normal, high, urgent, critical, or -100 to 100",
    };

    private static readonly Option<string> Queue = new("--queue") { Description = "A queue of the same lane" };

    private static readonly Option<string> TaskName = new("--task")
    {
        Description = "The task to skip [default: the only one]",
    };

    private static readonly Option<string> Reason = new("--reason") { Description = "Why, for the record" };

    public static IEnumerable<Command> Create()
    {
        var status = ClientOptions.With(new Command("status", "Show an execution") { Id });
        status.SetAction(StatusAsync);
        var wait = ClientOptions.With(
            new Command("wait", "Wait for the end of an execution, show the result, exit by it") { Id }
        );
        wait.SetAction(WaitAsync);
        var cancel = ClientOptions.With(new Command("cancel", "Stop an execution") { Id });
        cancel.SetAction(CancelAsync);
        var move = ClientOptions.With(
            new Command("move", "Change the priority or the queue of what waits of an execution")
            {
                Id,
                Priority,
                Queue,
            }
        );
        move.SetAction(MoveAsync);
        var skip = ClientOptions.With(
            new Command("skip", "Skip a task that waits, and with it what depends on it") { Id, TaskName, Reason }
        );
        skip.SetAction(SkipAsync);
        return [status, wait, cancel, move, skip];
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

    private static async Task<int> CancelAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var answer = (await client.SendAsync(HttpMethod.Delete, Path(parsed), null, null, stop)).Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Console.Out.WriteLine($"{parsed.GetRequiredValue(Id)} is asked to stop (now {Show.Text(answer["state"])})");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> MoveAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var change = new JsonObject();
        if (parsed.GetValue(Priority) is { } priority)
        {
            change["priority"] = int.TryParse(priority, CultureInfo.InvariantCulture, out var number)
                ? number
                : JsonValue.Create(priority);
        }

        if (parsed.GetValue(Queue) is { } queue)
        {
            change["queue"] = queue;
        }

        // The id of an execution that may have been named by its label.
        var id = Show.Text((await client.GetAsync(Path(parsed), stop))["taskId"]);
        var answer = (
            await client.SendAsync(
                HttpMethod.Patch,
                $"api/v1/executions/{id}",
                SjeClient.Json(change.ToJsonString()),
                null,
                stop
            )
        ).Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Console.Out.WriteLine($"{parsed.GetRequiredValue(Id)} is moved (now {Show.Text(answer["state"])})");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> SkipAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var execution = await client.GetAsync(Path(parsed), stop);
        var task =
            parsed.GetValue(TaskName)
            ?? (
                execution["tasks"] is JsonArray { Count: 1 } only
                    ? Show.Text(only[0]?["name"])
                    : throw new FailureException("It has several tasks: say which with --task.", ExitCodes.Usage)
            );
        var answer = (
            await client.SendAsync(
                HttpMethod.Post,
                $"api/v1/executions/{Show.Text(execution["taskId"])}/tasks/{Uri.EscapeDataString(task ?? "")}/skip",
                SjeClient.Json(new JsonObject { ["reason"] = parsed.GetValue(Reason) }.ToJsonString()),
                null,
                stop
            )
        ).Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Console.Out.WriteLine(
                $"task {task} of {parsed.GetRequiredValue(Id)} is skipped (the execution is {Show.Text(answer["state"])})"
            );
        }

        return ExitCodes.Ok;
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
