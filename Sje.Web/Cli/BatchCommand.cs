using System.CommandLine;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>sje batch FILE</c>: hands up to ten thousand jobs to the server in one request.</summary>
internal static class BatchCommand
{
    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "An array of jobs (JSON or YAML), {tasks: [...]}, or a line of JSON each; - reads standard input",
    };
    private static readonly Option<bool> Atomic = new("--atomic") { Description = "Accept all of them or none" };

    public static Command Create()
    {
        var command = ClientOptions.With(
            new Command("batch", "Hand many jobs to the server in one request") { FileArgument, Atomic }
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var file = await JobFile.ReadAsync(parsed.GetRequiredValue(FileArgument), null, stop);
        using var body = file.ToContent();
        body.Headers.ContentType = new MediaTypeHeaderValue(MediaTypeOf(file));
        using var client = ClientOptions.Connect(parsed);
        var answer = await client.TryAsync(
            HttpMethod.Post,
            "tasks" + (parsed.GetValue(Atomic) ? "?atomic=true" : ""),
            body,
            null,
            stop
        );
        // 422 with items: the batch was read, and none of it was right.
        if (
            !answer.IsSuccess
            && !(answer.Status == HttpStatusCode.UnprocessableEntity && answer.Body?["items"] is JsonArray)
        )
        {
            throw SjeClient.Refusal(answer, file.Name);
        }

        var result = answer.Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(result);
        }
        else
        {
            foreach (var item in (result["items"] as JsonArray ?? []).OfType<JsonNode>())
            {
                if (Show.Text(item["taskId"]) is { } id)
                {
                    Console.Out.WriteLine(id);
                }
                else
                {
                    CliFailure.Write(
                        $"job {Show.Text(item["index"])}: {Show.Text(item["problem"]?["detail"]) ?? Show.Text(item["problem"]?["title"]) ?? "not accepted, because of another one"}",
                        [
                            .. (item["problem"]?["errors"] as JsonArray ?? []).Select(error =>
                                $"{Show.Text(error?["pointer"])}: {Show.Text(error?["detail"])}"
                            ),
                        ]
                    );
                }
            }

            Console.Error.WriteLine(
                $"{Show.Text(result["accepted"])} accepted, {Show.Text(result["rejected"])} rejected"
            );
        }

        return !answer.IsSuccess ? ExitCodes.Rejected
            : Show.Text(result["rejected"]) is null or "0" ? ExitCodes.Ok
            : ExitCodes.JobFailed;
    }

    private static string MediaTypeOf(JobFile file) =>
        file.Name.EndsWith(".ndjson", StringComparison.OrdinalIgnoreCase)
        || file.Name.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
        || IsLines(file.Text)
            ? "application/x-ndjson"
        : file.Text.FirstOrDefault(letter => letter is not (0x20 or 0x09 or 0x0A or 0x0D)) == (byte)'['
            ? "application/json"
        : file.MediaType;

    /// <summary>Whether more than one object stands there, each in a line of its own.</summary>
    internal static bool IsLines(byte[] text)
    {
        var lines = System
            .Text.Encoding.UTF8.GetString(text)
            .Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return lines.Length > 1 && lines.All(line => line[0] == '{' && line[^1] == '}');
    }
}
