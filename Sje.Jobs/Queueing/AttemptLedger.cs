using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Core.Reliability;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Ends attempts. Each ends exactly once, and only its owner can end it: the statement demands the attempt's number, its worker, and
/// that worker's live lease. A worker that lost its lease changes no row here. The end, the task's move, the attempt, the event and
/// what follows for the execution are one transaction, sent in one round trip.
/// </summary>
internal sealed class AttemptLedger(Database database, Signals signals)
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    // $1 task, $2 attempt, $3 worker, $4 outcome, $5 next state, $6 retry delay, $7 error, $8 reason, $9 outputs, $10 preview,
    // $11 parts, $12 metrics, $13 whether the lease must be live (not when a dead worker's attempt is ended for it), $14 cap on lost attempts.
    // A cancel or a restart that was asked for meanwhile decides over what the attempt itself came to. Whoever ends an attempt brings
    // Hangfire's view up himself, and the reconciler leaves him 5 s for it; nobody does for a lost one, but its next claim is near.
    // The execution is locked with the task and before it; the only task of one decides its state, and nothing else has to be looked at.
    private static string Compose(bool only) =>
        $"""
            with own as materialized (
                select t.*, case
                        when t.cancel_requested_at is not null and t.cancel_reason = 'total timeout' then 'timed_out'
                        when t.cancel_requested_at is not null then 'cancelled'
                        when t.restart_requested_at is not null then 'queued'
                        when $4 = 'lost' and t.lost + 1 >= $14 then 'failed'
                        else $5 end as next,
                    case
                        when t.cancel_requested_at is not null and $4 <> 'lost' then 'cancelled'
                        when t.restart_requested_at is not null and $4 <> 'lost' then 'restarted'
                        else $4 end as ended_as,
                    case when $4 = 'lost' and t.lost + 1 >= $14 then
                        jsonb_build_object('class', 'lost', 'message', format('its worker was lost %s times while running it', t.lost + 1))
                        else $7::jsonb end as why
                from {(only ? "sje.executions e join sje.tasks t on t.execution_id = e.id" : "sje.tasks t")}
                where t.id = $1 and t.attempt = $2 and t.worker_id = $3 and t.state = 'running'
                    and (not $13 or exists (select 1 from sje.workers w
                        where w.id = $3 and w.state in ('active', 'draining') and w.lease_until > clock_timestamp()))
                for update {(only ? "of e, t" : "")}
            ), gone as (
                delete from sje.tasks t
                where t.id = $1 and exists (select 1 from own where next in ('succeeded', 'failed', 'cancelled', 'timed_out'))
            ), final as (
                insert into sje.finished_tasks ({TaskTable.All})
                select {TaskTable.Kept}, rank, next, available_at, 0, null, queued_at,
                    failures + case when ended_as in ('failed', 'timed_out') then 1 else 0 end,
                    lost + case when ended_as = 'lost' then 1 else 0 end, null, cancel_requested_at, cancel_reason, null,
                    case when hangfire_job_id is not null then clock_timestamp() + interval '5 seconds' end, row_version + 1,
                    case when next = 'succeeded' then 1 else progress end, coalesce($12::jsonb, metrics), $11::jsonb, $9::jsonb, $10::jsonb,
                    case when next = 'succeeded' then null else why end, coalesce($8, cancel_reason), null, clock_timestamp(), false
                from own where next in ('succeeded', 'failed', 'cancelled', 'timed_out')
            ), again as (
                update sje.tasks t
                set state = own.next, worker_id = null, row_version = t.row_version + 1,
                    failures = t.failures + case when own.ended_as in ('failed', 'timed_out') then 1 else 0 end,
                    lost = t.lost + case when own.ended_as = 'lost' then 1 else 0 end,
                    available_at = clock_timestamp() + case when own.next = 'waiting_retry' then $6
                        when own.ended_as = 'released' then interval '1 second' else interval '0' end,
                    queued_at = case when own.next = 'queued' then clock_timestamp() end,
                    queued_deadline_at = clock_timestamp() + t.queued_timeout + case when own.next = 'waiting_retry' then $6 else interval '0' end,
                    restart_requested_at = null, error = own.why, reason = $8,
                    hangfire_sync_at = clock_timestamp() + case own.ended_as when 'released' then interval '0' when 'lost' then interval '1 second' else interval '5 seconds' end
                from own where t.id = $1 and own.next in ('queued', 'waiting_retry')
                returning t.available_at
            ), attempt as (
                update sje.attempts a set ended_at = clock_timestamp(), outcome = own.ended_as, error = own.why
                from own where a.task_id = $1 and a.number = $2
            ), checkpoint as (
                delete from sje.checkpoints k where k.task_id = $1 and exists (select 1 from own where next = 'succeeded')
            ){(only ? Finished : "")}, told as (
                insert into sje.events (execution_id, task_id, kind, data)
                select execution_id, id, 'task.' || next, jsonb_strip_nulls(jsonb_build_object(
                    'attempt', attempt, 'outcome', ended_as, 'reason', $8, 'error', why)) from own
                {(only ? "union all select id, null, 'execution.' || state, '{}'::jsonb from finished" : "")}
            )
            select next, (select available_at from again) from own
            """;

    // What Settlement makes of an execution of one task: that task's state.
    private const string Finished = """
        , finished as (
            update sje.executions e set finished_at = clock_timestamp(), version = e.version + 1, state = own.next
            from own
            where e.id = own.execution_id and e.finished_at is null and own.next in ('succeeded', 'failed', 'cancelled', 'timed_out')
            returning e.id, e.state
        )
        """;

    private static readonly string EndOnly = Compose(only: true);
    private static readonly string EndOneOfMany = Compose(only: false);

    // What became of an attempt whose end this worker sent without hearing the answer.
    private const string EndedAs = """
        select t.state, t.available_at from sje.attempts a join sje.all_tasks t on t.id = a.task_id
        where a.task_id = $1 and a.number = $2 and a.worker_id = $3 and a.outcome is not null and a.outcome <> 'lost' and t.attempt = $2
        """;

    private const string StillMine = """
        select exists (select 1 from sje.tasks t join sje.workers w on w.id = t.worker_id
            where t.id = $1 and t.attempt = $2 and t.worker_id = $3 and t.state = 'running' and w.state in ('active', 'draining'))
        """;

    /// <summary>Ends an attempt of this worker's.</summary>
    /// <exception cref="NpgsqlException">The database could not be reached; whether it was written is unknown. Call again.</exception>
    /// <exception cref="LeaseNotLiveException">The attempt is still this worker's, but its lease has to be renewed first.</exception>
    public async Task<AttemptEnded> EndAsync(ClaimedTask task, AttemptEnd end, CancellationToken cancellationToken)
    {
        var id = task.Identity;
        var ended = await EndAsync(
            id.ExecutionId,
            id.TaskId,
            id.Attempt,
            task.WorkerId,
            end,
            liveLease: true,
            task.SingleTask,
            cancellationToken
        );
        if (!ended.Owned && await IsStillMineAsync(task, cancellationToken))
        {
            throw new LeaseNotLiveException();
        }

        return ended;
    }

    /// <summary>
    /// What the end of an attempt came to, when it was sent before and the answer was lost; not owned when it was not written by us.
    /// </summary>
    public async Task<AttemptEnded> FindEndAsync(ClaimedTask task, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(EndedAs);
        command.Parameters.Add(P(task.Identity.TaskId));
        command.Parameters.Add(P(task.Identity.Attempt));
        command.Parameters.Add(P(task.WorkerId));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new AttemptEnded(StateNames.ParseSnake<TaskState>(row.GetString(0)), row.GetFieldValue<DateTimeOffset>(1))
            : default;
    }

    /// <summary>Ends an attempt for a worker that is dead.</summary>
    public Task<AttemptEnded> EndLostAsync(
        Guid executionId,
        Guid taskId,
        int attempt,
        Guid workerId,
        CancellationToken cancellationToken
    ) =>
        EndAsync(
            executionId,
            taskId,
            attempt,
            workerId,
            new AttemptEnd
            {
                Outcome = AttemptOutcome.Lost,
                Next = TaskState.Queued,
                Reason = "its worker was lost",
            },
            liveLease: false,
            singleTask: false,
            cancellationToken
        );

    /// <summary>Hands back a task that this worker claimed without ever hearing of it.</summary>
    public Task<AttemptEnded> EndOrphanAsync(
        Guid executionId,
        Guid taskId,
        int attempt,
        Guid workerId,
        CancellationToken cancellationToken
    ) =>
        EndAsync(
            executionId,
            taskId,
            attempt,
            workerId,
            new AttemptEnd
            {
                Outcome = AttemptOutcome.Released,
                Next = TaskState.Queued,
                Reason = "the answer to its claim was lost",
            },
            liveLease: true,
            singleTask: false,
            cancellationToken
        );

    private async Task<AttemptEnded> EndAsync(
        Guid executionId,
        Guid taskId,
        int attempt,
        Guid workerId,
        AttemptEnd end,
        bool liveLease,
        bool singleTask,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        if (!singleTask)
        {
            batch.Add(Settlement.Lock, P(executionId));
        }

        batch.Add(
            singleTask ? EndOnly : EndOneOfMany,
            P(taskId),
            P(attempt),
            P(workerId),
            P(end.Outcome.ToSnake()),
            P(end.Next.ToSnake()),
            P(end.RetryDelay),
            Json(StorableText.Json(JsonSerializer.SerializeToNode(end.Error, JsonOptions))),
            P(end.Reason is null ? null : StorableText.Clean(end.Reason)),
            Json(StorableText.Json(end.Outputs)),
            Json(StorableText.Json(end.Preview)),
            Json(StorableText.Json(end.Parts)),
            Json(StorableText.Json(end.Metrics)),
            P(liveLease, NpgsqlDbType.Boolean),
            P(RetryPolicy.MaxLost)
        );
        if (!singleTask)
        {
            batch.AddSettlement(executionId);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!singleTask)
        {
            await reader.NextResultAsync(cancellationToken);
        }

        var ended = default(AttemptEnded);
        if (await reader.ReadAsync(cancellationToken))
        {
            ended = new AttemptEnded(
                StateNames.ParseSnake<TaskState>(reader.GetString(0)),
                await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(1)
            );
        }

        // Read to the end: an error of a later statement undoes the earlier ones.
        while (await reader.NextResultAsync(cancellationToken)) { }

        if (ended.Owned)
        {
            signals.Raise(SignalKind.Change);
            if (!singleTask || ended.State is TaskState.Queued)
            {
                signals.Raise(SignalKind.Work);
            }
        }

        return ended;
    }

    private async Task<bool> IsStillMineAsync(ClaimedTask task, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(StillMine);
        command.Parameters.Add(P(task.Identity.TaskId));
        command.Parameters.Add(P(task.Identity.Attempt));
        command.Parameters.Add(P(task.WorkerId));
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }
}

/// <summary>The attempt is still the worker's, but its lease has lapsed and nobody has marked it yet: renew, then try again.</summary>
internal sealed class LeaseNotLiveException() : Exception("The worker's lease is not live.");
