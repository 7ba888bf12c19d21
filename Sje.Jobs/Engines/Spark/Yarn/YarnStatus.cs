using System.Globalization;
using System.Text.RegularExpressions;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;

namespace Sje.Jobs.Engines.Spark.Yarn;

/// <summary>What YARN's words on an application mean.</summary>
internal static partial class YarnStatus
{
    // What Hadoop's ContainerExitStatus gives a container that did not end by itself.
    private const int Aborted = -100;
    private const int DisksFailed = -101;
    private const int Preempted = -102;
    private const int VirtualMemoryExceeded = -103;
    private const int PhysicalMemoryExceeded = -104;
    private const int KilledByResourceManager = -106;
    private const int NotLaunched = -1000;

    /// <summary>
    /// Where an application stands. FINISHED is no success: that stands in <c>finalStatus</c>. After a restart of the ResourceManager a running
    /// application is ACCEPTED again until its driver has called.
    /// </summary>
    public static SparkState StateOf(YarnApplication application) =>
        application switch
        {
            { State: "RUNNING" } => SparkState.Running,
            { State: "ACCEPTED" } => IsRecovered(application) ? SparkState.Running : SparkState.Pending,
            { State: "KILLED" } or { State: "FINISHED", FinalStatus: "KILLED" } => SparkState.Killed,
            { State: "FINISHED", FinalStatus: "SUCCEEDED" } => SparkState.Succeeded,
            { State: "FINISHED" } => SparkState.Failed,
            { State: "FAILED" } => IsLost(application) ? SparkState.Lost : SparkState.Failed,
            _ => SparkState.Pending,
        };

    /// <summary>What an application's bad end was; null for a good one, and before.</summary>
    public static TaskError? ErrorOf(YarnApplication application)
    {
        var state = StateOf(application);
        if (state is SparkState.Pending or SparkState.Running or SparkState.Succeeded)
        {
            return null;
        }

        var text = Clean(application.Diagnostics);
        if (state == SparkState.Killed)
        {
            return new TaskError(
                "killed",
                text.Length > 0 ? FirstLine(text) : $"{application.Id} was killed on the cluster."
            );
        }

        if (UnknownQueue().IsMatch(text))
        {
            return new TaskError(FailureClasses.Invalid, FirstLine(text));
        }

        if (UserException().Match(text) is { Success: true } thrown)
        {
            return new TaskError(
                "error",
                FirstLine(thrown.Groups["message"].Value),
                Exception: thrown.Groups["type"].Value
            );
        }

        // The program's own code stands nowhere else; the container's is Spark's for it.
        int? code = ExitStatus().Match(text) is { Success: true } status ? Number(status) : null;
        var container = ContainerExit().Match(text) is { Success: true } exit ? Number(exit) : (int?)null;
        code ??= container;
        var message =
            text.Length > 0
                ? Summary(text)
                : $"{application.Id} ended as {application.FinalStatus} and does not say why.";
        // Of a container that ended badly YARN shows the end of its log; of an application that signed off, nothing that is not in the message.
        var tail = text.Contains('\n', StringComparison.Ordinal) ? text : null;
        return code switch
        {
            _ when state == SparkState.Lost => new TaskError(
                "temporary",
                "The driver's node was lost, or does not answer. " + message,
                LogTail: tail
            ),
            DisksFailed => new TaskError("resources", "The node's disks failed. " + message, LogTail: tail),
            Preempted or KilledByResourceManager => new TaskError(
                "killed",
                "YARN took the driver's container back. " + message,
                LogTail: tail
            ),
            VirtualMemoryExceeded or PhysicalMemoryExceeded => new TaskError(
                "out_of_memory",
                "The driver's container used more memory than it had asked for. " + message,
                LogTail: tail
            ),
            NotLaunched when text.Contains("changed on src filesystem", StringComparison.Ordinal) => new TaskError(
                "temporary",
                "A file was changed between submission and start. " + message,
                LogTail: tail
            ),
            NotLaunched => new TaskError(
                "error",
                "The driver's container could not be prepared. " + message,
                LogTail: tail
            ),
            137 => new TaskError("killed", message, code, "SIGKILL", tail),
            143 => new TaskError("killed", message, code, "SIGTERM", tail),
            > 0 => new TaskError("exit_code", message, code, LogTail: tail),
            _ => new TaskError("error", message, LogTail: tail),
        };
    }

    /// <summary>Why an application has not started yet.</summary>
    public static string PendingCause(YarnApplication application, bool hasContainer)
    {
        var queue = application.Queue.Length > 0 ? $"queue {application.Queue}" : "the queue";
        var text = application.Diagnostics;
        if (application.State is "NEW" or "NEW_SAVING" or "SUBMITTED")
        {
            return "the ResourceManager is taking it in";
        }

        if (hasContainer)
        {
            return "its driver's container is being prepared";
        }

        if (text.Contains("cluster resource is empty", StringComparison.OrdinalIgnoreCase))
        {
            return "the cluster has no running node";
        }

        if (text.Contains("AM resource limit exceeded", StringComparison.OrdinalIgnoreCase))
        {
            return text.Contains("User's AM resource limit", StringComparison.OrdinalIgnoreCase)
                ? $"the user already has as many drivers in {queue} as one user may"
                : $"{queue} already has as many drivers as it may";
        }

        if (text.Contains("waiting for resources", StringComparison.OrdinalIgnoreCase))
        {
            return $"{queue} has no room for its driver now";
        }

        return text.Length > 0 ? FirstLine(Clean(text)) : $"{queue} has not started it yet";
    }

    private static bool IsRecovered(YarnApplication application) =>
        application.Diagnostics.Contains("recovered after RM restart", StringComparison.OrdinalIgnoreCase);

    private static bool IsLost(YarnApplication application) =>
        ContainerExit().Match(application.Diagnostics) is { Success: true } exit && Number(exit) == Aborted
        || application.Diagnostics.Contains("ApplicationMaster for attempt", StringComparison.Ordinal)
            && application.Diagnostics.Contains("timed out", StringComparison.Ordinal);

    private static int Number(Match match) => int.Parse(match.Groups["code"].ValueSpan, CultureInfo.InvariantCulture);

    // Diagnostics begin with a time where the scheduler wrote them, and end with where else to look on YARN's pages.
    private static string Clean(string text) => Elsewhere().Replace(Stamp().Replace(text, ""), "").Trim();

    private static string Summary(string text)
    {
        var first = FirstLine(text);
        return
            LastError().Matches(text).LastOrDefault() is { } last
            && !first.Contains(last.Value, StringComparison.Ordinal)
            ? $"{first} {last.Value.Trim()}"
            : first;
    }

    private static string FirstLine(string text)
    {
        var end = text.IndexOf('\n', StringComparison.Ordinal);
        var line = (end < 0 ? text : text[..end]).Trim();
        return line.Length <= 1000 ? line : line[..1000] + "...";
    }

    [GeneratedRegex(@"^\[[A-Z][a-z]{2} [^\]]{10,40}\]\s*")]
    private static partial Regex Stamp();

    [GeneratedRegex(
        @"For more detailed output, check the application tracking page:[^\n]*?Then click on links to logs of each attempt\.\s*|\s*\. Failing the application\.\s*$"
    )]
    private static partial Regex Elsewhere();

    [GeneratedRegex("submitted by user .* to (unknown queue|non-leaf queue)|to unknown queue", RegexOptions.IgnoreCase)]
    private static partial Regex UnknownQueue();

    [GeneratedRegex(@"User class threw exception:\s*(?<message>(?<type>[\w.$]+)(?::|\s|$)[^\n]*)")]
    private static partial Regex UserException();

    [GeneratedRegex(@"User application exited with (?:status )?(?<code>\d+)")]
    private static partial Regex ExitStatus();

    [GeneratedRegex(@"exitCode:\s*(?<code>-?\d+)")]
    private static partial Regex ContainerExit();

    [GeneratedRegex(@"^(?:Exception in thread [^\n]*|[\w.$]*(?:Error|Exception)\b:?[^\n]*)$", RegexOptions.Multiline)]
    private static partial Regex LastError();
}
