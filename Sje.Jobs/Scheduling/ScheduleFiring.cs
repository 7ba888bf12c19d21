using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Scheduling;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Scheduling;

/// <summary>What a look at the schedules tells.</summary>
/// <param name="Now">The time of the look.</param>
/// <param name="WatchedSince">Since when some process has always been looking: what was due before was missed by all.</param>
/// <param name="NextAt">The earliest due time of any schedule, which may be past; null when there is none.</param>
internal sealed record ScheduleLook(DateTimeOffset Now, DateTimeOffset WatchedSince, DateTimeOffset? NextAt);

/// <summary>
/// Starts the jobs of schedules whose time has come: once for a due time, whoever comes first. Authority: the schedule's row. Its
/// <c>next_at</c> moves on in the transaction that creates the execution, under the row's lock, so that a process that dies in
/// between leaves either both or none, and two at once find one of them passing over; a unique index on schedule and due time
/// stands behind it. What all processes missed (none was running, or no database was there for a minute) is made up by one
/// execution, for the latest due time; what one late process missed is not lost.
/// </summary>
internal sealed partial class ScheduleFiring(
    Database database,
    ScheduledJobs scheduled,
    ExecutionIntake intake,
    Signals signals,
    IScheduleClock clock,
    ILogger<ScheduleFiring> log
)
{
    // One write in half a second, whoever makes it. A process that has just started knows of nobody's watch but by this row; one that
    // was there before was late itself, which is no reason to skip anything. A look in the future was one before the clock was set back.
    private const string Look = """
        with watch as (
            update sje.schedule_watch
            set since = case when looked_at between $1 - $2 and $1 + interval '1 minute' then since else $1 end, looked_at = $1
            where looked_at not between $1 - interval '500 milliseconds' and $1 + interval '1 minute'
                and exists (select from sje.schedules where next_at is not null)
            returning since
        )
        select coalesce(
                (select since from watch),
                (select case when looked_at between $1 - $2 and $1 + interval '1 minute' then since else $1 end from sje.schedule_watch)),
            (select min(next_at) from sje.schedules where next_at is not null)
        """;

    // A process that stands still inside the transaction must not hold its schedules for ever.
    private const string BoundTransaction = "set local idle_in_transaction_session_timeout = '5s'";

    private const string ClaimDue = $"""
        select {ScheduleRow.Columns} from {ScheduleRow.From}
        where s.next_at <= $1 and ($2::text is null or s.name = $2)
        order by s.next_at limit 50 for update of s skip locked
        """;

    private const string FindFired =
        "select scheduled_for from sje.executions where schedule_id = $1 and scheduled_for = any ($2)";

    private const string MoveOn = """
        update sje.schedules s set next_at = x.next_at, last_due_at = case when x.passed then s.last_due_at else x.due_at end,
            last_fired_at = case when x.passed then s.last_fired_at else $6 end, last_error = case when x.passed then s.last_error else x.error end,
            last_execution_id = coalesce(x.execution_id, s.last_execution_id), row_version = s.row_version + 1,
            hangfire_sync_at = clock_timestamp()
        from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::uuid[], $5::text[], $7::boolean[])
            x(id, next_at, due_at, execution_id, error, passed)
        where s.id = x.id
        """;

    private const string NoteError = """
        update sje.schedules set last_error = $2, row_version = row_version + 1, hangfire_sync_at = clock_timestamp()
        where name = $1 and last_error is distinct from $2
        """;

    private static readonly TimeSpan LongestRestart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);

    /// <summary>Looks what is due when. <paramref name="first"/>: this process did not look before.</summary>
    public async Task<ScheduleLook> LookAsync(bool first, CancellationToken stop)
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        var now = await clock.NowAsync(connection, stop);
        await using var look = new NpgsqlCommand(Look, connection);
        look.Parameters.Add(Instant(now));
        look.Parameters.Add(P(first ? LongestRestart : LongestDelay));
        await using var row = await look.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        return new ScheduleLook(
            now,
            row.GetFieldValue<DateTimeOffset>(0),
            await row.IsDBNullAsync(1, stop) ? null : row.GetFieldValue<DateTimeOffset>(1)
        );
    }

    /// <summary>Starts what is due of one schedule, if anything is. Whoever calls it, and how often, changes nothing.</summary>
    public async Task FireDueAsync(string name, CancellationToken stop)
    {
        var look = await LookAsync(first: false, stop);
        if (look.NextAt <= look.Now)
        {
            await FireAsync(look, name, stop);
        }
    }

    /// <summary>Starts what is due, of some schedules; returns how many were attended to.</summary>
    public async Task<int> FireDueAsync(ScheduleLook look, CancellationToken stop)
    {
        var names = new List<string>();
        try
        {
            return await FireAsync(look, null, names, null, stop);
        }
        catch (PostgresException e) when (IsOfOne(e))
        {
            // Something about one of them: it must not keep the others back.
            foreach (var name in names)
            {
                await FireAsync(look, name, stop);
            }

            return names.Count;
        }
    }

    /// <summary>Puts an error on a schedule, for people to see.</summary>
    public async Task NoteErrorAsync(string name, string error, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(NoteError);
        command.Parameters.Add(P(name));
        command.Parameters.Add(P(StorableText.Clean(error)));
        await command.ExecuteNonQueryAsync(stop);
        signals.Raise(SignalKind.Schedule);
    }

    /// <summary>What is wrong is the data, not the database.</summary>
    private static bool IsOfOne(PostgresException exception) => exception.SqlState[..2] is "22" or "23" or "54";

    private static NpgsqlParameter Instant(DateTimeOffset at) => P(at.ToUniversalTime(), NpgsqlDbType.TimestampTz);

    /// <summary>
    /// The due times to start now: each one after <paramref name="missedUntil"/>, and the latest of those before, if there are any.
    /// </summary>
    private static List<DateTimeOffset> DueTimes(
        CronSchedule cron,
        DateTimeOffset next,
        DateTimeOffset now,
        DateTimeOffset missedUntil
    )
    {
        var first = next;
        if (next <= missedUntil && cron.Latest(missedUntil) is { } latest && latest > next)
        {
            first = latest;
        }

        var due = new List<DateTimeOffset>();
        for (DateTimeOffset? at = first; at <= now; at = cron.Next(at.Value))
        {
            due.Add(at.Value);
        }

        return due;
    }

    /// <summary>One schedule alone: what is wrong with it becomes its error.</summary>
    private async Task FireAsync(ScheduleLook look, string name, CancellationToken stop)
    {
        try
        {
            await FireAsync(look, name, [], null, stop);
        }
        catch (PostgresException e) when (IsOfOne(e))
        {
            LogRefused(log, name, e.MessageText);
            await FireAsync(look, name, [], e, stop);
        }
    }

    private async Task<int> FireAsync(
        ScheduleLook look,
        string? only,
        List<string> names,
        PostgresException? refused,
        CancellationToken stop
    )
    {
        await using var connection = await database.Main.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        var firings = new List<Firing>();
        var unreadable = new List<(string Name, string Fault)>();
        foreach (var row in await ClaimAsync(connection, transaction, look.Now, only, stop))
        {
            names.Add(row.Schedule.Name);
            if (CronSchedule.TryParse(row.Schedule.Cron, row.Schedule.TimeZone, out var cron, out var fault))
            {
                var firing = Decide(row, cron, look);
                firings.Add(refused is null ? firing : await WithoutRefusedAsync(connection, firing, refused, stop));
            }
            else
            {
                // It was right when it was saved. It stays due: a process on a machine that has its zone may come.
                unreadable.Add((row.Schedule.Name, fault.Detail));
            }
        }

        var results = await intake.AcceptInAsync(
            connection,
            transaction,
            [.. firings.SelectMany(f => f.Submissions)],
            allOrNone: false,
            stop
        );
        if (firings.Count > 0)
        {
            await MoveOnAsync(connection, firings, results, look.Now, stop);
        }

        if (firings.Count > 0)
        {
            FaultPoint.At(FaultPoint.ScheduleWritten);
        }

        await transaction.CommitAsync(stop);
        if (firings.Count > 0)
        {
            FaultPoint.At(FaultPoint.ScheduleFired);
        }

        intake.Announce(results);
        if (firings.Count > 0)
        {
            signals.Raise(SignalKind.Schedule);
        }

        foreach (var firing in firings)
        {
            if (firing.Error is { } error)
            {
                LogCannot(log, firing.Stored.Schedule.Name, error);
            }
            else if (firing.Passed)
            {
                LogPassed(log, firing.Stored.Schedule.Name, firing.DueAt);
            }
            else
            {
                LogFired(log, firing.Stored.Schedule.Name, firing.DueAt);
            }
        }

        foreach (var (name, fault) in unreadable)
        {
            await NoteErrorAsync(name, fault, stop);
        }

        return firings.Count;
    }

    private static async Task<List<ScheduleRow>> ClaimAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        DateTimeOffset now,
        string? only,
        CancellationToken stop
    )
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        batch.Add(BoundTransaction).Add(ClaimDue, Instant(now), P(only));
        var rows = new List<ScheduleRow>();
        await using var reader = await batch.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            rows.Add(ScheduleRow.Read(reader));
        }

        return rows;
    }

    /// <summary>What a due schedule starts, and when it is due next.</summary>
    private Firing Decide(ScheduleRow row, CronSchedule cron, ScheduleLook look)
    {
        var late = look.Now - LongestDelay;
        // The claim was for rows that have it.
        var next = row.Schedule.NextAt!.Value;
        var missedUntil = late > look.WatchedSince ? late : look.WatchedSince;
        var due = DueTimes(cron, next, look.Now, missedUntil < look.Now ? missedUntil : look.Now);
        if (row.JobPaused)
        {
            // As where the schedule itself is paused: what is due meanwhile is not made up.
            return new Firing(row, due[^1], cron.Next(look.Now), [], null, Passed: true);
        }

        var prepared = scheduled.Prepare(row);
        return new Firing(
            row,
            due[^1],
            cron.Next(look.Now),
            prepared.Submission is { } submission
                ? due.ConvertAll(at => submission with { Trigger = "schedule", ScheduledFor = at.ToUniversalTime() })
                : [],
            prepared.Submission is null ? prepared.Error : null
        );
    }

    /// <summary>The database refused what this starts. Where that was its last guard, only what is new is started; else nothing is.</summary>
    private static async Task<Firing> WithoutRefusedAsync(
        NpgsqlConnection connection,
        Firing firing,
        PostgresException refused,
        CancellationToken stop
    )
    {
        if (refused.ConstraintName != "executions_scheduled_for")
        {
            return firing with
            {
                Submissions = [],
                Error = $"The database refused the execution: {refused.MessageText}",
            };
        }

        var fired = new HashSet<DateTimeOffset>();
        await using var find = new NpgsqlCommand(FindFired, connection);
        find.Parameters.Add(P(firing.Stored.Schedule.Id));
        find.Parameters.Add(Array(NpgsqlDbType.TimestampTz, firing.Submissions.Select(s => s.ScheduledFor)));
        await using var row = await find.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            fired.Add(row.GetFieldValue<DateTimeOffset>(0));
        }

        return firing with
        {
            // A due time that started something before has its execution already.
            Submissions = firing.Submissions.FindAll(s => !fired.Contains(s.ScheduledFor!.Value)),
        };
    }

    private static async Task MoveOnAsync(
        NpgsqlConnection connection,
        List<Firing> firings,
        IReadOnlyList<IntakeResult> results,
        DateTimeOffset now,
        CancellationToken stop
    )
    {
        var accepted = new List<Guid?>();
        var used = 0;
        foreach (var firing in firings)
        {
            used += firing.Submissions.Count;
            accepted.Add(firing.Submissions.Count > 0 ? ((SubmissionAccepted)results[used - 1]).ExecutionId : null);
        }

        await using var command = new NpgsqlCommand(MoveOn, connection);
        command.Parameters.Add(Array(NpgsqlDbType.Uuid, firings.Select(f => f.Stored.Schedule.Id)));
        command.Parameters.Add(Array(NpgsqlDbType.TimestampTz, firings.Select(f => f.NextAt?.ToUniversalTime())));
        command.Parameters.Add(Array(NpgsqlDbType.TimestampTz, firings.Select(f => f.DueAt.ToUniversalTime())));
        command.Parameters.Add(Array(NpgsqlDbType.Uuid, accepted));
        command.Parameters.Add(
            Array(NpgsqlDbType.Text, firings.Select(f => f.Error is { } e ? StorableText.Clean(e) : null))
        );
        command.Parameters.Add(Instant(now));
        command.Parameters.Add(Array(NpgsqlDbType.Boolean, firings.Select(f => f.Passed)));
        await command.ExecuteNonQueryAsync(stop);
    }

    private sealed record Firing(
        ScheduleRow Stored,
        DateTimeOffset DueAt,
        DateTimeOffset? NextAt,
        List<Submission> Submissions,
        string? Error,
        bool Passed = false
    );

    [LoggerMessage(150, LogLevel.Information, "Schedule '{Schedule}' started its job for {DueAt:u}")]
    private static partial void LogFired(ILogger logger, string schedule, DateTimeOffset dueAt);

    [LoggerMessage(
        153,
        LogLevel.Debug,
        "Schedule '{Schedule}' was due at {DueAt} and started nothing: its job is paused"
    )]
    private static partial void LogPassed(ILogger logger, string schedule, DateTimeOffset dueAt);

    [LoggerMessage(151, LogLevel.Warning, "Schedule '{Schedule}' was due and started nothing: {Reason}")]
    private static partial void LogCannot(ILogger logger, string schedule, string reason);

    [LoggerMessage(152, LogLevel.Warning, "What schedule '{Schedule}' starts was refused: {Reason}")]
    private static partial void LogRefused(ILogger logger, string schedule, string reason);
}
