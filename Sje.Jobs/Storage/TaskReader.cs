using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>A task as a page shows it; <see cref="Worker"/> is whoever ran its last attempt.</summary>
public sealed record TaskDetail(
    Guid Id,
    Guid ExecutionId,
    string Name,
    int Ordinal,
    string Type,
    string Queue,
    string Lane,
    int Priority,
    TaskState State,
    DateTimeOffset AvailableAt,
    DateTimeOffset Rank,
    IReadOnlyList<Guid> DependsOn,
    ResourceSpec Resources,
    int Attempt,
    int Failures,
    int Lost,
    int MaxAttempts,
    string? Worker,
    DateTimeOffset? CancelRequestedAt,
    long? BackgroundJobId,
    double? Progress,
    string? ProgressMessage,
    JsonObject? Metrics,
    JsonNode? Parts,
    JsonObject? Outputs,
    JsonNode? Preview,
    JsonObject? Error,
    string? Reason,
    DateTimeOffset? DismissedAt,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? QueuedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? AttemptStartedAt,
    DateTimeOffset? FinishedAt
);

/// <summary>One claim of a task by one worker; without an outcome it is under way.</summary>
public sealed record AttemptDetail(
    Guid TaskId,
    string Task,
    int Number,
    Guid WorkerId,
    string Worker,
    DateTimeOffset StartedAt,
    DateTimeOffset? EndedAt,
    AttemptOutcome? Outcome,
    JsonObject? Error
);

/// <summary>Reads the tasks and attempts of executions.</summary>
public sealed class TaskReader(IDbContextFactory<SjeContext> contexts)
{
    /// <summary>The tasks of an execution in the order of the job, from ordinal <paramref name="from"/> on.</summary>
    public async Task<IReadOnlyList<TaskDetail>> ListAsync(
        Guid executionId,
        int from,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = await WithWorker(
                db,
                db.Tasks.AsNoTracking()
                    .Where(t => t.ExecutionId == executionId && t.Ordinal >= from)
                    .OrderBy(t => t.Ordinal)
                    .Take(limit)
            )
            .ToListAsync(stop);
        return rows.ConvertAll(row => ToDetail(row.Task, row.Worker));
    }

    /// <summary>The task that a background job of Hangfire's stands for; null when it stands for none.</summary>
    public async Task<TaskDetail?> FindByBackgroundJobAsync(long backgroundJobId, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var row = await WithWorker(db, db.Tasks.AsNoTracking().Where(t => t.HangfireJobId == backgroundJobId))
            .FirstOrDefaultAsync(stop);
        return row is null ? null : ToDetail(row.Task, row.Worker);
    }

    /// <summary>Blocked tasks of a tenant, or of all: those that have waited longest first.</summary>
    public async Task<IReadOnlyList<(TaskDetail Task, string Execution)>> ListBlockedAsync(
        string? tenant,
        int skip,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = await Blocked(db, tenant)
            .OrderBy(row => row.Task.AcceptedAt)
            .ThenBy(row => row.Task.Id)
            .Skip(skip)
            .Take(limit)
            .ToListAsync(stop);
        return rows.ConvertAll(row => (ToDetail(row.Task, null), row.Execution));
    }

    /// <summary>How many tasks of a tenant, or of all, are blocked.</summary>
    public async Task<int> CountBlockedAsync(string? tenant, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        return await Blocked(db, tenant).CountAsync(stop);
    }

    /// <summary>The names of some tasks of an execution.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> FindNamesAsync(
        Guid executionId,
        IReadOnlyList<Guid> ids,
        CancellationToken stop
    )
    {
        if (ids.Count == 0)
        {
            return new Dictionary<Guid, string>();
        }

        await using var db = await contexts.CreateDbContextAsync(stop);
        return await db
            .Tasks.AsNoTracking()
            .Where(t => t.ExecutionId == executionId && ids.Contains(t.Id))
            .ToDictionaryAsync(t => t.Id, t => t.Name, stop);
    }

    /// <summary>How many tasks an execution has in each state.</summary>
    public async Task<IReadOnlyDictionary<TaskState, int>> CountAsync(Guid executionId, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        return await db
            .Tasks.AsNoTracking()
            .Where(t => t.ExecutionId == executionId)
            .GroupBy(t => t.State)
            .Select(group => new { group.Key, Count = group.Count() })
            .ToDictionaryAsync(group => group.Key, group => group.Count, stop);
    }

    /// <summary>
    /// For each of some executions, the task that tells most about it: a running one, else a waiting one, else a failed one, else the last. What it
    /// has put out, and the end of its log, stay where they are: a list does not show them.
    /// </summary>
    public async Task<IReadOnlyDictionary<Guid, TaskDetail>> FindTellingAsync(
        IReadOnlyList<Guid> executionIds,
        CancellationToken stop
    )
    {
        if (executionIds.Count == 0)
        {
            return new Dictionary<Guid, TaskDetail>();
        }

        await using var db = await contexts.CreateDbContextAsync(stop);
        var telling = db
            .Tasks.FromSql(
                $"""
                select t.id, t.execution_id, t.name, t.ordinal, t.type, t.queue, t.lane, t.priority, t.rank, t.state, t.available_at, t.depends_on,
                    t.labels, t.cpus, t.memory_bytes, t.max_attempts, t.attempt, t.failures, t.lost, t.worker_id, t.cancel_requested_at,
                    t.hangfire_job_id, t.progress, t.progress_message, null::jsonb as metrics, null::jsonb as parts, null::jsonb as outputs,
                    null::jsonb as preview, t.error - 'logTail' as error, t.reason, t.dismissed_at, t.accepted_at, t.queued_at, t.started_at,
                    t.attempt_started_at, t.finished_at
                from unnest({executionIds.ToArray()}) x(id) cross join lateral (
                    select * from sje.all_tasks t where t.execution_id = x.id
                    order by array_position(array['running', 'waiting_retry', 'queued', 'blocked', 'failed', 'timed_out', 'cancelled'], t.state) nulls last,
                             t.ordinal desc
                    limit 1) t
                """
            )
            .AsNoTracking();
        var rows = await WithWorker(db, telling).ToListAsync(stop);
        return rows.ToDictionary(row => row.Task.ExecutionId, row => ToDetail(row.Task, row.Worker));
    }

    /// <summary>The attempts of an execution by start, newest first, from <paramref name="skip"/> on.</summary>
    public async Task<IReadOnlyList<AttemptDetail>> ListAttemptsAsync(
        Guid executionId,
        string? task,
        int skip,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = await db
            .Attempts.AsNoTracking()
            .Where(a => a.ExecutionId == executionId)
            .Join(
                db.Tasks.AsNoTracking(),
                a => new { a.ExecutionId, a.TaskId },
                t => new { t.ExecutionId, TaskId = t.Id },
                (attempt, t) => new { Attempt = attempt, t.Name }
            )
            .Where(row => task == null || row.Name == task)
            .OrderByDescending(row => row.Attempt.StartedAt)
            .ThenBy(row => row.Attempt.TaskId)
            .ThenByDescending(row => row.Attempt.Number)
            .Skip(skip)
            .Take(limit)
            .ToListAsync(stop);
        return rows.ConvertAll(row => new AttemptDetail(
            row.Attempt.TaskId,
            row.Name,
            row.Attempt.Number,
            row.Attempt.WorkerId,
            row.Attempt.WorkerName,
            row.Attempt.StartedAt,
            row.Attempt.EndedAt,
            row.Attempt.Outcome,
            ParseObject(row.Attempt.Error)
        ));
    }

    private static IQueryable<TaskOfWorker> WithWorker(SjeContext db, IQueryable<TaskRow> tasks) =>
        tasks.Select(t => new TaskOfWorker
        {
            Task = t,
            Worker = db
                .Attempts.Where(a => a.ExecutionId == t.ExecutionId && a.TaskId == t.Id && a.Number == t.Attempt)
                .Select(a => a.WorkerName)
                .FirstOrDefault(),
        });

    private static IQueryable<TaskOfExecution> Blocked(SjeContext db, string? tenant) =>
        db
            .Tasks.AsNoTracking()
            .Where(t => t.State == TaskState.Blocked)
            .Join(
                db.Executions.AsNoTracking().Where(e => tenant == null || e.Tenant == tenant),
                t => t.ExecutionId,
                e => e.Id,
                (task, execution) => new TaskOfExecution { Task = task, Execution = execution.Name }
            );

    private static TaskDetail ToDetail(TaskRow t, string? worker) =>
        new(
            t.Id,
            t.ExecutionId,
            t.Name,
            t.Ordinal,
            t.Type,
            t.Queue,
            t.Lane,
            t.Priority,
            t.State,
            t.AvailableAt,
            t.Rank,
            t.DependsOn,
            new ResourceSpec
            {
                Cpus = t.Cpus,
                MemoryBytes = t.MemoryBytes,
                Labels = t.Labels,
            },
            t.Attempt,
            t.Failures,
            t.Lost,
            t.MaxAttempts,
            worker,
            t.CancelRequestedAt,
            t.HangfireJobId,
            Rounded(t.Progress),
            t.ProgressMessage,
            ParseObject(t.Metrics),
            Parse(t.Parts),
            ParseObject(t.Outputs),
            Parse(t.Preview),
            ParseObject(t.Error),
            t.Reason,
            t.DismissedAt,
            t.AcceptedAt,
            t.QueuedAt,
            t.StartedAt,
            t.AttemptStartedAt,
            t.FinishedAt
        );

    // The column holds single precision; 0.42 must not come out as 0.41999998688697815.
    private static double? Rounded(float? progress) => progress is null ? null : Math.Round(progress.Value, 6);

    private static JsonNode? Parse(string? json) => json is null ? null : JsonNode.Parse(json);

    private static JsonObject? ParseObject(string? json) => Parse(json) as JsonObject;

    private sealed class TaskOfWorker
    {
        public required TaskRow Task { get; init; }
        public string? Worker { get; init; }
    }

    private sealed class TaskOfExecution
    {
        public required TaskRow Task { get; init; }
        public required string Execution { get; init; }
    }
}
