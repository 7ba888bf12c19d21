using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// Our side of a state change of Hangfire's, inside its transaction: both views change, or neither. Throwing here undoes the change.
/// <para>
/// A change that comes from an attempt is checked against the row once more, now under the row's lock: the attempt may have been taken
/// over between the election and this moment. A change that comes from anybody else is a wish: Delete cancels or dismisses, Enqueued
/// starts a waiting task now, restarts a running one, or runs an ended one again.
/// </para>
/// </summary>
internal sealed class StateChangeHook(Signals signals)
{
    private const string Find = "select id, execution_id, state from sje.all_tasks where hangfire_job_id = $1";

    // $1 task, $2 attempt, $3 our states that the new state of Hangfire's may stand for, $4 worker, $5 background job, $6 its state that
    // Hangfire found under its lock: a process that stood still may have lost the lock, and somebody else have made this very change. Both
    // views agree from here on. The task's row is locked before the job's, as everywhere.
    private const string Agree = """
        with live as (
            update sje.tasks set hangfire_sync_at = null
            where id = $1 and attempt = $2 and state = any ($3) and (worker_id is null or worker_id = $4) returning 1
        ), ended as (
            update sje.finished_tasks set hangfire_sync_at = null where id = $1 and attempt = $2 and state = any ($3) returning 1
        ), job as (
            select 1 from hangfire.job
            where id = $5 and statename = $6 and (select count(*) from live) + (select count(*) from ended) = 1 for update
        )
        select count(*) from job
        """;

    private const string Version = """
        with live as (select 1 from sje.tasks where hangfire_job_id = $1 and row_version = $2 for update),
            ended as (select 1 from sje.finished_tasks where hangfire_job_id = $1 and row_version = $2 for update)
        select (select count(*) from live) + (select count(*) from ended)
        """;

    private const string Settled = """
        with live as (
            update sje.tasks set hangfire_sync_at = null
            where hangfire_job_id = $1 and state = any ($2) and hangfire_sync_at is not null returning 1
        )
        update sje.finished_tasks set hangfire_sync_at = null
        where hangfire_job_id = $1 and state = any ($2) and hangfire_sync_at is not null
        """;

    /// <summary>What a change of the job's state means for its task.</summary>
    /// <exception cref="RowMovedException">The attempt that speaks owns the task no longer.</exception>
    public void Apply(NpgsqlConnection connection, long jobId, string oldState, string newState)
    {
        if (CurrentClaim.Task is { } task && task.HangfireJobId == jobId)
        {
            var agreed = Scalar(
                connection,
                Agree,
                P(task.Identity.TaskId),
                P(task.Identity.Attempt),
                P(HangfireStates.Ours(newState), NpgsqlDbType.Array | NpgsqlDbType.Text),
                P(task.WorkerId),
                P(jobId),
                P(oldState)
            );
            if (agreed is not 1L)
            {
                throw new RowMovedException(jobId);
            }

            return;
        }

        if (FindTask(connection, jobId) is not { } found)
        {
            return;
        }

        using var batch = new NpgsqlBatch(connection);
        var (id, execution, state) = found;
        switch (newState)
        {
            case "Deleted" when state.IsFinal():
                TaskChanges.AddDismiss(batch, id);
                break;
            case "Deleted":
                TaskChanges.AddCancel(batch, execution, "deleted in Hangfire", Cancelling.ByRequest, id);
                break;
            case "Enqueued" when state.IsFinal():
                TaskChanges.AddRetry(batch, execution, id, viewLags: false);
                break;
            case "Enqueued" when state == TaskState.Running:
                TaskChanges.AddRestart(batch, id);
                break;
            case "Enqueued" when state == TaskState.WaitingRetry:
                TaskChanges.AddRetryNow(batch, id);
                break;
            case "Enqueued" when state == TaskState.Queued && oldState != HangfireStates.None:
                TaskChanges.AddBringForward(batch, id);
                break;
        }

        batch.Add(Settled, P(jobId), P(HangfireStates.Ours(newState), NpgsqlDbType.Array | NpgsqlDbType.Text));
        batch.ExecuteNonQuery();
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
    }

    /// <summary>The reconciler's condition: the row is still as it was when the new state was chosen.</summary>
    /// <exception cref="RowMovedException">It is not.</exception>
    public static void CheckVersion(NpgsqlConnection connection, long jobId)
    {
        var version = CurrentClaim.ReconciledVersion ?? throw new RowMovedException(jobId);
        if (Scalar(connection, Version, P(jobId), P(version)) is not 1L)
        {
            throw new RowMovedException(jobId);
        }
    }

    private static (Guid Id, Guid Execution, TaskState State)? FindTask(NpgsqlConnection connection, long jobId)
    {
        using var command = new NpgsqlCommand(Find, connection);
        command.Parameters.Add(P(jobId));
        using var row = command.ExecuteReader();
        return row.Read() ? (row.GetGuid(0), row.GetGuid(1), StateNames.ParseSnake<TaskState>(row.GetString(2))) : null;
    }

    private static object? Scalar(
        NpgsqlConnection connection,
        string sql,
        params ReadOnlySpan<NpgsqlParameter> parameters
    )
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command.ExecuteScalar();
    }
}

/// <summary>The task's row has moved on since the change of its background job was decided; the change is undone.</summary>
internal sealed class RowMovedException(long jobId) : Exception($"The task of background job {jobId} has moved on.");
