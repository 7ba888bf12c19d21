using System.Globalization;
using Hangfire.Common;
using Hangfire.PostgreSql;
using Hangfire.States;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// The change of a background job's state that its running attempt makes, as one round trip: the statements of Hangfire.PostgreSql 1.21.1
/// (<c>PostgreSqlWriteOnlyTransaction</c>) gathered into a batch, behind the fence and on condition that the job is still in the state
/// that was read. That condition takes the place of Hangfire's lock on the job, of its read and of our question whether the attempt still
/// owns its task: where it does not hold, nothing is written, and Hangfire's worker tries again the long way, with all three.
/// <para>
/// What comes together with others of its kind is written together (<see cref="ViewWriter"/>).
/// </para>
/// <para>
/// Meant for what a claim's own worker thread writes. The first call that is anything else turns this into the stock transaction.
/// </para>
/// </summary>
internal sealed class AttemptTransition(SjeStorage storage, ViewWriter writer, ClaimedTask task)
    : PostgreSqlWriteOnlyTransaction(storage, () => null!)
{
    /// <summary>What <c>sje.demand</c> raises.</summary>
    private const string MovedOn = "SJE01";

    // $1 task, $2 attempt, $3 our states that the new one may stand for, $4 worker; the rest is Write's.
    private const string Running =
        "select 1 from sje.tasks where id = $1 and attempt = $2 and state = any ($3) and worker_id = $4";

    private const string WaitingAgain = """
        update sje.tasks set hangfire_sync_at = null
        where id = $1 and attempt = $2 and state = any ($3) and (worker_id is null or worker_id = $4) returning 1
        """;

    // Somebody may have dismissed it already; then the reconciler has to come.
    private const string Ended = """
        update sje.finished_tasks set hangfire_sync_at = case when dismissed_at is not null then hangfire_sync_at end
        where id = $1 and attempt = $2 and state = any ($3) and $4::uuid is not null returning 1
        """;

    private const string AddState =
        "insert into hangfire.state (jobid, name, reason, createdat, data) values ($1, $2, $3, $4, $5)";

    private const string AddCounters =
        "insert into hangfire.counter (key, value, expireat) select k, 1, now() + e from unnest($1::text[], $2::interval[]) x(k, e)";

    private const string AddMember = """
        insert into hangfire.set (key, value, score) values ($1, $2, $3) on conflict (key, value) do update set score = excluded.score
        """;

    private const string RemoveMember = "delete from hangfire.set where key = $1 and value = $2";

    private readonly string jobId = task.HangfireJobId!.Value.ToString(CultureInfo.InvariantCulture);
    private readonly List<Action> stockCalls = [];
    private readonly List<IState> traversed = [];
    private readonly List<(string Key, TimeSpan? ExpireIn)> counters = [];
    private readonly List<(string Key, string Value, double? Score)> members = [];
    private IState? state;
    private TimeSpan? expireIn;
    private bool announced;
    private bool stock;

    // $5 job, $6 state, $7 reason, $8 now, $9 data, $10 when it expires, $11 the state it must be in.
    private static string Write(string fence) =>
        $"""
            with fence as materialized ({fence}), s as (
                insert into hangfire.state (jobid, name, reason, createdat, data) select $5, $6, $7, $8, $9 from fence returning id
            ), j as (
                update hangfire.job set stateid = s.id, statename = $6, expireat = now() + $10
                from s where job.id = $5 and job.statename = $11 returning 1
            )
            select sje.demand(exists (select 1 from j))
            """;

    private static readonly string WriteRunning = Write(Running);
    private static readonly string WriteWaitingAgain = Write(WaitingAgain);
    private static readonly string WriteEnded = Write(Ended);

    /// <inheritdoc/>
    /// <exception cref="RowMovedException">The attempt owns its task no longer, or the job is in another state by now.</exception>
    public override void Commit()
    {
        var fence = state?.Name switch
        {
            "Processing" => WriteRunning,
            "Scheduled" => WriteWaitingAgain,
            "Succeeded" or "Failed" => WriteEnded,
            _ => null,
        };
        if (fence is null || !announced)
        {
            TurnStock();
        }

        var present = task.BackgroundJobState;
        task.BackgroundJobState = null;
        if (stock)
        {
            base.Commit();
            return;
        }

        if (present is null || !WrittenTogether(present))
        {
            WriteAlone(fence!, present);
        }

        FaultPoint.AtCommitted(state!.Name);
        task.BackgroundJobState = state.Name;
    }

    private bool WrittenTogether(string present) =>
        traversed.Count == 0
        && members.Count == 0
        && writer.Takes(state!.Name)
        && !FaultPoint.AwaitsWritten(state.Name)
        && writer.Write(new ViewChange(task, present, state, expireIn, counters));

    private void WriteAlone(string fence, string? present)
    {
        using var connection = storage.Database.Views.OpenConnection();
        using var batch = new NpgsqlBatch(connection);
        foreach (var passed in traversed)
        {
            batch.Add(AddState, [P(task.HangfireJobId!.Value), .. StateValues(passed)]);
        }

        batch.Add(
            fence,
            [
                P(task.Identity.TaskId),
                P(task.Identity.Attempt),
                P(HangfireStates.Ours(state!.Name), NpgsqlDbType.Array | NpgsqlDbType.Text),
                P(task.WorkerId),
                P(task.HangfireJobId!.Value),
                .. StateValues(state),
                P(expireIn),
                P(present),
            ]
        );
        if (counters.Count > 0)
        {
            batch.Add(
                AddCounters,
                P(counters.Select(c => c.Key).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Text),
                P(counters.Select(c => c.ExpireIn).ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Interval)
            );
        }

        foreach (var (key, value, score) in members)
        {
            if (score is { } s)
            {
                batch.Add(AddMember, P(key), P(value), P(s, NpgsqlDbType.Double));
            }
            else
            {
                batch.Add(RemoveMember, P(key), P(value));
            }
        }

        try
        {
            Execute(connection, batch, state.Name);
        }
        catch (PostgresException e) when (e.SqlState == MovedOn)
        {
            throw new RowMovedException(task.HangfireJobId.Value);
        }
    }

    /// <summary>The batch is a transaction of its own, but where a fault is to strike before its commit.</summary>
    private static void Execute(NpgsqlConnection connection, NpgsqlBatch batch, string state)
    {
        if (!FaultPoint.AwaitsWritten(state))
        {
            batch.ExecuteNonQuery();
            return;
        }

        using var transaction = connection.BeginTransaction();
        batch.ExecuteNonQuery();
        FaultPoint.AtWritten(state);
        transaction.Commit();
    }

    /// <inheritdoc/>
    public override void SetJobState(string jobId, IState state)
    {
        if (Gather(() => base.SetJobState(jobId, state), jobId) && this.state is null)
        {
            this.state = state;
        }
        else
        {
            TurnStock();
        }
    }

    /// <inheritdoc/>
    public override void AddJobState(string jobId, IState state)
    {
        if (Gather(() => base.AddJobState(jobId, state), jobId))
        {
            traversed.Add(state);
        }
    }

    /// <inheritdoc/>
    public override void AddToQueue(string queue, string jobId)
    {
        if (
            Gather(() => base.AddToQueue(queue, jobId), jobId)
            && StateChangeWord.Read(queue) is { } change
            && change.Old == task.BackgroundJobState
        )
        {
            announced = true;
        }
        else
        {
            TurnStock();
        }
    }

    /// <inheritdoc/>
    public override void ExpireJob(string jobId, TimeSpan expireIn)
    {
        if (Gather(() => base.ExpireJob(jobId, expireIn), jobId))
        {
            this.expireIn = expireIn;
        }
    }

    /// <inheritdoc/>
    public override void PersistJob(string jobId)
    {
        if (Gather(() => base.PersistJob(jobId), jobId))
        {
            expireIn = null;
        }
    }

    /// <inheritdoc/>
    public override void IncrementCounter(string key)
    {
        if (Gather(() => base.IncrementCounter(key)))
        {
            counters.Add((key, null));
        }
    }

    /// <inheritdoc/>
    public override void IncrementCounter(string key, TimeSpan expireIn)
    {
        if (Gather(() => base.IncrementCounter(key, expireIn)))
        {
            counters.Add((key, expireIn));
        }
    }

    /// <inheritdoc/>
    public override void AddToSet(string key, string value) => AddToSet(key, value, 0);

    /// <inheritdoc/>
    public override void AddToSet(string key, string value, double score)
    {
        if (Gather(() => base.AddToSet(key, value, score)))
        {
            members.Add((key, value, score));
        }
    }

    /// <inheritdoc/>
    public override void RemoveFromSet(string key, string value)
    {
        if (Gather(() => base.RemoveFromSet(key, value)))
        {
            members.Add((key, value, null));
        }
    }

    /// <inheritdoc/>
    public override void DecrementCounter(string key) => Stock(() => base.DecrementCounter(key));

    /// <inheritdoc/>
    public override void DecrementCounter(string key, TimeSpan expireIn) =>
        Stock(() => base.DecrementCounter(key, expireIn));

    /// <inheritdoc/>
    public override void InsertToList(string key, string value) => Stock(() => base.InsertToList(key, value));

    /// <inheritdoc/>
    public override void RemoveFromList(string key, string value) => Stock(() => base.RemoveFromList(key, value));

    /// <inheritdoc/>
    public override void TrimList(string key, int keepStartingFrom, int keepEndingAt) =>
        Stock(() => base.TrimList(key, keepStartingFrom, keepEndingAt));

    /// <inheritdoc/>
    public override void SetRangeInHash(string key, IEnumerable<KeyValuePair<string, string>> keyValuePairs) =>
        Stock(() => base.SetRangeInHash(key, keyValuePairs));

    /// <inheritdoc/>
    public override void RemoveHash(string key) => Stock(() => base.RemoveHash(key));

    /// <inheritdoc/>
    public override void ExpireSet(string key, TimeSpan expireIn) => Stock(() => base.ExpireSet(key, expireIn));

    /// <inheritdoc/>
    public override void ExpireList(string key, TimeSpan expireIn) => Stock(() => base.ExpireList(key, expireIn));

    /// <inheritdoc/>
    public override void ExpireHash(string key, TimeSpan expireIn) => Stock(() => base.ExpireHash(key, expireIn));

    /// <inheritdoc/>
    public override void PersistSet(string key) => Stock(() => base.PersistSet(key));

    /// <inheritdoc/>
    public override void PersistList(string key) => Stock(() => base.PersistList(key));

    /// <inheritdoc/>
    public override void PersistHash(string key) => Stock(() => base.PersistHash(key));

    /// <inheritdoc/>
    public override void AddRangeToSet(string key, IList<string> items) => Stock(() => base.AddRangeToSet(key, items));

    /// <inheritdoc/>
    public override void RemoveSet(string key) => Stock(() => base.RemoveSet(key));

    private static NpgsqlParameter[] StateValues(IState state) =>
        [
            P(state.Name),
            P(state.Reason),
            P(TimeProvider.System.GetUtcNow(), NpgsqlDbType.TimestampTz),
            Json(SerializationHelper.Serialize(state.SerializeData())),
        ];

    /// <summary>Remembers a call for the stock transaction too; false when this is one already, which then has made the call.</summary>
    private bool Gather(Action stockCall, string? about = null)
    {
        if (!stock && about is not null && about != jobId)
        {
            TurnStock();
        }

        if (stock)
        {
            stockCall();
            return false;
        }

        stockCalls.Add(stockCall);
        return true;
    }

    private void Stock(Action stockCall)
    {
        TurnStock();
        stockCall();
    }

    private void TurnStock()
    {
        if (stock)
        {
            return;
        }

        stock = true;
        foreach (var call in stockCalls)
        {
            call();
        }
    }
}
