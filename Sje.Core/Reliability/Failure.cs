namespace Sje.Core.Reliability;

/// <summary>What is known of a failed attempt when it is decided what follows.</summary>
/// <param name="Class">The failure class, as far as the engine could tell.</param>
/// <param name="Message">What went wrong, in words.</param>
/// <param name="ExitCode">Of the process, if it was one.</param>
/// <param name="Signal">The signal that ended it: <c>SIGKILL</c>.</param>
/// <param name="Exception">The type of the engine's exception.</param>
/// <param name="LogTail">The last lines of its log.</param>
public sealed record Failure(
    string Class,
    string Message,
    int? ExitCode = null,
    string? Signal = null,
    string? Exception = null,
    string? LogTail = null
)
{
    private static readonly string[] Announcements = ["Exception in thread ", "Caused by: ", "Unhandled exception. "];

    /// <summary>The message and the end of the log: where patterns are looked for.</summary>
    public string Text => LogTail is null ? Message : $"{Message}\n{LogTail}";

    /// <summary>
    /// Whether this exception was thrown: by the engine, or by the task as its log tells it (<c>ValueError: ...</c>,
    /// <c>Exception in thread "main" java.lang.OutOfMemoryError: ...</c>). A name without its package or module is enough.
    /// </summary>
    public bool Threw(string exception) =>
        (Exception is { } thrown && Names(thrown, exception))
        || Text.Split('\n').Any(line => Names(ExceptionIn(line), exception));

    private static bool Names(ReadOnlySpan<char> full, string name) =>
        full.EndsWith(name, StringComparison.Ordinal)
        && (full.Length == name.Length || full[full.Length - name.Length - 1] is '.' or '$' or '+');

    // The name that a line begins with, up to its colon, after what runtimes put before it.
    private static ReadOnlySpan<char> ExceptionIn(string line)
    {
        var rest = line.AsSpan().Trim();
        foreach (var words in Announcements)
        {
            if (rest.StartsWith(words, StringComparison.Ordinal))
            {
                rest = rest[words.Length..];
            }
        }

        if (rest.StartsWith("\"", StringComparison.Ordinal) && rest[1..].IndexOf("\" ") is >= 0 and var thread)
        {
            rest = rest[(thread + 3)..];
        }

        var end = rest.IndexOfAny(':', ' ');
        return end < 0 ? rest
            : rest[end] == ':' ? rest[..end]
            : [];
    }
}
