using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary><c>whoami</c>, <c>overview</c>, <c>config</c>, <c>retry-policies</c>, <c>retention</c>: the server itself.</summary>
internal static class ManagementCommands
{
    public static IEnumerable<Command> Create()
    {
        var retention = Verb(
            "retention",
            "What is kept for how long, how large it is, and what the last round removed",
            "mgmt/retention",
            ShowRetention
        );
        var run = ClientOptions.With(new Command("run", "Ask for a round of removal now"));
        run.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var asked = (await client.SendAsync(HttpMethod.Post, "mgmt/retention:run", null, null, stop)).Required;
                ExecutionChoice.Write(parsed, asked, "a server makes a round within seconds");
                return ExitCodes.Ok;
            }
        );
        retention.Subcommands.Add(run);
        return
        [
            Verb("whoami", "Who the server takes you for, and what you may do", "api/v1/session", Facts),
            Verb("overview", "The server at a glance", "mgmt", Facts),
            Verb("config", "The settings that the server runs with; secrets are masked", "mgmt/config", Facts),
            Verb(
                "retry-policies",
                "What retries go by: the policies, and the failure classes that pick them",
                "mgmt/retry-policies",
                Facts
            ),
            retention,
        ];
    }

    private static Command Verb(string word, string description, string path, Action<JsonNode> show)
    {
        var command = ClientOptions.With(new Command(word, description));
        command.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var answer = await client.GetAsync(path, stop);
                if (ClientOptions.Json(parsed))
                {
                    Show.Json(answer);
                }
                else
                {
                    show(answer);
                }

                return ExitCodes.Ok;
            }
        );
        return command;
    }

    private static void ShowRetention(JsonNode answer)
    {
        Facts(
            new JsonObject
            {
                ["settings"] = answer["settings"]?.DeepClone(),
                ["lastRun"] = answer["lastRun"]?.DeepClone(),
            }
        );
        foreach (var part in new[] { "history", "tables" })
        {
            if (answer[part] is JsonArray { Count: > 0 } rows && rows[0] is JsonObject first)
            {
                var columns = first.Select(field => field.Key).ToList();
                Show.List(
                    new JsonObject { ["items"] = rows.DeepClone() },
                    "",
                    [
                        .. columns.Select(name =>
                            (
                                Words(name),
                                (Func<JsonNode, string?>)(
                                    row =>
                                        name.EndsWith("At", StringComparison.Ordinal) ? Show.Time(row[name])
                                        : name.EndsWith("Bytes", StringComparison.OrdinalIgnoreCase) ? Bytes(row[name])
                                        : Show.Text(row[name])
                                )
                            )
                        ),
                    ]
                );
            }
        }
    }

    /// <summary>Whatever the server says, a line for each value, under the path of its name.</summary>
    private static void Facts(JsonNode answer)
    {
        var lines = Leaves("", answer).ToList();
        Show.Facts(lines);
    }

    /// <summary>The values of a tree with the names that lead to them; lists of plain values as one.</summary>
    internal static IEnumerable<(string Name, string? Value)> Leaves(string path, JsonNode? node) =>
        node switch
        {
            JsonObject fields => fields.SelectMany(field =>
                Leaves(path.Length == 0 ? field.Key : $"{path}.{field.Key}", field.Value)
            ),
            JsonArray list when list.All(item => item is null or JsonValue) => [(path, Show.Words(list))],
            JsonArray list => list.SelectMany((item, index) => Leaves(Name(path, item, index), item)),
            _ => [(path, Show.Text(node))],
        };

    private static string Name(string path, JsonNode? item, int index) =>
        $"{path}[{Show.Text(item?["name"]) ?? Show.Text(item?["class"]) ?? index.ToString(System.Globalization.CultureInfo.InvariantCulture)}]";

    private static string Words(string camel) =>
        string.Concat(camel.Select(letter => char.IsUpper(letter) ? " " + char.ToLowerInvariant(letter) : $"{letter}"));

    private static string? Bytes(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<double>(out var bytes)
            ? bytes switch
            {
                >= 1L << 30 => string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{bytes / (1L << 30):0.0} GiB"
                ),
                >= 1L << 20 => string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{bytes / (1L << 20):0.0} MiB"
                ),
                _ => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{bytes / 1024:0.0} KiB"),
            }
            : null;
}
