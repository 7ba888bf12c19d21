using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>advice</c>: what a Spark run measured, what could be better, what it cost, and how that compares with earlier runs.</summary>
internal static class AdviceCommand
{
    private static readonly Option<string> TaskName = new("--task") { Description = "Only of this task" };

    private static readonly (string Name, string Title)[] Compared =
    [
        ("duration", "time"),
        ("cost", "cost"),
        ("inputRows", "rows read"),
        ("outputRows", "rows written"),
        ("shuffle", "shuffled bytes"),
        ("spill", "spilled bytes"),
    ];

    public static Command Create()
    {
        var advice = ClientOptions.With(
            new Command(
                "advice",
                "Show what a Spark run measured, advice from it, its cost, and a comparison with earlier runs"
            )
            {
                ExecutionCommands.Id,
                TaskName,
            }
        );
        advice.SetAction(ShowAsync);
        return advice;
    }

    private static async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var given = parsed.GetRequiredValue(ExecutionCommands.Id);
        // The id of an execution that may have been named by its label.
        var id = Show.Text((await client.GetAsync("task/" + Uri.EscapeDataString(given), stop))["taskId"]);
        var list = await client.ListAsync($"api/v1/executions/{id}/spark", int.MaxValue, stop);
        if (parsed.GetValue(TaskName) is { } name)
        {
            list["items"] = new JsonArray([
                .. list["items"]!
                    .AsArray()
                    .Where(task => Show.Text(task?["task"]) == name)
                    .Select(task => task?.DeepClone()),
            ]);
        }

        if (ClientOptions.Json(parsed))
        {
            Show.Json(list);
            return ExitCodes.Ok;
        }

        var tasks = list["items"]!.AsArray(); // ListAsync has made it.
        if (tasks.Count == 0)
        {
            throw new FailureException(
                parsed.GetValue(TaskName) is { } one
                    ? $"'{given}' has no Spark task '{one}'."
                    : $"'{given}' has no Spark task.",
                ExitCodes.Rejected
            );
        }

        foreach (var task in tasks.OfType<JsonObject>())
        {
            Write(task);
        }

        return ExitCodes.Ok;
    }

    private static void Write(JsonObject task)
    {
        var (application, totals) = (task["application"], task["facts"]?["totals"]);
        Show.Facts([
            ("task", Show.Text(task["task"])),
            ("state", Show.Text(application?["state"]) ?? Show.Text(task["state"])),
            ("why it waits", Show.Text(application?["pendingCause"])),
            ("cluster", Show.Text(application?["cluster"])),
            ("application", Show.Text(application?["applicationId"])),
            ("pages", Show.Text(application?["ui"])),
            ("time", Seconds(task["facts"]?["durationMs"])),
            (
                "tasks",
                totals is null
                    ? null
                    : $"{Number(totals["tasks"])} in {Number(totals["stages"])} stages"
                        + (Number(totals["failedTasks"]) is not "0" and var failed ? $", {failed} failed" : "")
            ),
            ("executors", totals?["executorsMax"] is null ? null : $"{Number(totals["executorsMax"])} at most"),
            ("read", Data(totals, "inputRows", "inputBytes")),
            ("written", Data(totals, "outputRows", "outputBytes")),
            ("shuffled", Data(totals, "shuffleWriteRows", "shuffleWriteBytes")),
            ("spilled", totals?["diskSpilledBytes"] is { } spilled ? Bytes(spilled) : null),
            ("used", task["cost"] is null ? Used(totals) : null),
            ("cost", Cost(task["cost"])),
        ]);
        WriteComparison(task["comparison"]);
        WriteAdvice(task);
    }

    private static void WriteAdvice(JsonObject task)
    {
        if (task["advice"] is not JsonArray advice)
        {
            Console.Out.WriteLine(
                task["application"]?["endedAt"] is null
                    ? "Advice comes when the application has ended."
                    : "Nothing was measured, so there is no advice: it needs an event log, or a driver that could be asked."
            );
            return;
        }

        if (advice.Count == 0)
        {
            Console.Out.WriteLine("No advice: nothing stands out in these figures.");
        }

        foreach (var one in advice.OfType<JsonObject>())
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine($"{Show.Text(one["severity"])}: {Show.Text(one["kind"])}");
            Console.Out.WriteLine($"  {Show.Text(one["text"])}");
            foreach (var (name, value) in one["suggestion"] as JsonObject ?? [])
            {
                Console.Out.WriteLine($"  try {name}={Show.Text(value)}");
            }
        }

        Console.Out.WriteLine();
    }

    private static void WriteComparison(JsonNode? comparison)
    {
        if (comparison is null)
        {
            return;
        }

        var earlier = Number(comparison["earlier"]);
        Console.Out.WriteLine(
            $"Beside the median of the last {(earlier == "1" ? "good run" : earlier + " good runs")} of this job ({Seconds(comparison["medianDurationMs"])}):"
        );
        Show.Facts(
            Compared.Select(one =>
                ("  " + one.Title, comparison[one.Name] is { } ratio ? Times(ratio.GetValue<double>()) : null)
            )
        );
    }

    private static string Times(double ratio) => string.Create(CultureInfo.InvariantCulture, $"{ratio:0.##} times");

    private static string? Cost(JsonNode? cost) =>
        cost is null
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{cost["total"]?.GetValue<decimal>():0.####} {Show.Text(cost["currency"])} ({cost["coreSeconds"]?.GetValue<double>():0} core-seconds, {cost["gibSeconds"]?.GetValue<double>():0} GiB-seconds"
            )
                + (
                    cost["spotSaving"]?.GetValue<decimal>() is > 0 and var saved
                        ? string.Create(CultureInfo.InvariantCulture, $", {saved:0.####} saved by spot machines")
                        : ""
                )
                + ")";

    // What a cluster bills, where it has no prices to say what that is in money.
    private static string? Used(JsonNode? totals)
    {
        var (cores, memory) = (Sum("CoreSeconds"), Sum("GibSeconds"));
        return cores > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{cores:0} core-seconds, {memory:0} GiB-seconds")
            : null;

        double Sum(string what) =>
            (totals?["executor" + what]?.GetValue<double>() ?? 0) + (totals?["driver" + what]?.GetValue<double>() ?? 0);
    }

    private static string? Data(JsonNode? totals, string rows, string bytes) =>
        totals is null || (totals[rows] is null && totals[bytes] is null)
            ? null
            : $"{Number(totals[rows])} rows, {Bytes(totals[bytes])}";

    private static string? Seconds(JsonNode? milliseconds) =>
        milliseconds is null
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"{milliseconds.GetValue<double>() / 1000:0.#} s");

    // What is zero is left out of the figures.
    private static string Number(JsonNode? number) =>
        (number?.GetValue<long>() ?? 0).ToString(CultureInfo.InvariantCulture);

    private static string Bytes(JsonNode? bytes)
    {
        double size = bytes?.GetValue<long>() ?? 0;
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        var unit = 0;
        for (; size >= 1024 && unit < units.Length - 1; unit++)
        {
            size /= 1024;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }
}
