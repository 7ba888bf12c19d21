using System.Text.Json.Nodes;
using Sje.Web.Failures;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary>Follows an execution to its end, with a bar where a person watches.</summary>
internal static class ExecutionWatch
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>The states from which nothing goes on by itself, and what a script is told of each.</summary>
    private static readonly Dictionary<string, int> Ends = new()
    {
        ["succeeded"] = ExitCodes.Ok,
        ["partially_succeeded"] = ExitCodes.Ok,
        ["failed"] = ExitCodes.JobFailed,
        ["cancelled"] = ExitCodes.Cancelled,
        ["timed_out"] = ExitCodes.Cancelled,
    };

    /// <summary>Whether a state is an end.</summary>
    public static bool IsEnd(string? state) => state is not null && Ends.ContainsKey(state);

    /// <summary>The exit code of a state.</summary>
    public static int ExitCodeOf(string? state) =>
        state is not null && Ends.TryGetValue(state, out var code) ? code : ExitCodes.Ok;

    /// <summary>Waits for the end and returns the execution as it then is.</summary>
    public static async Task<JsonNode> WaitAsync(SjeClient client, string id, bool quiet, CancellationToken stop)
    {
        if (quiet || !Show.Interactive)
        {
            return await FollowAsync(client, id, quiet ? _ => { } : Lines(), stop);
        }

        return await Show.Progress()
            .StartAsync(async progress =>
            {
                var bar = progress.AddTask(Markup.Escape(id), maxValue: 1);
                var end = await FollowAsync(
                    client,
                    id,
                    execution =>
                    {
                        bar.Description = Markup.Escape(
                            $"{Show.Text(execution["name"]) ?? id}: {Show.Text(execution["state"])}"
                        );
                        bar.Value = Fraction(execution);
                    },
                    stop
                );
                bar.StopTask();
                return end;
            });
    }

    /// <summary>Says how an execution ended: its result, or why not.</summary>
    public static async Task<int> ReportAsync(SjeClient client, JsonNode execution, bool json, CancellationToken stop)
    {
        var id = Show.Text(execution["taskId"]);
        var state = Show.Text(execution["state"]);
        if (json)
        {
            Show.Json(execution);
            return ExitCodeOf(state);
        }

        if (ExitCodeOf(state) == ExitCodes.Ok)
        {
            var answer = await client.TryAsync(HttpMethod.Get, $"task/{id}/result", null, null, stop);
            if (answer.IsSuccess)
            {
                Show.Result(answer.Body);
            }

            Show.Remarks.WriteLine($"{id} {state}");
            return ExitCodes.Ok;
        }

        CliFailure.Write($"{id} {state}{Reason(execution["error"])}");
        foreach (
            var line in (Show.Text(execution["error"]?["logTail"]) ?? "")
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .TakeLast(20)
        )
        {
            await Console.Error.WriteLineAsync("  | " + line);
        }

        return ExitCodeOf(state);
    }

    private static string Reason(JsonNode? error) => Show.Text(error?["message"]) is { } message ? $": {message}" : "";

    private static async Task<JsonNode> FollowAsync(
        SjeClient client,
        string id,
        Action<JsonNode> seen,
        CancellationToken stop
    )
    {
        var pause = FirstPause;
        while (true)
        {
            var execution = await client.GetPatientlyAsync($"task/{Uri.EscapeDataString(id)}", stop);
            seen(execution);
            if (IsEnd(Show.Text(execution["state"])))
            {
                return execution;
            }

            await Task.Delay(pause, TimeProvider.System, stop);
            pause = pause * 1.5 < LongestPause ? pause * 1.5 : LongestPause;
        }
    }

    /// <summary>Without a terminal: one line for each change of state.</summary>
    private static Action<JsonNode> Lines()
    {
        string? last = null;
        return execution =>
        {
            var reason = Show.Text(execution["waitReason"]);
            var line = Show.Text(execution["state"]) + (reason is null ? "" : $" ({reason})");
            if (line != last)
            {
                last = line;
                Console.Error.WriteLine($"{Show.Text(execution["taskId"])} {line}");
            }
        };
    }

    private static double Fraction(JsonNode execution) =>
        execution["progress"] switch
        {
            JsonValue value when value.TryGetValue<double>(out var plain) => plain,
            JsonObject several
                when several["fraction"] is JsonValue fraction && fraction.TryGetValue<double>(out var inner) => inner,
            _ => 0,
        };
}
