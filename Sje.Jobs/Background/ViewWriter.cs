using Hangfire.Common;
using Hangfire.States;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>A background job's next state as its running attempt has it, and what Hangfire counts with it.</summary>
/// <param name="Task">The attempt that speaks.</param>
/// <param name="Present">The state that the job has to be in.</param>
/// <param name="State">The state it goes to.</param>
/// <param name="ExpireIn">When the job may be removed, from now; null never.</param>
/// <param name="Counters">Counters to be raised by one, each with its own expiry.</param>
internal sealed record ViewChange(
    ClaimedTask Task,
    string Present,
    IState State,
    TimeSpan? ExpireIn,
    IReadOnlyList<(string Key, TimeSpan? ExpireIn)> Counters
);

/// <summary>
/// Writes the changes of many background jobs that come at once as one statement: Processing as claims are begun, Succeeded as attempts
/// end. Each has its own fence and condition, as <see cref="AttemptTransition"/> has them alone. What is not as it has to be, or is held by
/// somebody else, is passed over and left to its caller.
/// </summary>
internal sealed class ViewWriter
{
    private const int MostTogether = 200;

    // One array each, an element a job: $1 task, $2 attempt, $3 worker, $4 job, $5 the state it must be in, $6 reason, $7 now, $8 data, $9 when it
    // expires; $10 the new state, $11 our states that it may stand for; counters, an element each: $12 job, $13 key, $14 when it expires.
    private static string Write(string table, string owned, string locked, string agree) =>
        $"""
            with said as (
                select * from unnest($1::uuid[], $2::int[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::jsonb[],
                    $9::interval[]) s(task, number, worker, job, present, reason, at, data, expiry)
            ), fence as materialized (
                select s.* from said s join {table} t on t.id = s.task join hangfire.job j on j.id = s.job
                where t.attempt = s.number and t.state = any ($11) and {owned} and j.statename = s.present
                for no key update of {locked} skip locked
            ), state as (
                insert into hangfire.state (jobid, name, reason, createdat, data) select job, $10, reason, at, data from fence
                returning id, jobid
            ), job as (
                update hangfire.job set stateid = state.id, statename = $10, expireat = now() + fence.expiry
                from state join fence on fence.job = state.jobid where job.id = state.jobid
            ), counted as (
                insert into hangfire.counter (key, value, expireat)
                select c.key, count(*), now() + max(c.expiry)
                from unnest($12::bigint[], $13::text[], $14::interval[]) c(job, key, expiry) join fence on fence.job = c.job group by c.key
            ){agree}
            select job from fence
            """;

    private static readonly string Begun = Write("sje.tasks", "t.worker_id = s.worker", "j", "");

    private static readonly string Ended = Write(
        "sje.finished_tasks",
        "s.worker is not null",
        "t, j",
        ", agreed as (update sje.finished_tasks f set hangfire_sync_at = case when f.dismissed_at is not null then f.hangfire_sync_at end from fence where f.id = fence.task)"
    );

    private readonly NpgsqlDataSource views;
    private readonly Dictionary<string, GroupWriter<ViewChange, bool>> together;

    /// <summary>Writes through <see cref="Database.Views"/>.</summary>
    public ViewWriter(Database database)
    {
        views = database.Views;
        GroupWriter<ViewChange, bool> Of(string state, string sql) =>
            new(MostTogether, changes => WriteAsync(sql, state, changes));
        together = new()
        {
            [ProcessingState.StateName] = Of(ProcessingState.StateName, Begun),
            [SucceededState.StateName] = Of(SucceededState.StateName, Ended),
        };
    }

    /// <summary>Whether changes to this state are written together.</summary>
    public bool Takes(string state) => together.ContainsKey(state);

    /// <summary>Writes a change, alone or with others; false when it was passed over.</summary>
    /// <exception cref="NpgsqlException">The database could not be reached; whether it was written is unknown.</exception>
    public bool Write(ViewChange change) => together[change.State.Name].WriteAsync(change).GetAwaiter().GetResult();

    private async Task<bool[]> WriteAsync(string sql, string state, IReadOnlyList<ViewChange> changes)
    {
        NpgsqlParameter Each<T>(NpgsqlDbType type, Func<ViewChange, T> value) => Array(type, changes.Select(value));
        var now = TimeProvider.System.GetUtcNow();
        var counters = changes
            .SelectMany(c => c.Counters.Select(k => (Job: c.Task.HangfireJobId!.Value, k.Key, k.ExpireIn)))
            .ToList();
        var written = new HashSet<long>();
        try
        {
            await using var command = views.CreateCommand(sql);
            NpgsqlParameter[] values =
            [
                Each(NpgsqlDbType.Uuid, c => c.Task.Identity.TaskId),
                Each(NpgsqlDbType.Integer, c => c.Task.Identity.Attempt),
                Each(NpgsqlDbType.Uuid, c => c.Task.WorkerId),
                Each(NpgsqlDbType.Bigint, c => c.Task.HangfireJobId!.Value),
                Each(NpgsqlDbType.Text, c => c.Present),
                Each(NpgsqlDbType.Text, c => c.State.Reason),
                Each(NpgsqlDbType.TimestampTz, _ => now),
                Each(NpgsqlDbType.Jsonb, c => SerializationHelper.Serialize(c.State.SerializeData())),
                Each(NpgsqlDbType.Interval, c => c.ExpireIn),
                P(state),
                Array(NpgsqlDbType.Text, HangfireStates.Ours(state)),
                Array(NpgsqlDbType.Bigint, counters.Select(c => c.Job)),
                Array(NpgsqlDbType.Text, counters.Select(c => c.Key)),
                Array(NpgsqlDbType.Interval, counters.Select(c => c.ExpireIn)),
            ];
            command.Parameters.AddRange(values);
            await using var rows = await command.ExecuteReaderAsync();
            while (await rows.ReadAsync())
            {
                written.Add(rows.GetInt64(0));
            }
        }
        catch (PostgresException e) when (DatabaseOutage.Classify(e) is null)
        {
            return new bool[changes.Count];
        }

        return changes.Select(c => written.Contains(c.Task.HangfireJobId!.Value)).ToArray();
    }
}
