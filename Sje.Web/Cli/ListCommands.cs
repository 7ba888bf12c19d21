using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>executions</c>, <c>queues</c>, <c>workers</c>, <c>clusters</c>: what there is; and lists for other verbs.</summary>
internal static class ListCommands
{
    private static readonly Option<int> Limit = new("--limit")
    {
        Description = "At most so many",
        DefaultValueFactory = _ => 50,
    };
    private static readonly Option<string> ExecutionsQueue = ExecutionFilters.Queue();
    private static readonly Option<string> Sort = new("--sort")
    {
        Description =
            "By this, turned round with - before it, as -accepted [the default]; a wrong one is told which there are",
    };
    private static readonly Argument<string> QueueName = new("name") { Description = "The queue's name" };
    private static readonly Option<bool> Gone = new("--gone") { Description = "Also those that are gone" };
    private static readonly Option<string> Job = new("--job") { Description = "Only of this saved job" };
    private static readonly Option<string> Search = new("--search") { Description = "Only with this in the name" };
    private static readonly Option<string> Type = new("--type") { Description = "Only with tasks of this type" };
    private static readonly Option<string> Tag = new("--tag") { Description = "Only with this tag" };
    private static readonly Option<bool?> Paused = new("--paused")
    {
        Description = "Only those that are paused; with false only the others",
    };

    /// <summary>What narrows down and orders the list of schedules.</summary>
    public static IReadOnlyList<Option> OfSchedules { get; } = [Job, Search, Paused, Sort];

    /// <summary>What narrows down and orders the list of saved jobs.</summary>
    public static IReadOnlyList<Option> OfJobs { get; } = [Search, Type, Tag, Paused, Sort];

    public static IEnumerable<Command> Create()
    {
        var executions = List(
            "executions",
            "List executions, newest first",
            "api/v1/executions",
            "There is no such execution.",
            ("execution", execution => Show.Text(execution["id"])),
            ("name", execution => Show.Text(execution["name"])),
            (
                "state",
                execution => Show.Text(execution["retrying"]) == "true" ? "retrying" : Show.Text(execution["state"])
            ),
            ("attempt", execution => Show.Text(execution["attempt"])),
            ("queue", execution => Show.Text(execution["queue"])),
            ("trigger", execution => Show.Text(execution["schedule"]) ?? Show.Text(execution["trigger"])),
            ("accepted", execution => Show.Time(execution["acceptedAt"])),
            ("finished", execution => Show.Time(execution["finishedAt"])),
            ("why", execution => Show.Line(execution["reason"]))
        );
        ExecutionFilters.With(executions, ExecutionsQueue);
        executions.Options.Add(Sort);
        executions.Subcommands.Add(CountExecutions());
        var queues = List(
            "queues",
            "List the queues",
            "api/v1/queues",
            "There is no queue.",
            ("queue", queue => Show.Text(queue["name"])),
            ("lane", queue => Show.Text(queue["lane"])),
            ("queued", queue => Show.Text(queue["queued"])),
            ("running", queue => Show.Text(queue["running"])),
            ("most", queue => Show.Text(queue["maxRunning"])),
            ("retrying", queue => Show.Text(queue["waitingRetry"])),
            ("paused", queue => Show.Time(queue["pausedAt"])),
            ("by", queue => Show.Text(queue["pausedBy"])),
            ("starts nothing because", queue => Show.Line(queue["heldBecause"]))
        );
        queues.Subcommands.Add(AsWord(queues));
        queues.Subcommands.Add(
            ShowOne("show", "Show one: what waits and runs in it, and its limits", QueueName, QueuePathAsync)
        );
        queues.Subcommands.Add(LimitCommands.SetQueue());
        var workers = List(
            "workers",
            "List the workers",
            "api/v1/workers",
            "No worker is there.",
            ("worker", worker => Show.Text(worker["name"])),
            ("state", worker => Show.Text(worker["condition"])),
            ("host", worker => Show.Text(worker["host"])),
            ("process", worker => Show.Text(worker["processId"])),
            ("running", worker => Show.Text(worker["running"])),
            ("slots", worker => Show.Text(worker["slots"])),
            ("queues", worker => Show.Words(worker["queues"])),
            ("engines", worker => Show.Words(worker["engines"])),
            ("labels", worker => Show.Words(worker["labels"])),
            ("heartbeat", worker => Show.Time(worker["heartbeatAt"])),
            ("paused", worker => Show.Time(worker["pausedAt"]))
        );
        workers.Options.Add(Gone);
        workers.Subcommands.Add(AsWord(workers));
        workers.Subcommands.Add(
            ShowOne("show", "Show one: what it offers and runs", PauseCommands.Worker, PauseCommands.FindWorkerAsync)
        );
        var clusters = List(
            "clusters",
            "List the Spark clusters that jobs can name, and how they are",
            "api/v1/clusters",
            "There is no cluster.",
            (
                "cluster",
                cluster => Show.Text(cluster["name"]) + (Show.Text(cluster["default"]) == "true" ? " (default)" : "")
            ),
            ("kind", cluster => Show.Text(cluster["kind"])),
            ("master", cluster => Show.Text(cluster["master"])),
            ("mode", cluster => Show.Text(cluster["deployMode"])),
            ("works", cluster => Works(cluster["health"])),
            ("cores", cluster => Used(cluster["health"]?["usedCores"], cluster["health"]?["totalCores"], 1, "")),
            (
                "memory",
                cluster =>
                    Used(
                        cluster["health"]?["usedMemoryBytes"],
                        cluster["health"]?["totalMemoryBytes"],
                        1L << 30,
                        " GiB"
                    )
            ),
            ("nodes", cluster => Show.Text(cluster["health"]?["nodes"])),
            ("running", cluster => Show.Text(cluster["runningApplications"])),
            ("asked", cluster => Show.Time(cluster["health"]?["checkedAt"])),
            ("says", cluster => Show.Text(cluster["health"]?["message"]))
        );
        clusters.Subcommands.Add(AsWord(clusters));
        foreach (
            var (list, words) in new[]
            {
                (queues, PauseCommands.OfQueues()),
                (workers, PauseCommands.OfWorkers().Append(PauseCommands.Drain())),
            }
        )
        {
            foreach (var word in words)
            {
                list.Subcommands.Add(word);
            }
        }

        return [executions, queues, workers, clusters];
    }

    private static Task<string> QueuePathAsync(SjeClient client, string name, CancellationToken stop) =>
        Task.FromResult("api/v1/queues/" + Uri.EscapeDataString(name));

    private static Command ShowOne(
        string word,
        string description,
        Argument<string> subject,
        Func<SjeClient, string, CancellationToken, Task<string>> find
    )
    {
        var command = ClientOptions.With(new Command(word, description) { subject });
        command.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var one = await client.GetAsync(await find(client, parsed.GetRequiredValue(subject), stop), stop);
                if (ClientOptions.Json(parsed))
                {
                    Show.Json(one);
                }
                else
                {
                    Show.Facts(ManagementCommands.Leaves("", one));
                }

                return ExitCodes.Ok;
            }
        );
        return command;
    }

    private static string? Works(JsonNode? health) =>
        health is null ? null
        : Show.Text(health["up"]) == "true" ? "yes"
        : "no";

    // "3 of 16", and nothing where the cluster does not tell.
    private static string? Used(JsonNode? used, JsonNode? total, double unit, string name) =>
        total is null
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{(used is null ? "?" : (used.GetValue<double>() / unit).ToString("0.#", CultureInfo.InvariantCulture))} of {total.GetValue<double>() / unit:0.#}{name}"
            );

    /// <summary>"sje jobs list" is what many type for "sje jobs".</summary>
    public static Command AsWord(Command list)
    {
        var word = new Command("list", "List them") { Action = list.Action };
        foreach (var option in list.Options)
        {
            word.Options.Add(option);
        }

        return word;
    }

    private static Command CountExecutions()
    {
        var counts = ExecutionFilters.With(
            ClientOptions.With(new Command("counts", "How many there are in each state; retrying counts some again")),
            ExecutionsQueue,
            withStates: false
        );
        counts.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var answer = await client.GetAsync("api/v1/executions/counts" + Filters(parsed), stop);
                if (ClientOptions.Json(parsed))
                {
                    Show.Json(answer);
                }
                else
                {
                    // What was counted to the end of counting is more than that.
                    var most = answer["countsUpTo"]?.GetValue<long>();
                    Show.Facts([
                        .. answer["counts"]!
                            .AsObject() // always there
                            .Select(count =>
                                (count.Key, Show.Text(count.Value) + (count.Value?.GetValue<long>() >= most ? "+" : ""))
                            ),
                    ]);
                }

                return ExitCodes.Ok;
            }
        );
        return counts;
    }

    /// <summary>A word that lists what an address of the API has.</summary>
    public static Command List(
        string word,
        string description,
        string path,
        string none,
        params (string Heading, Func<JsonNode, string?> Cell)[] columns
    )
    {
        var command = ClientOptions.With(new Command(word, description) { Limit });
        command.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var list = await client.ListAsync(path + Filters(parsed), parsed.GetValue(Limit), stop);
                if (ClientOptions.Json(parsed))
                {
                    Show.Json(list);
                }
                else
                {
                    Show.List(list, none, columns);
                }

                return ExitCodes.Ok;
            }
        );
        return command;
    }

    // Each list has some of these; an option that a command lacks has no value.
    private static string Filters(ParseResult parsed)
    {
        var filters = ExecutionFilters
            .Given(parsed, ExecutionsQueue)
            .Concat(parsed.GetValue(Job) is { } job ? [(Name: "job", Value: job)] : [])
            .Concat(parsed.GetValue(Sort) is { } sort ? [(Name: "sort", Value: sort)] : [])
            .Concat(parsed.GetValue(Search) is { } text ? [(Name: "q", Value: text)] : [])
            .Concat(parsed.GetValue(Type) is { } type ? [(Name: "type", Value: type)] : [])
            .Concat(parsed.GetValue(Tag) is { } tag ? [(Name: "tag", Value: tag)] : [])
            .Concat(parsed.GetValue(Paused) is { } paused ? [(Name: "paused", Value: paused ? "true" : "false")] : [])
            .Concat(parsed.GetValue(Gone) ? [(Name: "gone", Value: "true")] : [])
            .Select(filter => $"{filter.Name}={Uri.EscapeDataString(filter.Value)}")
            .ToList();
        return filters.Count == 0 ? "" : "?" + string.Join('&', filters);
    }
}
