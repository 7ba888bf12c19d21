using System.Globalization;
using Hangfire.States;
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
    /// <summary>What the dashboard gives as the reason for everything.</summary>
    private const string HangfiresOwnReason = "Triggered via Dashboard UI";

    // Before the execution's lock, as everywhere: a requeue puts tasks into the queue (JobPauses).
    private const string PassPause = """
        select pg_advisory_xact_lock_shared(hashtextextended(job_id::text, 731)) from sje.executions
        where id = (select execution_id from sje.all_tasks where hangfire_job_id = $1) and job_id is not null
        """;

    // Everything about the wish is decided under the execution's lock, which the end of an attempt and a claim need too.
    private const string LockExecution = """
        select 1 from sje.executions where id = (select execution_id from sje.all_tasks where hangfire_job_id = $1) for update
        """;

    private const string Find = """
        select id, execution_id, state, attempt, cancel_requested_at is not null, dismissed_at is not null, queue,
            available_at > clock_timestamp()
        from sje.all_tasks where hangfire_job_id = $1
        """;

    // $1 task, $2 attempt, $3 our states that the new state of Hangfire's may stand for, $4 worker, $5 background job, $6 its state that
    // Hangfire found under its lock: a process that stood still may have lost the lock, and somebody else have made this very change. Both
    // views agree from here on, but where somebody has dismissed the task meanwhile. The task's row is locked before the job's, as everywhere, and
    // the job's only as an update of its state locks it: whoever adds to its history holds its key, and may yet wait for the task's row.
    private const string Agree = """
        with live as (
            update sje.tasks set hangfire_sync_at = null
            where id = $1 and attempt = $2 and state = any ($3) and (worker_id is null or worker_id = $4) returning 1
        ), ended as (
            update sje.finished_tasks set hangfire_sync_at = case when dismissed_at is not null then hangfire_sync_at end
            where id = $1 and attempt = $2 and state = any ($3) returning 1
        ), job as (
            select 1 from hangfire.job
            where id = $5 and statename = $6 and (select count(*) from live) + (select count(*) from ended) = 1 for no key update
        )
        select count(*) from job
        """;

    // $1 job, $2 version, $3 its state as the reconciler saw it: an attempt changes that without Hangfire's lock and leaves the version as
    // it is (AttemptTransition). Both views agree from here on.
    private const string Version = """
        with live as (
            update sje.tasks set hangfire_sync_at = null where hangfire_job_id = $1 and row_version = $2 returning 1
        ), ended as (
            update sje.finished_tasks set hangfire_sync_at = null where hangfire_job_id = $1 and row_version = $2 returning 1
        ), job as (
            select 1 from hangfire.job
            where id = $1 and statename = $3 and (select count(*) from live) + (select count(*) from ended) = 1 for no key update
        )
        select count(*) from job
        """;

    // $1 job, $2 what Hangfire shows from now on, $3 right pairs. What the wish did not make right, the reconciler puts back.
    private const string Flag = $"""
        with live as (
            update sje.tasks t set hangfire_sync_at =
                case when not ({Agreement.SideSql} || '|' || $2) = any ($3) then clock_timestamp() end
            where hangfire_job_id = $1 and (hangfire_sync_at is not null or not ({Agreement.SideSql} || '|' || $2) = any ($3))
        )
        update sje.finished_tasks t set hangfire_sync_at =
            case when not ({Agreement.SideSql} || '|' || $2) = any ($3) then clock_timestamp() end
        where hangfire_job_id = $1 and (hangfire_sync_at is not null or not ({Agreement.SideSql} || '|' || $2) = any ($3))
        """;

    // An attempt writes Succeeded without Hangfire's lock, so whoever holds that may have read the state before: Hangfire then leaves that
    // state without taking back what was counted for it.
    private const string Uncount = """
        with job as materialized (select statename from hangfire.job where id = $1 for no key update)
        insert into hangfire.counter (key, value)
        select 'stats:succeeded', -1 from job where statename = 'Succeeded' and $2 <> statename and $3 <> statename
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
        var meaning = AddWish(batch, found, newState);
        batch.Add(Flag, P(jobId), P(newState), P(Agreement.RightPairs, NpgsqlDbType.Array | NpgsqlDbType.Text));
        batch.Add(Uncount, P(jobId), P(oldState), P(newState));
        batch.ExecuteNonQuery();
        Explain(jobId, newState, meaning);
        signals.Raise(SignalKind.Control);
        signals.Raise(SignalKind.Work);
        signals.Raise(SignalKind.Change);
    }

    /// <summary>The reconciler's condition: the row is still as it was when the new state was chosen.</summary>
    /// <exception cref="RowMovedException">It is not.</exception>
    public static void CheckVersion(NpgsqlConnection connection, long jobId)
    {
        var seen = CurrentClaim.Reconciled ?? throw new RowMovedException(jobId);
        if (Scalar(connection, Version, P(jobId), P(seen.Version), P(seen.Shown)) is not 1L)
        {
            throw new RowMovedException(jobId);
        }
    }

    /// <summary>Adds what the new state asks of the task; returns in words what it comes to.</summary>
    private static string AddWish(NpgsqlBatch batch, FoundTask task, string newState)
    {
        var (now, next) = (task.Attempt, task.Attempt + 1);
        var why = $"{(newState == "Deleted" ? "deleted" : "requeued")} {Actor.Words}";
        var wish = new Wish(why, Actor.Current?.Name);
        switch (newState)
        {
            case "Deleted" when task.State is TaskState.Succeeded or TaskState.Failed or TaskState.TimedOut:
                TaskChanges.AddDismiss(batch, task.Id, wish);
                return task.Dismissed
                    ? "the task had been dismissed before"
                    : $"the {task.State.ToSnake()} task is dismissed";
            case "Deleted" when task.State.IsFinal():
                return $"the task had ended before, {task.State.ToSnake()}";
            case "Deleted":
                TaskChanges.AddCancel(batch, task.Execution, wish, Cancelling.ByRequest, task.Id);
                return task.State != TaskState.Running ? "the task is cancelled"
                    : task.CancelRequested ? $"attempt {now} was being cancelled already"
                    : $"the task is being cancelled; attempt {now} has been asked to stop";
            case "Enqueued" when task.State.IsFinal():
                TaskChanges.AddRetry(batch, task.Execution, task.Id, wish, viewLags: false);
                return $"attempt {next} runs the task again";
            case "Enqueued" when task.State == TaskState.Running:
                TaskChanges.AddRestart(batch, task.Id, wish);
                return $"{(task.CancelRequested ? "instead of the cancel, a " : "")}restart requested; attempt {now} is still running, "
                    + $"attempt {next} begins when it has stopped";
            case "Enqueued" when task.State == TaskState.WaitingRetry:
                TaskChanges.AddRetryNow(batch, task.Id, wish);
                return $"attempt {next} need not wait any longer";
            case "Enqueued" when task.State == TaskState.Queued:
                TaskChanges.AddBringForward(batch, task.Id, wish);
                return task.Delayed
                    ? $"attempt {next} need not wait any longer"
                    : $"attempt {next} is waiting in queue {task.Queue} already";
            case "Enqueued":
                return "the task still waits for others and starts by itself when they have succeeded";
            default:
                return $"the task is {task.State.ToSnake()} as before";
        }
    }

    /// <summary>
    /// Puts the meaning into the reason that Hangfire keeps in the job's history: its statement for the state comes after this one in the
    /// same transaction and reads the reason only then.
    /// </summary>
    private static void Explain(long jobId, string newState, string meaning)
    {
        if (
            CurrentClaim.Change is not { } change
            || change.State.Name != newState
            || change.JobId != jobId.ToString(CultureInfo.InvariantCulture)
        )
        {
            return;
        }

        var said = change.State.Reason is { Length: > 0 } reason && reason != HangfiresOwnReason ? $"{reason}: " : "";
        var act = newState switch
        {
            "Deleted" => "deleted",
            "Enqueued" => "requeued",
            _ => $"set to {newState}",
        };
        var text = $"{said}{act} {Actor.Words}: {meaning}";
        switch (change.State)
        {
            case DeletedState state:
                state.Reason = text;
                break;
            case EnqueuedState state:
                state.Reason = text;
                break;
            case ScheduledState state:
                state.Reason = text;
                break;
        }
    }

    private static FoundTask? FindTask(NpgsqlConnection connection, long jobId)
    {
        using var batch = new NpgsqlBatch(connection);
        batch.Add(PassPause, P(jobId)).Add(LockExecution, P(jobId)).Add(Find, P(jobId));
        using var row = batch.ExecuteReader();
        row.NextResult();
        row.NextResult();
        return row.Read()
            ? new FoundTask(
                row.GetGuid(0),
                row.GetGuid(1),
                StateNames.ParseSnake<TaskState>(row.GetString(2)),
                row.GetInt32(3),
                row.GetBoolean(4),
                row.GetBoolean(5),
                row.GetString(6),
                row.GetBoolean(7)
            )
            : null;
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

    private sealed record FoundTask(
        Guid Id,
        Guid Execution,
        TaskState State,
        int Attempt,
        bool CancelRequested,
        bool Dismissed,
        string Queue,
        bool Delayed
    );
}

/// <summary>The task's row has moved on since the change of its background job was decided; the change is undone.</summary>
internal sealed class RowMovedException(long jobId) : Exception($"The task of background job {jobId} has moved on.");
