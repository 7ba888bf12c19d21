using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Tests.Model;

/// <summary>The real classes of the queue core on a real database, driven by hand: no loop of theirs runs, so nothing happens that was not asked for.</summary>
internal sealed class RealCore : IDisposable
{
    private const string Empty = """
        delete from sje.tasks; delete from sje.finished_tasks; delete from sje.attempts; delete from sje.executions; delete from sje.events;
        delete from sje.idempotency_keys; delete from sje.workers; delete from sje.jobs; delete from sje.queue_starts;
        update sje.queues set paused_at = null, max_running = null, max_queued = null;
        insert into sje.queues (name, lane) values ('other', 'direct') on conflict do nothing
        """;

    private const string Seen = """
        select e.label || ' ' || e.state || ' ' || e.queue || ' ' || e.priority || case when e.cancel_requested_at is null then '' else ' cancel ' || e.cancel_reason end
        from sje.executions e
        union all
        select e.label || '.' || t.name || ' ' || t.state || ' ' || t.queue || ' ' || t.priority || ' attempt ' || t.attempt
            || case when t.state = 'waiting_retry' and t.available_at <= clock_timestamp() then ' due' else '' end
            || ' failures ' || t.failures || ' lost ' || t.lost || ' pending ' || t.pending_dependencies || ' ' || coalesce(w.name, '-')
            || case when t.holds = '{}' then '' when t.holds = '{job}' then ' held' else ' ' || t.holds::text end
            || case when t.cancel_requested_at is null then '' else ' cancel ' || t.cancel_reason end
            || case when t.restart_requested_at is null then '' else ' restart' end
            || case when t.dismissed_at is null then '' else ' dismissed' end
        from sje.all_tasks t join sje.executions e on e.id = t.execution_id left join sje.workers w on w.id = t.worker_id
        union all
        select e.label || '.' || t.name || '#' || a.number || ' ' || coalesce(a.outcome, 'running')
        from sje.all_attempts a join sje.all_tasks t on t.id = a.task_id join sje.executions e on e.id = t.execution_id
        union all
        select w.name || case when w.state <> 'active' then ' dead' else case when w.lease_until < clock_timestamp() then ' lapsed' else '' end
            || case when w.paused_at is null then '' else ' paused' end end
        from sje.workers w where w.id = any ($1)
        union all
        select q.name || case when q.paused_at is null then '' else ' paused' end || ' runs ' || coalesce(q.max_running::text, '')
            || ' queues ' || coalesce(q.max_queued::text, '')
        from sje.queues q where q.name = any ($2)
        union all
        select j.name || case when j.paused_at is null then '' else ' paused' end from sje.jobs j
        union all
        select k.key || ' ' || e.label from sje.idempotency_keys k join sje.executions e on e.id = k.execution_id
        """;

    private const string AddWorker = """
        insert into sje.workers (id, name, host, process_id, version, queues, engines, slots, cpus, memory_bytes, lease_until, direct_slots)
        values ($1, $2, 'here', 1, '1', array['*'], array['noop'], 9, 99, 1000000000, clock_timestamp() + interval '1 hour', 9)
        """;

    private readonly Database database;
    private readonly ExecutionIntake intake;
    private readonly ExecutionControl control;
    private readonly QueueControl queues;
    private readonly PauseControl pauses;
    private readonly DeadLetterReader letters;
    private readonly DeadLetterControl deadLetters;
    private readonly TaskQueue tasks;
    private readonly AttemptLedger ledger;
    private readonly Takeover takeover;
    private readonly Deadlines deadlines;

    private readonly Guid[] jobs = new Guid[ReferenceModel.Jobs];
    private readonly Guid[] workers = new Guid[ReferenceModel.Workers];
    private readonly ConcurrentDictionary<string, Guid> executions = [];
    private readonly ConcurrentDictionary<ClaimKey, ClaimedTask> claims = [];
    private readonly ConcurrentDictionary<Guid, string> workerNames = [];

    public RealCore(Database database)
    {
        this.database = database;
        var signals = new Signals(database, TimeProvider.System, NullLogger<Signals>.Instance);
        var admission = new Admission(database, signals, TimeProvider.System, NullLogger<Admission>.Instance);
        intake = new ExecutionIntake(database, new SortableIds(TimeProvider.System), signals, admission);
        control = new ExecutionControl(database, signals);
        queues = new QueueControl(database, intake, signals);
        pauses = new PauseControl(database, signals);
        letters = new DeadLetterReader(database);
        deadLetters = new DeadLetterControl(database, signals);
        tasks = new TaskQueue(database);
        ledger = new AttemptLedger(database, signals);
        takeover = new Takeover(
            database,
            ledger,
            signals,
            Options.Create(new WorkerOptions()),
            TimeProvider.System,
            NullLogger<Takeover>.Instance
        );
        deadlines = new Deadlines(database, signals, TimeProvider.System, NullLogger<Deadlines>.Instance);
    }

    /// <summary>Every claim that was ever answered.</summary>
    public IReadOnlyList<ClaimKey> Claims =>
        [.. claims.Keys.OrderBy(c => c.Execution).ThenBy(c => c.Task).ThenBy(c => c.Attempt)];

    public void Dispose()
    {
        takeover.Dispose();
        deadlines.Dispose();
    }

    public async Task ResetAsync(ReferenceModel model)
    {
        await ExecuteAsync(Empty);
        executions.Clear();
        claims.Clear();
        workerNames.Clear();
        await using (var warm = database.Main.CreateCommand("select 1"))
        {
            await warm.ExecuteScalarAsync();
        }

        foreach (var queue in ReferenceModel.Queues)
        {
            await queues.SaveAsync(new QueueSettings(queue, Lanes.Direct), CancellationToken.None);
        }

        for (var i = 0; i < jobs.Length; i++)
        {
            jobs[i] = Guid.CreateVersion7();
            await ExecuteAsync(
                "insert into sje.jobs (id, name, spec) values ($1, $2, '{}')",
                P(jobs[i]),
                P(JobName(i))
            );
        }

        for (var i = 0; i < workers.Length; i++)
        {
            await RegisterAsync(i, model.WorkerName(i));
        }
    }

    public async Task RegisterAsync(int slot, string name)
    {
        workers[slot] = Guid.CreateVersion7();
        workerNames[workers[slot]] = name;
        await ExecuteAsync(AddWorker, P(workers[slot]), P(name));
    }

    /// <summary>What a later round of the loops would still do: a claim may have been under way when its worker was marked dead.</summary>
    public Task SettleAsync() => takeover.TakeAbandonedAsync(CancellationToken.None);

    /// <summary>Everything that can be seen, as the model renders it.</summary>
    public async Task<string> RenderAsync()
    {
        var lines = new List<string>();
        await using var command = database.Main.CreateCommand(Seen);
        command.Parameters.Add(Array(NpgsqlTypes.NpgsqlDbType.Uuid, workers));
        command.Parameters.Add(Array(NpgsqlTypes.NpgsqlDbType.Text, ReferenceModel.Queues));
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            lines.Add(rows.GetString(0));
        }

        return string.Concat(lines.Order(StringComparer.Ordinal).Select(line => line + "\n"));
    }

    /// <summary>In which order what was accepted stands, and since when what waits for its retry may be claimed.</summary>
    public async Task<(Dictionary<string, long> Accepted, Dictionary<(string, string), long> Available)> OrderAsync()
    {
        var accepted = new Dictionary<string, long>();
        var available = new Dictionary<(string, string), long>();
        await using var command = database.Main.CreateCommand(
            """
            select e.label, t.name, (extract(epoch from t.accepted_at) * 1000000)::bigint, (extract(epoch from t.available_at) * 1000000)::bigint
            from sje.all_tasks t join sje.executions e on e.id = t.execution_id
            """
        );
        await using var rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            accepted[rows.GetString(0)] = rows.GetInt64(2);
            available[(rows.GetString(0), rows.GetString(1))] = rows.GetInt64(3);
        }

        return (accepted, available);
    }

    public async Task<string> ApplyAsync(Act act)
    {
        switch (act)
        {
            case Submit submit:
                return await SubmitAsync(submit);
            case Claim claim:
                return await ClaimAsync(claim);
            case End end:
                return await EndAsync(end);
            case Cancel cancel:
                return Word(
                    await control.CancelAsync(Id(cancel.Execution), "user", CancellationToken.None),
                    "cancelled"
                );
            case CancelTask cancel:
                return await ChangeAsync(
                    async batch =>
                        TaskChanges.AddCancel(
                            batch,
                            Id(cancel.Execution),
                            new Wish("user"),
                            Cancelling.ByRequest,
                            await TaskAsync(cancel.Execution, cancel.Task)
                        ),
                    "cancelled"
                );
            case Retry retry:
                return Word(await control.RetryAsync(Id(retry.Execution), CancellationToken.None), "revived");
            case RetryTask retry:
                return await ChangeAsync(
                    async batch =>
                        TaskChanges.AddRetry(
                            batch,
                            Id(retry.Execution),
                            await TaskAsync(retry.Execution, retry.Task),
                            new Wish("retried")
                        ),
                    "revived"
                );
            case Repair repair:
                return
                    await control.RepairAsync(Id(repair.Execution), [repair.Task], null, CancellationToken.None)
                        is var repaired
                    && repaired is TasksRefused
                    ? "wrong state"
                    : Word(repaired, "revived");
            case Requeue requeue:
                return await ChangeLetterAsync(DeadLetterChange.Requeue, requeue.Execution, requeue.Task, "revived");
            case Purge purge:
                return await ChangeLetterAsync(DeadLetterChange.Purge, purge.Execution, purge.Task, "dismissed");
            case Dismiss dismiss:
                var id = await TaskAsync(dismiss.Execution, dismiss.Task);
                return await CountAsync(batch => TaskChanges.AddDismiss(batch, id, new Wish("put away"))) > 0
                    ? "dismissed"
                    : "wrong state";
            case Skip skip:
                return Word(
                    await control.SkipAsync(Id(skip.Execution), skip.Task, "not needed", null, CancellationToken.None),
                    "skipped"
                );
            case RetryNow retry:
                var waiting = await TaskAsync(retry.Execution, retry.Task);
                await CountAsync(batch => TaskChanges.AddRetryNow(batch, waiting, new Wish("now")));
                return "done";
            case Restart restart:
                var running = await TaskAsync(restart.Execution, restart.Task);
                await CountAsync(batch => TaskChanges.AddRestart(batch, running, new Wish("again")));
                return "done";
            case Move move:
                return Word(
                    await control.MoveAsync(
                        Id(move.Execution),
                        move.Priority,
                        move.Queue,
                        null,
                        CancellationToken.None
                    ),
                    "moved"
                );
            case PauseQueue pause:
                await (
                    pause.On
                        ? queues.PauseAsync(pause.Queue, CancellationToken.None)
                        : queues.ResumeAsync(pause.Queue, CancellationToken.None)
                );
                return "done";
            case PauseJob pause:
                await (
                    pause.On
                        ? pauses.PauseJobAsync(JobName(pause.Job), CancellationToken.None)
                        : pauses.ResumeJobAsync(JobName(pause.Job), CancellationToken.None)
                );
                return "done";
            case PauseWorker pause:
                await (
                    pause.On
                        ? pauses.PauseWorkerAsync(workers[pause.Worker], CancellationToken.None)
                        : pauses.ResumeWorkerAsync(workers[pause.Worker], CancellationToken.None)
                );
                return "done";
            case Limit limit:
                await queues.SaveAsync(
                    new QueueSettings(limit.Queue, Lanes.Direct)
                    {
                        MaxRunning = limit.MaxRunning,
                        MaxQueued = limit.MaxQueued,
                    },
                    CancellationToken.None
                );
                return "done";
            case Lapse lapse:
                await LeaseAsync(lapse.Worker, "-1 second");
                return "done";
            case Renew renew:
                await LeaseAsync(renew.Worker, "1 hour");
                return "done";
            case Kill kill:
                await LeaseAsync(kill.Worker, "-1 second");
                await takeover.MarkDeadAsync(CancellationToken.None);
                await takeover.TakeAbandonedAsync(CancellationToken.None);
                return "done";
            case QueueTimeout timeout:
                var late = await TaskAsync(timeout.Execution, timeout.Task);
                await ExecuteAsync(
                    "update sje.tasks set queued_deadline_at = clock_timestamp() where id = $1 and state in ('queued', 'waiting_retry')",
                    P(late)
                );
                await deadlines.RoundAsync(CancellationToken.None);
                return "done";
            case TotalTimeout timeout:
                await ExecuteAsync(
                    """
                    update sje.executions set total_deadline_at = clock_timestamp()
                    where id = $1 and finished_at is null and cancel_requested_at is null
                    """,
                    P(Id(timeout.Execution))
                );
                await deadlines.RoundAsync(CancellationToken.None);
                await ExecuteAsync(
                    "update sje.executions set total_deadline_at = null where id = $1",
                    P(Id(timeout.Execution))
                );
                return "done";
            default:
                throw new InvalidOperationException($"{act} is unknown.");
        }
    }

    private static string JobName(int job) => string.Create(CultureInfo.InvariantCulture, $"job{job}");

    private static string Word(ControlResult result, string changed) =>
        result switch
        {
            ChangeMade => changed,
            WrongState or WrongTaskState => "wrong state",
            _ => "not found",
        };

    private Guid Id(string execution) => executions[execution];

    private async Task<string> SubmitAsync(Submit submit)
    {
        var job = new JobSpec
        {
            Name = submit.Job is { } saved ? JobName(saved) : "test",
            Label = submit.Execution,
            Queue = submit.Queue,
            Priority = submit.Priority,
            PermitPartialFailures = Shapes.PermitsPartial(submit.Shape),
            Tasks =
            [
                .. Shapes
                    .All[submit.Shape]
                    .Select(task => new TaskSpec
                    {
                        Name = task.Name,
                        Type = "noop",
                        Settings = [],
                        DependsOn = task.DependsOn,
                        Retry = new RetrySpec(),
                    }),
            ],
            Canonical = new JsonObject { ["name"] = "test" },
        };
        var result = await intake.AcceptAsync(
            [
                new Submission
                {
                    Job = job,
                    JobId = submit.Job is { } id ? jobs[id] : null,
                    IdempotencyKey = submit.Key,
                    BodyHash = SHA256.HashData(Encoding.UTF8.GetBytes($"{submit.Shape}")),
                },
            ],
            CancellationToken.None
        );
        switch (result[0])
        {
            case SubmissionAccepted accepted:
                executions[submit.Execution] = accepted.ExecutionId;
                return "accepted";
            case Repeated repeated:
                return "repeated " + repeated.Label;
            case KeyReused:
                return "key reused";
            case QueueFull:
                return "full";
            default:
                return result[0].ToString();
        }
    }

    private async Task<string> ClaimAsync(Claim claim)
    {
        var worker = workers[claim.Worker];
        var unreadable = new List<UnreadableTask>();
        var taken = await tasks.ClaimAsync(
            new ClaimRequest(worker, ReferenceModel.Queues, ["noop"], [], claim.Slots, 99, 1_000_000_000, Lanes.Direct),
            unreadable,
            CancellationToken.None
        );
        Assert.Empty(unreadable);
        var names = new List<string>();
        foreach (var task in taken)
        {
            var label = await ScalarAsync<string>(
                "select label from sje.executions where id = $1",
                P(task.Identity.ExecutionId)
            );
            var key = new ClaimKey(label!, task.Identity.TaskName, task.Identity.Attempt, workerNames[worker]);
            claims[key] = task;
            names.Add($"{key.Execution}.{key.Task}#{key.Attempt}");
        }

        return ReferenceModel.ClaimAnswer + string.Join(' ', names.Order(StringComparer.Ordinal));
    }

    private async Task<string> EndAsync(End end)
    {
        var error = new TaskError("error", "failed");
        var said = end.As switch
        {
            EndAs.Succeeded => Ended(AttemptOutcome.Succeeded, TaskState.Succeeded),
            EndAs.FailedRetryNow => Ended(AttemptOutcome.Failed, TaskState.WaitingRetry) with { Error = error },
            EndAs.FailedRetryLater => Ended(AttemptOutcome.Failed, TaskState.WaitingRetry) with
            {
                Error = error,
                RetryDelay = TimeSpan.FromHours(1),
            },
            EndAs.FailedForGood => Ended(AttemptOutcome.Failed, TaskState.Failed) with { Error = error },
            EndAs.TimedOutForGood => Ended(AttemptOutcome.TimedOut, TaskState.TimedOut) with { Error = error },
            EndAs.Drained => Ended(AttemptOutcome.Drained, TaskState.Queued),
            EndAs.Released => Ended(AttemptOutcome.Released, TaskState.Queued),
            EndAs.Cancelled => Ended(AttemptOutcome.Cancelled, TaskState.Cancelled),
            EndAs.Restarted => Ended(AttemptOutcome.Restarted, TaskState.Queued),
            _ => Ended(AttemptOutcome.Lost, TaskState.Queued),
        };
        try
        {
            var task = claims[end.Claimed];
            var ended = await ledger.EndAsync(task, said, CancellationToken.None);
            if (ended.State is TaskState.Queued)
            {
                // What was handed back waits a second.
                await CountAsync(batch =>
                    TaskChanges.AddBringForward(batch, task.Identity.TaskId, new Wish("no need to wait"))
                );
            }

            return ended.State is { } state ? "ended " + state.ToSnake() : "not owned";
        }
        catch (LeaseNotLiveException)
        {
            return "lease";
        }

        static AttemptEnd Ended(AttemptOutcome outcome, TaskState next) => new() { Outcome = outcome, Next = next };
    }

    private async Task<string> ChangeLetterAsync(DeadLetterChange kind, string execution, string task, string changed)
    {
        var found = await letters.FindAsync(await TaskAsync(execution, task), null, CancellationToken.None);
        return found.Count > 0 && await deadLetters.ChangeAsync(kind, found, null, CancellationToken.None) > 0
            ? changed
            : "wrong state";
    }

    private async Task<string> ChangeAsync(Func<NpgsqlBatch, Task> add, string changed)
    {
        await using var connection = await database.Main.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        await add(batch);
        var any = false;
        await using var rows = await batch.ExecuteReaderAsync();
        do
        {
            while (await rows.ReadAsync())
            {
                any |= rows.GetName(0) == TaskChanges.ChangedColumn && rows.GetBoolean(0);
            }
        } while (await rows.NextResultAsync());
        return any ? changed : "wrong state";
    }

    private async Task<int> CountAsync(Action<NpgsqlBatch> add)
    {
        await using var connection = await database.Main.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        add(batch);
        return await batch.ExecuteNonQueryAsync();
    }

    private Task LeaseAsync(int slot, string length) =>
        ExecuteAsync(
            $"update sje.workers set lease_until = clock_timestamp() + interval '{length}' where id = $1 and state = 'active'",
            P(workers[slot])
        );

    private async Task<Guid> TaskAsync(string execution, string task) =>
        await ScalarAsync<Guid>(
            "select id from sje.all_tasks where execution_id = $1 and name = $2",
            P(Id(execution)),
            P(task)
        );

    private async Task ExecuteAsync(string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<T?> ScalarAsync<T>(string sql, params NpgsqlParameter[] parameters)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteScalarAsync() is T found ? found : default;
    }
}
