using System.CommandLine;

namespace Sje.Web.Cli;

/// <summary><c>sje submit FILE</c>: hands a job to the server, and waits for it if asked to.</summary>
internal static class SubmitCommand
{
    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "The job file, YAML or JSON; - reads standard input",
    };

    public static Command Create()
    {
        var command = ClientOptions.With(
            new Command("submit", "Hand a job to the server")
            {
                FileArgument,
                Submitted.Wait,
                Submitted.IdempotencyKey,
                JobFile.Parameters,
            }
        );
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>Submits the text of a job file and returns the server's answer, good or not.</summary>
    public static Task<Answer> PostAsync(
        SjeClient client,
        JobFile job,
        IReadOnlyDictionary<string, string>? headers,
        CancellationToken stop
    ) => client.TryAsync(HttpMethod.Post, "task", job.ToContent(), headers, stop);

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var job = await JobFile.ReadAsync(
            parsed.GetRequiredValue(FileArgument),
            parsed.GetValue(JobFile.Parameters),
            stop
        );
        using var client = ClientOptions.Connect(parsed);
        var answer = await PostAsync(client, job, Submitted.Headers(parsed), stop);
        return answer.IsSuccess
            ? await Submitted.FinishAsync(parsed, client, answer.Required, stop)
            : throw SjeClient.Refusal(answer, job.Name);
    }
}
