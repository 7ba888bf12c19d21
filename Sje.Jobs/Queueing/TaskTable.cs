namespace Sje.Jobs.Queueing;

/// <summary>
/// The columns of <c>sje.tasks</c> and <c>sje.finished_tasks</c>, which are the same: a task moves from one to the other when it
/// ends and back when it is retried. <see cref="Kept"/> are those that a move carries over as they are.
/// </summary>
internal static class TaskTable
{
    /// <summary>Columns that no move changes.</summary>
    public const string Kept =
        "id, execution_id, name, ordinal, type, queue, lane, tenant, priority, depends_on, spec, labels, cpus, "
        + "memory_bytes, run_timeout, queued_timeout, max_attempts, attempt, hangfire_job_id, accepted_at, "
        + "started_at, attempt_started_at, progress_message, concurrency_key, target";

    /// <summary>Columns that a move sets, in this order.</summary>
    public const string Set =
        "rank, state, available_at, pending_dependencies, queued_deadline_at, queued_at, failures, lost, worker_id, "
        + "cancel_requested_at, cancel_reason, restart_requested_at, hangfire_sync_at, row_version, progress, metrics, parts, "
        + "outputs, preview, error, reason, dismissed_at, finished_at, dispatched, holds, fingerprint";

    /// <summary>All columns, for <c>insert into ... (columns)</c>.</summary>
    public const string All = Kept + ", " + Set;
}
