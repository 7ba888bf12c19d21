using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>Why tasks are being stopped; decides the state in which they end.</summary>
internal enum Cancelling
{
    /// <summary>Somebody asked for it: <c>cancelled</c>.</summary>
    ByRequest,

    /// <summary>The execution's total time ran out: <c>timed_out</c>.</summary>
    ByTotalTimeout,
}

/// <summary>Why something is done to a task, for its events: in words, and by whom where that is known.</summary>
internal readonly record struct Wish(string Reason, string? By = null);

/// <summary>
/// The statements behind cancel, retry and what Hangfire's buttons mean, as parts of a batch: they run in a transaction of ours, or
/// inside Hangfire's own. Each locks the execution first (<see cref="Settlement"/>).
/// </summary>
internal static class TaskChanges
{
    /// <summary>Name of the one column by which a statement says whether it changed anything.</summary>
    public const string ChangedColumn = "sje_changed";

    // Whoever finds that the time is over may come after somebody has cancelled it: then that is what ended it.
    private const string MarkExecution = """
        update sje.executions set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()), version = version + 1,
            cancel_reason = case when cancel_requested_at is not null and $2 = 'total timeout' then cancel_reason else $2 end
        where id = $1 and finished_at is null
        returning true as sje_changed
        """;

    // $1 execution, $2 reason, $3 state in which waiting tasks end, $4 one task or null for all, $5 by whom. A blocked task never became
    // runnable, so no time limit of its own ran out: it is cancelled either way.
    private const string EndWaiting = $"""
        with gone as (
            delete from sje.tasks t
            where t.execution_id = $1 and t.state in ('blocked', 'queued', 'waiting_retry') and ($4::uuid is null or t.id = $4)
            returning t.*
        ), kept as (
            insert into sje.finished_tasks ({TaskTable.All})
            select {TaskTable.Kept}, rank, case when state = 'blocked' and $3 <> 'skipped' then 'cancelled' else $3 end, available_at, 0, null, queued_at,
                failures, lost, null, case when $3 <> 'skipped' then clock_timestamp() end, $2, null, case when hangfire_job_id is not null then clock_timestamp() end, row_version + 1, progress,
                metrics, parts, outputs, preview, error, $2, null, clock_timestamp(), false, {TaskHolds.None}, case when state <> 'blocked' and $3 = 'timed_out' then
                    sje.fingerprint((select e.name from sje.executions e where e.id = $1), type, $3, $2, error) end
            from gone
            returning id, state
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data)
            select $1, id, 'task.' || state, jsonb_strip_nulls(jsonb_build_object('reason', $2, 'by', $5)) from kept
        )
        select count(*) > 0 as sje_changed from kept
        """;

    private const string StopRunning = """
        with asked as (
            update sje.tasks t set cancel_requested_at = clock_timestamp(), cancel_reason = $2, row_version = row_version + 1
            where t.execution_id = $1 and t.state = 'running' and t.cancel_requested_at is null and ($3::uuid is null or t.id = $3)
            returning t.id
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data)
            select $1, id, 'task.cancel_requested', jsonb_strip_nulls(jsonb_build_object('reason', $2, 'by', $4)) from asked
        )
        select count(*) > 0 as sje_changed from asked
        """;

    // $1 executions, $2 tasks or null for all that did not succeed, $3 whether Hangfire's view lags, $4 reason, $5 by whom, $6 an instant or null:
    // then only dead letters of that time or before. Failed, cancelled and timed-out tasks go back to the queue, and with them every skipped one
    // that waits for nothing else. A task given by id takes along only the skipped tasks behind it. rank is kept: an old task does not lose its place.
    // One whose dependency has ended without success, and is not given too, is left: it would wait for ever, or be skipped at once.
    // An execution that had ended has given up its place among those of its job, and has to be admitted again. Ended tasks may stay a while longer
    // than their execution (retention); such a one is not revived.
    private const string Revive = $"""
        with recursive chosen(id, execution_id) as (
            select f.id, f.execution_id from sje.finished_tasks f
            where f.execution_id = any ($1) and case when $2::uuid[] is null then f.state <> 'succeeded' else f.id = any ($2) end
                and ($6::timestamptz is null or (f.state in ('failed', 'timed_out') and f.dismissed_at is null and f.finished_at <= $6))
                and exists (select 1 from sje.executions e where e.id = f.execution_id)
                and ($2::uuid[] is null or not exists (
                    select 1 from sje.finished_tasks d
                    where d.execution_id = f.execution_id and d.id = any (f.depends_on) and d.state <> 'succeeded' and d.id <> all ($2)))
            union
            select s.id, s.execution_id from chosen c join sje.finished_tasks s on s.execution_id = c.execution_id
            where c.id = any (s.depends_on) and s.state = 'skipped'
        ), gone as (
            delete from sje.finished_tasks f using chosen c where f.execution_id = c.execution_id and f.id = c.id returning f.*
        ), counted as (
            select g.*, (
                select count(*) from unnest(g.depends_on) d(id) where not exists (
                    select 1 from sje.finished_tasks f
                    where f.id = d.id and f.state = 'succeeded' and f.id not in (select c.id from chosen c)))::int as pending
            from gone g
        ), back as (
            insert into sje.tasks ({TaskTable.All})
            select {TaskTable.Kept}, rank, case when pending = 0 then 'queued' else 'blocked' end, clock_timestamp(), pending,
                case when pending = 0 then clock_timestamp() + queued_timeout end, case when pending = 0 then clock_timestamp() end,
                0, 0, null, null, null, null, case when hangfire_job_id is not null and $3 then clock_timestamp() end, row_version + 1,
                null, null, null, null, null, null, null, null, null, lane = 'direct',
                (select case when e.concurrency_key is not null and e.finished_at is not null then array['{TaskHolds.Concurrency}'] else {TaskHolds.None} end
                    from sje.executions e where e.id = counted.execution_id), null
            from counted
            returning id, execution_id, state
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data)
            select execution_id, id, 'task.' || state, jsonb_strip_nulls(jsonb_build_object('reason', $4, 'by', $5, 'revived', true)) from back
        )
        select count(*) > 0 as sje_changed, count(*) filter (where id = any ($2)) from back
        """;

    // What has not begun and depends on a task that runs again waits for it: it would see no outputs, or old ones.
    private const string BlockAgain = """
        with counted as (
            select b.id, (
                select count(*) from unnest(b.depends_on) d(id)
                where not exists (select 1 from sje.finished_tasks f where f.id = d.id and f.state = 'succeeded'))::int as pending
            from sje.tasks b where b.execution_id = any ($1) and b.state in ('queued', 'waiting_retry') and cardinality(b.depends_on) > 0
        ), moved as (
            update sje.tasks t set state = 'blocked', pending_dependencies = c.pending, queued_at = null, queued_deadline_at = null,
                dispatched = t.lane = 'direct', row_version = row_version + 1,
                hangfire_sync_at = case when hangfire_job_id is not null then clock_timestamp() end
            from counted c where t.id = c.id and c.pending > 0
            returning t.id, t.execution_id
        )
        insert into sje.events (execution_id, task_id, kind, data)
        select execution_id, id, 'task.blocked', '{"reason": "a task it depends on is run again"}' from moved
        """;

    private const string Reopen = """
        update sje.executions e set state = case when exists (
                select 1 from sje.tasks t where t.execution_id = e.id and t.state = 'running') then 'running' else 'queued' end,
            finished_at = null, cancel_requested_at = null, cancel_reason = null, version = version + 1, admitted_at = null,
            total_deadline_at = clock_timestamp() + (total_deadline_at - accepted_at)
        where id = any ($1) and finished_at is not null and exists (select 1 from sje.tasks t where t.execution_id = e.id)
        """;

    // $1 task, $2 reason, $3 by whom; so also in the three below.
    private const string RetryNow = """
        with moved as (
            update sje.tasks set state = 'queued', available_at = clock_timestamp(), queued_at = clock_timestamp(),
                row_version = row_version + 1
            where id = $1 and state = 'waiting_retry'
            returning id, execution_id
        )
        insert into sje.events (execution_id, task_id, kind, data)
        select execution_id, id, 'task.queued', jsonb_strip_nulls(jsonb_build_object('reason', $2, 'by', $3)) from moved
        """;

    private const string BringForward = """
        with moved as (
            update sje.tasks set available_at = clock_timestamp()
            where id = $1 and state = 'queued' and available_at > clock_timestamp()
            returning id, execution_id
        )
        insert into sje.events (execution_id, task_id, kind, data)
        select execution_id, id, 'task.queued', jsonb_strip_nulls(jsonb_build_object('reason', $2, 'by', $3)) from moved
        """;

    private const string Restart = """
        with asked as (
            update sje.tasks set restart_requested_at = clock_timestamp(), cancel_requested_at = null, cancel_reason = null,
                row_version = row_version + 1
            where id = $1 and state = 'running'
            returning id, execution_id, attempt
        )
        insert into sje.events (execution_id, task_id, kind, data)
        select execution_id, id, 'task.restart_requested',
            jsonb_strip_nulls(jsonb_build_object('attempt', attempt, 'reason', $2, 'by', $3)) from asked
        """;

    // A success may be put away too: it then is out of sight in Hangfire, as its Delete button promises.
    private const string Dismiss = """
        with away as (
            update sje.finished_tasks set dismissed_at = clock_timestamp(), row_version = row_version + 1
            where id = $1 and state in ('succeeded', 'failed', 'timed_out') and dismissed_at is null
            returning id, execution_id
        )
        insert into sje.events (execution_id, task_id, kind, data)
        select execution_id, id, 'task.dismissed', jsonb_strip_nulls(jsonb_build_object('reason', $2, 'by', $3)) from away
        """;

    // $1 tasks, $2 reason, $3 by whom, $4 an instant: only dead letters of that time or before; $5 their executions.
    private const string Purge = """
        with away as (
            update sje.finished_tasks set dismissed_at = clock_timestamp(), row_version = row_version + 1,
                hangfire_sync_at = case when hangfire_job_id is not null then clock_timestamp() end
            where execution_id = any ($5) and id = any ($1) and state in ('failed', 'timed_out') and dismissed_at is null and finished_at <= $4
            returning id, execution_id
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data)
            select execution_id, id, 'task.dismissed', jsonb_strip_nulls(jsonb_build_object('reason', $2, 'by', $3)) from away
        )
        select count(*) > 0 as sje_changed, count(*) from away
        """;

    // Of several executions in the order of their ids, so that two who do this never wait for each other in a circle.
    private const string LockAll = "select 1 from sje.executions where id = any ($1) order by id for update";

    // $1 execution, $2 name of the task, $3 reason, $4 by whom. What its attempts came to stands with them.
    private const string Skip = $"""
        with gone as (
            delete from sje.tasks t
            where t.execution_id = $1 and t.name = $2 and t.state in ('blocked', 'queued', 'waiting_retry')
            returning t.*
        ), kept as (
            insert into sje.finished_tasks ({TaskTable.All})
            select {TaskTable.Kept}, rank, 'skipped', available_at, 0, null, queued_at, failures, lost, null,
                null, null, null, case when hangfire_job_id is not null then clock_timestamp() end, row_version + 1, null, metrics, parts,
                null, null, null, $3, null, clock_timestamp(), false, {TaskHolds.None}, null
            from gone
            returning id
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data)
            select $1, id, 'task.skipped', jsonb_strip_nulls(jsonb_build_object('reason', $3, 'by', $4)) from kept
        )
        select count(*) > 0 as sje_changed from kept
        """;

    // $1 execution, $2 priority or null, $3 queue or null, $4 by whom. What waits keeps the moment of its acceptance: a move is no way to lose a
    // place. A queue of another lane is refused: there a task has a background job, or has none.
    private const string Move = """
        with moved as (
            update sje.tasks t set priority = coalesce($2, t.priority), queue = coalesce($3, t.queue),
                rank = t.accepted_at - coalesce($2, t.priority) * interval '1 hour', row_version = row_version + 1
            where t.execution_id = $1 and t.state in ('blocked', 'queued', 'waiting_retry')
                and ($3 is null or t.lane = (select lane from sje.queues where name = $3))
            returning t.id
        ), execution as (
            update sje.executions set priority = coalesce($2, priority), queue = coalesce($3, queue), version = version + 1
            where id = $1 and exists (select 1 from moved)
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data)
            select $1, id, 'task.moved', jsonb_strip_nulls(jsonb_build_object('priority', $2, 'queue', $3, 'by', $4)) from moved
        )
        select count(*) > 0 as sje_changed from moved
        """;

    private const string AddQueue =
        "insert into sje.queues (name) select $1 where $1 is not null on conflict do nothing";

    /// <summary>
    /// Passes the gates of the jobs of many executions and locks the executions, in the order that keeps changes of several apart; what then is added
    /// for each finds its locks held.
    /// </summary>
    public static void AddLocks(NpgsqlBatch batch, Guid[] executions) =>
        batch.Add(JobPauses.PassOfExecutions, Executions(executions)).Add(LockAll, Executions(executions));

    /// <summary>Changes priority and queue of what waits of an execution.</summary>
    public static void AddMove(NpgsqlBatch batch, Guid executionId, int? priority, string? queue, string? by) =>
        batch
            .Add(Settlement.Lock, P(executionId))
            .Add(AddQueue, P(queue))
            .Add(Move, P(executionId), P((short?)priority, NpgsqlTypes.NpgsqlDbType.Smallint), P(queue), P(by));

    /// <summary>Cancels all that is alive of an execution, or one task of it.</summary>
    public static void AddCancel(NpgsqlBatch batch, Guid executionId, Wish wish, Cancelling cause, Guid? taskId = null)
    {
        var state = cause == Cancelling.ByTotalTimeout ? "timed_out" : "cancelled";
        batch.Add(Settlement.Lock, P(executionId));
        if (taskId is null)
        {
            batch.Add(MarkExecution, P(executionId), P(wish.Reason));
        }

        batch
            .Add(EndWaiting, P(executionId), P(wish.Reason), P(state), P(taskId), P(wish.By))
            .Add(StopRunning, P(executionId), P(wish.Reason), P(taskId), P(wish.By))
            .AddSettlement(executionId);
    }

    /// <summary>Skips all that waits of an execution.</summary>
    public static void AddSkipAll(NpgsqlBatch batch, Guid executionId, Wish wish) =>
        batch
            .Add(Settlement.Lock, P(executionId))
            .Add(EndWaiting, P(executionId), P(wish.Reason), P("skipped"), P((Guid?)null), P(wish.By))
            .AddSettlement(executionId);

    /// <summary>Ends a task whose wait in the queue took too long. One that has been claimed meanwhile is left alone.</summary>
    public static void AddQueueTimeout(NpgsqlBatch batch, Guid executionId, Guid taskId, string reason) =>
        batch
            .Add(Settlement.Lock, P(executionId))
            .Add(EndWaiting, P(executionId), P(reason), P("timed_out"), P(taskId), P((string?)null))
            .AddSettlement(executionId);

    /// <summary>Puts tasks that ended without success back into the queue, all of them or one with what was skipped behind it.</summary>
    /// <param name="batch">Takes the statements.</param>
    /// <param name="executionId">The execution.</param>
    /// <param name="taskId">Only this task, even if it succeeded.</param>
    /// <param name="wish">Why and by whom.</param>
    /// <param name="viewLags">Whether Hangfire does not know of it yet.</param>
    public static void AddRetry(NpgsqlBatch batch, Guid executionId, Guid? taskId, Wish wish, bool viewLags = true) =>
        AddRevival(
            AddGate(batch, executionId),
            [executionId],
            [executionId],
            taskId is { } only ? [only] : null,
            wish,
            viewLags,
            null
        );

    /// <summary>Passes the gate of an execution's job and locks it, for a retry whose tasks are chosen by what they then are.</summary>
    public static NpgsqlBatch AddGate(NpgsqlBatch batch, Guid executionId) =>
        batch.Add(JobPauses.PassOfExecutions, Executions([executionId])).Add(Settlement.Lock, P(executionId));

    /// <summary>Puts these ended tasks of an execution back into the queue; behind <see cref="AddGate"/>, in the same transaction.</summary>
    public static void AddRepair(NpgsqlBatch batch, Guid executionId, Guid[] tasks, Wish wish) =>
        AddRevival(batch, [executionId], [executionId], tasks, wish, viewLags: true, null);

    /// <summary>
    /// Puts dead letters back into the queue, each with what was skipped behind it: those of these tasks that are still what they were at
    /// <paramref name="until"/>. The second column of the row that says whether anything changed counts them.
    /// </summary>
    public static void AddRequeue(
        NpgsqlBatch batch,
        Guid[] executions,
        Guid[] graphs,
        Guid[] tasks,
        Wish wish,
        DateTimeOffset until
    ) =>
        AddRevival(
            batch.Add(JobPauses.PassOfExecutions, Executions(executions)).Add(LockAll, Executions(executions)),
            executions,
            graphs,
            tasks,
            wish,
            viewLags: true,
            until
        );

    /// <summary>Dismisses dead letters, those of these tasks that are still what they were at <paramref name="until"/>; one row counts them.</summary>
    public static void AddPurge(NpgsqlBatch batch, Guid[] executions, Guid[] tasks, Wish wish, DateTimeOffset until) =>
        batch
            .Add(LockAll, Executions(executions))
            .Add(
                Purge,
                Array(NpgsqlTypes.NpgsqlDbType.Uuid, tasks),
                P(wish.Reason),
                P(wish.By),
                P(until, NpgsqlTypes.NpgsqlDbType.TimestampTz),
                Executions(executions)
            );

    // What was skipped behind may depend on something else that has failed: it is skipped again. graphs: the executions of several tasks.
    private static void AddRevival(
        NpgsqlBatch batch,
        Guid[] executions,
        Guid[] graphs,
        Guid[]? tasks,
        Wish wish,
        bool viewLags,
        DateTimeOffset? until
    )
    {
        batch
            .Add(
                Revive,
                Executions(executions),
                P(tasks, NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Uuid),
                P(viewLags, NpgsqlTypes.NpgsqlDbType.Boolean),
                P(wish.Reason),
                P(wish.By),
                P(until, NpgsqlTypes.NpgsqlDbType.TimestampTz)
            )
            .Add(BlockAgain, Executions(executions))
            .Add(JobPauses.Hold, Executions(executions))
            .Add(Reopen, Executions(executions));
        foreach (var graph in graphs)
        {
            batch.AddSettlement(graph);
        }
    }

    private static NpgsqlParameter Executions(Guid[] ids) => Array(NpgsqlTypes.NpgsqlDbType.Uuid, ids);

    /// <summary>Skips a task that has not begun, and with it what depends on it.</summary>
    public static void AddSkip(NpgsqlBatch batch, Guid executionId, string task, Wish wish) =>
        batch
            .Add(Settlement.Lock, P(executionId))
            .Add(Skip, P(executionId), P(task), P(wish.Reason), P(wish.By))
            .AddSettlement(executionId);

    /// <summary>Starts a waiting retry now.</summary>
    public static void AddRetryNow(NpgsqlBatch batch, Guid taskId, Wish wish) => Add(batch, RetryNow, taskId, wish);

    /// <summary>Lets a delayed queued task be claimed now.</summary>
    public static void AddBringForward(NpgsqlBatch batch, Guid taskId, Wish wish) =>
        Add(batch, BringForward, taskId, wish);

    /// <summary>Asks the worker of a running task to stop it and hand it back.</summary>
    public static void AddRestart(NpgsqlBatch batch, Guid taskId, Wish wish) => Add(batch, Restart, taskId, wish);

    /// <summary>Puts an ended task away: a failed one is no dead letter any more.</summary>
    public static void AddDismiss(NpgsqlBatch batch, Guid taskId, Wish wish) => Add(batch, Dismiss, taskId, wish);

    private static void Add(NpgsqlBatch batch, string sql, Guid taskId, Wish wish) =>
        batch.Add(sql, P(taskId), P(wish.Reason), P(wish.By));
}
