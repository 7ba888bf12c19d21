using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>pause</c> and <c>resume</c> of queues, jobs and workers.</summary>
internal static class PauseCommands
{
    private static readonly Argument<string> Queue = new("name") { Description = "The queue's name" };
    private static readonly Argument<string> Job = new("name") { Description = "The job's name" };
    private static readonly Argument<string> Worker = new("worker")
    {
        Description = "The worker's id, or its name where only one alive bears it",
    };

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

    private static Command[] Pair(
        Argument<string> subject,
        string meaning,
        Func<SjeClient, string, CancellationToken, Task<string>> find
    )
    {
        var pause = ClientOptions.With(new Command("pause", meaning) { subject });
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
        var answer = (await client.SendAsync(HttpMethod.Post, $"{path}/{word}", null, null, stop)).Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(answer);
        }
        else
        {
            Console.Out.WriteLine(
                Show.Time(answer["pausedAt"]) is { } since ? $"{name} is paused since {since}" : $"{name} is not paused"
            );
        }

        return ExitCodes.Ok;
    }

    private static async Task<string> FindWorkerAsync(SjeClient client, string idOrName, CancellationToken stop)
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
