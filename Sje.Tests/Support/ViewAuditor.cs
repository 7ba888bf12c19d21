using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Background;
using Sje.Jobs.Queueing;

namespace Sje.Tests.Support;

/// <summary>
/// Compares our tables and Hangfire's, job by job, by <see cref="Agreement"/>; and our tables with themselves. One snapshot for all, so
/// that nothing it says is an effect of looking twice.
/// </summary>
internal static class ViewAuditor
{
    private const string Pairs = $"""
        select t.id, t.name, e.name, {Agreement.SideSql}, {Agreement.ShownSql}, t.attempt,
            format('dispatched %s, flagged %s, job %s, %s', t.dispatched, t.hangfire_sync_at - clock_timestamp(), t.hangfire_job_id, t.reason)
        from sje.all_tasks t left join hangfire.job j on j.id = t.hangfire_job_id left join sje.executions e on e.id = t.execution_id
        where t.lane = 'background'
        """;

    // A job in a final state may be a stray's end; one without a state is the leftover of a creator that died, and expires.
    private const string Strays = """
        select format('background job %s is %s and no task has it', j.id, j.statename)
        from hangfire.job j
        where j.invocationdata ->> 'Type' like 'Sje.Jobs.Background.TaskJob%' and j.statename is not null and j.statename <> 'Deleted'
            and not exists (select 1 from sje.all_tasks t where t.hangfire_job_id = j.id)
        union all
        select format('background job %s of a task lies in a queue of Hangfire''s own', q.jobid)
        from hangfire.jobqueue q join sje.all_tasks t on t.hangfire_job_id = q.jobid
        """;

    // Only a task whose job Hangfire's worker takes may be claimed, and one that may never be claimed would wait for ever.
    private const string Claimable = """
        select format('task %s (%s) is %s with background job %s in %s, dispatched %s', t.id, t.name, t.state, j.id, j.statename, t.dispatched)
        from sje.tasks t join hangfire.job j on j.id = t.hangfire_job_id
        where t.state in ('queued', 'waiting_retry') and t.dispatched <> (j.statename in ('Enqueued', 'Scheduled', 'Processing'))
        """;

    /// <summary>What must be true at any moment, whatever the lag: attempts and tasks agree among themselves.</summary>
    private const string Broken = """
        select format('task %s (%s) is %s and has %s open attempts', t.id, t.name, t.state, count(a.number))
        from sje.all_tasks t left join sje.all_attempts a on a.task_id = t.id and a.ended_at is null
        group by t.id, t.name, t.state
        having count(a.number) <> case when t.state = 'running' then 1 else 0 end
        union all
        select format('task %s (%s) is at attempt %s of %s', t.id, t.name, t.attempt, coalesce(max(a.number), 0))
        from sje.all_tasks t left join sje.all_attempts a on a.task_id = t.id
        group by t.id, t.name, t.attempt
        having coalesce(max(a.number), 0) <> t.attempt or count(a.number) <> t.attempt
        union all
        select format('execution %s is %s with %s live tasks', e.id, e.state, count(t.id))
        from sje.executions e left join sje.tasks t on t.execution_id = e.id
        group by e.id, e.state, e.finished_at
        having (count(t.id) = 0) <> (e.finished_at is not null)
        union all
        select format('task %s is in both tables', t.id) from sje.tasks t join sje.finished_tasks f on f.id = t.id
        union all
        select format('background job %s belongs to %s tasks', hangfire_job_id, count(*)) from sje.all_tasks
        where hangfire_job_id is not null group by hangfire_job_id having count(*) > 1
        """;

    /// <summary>A line for everything in which the views do not agree now; empty when they do.</summary>
    public static async Task<IReadOnlyList<string>> DisagreementsAsync(TestDatabase db)
    {
        await using var connection = await OpenAsync(db);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var lines = new List<string>();
        await using (var command = new NpgsqlCommand(Pairs, connection))
        {
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync())
            {
                var (side, shown) = (row.GetString(3), row.GetString(4));
                var standing = Agreement.Of(side, shown);
                if (standing != Standing.Right)
                {
                    lines.Add(
                        $"task {row.GetGuid(0)} ({(row.IsDBNull(2) ? "?" : row.GetString(2))} / {row.GetString(1)}) is {side} "
                            + $"and Hangfire shows {shown}: {standing}; attempt {row.GetInt32(5)}, {row.GetString(6)}"
                    );
                }
            }
        }

        await AddAsync(lines, connection, Strays);
        await AddAsync(lines, connection, Claimable);
        await AddAsync(lines, connection, Broken);
        return lines;
    }

    /// <summary>A line for everything in our own tables that must not be, whatever is under way.</summary>
    public static async Task<IReadOnlyList<string>> BrokenAsync(TestDatabase db)
    {
        await using var connection = await OpenAsync(db);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var lines = new List<string>();
        await AddAsync(lines, connection, Broken);
        return lines;
    }

    /// <summary>Waits until both views agree; returns the seconds it took.</summary>
    public static async Task<double> AgreeAsync(TestDatabase db, double seconds = 15)
    {
        var since = BootClock.Now;
        while (true)
        {
            IReadOnlyList<string> lines;
            try
            {
                lines = await DisagreementsAsync(db);
            }
            catch (NpgsqlException e) when (DatabaseOutage.Classify(e) is not null)
            {
                // A test that breaks connections breaks this one too.
                lines = [e.Message];
            }

            var took = BootClock.Now - since;
            if (lines.Count == 0)
            {
                return took;
            }

            if (took > seconds)
            {
                Assert.Fail(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The views do not agree after {seconds} s, in {lines.Count} places:\n{string.Join('\n', lines.Take(20))}"
                    )
                );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    /// <summary>Hangfire's history of a task's background job, oldest first: <c>Enqueued (why), Processing</c>.</summary>
    public static async Task<IReadOnlyList<(string State, string? Reason)>> HistoryAsync(TestDatabase db, long job)
    {
        await using var command = db.Database.Main.CreateCommand(
            "select name, reason from hangfire.state where jobid = $1 order by id"
        );
        command.Parameters.Add(new NpgsqlParameter { Value = job, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var row = await command.ExecuteReaderAsync();
        var states = new List<(string, string?)>();
        while (await row.ReadAsync())
        {
            states.Add((row.GetString(0), await row.IsDBNullAsync(1) ? null : row.GetString(1)));
        }

        return states;
    }

    private static async Task<NpgsqlConnection> OpenAsync(TestDatabase db) =>
        await db.Database.Main.OpenConnectionAsync();

    private static async Task AddAsync(List<string> lines, NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            lines.Add(row.GetString(0));
        }
    }
}
