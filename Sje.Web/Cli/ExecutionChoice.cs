using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary>The filters of executions as options, for lists and for what changes many at once.</summary>
internal static class ExecutionFilters
{
    /// <summary>Any of these states.</summary>
    public static readonly Option<string[]> State = new("--state")
    {
        Description = "Only in this state, or retrying; may be repeated, or several with commas between",
    };

    /// <summary>Name in the API, option; beside the states.</summary>
    private static readonly (string Name, Option<string> Option)[] Others =
    [
        ("job", new Option<string>("--job") { Description = "Only of the job of this name" }),
        ("schedule", new Option<string>("--schedule") { Description = "Only what this schedule started" }),
        ("tag", new Option<string>("--tag") { Description = "Only with this tag" }),
        (
            "q",
            new Option<string>("--search")
            {
                Description = "With this in the name or label, or the execution of this id",
            }
        ),
        (
            "since",
            new Option<string>("--since") { Description = "Accepted at this instant or later, as 2026-01-31T12:00:00Z" }
        ),
        ("until", new Option<string>("--until") { Description = "Accepted before this instant" }),
    ];

    /// <summary>The queue's filter, under the name that is free at a verb.</summary>
    public static Option<string> Queue(string name = "--queue") => new(name) { Description = "Only of this queue" };

    /// <summary>Adds the filters to a command.</summary>
    public static Command With(Command command, Option<string> queue, bool withStates = true)
    {
        if (withStates)
        {
            command.Options.Add(State);
        }

        command.Options.Add(queue);
        foreach (var (_, option) in Others)
        {
            command.Options.Add(option);
        }

        return command;
    }

    /// <summary>What is given, by its name in the API; states one by one.</summary>
    public static List<(string Name, string Value)> Given(ParseResult parsed, Option<string> queue) =>
        [
            .. States(parsed).Select(state => ("state", state)),
            .. Others
                .Append((Name: "queue", Option: queue))
                .Select(filter => (filter.Name, Value: parsed.GetValue(filter.Option)))
                .Where(filter => filter.Value is not null)
                .Select(filter => (filter.Name, filter.Value!)), // asked the line before
        ];

    private static IEnumerable<string> States(ParseResult parsed) =>
        (parsed.GetValue(State) ?? []).SelectMany(text =>
            text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        );
}

/// <summary>
/// Which executions a verb is about: one, which is changed at once, or several, or all that match filters, which an operation of the server changes.
/// </summary>
internal sealed class ExecutionChoice
{
    private static readonly Argument<string[]> Ids = new("id")
    {
        Description =
            "The execution: its taskId, or your own label (the newest); several, or none with a filter or --all",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private static readonly Option<bool> All = new("--all") { Description = "All of them" };
    private static readonly Option<bool> DryRun = new("--dry-run")
    {
        Description = "Only say how many would be changed",
    };
    private static readonly Option<bool> NoWait = new("--no-wait")
    {
        Description = "Do not wait for the end of what changes many: the servers go on by themselves",
    };

    private readonly Option<string> queue;

    /// <summary>Chooses by the options that it adds; the queue's filter under a name of its own where the verb needs <c>--queue</c>.</summary>
    public ExecutionChoice(Command command, string queueFilter = "--queue")
    {
        queue = ExecutionFilters.Queue(queueFilter);
        command.Arguments.Add(Ids);
        ExecutionFilters.With(command, queue);
        command.Options.Add(All);
        command.Options.Add(DryRun);
        command.Options.Add(NoWait);
    }

    /// <summary>The one execution that is named, where it is one and nothing else is asked.</summary>
    public string? Single(ParseResult parsed) =>
        parsed.GetValue(Ids) is [var only]
        && !parsed.GetValue(DryRun)
        && !parsed.GetValue(All)
        && ExecutionFilters.Given(parsed, queue).Count == 0
            ? only
            : null;

    /// <summary>The id of an execution that may have been named by its label.</summary>
    public static async Task<string> FindAsync(SjeClient client, string idOrLabel, CancellationToken stop) =>
        Guid.TryParse(idOrLabel, out var id)
            ? id.ToString()
            : Show.Text((await client.GetAsync("task/" + Uri.EscapeDataString(idOrLabel), stop))["taskId"])
                ?? idOrLabel;

    /// <summary>Begins the operation on all that are meant, waits for its end unless told not to, and says what it came to.</summary>
    public async Task<int> ChangeAsync(
        ParseResult parsed,
        string word,
        string did,
        JsonObject change,
        CancellationToken stop
    )
    {
        using var client = ClientOptions.Connect(parsed);
        var body = await SelectAsync(parsed, client, word, change, stop);
        if (parsed.GetValue(DryRun))
        {
            body["dryRun"] = true;
        }

        var answer = (
            await client.SendAsync(
                HttpMethod.Post,
                $"api/v1/executions:{word}",
                SjeClient.Json(body.ToJsonString()),
                null,
                stop
            )
        ).Required;
        if (parsed.GetValue(DryRun))
        {
            Write(parsed, answer, $"{Show.Text(answer["matched"])} executions would be {did}");
            return ExitCodes.Ok;
        }

        return await OperationWatch.FinishAsync(
            parsed,
            client,
            answer,
            parsed.GetValue(NoWait),
            "executions",
            did,
            stop
        );
    }

    private async Task<JsonObject> SelectAsync(
        ParseResult parsed,
        SjeClient client,
        string word,
        JsonObject change,
        CancellationToken stop
    )
    {
        var ids = parsed.GetValue(Ids) ?? [];
        var filters = ExecutionFilters.Given(parsed, queue);
        var all = parsed.GetValue(All);
        if ((ids.Length > 0 ? 1 : 0) + (filters.Count > 0 ? 1 : 0) + (all ? 1 : 0) != 1)
        {
            throw new FailureException($"{word} takes ids, or filters, or --all.", ExitCodes.Usage);
        }

        if (all)
        {
            change["all"] = true;
        }

        foreach (var group in filters.GroupBy(filter => filter.Name))
        {
            change[group.Key] =
                group.Key == "state" ? new JsonArray([.. group.Select(f => (JsonNode?)f.Value)]) : group.First().Value;
        }

        if (ids.Length > 0)
        {
            var found = new JsonArray();
            foreach (var id in ids)
            {
                found.Add(await FindAsync(client, id, stop));
            }

            change["ids"] = found;
        }

        return change;
    }

    /// <summary>Writes an answer, for a program or as a sentence.</summary>
    public static void Write(ParseResult parsed, JsonNode answer, string sentence)
    {
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Console.Out.WriteLine(sentence);
        }
    }

    /// <summary>A priority as the API takes it: a number, or a word.</summary>
    public static JsonNode? Priority(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? JsonValue.Create(number)
            : JsonValue.Create(text);
}
