using System.CommandLine;
using System.Text.Json.Nodes;
using Sje.Core.Jobs;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary><c>jobs</c>: the saved jobs.</summary>
internal static class JobCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "The job's name" };
    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "The job file, YAML or JSON; - reads standard input",
    };
    private static readonly Option<string> SaveAs = new("--name")
    {
        Description = "The name to save it under [default: the name in the file, else the file's]",
    };
    private static readonly Option<int?> Version = new("--version") { Description = "This version, not the newest" };

    public static Command Create()
    {
        var jobs = ListCommands.List(
            "jobs",
            "Saved jobs: list, show, save, run and delete them",
            "api/v1/jobs",
            "No job is saved.",
            ("name", job => Show.Text(job["name"])),
            ("version", job => Show.Text(job["version"])),
            ("type", job => Show.Text(job["type"])),
            ("queue", job => Show.Text(job["queue"])),
            ("updated", job => Show.Time(job["updatedAt"])),
            ("paused", job => Show.Time(job["pausedAt"]))
        );
        foreach (var option in ListCommands.OfJobs)
        {
            jobs.Options.Add(option);
        }

        jobs.Subcommands.Add(ListCommands.AsWord(jobs));

        var show = ClientOptions.With(new Command("show", "Show a saved job as it is stored") { Name, Version });
        show.SetAction(ShowAsync);
        var save = ClientOptions.With(
            new Command("save", "Save a job under its name, with its schedule if it has one") { FileArgument, SaveAs }
        );
        save.SetAction(SaveAsync);
        var run = ClientOptions.With(
            new Command("run", "Run a saved job") { Name, JobFile.Parameters, Submitted.Wait, Submitted.IdempotencyKey }
        );
        run.SetAction(RunAsync);
        var delete = ClientOptions.With(
            new Command("delete", "Delete a saved job and its schedules; its executions stay") { Name }
        );
        delete.SetAction(DeleteAsync);
        var versions = ClientOptions.With(
            new Command("versions", "List the versions of a saved job, the newest first") { Name }
        );
        versions.SetAction(VersionsAsync);
        var validate = ClientOptions.With(
            new Command("validate", "Have the server check a job file without saving or running it") { FileArgument }
        );
        validate.SetAction(ValidateAsync);
        foreach (var word in new[] { show, versions, validate, save, run, delete }.Concat(PauseCommands.OfJobs()))
        {
            jobs.Subcommands.Add(word);
        }

        return jobs;
    }

    /// <summary>Where a job stands in the API.</summary>
    public static string Path(string name) => "api/v1/jobs/" + Uri.EscapeDataString(name);

    /// <summary>The values of <c>--param</c>; text where a saved job declares a parameter as such. Null where none is given.</summary>
    public static async Task<JsonObject?> ValuesAsync(
        ParseResult parsed,
        SjeClient client,
        string job,
        CancellationToken stop
    )
    {
        if (parsed.GetValue(JobFile.Parameters) is not { Length: > 0 } given)
        {
            return null;
        }

        var declared = (await client.GetAsync(Path(job), stop))["job"]?["parameters"] as JsonObject;
        return JobFile.Values(given, name => JobFile.IsText(declared?[name]));
    }

    private static async Task<int> ShowAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var version = parsed.GetValue(Version) is { } number ? $"?version={number}" : "";
        var job = await client.GetAsync(Path(parsed.GetRequiredValue(Name)) + version, stop);
        if (ClientOptions.Json(parsed))
        {
            Show.Json(job);
            return ExitCodes.Ok;
        }

        Show.Facts([
            ("name", Show.Text(job["name"])),
            ("version", Show.Text(job["version"])),
            ("created", Show.Time(job["createdAt"])),
            ("updated", Show.Time(job["updatedAt"])),
            ("by", Show.Text(job["createdBy"])),
            ("paused", Show.Time(job["pausedAt"])),
        ]);
        Show.Json(job["job"]);
        return ExitCodes.Ok;
    }

    private static async Task<int> VersionsAsync(ParseResult parsed, CancellationToken stop)
    {
        using var client = ClientOptions.Connect(parsed);
        var list = await client.ListAsync(Path(parsed.GetRequiredValue(Name)) + "/versions", int.MaxValue, stop);
        if (ClientOptions.Json(parsed))
        {
            Show.Json(list);
            return ExitCodes.Ok;
        }

        Show.List(
            list,
            "It has no version.",
            ("version", version => Show.Text(version["version"])),
            ("saved", version => Show.Time(version["createdAt"])),
            ("by", version => Show.Text(version["createdBy"]))
        );
        return ExitCodes.Ok;
    }

    private static async Task<int> ValidateAsync(ParseResult parsed, CancellationToken stop)
    {
        var file = await JobFile.ReadAsync(parsed.GetRequiredValue(FileArgument), null, stop);
        using var client = ClientOptions.Connect(parsed);
        var answer = await client.TryAsync(HttpMethod.Post, "api/v1/jobs:validate", file.ToContent(), null, stop);
        if (!answer.IsSuccess)
        {
            throw SjeClient.Refusal(answer, file.Name);
        }

        ExecutionChoice.Write(parsed, answer.Required, $"{file.Name} is a job that the server would take");
        return ExitCodes.Ok;
    }

    private static async Task<int> SaveAsync(ParseResult parsed, CancellationToken stop)
    {
        var file = await JobFile.ReadAsync(parsed.GetRequiredValue(FileArgument), null, stop);
        var name =
            parsed.GetValue(SaveAs)
            ?? NameIn(file)
            ?? throw new FailureException(
                $"{file.Name} does not say what the job is called: give it a name in the file, or --name.",
                ExitCodes.Usage
            );
        using var client = ClientOptions.Connect(parsed);
        var answer = await client.TryAsync(HttpMethod.Put, Path(name), file.ToContent(), null, stop);
        if (!answer.IsSuccess)
        {
            throw SjeClient.Refusal(answer, file.Name);
        }

        var job = answer.Required;
        if (ClientOptions.Json(parsed))
        {
            Show.Json(job);
            return ExitCodes.Ok;
        }

        Console.Out.WriteLine($"{Show.Text(job["name"])} is saved as version {Show.Text(job["version"])}");
        if (job["job"]?["schedule"] is not null)
        {
            var schedule = await client.GetAsync(ScheduleCommands.Path(name), stop);
            Console.Out.WriteLine($"it starts by itself: {ScheduleCommands.Describe(schedule)}");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken stop)
    {
        var name = parsed.GetRequiredValue(Name);
        using var client = ClientOptions.Connect(parsed);
        var body = new JsonObject { ["parameters"] = await ValuesAsync(parsed, client, name, stop) };
        var answer = await client.SendAsync(
            HttpMethod.Post,
            Path(name) + "/executions",
            SjeClient.Json(body.ToJsonString()),
            Submitted.Headers(parsed),
            stop
        );
        return await Submitted.FinishAsync(parsed, client, answer.Required, stop);
    }

    private static async Task<int> DeleteAsync(ParseResult parsed, CancellationToken stop)
    {
        var name = parsed.GetRequiredValue(Name);
        using var client = ClientOptions.Connect(parsed);
        await client.SendAsync(HttpMethod.Delete, Path(name), null, null, stop);
        Console.Error.WriteLine($"{name} is deleted; its executions stay");
        return ExitCodes.Ok;
    }

    /// <summary>The name in the file, else one made of the file's. A file that cannot be read is the server's to judge.</summary>
    private static string? NameIn(JobFile file)
    {
        var document = DocumentReader.Read(file.Text, JobFormat.Auto, int.MaxValue);
        // One dialect has another word for it.
        var job = document.Root as JsonObject;
        return Show.Text(job?["name"] ?? job?["job_name"])
            ?? (file.IsInput ? null : NameRules.From(System.IO.Path.GetFileNameWithoutExtension(file.Name)));
    }
}
