using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Core.Scheduling;

namespace Sje.Jobs.Storage;

/// <summary>
/// The schedule that is part of a job, written in the transaction that saves the job. It bears the job's name. Its row is
/// otherwise that of any schedule.
/// </summary>
internal sealed class JobScheduleTable(IScheduleClock clock)
{
    private const string Remove = "delete from sje.schedules where job_id = $1 and from_job";

    private const string RemoveAll = """
        delete from sje.schedules where job_id = (select id from sje.jobs where name = $1 and ($2::int is null or version = $2))
        """;

    private const string Find = """
        select s.job_id, s.from_job, s.cron, s.time_zone, j.name from sje.schedules s join sje.jobs j on j.id = s.job_id
        where s.name = $1 for update of s
        """;

    private const string Add = """
        insert into sje.schedules (id, name, job_id, from_job, cron, time_zone, next_at, created_by, created_at, updated_at)
        values ($1, $2, $3, true, $4, $5, $6, $7, $8, $8)
        """;

    // A paused one stays paused. Its parameters are the job's defaults.
    private const string Change = """
        update sje.schedules set from_job = true, cron = $2, time_zone = $3, parameters = '{}', last_error = null,
            next_at = case when paused_at is null then $4::timestamptz end, version = version + 1, updated_at = $5,
            row_version = row_version + 1, hangfire_sync_at = clock_timestamp()
        where name = $1
        """;

    /// <summary>
    /// Makes the row be as the job says. Returns the name of another job whose schedule has the name already, or null when all is
    /// well.
    /// </summary>
    public async Task<string?> FollowAsync(
        NpgsqlConnection connection,
        Guid jobId,
        string name,
        JsonObject job,
        string? by,
        CancellationToken stop
    )
    {
        if (Read(job) is not { } spec)
        {
            await ExecuteAsync(connection, Remove, stop, new NpgsqlParameter { Value = jobId });
            return null;
        }

        if (!CronSchedule.TryParse(spec.Cron, spec.TimeZone, out var cron, out var fault))
        {
            throw new ArgumentException($"The schedule of job '{name}': {fault.Detail}", nameof(job));
        }

        var now = await clock.NowAsync(connection, stop);
        NpgsqlParameter next = new()
        {
            Value = cron.Next(now)?.ToUniversalTime() ?? (object)DBNull.Value,
            NpgsqlDbType = NpgsqlDbType.TimestampTz,
        };
        switch (await FindAsync(connection, name, stop))
        {
            case null:
                await ExecuteAsync(
                    connection,
                    Add,
                    stop,
                    new() { Value = Guid.CreateVersion7(now) },
                    new() { Value = name },
                    new() { Value = jobId },
                    new() { Value = cron.Cron },
                    new() { Value = cron.TimeZone },
                    next,
                    new() { Value = by ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                    new() { Value = now }
                );
                return null;
            case { } other when other.JobId != jobId:
                return other.JobName;
            case { FromJob: true } same when same.Cron == cron.Cron && same.TimeZone == cron.TimeZone:
                return null;
            default:
                await ExecuteAsync(
                    connection,
                    Change,
                    stop,
                    new() { Value = name },
                    new() { Value = cron.Cron },
                    new() { Value = cron.TimeZone },
                    next,
                    new() { Value = now }
                );
                return null;
        }
    }

    /// <summary>
    /// Removes every schedule of a job that is about to be deleted. Firing locks a schedule before its job, so must this: left to
    /// the foreign key, it would be the other way round.
    /// </summary>
    public static Task RemoveAllAsync(
        NpgsqlConnection connection,
        string jobName,
        int? version,
        CancellationToken stop
    ) =>
        ExecuteAsync(
            connection,
            RemoveAll,
            stop,
            new() { Value = jobName },
            new() { Value = version ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer }
        );

    /// <summary>What a job in canonical form says of its schedule.</summary>
    private static ScheduleSpec? Read(JsonObject job) =>
        job["schedule"] is JsonObject schedule
            ? new ScheduleSpec(
                schedule["cron"]?.GetValue<string>() ?? "",
                schedule["timeZone"]?.GetValue<string>() ?? CronSchedule.DefaultTimeZone
            )
            : null;

    private static async Task<Existing?> FindAsync(NpgsqlConnection connection, string name, CancellationToken stop)
    {
        await using var find = new NpgsqlCommand(Find, connection);
        find.Parameters.Add(new() { Value = name });
        await using var row = await find.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop)
            ? new Existing(row.GetGuid(0), row.GetBoolean(1), row.GetString(2), row.GetString(3), row.GetString(4))
            : null;
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection,
        string sql,
        CancellationToken stop,
        params NpgsqlParameter[] parameters
    )
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(stop);
    }

    private sealed record Existing(Guid JobId, bool FromJob, string Cron, string TimeZone, string JobName);
}
