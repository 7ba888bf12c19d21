using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Sje.Core.Reliability;

/// <summary>
/// What a job says of one kind of failure (<c>retry.on</c>): a failure that meets all that is given here is tried again by this policy.
/// </summary>
public sealed record FailureRule
{
    /// <summary>The most characters of a pattern.</summary>
    public const int LongestPattern = 1000;

    private static readonly TimeSpan PatternLimit = TimeSpan.FromSeconds(1);

    /// <summary>Failure classes, one of them; null is any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Classes { get; init; }

    /// <summary>Exit codes, one of them; null is any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? ExitCodes { get; init; }

    /// <summary>Signals (<c>SIGTERM</c>), one of them; null is any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? KilledBy { get; init; }

    /// <summary>Types of exceptions, one of them; null is any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Exceptions { get; init; }

    /// <summary>A regular expression for the message and the end of the log; null is anything.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LogPattern { get; init; }

    /// <summary>The policy for such a failure; <c>none</c> makes it permanent.</summary>
    public required string Policy { get; init; }

    /// <summary>
    /// The pattern as it is applied: case counts, <c>^</c> and <c>$</c> stand for the ends of lines, and the time it takes grows with the
    /// text alone.
    /// </summary>
    /// <exception cref="ArgumentException">It is no regular expression.</exception>
    /// <exception cref="NotSupportedException">It looks around or back, or is too large.</exception>
    public static Regex Compile(string pattern) =>
        new(
            pattern,
            RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Multiline,
            PatternLimit
        );

    /// <summary>Whether the rule is about this failure.</summary>
    public bool Matches(Failure failure) =>
        (Classes is null || Classes.Contains(failure.Class))
        && (ExitCodes is null || (failure.ExitCode is { } code && ExitCodes.Contains(code)))
        && (KilledBy is null || (failure.Signal is { } signal && KilledBy.Contains(signal)))
        && (Exceptions is null || Exceptions.Any(failure.Threw))
        && (LogPattern is null || Finds(failure.Text));

    private bool Finds(string text)
    {
        try
        {
            return Compile(LogPattern!).IsMatch(text); // asked only where there is one
        }
        catch (RegexMatchTimeoutException)
        {
            // A machine that stands still; the end of a log is 8 KiB. The failure then is any other.
            return false;
        }
    }
}
