using System.Globalization;
using System.Text.Json;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Execution;
using Sje.Jobs.Faults;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// Brings Hangfire's view up to ours where a change began in our tables: the old state's name and our row's version are checked in the
/// transaction that changes the state, so a row that has moved on is left alone and looked at again.
/// </summary>
internal sealed partial class HangfireView(
    Database database,
    SjeStorage storage,
    QueueLabels labels,
    ILogger<HangfireView> log
)
{
    /// <summary>Rows of each kind that one process takes at a time.</summary>
    private const int Round = 64;

    private const string Columns = $"""
        t.id, t.state, t.row_version, t.hangfire_job_id, j.statename, {Agreement.SideSql}, t.queue, t.available_at, t.reason, t.error::text,
        t.accepted_at, t.attempt_started_at, t.finished_at, t.attempt, clock_timestamp() - t.attempt_started_at
        """;

    // $1 how many, $2 right pairs. Each process takes rows of its own for a while; one that dies leaves them to the others. Where both views
    // agree by now, which after a claim or an end is the rule, nothing else is to be done. A job that shows its task is one that Hangfire's
    // worker takes. The lock is on the newest version of a row, while it and its job are seen as they were when the statement began: what has
    // changed in between keeps its flag.
    private static string Take(string name, string table) =>
        $"""
            {name}_due as materialized (
                select id, row_version, hangfire_sync_at from sje.{table} where hangfire_sync_at <= clock_timestamp() order by hangfire_sync_at limit $1
                for update skip locked
            ), {name}_seen as materialized (
                select t.id, d.row_version = t.row_version and d.hangfire_sync_at = t.hangfire_sync_at
                        and {Agreement.SideSql} || '|' || {Agreement.ShownSql} = any ($2) as agreed
                from {name}_due d join sje.{table} t on t.id = d.id left join hangfire.job j on j.id = t.hangfire_job_id
            ), {name} as (
                update sje.{table} t set hangfire_sync_at = case when not s.agreed then clock_timestamp() + interval '5 seconds' end,
                    dispatched = t.dispatched or (s.agreed and t.state in ('queued', 'waiting_retry'))
                from {name}_seen s where t.id = s.id returning t.*, s.agreed
            )
            """;

    private static readonly string Lagging = $"""
        with {Take("live", "tasks")}, {Take("ended", "finished_tasks")}
        select {Columns}, t.agreed or t.hangfire_job_id is null
        from (select * from live union all select * from ended) t left join hangfire.job j on j.id = t.hangfire_job_id
        """;

    private const string One = $"""
        select {Columns}, false from sje.all_tasks t left join hangfire.job j on j.id = t.hangfire_job_id
        where t.id = $1 and t.hangfire_job_id is not null
        """;

    // A job that shows its task is one that Hangfire's worker takes.
    private const string Agreed = """
        with live as (
            update sje.tasks set hangfire_sync_at = null, dispatched = dispatched or state in ('queued', 'waiting_retry')
            where id = $1 and row_version = $2)
        update sje.finished_tasks set hangfire_sync_at = null where id = $1 and row_version = $2
        """;

    private const string LookAgain = """
        with live as (
            update sje.tasks set hangfire_sync_at = clock_timestamp() + $3 where id = $1 and row_version = $2 and hangfire_sync_at is not null)
        update sje.finished_tasks set hangfire_sync_at = clock_timestamp() + $3
        where id = $1 and row_version = $2 and hangfire_sync_at is not null
        """;

    // The job is gone from under a task that is alive: it gets a new one, and keeps the time before which it may not start. A running one
    // gets it when its attempt has ended. Under an ended task there is nothing left to show.
    private const string JobGone = """
        with live as (
            update sje.tasks set hangfire_job_id = null, dispatched = false, hangfire_sync_at = null, row_version = row_version + 1,
                state = case when state = 'waiting_retry' then 'queued' else state end, queued_at = coalesce(queued_at, clock_timestamp())
            where id = $1 and row_version = $2 and state <> 'running'
            returning id, execution_id, state
        ), busy as (
            update sje.tasks set hangfire_sync_at = clock_timestamp() + interval '15 seconds'
            where id = $1 and row_version = $2 and state = 'running'
        ), ended as (
            update sje.finished_tasks set hangfire_sync_at = null where id = $1 and row_version = $2
        )
        insert into sje.events (execution_id, task_id, kind, data)
        select execution_id, id, 'task.queued', '{"reason": "its background job was gone"}' from live where state = 'queued'
        """;

    // Hangfire's name for the server of the worker that runs the task.
    private const string ServerOf = """
        select s.id from sje.tasks t join sje.workers w on w.id = t.worker_id
        join hangfire.server s on starts_with(lower(s.id), lower(w.name || ':')) and position(':' || w.process_id || ':' in s.id) > 0
        where t.id = $1 limit 1
        """;

    // What a blocked task waits for, if that has a job to link to.
    private const string AwaitedBy = """
        select p.hangfire_job_id from sje.tasks t join sje.all_tasks p on p.id = any (t.depends_on)
        where t.id = $1 and p.state <> 'succeeded' and p.hangfire_job_id is not null order by p.ordinal limit 1
        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(15);
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    private readonly BackgroundJobClient client = new(storage, ReconcilerFilters.Instance);

    /// <summary>Brings up some of the rows that are flagged and due; returns whether there may be more.</summary>
    public async Task<bool> BringUpLaggingAsync(CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(
            Lagging,
            cancellationToken,
            P(Round),
            Array(NpgsqlDbType.Text, Agreement.RightPairs)
        );

        // Hangfire's client waits on the database for each change; a few at a time use its group commit.
        await Parallel.ForEachAsync(
            rows.Where(row => !row.Agreed && !MayHaveMoved(row)),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (row, stop) =>
            {
                try
                {
                    await BringUpAsync(row, stop);
                }
                catch (Exception e)
                    when (e is NpgsqlException or DistributedLockTimeoutException or BackgroundJobClientException)
                {
                    // One job's trouble is not the others'. The row's flag has been put off already.
                    LogLeft(log, row.TaskId, e.InnerException?.Message ?? e.Message);
                }
            }
        );
        return rows.Count >= Round;
    }

    // Its flag stands for some seconds more, and then both are seen at once.
    private static bool MayHaveMoved(Row row) =>
        row.HangfireState is { } shown && Agreement.Of(row.Side, shown) == Standing.Right;

    /// <summary>Brings up one task's background job now. What fails stays flagged for the reconciler.</summary>
    public async Task BringUpAsync(Guid taskId, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var row in await ReadAsync(One, cancellationToken, P(taskId)))
            {
                await BringUpAsync(row, cancellationToken);
            }
        }
        catch (Exception e)
            when (e is NpgsqlException or DistributedLockTimeoutException or BackgroundJobClientException)
        {
            LogLeft(log, taskId, e.Message);
        }
    }

    private async Task BringUpAsync(Row row, CancellationToken cancellationToken)
    {
        if (row.HangfireState is null)
        {
            await ExecuteAsync(JobGone, row, null, cancellationToken);
            return;
        }

        if (Agreement.Of(row.Side, row.HangfireState) == Standing.Right)
        {
            await ExecuteAsync(Agreed, row, null, cancellationToken);
            return;
        }

        // Its worker is about to write Processing; what still shows something else after a while was not its doing.
        if (
            row.State == TaskState.Running
            && row.RunningFor < Later
            && Agreement.Of(row.Side, row.HangfireState) == Standing.Lagging
        )
        {
            await ExecuteAsync(LookAgain, row, Later, cancellationToken);
            return;
        }

        var state = await StateForAsync(row, cancellationToken);
        CurrentClaim.Reconciled = new ReconciledView(row.Version, row.HangfireState);
        try
        {
            FaultPoint.At(FaultPoint.ReconcileChosen);
            var changed = client.ChangeState(
                row.JobId.ToString(CultureInfo.InvariantCulture),
                state,
                row.HangfireState
            );
            FaultPoint.At(FaultPoint.ReconcileChanged);
            LogBroughtUp(log, row.TaskId, row.JobId, row.HangfireState, state.Name, changed);
            if (!changed)
            {
                await ExecuteAsync(LookAgain, row, Soon, cancellationToken);
            }
        }
        catch (BackgroundJobClientException e) when (e.InnerException is RowMovedException)
        {
            LogMoved(log, row.TaskId, row.JobId);
        }
        finally
        {
            CurrentClaim.Reconciled = null;
        }
    }

    private async Task<IState> StateForAsync(Row row, CancellationToken cancellationToken)
    {
        var reason =
            row.Side == Agreement.Restarting
                ? $"restart requested; attempt {row.Attempt} is still running, attempt {row.Attempt + 1} begins when it has stopped"
                : row.Reason ?? $"as its task is: {row.Side}";
        switch (Agreement.For(row.Side).Wanted)
        {
            case "Awaiting":
                var parent = await FindAsync(AwaitedBy, row.TaskId, cancellationToken) as long? ?? 0;
                return new AwaitingState(
                    parent.ToString(CultureInfo.InvariantCulture),
                    new EnqueuedState(labels.For(row.Queue)),
                    JobContinuationOptions.OnlyOnSucceededState
                )
                {
                    Reason = "waits for other tasks of its execution and starts by itself when they have succeeded",
                };
            case "Enqueued":
                return new EnqueuedState(labels.For(row.Queue)) { Reason = reason };
            case "Scheduled":
                return new ScheduledState(row.AvailableAt.UtcDateTime) { Reason = reason };
            case "Processing":
                var server = await FindAsync(ServerOf, row.TaskId, cancellationToken) as string ?? "unknown";
                return new RunningState(
                    server,
                    row.StartedAt ?? row.AcceptedAt,
                    $"attempt {row.Attempt} is still running"
                );
            case "Succeeded":
                var latency = (row.StartedAt ?? row.AcceptedAt) - row.AcceptedAt;
                var duration = (row.FinishedAt ?? row.AcceptedAt) - (row.StartedAt ?? row.AcceptedAt);
                return new SucceededState(null, (long)latency.TotalMilliseconds, (long)duration.TotalMilliseconds)
                {
                    Reason = row.Reason,
                };
            case "Failed":
                var error = row.Error is null ? null : JsonSerializer.Deserialize<TaskError>(row.Error, JsonOptions);
                return new FailedState(new TaskFailedException(new AttemptReport(row.State, null, reason, error)))
                {
                    Reason = reason,
                };
            default:
                return new DeletedState
                {
                    Reason = row.Side == Agreement.PutAway ? "the ended task is dismissed" : reason,
                };
        }
    }

    private async Task<object?> FindAsync(string sql, Guid task, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(P(task));
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private async Task<List<Row>> ReadAsync(
        string sql,
        CancellationToken cancellationToken,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        var rows = new List<Row>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
        DateTimeOffset? Instant(int column) =>
            reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(
                new Row(
                    reader.GetGuid(0),
                    StateNames.ParseSnake<TaskState>(reader.GetString(1)),
                    reader.GetInt64(2),
                    reader.IsDBNull(3) ? 0 : reader.GetInt64(3),
                    Text(4),
                    reader.GetString(5),
                    reader.GetString(6),
                    reader.GetFieldValue<DateTimeOffset>(7),
                    Text(8),
                    Text(9),
                    reader.GetFieldValue<DateTimeOffset>(10),
                    Instant(11),
                    Instant(12),
                    reader.GetInt32(13),
                    reader.IsDBNull(11) ? TimeSpan.Zero : reader.GetTimeSpan(14),
                    reader.GetBoolean(15)
                )
            );
        }

        return rows;
    }

    private async Task ExecuteAsync(string sql, Row row, TimeSpan? delay, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(P(row.TaskId));
        command.Parameters.Add(P(row.Version));
        if (delay is not null)
        {
            command.Parameters.Add(P(delay));
        }

        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record Row(
        Guid TaskId,
        TaskState State,
        long Version,
        long JobId,
        string? HangfireState,
        string Side,
        string Queue,
        DateTimeOffset AvailableAt,
        string? Reason,
        string? Error,
        DateTimeOffset AcceptedAt,
        DateTimeOffset? StartedAt,
        DateTimeOffset? FinishedAt,
        int Attempt,
        TimeSpan RunningFor,
        bool Agreed
    );

    /// <summary>Processing, whose own class only Hangfire's worker can make.</summary>
    private sealed class RunningState(string server, DateTimeOffset startedAt, string reason) : IState
    {
        public string Name => ProcessingState.StateName;

        public string Reason => reason;

        public bool IsFinal => false;

        public bool IgnoreJobLoadException => false;

        public Dictionary<string, string> SerializeData() =>
            new()
            {
                ["StartedAt"] = JobHelper.SerializeDateTime(startedAt.UtcDateTime),
                ["ServerId"] = server,
                ["WorkerId"] = "unknown",
            };
    }

    /// <summary>Only the statistics and the check of the row's version: what the reconciler does is no wish of anybody's.</summary>
    private sealed class ReconcilerFilters : IJobFilterProvider
    {
        public static readonly ReconcilerFilters Instance = new();

        private readonly JobFilter[] filters =
        [
            new(new StatisticsHistoryAttribute(), JobFilterScope.Global, null),
            new(new RetryMarks(), JobFilterScope.Global, null),
            new(new VersionCheck(), JobFilterScope.Global, null),
        ];

        public IEnumerable<JobFilter> GetFilters(Job job) => filters;
    }

    private sealed class VersionCheck : JobFilterAttribute, IApplyStateFilter
    {
        public void OnStateApplied(ApplyStateContext context, IWriteOnlyTransaction transaction) =>
            ((JobStorageTransaction)transaction).AddToQueue(StateChangeWord.Check, context.BackgroundJob.Id);

        public void OnStateUnapplied(ApplyStateContext context, IWriteOnlyTransaction transaction) { }
    }

    [LoggerMessage(310, LogLevel.Debug, "Background job {JobId} of task {TaskId}: {Old} -> {New}: {Changed}")]
    private static partial void LogBroughtUp(
        ILogger logger,
        Guid taskId,
        long jobId,
        string old,
        string @new,
        bool changed
    );

    [LoggerMessage(311, LogLevel.Debug, "Task {TaskId} has moved on; its background job {JobId} is left alone")]
    private static partial void LogMoved(ILogger logger, Guid taskId, long jobId);

    [LoggerMessage(312, LogLevel.Debug, "The background job of task {TaskId} is left to the reconciler: {Reason}")]
    private static partial void LogLeft(ILogger logger, Guid taskId, string reason);
}
