using System.Globalization;
using Hangfire;
using Hangfire.Common;
using Hangfire.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Sje.Core.Scheduling;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// Lets Hangfire's recurring jobs follow our schedules, in every process, row by row. A changed row is flagged in the transaction that
/// changes it; whoever brings it up takes Hangfire's lock of the recurring job, reads the row, writes what differs, and clears the flag if
/// the row has not moved meanwhile. A process that dies in between leaves the flag. Recurring jobs of schedules that are gone are
/// looked for. Recurring jobs of others are left alone, also under the name of a schedule.
/// </summary>
internal sealed partial class RecurringView : BackgroundService
{
    /// <summary>Where Hangfire keeps its recurring jobs: a set of names by next run, and a hash for each.</summary>
    public const string Set = "recurring-jobs";

    /// <summary>The key of a recurring job's hash begins so.</summary>
    public const string HashPrefix = "recurring-job:";

    /// <summary>Tells a payload of ours, in SQL, in both ways that Hangfire writes payloads.</summary>
    public static readonly string IsOurs =
        $$"""(h.value like '{"Type":"{{typeof(ScheduleJob).FullName}},%' or h.value like '{"t":"{{typeof(ScheduleJob).FullName}},%')""";

    private const string Lease = """
        with picked as (
            select id from sje.schedules where hangfire_sync_at <= clock_timestamp()
            order by hangfire_sync_at limit 50 for update skip locked
        )
        update sje.schedules s set hangfire_sync_at = clock_timestamp() + interval '10 seconds' from picked p where s.id = p.id
        returning s.name
        """;

    // The background job is that of the execution's first task that has one. While it is still to be made, the link waits for it.
    private const string Read = """
        select s.id, s.row_version, j.name, s.cron, s.time_zone, s.next_at, s.last_fired_at, s.last_error, s.created_at, b.job,
            b.job is null and exists (
                select from sje.tasks t where t.execution_id = s.last_execution_id and t.lane = 'background' and t.state = 'queued'
                    and t.hangfire_job_id is null)
        from sje.schedules s join sje.jobs j on j.id = s.job_id
        left join lateral (
            select t.hangfire_job_id as job from sje.all_tasks t
            where t.execution_id = s.last_execution_id and t.hangfire_job_id is not null order by t.ordinal limit 1) b on true
        where s.name = $1
        """;

    private const string Agreed = "update sje.schedules set hangfire_sync_at = null where id = $1 and row_version = $2";

    private const string LookAgain = """
        update sje.schedules set hangfire_sync_at = clock_timestamp() + $3 where id = $1 and row_version = $2
        """;

    private static readonly string Leftovers = $"""
        select substr(h.key, {HashPrefix.Length + 1}) from hangfire.hash h
        where h.key like '{HashPrefix}%' and h.field = 'Job' and {IsOurs}
            and not exists (select from sje.schedules s where s.name = substr(h.key, {HashPrefix.Length + 1}))
        limit 100
        """;

    // Hangfire forgets an ended job after a day, and a weekly schedule's last run would be a dead link for six. While it is the last one, it is
    // kept for another week.
    private const string KeepLastJobs = """
        update hangfire.job j set expireat = now() + interval '7 days'
        from sje.schedules s cross join lateral (
            select t.hangfire_job_id as id from sje.all_tasks t
            where t.execution_id = s.last_execution_id and t.hangfire_job_id is not null order by t.ordinal limit 1) last
        where j.id = last.id and j.expireat < now() + interval '6 days'
        """;

    private static readonly TimeSpan BetweenKeeping = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Later = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan BetweenSweeps = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    private readonly Database database;
    private readonly SjeStorage storage;
    private readonly Signals signals;
    private readonly TimeProvider time;
    private readonly ILogger<RecurringView> log;
    private long? sweptAt;
    private long? keptAt;

    /// <summary>With Hangfire configured: its settings tell how payloads are written.</summary>
    public RecurringView(
        Database database,
        SjeStorage storage,
        Signals signals,
        TimeProvider time,
        IGlobalConfiguration configured,
        ILogger<RecurringView> log
    )
    {
        _ = configured;
        (this.database, this.storage, this.signals, this.time, this.log) = (database, storage, signals, time, log);
    }

    /// <summary>Brings up one schedule's recurring job now. What fails is left to the loop.</summary>
    public void TryBringUp(string name)
    {
        try
        {
            BringUp(name);
        }
        catch (Exception e) when (e is NpgsqlException or DistributedLockTimeoutException)
        {
            LogLeft(log, name, e.Message);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Hangfire's storage is synchronous; its waits must not hold the thread that starts the host.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            var change = signals.Next(SignalKind.Schedule);
            var wait = Poll;
            try
            {
                wait = await RoundAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await signals.WaitAsync(change, wait, stoppingToken);
        }
    }

    private async Task<TimeSpan> RoundAsync(CancellationToken stop)
    {
        var settled = true;
        foreach (var name in await NamesAsync(Lease, stop))
        {
            settled &= BringUp(name);
        }

        if (sweptAt is not { } at || time.GetElapsedTime(at) > BetweenSweeps)
        {
            foreach (var name in await NamesAsync(Leftovers, stop))
            {
                BringUp(name);
            }

            sweptAt = time.GetTimestamp();
        }

        if (keptAt is not { } kept || time.GetElapsedTime(kept) > BetweenKeeping)
        {
            await using var keep = database.Main.CreateCommand(KeepLastJobs);
            await keep.ExecuteNonQueryAsync(stop);
            keptAt = time.GetTimestamp();
        }

        return settled ? Poll : Soon;
    }

    private async Task<List<string>> NamesAsync(string sql, CancellationToken stop)
    {
        var names = new List<string>();
        await using var command = database.Main.CreateCommand(sql);
        await using var rows = await command.ExecuteReaderAsync(stop);
        while (await rows.ReadAsync(stop))
        {
            names.Add(rows.GetString(0));
        }

        return names;
    }

    /// <summary>Under Hangfire's lock: writes, or removes, one recurring job. False when there will soon be more to write.</summary>
    private bool BringUp(string name)
    {
        using var connection = (SjeConnection)storage.GetConnection();
        using var held = connection.AcquireDistributedLock("lock:" + HashPrefix + name, LockTimeout);
        var shown = connection.GetAllEntriesFromHash(HashPrefix + name) ?? [];
        var isForeign =
            shown.TryGetValue("Job", out var payload)
            && !InvocationData
                .DeserializePayload(payload)
                .Type.StartsWith(typeof(ScheduleJob).FullName + ",", StringComparison.Ordinal);
        if (Find(name) is not { } row)
        {
            if (!isForeign && shown.Count > 0)
            {
                Remove(connection, name);
                LogRemoved(log, name);
            }

            return true;
        }

        if (isForeign)
        {
            LogForeign(log, name);
            Settle(LookAgain, row, Later);
            return true;
        }

        Write(connection, row, name, shown);
        FaultPoint.At(FaultPoint.RecurringWritten);
        Settle(row.JobToCome ? LookAgain : Agreed, row, row.JobToCome ? Soon : null);
        return !row.JobToCome;
    }

    private static void Remove(SjeConnection connection, string name)
    {
        using var transaction = connection.CreatePlainTransaction();
        transaction.RemoveHash(HashPrefix + name);
        transaction.RemoveFromSet(Set, name);
        transaction.Commit();
    }

    private static void Write(SjeConnection connection, Row row, string name, Dictionary<string, string> shown)
    {
        var job = new Job(
            typeof(ScheduleJob),
            typeof(ScheduleJob).GetMethod(nameof(ScheduleJob.Fire))!,
            [row.JobName, name],
            ForeignJobOptions.DefaultQueue
        );
        var fields = new Dictionary<string, string>
        {
            ["V"] = "2",
            ["Queue"] = ForeignJobOptions.DefaultQueue,
            ["Job"] = InvocationData.SerializeJob(job).SerializePayload(),
            ["Cron"] = row.Cron,
            ["TimeZoneId"] = row.TimeZone,
            ["CreatedAt"] = JobHelper.SerializeDateTime(row.CreatedAt.UtcDateTime),
            // Without a next run Hangfire's page calls it disabled, which a paused one is.
            ["NextExecution"] = row.NextAt is { } next ? JobHelper.SerializeDateTime(next.UtcDateTime) : "",
            ["Error"] = row.Error ?? "",
            ["RetryAttempt"] = "0",
        };
        if (!row.JobToCome)
        {
            fields["LastExecution"] = row.LastFiredAt is { } last ? JobHelper.SerializeDateTime(last.UtcDateTime) : "";
            fields["LastJobId"] = row.JobId?.ToString(CultureInfo.InvariantCulture) ?? "";
        }

        var changed = fields.Where(f => !shown.TryGetValue(f.Key, out var value) || value != f.Value).ToList();
        using var transaction = connection.CreatePlainTransaction();
        if (changed.Count > 0)
        {
            transaction.SetRangeInHash(HashPrefix + name, changed);
        }

        transaction.AddToSet(Set, name, row.NextAt is { } at ? JobHelper.ToTimestamp(at.UtcDateTime) : -1);
        transaction.Commit();
    }

    private Row? Find(string name)
    {
        using var command = database.Main.CreateCommand(Read);
        command.Parameters.Add(P(name));
        using var row = command.ExecuteReader();
        if (!row.Read())
        {
            return null;
        }

        DateTimeOffset? Instant(int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
        var (cron, zone) = (row.GetString(3), row.GetString(4));
        return new Row(
            row.GetGuid(0),
            row.GetInt64(1),
            row.GetString(2),
            CronSchedule.TryParse(cron, zone, out var known, out _) ? known.FiveFields : cron,
            zone,
            Instant(5),
            Instant(6),
            row.IsDBNull(7) ? null : row.GetString(7),
            row.GetFieldValue<DateTimeOffset>(8),
            row.IsDBNull(9) ? null : row.GetInt64(9),
            row.GetBoolean(10)
        );
    }

    private void Settle(string sql, Row row, TimeSpan? delay)
    {
        using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(P(row.Id));
        command.Parameters.Add(P(row.Version));
        if (delay is not null)
        {
            command.Parameters.Add(P(delay));
        }

        command.ExecuteNonQuery();
    }

    private sealed record Row(
        Guid Id,
        long Version,
        string JobName,
        string Cron,
        string TimeZone,
        DateTimeOffset? NextAt,
        DateTimeOffset? LastFiredAt,
        string? Error,
        DateTimeOffset CreatedAt,
        long? JobId,
        bool JobToCome
    );

    [LoggerMessage(350, LogLevel.Warning, "No round of recurring jobs: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(351, LogLevel.Debug, "The recurring job of schedule '{Schedule}' is left to the loop: {Reason}")]
    private static partial void LogLeft(ILogger logger, string schedule, string reason);

    [LoggerMessage(352, LogLevel.Information, "Removed recurring job '{Schedule}': there is no such schedule any more")]
    private static partial void LogRemoved(ILogger logger, string schedule);

    [LoggerMessage(
        353,
        LogLevel.Warning,
        "Schedule '{Schedule}' is not shown in Hangfire: somebody else's recurring job has its name"
    )]
    private static partial void LogForeign(ILogger logger, string schedule);
}
