using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>attempts</c> and <c>events</c>: what happened, and what happens.</summary>
internal static class HistoryCommands
{
    private static readonly Option<string> TaskName = new("--task") { Description = "Only of this task" };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "At most so many",
        DefaultValueFactory = _ => 50,
    };
    private static readonly Argument<string?> IdOrNone = new("id")
    {
        Description = "The execution; without one, what happens to all from now on",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<bool> Follow = new("--follow", "-f")
    {
        Description = "Go on as things happen, to the end of the execution",
    };
    private static readonly Option<string> Topics = new("--topics")
    {
        Description = "Without an id: only of executions, tasks, operations and so on, with commas between",
    };

    public static IEnumerable<Command> Create()
    {
        var attempts = ClientOptions.With(
            new Command("attempts", "List the attempts of an execution, the newest first, and what each ended with")
            {
                ExecutionCommands.Id,
                TaskName,
                Limit,
            }
        );
        attempts.SetAction(AttemptsAsync);
        var events = ClientOptions.With(
            new Command("events", "Show what happened to an execution, or follow what happens")
            {
                IdOrNone,
                Follow,
                Topics,
            }
        );
        events.SetAction(EventsAsync);
        return [attempts, events];
    }

    private static async Task<int> AttemptsAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var id = await ExecutionChoice.FindAsync(client, parsed.GetRequiredValue(ExecutionCommands.Id), stop);
        var task = parsed.GetValue(TaskName) is { } name ? "?task=" + Uri.EscapeDataString(name) : "";
        var list = await client.ListAsync($"api/v1/executions/{id}/attempts{task}", parsed.GetValue(Limit), stop);
        if (ClientOptions.Json(parsed))
        {
            Show.Json(list);
            return ExitCodes.Ok;
        }

        Show.List(
            list,
            "It has not run yet.",
            ("task", attempt => Show.Text(attempt["task"])),
            ("attempt", attempt => Show.Text(attempt["number"])),
            ("worker", attempt => Show.Text(attempt["worker"])),
            ("started", attempt => Show.Time(attempt["startedAt"])),
            ("ended", attempt => Show.Time(attempt["endedAt"])),
            ("outcome", attempt => Show.Text(attempt["outcome"]) ?? "running"),
            ("class", attempt => Show.Text(attempt["error"]?["class"])),
            ("error", attempt => Show.Line(attempt["error"]?["message"]))
        );
        return ExitCodes.Ok;
    }

    private static async Task<int> EventsAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var json = ClientOptions.Json(parsed);
        if (parsed.GetValue(IdOrNone) is not { } name)
        {
            var topics = parsed.GetValue(Topics) is { } some ? "?topics=" + Uri.EscapeDataString(some) : "";
            await foreach (var (_, data) in client.StreamAsync("api/v1/events" + topics, stop))
            {
                Write(data, json);
            }

            return ExitCodes.Ok;
        }

        if (parsed.GetValue(Topics) is not null)
        {
            throw new FailureException("--topics goes without an id.", ExitCodes.Usage);
        }

        var path = $"api/v1/executions/{await ExecutionChoice.FindAsync(client, name, stop)}/events";
        if (parsed.GetValue(Follow))
        {
            await foreach (var (kind, data) in client.StreamAsync(path, stop))
            {
                Write(data, json);
                if (
                    kind.StartsWith("execution.", StringComparison.Ordinal)
                    && ExecutionWatch.IsEnd(kind["execution.".Length..])
                    && await IsLastAsync(client, path, data, stop)
                )
                {
                    break;
                }
            }

            return ExitCodes.Ok;
        }

        var list = await client.ListAsync(path, int.MaxValue, stop);
        if (json)
        {
            Show.Json(list);
            return ExitCodes.Ok;
        }

        var tasks =
            (await client.ListAsync(path[..^"events".Length] + "tasks", int.MaxValue, stop))["items"] as JsonArray;
        var names = (tasks ?? []).OfType<JsonNode>().ToLookup(t => Show.Text(t["id"]), t => Show.Text(t["name"]));
        Show.List(
            list,
            "Nothing has happened to it.",
            ("at", e => Show.Time(e["at"])),
            ("event", e => Show.Text(e["kind"])),
            ("task", e => names[Show.Text(e["taskId"])].FirstOrDefault()),
            ("attempt", e => Show.Text(e["data"]?["attempt"])),
            ("by", e => Show.Text(e["data"]?["by"])),
            ("reason", e => Show.Line(e["data"]?["reason"]))
        );
        return ExitCodes.Ok;
    }

    // The story begins at the beginning: an end that a retry followed is not the end.
    private static async Task<bool> IsLastAsync(SjeClient client, string path, string data, CancellationToken stop)
    {
        var execution = await client.GetAsync(path[..^"/events".Length], stop);
        return ExecutionWatch.IsEnd(Show.Text(execution["state"]))
            && new TopRow(execution).At("finishedAt") <= new TopRow(JsonNode.Parse(data)!).At("at"); // An event is an object.
    }

    private static void Write(string data, bool json)
    {
        if (json)
        {
            // One line, one object: what log tools read.
            Console.Out.WriteLine(data);
            return;
        }

        var notice = JsonNode.Parse(data);
        Console.Out.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Show.Time(notice?["at"])}  {Show.Text(notice?["kind"]), -28}  {Show.Text(notice?["executionId"]) ?? Show.Text(notice?["operationId"])}{(Show.Text(notice?["taskId"]) is { } task ? $"  task {task}" : "")}"
            )
        );
    }
}
