using System.Security.Cryptography;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Faults;
using Sje.Jobs.Observability;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>
/// Accepts work. When <see cref="AcceptAsync(IReadOnlyList{Submission}, CancellationToken)"/> has returned, the executions are durable and will run: their background jobs are made
/// after the commit by whichever process is first (a crash in between leaves rows that every process looks for).
/// </summary>
public sealed class ExecutionIntake
{
    private readonly Database database;
    private readonly SortableIds ids;
    private readonly Signals signals;
    private readonly Admission admission;
    private readonly TableGrowth growth;

    // What comes one by one shares a transaction with what comes at the same time: a commit of its own for each would be most of the cost.
    private const int MostTogether = 200;
    private readonly GroupWriter<Submission, Task<IntakeResult>> together;

    // When no queue was found to have a limit of depth; 0 when that is not known.
    private long noLimitsAt;

    private const string TakeKeys = """
        insert into sje.idempotency_keys (tenant, key, body_hash, execution_id)
        select * from unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[]) order by 1, 2
        on conflict do nothing
        returning tenant, key
        """;

    private const string FindKeys = """
        select k.tenant, k.key, k.body_hash, e.id, e.state, e.queue, e.label
        from unnest($1::text[], $2::text[]) w(tenant, key)
        join sje.idempotency_keys k using (tenant, key)
        join sje.executions e on e.id = k.execution_id
        """;

    // $1 queues. Whether any queue has a limit at all, and those of ours that have one, locked: who accepts next counts what we have added.
    private const string LockDepths = """
        with ours as materialized (
            select name, max_queued from sje.queues where max_queued is not null and name = any ($1) order by name for update
        )
        select name, max_queued from ours
        union all select null, null where exists (select 1 from sje.queues where max_queued is not null)
        """;

    // Counted no further than matters.
    private const string CountDepths = """
        select q.name, (select count(*)::int from (
            select 1 from sje.tasks t
            where t.queue = q.name and t.state in ('blocked', 'queued', 'waiting_retry') limit q.most) waiting)
        from unnest($1::text[], $2::int[]) q(name, most)
        """;

    private const string ReleaseKeys = "delete from sje.idempotency_keys where execution_id = any ($1)";

    private static readonly TimeSpan LimitsKnownFor = TimeSpan.FromSeconds(1);

    private const string AddQueues = "insert into sje.queues (name) select unnest($1::text[]) on conflict do nothing";

    private const string AddTenants =
        "insert into sje.tenants (name) select unnest($1::text[]) order by 1 on conflict do nothing";

    // Of several limits under one key the last accepted counts.
    private const string AddKeys = """
        insert into sje.concurrency_keys as k (name, max_running)
        select * from unnest($1::text[], $2::int[]) order by 1
        on conflict (name) do update set max_running = excluded.max_running, forgotten = false, updated_at = now()
        where (k.max_running <> excluded.max_running or k.forgotten) and not k.set_by_hand
        """;

    private const string AddExecutions = """
        insert into sje.executions (id, job_id, job_version, name, label, job_type, queue, priority, tenant, tags, spec, parameters,
            state, permit_partial, task_count, trigger, rerun_of, accepted_by, total_deadline_at, schedule_id, scheduled_for,
            concurrency_key, concurrency_max, admitted_at, trace_parent)
        select id, job_id, job_version, name, label, job_type, queue, priority, tenant,
            array(select jsonb_array_elements_text(tags)), spec, parameters, 'queued', permit_partial, task_count, trigger, rerun_of,
            accepted_by, now() + total_timeout, schedule_id, scheduled_for, concurrency_key, concurrency_max,
            case when concurrency_key is not null and admitted then now() end, trace_parent
        from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::text[],
            $10::jsonb[], $11::jsonb[], $12::jsonb[], $13::boolean[], $14::int[], $15::text[], $16::uuid[], $17::text[], $18::interval[],
            $19::uuid[], $20::timestamptz[], $21::text[], $22::int[], $23::boolean[], $24::text[])
            x(id, job_id, job_version, name, label, job_type, queue, priority, tenant, tags, spec, parameters, permit_partial,
            task_count, trigger, rerun_of, accepted_by, total_timeout, schedule_id, scheduled_for, concurrency_key, concurrency_max, admitted,
            trace_parent)
        """;

    private const string AddTasks = $"""
        insert into sje.tasks (id, execution_id, name, ordinal, type, queue, lane, tenant, priority, rank, state, depends_on,
            pending_dependencies, spec, labels, cpus, memory_bytes, run_timeout, queued_timeout, queued_deadline_at, max_attempts, queued_at,
            dispatched, concurrency_key, target, holds)
        select x.id, execution_id, x.name, ordinal, type, queue, q.lane, tenant, priority, now() - priority * interval '1 hour',
            case when pending = 0 then 'queued' else 'blocked' end, array(select jsonb_array_elements_text(depends_on)::uuid),
            pending, spec, array(select jsonb_array_elements_text(labels)), cpus, memory_bytes, run_timeout, queued_timeout,
            case when pending = 0 then now() + queued_timeout end, max_attempts, case when pending = 0 then now() end,
            q.lane = 'direct', concurrency_key, target, case when held then array['{TaskHolds.Concurrency}'] else {TaskHolds.None} end
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::jsonb[],
            $10::int[], $11::jsonb[], $12::jsonb[], $13::float8[], $14::bigint[], $15::interval[], $16::interval[], $17::int[],
            $18::text[], $19::text[], $20::boolean[])
            x(id, execution_id, name, ordinal, type, queue, tenant, priority, depends_on, pending, spec, labels, cpus, memory_bytes,
            run_timeout, queued_timeout, max_attempts, concurrency_key, target, held)
        join sje.queues q on q.name = x.queue
        """;

    private const string AddEvents = """
        insert into sje.events (execution_id, kind, data)
        select id, 'execution.queued', jsonb_build_object('queue', queue, 'name', name)
        from unnest($1::uuid[], $2::text[], $3::text[]) x(id, queue, name)
        """;

    /// <summary>Writes to the database, and wakes those who wait.</summary>
    public ExecutionIntake(Database database, SortableIds ids, Signals signals, Admission admission)
    {
        (this.database, this.ids, this.signals, this.admission) = (database, ids, signals, admission);
        growth = new TableGrowth(database);
        together = new GroupWriter<Submission, Task<IntakeResult>>(MostTogether, AcceptTogetherAsync);
    }

    /// <summary>
    /// Stores one submission; those that arrive at the same time share a transaction, as if each had come alone. It is stored or not stored
    /// whether or not the caller still waits.
    /// </summary>
    /// <exception cref="NpgsqlException">The database could not be reached or refused; it was not accepted.</exception>
    public async Task<IntakeResult> AcceptOneAsync(Submission submission, CancellationToken cancellationToken)
    {
        // Who has to wait for others of his job, or for a pause, shall make nobody else wait.
        if (submission.Job.Concurrency is not null || submission.JobId is not null)
        {
            return (await AcceptAsync([submission], cancellationToken))[0];
        }

        using var span = CoreTracing.Accept(1);
        var answer = await together
            .WriteAsync(submission with { TraceParent = CoreTracing.Current })
            .WaitAsync(cancellationToken);
        return await answer;
    }

    /// <summary>
    /// Stores all submissions in one transaction: all or, when it throws, none. Results stand in the order of the submissions.
    /// </summary>
    /// <exception cref="NpgsqlException">The database could not be reached or refused; nothing was accepted.</exception>
    public Task<IReadOnlyList<IntakeResult>> AcceptAsync(
        IReadOnlyList<Submission> submissions,
        CancellationToken cancellationToken
    ) => AcceptAsync(submissions, allOrNone: false, cancellationToken);

    /// <summary>
    /// As <see cref="AcceptAsync(IReadOnlyList{Submission}, CancellationToken)"/>, but a reused key of one holds the others back too: then nothing is stored.
    /// </summary>
    /// <exception cref="NpgsqlException">The database could not be reached or refused; nothing was accepted.</exception>
    public Task<IReadOnlyList<IntakeResult>> AcceptAllOrNoneAsync(
        IReadOnlyList<Submission> submissions,
        CancellationToken cancellationToken
    ) => AcceptAsync(submissions, allOrNone: true, cancellationToken);

    private async Task<IReadOnlyList<IntakeResult>> AcceptAsync(
        IReadOnlyList<Submission> submissions,
        bool allOrNone,
        CancellationToken cancellationToken
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var results = await AcceptInAsync(connection, transaction, submissions, allOrNone, cancellationToken);
        if (results.Any(r => r is HeldBack))
        {
            await transaction.RollbackAsync(cancellationToken);
            return results;
        }

        FaultPoint.At(FaultPoint.AcceptWritten);
        await transaction.CommitAsync(cancellationToken);
        FaultPoint.At(FaultPoint.AcceptCommitted);
        Announce(results);
        return results;
    }

    private async Task<Task<IntakeResult>[]> AcceptTogetherAsync(IReadOnlyList<Submission> submissions)
    {
        try
        {
            var results = await AcceptAsync(submissions, allOrNone: false, CancellationToken.None);
            return [.. results.Select(Task.FromResult)];
        }
        catch (PostgresException e) when (submissions.Count > 1 && IsOfTheData(e))
        {
            // One of them cannot be stored, so none was: each for itself, and to each its own error. After any other error (the server was
            // shut down during the commit) nobody knows whether they were stored, and they must not be stored again.
            var answers = new List<Task<IntakeResult>>(submissions.Count);
            foreach (var submission in submissions)
            {
                var answer = AcceptAloneAsync(submission);
                answers.Add(answer);
                await Task.WhenAny(answer);
            }

            return [.. answers];
        }
    }

    // Classes 22 (data exception), 23 (integrity constraint) and 54 (program limit): raised by a statement or a constraint, never by a commit that
    // took place.
    private static bool IsOfTheData(PostgresException error) => error.SqlState[..2] is "22" or "23" or "54";

    private async Task<IntakeResult> AcceptAloneAsync(Submission submission) =>
        (await AcceptAsync([submission], allOrNone: false, CancellationToken.None))[0];

    /// <summary>
    /// Stores all submissions in a transaction of the caller's, who commits it and then calls <see cref="Announce"/>. Where
    /// <paramref name="allOrNone"/> made it store nothing, some results are <see cref="HeldBack"/>, and the keys taken must be rolled back.
    /// </summary>
    internal async Task<IReadOnlyList<IntakeResult>> AcceptInAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        IReadOnlyList<Submission> submissions,
        bool allOrNone,
        CancellationToken cancellationToken
    )
    {
        // Those that came one by one have each a span of their own already.
        using var span = submissions.All(s => s.TraceParent is null) ? CoreTracing.Accept(submissions.Count) : null;
        var results = new IntakeResult?[submissions.Count];
        var fresh = submissions.Select((s, i) => new Fresh(ids.Next(), i, s)).ToList();
        if (submissions.Any(s => s.IdempotencyKey is not null))
        {
            fresh = await TakeKeysAsync(connection, fresh, results, cancellationToken);
        }

        fresh = await RefuseWhatIsTooManyAsync(connection, fresh, results, cancellationToken);
        if (allOrNone && results.Any(r => r is KeyReused or QueueFull))
        {
            return [.. results.Select(r => r ?? new HeldBack())];
        }

        var plan = await Admission.DecideAsync(
            connection,
            [.. fresh.Select(f => (f.Id, f.Submission))],
            cancellationToken
        );
        if (fresh.Count > 0)
        {
            var jobs = fresh.Select(f => f.Submission.JobId).OfType<Guid>().Distinct().ToArray();
            await using var batch = new NpgsqlBatch(connection, transaction);
            if (jobs.Length > 0)
            {
                batch.Add(JobPauses.Pass, Array(NpgsqlDbType.Uuid, jobs));
            }

            AddRows(batch, fresh, plan);
            if (jobs.Length > 0)
            {
                batch.Add(JobPauses.Hold, Array(NpgsqlDbType.Uuid, fresh.Select(f => f.Id)));
            }

            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        foreach (var (id, index, submission) in fresh)
        {
            results[index] = new SubmissionAccepted(
                id,
                plan[id] switch
                {
                    Entry.Skipped => ExecutionState.Succeeded,
                    Entry.Cancelled => ExecutionState.Cancelled,
                    _ when plan.Replaced.Contains(id) => ExecutionState.Cancelled,
                    _ => ExecutionState.Queued,
                },
                submission.Job.Queue,
                submission.Job.Label
            )
            {
                Limited = submission.Job.Concurrency is not null,
            };
        }

        SubmissionFigures.Count(submissions, results);
        return
        [
            .. results.Select(r =>
                r ?? throw new InvalidOperationException("A submission was left without an answer.")
            ),
        ];
    }

    /// <summary>A limit was set in this process: the next submission finds it.</summary>
    internal void ForgetLimits() => Interlocked.Exchange(ref noLimitsAt, 0);

    /// <summary>Tells every process of what was accepted; after the commit.</summary>
    internal void Announce(IReadOnlyList<IntakeResult> results)
    {
        var accepted = results.Count(r => r is SubmissionAccepted);
        if (accepted > 0)
        {
            growth.Add(accepted);
            signals.Raise(SignalKind.Work);
            signals.Raise(SignalKind.Change);
        }

        if (results.Any(r => r is SubmissionAccepted { Limited: true }))
        {
            admission.Expect();
            signals.Raise(SignalKind.Control);
        }
    }

    /// <summary>
    /// Answers what finds its queue full, and returns the rest. What a schedule starts at its time is taken all the same: a due time comes once.
    /// </summary>
    private async Task<List<Fresh>> RefuseWhatIsTooManyAsync(
        NpgsqlConnection connection,
        List<Fresh> fresh,
        IntakeResult?[] results,
        CancellationToken cancellationToken
    )
    {
        // A database without limits is asked once a second and not for every job.
        var known = Interlocked.Read(ref noLimitsAt);
        if (fresh.Count == 0 || (known != 0 && TimeProvider.System.GetElapsedTime(known) < LimitsKnownFor))
        {
            return fresh;
        }

        var limits = new Dictionary<string, int>(StringComparer.Ordinal);
        var any = false;
        await using (var locking = new NpgsqlCommand(LockDepths, connection))
        {
            locking.Parameters.Add(Array(NpgsqlDbType.Text, fresh.SelectMany(QueuesOf).Distinct()));
            await using var rows = await locking.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                any = true;
                if (!await rows.IsDBNullAsync(0, cancellationToken))
                {
                    limits[rows.GetString(0)] = rows.GetInt32(1);
                }
            }
        }

        Interlocked.CompareExchange(ref noLimitsAt, any ? 0 : TimeProvider.System.GetTimestamp(), known);
        if (limits.Count == 0)
        {
            return fresh;
        }

        // A statement of its own: it sees what was committed before the locks were had.
        var room = new Dictionary<string, int>(StringComparer.Ordinal);
        await using (var counting = new NpgsqlCommand(CountDepths, connection))
        {
            counting.Parameters.Add(Array(NpgsqlDbType.Text, limits.Keys));
            counting.Parameters.Add(Array(NpgsqlDbType.Integer, limits.Values));
            await using var rows = await counting.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                room[rows.GetString(0)] = limits[rows.GetString(0)] - rows.GetInt32(1);
            }
        }

        var refused = new Dictionary<Guid, QueueFull>();
        foreach (var item in fresh)
        {
            var needs = QueuesOf(item).Where(room.ContainsKey).CountBy(queue => queue).ToList();
            if (item.Submission.ScheduledFor is null && needs.Find(n => n.Value > room[n.Key]) is { Key: { } full })
            {
                refused[item.Id] = new QueueFull(full, limits[full]);
                continue;
            }

            needs.ForEach(n => room[n.Key] -= n.Value);
        }

        if (refused.Count == 0)
        {
            return fresh;
        }

        // Their keys are free again, and their twins in this batch are refused as they are.
        foreach (var item in fresh.Where(f => refused.ContainsKey(f.Id)))
        {
            results[item.Index] = refused[item.Id];
        }

        for (var i = 0; i < results.Length; i++)
        {
            if (results[i] is Repeated { ExecutionId: var first } && refused.TryGetValue(first, out var full))
            {
                results[i] = full;
            }
        }

        await using var release = new NpgsqlCommand(ReleaseKeys, connection);
        release.Parameters.Add(Array(NpgsqlDbType.Uuid, refused.Keys));
        await release.ExecuteNonQueryAsync(cancellationToken);
        return fresh.FindAll(f => !refused.ContainsKey(f.Id));
    }

    private static IEnumerable<string> QueuesOf(Fresh execution) =>
        execution.Submission.Job.Tasks.Select(task => task.Queue ?? execution.Submission.Job.Queue);

    /// <summary>Answers what was accepted before under its key, and returns what is new.</summary>
    private static async Task<List<Fresh>> TakeKeysAsync(
        NpgsqlConnection connection,
        List<Fresh> all,
        IntakeResult?[] results,
        CancellationToken cancellationToken
    )
    {
        var firstByKey = new Dictionary<(string Tenant, string Key), Fresh>();
        var twins = new List<(Fresh Twin, Fresh First)>();
        foreach (var item in all.Where(f => f.Submission.IdempotencyKey is not null))
        {
            var key = (item.Submission.Tenant, item.Submission.IdempotencyKey!);
            if (!firstByKey.TryAdd(key, item))
            {
                twins.Add((item, firstByKey[key]));
            }
        }

        // A key whose time was over in between, so that it could neither be taken nor be found, is there to be taken now.
        var open = firstByKey.Values.ToArray();
        while (open.Length > 0)
        {
            var known = await TakeAsync(connection, open, cancellationToken);
            if (known.Length > 0)
            {
                await AnswerKnownAsync(connection, known, firstByKey, results, cancellationToken);
            }

            open = [.. known.Where(f => results[f.Index] is null)];
        }

        foreach (var (twin, first) in twins)
        {
            results[twin.Index] = !twin.Hash.AsSpan().SequenceEqual(first.Hash)
                ? new KeyReused(twin.Submission.IdempotencyKey!)
                : results[first.Index] switch
                {
                    null => new Repeated(
                        first.Id,
                        ExecutionState.Queued,
                        first.Submission.Job.Queue,
                        first.Submission.Job.Label
                    ),
                    var answered => answered,
                };
        }

        return [.. all.Where(f => results[f.Index] is null)];
    }

    /// <summary>Takes keys; those that somebody has already are returned.</summary>
    private static async Task<Fresh[]> TakeAsync(
        NpgsqlConnection connection,
        Fresh[] keyed,
        CancellationToken cancellationToken
    )
    {
        var taken = new HashSet<(string, string)>();
        await using var take = new NpgsqlCommand(TakeKeys, connection);
        take.Parameters.Add(Array(NpgsqlDbType.Text, keyed.Select(f => f.Submission.Tenant)));
        take.Parameters.Add(Array(NpgsqlDbType.Text, keyed.Select(f => f.Submission.IdempotencyKey!)));
        take.Parameters.Add(Array(NpgsqlDbType.Bytea, keyed.Select(f => f.Hash)));
        take.Parameters.Add(Array(NpgsqlDbType.Uuid, keyed.Select(f => f.Id)));
        await using var rows = await take.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            taken.Add((rows.GetString(0), rows.GetString(1)));
        }

        return [.. keyed.Where(f => !taken.Contains((f.Submission.Tenant, f.Submission.IdempotencyKey!)))];
    }

    private static async Task AnswerKnownAsync(
        NpgsqlConnection connection,
        Fresh[] known,
        Dictionary<(string Tenant, string Key), Fresh> firstByKey,
        IntakeResult?[] results,
        CancellationToken cancellationToken
    )
    {
        await using var find = new NpgsqlCommand(FindKeys, connection);
        find.Parameters.Add(Array(NpgsqlDbType.Text, known.Select(f => f.Submission.Tenant)));
        find.Parameters.Add(Array(NpgsqlDbType.Text, known.Select(f => f.Submission.IdempotencyKey!)));
        await using var rows = await find.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            var item = firstByKey[(rows.GetString(0), rows.GetString(1))];
            results[item.Index] = rows.GetFieldValue<byte[]>(2).AsSpan().SequenceEqual(item.Hash)
                ? new Repeated(
                    rows.GetGuid(3),
                    StateNames.ParseSnake<ExecutionState>(rows.GetString(4)),
                    rows.GetString(5),
                    await rows.IsDBNullAsync(6, cancellationToken) ? null : rows.GetString(6)
                )
                : new KeyReused(item.Submission.IdempotencyKey!);
        }
    }

    private void AddRows(NpgsqlBatch batch, List<Fresh> fresh, AdmissionPlan plan)
    {
        var around = CoreTracing.Current;
        var tasks = fresh.SelectMany(TasksOf).ToArray();
        var named = fresh.Select(f => f.Submission.Tenant).Where(t => t != "default").Distinct().ToList();
        if (named.Count > 0)
        {
            batch.Add(AddTenants, Array(NpgsqlDbType.Text, named));
        }

        var keys = tasks
            .Where(t => t.Spec.ConcurrencyKey is not null)
            .GroupBy(t => t.Spec.ConcurrencyKey!.Name, t => t.Spec.ConcurrencyKey!.Limit, StringComparer.Ordinal)
            .ToList();
        if (keys.Count > 0)
        {
            batch.Add(
                AddKeys,
                Array(NpgsqlDbType.Text, keys.Select(k => k.Key)),
                Array(NpgsqlDbType.Integer, keys.Select(k => k.Last()))
            );
        }

        batch.Add(
            AddQueues,
            Array(
                NpgsqlDbType.Text,
                tasks.Select(t => t.Queue).Concat(fresh.Select(f => f.Submission.Job.Queue)).Distinct().Order()
            )
        );
        batch.Add(
            AddExecutions,
            Array(NpgsqlDbType.Uuid, fresh.Select(f => f.Id)),
            Array(NpgsqlDbType.Uuid, fresh.Select(f => f.Submission.JobId)),
            Array(NpgsqlDbType.Integer, fresh.Select(f => f.Submission.JobVersion)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Job.Name)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Job.Label)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Job.Tasks is [var only] ? only.Type : "workflow")),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Job.Queue)),
            Array(NpgsqlDbType.Smallint, fresh.Select(f => (short)f.Submission.Job.Priority)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Tenant)),
            Array(NpgsqlDbType.Jsonb, fresh.Select(f => JsonSerializer.Serialize(f.Submission.Job.Tags))),
            Array(NpgsqlDbType.Jsonb, fresh.Select(f => f.Submission.Job.Canonical.ToJsonString())),
            Array(NpgsqlDbType.Jsonb, fresh.Select(f => f.Submission.Parameters.ToJsonString())),
            Array(NpgsqlDbType.Boolean, fresh.Select(f => f.Submission.Job.PermitPartialFailures)),
            Array(NpgsqlDbType.Integer, fresh.Select(f => f.Submission.Job.Tasks.Count)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Trigger)),
            Array(NpgsqlDbType.Uuid, fresh.Select(f => f.Submission.RerunOf)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.AcceptedBy)),
            Array(NpgsqlDbType.Interval, fresh.Select(f => f.Submission.Job.TotalTimeout)),
            Array(NpgsqlDbType.Uuid, fresh.Select(f => f.Submission.ScheduleId)),
            Array(NpgsqlDbType.TimestampTz, fresh.Select(f => f.Submission.ScheduledFor)),
            Array(NpgsqlDbType.Text, fresh.Select(f => Admission.KeyOf(f.Submission))),
            Array(NpgsqlDbType.Integer, fresh.Select(f => f.Submission.Job.Concurrency?.Max)),
            Array(NpgsqlDbType.Boolean, fresh.Select(f => plan[f.Id] == Entry.Admitted)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.TraceParent ?? around))
        );
        batch.Add(
            AddTasks,
            Array(NpgsqlDbType.Uuid, tasks.Select(t => t.Id)),
            Array(NpgsqlDbType.Uuid, tasks.Select(t => t.ExecutionId)),
            Array(NpgsqlDbType.Text, tasks.Select(t => t.Spec.Name)),
            Array(NpgsqlDbType.Integer, tasks.Select(t => t.Ordinal)),
            Array(NpgsqlDbType.Text, tasks.Select(t => t.Spec.Type)),
            Array(NpgsqlDbType.Text, tasks.Select(t => t.Queue)),
            Array(NpgsqlDbType.Text, tasks.Select(t => t.Tenant)),
            Array(NpgsqlDbType.Smallint, tasks.Select(t => (short)t.Priority)),
            Array(NpgsqlDbType.Jsonb, tasks.Select(t => JsonSerializer.Serialize(t.DependsOn))),
            Array(NpgsqlDbType.Integer, tasks.Select(t => t.DependsOn.Length)),
            Array(NpgsqlDbType.Jsonb, tasks.Select(t => StoredTaskSpec.Write(t.Spec, t.Job))),
            Array(NpgsqlDbType.Jsonb, tasks.Select(t => JsonSerializer.Serialize(t.Spec.Resources.Labels))),
            Array(NpgsqlDbType.Double, tasks.Select(t => t.Spec.Resources.Cpus)),
            Array(NpgsqlDbType.Bigint, tasks.Select(t => t.Spec.Resources.MemoryBytes)),
            Array(NpgsqlDbType.Interval, tasks.Select(t => t.Spec.RunTimeout)),
            Array(NpgsqlDbType.Interval, tasks.Select(t => t.Spec.QueuedTimeout)),
            Array(NpgsqlDbType.Integer, tasks.Select(t => t.Spec.Retry.Usual().MaxAttempts)),
            Array(NpgsqlDbType.Text, tasks.Select(t => t.Spec.ConcurrencyKey?.Name ?? "")),
            Array(NpgsqlDbType.Text, tasks.Select(t => t.Spec.Target ?? "")),
            Array(NpgsqlDbType.Boolean, tasks.Select(t => plan[t.ExecutionId] != Entry.Admitted))
        );
        batch.Add(
            AddEvents,
            Array(NpgsqlDbType.Uuid, fresh.Select(f => f.Id)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Job.Queue)),
            Array(NpgsqlDbType.Text, fresh.Select(f => f.Submission.Job.Name))
        );
        AddEndings(batch, plan);
    }

    // What a job's limit ends at once: one more than may go on, and what has to make way for it.
    private static void AddEndings(NpgsqlBatch batch, AdmissionPlan plan)
    {
        foreach (var (id, entry) in plan.Others)
        {
            if (entry == Entry.Skipped)
            {
                TaskChanges.AddSkipAll(batch, id, new Wish("as many executions of its job go on as may"));
            }
            else if (entry == Entry.Cancelled)
            {
                TaskChanges.AddCancel(
                    batch,
                    id,
                    new Wish("as many executions of its job go on as may"),
                    Cancelling.ByRequest
                );
            }
        }

        // In the order of their ids, as everybody who locks several executions does.
        foreach (var id in plan.Replaced.Order())
        {
            TaskChanges.AddCancel(
                batch,
                id,
                new Wish("replaced by a newer execution of its job"),
                Cancelling.ByRequest
            );
        }
    }

    private IEnumerable<FreshTask> TasksOf(Fresh execution)
    {
        var job = execution.Submission.Job;
        var idByName = job.Tasks.ToDictionary(t => t.Name, _ => ids.Next(), StringComparer.Ordinal);
        return job.Tasks.Select(
            (spec, ordinal) =>
                new FreshTask(
                    idByName[spec.Name],
                    execution.Id,
                    ordinal,
                    job,
                    spec,
                    spec.Queue ?? job.Queue,
                    execution.Submission.Tenant,
                    job.Priority,
                    [.. spec.DependsOn.Select(name => idByName[name])]
                )
        );
    }

    private sealed record Fresh(Guid Id, int Index, Submission Submission)
    {
        public byte[] Hash { get; } = Submission.BodyHash ?? SHA256.HashData([]);
    }

    private sealed record FreshTask(
        Guid Id,
        Guid ExecutionId,
        int Ordinal,
        JobSpec Job,
        TaskSpec Spec,
        string Queue,
        string Tenant,
        int Priority,
        Guid[] DependsOn
    );
}
