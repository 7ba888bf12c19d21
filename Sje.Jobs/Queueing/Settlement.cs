using Npgsql;
using Sje.Jobs.Observability;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>An execution that has just ended, for the figures: its type, as what, after how long.</summary>
internal sealed record EndedExecution(string JobType, string State, TimeSpan? Took);

/// <summary>
/// What follows for an execution when one of its tasks has ended. Whoever ends or revives a task first locks the execution's row
/// (<see cref="Lock"/>), then touches its tasks, then settles: in that order everywhere, so that two tasks that end at once see each
/// other, and nobody waits in a circle. A claim, which comes from the tasks' side, skips locked executions instead of waiting.
/// </summary>
internal static class Settlement
{
    private const string EndedColumn = "sje_ended_state";

    /// <summary>$1 execution.</summary>
    public const string Lock = "select 1 from sje.executions where id = $1 for update";

    // A blocked task is doomed when something it depends on ended without success, and so is all that depends on it.
    private const string SkipDoomed = $"""
        with recursive doomed(id) as (
            select b.id from sje.tasks b
            where b.execution_id = $1 and b.state = 'blocked' and exists (
                select 1 from sje.finished_tasks f where f.execution_id = $1 and f.id = any (b.depends_on) and f.state <> 'succeeded')
            union
            select b.id from sje.tasks b join doomed d on d.id = any (b.depends_on) where b.execution_id = $1 and b.state = 'blocked'
        ), gone as (
            delete from sje.tasks t using doomed d where t.id = d.id returning t.*
        ), kept as (
            insert into sje.finished_tasks ({TaskTable.All})
            select {TaskTable.Kept}, rank, 'skipped', available_at, 0, null, queued_at, failures, lost, null,
                null, null, null, case when hangfire_job_id is not null then clock_timestamp() end, row_version + 1, null, metrics, parts,
                null, null, null, 'a task it depends on did not succeed', null, clock_timestamp(), false, {TaskHolds.None}, null
            from gone
            returning id
        )
        insert into sje.events (execution_id, task_id, kind) select $1, id, 'task.skipped' from kept
        """;

    private const string Unblock = """
        with counted as (
            select b.id, b.name, (
                select count(*) from unnest(b.depends_on) d(id)
                where not exists (select 1 from sje.finished_tasks f where f.id = d.id and f.state = 'succeeded'))::int as pending
            from sje.tasks b where b.execution_id = $1 and b.state = 'blocked'
        ), moved as (
            update sje.tasks t
            set pending_dependencies = c.pending, row_version = row_version + 1, dispatched = t.lane = 'direct',
                state = case when c.pending = 0 then 'queued' else 'blocked' end,
                queued_at = case when c.pending = 0 then clock_timestamp() end,
                available_at = case when c.pending = 0 then clock_timestamp() else t.available_at end,
                hangfire_sync_at = case when c.pending = 0 and hangfire_job_id is not null then clock_timestamp() else hangfire_sync_at end,
                queued_deadline_at = case when c.pending = 0 then clock_timestamp() + queued_timeout end
            from counted c where t.id = c.id and c.pending <> t.pending_dependencies
            returning t.id, t.state
        )
        insert into sje.events (execution_id, task_id, kind) select $1, id, 'task.queued' from moved where state = 'queued'
        """;

    // States of API.md: cancelled or timed out if that is what ended it, failed if a task failed or timed out, partially succeeded
    // where the job permits it, else succeeded. A job of one task says what its task says.
    private const string Finish = """
        with ends as (
            select count(*) filter (where state = 'failed') as failed, count(*) filter (where state = 'timed_out') as timed_out,
                count(*) filter (where state = 'cancelled') as cancelled, count(*) filter (where state = 'succeeded') as succeeded
            from sje.finished_tasks where execution_id = $1
        ), finished as (
            update sje.executions e
            set finished_at = clock_timestamp(), version = version + 1, state = case
                when e.cancel_reason = 'total timeout' and s.timed_out + s.cancelled > 0 then 'timed_out'
                when e.cancel_requested_at is not null and s.cancelled > 0 then 'cancelled'
                when s.failed = 0 and s.timed_out > 0 and e.task_count = 1 then 'timed_out'
                when s.failed + s.timed_out > 0 then case when e.permit_partial and s.succeeded > 0 then 'partially_succeeded' else 'failed' end
                when s.cancelled > 0 then 'cancelled'
                else 'succeeded' end
            from ends s
            where e.id = $1 and e.finished_at is null and not exists (select 1 from sje.tasks t where t.execution_id = $1)
            returning e.id, e.state, e.job_type, e.finished_at - e.started_at as took
        ), told as (
            insert into sje.events (execution_id, kind) select id, 'execution.' || state from finished
        )
        select state as sje_ended_state, job_type, took from finished
        """;

    /// <summary>Counts the end of an execution, where the statement whose result this is has brought it about.</summary>
    public static async Task CountAsync(NpgsqlDataReader result, CancellationToken cancellationToken) =>
        Count(await ReadEndsAsync(result, cancellationToken));

    /// <summary>Counts ends of executions.</summary>
    public static void Count(IEnumerable<EndedExecution> ended)
    {
        foreach (var execution in ended)
        {
            CoreMetrics.ExecutionEnded(execution.JobType, execution.State, execution.Took);
        }
    }

    /// <summary>Reads which executions have ended, where the result is that of the statement that ends them; else nothing is read of it.</summary>
    public static async Task<IReadOnlyList<EndedExecution>> ReadEndsAsync(
        NpgsqlDataReader result,
        CancellationToken cancellationToken
    )
    {
        if (result.FieldCount == 0 || result.GetName(0) != EndedColumn)
        {
            return [];
        }

        var ended = new List<EndedExecution>();
        while (await result.ReadAsync(cancellationToken))
        {
            ended.Add(
                new EndedExecution(
                    result.GetString(1),
                    result.GetString(0),
                    await result.IsDBNullAsync(2, cancellationToken) ? null : result.GetTimeSpan(2)
                )
            );
        }

        return ended;
    }

    /// <summary>Runs a batch with a settlement in it.</summary>
    public static async Task ExecuteAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await using var results = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            await CountAsync(results, cancellationToken);
        } while (await results.NextResultAsync(cancellationToken));
    }

    /// <summary>Adds the statements that settle an execution.</summary>
    public static NpgsqlBatch AddSettlement(this NpgsqlBatch batch, Guid executionId) =>
        batch.Add(SkipDoomed, P(executionId)).Add(Unblock, P(executionId)).Add(Finish, P(executionId));
}
