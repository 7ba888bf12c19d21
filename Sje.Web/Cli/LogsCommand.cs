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

    private static readonly Option<string> Grep = new("--grep", "-g")
    {
        Description = "Only lines in which this regular expression matches",
    };
    private static readonly Option<bool> IgnoreCase = new("--ignore-case", "-i")
    {
        Description = "With --grep: whatever the case",
    };
    private static readonly Option<string> Level = new("--level")
    {
        Description = "Only lines of this level and graver ones: error, warn, info, debug; or stderr",
    };

    public static Command Create()
    {
        var command = ClientOptions.With(
            new Command("logs", "Show what an execution wrote")
            {
                ExecutionCommands.Id,
                Follow,
                TaskName,
                Attempt,
                Grep,
                IgnoreCase,
                Level,
            }
        );
        Level.AcceptOnlyFromAmong("error", "warn", "info", "debug", "stderr");
        command.Validators.Add(result =>
        {
            if (result.GetValue(Follow) && (result.GetValue(Grep) is not null || result.GetValue(Level) is not null))
            {
                result.AddError("--follow shows every line: it does not go with --grep or --level.");
            }
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
            : (execution["tasks"] as JsonArray ?? [])
                .Select(task => Show.Text(task?["name"]) ?? "main")
                .DefaultIfEmpty("main")
                .ToList();
        if (parsed.GetValue(Grep) is not null || parsed.GetValue(Level) is not null)
        {
            foreach (var name in names)
            {
                await ShowSomeAsync(client, parsed, $"api/v1/executions/{id}/logs", name, names.Count > 1, json, stop);
            }

            return ExitCodes.Ok;
        }

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

    // What is left out never leaves the server.
    private static async Task ShowSomeAsync(
        SjeClient client,
        ParseResult parsed,
        string path,
        string task,
        bool named,
        bool json,
        CancellationToken stop
    )
    {
        var query = $"task={Uri.EscapeDataString(task)}";
        query += parsed.GetValue(Attempt) is { } attempt
            ? string.Create(CultureInfo.InvariantCulture, $"&attempt={attempt}")
            : "";
        query += parsed.GetValue(Level) is { } level ? $"&level={level}" : "";
        if (parsed.GetValue(Grep) is { } pattern)
        {
            query += $"&regex=true&q={Uri.EscapeDataString(pattern)}";
            query += parsed.GetValue(IgnoreCase) ? "&ignoreCase=true" : "";
        }

        if (!json)
        {
            var text = (await client.SendAsync(HttpMethod.Get, $"{path}/text?{query}", null, null, stop)).Text;
            foreach (var line in text.Split('\n')[..^1])
            {
                Console.Out.WriteLine((named ? $"{task} | " : "") + line);
            }

            return;
        }

        var searched = parsed.GetValue(Grep) is not null;
        var next = 1L;
        while (true)
        {
            var page = await client.GetAsync(
                searched
                    ? string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path}/search?{query}&total=false&limit={PageSize}&from={next}"
                    )
                    : string.Create(CultureInfo.InvariantCulture, $"{path}?{query}&count={PageSize}&from={next}"),
                stop
            );
            var lines = (page["items"] as JsonArray ?? []).OfType<JsonNode>().ToList();
            foreach (var line in lines)
            {
                Write(line, null, json);
            }

            if (page["nextFrom"] is not { } from || (!searched && lines.Count == 0))
            {
                return;
            }

            next = from.GetValue<long>();
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
