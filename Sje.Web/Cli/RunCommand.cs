using System.CommandLine;
using System.Text.Json.Nodes;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Jobs.Execution;
using Sje.Web.Hosting;

namespace Sje.Web.Cli;

/// <summary><c>sje run FILE</c>: runs one job here and now, without a server or a database. Each task is tried once.</summary>
internal static class RunCommand
{
    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "The job file, YAML or JSON; - reads standard input",
    };

    public static Command Create()
    {
        var command = ClientOptions.WithOutput(
            new Command("run", "Run one job here and now, without server or database; each task is tried once")
            {
                FileArgument,
                JobFile.Parameters,
            }
        );
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var file = await JobFile.ReadAsync(parsed.GetRequiredValue(FileArgument), null, stop);
        var settings = LocalReader.Settings();
        var read = LocalReader.Read(file, settings);
        var job = read.Spec ?? throw LocalReader.Wrong(file, read.Faults, read.Dialect);
        var given = JobFile.Values(
            parsed.GetValue(JobFile.Parameters),
            name => job.Parameters.FirstOrDefault(parameter => parameter.Name == name)?.Type == "string"
        );
        var bound = ParameterBinder.Bind(job, given);
        if (bound.Faults.Count > 0)
        {
            throw LocalReader.Wrong(file, bound.Faults);
        }

        if (job.Schedule is not null)
        {
            Console.Error.WriteLine("The job runs once; its schedule counts when it is saved (sje jobs save).");
        }

        SjeLogging.Console.MinimumLevel = LogEventLevel.Warning;
        await using var logger = SjeLogging.Create(settings, logs: null);
        using var loggers = new SerilogLoggerFactory(logger);
        await using var services = new ServiceCollection()
            .AddSjeExecution()
            .AddSjeEngines()
            .AddSingleton<IConfiguration>(settings)
            .AddSingleton<ILoggerFactory>(loggers)
            .AddLogging()
            .BuildServiceProvider();
        using var signals = new StopSignals(stop);
        var json = ClientOptions.Json(parsed);
        var end = await new LocalRun(services, job, bound.Values, json).RunAsync(signals.Token);
        if (json)
        {
            Show.Json(end);
        }
        else
        {
            Report(end);
        }

        return ExecutionWatch.ExitCodeOf(Show.Text(end["state"]));
    }

    private static void Report(JsonObject end)
    {
        foreach (var task in (end["tasks"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var state = Show.Text(task["state"]);
            if (state is "failed" or "timed_out")
            {
                CliFailure.Write($"task {Show.Text(task["name"])} {state}: {Show.Text(task["error"]?["message"])}");
            }

            Show.Result(task);
        }

        Console.Error.WriteLine($"{Show.Text(end["name"])} {Show.Text(end["state"])}");
    }
}
