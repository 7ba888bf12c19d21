using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NpgsqlTypes;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>How often the audit goes round.</summary>
/// <param name="Live">Pause between two sweeps over the tasks that are alive.</param>
/// <param name="Jobs">Pause between two sweeps over all background jobs.</param>
/// <param name="Slice">Rows looked at in one turn.</param>
internal sealed record AuditPace(TimeSpan Live, TimeSpan Jobs, int Slice)
{
    /// <summary>As in production.</summary>
    public static readonly AuditPace Default = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(60), 1_000);
}

/// <summary>
/// Finds what no flag marks: background jobs that show something else than their task is (<see cref="Agreement"/>), because somebody wrote
/// into Hangfire's tables, or a process without our filters pressed a button. Every process looks, slice by slice: whoever gets the lock of
/// the sweep's row has the turn. What is found is flagged for the reconciler, which looks again before it changes anything.
/// <para>
/// Two sweeps. One goes over the live tasks. The other goes over Hangfire's jobs, which are the live ones and those that ended within a day:
/// it sees ended tasks and jobs that belong to no task. Each slice is one statement that looks at both views in one snapshot, so a change
/// under way in one transaction is never half seen.
/// </para>
/// </summary>
internal sealed partial class ViewAudit(
    Database database,
    AuditPace pace,
    Signals signals,
    TimeProvider clock,
    ILogger<ViewAudit> log
) : BackgroundService
{
    // $1 rows of a slice, $2 right pairs, $3 pause after the sweep, $4 pause within it. A task without a job is the dispatcher's business.
    // Locked rows are passed over: whoever holds them is changing them.
    private const string LiveSlice = $"""
        with turn as materialized (
            select case when position ~ '^[0-9]+$' then position::bigint else 0 end as after from sje.audits
            where name = 'live' and next_at <= clock_timestamp() for update skip locked
        ), slice as materialized (
            select t.id, t.hangfire_job_id from turn cross join lateral (
                select id, hangfire_job_id from sje.tasks where hangfire_job_id > turn.after order by hangfire_job_id limit $1) t
        ), wrong as materialized (
            select t.id from slice s join sje.tasks t on t.id = s.id left join hangfire.job j on j.id = t.hangfire_job_id
            where t.hangfire_job_id = s.hangfire_job_id and t.hangfire_sync_at is null and (
                not ({Agreement.SideSql} || '|' || {Agreement.ShownSql}) = any ($2)
                or (t.state in ('queued', 'waiting_retry') and not t.dispatched))
            for update of t skip locked
        ), flagged as (
            update sje.tasks t set hangfire_sync_at = clock_timestamp() from wrong where t.id = wrong.id returning 1
        ), taken_back as (
            delete from hangfire.jobqueue q using slice s where q.jobid = s.hangfire_job_id returning 1
        ), moved as (
            update sje.audits a set
                position = case when n.count = $1 then (select max(hangfire_job_id)::text from slice) end,
                swept_at = case when n.count = $1 then a.swept_at else clock_timestamp() end,
                next_at = clock_timestamp() + case when n.count = $1 then $4 else $3 end
            from turn, (select count(*) from slice) n where a.name = 'live'
            returning 1
        )
        select (select count(*) from moved), (select count(*) from slice), (select count(*) from flagged), 0::bigint,
            (select count(*) from taken_back)
        """;

    // At the beginning of a sweep also what lies in Hangfire's own queue for a job that somebody has removed: no slice of jobs comes by it.
    private const string JobSlice = $"""
        with turn as materialized (
            select coalesce(position::bigint, 0) as after from sje.audits
            where name = 'jobs' and next_at <= clock_timestamp() for update skip locked
        ), slice as materialized (
            select j.* from turn cross join lateral (
                select id, statename, invocationdata ->> 'Type' like $5 as ours
                from hangfire.job where id > turn.after order by id limit $1) j
        ), wrong as materialized (
            select t.id from slice j join sje.finished_tasks t on t.hangfire_job_id = j.id
            where t.hangfire_sync_at is null and not ({Agreement.SideSql} || '|' || {Agreement.ShownSql}) = any ($2)
            for update of t skip locked
        ), flagged as (
            update sje.finished_tasks t set hangfire_sync_at = clock_timestamp() from wrong where t.id = wrong.id returning 1
        ), strays as (
            insert into sje.stray_background_jobs (hangfire_job_id)
            select id from slice j
            where ours and statename is not null and statename <> 'Deleted'
                and not exists (select 1 from sje.tasks t where t.hangfire_job_id = j.id)
                and not exists (select 1 from sje.finished_tasks t where t.hangfire_job_id = j.id)
            on conflict do nothing
            returning 1
        ), taken_back as (
            delete from hangfire.jobqueue q using slice j where j.ours and q.jobid = j.id returning 1
        ), left_over as (
            delete from hangfire.jobqueue q using turn
            where turn.after = 0 and not exists (select 1 from hangfire.job j where j.id = q.jobid)
                and (exists (select 1 from sje.tasks t where t.hangfire_job_id = q.jobid)
                    or exists (select 1 from sje.finished_tasks t where t.hangfire_job_id = q.jobid))
            returning 1
        ), moved as (
            update sje.audits a set
                position = case when n.count = $1 then (select max(id)::text from slice) end,
                swept_at = case when n.count = $1 then a.swept_at else clock_timestamp() end,
                next_at = clock_timestamp() + case when n.count = $1 then $4 else $3 end
            from turn, (select count(*) from slice) n where a.name = 'jobs'
            returning 1
        )
        select (select count(*) from moved), (select count(*) from slice), (select count(*) from flagged), (select count(*) from strays),
            (select count(*) from taken_back) + (select count(*) from left_over)
        """;

    private static readonly string OurType = typeof(TaskJob).FullName + "%";
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var poll = pace.Live < LongestPoll ? pace.Live : LongestPoll;
        while (!stoppingToken.IsCancellationRequested)
        {
            var more = false;
            try
            {
                more = await LookAsync(LiveSlice, pace.Live, null, stoppingToken);
                more |= await LookAsync(JobSlice, pace.Jobs, OurType, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
            }

            await Task.Delay(more ? Between : poll, clock, stoppingToken);
        }
    }

    /// <summary>Looks at the next slice, if it is anybody's turn; returns whether more are to follow at once.</summary>
    private async Task<bool> LookAsync(string sql, TimeSpan pause, string? ourType, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(P(pace.Slice));
        command.Parameters.Add(P(Agreement.RightPairs, NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(P(pause));
        command.Parameters.Add(P(Between));
        if (ourType is not null)
        {
            command.Parameters.Add(P(ourType));
        }

        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        var (turn, seen, flagged, strays, takenBack) = (
            row.GetInt64(0),
            row.GetInt64(1),
            row.GetInt64(2),
            row.GetInt64(3),
            row.GetInt64(4)
        );
        if (flagged + strays + takenBack > 0)
        {
            LogFound(log, flagged, strays, takenBack, seen);
            signals.Raise(SignalKind.Control);
        }

        return turn > 0 && seen == pace.Slice;
    }

    [LoggerMessage(
        340,
        LogLevel.Warning,
        "The audit found {Flagged} background jobs that do not show what their tasks are, {Strays} that belong to no task and "
            + "{TakenBack} in Hangfire's own queue, among {Seen}; they are being mended"
    )]
    private static partial void LogFound(ILogger logger, long flagged, long strays, long takenBack, long seen);

    [LoggerMessage(341, LogLevel.Warning, "No round of the audit: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
