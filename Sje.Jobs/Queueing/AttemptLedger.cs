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
internal sealed class AttemptLedger
{
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    private readonly Database database;
    private readonly Signals signals;
    private readonly GroupWriter<(ClaimedTask Task, AttemptEnd End), AttemptEnded> together;

    /// <summary>Writes to the database, and wakes those who wait.</summary>
    public AttemptLedger(Database database, Signals signals)
    {
        (this.database, this.signals) = (database, signals);
        together = new(MostTogether, EndTogetherAsync);
    }

    // $1 worker, $2 whether its lease must be live (not when a dead worker's attempt is ended for it), $3 cap on lost attempts; then one array
    // each, an element an attempt: $4 task, $5 attempt, $6 outcome, $7 next state, $8 retry delay, $9 error, $10 reason, $11 outputs,
    // $12 preview, $13 parts, $14 metrics, $15 failures that the policy allows that decided.
    // A cancel or a restart that was asked for meanwhile decides over what the attempt itself came to. Whoever ends an attempt brings
    // Hangfire's view up himself, and the reconciler leaves him 5 s for it; nobody does for a lost one, but its next claim is near.
    // The execution is locked with the task and before it; the only task of one decides its state, and nothing else has to be looked at.
    // Each task is looked up by its id: a plan that went through all that this worker runs, for each task said, took 0.8 s for a thousand of
    // two thousand. So worker and state are written in a way that no index offers itself for.
    private static string Compose(bool only, bool passLocked) =>
        $"""
            with said as (
                select * from unnest($4::uuid[], $5::int[], $6::text[], $7::text[], $8::interval[], $9::jsonb[], $10::text[], $11::jsonb[],
                    $12::jsonb[], $13::jsonb[], $14::jsonb[], $15::int[])
                    s(said_id, said_attempt, said_outcome, said_next, said_delay, said_error, said_reason, said_outputs, said_preview,
                        said_parts, said_metrics, said_max_attempts)
            ), own as materialized (
                select t.*, s.*, case
                        when t.cancel_requested_at is not null and t.cancel_reason = 'total timeout' then 'timed_out'
                        when t.cancel_requested_at is not null then 'cancelled'
                        when t.restart_requested_at is not null then 'queued'
                        when said_outcome = 'lost' and t.lost + 1 >= $3 then 'failed'
                        else said_next end as next,
                    case
                        when t.cancel_requested_at is not null and said_outcome <> 'lost' then 'cancelled'
                        when t.restart_requested_at is not null and said_outcome <> 'lost' then 'restarted'
                        else said_outcome end as ended_as,
                    case when said_outcome = 'lost' and t.lost + 1 >= $3 then
                        jsonb_build_object('class', 'lost', 'message', format('its worker was lost %s times while running it', t.lost + 1))
                        else said_error end as why
                from said s cross join lateral (
                    select t.* from sje.tasks t {(
                only ? "join sje.executions e on e.id = t.execution_id" : ""
            )}
                    where t.id = s.said_id and t.attempt = s.said_attempt and (t.worker_id, t.state) is not distinct from ($1, 'running')
                    for update {(only ? "of e, t" : "of t")}{(passLocked ? " skip locked" : "")}) t
                where not $2 or exists (select 1 from sje.workers w
                    where w.id = $1 and w.state in ('active', 'draining') and w.lease_until > clock_timestamp())
            ), gone as (
                delete from sje.tasks t using own
                where t.id = own.id and own.next in ('succeeded', 'failed', 'cancelled', 'timed_out')
            ), final as (
                insert into sje.finished_tasks ({TaskTable.All})
                select {Kept}, rank, next, available_at, 0, null, queued_at,
                    failures + case when ended_as in ('failed', 'timed_out') then 1 else 0 end,
                    lost + case when ended_as = 'lost' then 1 else 0 end, null, cancel_requested_at, cancel_reason, null,
                    case when hangfire_job_id is not null then clock_timestamp() + interval '5 seconds' end, row_version + 1,
                    case when next = 'succeeded' then 1 else progress end, coalesce(said_metrics, metrics), said_parts, said_outputs,
                    said_preview, case when next = 'succeeded' then null else why end, coalesce(said_reason, cancel_reason), null,
                    clock_timestamp(), false, {TaskHolds.None}, case when next in ('failed', 'timed_out') then sje.fingerprint(
                        (select e.name from sje.executions e where e.id = execution_id), type, next, coalesce(said_reason, cancel_reason), why) end
                from own where next in ('succeeded', 'failed', 'cancelled', 'timed_out')
            ), again as (
                update sje.tasks t
                set state = own.next, worker_id = null, row_version = t.row_version + 1,
                    max_attempts = coalesce(own.said_max_attempts, t.max_attempts),
                    failures = t.failures + case when own.ended_as in ('failed', 'timed_out') then 1 else 0 end,
                    lost = t.lost + case when own.ended_as = 'lost' then 1 else 0 end,
                    available_at = clock_timestamp() + case when own.next = 'waiting_retry' then own.said_delay
                        when own.ended_as = 'released' then interval '1 second' else interval '0' end,
                    queued_at = case when own.next = 'queued' then clock_timestamp() end,
                    queued_deadline_at = clock_timestamp() + t.queued_timeout
                        + case when own.next = 'waiting_retry' then own.said_delay else interval '0' end,
                    restart_requested_at = null, error = own.why, reason = own.said_reason,
                    hangfire_sync_at = case when t.hangfire_job_id is not null then clock_timestamp()
                        + case own.ended_as when 'released' then interval '0' when 'lost' then interval '1 second' else interval '5 seconds' end end
                from own where t.id = own.id and own.next in ('queued', 'waiting_retry')
                returning t.id, t.available_at
            ), attempt as (
                insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, started_at, ended_at, outcome, error)
                select execution_id, own.id, attempt, worker_id, coalesce(w.name, ''), attempt_started_at, clock_timestamp(), ended_as, why
                from own left join sje.workers w on w.id = own.worker_id
            ), checkpoint as (
                delete from sje.checkpoints k using own where k.task_id = own.id and own.next = 'succeeded'
            ){(only ? Finished : "")}, told as (
                insert into sje.events (execution_id, task_id, kind, data, execution_state)
                select own.execution_id, own.id, 'task.' || own.next, jsonb_strip_nulls(jsonb_build_object(
                    'attempt', attempt, 'outcome', ended_as, 'reason', said_reason, 'error', why)), {(
                only ? "case when next in ('succeeded', 'failed', 'cancelled', 'timed_out') then next end" : "null"
            )}
                from own
            )
            select id, next, (select available_at from again where again.id = own.id) from own
            """;

    private static readonly string Kept = TaskTable.Kept.Replace(
        " max_attempts,",
        " coalesce(said_max_attempts, max_attempts),",
        StringComparison.Ordinal
    );

    // What Settlement makes of an execution of one task: that task's state.
    private const string Finished = """
        , finished as (
            update sje.executions e set finished_at = clock_timestamp(), version = e.version + 1, state = own.next
            from own
            where e.id = own.execution_id and e.finished_at is null and own.next in ('succeeded', 'failed', 'cancelled', 'timed_out')
        )
        """;

    private const int MostTogether = 1_000;

    private static readonly string EndOnly = Compose(only: true, passLocked: false);
    private static readonly string EndOneOfMany = Compose(only: false, passLocked: false);
    private static readonly string EndTogether = Compose(only: true, passLocked: true);

    // What became of an attempt whose end this worker sent without hearing the answer.
    private const string EndedAs = """
        select t.state, t.available_at from sje.attempts a join sje.all_tasks t on t.execution_id = a.execution_id and t.id = a.task_id
        where a.execution_id = $4 and a.task_id = $1 and a.number = $2 and a.worker_id = $3 and a.outcome is not null and a.outcome <> 'lost' and t.attempt = $2
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
        var ended = task.SingleTask ? await together.WriteAsync((task, end)) : default;
        if (!ended.Owned)
        {
            ended = await EndAloneAsync(
                id.ExecutionId,
                id.TaskId,
                id.Attempt,
                task.WorkerId,
                end,
                liveLease: true,
                task.SingleTask,
                cancellationToken,
                task.Limited
            );
        }

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
        await using var command = database.Queue.CreateCommand(EndedAs);
        command.Parameters.Add(P(task.Identity.TaskId));
        command.Parameters.Add(P(task.Identity.Attempt));
        command.Parameters.Add(P(task.WorkerId));
        command.Parameters.Add(P(task.Identity.ExecutionId));
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
        EndAloneAsync(
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

    /// <summary>
    /// Fails a task for good that this worker has claimed and that nobody can run, since its stored specification cannot be read.
    /// </summary>
    public Task<AttemptEnded> EndUnreadableAsync(
        UnreadableTask task,
        Guid workerId,
        CancellationToken cancellationToken
    ) =>
        EndAloneAsync(
            task.ExecutionId,
            task.TaskId,
            task.Attempt,
            workerId,
            new AttemptEnd
            {
                Outcome = AttemptOutcome.Failed,
                Next = TaskState.Failed,
                Error = new TaskError(
                    FailureClasses.Invalid,
                    $"The stored specification of task '{task.Name}' cannot be read: {task.Why}. Submit the job again.",
                    Exception: nameof(UnreadableTaskSpecException)
                ),
                Reason = "its stored specification cannot be read",
            },
            liveLease: true,
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
        EndAloneAsync(
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

    /// <summary>
    /// Ends attempts of executions of one task, all that come while another such write is under way. Rows that somebody else holds are
    /// passed over, so that no lock is waited for in the name of all; they, and any whose group failed on one row's account, are written
    /// alone.
    /// </summary>
    private async Task<AttemptEnded[]> EndTogetherAsync(IReadOnlyList<(ClaimedTask Task, AttemptEnd End)> ends)
    {
        var answers = new AttemptEnded[ends.Count];
        // Two worker registrations of one process meet here only around a lost lease.
        var worker = ends[^1].Task.WorkerId;
        var places = new Dictionary<Guid, int>();
        for (var i = 0; i < ends.Count; i++)
        {
            if (ends[i].Task.WorkerId == worker)
            {
                places.TryAdd(ends[i].Task.Identity.TaskId, i);
            }
        }

        try
        {
            await using var command = database.Queue.CreateCommand(EndTogether);
            command.Parameters.AddRange(
                Values(
                    worker,
                    liveLease: true,
                    [
                        .. places.Values.Select(i => new Said(
                            ends[i].Task.Identity.TaskId,
                            ends[i].Task.Identity.Attempt,
                            ends[i].End
                        )),
                    ]
                )
            );
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                answers[places[rows.GetGuid(0)]] = Ended(rows);
            }
        }
        catch (PostgresException e) when (DatabaseOutage.Classify(e) is null)
        {
            return new AttemptEnded[ends.Count];
        }

        if (answers.Any(a => a.Owned))
        {
            signals.Raise(SignalKind.Change);
        }

        // A place under a limit has become free, perhaps for a worker elsewhere; or there is a new time at which to look.
        if (
            answers
                .Where(
                    (a, i) => a.State is TaskState.Queued or TaskState.WaitingRetry || (a.Owned && ends[i].Task.Limited)
                )
                .Any()
        )
        {
            signals.Raise(SignalKind.Work);
        }

        return answers;
    }

    private async Task<AttemptEnded> EndAloneAsync(
        Guid executionId,
        Guid taskId,
        int attempt,
        Guid workerId,
        AttemptEnd end,
        bool liveLease,
        bool singleTask,
        CancellationToken cancellationToken,
        bool limited = true
    )
    {
        await using var connection = await database.Queue.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        if (!singleTask)
        {
            batch.Add(Settlement.Lock, P(executionId));
        }

        batch.Add(singleTask ? EndOnly : EndOneOfMany, Values(workerId, liveLease, [new Said(taskId, attempt, end)]));
        if (!singleTask)
        {
            batch.AddSettlement(executionId);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!singleTask)
        {
            await reader.NextResultAsync(cancellationToken);
        }

        var ended = await reader.ReadAsync(cancellationToken) ? Ended(reader) : default;

        // Read to the end: an error of a later statement undoes the earlier ones.
        while (await reader.NextResultAsync(cancellationToken))
        {
            await Settlement.CountAsync(reader, cancellationToken);
        }

        if (ended.Owned)
        {
            signals.Raise(SignalKind.Change);
            if (!singleTask || limited || ended.State is TaskState.Queued or TaskState.WaitingRetry)
            {
                signals.Raise(SignalKind.Work);
            }
        }

        return ended;
    }

    private static NpgsqlParameter[] Values(Guid worker, bool liveLease, IReadOnlyList<Said> said)
    {
        NpgsqlParameter Each<T>(NpgsqlDbType type, Func<Said, T> value) => Array(type, said.Select(value));
        return
        [
            P(worker),
            P(liveLease, NpgsqlDbType.Boolean),
            P(RetryPolicy.MaxLost),
            Each(NpgsqlDbType.Uuid, s => s.Task),
            Each(NpgsqlDbType.Integer, s => s.Attempt),
            Each(NpgsqlDbType.Text, s => s.End.Outcome.ToSnake()),
            Each(NpgsqlDbType.Text, s => s.End.Next.ToSnake()),
            Each(NpgsqlDbType.Interval, s => s.End.RetryDelay),
            Each(NpgsqlDbType.Jsonb, s => StorableText.Json(JsonSerializer.SerializeToNode(s.End.Error, JsonOptions))),
            Each(NpgsqlDbType.Text, s => s.End.Reason is null ? null : StorableText.Clean(s.End.Reason)),
            Each(NpgsqlDbType.Jsonb, s => StorableText.Json(s.End.Outputs)),
            Each(NpgsqlDbType.Jsonb, s => StorableText.Json(s.End.Preview)),
            Each(NpgsqlDbType.Jsonb, s => StorableText.Json(s.End.Parts)),
            Each(NpgsqlDbType.Jsonb, s => StorableText.Json(s.End.Metrics)),
            Each(NpgsqlDbType.Integer, s => s.End.MaxAttempts),
        ];
    }

    private static AttemptEnded Ended(NpgsqlDataReader row) =>
        new(
            StateNames.ParseSnake<TaskState>(row.GetString(1)),
            row.IsDBNull(2) ? null : row.GetFieldValue<DateTimeOffset>(2)
        );

    private async Task<bool> IsStillMineAsync(ClaimedTask task, CancellationToken cancellationToken)
    {
        await using var command = database.Queue.CreateCommand(StillMine);
        command.Parameters.Add(P(task.Identity.TaskId));
        command.Parameters.Add(P(task.Identity.Attempt));
        command.Parameters.Add(P(task.WorkerId));
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private readonly record struct Said(Guid Task, int Attempt, AttemptEnd End);
}

/// <summary>The attempt is still the worker's, but its lease has lapsed and nobody has marked it yet: renew, then try again.</summary>
internal sealed class LeaseNotLiveException() : Exception("The worker's lease is not live.");
