namespace Sje.Jobs.Background;

/// <summary>How what Hangfire shows of a task stands to what our tables say.</summary>
internal enum Standing
{
    /// <summary>Both views say the same.</summary>
    Right,

    /// <summary>A change is on its way: the row is flagged (<c>hangfire_sync_at</c>), or whoever made the change is about to tell Hangfire.</summary>
    Lagging,

    /// <summary>No step of ours leads here, so somebody else's hand was in Hangfire's tables. The audit finds it, the reconciler mends it.</summary>
    Foreign,
}

/// <summary>One line of the table: a task as our tables have it, and what Hangfire may show of it.</summary>
/// <param name="Side">Our side: the state, and for some states what is under way.</param>
/// <param name="Wanted">What the reconciler makes of the background job.</param>
/// <param name="Right">What Hangfire may show.</param>
/// <param name="Lagging">What it may show for a while.</param>
/// <param name="Mended">Who mends the lag, and when.</param>
internal sealed record AgreementRow(string Side, string Wanted, string[] Right, string[] Lagging, string Mended);

/// <summary>
/// The table of every pair of views (docs/reference/hangfire.md, held to this one by a test). Reconciler, audit and tests go by it.
/// </summary>
internal static class Agreement
{
    /// <summary>The task has no background job.</summary>
    public const string NoJob = "no job";

    /// <summary>The task names a background job that Hangfire no longer has.</summary>
    public const string Gone = "gone";

    /// <summary>An ended task that somebody has dismissed.</summary>
    public const string PutAway = "put away";

    /// <summary>A running task whose worker has been asked to end it.</summary>
    public const string Cancelling = "running, cancel requested";

    /// <summary>A running task whose worker has been asked to stop it and hand it back.</summary>
    public const string Restarting = "running, restart requested";

    /// <summary>Our side of a row <c>t</c> of tasks.</summary>
    public const string SideSql = $"""
        case when t.dismissed_at is not null then '{PutAway}'
            when t.state = 'running' and t.cancel_requested_at is not null then '{Cancelling}'
            when t.state = 'running' and t.restart_requested_at is not null then '{Restarting}'
            else t.state end
        """;

    /// <summary>Hangfire's side of a row <c>t</c> of tasks, left joined to its background job <c>j</c>.</summary>
    public const string ShownSql = $"""
        case when t.hangfire_job_id is null then '{NoJob}' when j.id is null then '{Gone}' else coalesce(j.statename, '{HangfireStates.None}') end
        """;

    private const string Claimed = "its worker, within milliseconds; else the reconciler after 15 s";
    private const string Told = "its worker, within milliseconds; else the reconciler after 5 s";
    private const string AtOnce = "the reconciler, at once";

    /// <summary>The table.</summary>
    public static readonly IReadOnlyList<AgreementRow> Table =
    [
        new(
            "blocked",
            "Awaiting",
            [NoJob, "Awaiting"],
            ["Enqueued", "Scheduled", "Processing", "Failed", "Deleted"],
            AtOnce
        ),
        new(
            "queued",
            "Enqueued",
            ["Enqueued"],
            [NoJob, "Scheduled", "Processing", "Succeeded", "Failed", "Deleted", "Awaiting"],
            "without a job the dispatcher, else the reconciler: at once, after an attempt's end within 5 s"
        ),
        new("running", "Processing", ["Processing"], ["Enqueued", "Scheduled"], Claimed),
        new(Cancelling, "Processing", ["Processing", "Deleted"], ["Enqueued", "Scheduled"], Claimed),
        new(Restarting, "Enqueued", ["Processing", "Enqueued"], ["Scheduled"], Claimed),
        new("waiting_retry", "Scheduled", ["Scheduled"], ["Processing"], Told),
        new("succeeded", "Succeeded", ["Succeeded", Gone], ["Processing"], Told),
        new("failed", "Failed", ["Failed", Gone], ["Enqueued", "Scheduled", "Processing"], Told),
        new(
            "timed_out",
            "Failed",
            ["Failed", Gone, NoJob],
            ["Enqueued", "Scheduled", "Processing", "Deleted"],
            "the reconciler: at once, after an attempt's end within 5 s"
        ),
        new(
            "cancelled",
            "Deleted",
            ["Deleted", Gone, NoJob],
            ["Enqueued", "Scheduled", "Processing", "Succeeded", "Failed", "Awaiting"],
            "the reconciler: at once, after an attempt's end within 5 s"
        ),
        new(
            "skipped",
            "Deleted",
            ["Deleted", Gone, NoJob],
            ["Enqueued", "Scheduled", "Processing", "Failed", "Awaiting"],
            AtOnce
        ),
        new(PutAway, "Deleted", ["Deleted", Gone, NoJob], ["Succeeded", "Failed"], AtOnce),
    ];

    /// <summary>Everything that Hangfire may show.</summary>
    public static readonly IReadOnlyList<string> Shown =
    [
        NoJob,
        "Enqueued",
        "Scheduled",
        "Processing",
        "Succeeded",
        "Failed",
        "Deleted",
        "Awaiting",
        Gone,
    ];

    /// <summary>The right pairs as <c>side|shown</c>, for SQL.</summary>
    public static readonly string[] RightPairs =
    [
        .. Table.SelectMany(row => row.Right.Select(shown => $"{row.Side}|{shown}")),
    ];

    private static readonly Dictionary<string, AgreementRow> BySide = Table.ToDictionary(row => row.Side);

    /// <summary>The line of our side.</summary>
    public static AgreementRow For(string side) => BySide[side];

    /// <summary>How the two views stand to each other.</summary>
    public static Standing Of(string side, string shown)
    {
        var row = For(side);
        return row.Right.Contains(shown) ? Standing.Right
            : row.Lagging.Contains(shown) ? Standing.Lagging
            : Standing.Foreign;
    }
}
