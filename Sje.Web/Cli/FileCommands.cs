using System.CommandLine;
using System.Text.Json;
using Sje.Core.Jobs;
using Sje.Web.Failures;

namespace Sje.Web.Cli;

/// <summary>The notations that a job can be written in.</summary>
internal enum JobNotation
{
    /// <summary>For people.</summary>
    Yaml,

    /// <summary>For programs.</summary>
    Json,
}

/// <summary><c>sje validate FILE...</c> and <c>sje convert FILE</c>: about job files alone, without a server.</summary>
internal static class FileCommands
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerOptions.Web)
    {
        WriteIndented = true,
        MaxDepth = 2 * DocumentReader.MaxDepth,
    };

    private static readonly Argument<string[]> Files = new("files")
    {
        Description = "The job files, YAML or JSON, in any dialect; - reads standard input",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Argument<string> FileArgument = new("file")
    {
        Description = "The job file, YAML or JSON, in any dialect; - reads standard input",
    };

    private static readonly Option<JobNotation> To = new("--to") { Description = "yaml or json" };

    public static IEnumerable<Command> Create()
    {
        var validate = ClientOptions.WithOutput(
            new Command("validate", "Check job files without submitting them, with every fault and its line") { Files }
        );
        validate.SetAction(ValidateAsync);
        var convert = new Command("convert", "Print a job file of any dialect in our own form") { FileArgument, To };
        convert.SetAction(ConvertAsync);
        return [validate, convert];
    }

    private static async Task<int> ValidateAsync(ParseResult parsed, CancellationToken stop)
    {
        var settings = LocalReader.Settings();
        var code = ExitCodes.Ok;
        foreach (var path in parsed.GetRequiredValue(Files))
        {
            var file = await JobFile.ReadAsync(path, null, stop);
            var read = LocalReader.Read(file, settings);
            code = read.Spec is null ? ExitCodes.Rejected : code;
            if (ClientOptions.Json(parsed))
            {
                Show.Json(
                    JsonSerializer.SerializeToNode(
                        new
                        {
                            file = file.Name,
                            dialect = read.Dialect,
                            valid = read.Spec is not null,
                            errors = read.Faults,
                        },
                        JsonSerializerOptions.Web
                    )
                );
            }
            else if (read.Spec is { } job)
            {
                Console.Out.WriteLine(
                    $"{file.Name}: '{job.Name}' can be run ({(read.Dialect is { } dialect ? dialect + ", " : "")}{Work(job)})"
                );
            }
            else
            {
                var wrong = LocalReader.Wrong(file, read.Faults, read.Dialect);
                CliFailure.Write(wrong.Message, wrong.Faults);
            }
        }

        return code;
    }

    private static async Task<int> ConvertAsync(ParseResult parsed, CancellationToken stop)
    {
        var file = await JobFile.ReadAsync(parsed.GetRequiredValue(FileArgument), null, stop);
        var read = LocalReader.Read(file, LocalReader.Settings());
        var job = read.Spec?.Canonical ?? throw LocalReader.Wrong(file, read.Faults, read.Dialect);
        Console.Out.Write(
            parsed.GetValue(To) == JobNotation.Json
                ? job.ToJsonString(Indented) + Environment.NewLine
                : YamlText.Write(job)
        );
        return ExitCodes.Ok;
    }

    private static string Work(JobSpec job) => job.Tasks is [var only] ? only.Type : $"{job.Tasks.Count} tasks";
}
