using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>sje logs ID</c>: what the tasks of an execution wrote.</summary>
internal static class LogsCommand
{
    private const int PageSize = 1000;

    private static readonly Option<bool> Follow = new("--follow", "-f")
    {
        Description = "Go on as new lines come, until the end",
    };
    private static readonly Option<string> TaskName = new("--task") { Description = "Of this task [default: of all]" };
    private static readonly Option<int?> Attempt = new("--attempt")
    {
        Description = "Of this attempt [default: the last]",
    };

    public static Command Create()
    {
        var command = ClientOptions.With(
            new Command("logs", "Show what an execution wrote") { ExecutionCommands.Id, Follow, TaskName, Attempt }
        );
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
            : (execution["tasks"] as JsonArray ?? [])
                .Select(task => Show.Text(task?["name"]) ?? "main")
                .DefaultIfEmpty("main")
                .ToList();
        var readers = names
            .Select(name => new TaskLog(
                client,
                $"api/v1/executions/{id}/logs?task={Uri.EscapeDataString(name)}",
                parsed.GetValue(Attempt)
            ))
            .ToList();
        while (true)
        {
            // Asked before the lines are read, so that an end seen here means that no more come.
            var ended = ExecutionWatch.IsEnd(Show.Text((await client.GetPatientlyAsync($"task/{id}", stop))["state"]));
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

        var text = Show.Text(line["text"]) ?? "";
        var stream = Show.Text(line["stream"]);
        var output = stream == "stderr" ? Console.Error : Console.Out;
        output.WriteLine((task is null ? "" : $"{task} | ") + (stream == "system" ? "# " : "") + text);
    }

    /// <summary>Reads one task's lines on and on; when a new attempt has begun, the old one is read to its end first.</summary>
    private sealed class TaskLog(SjeClient client, string path, int? wanted)
    {
        private string? attempt = wanted?.ToString(CultureInfo.InvariantCulture);
        private long next;

        public async Task<IReadOnlyList<JsonNode>> NextAsync(CancellationToken stop)
        {
            var page = await PageAsync(this.attempt, stop);
            this.attempt ??= Show.Text(page["attempt"]) is { } first and not "0" ? first : null;
            var lines = (page["items"] as JsonArray ?? []).OfType<JsonNode>().ToList();
            this.next = Show.Text(page["nextFrom"]) is { } next
                ? long.Parse(next, CultureInfo.InvariantCulture)
                : this.next;
            if (lines.Count == 0 && wanted is null && Show.Text(page["ended"]) == "true")
            {
                var newest = Show.Text((await PageAsync(null, stop))["attempt"]);
                if (newest != this.attempt)
                {
                    (this.attempt, this.next) = (newest, 0);
                    return await NextAsync(stop);
                }
            }

            return lines;
        }

        private Task<JsonNode> PageAsync(string? attempt, CancellationToken stop) =>
            client.GetPatientlyAsync(
                $"{path}{(attempt is null ? "" : "&attempt=" + attempt)}&from={this.next.ToString(CultureInfo.InvariantCulture)}&count={PageSize}",
                stop
            );
    }
}
