using System.Text.Json;
using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Faults;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Claiming tasks. Authority: the row in <c>sje.tasks</c>. A claim is one statement that takes only rows nobody else has locked,
/// only under the worker's own live lease, and writes the new attempt beside. It is read to its end before any task starts: rows of
/// <c>update ... returning</c> reach the client before the commit, and a task that ended before it would find its row unclaimed.
/// </summary>
internal sealed class TaskQueue(Database database)
{
    // What runs of a limited queue, key or target is counted by one claim at a time, and after the one before it: a statement sees what was
    // committed when it began, so the rows are locked by statements of their own, in this order everywhere.
    private const string LockQueues = """
        select 1 from sje.queues
        where (max_running is not null or max_starts is not null) and (name = any ($1) or '*' = any ($1)) order by name for update
        """;

    private const string LockKeys = """
        select 1 from sje.concurrency_keys k
        where (select true from sje.tasks t
            where t.concurrency_key <> '' and t.concurrency_key = k.name and t.state in ('queued', 'waiting_retry') limit 1)
        order by name for update
        """;

    private const string LockTargets =
        "select 1 from sje.circuit_breakers where state = 'open' order by target for update";

    // served, keys, broken: the queues that are not paused, the keys, and the targets out of order, each with the room it has left. ready: the
    // heads of every tenant of every queue, without a key and of every key with room, by rank. due: retries whose time has come. Both lock task
    // and execution and pass over locked ones, so a claim never waits (Settlement says why). Too much may be locked for a moment; it is let go at
    // the commit.
    // Inside a queue the tenants take turns, each by how much of it runs already and by its weight (placed.share). Between queues rank decides:
    // the queue's nth task in that order stands for the nth smallest rank among its heads, so a turn neither wins nor loses its queue anything.
    private const string Claim = """
        with me as materialized (
            select id, name from sje.workers
            where id = $1 and state = 'active' and paused_at is null and lease_until > clock_timestamp() + interval '1 second'
        ), served as materialized (
            select * from (
                select name, least($5,
                    max_running - (select count(*)::int from sje.tasks r where r.state = 'running' and r.queue = q.name and q.max_running is not null),
                    max_starts - (select coalesce(sum(tasks), 0)::int from sje.queue_starts s
                        where q.max_starts is not null and s.queue = q.name and s.at > clock_timestamp() - q.starts_per)) as room
                from sje.queues q where (name = any ($2) or '*' = any ($2)) and paused_at is null) q
            where room > 0
        ), keys as materialized (
            select '' as name, $5 as room
            union all
            select * from (
                select name, max_running - (
                    select count(*)::int from sje.tasks r where r.state = 'running' and r.concurrency_key <> '' and r.concurrency_key = k.name)
                from sje.concurrency_keys k) k(name, room)
            where room > 0
        ), broken as materialized (
            select target, case when open_until > clock_timestamp() then 0 else 1 - (
                select count(*)::int from sje.tasks r where r.state = 'running' and r.target = b.target) end as room
            from sje.circuit_breakers b where state = 'open'
        ), ready as materialized (
            select c.* from me, served, sje.tenants n, keys cross join lateral (
                select t.id, t.rank, t.cpus, t.memory_bytes, case when t.hangfire_sync_at is null then 'Enqueued' end as shown,
                    t.queue, t.tenant, t.concurrency_key, t.target, e.state <> 'running' as begins
                from sje.tasks t join sje.executions e on e.id = t.execution_id
                where t.queue = served.name and t.tenant = n.name and t.concurrency_key = keys.name and t.state = 'queued'
                    and t.available_at <= clock_timestamp() and t.lane = $8 and t.dispatched and t.holds = '{}' and t.type = any ($3)
                    and t.labels <@ $4 and t.cpus <= $6 and t.memory_bytes <= $7
                    and t.target <> all (array(select target from broken where room <= 0))
                order by t.rank, t.id limit least(served.room, keys.room) for update of t, e skip locked) c
        ), due as materialized (
            select c.* from me, served cross join lateral (
                select t.id, t.rank, t.cpus, t.memory_bytes, case when t.hangfire_sync_at is null then 'Scheduled' end as shown,
                    t.queue, t.tenant, t.concurrency_key, t.target, e.state <> 'running' as begins
                from sje.tasks t join sje.executions e on e.id = t.execution_id
                where t.queue = served.name and t.state = 'waiting_retry' and t.available_at <= clock_timestamp() and t.lane = $8
                    and t.dispatched and t.holds = '{}' and t.type = any ($3) and t.labels <@ $4 and t.cpus <= $6 and t.memory_bytes <= $7
                    and t.concurrency_key = any (array(select name from keys))
                    and t.target <> all (array(select target from broken where room <= 0))
                order by t.available_at limit served.room for update of t, e skip locked) c
        ), heads as materialized (
            select * from ready union all select * from due
        ), shares as materialized (
            select h.queue, h.tenant, n.weight, case when count(*) over (partition by h.queue) > 1 then (
                select count(*) from sje.tasks r where r.state = 'running' and r.queue = h.queue and r.tenant = h.tenant) else 0 end as running
            from (select distinct queue, tenant from heads) h join sje.tenants n on n.name = h.tenant
        ), placed as (
            select h.*, (s.running + row_number() over (partition by h.queue, h.tenant order by h.rank, h.id))::float8 / s.weight as share
            from heads h join shares s using (queue, tenant)
        ), lined as (
            select p.*, row_number() over (partition by queue order by share, rank, id) as nth,
                row_number() over (partition by concurrency_key order by share, rank, id) as nth_of_key,
                row_number() over (partition by target order by share, rank, id) as nth_of_target
            from placed p
        ), turned as (
            select l.*, nth_value(rank, nth::int) over (
                partition by queue order by rank, id rows between unbounded preceding and unbounded following) as turn
            from lined l
        ), picked as (
            select id, shown, begins from (
                select id, shown, begins, row_number() over w as n, sum(cpus) over w as cpus, sum(memory_bytes) over w as memory
                from (
                    select l.*
                    from turned l join served q on q.name = l.queue join keys k on k.name = l.concurrency_key
                        left join broken b on b.target = l.target
                    where l.nth <= q.room and (k.name = '' or l.nth_of_key <= k.room) and (b.room is null or l.nth_of_target <= b.room)) fits
                window w as (order by turn, nth, id rows unbounded preceding)) fit
            where n <= $5 and cpus <= $6 and memory <= $7
        ), claimed as (
            update sje.tasks t
            set state = 'running', attempt = t.attempt + 1, worker_id = $1, row_version = t.row_version + 1,
                attempt_started_at = clock_timestamp(), started_at = coalesce(t.started_at, clock_timestamp()),
                restart_requested_at = null, progress = null, progress_message = null, metrics = null,
                hangfire_sync_at = case when t.hangfire_job_id is not null then clock_timestamp() + interval '15 seconds' end
            from picked p where t.id = p.id
            returning t.*, p.shown, p.begins
        ), begun as (
            update sje.executions e set state = 'running', started_at = coalesce(e.started_at, clock_timestamp()), version = e.version + 1
            where e.id = any (array(select execution_id from claimed where begins))
        ), started as (
            insert into sje.queue_starts (queue, at, tasks)
            select c.queue, max(c.attempt_started_at), count(*) from claimed c join sje.queues q on q.name = c.queue and q.max_starts is not null
            group by c.queue
        ), forgotten as (
            delete from sje.queue_starts s using sje.queues q
            where s.queue = q.name and q.name in (select queue from claimed) and s.at < clock_timestamp() - q.starts_per
        ), told as (
            insert into sje.events (execution_id, task_id, kind, data, execution_state)
            select c.execution_id, c.id, 'task.running', jsonb_build_object('attempt', c.attempt, 'worker', me.name),
                case when c.begins and c.nth = 1 then 'running' end
            from me, (select *, row_number() over (partition by execution_id order by id) as nth from claimed) c
        )
        select c.id, c.execution_id, c.name, e.name, c.attempt, c.hangfire_job_id, c.queue, c.type, c.spec::text, c.run_timeout,
            c.failures, c.max_attempts, e.task_count, e.parameters::text, coalesce(e.scheduled_for, e.accepted_at),
            k.body::text,
            case when cardinality(c.depends_on) > 0 then (
                select jsonb_object_agg(f.name, jsonb_build_object('outputs', coalesce(f.outputs, '{}'::jsonb)))::text
                from sje.finished_tasks f where f.execution_id = c.execution_id and f.state = 'succeeded') end, c.shown,
            case when c.failures > 0 and c.spec::text like '%"maxElapsed"%' then (
                select clock_timestamp() - a.started_at from sje.attempts a
                where a.execution_id = c.execution_id and a.task_id = c.id and a.outcome in ('failed', 'timed_out') order by a.number desc offset c.failures - 1 limit 1) end,
            c.attempt_started_at - c.available_at, c.attempt_started_at - e.started_at, e.trace_parent,
            c.target, c.concurrency_key <> '' or c.target in (select target from broken)
                or exists (select 1 from sje.queues q where q.name = c.queue and q.max_running is not null)
        from claimed c
        join sje.executions e on e.id = c.execution_id
        left join sje.checkpoints k on k.task_id = c.id
        order by c.rank, c.id
        """;

    // Whether anything might be claimed; and a retry's time, a queue's next permitted start, a broken target's next try.
    private const string Look = """
        select exists (select 1 from sje.tasks
                where (queue = any ($1) or '*' = any ($1)) and state = 'queued' and dispatched and holds = '{}')
            or exists (select 1 from sje.tasks
                where (queue = any ($1) or '*' = any ($1)) and state = 'waiting_retry' and available_at <= clock_timestamp()),
            least(
            (select min(available_at) from sje.tasks
                where (queue = any ($1) or '*' = any ($1)) and state = 'waiting_retry' and available_at > clock_timestamp()),
            (select min(s.at + q.starts_per) from sje.queues q join sje.queue_starts s on s.queue = q.name
                where (q.name = any ($1) or '*' = any ($1)) and q.max_starts is not null and s.at + q.starts_per > clock_timestamp()),
            (select min(open_until) from sje.circuit_breakers where state = 'open' and open_until > clock_timestamp())
            ) - clock_timestamp()
        """;

    /// <summary>
    /// Claims up to <see cref="ClaimRequest.Slots"/> tasks that fit. Those that nobody can run are claimed too, and told apart: the caller ends them.
    /// </summary>
    public async Task<List<ClaimedTask>> ClaimAsync(
        ClaimRequest request,
        List<UnreadableTask> unreadable,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.Queue.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection) { Timeout = 5 };
        batch
            .Add(LockQueues, P(request.Queues, NpgsqlDbType.Array | NpgsqlDbType.Text))
            .Add(LockKeys)
            .Add(LockTargets)
            .Add(
                Claim,
                P(request.WorkerId),
                P(request.Queues, NpgsqlDbType.Array | NpgsqlDbType.Text),
                P(request.Engines, NpgsqlDbType.Array | NpgsqlDbType.Text),
                P(request.Labels, NpgsqlDbType.Array | NpgsqlDbType.Text),
                P(request.Slots),
                P(request.Cpus, NpgsqlDbType.Double),
                P(request.MemoryBytes),
                P(request.Lane)
            );
        var tasks = new List<ClaimedTask>();
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        for (var i = 0; i < 3; i++)
        {
            await row.NextResultAsync(cancellationToken);
        }

        while (await row.ReadAsync(cancellationToken))
        {
            try
            {
                tasks.Add(Read(row, request.WorkerId));
            }
            catch (UnreadableTaskSpecException e)
            {
                // It is claimed like its neighbours, which must not suffer for it: whoever asked ends it.
                unreadable.Add(
                    new UnreadableTask(row.GetGuid(1), row.GetGuid(0), row.GetString(2), row.GetInt32(4), e.Message)
                );
            }
        }

        // To the end: only then is it committed.
        while (await row.NextResultAsync(cancellationToken)) { }

        if (tasks.Count > 0)
        {
            FaultPoint.At(FaultPoint.ClaimCommitted);
        }

        return tasks;
    }

    /// <summary>
    /// Whether something of these queues waits that a claim might get, and how long until something may become claimable by the clock alone
    /// (null when nothing does).
    /// </summary>
    public async Task<(bool Any, TimeSpan? Due)> LookAsync(string[] queues, CancellationToken cancellationToken)
    {
        await using var command = database.Queue.CreateCommand(Look);
        command.Parameters.Add(P(queues, NpgsqlDbType.Array | NpgsqlDbType.Text));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetBoolean(0), await row.GetFieldValueAsync<TimeSpan?>(1, cancellationToken));
    }

    private static ClaimedTask Read(NpgsqlDataReader row, Guid workerId)
    {
        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
        var spec = StoredTaskSpec.Read(row.GetString(8));
        var executionId = row.GetGuid(1);
        return new ClaimedTask
        {
            Identity = new AttemptIdentity(
                executionId,
                row.GetGuid(0),
                row.GetString(3),
                row.GetString(2),
                row.GetInt32(4)
            ),
            WorkerId = workerId,
            HangfireJobId = row.IsDBNull(5) ? null : row.GetInt64(5),
            BackgroundJobState = Text(17),
            AcceptedAt = row.GetFieldValue<DateTimeOffset>(14),
            Queue = row.GetString(6),
            Type = row.GetString(7),
            Target = row.GetString(22),
            Limited = row.GetBoolean(23),
            Settings = spec.Settings,
            Parameters = spec.Parameters,
            Retry = spec.Retry,
            Resources = spec.Resources,
            RunTimeout = row.IsDBNull(9) ? null : row.GetTimeSpan(9),
            Failures = row.GetInt32(10),
            ElapsedBefore = row.IsDBNull(18) ? TimeSpan.Zero : row.GetTimeSpan(18),
            SingleTask = row.GetInt32(12) == 1,
            Waited = row.GetTimeSpan(19),
            ExecutionElapsed = row.IsDBNull(20) ? TimeSpan.Zero : row.GetTimeSpan(20),
            TraceParent = Text(21),
            Scope = new TemplateScope(
                new JsonObject
                {
                    ["parameters"] = JsonNode.Parse(row.GetString(13)),
                    ["execution"] = new JsonObject
                    {
                        ["id"] = executionId.ToString(),
                        ["scheduledFor"] = JsonSerializer.SerializeToNode(row.GetFieldValue<DateTimeOffset>(14)),
                    },
                    ["tasks"] = Text(16) is { } outputs ? JsonNode.Parse(outputs) : new JsonObject(),
                }
            ),
            Checkpoint = Text(15) is { } checkpoint ? JsonNode.Parse(checkpoint) : null,
        };
    }
}

/// <summary>A claimed task whose stored specification cannot be read, and why.</summary>
internal sealed record UnreadableTask(Guid ExecutionId, Guid TaskId, string Name, int Attempt, string Why);

/// <summary>What a worker has room for on one lane.</summary>
internal sealed record ClaimRequest(
    Guid WorkerId,
    string[] Queues,
    string[] Engines,
    string[] Labels,
    int Slots,
    double Cpus,
    long MemoryBytes,
    string Lane
);
