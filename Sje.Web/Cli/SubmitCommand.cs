using System.CommandLine;
using System.Net.Http.Headers;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>sje submit FILE</c>: hands a job to the server, and waits for it if asked to.</summary>
internal static class SubmitCommand
{
    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "The job file, YAML or JSON; - reads standard input",
    };
    private static readonly Option<bool> Wait = new("--wait", "-w")
    {
        Description = "Wait for the end, show the result, exit by it",
    };
    private static readonly Option<string> IdempotencyKey = new("--idempotency-key")
    {
        Description = "Submitting again under the same key returns the first execution",
    };

    public static Command Create()
    {
        var command = ClientOptions.With(
            new Command("submit", "Hand a job to the server") { FileArgument, Wait, IdempotencyKey, JobFile.Parameters }
        );
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Submits the text of a job file and returns the server's answer, good or not.</summary>
    public static Task<Answer> PostAsync(SjeClient client, JobFile job, string? idempotencyKey, CancellationToken stop)
    {
        var body = new ByteArrayContent(job.Text);
        body.Headers.ContentType = new MediaTypeHeaderValue(job.MediaType);
        var headers = new Dictionary<string, string>();
        if (idempotencyKey is not null)
        {
            headers["Idempotency-Key"] = idempotencyKey;
        }

        return client.TryAsync(HttpMethod.Post, "task", body, headers, stop);
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var job = await JobFile.ReadAsync(
            parsed.GetRequiredValue(FileArgument),
            parsed.GetValue(JobFile.Parameters),
            stop
        );
        using var client = ClientOptions.Connect(parsed);
        var json = ClientOptions.Json(parsed);
        var answer = await PostAsync(client, job, parsed.GetValue(IdempotencyKey), stop);
        if (!answer.IsSuccess)
        {
            throw SjeClient.Refusal(answer, job.Name);
        }

        var accepted = answer.Required;
        var id =
            Show.Text(accepted["taskId"])
            ?? throw new FailureException(
                "The server's answer has no taskId: is it an SJE server?",
                ExitCodes.ServerError
            );
        if (!parsed.GetValue(Wait))
        {
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

        var end = await ExecutionWatch.WaitAsync(client, id, quiet: json, stop);
        return await ExecutionWatch.ReportAsync(client, end, json, stop);
    }
}
