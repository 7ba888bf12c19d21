using System.Globalization;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Core.Jobs;
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
    private const string Lagging = """
        select t.id, t.state, t.row_version, t.hangfire_job_id, j.statename, t.queue, t.available_at, t.reason, t.dismissed_at is not null
        from (
            (select * from sje.tasks where hangfire_sync_at <= clock_timestamp() order by hangfire_sync_at limit 100)
            union all
            (select * from sje.finished_tasks where hangfire_sync_at <= clock_timestamp() order by hangfire_sync_at limit 100)) t
        left join hangfire.job j on j.id = t.hangfire_job_id
        where t.hangfire_job_id is not null
        """;

    private const string One = """
        select t.id, t.state, t.row_version, t.hangfire_job_id, j.statename, t.queue, t.available_at, t.reason, t.dismissed_at is not null
        from sje.all_tasks t left join hangfire.job j on j.id = t.hangfire_job_id
        where t.id = $1 and t.hangfire_job_id is not null
        """;

    private const string Agreed = """
        with live as (update sje.tasks set hangfire_sync_at = null where id = $1 and row_version = $2)
        update sje.finished_tasks set hangfire_sync_at = null where id = $1 and row_version = $2
        """;

    private const string LookAgain = """
        with live as (
            update sje.tasks set hangfire_sync_at = clock_timestamp() + $3 where id = $1 and row_version = $2 and hangfire_sync_at is not null)
        update sje.finished_tasks set hangfire_sync_at = clock_timestamp() + $3
        where id = $1 and row_version = $2 and hangfire_sync_at is not null
        """;

    // The job expired under a task that is alive: it gets a new one. Under an ended task there is nothing left to show.
    private const string JobGone = """
        with live as (
            update sje.tasks set hangfire_job_id = null, dispatched = false, hangfire_sync_at = null, row_version = row_version + 1
            where id = $1 and row_version = $2 and state <> 'running')
        update sje.finished_tasks set hangfire_sync_at = null where id = $1 and row_version = $2
        """;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Later = TimeSpan.FromSeconds(15);

    private readonly BackgroundJobClient client = new(storage, ReconcilerFilters.Instance);

    /// <summary>Brings up the rows that are flagged and due; returns how many were looked at.</summary>
    public async Task<int> BringUpLaggingAsync(CancellationToken cancellationToken)
    {
        var rows = await ReadAsync(Lagging, null, cancellationToken);
        foreach (var row in rows)
        {
            await BringUpAsync(row, cancellationToken);
        }

        return rows.Count;
    }

    /// <summary>Brings up one task's background job now. What fails stays flagged for the reconciler.</summary>
    public async Task BringUpAsync(Guid taskId, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var row in await ReadAsync(One, taskId, cancellationToken))
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

        var wanted = HangfireStates.Of(row.State, row.Dismissed);
        if (wanted == row.HangfireState)
        {
            await ExecuteAsync(Agreed, row, null, cancellationToken);
            return;
        }

        // Only Hangfire's own worker makes Processing; and a blocked task that had a job before waits under whatever it showed last.
        if (StateFor(row) is not { } state)
        {
            await ExecuteAsync(LookAgain, row, Later, cancellationToken);
            return;
        }

        CurrentClaim.ReconciledVersion = row.Version;
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
            await ExecuteAsync(changed ? Agreed : LookAgain, row, changed ? null : Soon, cancellationToken);
        }
        catch (BackgroundJobClientException e) when (e.InnerException is RowMovedException)
        {
            LogMoved(log, row.TaskId, row.JobId);
        }
        finally
        {
            CurrentClaim.ReconciledVersion = null;
        }
    }

    private IState? StateFor(Row row)
    {
        var reason = row.Reason ?? "as the execution says";
        return row.State switch
        {
            TaskState.Queued => new EnqueuedState(labels.For(row.Queue)) { Reason = reason },
            TaskState.WaitingRetry => new ScheduledState(row.AvailableAt.UtcDateTime) { Reason = reason },
            TaskState.Succeeded => new SucceededState(null, 0, 0) { Reason = reason },
            TaskState.Failed or TaskState.TimedOut when !row.Dismissed => new FailedState(
                new InvalidOperationException(reason)
            )
            {
                Reason = reason,
            },
            TaskState.Failed or TaskState.TimedOut => new DeletedState { Reason = "dismissed" },
            TaskState.Cancelled or TaskState.Skipped => new DeletedState { Reason = reason },
            _ => null,
        };
    }

    private async Task<List<Row>> ReadAsync(string sql, Guid? taskId, CancellationToken cancellationToken)
    {
        await using var command = database.Main.CreateCommand(sql);
        if (taskId is { } id)
        {
            command.Parameters.Add(P(id));
        }

        var rows = new List<Row>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(
                new Row(
                    reader.GetGuid(0),
                    StateNames.ParseSnake<TaskState>(reader.GetString(1)),
                    reader.GetInt64(2),
                    reader.GetInt64(3),
                    reader.IsDBNull(4) ? null : reader.GetString(4),
                    reader.GetString(5),
                    reader.GetFieldValue<DateTimeOffset>(6),
                    reader.IsDBNull(7) ? null : reader.GetString(7),
                    reader.GetBoolean(8)
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
        string Queue,
        DateTimeOffset AvailableAt,
        string? Reason,
        bool Dismissed
    );

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
