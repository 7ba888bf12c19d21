using System.Text.RegularExpressions;

namespace Sje.Jobs.Engines.Spark.Following;

/// <summary>
/// Hears from a driver's log why it failed: the stage that Spark gave up, and what the stage's task died of. Clusters say only that the driver
/// failed, and its last lines are those of Spark's shutdown.
/// </summary>
internal sealed partial class StageFailure
{
    /// <summary>What Spark begins such a message with.</summary>
    public const string Announcement = "Job aborted due to stage failure";

    private const string Traceback = "Traceback (most recent call last):";
    private const int LongestText = 1000;

    private string? stage;
    private string? cause;
    private bool awaitsCause;

    /// <summary>The first such failure in one line; null while there is none.</summary>
    public string? Text =>
        stage is null ? null
        : cause is null ? Shortened(stage)
        : Shortened($"{stage}: {cause}");

    /// <summary>Takes the log's next line.</summary>
    public void Hear(string line)
    {
        if (awaitsCause)
        {
            // Of a traceback, all but its last line is indented; lines of Spark's own log begin with the time.
            if (line.Length > 0 && (char.IsLetter(line[0]) || line[0] == '_'))
            {
                cause = line;
                awaitsCause = false;
            }
        }
        else if (stage is null && Aborted().Match(line) is { Success: true } aborted)
        {
            stage = $"{Announcement}: {aborted.Groups["what"].Value}";
            var thrown = aborted.Groups["cause"].Value.Trim();
            awaitsCause = thrown.EndsWith(Traceback, StringComparison.Ordinal);
            cause = awaitsCause || thrown.Length == 0 ? null : thrown;
        }
    }

    private static string Shortened(string text) => text.Length <= LongestText ? text : text[..LongestText] + "...";

    // The line ends where Spark's own words do: what a task in Python died of comes in the lines after.
    [GeneratedRegex(
        Announcement + @": (?<what>.*?)(, most recent failure: Lost task [^(]*\([^)]*\) \([^)]*\):(?<cause>.*))?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Aborted();
}
