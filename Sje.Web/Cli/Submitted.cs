using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary>What follows when the server has taken work on: its id is shown, or its end waited for.</summary>
internal static class Submitted
{
    /// <summary>Waits for the end.</summary>
    public static readonly Option<bool> Wait = new("--wait", "-w")
    {
        Description = "Wait for the end, show the result, exit by it",
    };

    /// <summary>Makes a repeat harmless.</summary>
    public static readonly Option<string> IdempotencyKey = new("--idempotency-key")
    {
        Description = "Submitting again under the same key returns the first execution",
    };

    /// <summary>The headers of a request that starts something.</summary>
    public static Dictionary<string, string> Headers(ParseResult parsed)
    {
        var headers = new Dictionary<string, string>();
        if (parsed.GetValue(IdempotencyKey) is { } key)
        {
            headers["Idempotency-Key"] = key;
        }

        return headers;
    }

    /// <summary>Shows the answer, or waits; the exit code says how it went.</summary>
    public static async Task<int> FinishAsync(
        ParseResult parsed,
        SjeClient client,
        JsonNode accepted,
        CancellationToken stop
    )
    {
        var json = ClientOptions.Json(parsed);
        var id =
            Show.Text(accepted["taskId"])
            ?? throw new FailureException(
                "The server's answer has no taskId: is it an SJE server?",
                ExitCodes.ServerError
            );
        if (parsed.GetValue(Wait))
        {
            var end = await ExecutionWatch.WaitAsync(client, id, quiet: json, stop);
            return await ExecutionWatch.ReportAsync(client, end, json, stop);
        }

        if (json)
        {
            Show.Json(accepted);
        }
        else
        {
            Console.Out.WriteLine(id);
        }

        return ExitCodes.Ok;
    }
}
