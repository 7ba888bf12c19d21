using Sje.Core.Dialects;
using Sje.Core.Jobs;
using Sje.Jobs.Engines;
using Sje.Web.Failures;
using Sje.Web.Hosting;

namespace Sje.Web.Cli;

/// <summary>Reads job files here, as the server of this folder's configuration would.</summary>
internal static class LocalReader
{
    /// <summary>The settings in force.</summary>
    /// <exception cref="FailureException">They are wrong.</exception>
    public static IConfigurationRoot Settings()
    {
        var configuration = SjeConfiguration.Read(SjeHome.ToServeFrom(), SjeApplication.Shape, []);
        configuration.Check();
        return new ConfigurationBuilder().AddInMemoryCollection(configuration.Values).Build();
    }

    /// <summary>Reads a file; where it does not say what the job is called, by a name or a label, the file's own name does.</summary>
    public static JobReadResult Read(JobFile file, IConfiguration settings) =>
        new JobReader(BuiltInEngines.Types(settings), SjeApplication.RetryPoliciesOf(settings), JobDialects.All).Read(
            file.Text,
            options: new JobReadOptions
            {
                DefaultName =
                    file.IsInput || file.HasLabel ? null : NameRules.From(Path.GetFileNameWithoutExtension(file.Name)),
            }
        );

    /// <summary>A file that is wrong, with every fault and its line.</summary>
    public static FailureException Wrong(JobFile file, IReadOnlyList<Fault> faults, string? dialect = null) =>
        new(
            $"{file.Name} {(dialect is null ? "" : $"({dialect}) ")}is wrong in {(faults.Count == 1 ? "one place" : faults.Count + " places")}:",
            ExitCodes.Rejected,
            [
                .. faults.Select(fault =>
                    $"{(fault.Pointer.Length > 0 ? fault.Pointer + ": " : "")}{fault.Detail}{(fault.Line is { } line ? $" (line {line})" : "")}"
                ),
            ]
        );
}
