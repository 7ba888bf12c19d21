using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>pause</c> and <c>resume</c> of queues, jobs, schedules and workers, below their lists and as words of their own.</summary>
internal static class PauseCommands
{
    private static readonly Argument<string> Queue = new("name") { Description = "The queue's name" };
    private static readonly Argument<string> Job = new("name") { Description = "The job's name" };
    private static readonly Argument<string> Schedule = new("name") { Description = "The schedule's name" };

    /// <summary>Names a worker.</summary>
    public static readonly Argument<string> Worker = new("worker")
    {
        Description = "The worker's id, or its name where only one alive bears it",
    };

    private static readonly Option<string> Reason = new("--reason") { Description = "Why, for those who wonder" };

    public static IEnumerable<Command> OfQueues() =>
        Pair(
            Queue,
            "Start nothing from it until it is resumed; what runs goes on",
            (_, name, _) => Task.FromResult("api/v1/queues/" + Uri.EscapeDataString(name))
        );

    public static IEnumerable<Command> OfJobs() =>
        Pair(
            Job,
            "Start nothing of it until it is resumed; what runs goes on, what is submitted waits",
            (_, name, _) => Task.FromResult(JobCommands.Path(name))
        );

    public static IEnumerable<Command> OfWorkers() =>
        Pair(
            Worker,
            "Let it claim nothing until it is resumed or started again; what it runs goes on",
            FindWorkerAsync
        );

    /// <summary>Empties a worker whose process goes on.</summary>
    public static Command Drain()
    {
        var drain = ClientOptions.With(
            new Command(
                "drain",
                "Let it claim nothing, and hand back what still runs after its grace, until it is resumed or started again"
            )
            {
                Worker,
                Reason,
            }
        );
        drain.SetAction((parsed, stop) => ChangeAsync(parsed, Worker, "drain", FindWorkerAsync, stop));
        return drain;
    }

    /// <summary><c>sje pause KIND NAME</c> and <c>sje resume KIND NAME</c>, for those who think of the deed first.</summary>
    public static IEnumerable<Command> OfAnything()
    {
        var pause = new Command("pause", "Start nothing from a queue, of a job, by a schedule, on a worker, or at all");
        var resume = new Command("resume", "End a pause");
        foreach (
            var (kind, words) in new[]
            {
                ("queue", OfQueues()),
                ("job", OfJobs()),
                ("schedule", OfSchedules()),
                ("worker", OfWorkers()),
            }
        )
        {
            foreach (var word in words)
            {
                var named = new Command(kind, word.Description) { Action = word.Action };
                foreach (var argument in word.Arguments)
                {
                    named.Arguments.Add(argument);
                }

                foreach (var option in word.Options)
                {
                    named.Options.Add(option);
                }

                (word.Name == "pause" ? pause : resume).Subcommands.Add(named);
            }
        }

        pause.Subcommands.Add(All("pause", "Start nothing from any queue until it is resumed; what runs goes on"));
        resume.Subcommands.Add(All("resume", "End the pauses of all queues"));
        return [pause, resume];
    }

    private static Command[] OfSchedules() =>
        Pair(
            Schedule,
            "Start nothing by itself until it is resumed",
            (_, name, _) => Task.FromResult(ScheduleCommands.Path(name))
        );

    private static Command All(string word, string meaning)
    {
        var all = ClientOptions.With(new Command("all", meaning));
        if (word == "pause")
        {
            all.Options.Add(Reason);
        }

        all.SetAction(
            async (parsed, stop) =>
            {
                using var client = ClientOptions.Connect(parsed);
                var queues = (await client.ListAsync("api/v1/queues", int.MaxValue, stop))["items"] as JsonArray ?? [];
                var changed = new JsonArray();
                foreach (var queue in queues.Select(queue => Show.Text(queue?["name"])).OfType<string>())
                {
                    var path = $"api/v1/queues/{Uri.EscapeDataString(queue)}/{word}";
                    changed.Add(
                        (await client.SendAsync(HttpMethod.Post, path, Why(parsed), null, stop)).Required.DeepClone()
                    );
                }

                ExecutionChoice.Write(
                    parsed,
                    new JsonObject { ["items"] = changed, ["nextCursor"] = null },
                    $"{changed.Count} queues are {(word == "pause" ? "paused" : "not paused")}"
                );
                return ExitCodes.Ok;
            }
        );
        return all;
    }

    private static Command[] Pair(
        Argument<string> subject,
        string meaning,
        Func<SjeClient, string, CancellationToken, Task<string>> find
    )
    {
        var pause = ClientOptions.With(new Command("pause", meaning) { subject, Reason });
        pause.SetAction((parsed, stop) => ChangeAsync(parsed, subject, "pause", find, stop));
        var resume = ClientOptions.With(new Command("resume", "End a pause") { subject });
        resume.SetAction((parsed, stop) => ChangeAsync(parsed, subject, "resume", find, stop));
        return [pause, resume];
    }

    private static async Task<int> ChangeAsync(
        ParseResult parsed,
        Argument<string> subject,
        string word,
        Func<SjeClient, string, CancellationToken, Task<string>> find,
        CancellationToken stop
    )
    {
        using var client = ClientOptions.Connect(parsed);
        var name = parsed.GetRequiredValue(subject);
        var path = await find(client, name, stop);
        var answer = (await client.SendAsync(HttpMethod.Post, $"{path}/{word}", Why(parsed), null, stop)).Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Console.Out.WriteLine(
                word == "drain" ? $"{name} drains"
                : Show.Time(answer["pausedAt"]) is { } since ? $"{name} is paused since {since}"
                : $"{name} is not paused"
            );
        }

        return ExitCodes.Ok;
    }

    private static StringContent? Why(ParseResult parsed) =>
        parsed.GetValue(Reason) is { } reason
            ? SjeClient.Json(new JsonObject { ["reason"] = reason }.ToJsonString())
            : null;

    /// <summary>Where a worker stands in the API.</summary>
    /// <exception cref="FailureException">None alive bears the name, or several do.</exception>
    public static async Task<string> FindWorkerAsync(SjeClient client, string idOrName, CancellationToken stop)
    {
        const string Path = "api/v1/workers/";
        if (Guid.TryParse(idOrName, out var id))
        {
            return Path + id;
        }

        var alive = (await client.ListAsync("api/v1/workers", 1000, stop))["items"] as JsonArray ?? [];
        return alive.OfType<JsonNode>().Where(worker => Show.Text(worker["name"]) == idOrName).ToList() switch
        {
            [var only] => Path + Show.Text(only["id"]),
            [] => throw new FailureException($"No worker '{idOrName}' is alive.", ExitCodes.Rejected),
            _ => throw new FailureException($"Several workers are called '{idOrName}': give an id.", ExitCodes.Usage),
        };
    }
}
