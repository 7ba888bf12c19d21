using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary><c>operations</c>: changes of many rows, and how far they are.</summary>
internal static class OperationCommands
{
    private static readonly Argument<Guid> Id = new("id") { Description = "The operation" };

    public static Command Create()
    {
        var operations = ListCommands.List(
            "operations",
            "Changes of many at once: list, show, watch and cancel them",
            "api/v1/operations",
            "There was no operation.",
            ("operation", operation => Show.Text(operation["id"])),
            ("kind", operation => Show.Text(operation["kind"])),
            ("state", operation => Show.Text(operation["state"])),
            ("total", operation => Show.Text(operation["total"])),
            ("done", operation => Show.Text(operation["done"])),
            ("failed", operation => Show.Text(operation["failed"])),
            ("by", operation => Show.Text(operation["requestedBy"])),
            ("began", operation => Show.Time(operation["createdAt"])),
            ("ended", operation => Show.Time(operation["finishedAt"]))
        );
        var show = ClientOptions.With(new Command("show", "Show one: what it does, to what, and how far it is") { Id });
        show.SetAction(ShowAsync);
        var watch = ClientOptions.With(new Command("watch", "Wait for the end of one, exit by it") { Id });
        watch.SetAction(WatchAsync);
        var cancel = ClientOptions.With(
            new Command("cancel", "End one before it is over; what it has done stays done") { Id }
        );
        cancel.SetAction(CancelAsync);
        foreach (var word in new[] { ListCommands.AsWord(operations), show, watch, cancel })
        {
            operations.Subcommands.Add(word);
        }

        return operations;
    }

    private static string Path(ParseResult parsed) => $"api/v1/operations/{parsed.GetRequiredValue(Id)}";

    private static async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        Write(parsed, await client.GetAsync(Path(parsed), stop));
        return ExitCodes.Ok;
    }

    private static async Task<int> WatchAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var begun = await client.GetAsync(Path(parsed), stop);
        return await OperationWatch.FinishAsync(parsed, client, begun, false, "rows", "changed", stop);
    }

    private static async Task<int> CancelAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        Write(parsed, (await client.SendAsync(HttpMethod.Post, Path(parsed) + "/cancel", null, null, stop)).Required);
        return ExitCodes.Ok;
    }

    private static void Write(ParseResult parsed, JsonNode operation)
    {
        if (ClientOptions.Json(parsed))
        {
            Show.Json(operation);
            return;
        }

        static string? Filled(JsonNode? node) => node is JsonObject { Count: > 0 } ? node.ToJsonString() : null;
        Show.Facts([
            ("operation", Show.Text(operation["id"])),
            ("kind", Show.Text(operation["kind"])),
            (
                "of",
                Show.Text(operation["chosen"]) is { } chosen
                    ? $"{chosen} that were named"
                    : Filled(operation["filter"]) ?? "all"
            ),
            ("to", Filled(operation["settings"])),
            ("state", Show.Text(operation["state"])),
            ("total", Show.Text(operation["total"])),
            ("done", Show.Text(operation["done"])),
            ("failed", Show.Text(operation["failed"])),
            ("untouched", Show.Text(operation["untouched"])),
            ("by", Show.Text(operation["requestedBy"])),
            ("began", Show.Time(operation["createdAt"])),
            ("ended", Show.Time(operation["finishedAt"])),
        ]);
        OperationWatch.WriteReasons(operation);
    }
}

/// <summary>Follows an operation to its end, with a bar where a person watches.</summary>
internal static class OperationWatch
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);

    /// <summary>Waits for the end unless told not to, says what it came to, and gives the exit code of that.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="client">The server.</param>
    /// <param name="operation">The operation as it began.</param>
    /// <param name="noWait">Only says that it has begun.</param>
    /// <param name="what">What it is about, in the plural.</param>
    /// <param name="did">What is done to them: <c>requeued</c>.</param>
    /// <param name="stop">Gives up; the operation goes on.</param>
    public static async Task<int> FinishAsync(
        ParseResult parsed,
        SjeClient client,
        JsonNode operation,
        bool noWait,
        string what,
        string did,
        CancellationToken stop
    )
    {
        var json = ClientOptions.Json(parsed);
        if (!noWait)
        {
            operation = await WaitAsync(client, operation, what, json, stop);
        }

        if (json)
        {
            Show.Json(operation);
        }
        else if (noWait)
        {
            Console.Out.WriteLine(
                $"operation {Show.Text(operation["id"])} has begun: {Show.Text(operation["total"])} {what}"
            );
        }
        else
        {
            Console.Out.WriteLine(Describe(operation, did));
            WriteReasons(operation);
        }

        return Show.Text(operation["state"]) switch
        {
            "failed" or "partially_succeeded" => ExitCodes.JobFailed,
            "cancelled" => ExitCodes.Cancelled,
            _ => ExitCodes.Ok,
        };
    }

    /// <summary>A line for each reason why some could not be changed.</summary>
    public static void WriteReasons(JsonNode operation)
    {
        foreach (var (reason, count) in operation["reasons"] as JsonObject ?? [])
        {
            Console.Out.WriteLine($"  {Show.Text(count)}: {reason}");
        }
    }

    private static async Task<JsonNode> WaitAsync(
        SjeClient client,
        JsonNode begun,
        string what,
        bool quiet,
        CancellationToken stop
    )
    {
        if (quiet || !Show.Interactive)
        {
            return await FollowAsync(client, begun, quiet ? _ => { } : Lines(), stop);
        }

        return await Show.Progress()
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask(Markup.Escape(what), maxValue: 1);
                var end = await FollowAsync(
                    client,
                    begun,
                    operation =>
                    {
                        bar.Description = Markup.Escape($"{Counts(operation)} {what}");
                        bar.Value = Number(operation, "total") is > 0 and var total
                            ? (Number(operation, "done") + Number(operation, "failed")) / (double)total
                            : 1;
                    },
                    stop
                );
                bar.StopTask();
                return end;
            });
    }

    private static string Describe(JsonNode operation, string did)
    {
        var (failed, untouched) = (Number(operation, "failed"), Number(operation, "untouched"));
        return $"{Number(operation, "done")} {did}"
            + (failed > 0 ? $", {failed} failed" : "")
            + (untouched > 0 ? $", {untouched} were dealt with by others meanwhile" : "")
            + (Show.Text(operation["state"]) == "cancelled" ? ", then cancelled" : "");
    }

    private static async Task<JsonNode> FollowAsync(
        SjeClient client,
        JsonNode operation,
        Action<JsonNode> tell,
        CancellationToken stop
    )
    {
        while (Show.Text(operation["state"]) == "running")
        {
            tell(operation);
            await Task.Delay(Pause, TimeProvider.System, stop);
            operation = await client.GetPatientlyAsync($"api/v1/operations/{Show.Text(operation["id"])}", stop);
        }

        tell(operation);
        return operation;
    }

    private static Action<JsonNode> Lines()
    {
        var last = "";
        return operation =>
        {
            if (Counts(operation) is var line && line != last)
            {
                Show.Remarks.WriteLine(line);
                last = line;
            }
        };
    }

    private static string Counts(JsonNode operation) =>
        $"{Number(operation, "done") + Number(operation, "failed")} of {Number(operation, "total")}";

    private static long Number(JsonNode operation, string name) =>
        long.TryParse(Show.Text(operation[name]), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;
}
