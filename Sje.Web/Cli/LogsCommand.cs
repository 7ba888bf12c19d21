using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Sje.Web.Cli;

/// <summary><c>sje logs ID</c>: what the tasks of an execution wrote.</summary>
internal static class LogsCommand
{
    private const int Page = 1000;

    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Go on as new lines come, until the end" };
    private static readonly Option<string> TaskName = new("--task") { Description = "Of this task [default: of all]" };
    private static readonly Option<int?> Attempt = new("--attempt") { Description = "Of this attempt [default: the last]" };

    public static Command Create()
    {
        var command = ClientOptions.With(new Command("logs", "Show what an execution wrote")
        {
            ExecutionCommands.Id, Follow, TaskName, Attempt,
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var json = ClientOptions.Json(parsed);
        var execution = await client.GetAsync(ExecutionCommands.Path(parsed), stop);
        var id = Show.Text(execution["taskId"]);
        var names = parsed.GetValue(TaskName) is { } named
            ? [named]
            : (execution["tasks"] as JsonArray ?? []).Select(task => Show.Text(task?["name"]) ?? "main").DefaultIfEmpty("main").ToList();
        var readers = names
            .Select(name => new TaskLog(client, $"api/v1/executions/{id}/logs?task={Uri.EscapeDataString(name)}", parsed.GetValue(Attempt)))
            .ToList();
        while (true)
        {
            // Asked before the lines are read, so that an end seen here means that no more come.
            var ended = ExecutionWatch.IsEnd(Show.Text((await client.GetAsync($"task/{id}", stop))["state"]));
            var came = 0;
            foreach (var (name, reader) in names.Zip(readers))
            {
                foreach (var line in await reader.NextAsync(stop))
                {
                    came++;
                    Write(line, names.Count > 1 ? name : null, json);
                }
            }

            if (came == 0 && (ended || !parsed.GetValue(Follow)))
            {
                return ExitCodes.Ok;
            }

            if (came == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, stop);
            }
        }
    }

    private static void Write(JsonNode line, string? task, bool json)
    {
        if (json)
        {
            // One line, one object: what log tools read.
            Console.Out.WriteLine(line.ToJsonString());
            return;
        }

        var text = Show.Text(line["text"]) ?? Show.Text(line["line"]) ?? "";
        var stream = Show.Text(line["stream"]);
        var output = stream == "stderr" ? Console.Error : Console.Out;
        output.WriteLine((task is null ? "" : $"{task} | ") + (stream == "system" ? "# " : "") + text);
    }

    /// <summary>Reads one task's lines on and on; a new attempt begins anew.</summary>
    private sealed class TaskLog(SjeClient client, string path, int? wanted)
    {
        private int? _seen;
        private long _next = 1;

        public async Task<IReadOnlyList<JsonNode>> NextAsync(CancellationToken stop)
        {
            var attempt = (wanted ?? _seen) is { } number ? "&attempt=" + number.ToString(CultureInfo.InvariantCulture) : "";
            var answer = await client.GetAsync($"{path}{attempt}&from={_next}&count={Page}", stop);
            var lines = (answer["lines"] as JsonArray ?? answer["items"] as JsonArray ?? []).OfType<JsonNode>().ToList();
            if (lines.Count > 0)
            {
                _next = Number(lines[^1]) + 1;
            }
            else if (wanted is null && answer["attempt"] is JsonValue now && now.TryGetValue<int>(out var latest) && latest != _seen)
            {
                (_seen, _next) = (latest, 1);
            }

            return lines;
        }

        private static long Number(JsonNode line) =>
            long.Parse(Show.Text(line["number"]) ?? "0", CultureInfo.InvariantCulture);
    }
}
