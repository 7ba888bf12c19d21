namespace Sje.Web.Failures;

/// <summary>
/// Why the program cannot do what it was asked, in words for the person who asked: one line, and below it every single fault where
/// there are several. Shown without a stack trace; <see cref="ExitCode"/> is what the process ends with.
/// </summary>
internal sealed class FailureException(
    string message,
    int exitCode = ExitCodes.Configuration,
    IReadOnlyList<string>? faults = null
) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public IReadOnlyList<string> Faults { get; } = faults ?? [];
}
