namespace Sje.Web.Hosting;

/// <summary>
/// Why the program cannot do what it was started for, in words for the person who started it: one line, and below it every single
/// fault where there are several. Shown without a stack trace; <see cref="ExitCode"/> is what the process ends with.
/// </summary>
internal sealed class StartupException : Exception
{
    public StartupException(string message, int exitCode = Cli.ExitCodes.Configuration, IReadOnlyList<string>? faults = null)
        : base(message)
    {
        ExitCode = exitCode;
        Faults = faults ?? [];
    }

    public int ExitCode { get; }

    public IReadOnlyList<string> Faults { get; }
}
