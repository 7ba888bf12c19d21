using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>dead-letters</c>: what failed for good, and what is to become of it.</summary>
internal static class DeadLetterCommands
{
    private static readonly Argument<string> Id = new("id")
    {
        Description = "A dead letter (its task's id), or an execution: all that it has",
    };
    private static readonly Argument<string?> IdOrNone = new("id")
    {
        Description = "A dead letter or an execution; none with a filter or --all",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "At most so many",
        DefaultValueFactory = _ => 50,
    };
    private static readonly Option<bool> All = new("--all") { Description = "All of them" };
    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Do not wait for the end: the server goes on by itself",
    };

    // Name in the API, option.
    private static readonly (string Name, Option<string> Option)[] Filters =
    [
        ("job", new Option<string>("--job") { Description = "Only of jobs of this name" }),
        ("queue", new Option<string>("--queue") { Description = "Only of this queue" }),
        ("class", new Option<string>("--class") { Description = "Only of this failure class" }),
        ("fingerprint", new Option<string>("--fingerprint") { Description = "Only those that look alike" }),
        (
            "since",
            new Option<string>("--since") { Description = "Failed at this instant or later, as 2026-01-31T12:00:00Z" }
        ),
        ("until", new Option<string>("--until") { Description = "Failed before this instant" }),
        ("q", new Option<string>("--search") { Description = "With this in the job's name, the label or the message" }),
    ];

    public static Command Create()
    {
        var list = ListOf("list", "List them, the last to fail first");
        list.SetAction(ListAsync);
        var letters = ListOf("dead-letters", "Tasks that failed for good: list, group, show, requeue and purge them");
        letters.SetAction(ListAsync);
        var groups = ListOf("groups", "Count those that look alike, the most frequent first");
        groups.SetAction(GroupsAsync);
        var show = ClientOptions.With(new Command("show", "Show one: error, end of its log, attempts") { Id });
        show.SetAction(ShowAsync);
        var requeue = ChangeOf("requeue", "Run one again, or all that match");
        requeue.SetAction((parsed, stop) => ChangeAsync(parsed, "requeue", stop));
        var purge = ChangeOf("purge", "Dismiss one, or all that match; their history stays");
        purge.SetAction((parsed, stop) => ChangeAsync(parsed, "purge", stop));
        foreach (var word in new[] { list, groups, show, requeue, purge })
        {
            letters.Subcommands.Add(word);
        }

        return letters;
    }

    private static Command ListOf(string word, string description)
    {
        var command = ClientOptions.With(new Command(word, description) { Limit });
        foreach (var (_, option) in Filters)
        {
            command.Options.Add(option);
        }

        return command;
    }

    private static Command ChangeOf(string word, string description)
    {
        var command = ClientOptions.With(new Command(word, description) { IdOrNone, All, NoWait });
        foreach (var (_, option) in Filters)
        {
            command.Options.Add(option);
        }

        return command;
    }

    private static async Task<int> ListAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        Write(
            parsed,
            await client.ListAsync("api/v1/dead-letters" + Query(parsed), parsed.GetValue(Limit), stop),
            ("dead letter", letter => Show.Text(letter["id"])),
            ("execution", letter => Show.Text(letter["executionId"])),
            ("job", letter => Show.Text(letter["job"])),
            ("task", letter => Show.Text(letter["task"])),
            ("failed", letter => Show.Time(letter["failedAt"])),
            ("attempts", letter => Show.Text(letter["attempt"])),
            ("fingerprint", letter => Show.Text(letter["fingerprint"])),
            ("message", letter => Show.Line(letter["message"]))
        );
        return ExitCodes.Ok;
    }

    private static async Task<int> GroupsAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        Write(
            parsed,
            await client.ListAsync("api/v1/dead-letters/groups" + Query(parsed), parsed.GetValue(Limit), stop),
            ("count", group => Show.Text(group["count"])),
            ("fingerprint", group => Show.Text(group["fingerprint"])),
            ("first", group => Show.Distance(group["firstSeenAt"])),
            ("last", group => Show.Distance(group["lastSeenAt"])),
            ("jobs", group => Show.Words(group["jobs"])),
            ("message", group => Show.Line(group["sample"]?["message"]))
        );
        return ExitCodes.Ok;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var found = await client.GetAsync(Path(parsed.GetRequiredValue(Id)), stop);
        if (ClientOptions.Json(parsed))
        {
            Show.Json(found);
            return ExitCodes.Ok;
        }

        foreach (var one in (found["items"] as JsonArray ?? []).OfType<JsonNode>())
        {
            var letter = one["letter"];
            Show.Facts([
                ("dead letter", Show.Text(letter?["id"])),
                ("execution", Show.Text(letter?["executionId"])),
                ("job", Show.Text(letter?["job"])),
                ("label", Show.Text(letter?["label"])),
                ("task", $"{Show.Text(letter?["task"])} ({Show.Text(letter?["type"])})"),
                ("queue", Show.Text(letter?["queue"])),
                ("state", Show.Text(letter?["state"])),
                ("failed", Show.Time(letter?["failedAt"])),
                ("fingerprint", Show.Text(letter?["fingerprint"])),
                ("error", Show.Text(letter?["message"])),
                ("reason", Show.Text(letter?["reason"])),
                ("skipped behind it", Show.Words(one["skipped"])),
            ]);
            Show.List(
                new JsonObject { ["items"] = one["attempts"]?.DeepClone() },
                "It never ran.",
                ("attempt", attempt => Show.Text(attempt["number"])),
                ("worker", attempt => Show.Text(attempt["worker"])),
                ("started", attempt => Show.Time(attempt["startedAt"])),
                ("ended", attempt => Show.Time(attempt["endedAt"])),
                ("outcome", attempt => Show.Text(attempt["outcome"])),
                ("error", attempt => Show.Line(attempt["error"]?["message"]))
            );
            if (Show.Text(one["error"]?["logTail"]) is { } tail)
            {
                Console.Out.WriteLine(tail.TrimEnd());
            }
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> ChangeAsync(ParseResult parsed, string word, CancellationToken stop)
    {
        var id = parsed.GetValue(IdOrNone);
        var filter = Given(parsed);
        var means = (id is null ? 0 : 1) + (parsed.GetValue(All) ? 1 : 0) + (filter.Count > 0 ? 1 : 0);
        if (means != 1)
        {
            throw new FailureException($"{word} takes an id, or filters, or --all.", ExitCodes.Usage);
        }

        using var client = ClientOptions.Connect(parsed);
        var did = word == "requeue" ? "requeued" : "purged";
        if (id is not null)
        {
            var one = (await client.SendAsync(HttpMethod.Post, $"{Path(id)}/{word}", null, null, stop)).Required;
            if (ClientOptions.Json(parsed))
            {
                Show.Json(one);
            }
            else
            {
                Console.Out.WriteLine($"{id}: {Show.Text(one["changed"])} {did}");
            }

            return ExitCodes.Ok;
        }

        var body = new JsonObject();
        foreach (var (name, value) in filter)
        {
            body[name] = value;
        }

        if (filter.Count == 0)
        {
            body["all"] = true;
        }

        var operation = (
            await client.SendAsync(
                HttpMethod.Post,
                $"api/v1/dead-letters:{word}",
                SjeClient.Json(body.ToJsonString()),
                null,
                stop
            )
        ).Required;
        return await OperationWatch.FinishAsync(
            parsed,
            client,
            operation,
            parsed.GetValue(NoWait),
            "dead letters",
            did,
            stop
        );
    }

    private static void Write(
        ParseResult parsed,
        JsonObject list,
        params (string Heading, Func<JsonNode, string?> Cell)[] columns
    )
    {
        if (ClientOptions.Json(parsed))
        {
            Show.Json(list);
            return;
        }

        Show.List(list, "There is no dead letter.", columns);
    }

    private static List<(string Name, string Value)> Given(ParseResult parsed) =>
        [
            .. Filters
                .Select(filter => (filter.Name, Value: parsed.GetValue(filter.Option)))
                .Where(filter => filter.Value is not null)
                .Select(filter => (filter.Name, filter.Value!)), // asked the line before
        ];

    private static string Query(ParseResult parsed) =>
        Given(parsed) is { Count: > 0 } given
            ? "?" + string.Join('&', given.Select(filter => $"{filter.Name}={Uri.EscapeDataString(filter.Value)}"))
            : "";

    private static string Path(string id) => "api/v1/dead-letters/" + Uri.EscapeDataString(id);
}
