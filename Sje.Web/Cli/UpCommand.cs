using System.CommandLine;
using System.Net;
using Serilog.Events;
using Sje.Web.Failures;
using Sje.Web.Hosting;
using Spectre.Console;

namespace Sje.Web.Cli;

/// <summary>
/// <c>sje up</c>: starts everything in the foreground, runs the example once per database, shows its result and where to look, and
/// stays until Ctrl-C.
/// </summary>
internal static class UpCommand
{
    // Fixed, so that the database itself remembers that the example was submitted.
    private const string ExampleKey = "sje-up-example";

    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var command = new Command("up", "Start everything, run the example once, stay until Ctrl-C");
        RoleCommands.AddOptions(command, Role.All);
        command.SetAction(
            async (parsed, stop) =>
            {
                // The console belongs to the example and its result; the file has every line.
                SjeLogging.Console.MinimumLevel = LogEventLevel.Warning;
                var home = SjeHome.ToServeFrom();
                Show.Remarks.WriteLine("Starting SJE ...");
                await RoleHost.RunAsync(
                    new Launch(Role.All, home)
                    {
                        Settings = RoleCommands.SettingsOf(parsed),
                        Ready = (url, token) => WelcomeAsync(home, url, token),
                    },
                    stop
                );
                Show.Remarks.WriteLine("Stopped. The data is kept; './sje up' goes on with it.");
                return ExitCodes.Ok;
            }
        );
        return command;
    }

    private static async Task WelcomeAsync(SjeHome home, string? url, CancellationToken stop)
    {
        if (url is null)
        {
            return;
        }

        using var client = new SjeClient(new Uri(url), Environment.GetEnvironmentVariable("SJE_KEY"));
        await AwaitHealthAsync(client, stop);
        await RunExampleAsync(client, home, stop);
        var logs = Path.GetRelativePath(home.Folder, home.Logs);
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        grid.AddRow(new Text("SJE"), new Text(url));
        grid.AddRow(new Text("API"), new Text($"{url}/docs"));
        grid.AddRow(new Text("Hangfire"), new Text($"{url}/hangfire"));
        grid.AddRow(new Text("logs"), new Text(logs));
        Show.Remarks.Write(grid);
        Show.Remarks.WriteLine("In another terminal: ./sje submit examples/late-departures.yaml --wait");
        Show.Remarks.WriteLine("Ctrl-C stops.");
        SjeLogging.Console.MinimumLevel = LogEventLevel.Information;
    }

    private static async Task AwaitHealthAsync(SjeClient client, CancellationToken stop)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var health = await client.TryAsync(HttpMethod.Get, "health", null, null, stop);
            if (health.IsSuccess)
            {
                return;
            }

            if (TimeProvider.System.GetElapsedTime(since) > HealthLimit)
            {
                throw new FailureException(
                    $"The server at {client.Address} is not well after {HealthLimit.TotalSeconds} s: {health.Text}",
                    ExitCodes.ServerError
                );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, stop);
        }
    }

    private static async Task RunExampleAsync(SjeClient client, SjeHome home, CancellationToken stop)
    {
        var example = Path.Combine(home.Folder, "examples", "late-departures.yaml");
        if (!File.Exists(example))
        {
            return;
        }

        var job = await JobFile.ReadAsync(example, null, stop);
        var answer = await SubmitCommand.PostAsync(
            client,
            job,
            new Dictionary<string, string> { ["Idempotency-Key"] = ExampleKey },
            stop
        );
        if (answer.Status is HttpStatusCode.OK)
        {
            var before = await client.GetAsync($"task/{Show.Text(answer.Required["taskId"])}", stop);
            Show.Remarks.WriteLine(
                $"The example ran before: {Show.Text(before["taskId"])} {Show.Text(before["state"])}."
            );
            return;
        }

        if (
            answer.Status is HttpStatusCode.UnprocessableEntity
            && answer.Text.Contains("dempotency", StringComparison.Ordinal)
        )
        {
            Show.Remarks.WriteLine("The example ran before, in an older form.");
            return;
        }

        if (answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
        {
            Show.Remarks.WriteLine(
                "The example is not submitted: keys are needed here, and SJE_KEY holds none that may."
            );
            return;
        }

        if (!answer.IsSuccess)
        {
            // The server is up and of use all the same.
            var refusal = SjeClient.Refusal(answer, "The example");
            CliFailure.Write("the example was refused: " + refusal.Message, refusal.Faults);
            return;
        }

        Show.Remarks.WriteLine("Running examples/late-departures.yaml: 3 million flights, the late ones, by state ...");
        var end = await ExecutionWatch.WaitAsync(
            client,
            Show.Text(answer.Required["taskId"]) ?? "",
            quiet: false,
            stop
        );
        await ExecutionWatch.ReportAsync(client, end, json: false, stop);
    }
}
