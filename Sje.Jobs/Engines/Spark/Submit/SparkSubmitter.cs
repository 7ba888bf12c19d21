using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Planning;
using Sje.Jobs.Execution;
using Sje.Jobs.Observability;
using Sje.Jobs.Queueing;

namespace Sje.Jobs.Engines.Spark.Submit;

/// <summary>
/// Submits by <c>spark-submit</c> what a cluster's own interface cannot. It is a guarded child of the worker, told not to wait for the
/// application, so that its JVM lives for the submission alone. What it does cannot be fenced on every cluster; therefore whoever comes after
/// a dead worker waits for <see cref="Window"/> before it believes that nothing has arrived.
/// </summary>
internal sealed partial class SparkSubmitter(TaskProcess processes, IOptions<WorkerOptions> worker, TimeProvider clock)
{
    /// <summary>How long one submission may take: packages come from far away.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    // What was sent in the last moment of its sender may be a little longer on its way through the cluster.
    private static readonly TimeSpan OnTheWay = TimeSpan.FromSeconds(10);
    private const int LongestReason = 500;

    // Spark hands the client's environment on to drivers of a standalone cluster. One that carried an attempt there would be ended with it,
    // where it runs on the worker's own machine. The child itself is known by its session.
    private static readonly string[] WithoutMarks =
    [
        "env",
        .. new[]
        {
            "SJE_TASK_ID",
            "SJE_EXECUTION_ID",
            "SJE_ATTEMPT",
            "SJE_PARAMETERS",
            "SJE_OUTPUTS",
            "SJE_CHECKPOINT",
            "SJE_CHECKPOINT_OUT",
            "SJE_STORAGE_ROOT",
            "TMPDIR",
            CoreTracing.ParentVariable,
        }.SelectMany(name => new[] { "-u", name }),
    ];

    /// <summary>
    /// For so long after a take-over a submission of the worker before may still arrive. The guard ends a child with its worker, and at the
    /// latest when the worker's lease lapses; a take-over comes later than that. One more lease allows for a machine that stood still, guard and
    /// all, and runs on.
    /// </summary>
    public TimeSpan Window => worker.Value.Lease + OnTheWay;

    /// <summary>Why nothing can be submitted this way from here; null where nothing is known against it.</summary>
    public static TaskError? Fault(SparkApplication application) =>
        application.Installation is not { } spark
            ? Invalid(
                "The application needs spark-submit, and this worker has no Spark (section 'spark.installations', or SPARK_HOME)."
            )
        : JavaRuntime.Fault(spark) is { } wrong ? Invalid(wrong)
        : null;

    /// <summary>Runs <c>spark-submit</c> to its end. Whether something was submitted only the cluster knows.</summary>
    /// <param name="application">What to submit.</param>
    /// <param name="properties">Properties beside the application's own; they win.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="context">The attempt that submits.</param>
    /// <param name="stop">Ends it.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> fired and its processes are gone.</exception>
    public async Task<SparkSubmitEnd> RunAsync(
        SparkApplication application,
        IReadOnlyDictionary<string, string> properties,
        string folder,
        EngineContext context,
        CancellationToken stop
    )
    {
        var command = SparkSubmitCommand.Of(application, properties, folder);
        command = command with { Arguments = [.. WithoutMarks, .. command.Arguments] };
        using var limit = new CancellationTokenSource(Longest, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        var words = new SubmitterReporter(context.Reporter);
        try
        {
            var result = await processes.RunAsync(
                command,
                context with
                {
                    Reporter = words,
                    // What the task asks for is for its driver; this here is gone before that.
                    Resources = context.Resources with
                    {
                        MemoryBytes = 0,
                    },
                },
                both.Token
            );
            return new SparkSubmitEnd(result.Error is { } error ? ErrorOf(error) : null, words.DriverId);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return new SparkSubmitEnd(
                new TaskError("timeout", $"spark-submit did not end within {Longest.TotalMinutes:0} minutes."),
                words.DriverId
            );
        }
    }

    /// <summary>What the end of <c>spark-submit</c> means: the line that says why, and whether trying again may help.</summary>
    internal static TaskError ErrorOf(TaskError error)
    {
        if (error.Class != "exit_code")
        {
            return error;
        }

        var tail = error.LogTail ?? "";
        var lines = tail.Split('\n');
        var reason = (
            lines.FirstOrDefault(line => InvalidWords().IsMatch(line))
            ?? lines.FirstOrDefault(line => Thrown().IsMatch(line))
            ?? lines.LastOrDefault(line => !string.IsNullOrWhiteSpace(line))
            ?? "it says nothing"
        ).Trim();
        var message =
            $"spark-submit ended with exit code {error.ExitCode}: {(reason.Length > LongestReason ? reason[..LongestReason] + "..." : reason)}";
        var narrowed = FailureClasses.Of(new Failure(error.Class, message, error.ExitCode, LogTail: tail));
        return error with
        {
            // No network and no lack of anything: then what it was refused for stays.
            Class = narrowed == error.Class && InvalidWords().IsMatch(tail) ? FailureClasses.Invalid : narrowed,
            Message = message,
        };
    }

    private static TaskError Invalid(string message) => new(FailureClasses.Invalid, message);

    [GeneratedRegex(
        @"unresolved dependency|\bAccessControlException\b|\bAccessDeniedException\b|\bLoginException\b|\bFileNotFoundException\b"
            + @"|\b(is )?[Ff]orbidden\b|\bUnauthorized\b|Failed to load class|ClassNotFoundException",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex InvalidWords();

    [GeneratedRegex(
        "^(Exception in thread|Error:|[a-z][a-zA-Z0-9_.]+(Exception|Error)\\b)",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Thrown();

    /// <summary>Its words are shown as its; its figures are not the task's.</summary>
    private sealed partial class SubmitterReporter(ITaskReporter inner) : ITaskReporter
    {
        /// <summary>What a standalone master calls the driver.</summary>
        public string? DriverId { get; private set; }

        public void Log(LogStream stream, string line)
        {
            if (DriverId is null && Driver().Match(line) is { Success: true } match)
            {
                DriverId = match.Value;
            }

            inner.Log(stream, "[spark-submit] " + line);
        }

        public void Progress(double fraction, string? message) { }

        public void Metric(string name, double value) { }

        public void Checkpoint(JsonNode checkpoint) { }

        [GeneratedRegex(@"\bdriver-[0-9]{14}-[0-9]{4,}\b", RegexOptions.CultureInvariant)]
        private static partial Regex Driver();
    }
}

/// <summary>How <c>spark-submit</c> ended.</summary>
/// <param name="Error">What it ended with; null when it says that it has submitted.</param>
/// <param name="DriverId">What a standalone master calls the driver; null where it has not said so.</param>
internal sealed record SparkSubmitEnd(TaskError? Error, string? DriverId);
