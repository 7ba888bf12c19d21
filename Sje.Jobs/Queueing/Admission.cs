using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Queueing;

/// <summary>What a job's limit makes of an execution that is being accepted.</summary>
internal enum Entry
{
    /// <summary>It may go on.</summary>
    Admitted,

    /// <summary>It waits until another has ended.</summary>
    Held,

    /// <summary>Its tasks are skipped.</summary>
    Skipped,

    /// <summary>It is cancelled.</summary>
    Cancelled,
}

/// <summary>
/// Keeps the number of executions of a job that go on at a time (<c>concurrency.max</c>). An execution has its place from its admission to its
/// end, whatever its tasks do meanwhile: nothing is counted up or down, so no death can lose a place or keep one. Who decides holds an
/// advisory lock on the job, in the transaction that writes the decision. What waits is looked at when anything changed, and once a second.
/// </summary>
public sealed partial class Admission(Database database, Signals signals, TimeProvider clock, ILogger<Admission> log)
    : BackgroundService
{
    private const string LockOne = "select pg_advisory_xact_lock(hashtextextended($1, 730))";

    // $1 keys, $2 whether all that wait matter, or only whether any do.
    private const string GoingOn = """
        select k.name, x.id, x.admitted, x.ending
        from unnest($1::text[], $2::boolean[]) k(name, every) cross join lateral (
            select id, true as admitted, cancel_requested_at is not null as ending from sje.executions e
            where e.concurrency_key = k.name and e.finished_at is null and e.admitted_at is not null
            union all (
            select id, false, cancel_requested_at is not null from sje.executions e
            where e.concurrency_key = k.name and e.finished_at is null and e.admitted_at is null
            limit case when k.every then 100000 else 1 end)) x
        order by x.id
        """;

    // A walk from key to key: however many wait for one, it costs one look-up.
    private const string Waiting = """
        with recursive k(name) as (
            (select concurrency_key from sje.executions
                where concurrency_key is not null and finished_at is null and admitted_at is null order by 1 limit 1)
            union all
            select (select concurrency_key from sje.executions e
                where e.concurrency_key > k.name and finished_at is null and admitted_at is null order by 1 limit 1)
            from k where k.name is not null)
        select name from k where name is not null limit 1000
        """;

    // In the order in which tasks are claimed. One that may not go on yet is not overtaken.
    private const string Admit = $"""
        with active as (
            select count(*) as n from sje.executions
            where concurrency_key = $1 and finished_at is null and admitted_at is not null
        ), line as (
            select id, row_number() over w as nth, min(concurrency_max) over w as most
            from (
                select id, concurrency_max, accepted_at - priority * interval '1 hour' as rank from sje.executions
                where concurrency_key = $1 and finished_at is null and admitted_at is null and cancel_requested_at is null
                order by rank, id limit 1000) e
            window w as (order by rank, id rows unbounded preceding)
        ), admitted as (
            update sje.executions e set admitted_at = clock_timestamp(), version = e.version + 1
            from line, active
            where e.id = line.id and line.nth <= line.most - active.n and e.finished_at is null and e.admitted_at is null
            returning e.id
        ), freed as (
            update sje.tasks t set holds = array_remove(t.holds, '{TaskHolds.Concurrency}'), row_version = t.row_version + 1
            from admitted a where t.execution_id = a.id and t.holds @> array['{TaskHolds.Concurrency}']
        ), told as (
            insert into sje.events (execution_id, kind) select id, 'execution.admitted' from admitted
        )
        select count(*)::int from admitted
        """;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);

    private volatile TaskCompletionSource expected = NewPulse();

    /// <summary>By which the executions of a job are known to each other: the saved job, or the name within a tenant.</summary>
    internal static string? KeyOf(Submission submission) =>
        submission.Job.Concurrency is null ? null
        : submission.JobId is { } job ? $"job {job}"
        : $"{submission.Tenant}/{submission.Job.Name}";

    /// <summary>Something waits to be admitted; look at once when anything ends.</summary>
    internal void Expect() => expected.TrySetResult();

    /// <summary>
    /// Decides for executions about to be written by the caller's transaction, in their order, and says which others end in favour of them.
    /// Holds the jobs' locks until the transaction ends.
    /// </summary>
    internal static async Task<AdmissionPlan> DecideAsync(
        NpgsqlConnection connection,
        IReadOnlyList<(Guid Id, Submission Submission)> fresh,
        CancellationToken cancellationToken
    )
    {
        var plan = new AdmissionPlan();
        var limited = fresh
            .Select(f => (f.Id, Key: KeyOf(f.Submission), f.Submission.Job.Concurrency))
            .Where(f => f.Key is not null)
            .ToList();
        if (limited.Count == 0)
        {
            return plan;
        }

        var keys = limited.Select(f => f.Key!).Distinct().Order(StringComparer.Ordinal).ToList();
        foreach (var key in keys)
        {
            await using var locking = new NpgsqlCommand(LockOne, connection);
            locking.Parameters.Add(P(key));
            await locking.ExecuteNonQueryAsync(cancellationToken);
        }

        var places = keys.ToDictionary(key => key, _ => new JobPlaces(), StringComparer.Ordinal);
        var replacing = limited
            .Where(f => f.Concurrency!.Policy == ConcurrencyPolicy.Replace)
            .Select(f => f.Key!)
            .ToHashSet(StringComparer.Ordinal);
        // A statement of its own: it sees what was committed before the locks were had.
        await using (var counting = new NpgsqlCommand(GoingOn, connection))
        {
            counting.Parameters.Add(Array(NpgsqlDbType.Text, keys));
            counting.Parameters.Add(Array(NpgsqlDbType.Boolean, keys.Select(replacing.Contains)));
            await using var rows = await counting.ExecuteReaderAsync(cancellationToken);
            while (await rows.ReadAsync(cancellationToken))
            {
                places[rows.GetString(0)].Add(rows.GetGuid(1), rows.GetBoolean(2), rows.GetBoolean(3));
            }
        }

        foreach (var (id, key, concurrency) in limited)
        {
            plan.Add(id, places[key!].Enter(id, concurrency!, plan));
        }

        return plan;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var change = signals.Next(SignalKind.Change);
            if (expected.Task.IsCompleted)
            {
                expected = NewPulse();
            }

            var called = expected.Task;
            try
            {
                var some = await PassAsync(stoppingToken);
                await signals.WaitAsync(some ? change : called, Poll, stoppingToken);
                await Task.Delay(Breath, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(log, e.Message);
                await Task.Delay(Poll, clock, stoppingToken);
            }
        }
    }

    /// <summary>Admits what may go on. True when something still waits.</summary>
    internal async Task<bool> PassAsync(CancellationToken stop)
    {
        var keys = new List<string>();
        await using (var command = database.Main.CreateCommand(Waiting))
        await using (var rows = await command.ExecuteReaderAsync(stop))
        {
            while (await rows.ReadAsync(stop))
            {
                keys.Add(rows.GetString(0));
            }
        }

        foreach (var key in keys)
        {
            await using var connection = await database.Main.OpenConnectionAsync(stop);
            await using var batch = new NpgsqlBatch(connection);
            batch.Add(LockOne, P(key)).Add(Admit, P(key));
            await using var answer = await batch.ExecuteReaderAsync(stop);
            await answer.NextResultAsync(stop);
            var admitted = await answer.ReadAsync(stop) ? answer.GetInt32(0) : 0;
            while (await answer.NextResultAsync(stop)) { }
            if (admitted > 0)
            {
                signals.Raise(SignalKind.Work);
                signals.Raise(SignalKind.Change);
            }
        }

        return keys.Count > 0;
    }

    private static TaskCompletionSource NewPulse() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The executions of one job that go on or wait, those of the batch among them.</summary>
    private sealed class JobPlaces
    {
        private readonly List<(Guid Id, bool Ending)> admitted = [];
        private readonly List<Guid> waiting = [];

        public void Add(Guid id, bool isAdmitted, bool isEnding)
        {
            if (isAdmitted)
            {
                admitted.Add((id, isEnding));
            }
            else if (!isEnding)
            {
                waiting.Add(id);
            }
        }

        public Entry Enter(Guid id, ConcurrencySpec limit, AdmissionPlan plan)
        {
            if (admitted.Count < limit.Max && waiting.Count == 0)
            {
                admitted.Add((id, false));
                return Entry.Admitted;
            }

            switch (limit.Policy)
            {
                case ConcurrencyPolicy.Skip:
                    return Entry.Skipped;
                case ConcurrencyPolicy.Cancel:
                    return Entry.Cancelled;
                case ConcurrencyPolicy.Replace:
                    waiting.ForEach(plan.Replace);
                    waiting.Clear();
                    for (var i = 0; i < admitted.Count && admitted.Count(a => !a.Ending) >= limit.Max; i++)
                    {
                        if (!admitted[i].Ending)
                        {
                            plan.Replace(admitted[i].Id);
                            admitted[i] = (admitted[i].Id, true);
                        }
                    }

                    break;
            }

            waiting.Add(id);
            return Entry.Held;
        }
    }

    [LoggerMessage(142, LogLevel.Warning, "No executions could be admitted: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}

/// <summary>What was decided for a batch of submissions.</summary>
internal sealed class AdmissionPlan
{
    private readonly Dictionary<Guid, Entry> entries = [];
    private readonly List<Guid> replaced = [];

    /// <summary>Executions that end in favour of newer ones, of this batch or from before.</summary>
    public IReadOnlyList<Guid> Replaced => replaced;

    /// <summary>Those of the batch that were not admitted.</summary>
    public IEnumerable<(Guid Id, Entry Entry)> Others =>
        entries.Where(e => e.Value != Entry.Admitted).Select(e => (e.Key, e.Value));

    /// <summary>The decision; an execution without a limit is admitted.</summary>
    public Entry this[Guid id] => entries.GetValueOrDefault(id, Entry.Admitted);

    /// <summary>Notes a decision.</summary>
    public void Add(Guid id, Entry entry) => entries.Add(id, entry);

    /// <summary>Notes that an execution is to end.</summary>
    public void Replace(Guid id) => replaced.Add(id);
}
