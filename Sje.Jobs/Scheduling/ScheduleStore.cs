using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Scheduling;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Scheduling;

/// <summary>
/// The schedules: those of their own, and those that are part of a job (which <see cref="JobStore"/> writes with the job). What changes
/// one locks its row, so it waits for a firing of it and a firing passes over it.
/// </summary>
public sealed class ScheduleStore
{
    private const string Matching = $"""
        select {ScheduleRow.Columns} from {ScheduleRow.From}
        where ($1::text is null or j.name = $1) and ($2::text is null or s.name ilike $2 escape '\')
            and ($3::boolean is null or (s.paused_at is not null) = $3)
        """;

    private const string PageByName = $"{Matching} and ($4::text is null or s.name > $4) order by s.name limit $5";

    // What is due never stands last; in a key, too.
    private const string PageByNext = $"""
        {Matching} and ($4::text is null or (coalesce(s.next_at, 'infinity'), s.name) > ($6::text::timestamptz, $4))
        order by coalesce(s.next_at, 'infinity'), s.name limit $5
        """;

    private const string One = $"select {ScheduleRow.Columns} from {ScheduleRow.From} where s.name = $1";

    private const string OneLocked = One + " for update of s";

    private const string FindJob = "select id, version, spec::text from sje.jobs where name = $1";

    private const string Add = """
        insert into sje.schedules (id, name, job_id, cron, time_zone, parameters, tenant, paused_at, next_at, created_at, updated_at, created_by)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)
        on conflict (name) do nothing
        """;

    private const string Change = """
        update sje.schedules set job_id = $2, cron = $3, time_zone = $4, parameters = $5, paused_at = $6, next_at = $7, updated_at = $8,
            paused_by = $9, pause_reason = $10, last_error = null, version = version + 1, row_version = row_version + 1,
            hangfire_sync_at = clock_timestamp()
        where id = $1
        """;

    private const string Fired = """
        update sje.schedules set last_fired_at = $2, last_execution_id = $3, last_error = null, row_version = row_version + 1,
            hangfire_sync_at = clock_timestamp()
        where id = $1
        """;

    private const string Remove = "delete from sje.schedules where id = $1";

    // Each lost race means that somebody else wrote; this many in a row for one name means something else is wrong.
    private const int MaxRaces = 10;

    private readonly Database database;
    private readonly JobStore jobs;
    private readonly ScheduledJobs scheduled;
    private readonly ExecutionIntake intake;
    private readonly Signals signals;
    private readonly IScheduleClock clock;

    internal ScheduleStore(
        Database database,
        JobStore jobs,
        ScheduledJobs scheduled,
        ExecutionIntake intake,
        Signals signals,
        IScheduleClock clock
    ) =>
        (this.database, this.jobs, this.scheduled, this.intake, this.signals, this.clock) = (
            database,
            jobs,
            scheduled,
            intake,
            signals,
            clock
        );

    /// <summary>Schedules in the order of a filter, those behind the key <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<SavedSchedule>> ListAsync(
        ScheduleFilter filter,
        string? after,
        int limit,
        CancellationToken stop
    )
    {
        var (next, name) = filter.SplitKey(after);
        await using var command = database.Main.CreateCommand(filter.ByNext ? PageByNext : PageByName);
        command.Parameters.Add(P(filter.Job));
        command.Parameters.Add(P(filter.Text is null ? null : SearchPattern.Contains(filter.Text)));
        command.Parameters.Add(P(filter.Paused, NpgsqlDbType.Boolean));
        command.Parameters.Add(P(name));
        command.Parameters.Add(P(limit));
        if (filter.ByNext)
        {
            command.Parameters.Add(P(next));
        }

        var found = new List<SavedSchedule>();
        await using var rows = await command.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
        {
            found.Add(ScheduleRow.Read(rows).Schedule);
        }

        return found;
    }

    /// <summary>The schedule of a name.</summary>
    public async Task<SavedSchedule?> FindAsync(string name, CancellationToken stop)
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        return (await ReadAsync(connection, One, name, stop))?.Schedule;
    }

    /// <summary>
    /// Makes a schedule or changes the one of that name; <paramref name="expected"/> null takes whatever stands there. Of one that
    /// is part of a job only pausing can change here.
    /// </summary>
    public async Task<ScheduleResult> SaveAsync(
        ScheduleDefinition wanted,
        ExpectedVersion? expected,
        string? by,
        CancellationToken stop
    )
    {
        if (!CronSchedule.TryParse(wanted.Cron, wanted.TimeZone, out var cron, out var fault))
        {
            return new ScheduleResult.CronWrong(fault);
        }

        for (var race = 1; ; race++)
        {
            try
            {
                if (await TrySaveAsync(wanted, cron, expected, by, stop) is { } result)
                {
                    return Told(result);
                }
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
            {
                // The job was deleted between our read and our write.
                return new ScheduleResult.JobNotFound(wanted.JobName);
            }

            if (race == MaxRaces)
            {
                throw new InvalidOperationException($"Schedule '{wanted.Name}' came and went {race} times.");
            }
        }
    }

    /// <summary>Lets a schedule start nothing by itself until it is resumed.</summary>
    public Task<ScheduleResult> PauseAsync(string name, CancellationToken stop) => PauseAsync(name, default, stop);

    /// <inheritdoc cref="PauseAsync(string, CancellationToken)"/>
    public Task<ScheduleResult> PauseAsync(string name, PauseNote note, CancellationToken stop) =>
        SetPausedAsync(name, note, paused: true, stop);

    /// <summary>Lets a paused schedule go on from now; what was due meanwhile is not made up.</summary>
    public Task<ScheduleResult> ResumeAsync(string name, CancellationToken stop) =>
        SetPausedAsync(name, default, paused: false, stop);

    /// <summary>Starts the job of a schedule now, paused or not; its due times stay as they are.</summary>
    public async Task<ScheduleResult> TriggerAsync(string name, ScheduleTrigger trigger, CancellationToken stop)
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await ReadAsync(connection, OneLocked, name, stop) is not { } row)
        {
            return new ScheduleResult.NotFound();
        }

        var prepared = scheduled.Prepare(row, trigger.Parameters);
        if (prepared.Submission is not { } submission)
        {
            return Refusal(row.Schedule.JobName, prepared);
        }

        var now = await clock.NowAsync(connection, stop);
        var results = await intake.AcceptInAsync(
            connection,
            transaction,
            [
                submission with
                {
                    Trigger = "manual",
                    AcceptedBy = trigger.By,
                    Tenant = trigger.Tenant ?? row.Tenant,
                    IdempotencyKey = trigger.IdempotencyKey,
                    BodyHash = trigger.BodyHash,
                },
            ],
            allOrNone: false,
            stop
        );
        if (results[0] is SubmissionAccepted accepted)
        {
            await ExecuteAsync(connection, Fired, stop, P(row.Schedule.Id), Instant(now), P(accepted.ExecutionId));
        }

        await transaction.CommitAsync(stop);
        intake.Announce(results);
        var schedule = results[0] is SubmissionAccepted { ExecutionId: var id }
            ? row.Schedule with
            {
                LastFiredAt = now,
                LastExecutionId = id,
                LastError = null,
            }
            : row.Schedule;
        return Told(new ScheduleResult.Triggered(schedule, results[0]));
    }

    /// <summary>
    /// Deletes a schedule; its executions stay. One that is part of a job goes with a new version of the job that has none.
    /// </summary>
    public async Task<ScheduleResult> DeleteAsync(string name, int? expected, string? by, CancellationToken stop)
    {
        for (var race = 1; race <= MaxRaces; race++)
        {
            await using var connection = await database.Main.OpenConnectionAsync(stop);
            await using var transaction = await connection.BeginTransactionAsync(stop);
            if (await ReadAsync(connection, OneLocked, name, stop) is not { } row)
            {
                return new ScheduleResult.NotFound();
            }

            if (expected is not null && expected != row.Schedule.Version)
            {
                return new ScheduleResult.VersionMismatch(row.Schedule.Version);
            }

            if (!row.Schedule.FromJob)
            {
                await ExecuteAsync(connection, Remove, stop, P(row.Schedule.Id));
                await transaction.CommitAsync(stop);
                return Told(new ScheduleResult.Deleted(null));
            }

            // Saving the job locks the job first; a firing holds the schedule and wants the job. So this lock goes before.
            await transaction.RollbackAsync(stop);
            var job = JsonNode.Parse(row.JobSpec)!.AsObject();
            job.Remove("schedule");
            switch (await jobs.SaveAsync(row.Schedule.JobName, job, new ExpectedVersion(row.JobVersion), by, stop))
            {
                case JobSaveResult.Updated updated:
                    return Told(new ScheduleResult.Deleted(updated.Job.Version));
                case JobSaveResult.VersionMismatch:
                    // Somebody saved the job meanwhile: what it says now counts.
                    continue;
                case var other:
                    throw new InvalidOperationException(
                        $"Job '{row.Schedule.JobName}' has a schedule that its text does not have: {other.GetType().Name}."
                    );
            }
        }

        throw new InvalidOperationException($"The job of schedule '{name}' changed {MaxRaces} times meanwhile.");
    }

    private static ScheduleResult Refusal(string jobName, PreparedJob prepared) =>
        prepared.JobFaults.Count > 0
            ? new ScheduleResult.JobUnreadable(jobName, prepared.JobFaults)
            : new ScheduleResult.ParametersWrong(prepared.ParameterFaults);

    private static async Task<ScheduleRow?> ReadAsync(
        NpgsqlConnection connection,
        string sql,
        string name,
        CancellationToken stop
    )
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(P(name));
        await using var row = await command.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop) ? ScheduleRow.Read(row) : null;
    }

    private static async Task<int> ExecuteAsync(
        NpgsqlConnection connection,
        string sql,
        CancellationToken stop,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return await command.ExecuteNonQueryAsync(stop);
    }

    private static NpgsqlParameter Instant(DateTimeOffset? at) => P(at?.ToUniversalTime(), NpgsqlDbType.TimestampTz);

    private async Task<ScheduleResult?> TrySaveAsync(
        ScheduleDefinition wanted,
        CronSchedule cron,
        ExpectedVersion? expected,
        string? by,
        CancellationToken stop
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var present = await ReadAsync(connection, OneLocked, wanted.Name, stop);
        if (expected is not null && expected.Version != present?.Schedule.Version)
        {
            return new ScheduleResult.VersionMismatch(present?.Schedule.Version);
        }

        if (await FindJobAsync(connection, wanted.JobName, stop) is not var (jobId, jobVersion, jobSpec))
        {
            return new ScheduleResult.JobNotFound(wanted.JobName);
        }

        var now = await clock.NowAsync(connection, stop);
        var old = present?.Schedule;
        var pausedAt = wanted.Paused switch
        {
            true => old?.PausedAt ?? now,
            false => null,
            null => old?.PausedAt,
        };
        var keepsTime =
            old is { NextAt: not null } && (old.Cron, old.TimeZone) == (cron.Cron, cron.TimeZone) && pausedAt is null;
        var schedule = new SavedSchedule
        {
            Id = old?.Id ?? Guid.CreateVersion7(now),
            Name = wanted.Name,
            JobName = wanted.JobName,
            Cron = cron.Cron,
            TimeZone = cron.TimeZone,
            Parameters = wanted.Parameters,
            FromJob = old?.FromJob ?? false,
            PausedAt = pausedAt,
            PausedBy =
                pausedAt is null ? null
                : old?.PausedAt is null ? by
                : old.PausedBy,
            PauseReason = pausedAt is null ? null : old?.PauseReason,
            NextAt =
                pausedAt is not null ? null
                : keepsTime ? old!.NextAt // keepsTime says that it is there.
                : cron.Next(now)?.ToUniversalTime(),
            LastDueAt = old?.LastDueAt,
            LastFiredAt = old?.LastFiredAt,
            LastExecutionId = old?.LastExecutionId,
            Version = (old?.Version ?? 0) + 1,
            CreatedAt = old?.CreatedAt ?? now,
            UpdatedAt = now,
            CreatedBy = old is null ? by : old.CreatedBy,
        };
        var sameText =
            old is not null
            && (old.JobName, old.Cron, old.TimeZone) == (schedule.JobName, schedule.Cron, schedule.TimeZone)
            && JsonNode.DeepEquals(old.Parameters, schedule.Parameters);
        if (old is { FromJob: true } && !sameText)
        {
            return new ScheduleResult.PartOfJob(old.JobName);
        }

        var prepared = scheduled.Prepare(
            new ScheduleRow(schedule, present?.Tenant ?? wanted.Tenant, jobId, jobVersion, jobSpec)
        );
        if (prepared.Submission is null)
        {
            return Refusal(wanted.JobName, prepared);
        }

        if (sameText && old!.PausedAt == schedule.PausedAt) // sameText says that it is there.
        {
            return new ScheduleResult.Updated(old);
        }

        if (old is null)
        {
            var added = await ExecuteAsync(
                connection,
                Add,
                stop,
                P(schedule.Id),
                P(schedule.Name),
                P(jobId),
                P(schedule.Cron),
                P(schedule.TimeZone),
                Json(schedule.Parameters.ToJsonString()),
                P(wanted.Tenant),
                Instant(schedule.PausedAt),
                Instant(schedule.NextAt),
                Instant(now),
                P(by)
            );
            if (added == 0)
            {
                return null;
            }
        }
        else
        {
            await ExecuteAsync(
                connection,
                Change,
                stop,
                P(schedule.Id),
                P(jobId),
                P(schedule.Cron),
                P(schedule.TimeZone),
                Json(schedule.Parameters.ToJsonString()),
                Instant(schedule.PausedAt),
                Instant(schedule.NextAt),
                Instant(now),
                P(schedule.PausedBy),
                P(schedule.PauseReason)
            );
        }

        await transaction.CommitAsync(stop);
        return old is null ? new ScheduleResult.Created(schedule) : new ScheduleResult.Updated(schedule);
    }

    private async Task<ScheduleResult> SetPausedAsync(string name, PauseNote note, bool paused, CancellationToken stop)
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        if (await ReadAsync(connection, OneLocked, name, stop) is not { Schedule: var old } row)
        {
            return new ScheduleResult.NotFound();
        }

        if ((old.PausedAt is not null) == paused)
        {
            return new ScheduleResult.Updated(old);
        }

        var now = await clock.NowAsync(connection, stop);
        DateTimeOffset? next = null;
        if (!paused)
        {
            if (!CronSchedule.TryParse(old.Cron, old.TimeZone, out var cron, out var fault))
            {
                return new ScheduleResult.CronWrong(fault);
            }

            next = cron.Next(now)?.ToUniversalTime();
        }

        var schedule = old with
        {
            PausedAt = paused ? now : null,
            PausedBy = note.By,
            PauseReason = note.Reason,
            NextAt = next,
            LastError = null,
            Version = old.Version + 1,
            UpdatedAt = now,
        };
        await ExecuteAsync(
            connection,
            Change,
            stop,
            P(schedule.Id),
            P(row.JobId),
            P(schedule.Cron),
            P(schedule.TimeZone),
            Json(schedule.Parameters.ToJsonString()),
            Instant(schedule.PausedAt),
            Instant(schedule.NextAt),
            Instant(now),
            P(schedule.PausedBy),
            P(schedule.PauseReason)
        );
        await transaction.CommitAsync(stop);
        return Told(new ScheduleResult.Updated(schedule));
    }

    private static async Task<(Guid Id, int Version, string Spec)?> FindJobAsync(
        NpgsqlConnection connection,
        string name,
        CancellationToken stop
    )
    {
        await using var find = new NpgsqlCommand(FindJob, connection);
        find.Parameters.Add(P(name));
        await using var row = await find.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop) ? (row.GetGuid(0), row.GetInt32(1), row.GetString(2)) : null;
    }

    private ScheduleResult Told(ScheduleResult result)
    {
        signals.Raise(SignalKind.Schedule);
        return result;
    }
}
