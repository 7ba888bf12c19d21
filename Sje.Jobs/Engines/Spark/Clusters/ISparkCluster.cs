using Sje.Core.Jobs;

namespace Sje.Jobs.Engines.Spark.Clusters;

/// <summary>
/// One cluster, as the engine needs it. Authority: the cluster itself; what we store is only by which name to ask for. Every call may be
/// repeated. A cluster that cannot be asked, or that cannot know yet, is a <see cref="SparkClusterUnavailableException"/>: never an answer
/// like "there is none".
/// </summary>
internal interface ISparkCluster
{
    SparkClusterKind Kind { get; }

    /// <summary>
    /// Why the cluster's own interface cannot submit the application, as the end of a sentence, so that <c>spark-submit</c> has to; null when it
    /// can.
    /// </summary>
    string? WhyNotRest(SparkApplication application) => null;

    /// <summary>The way that goes with a stored identity, where only one does.</summary>
    SubmissionWay? WayOf(string identity) => null;

    /// <summary>
    /// Makes the cluster ready for a submission by <c>spark-submit</c>: takes away what an earlier one left half done, all of which must have
    /// ended. Returns the properties that <c>spark-submit</c> is to be told, so that what it submits is found under the identity. Files that they
    /// name are written to <paramref name="folder"/>.
    /// </summary>
    /// <exception cref="FormatException">It cannot be submitted that way; the message says why.</exception>
    Task<IReadOnlyDictionary<string, string>> PrepareSparkSubmitAsync(
        SparkApplication application,
        SparkSubmission chosen,
        string folder,
        CancellationToken stop
    );

    /// <summary>What is wrong before anything is submitted, in words for the user, with the failure's class; null for nothing.</summary>
    /// <exception cref="SparkClusterUnavailableException">It cannot be asked.</exception>
    Task<TaskError?> CheckAsync(SparkApplication application, CancellationToken stop);

    /// <summary>
    /// Chooses the name by which the submission will be known, and by which the cluster itself refuses a second one where it can: the driver
    /// pod's name, YARN's application id. Starts nothing. The caller stores it before it submits.
    /// </summary>
    Task<string> ChooseIdentityAsync(SparkApplication application, CancellationToken stop);

    /// <summary>
    /// Submits under a stored identity. Whoever cannot tell whether an earlier call arrived may call again: there is one application in the
    /// end. Returns what the cluster calls it.
    /// </summary>
    /// <exception cref="SparkRefusedException">The cluster says no; nothing was started.</exception>
    Task<SparkSubmission> SubmitAsync(SparkApplication application, SparkSubmission chosen, CancellationToken stop);

    /// <summary>What the cluster says of a submission now; null when it has been proven that it never arrived (or is forgotten).</summary>
    Task<SparkStatus?> FindAsync(SparkSubmission submission, CancellationToken stop);

    /// <summary>
    /// Ends it, and returns when the cluster says that all its processes are gone; also when it had ended, or never arrived. Nothing that was
    /// submitted under the identity before can come up afterwards, where the cluster can promise that.
    /// </summary>
    Task KillAsync(SparkSubmission submission, CancellationToken stop);

    /// <summary>
    /// Copies what driver and executors have written since <paramref name="positions"/> (by log name, in bytes; kept by the caller) to
    /// <paramref name="write"/>, line by line. <paramref name="ended"/>: take also what comes only after the end, unfinished last lines too.
    /// </summary>
    Task ReadLogsAsync(
        SparkSubmission submission,
        IDictionary<string, long> positions,
        bool ended,
        Action<SparkLogLine> write,
        CancellationToken stop
    );

    /// <summary>
    /// Removes what an application that has ended leaves on the cluster, its logs having been read. Returns how long something is to be kept
    /// still, and null when nothing is left.
    /// </summary>
    Task<TimeSpan?> CleanUpAsync(SparkSubmission submission, CancellationToken stop) =>
        Task.FromResult<TimeSpan?>(null);

    /// <summary>
    /// A handler for addresses like <see cref="SparkStatus.DriverUi"/>, where those need more than a plain connection; null where they do not. The
    /// caller's to dispose.
    /// </summary>
    HttpMessageHandler? OpenPages() => null;

    /// <summary>Whether it works, and what it has.</summary>
    Task<SparkClusterHealth> HealthAsync(CancellationToken stop);
}

/// <summary>A submission as it is stored: enough for any worker to find it.</summary>
/// <param name="Mark">What <see cref="SparkMark"/> says, in the application's properties.</param>
/// <param name="Identity">What <see cref="ISparkCluster.ChooseIdentityAsync"/> chose.</param>
/// <param name="ChosenAt">When that was, by the database's clock.</param>
internal sealed record SparkSubmission(string Mark, string Identity, DateTimeOffset ChosenAt)
{
    /// <summary>What the cluster calls the submission (<c>driver-2026...-0003</c>); null until it is known.</summary>
    public string? SubmissionId { get; init; }

    /// <summary>Spark's application id; null until it is known.</summary>
    public string? ApplicationId { get; init; }
}

/// <summary>Where a submission stands.</summary>
internal enum SparkState
{
    /// <summary>Accepted; its driver does not run yet.</summary>
    Pending,

    /// <summary>Its driver runs.</summary>
    Running,

    /// <summary>It ended well.</summary>
    Succeeded,

    /// <summary>It ended otherwise.</summary>
    Failed,

    /// <summary>It was ended from outside.</summary>
    Killed,

    /// <summary>The machine of its driver was lost, and the cluster does not start it again.</summary>
    Lost,
}

/// <summary>What the cluster says of a submission.</summary>
internal sealed record SparkStatus(SparkState State)
{
    /// <summary>Ids that are known by now.</summary>
    public string? SubmissionId { get; init; }

    public string? ApplicationId { get; init; }

    /// <summary>While pending: why, in words (<c>no worker has 4 free cores</c>, <c>the image cannot be pulled: ...</c>).</summary>
    public string? PendingCause { get; init; }

    /// <summary>Whether that cause will not go away by itself (an image that does not exist).</summary>
    public bool Hopeless { get; init; }

    /// <summary>After a bad end: what the cluster says about it.</summary>
    public TaskError? Error { get; init; }

    /// <summary>
    /// Before the end: that the cluster is taking the driver's machine from it (an eviction, a spot machine's reclaim). It is what has happened if
    /// nothing more is heard of it.
    /// </summary>
    public TaskError? Leaving { get; init; }

    /// <summary>The base of the driver's own pages and REST (<c>http://host:4040</c>), reachable from here; null when there is none now.</summary>
    public Uri? DriverUi { get; init; }

    /// <summary>Where people look on the cluster's own pages.</summary>
    public Uri? TrackingUrl { get; init; }

    public bool IsFinal => State is not (SparkState.Pending or SparkState.Running);
}

/// <summary>A line of the application's output.</summary>
/// <param name="Source"><c>driver</c>, or <c>executor 3</c>.</param>
/// <param name="Stream">Where it was written; standard output where the cluster has but one stream.</param>
/// <param name="Text">Without its line break.</param>
internal sealed record SparkLogLine(string Source, LogStream Stream, string Text);

/// <summary>How a cluster is.</summary>
internal sealed record SparkClusterHealth(bool Up, string Message)
{
    public double? TotalCores { get; init; }

    public double? UsedCores { get; init; }

    public long? TotalMemoryBytes { get; init; }

    public long? UsedMemoryBytes { get; init; }

    /// <summary>Machines that take work.</summary>
    public int? Nodes { get; init; }
}

/// <summary>The cluster cannot be asked, or cannot know yet. To be tried again.</summary>
internal sealed class SparkClusterUnavailableException(string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>Whether it was asked and does not let us: nothing that time alone mends.</summary>
    public bool Forbidden { get; init; }
}

/// <summary>The cluster refuses a submission; the error says why and whether it may be otherwise next time.</summary>
internal sealed class SparkRefusedException(TaskError error) : Exception(error.Message)
{
    public TaskError Error { get; } = error;
}
