using System.Globalization;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos.Storm;

/// <summary>
/// Looks at what a storm left, in the database, in the files that tasks wrote, and in what clients were told, and finds every promise that was
/// not kept. It knows nothing of how the promises are kept.
/// </summary>
/// <param name="db">The database.</param>
/// <param name="effects">
/// The file in which every process of a task of type <c>process</c> has written <c>S task attempt execution nanoseconds</c> first and <c>E ...</c> last.
/// </param>
/// <param name="limits">What was limited.</param>
internal sealed class Auditor(TestDatabase db, string effects, StormLimits limits)
{
    // Seen by the database's clock, a start is after the end that made room for it: a claim reads that end committed.
    private const string Attempts = """
        select a.task_id, a.number, a.started_at, a.ended_at, coalesce(a.outcome, 'running'), a.worker_id, t.queue, t.lane, t.concurrency_key,
            t.type, e.name, coalesce(t.outputs ->> 'attempt', ''), t.attempt, t.state
        from sje.all_attempts a join sje.all_tasks t on t.id = a.task_id join sje.executions e on e.id = a.execution_id
        """;

    private const string Unfinished = """
        select format('execution %s (%s) is %s', e.id, e.name, e.state) from sje.executions e where e.finished_at is null
        union all
        select format('task %s (%s) is %s', t.id, t.name, t.state) from sje.tasks t
        """;

    private const string EndedTwice = """
        select format('attempt %s of task %s ended %s times', data ->> 'attempt', task_id, count(*))
        from sje.events where task_id is not null and data ? 'outcome' group by task_id, data ->> 'attempt' having count(*) > 1
        """;

    private const string SameLabel = """
        select format('%s is %s executions', label, count(*)) from sje.executions
        where label is not null group by label having count(*) > 1
        """;

    private const string History = """
        select task_id, kind from sje.events
        where task_id is not null and kind in ('task.succeeded', 'task.failed', 'task.cancelled', 'task.timed_out', 'task.skipped',
            'task.running', 'task.queued', 'task.blocked')
        order by task_id, seq
        """;

    private const string Executions = """
        select v.execution_id, e.name, v.state = 'running', v.at
        from (select execution_id, at, seq, coalesce(execution_state, case when task_id is null then substr(kind, 11) end) as state
            from sje.events where execution_state is not null or kind like 'execution.%') v
        join sje.executions e on e.id = v.execution_id
        where v.state in ('running', 'succeeded', 'partially_succeeded', 'failed', 'cancelled', 'timed_out')
        order by v.execution_id, v.seq
        """;

    private static readonly string[] Final =
    [
        "task.succeeded",
        "task.failed",
        "task.cancelled",
        "task.timed_out",
        "task.skipped",
    ];

    /// <summary>Audits what is there now. Processes and their slots are looked at by whoever has started them.</summary>
    public async Task<StormReport> AuditAsync(
        IReadOnlyCollection<StormAnswer> answers,
        int faults,
        IReadOnlyList<string> orphans
    )
    {
        var attempts = await AttemptsAsync();
        var ran = ReadEffects();
        return new StormReport(
            faults,
            await db.ScalarAsync<long>("select count(*) from sje.all_tasks"),
            [.. await LostAsync(answers), .. NeverRan(attempts, ran)],
            [
                .. await LinesAsync(EndedTwice),
                .. await LinesAsync(SameLabel),
                .. await RefusedAndStoredAsync(answers),
                .. ToldTwice(answers),
                .. await FinalTwiceAsync(),
                .. SaidByAnother(attempts),
                .. RanTwice(attempts, ran),
            ],
            [.. await BreachesAsync(attempts)],
            orphans,
            await ViewAuditor.DisagreementsAsync(db)
        );
    }

    private async Task<IReadOnlyList<string>> LostAsync(IReadOnlyCollection<StormAnswer> answers)
    {
        var known = (await LinesAsync("select id::text from sje.executions")).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. answers
                .Where(answer => answer.Execution is { } id && !known.Contains(id.ToString()))
                .Select(answer => $"execution {answer.Execution} ({answer.Label}) was accepted and is not there"),
            .. await LinesAsync(Unfinished),
        ];
    }

    private static IEnumerable<string> ToldTwice(IReadOnlyCollection<StormAnswer> answers) =>
        answers
            .Where(answer => answer.Execution is not null)
            .GroupBy(answer => answer.Label)
            .Where(told => told.Select(answer => answer.Execution).Distinct().Count() > 1)
            .Select(told =>
                $"{told.Key} was answered with {string.Join(" and ", told.Select(a => a.Execution).Distinct())}"
            );

    private async Task<IEnumerable<string>> RefusedAndStoredAsync(IReadOnlyCollection<StormAnswer> answers)
    {
        var stored = (await LinesAsync("select label from sje.executions where label is not null")).ToHashSet(
            StringComparer.Ordinal
        );
        return answers
            .Where(answer => answer.Execution is null && stored.Contains(answer.Label))
            .Select(answer => $"{answer.Label} was refused, and is stored");
    }

    /// <summary>A task that is final stays so until somebody retries it, and that is written down.</summary>
    private async Task<IReadOnlyList<string>> FinalTwiceAsync()
    {
        var found = new List<string>();
        await using var command = db.Database.Main.CreateCommand(History);
        await using var row = await command.ExecuteReaderAsync();
        var (task, end) = (Guid.Empty, (string?)null);
        while (await row.ReadAsync())
        {
            var (id, kind) = (row.GetGuid(0), row.GetString(1));
            if (id != task)
            {
                (task, end) = (id, null);
            }

            if (end is not null && (kind == "task.running" || Final.Contains(kind)))
            {
                found.Add($"{kind} of task {id} follows {end} without a retry between");
            }

            end =
                Final.Contains(kind) ? kind
                : kind is "task.queued" or "task.blocked" ? null
                : end;
        }

        return found;
    }

    /// <summary>What a task came to is what its last attempt came to: whoever was fenced has changed nothing.</summary>
    private static IEnumerable<string> SaidByAnother(IReadOnlyList<Attempt> attempts)
    {
        foreach (var task in attempts.GroupBy(attempt => attempt.Task))
        {
            var last = task.MaxBy(attempt => attempt.Number)!; // a group is not empty
            if (last.State == "succeeded" && last.Outcome != "succeeded")
            {
                yield return $"task {task.Key} succeeded, and its last attempt {last.Number} ended as {last.Outcome}";
            }

            if (last.State == "succeeded" && last.Outputs.Length > 0 && last.Outputs != $"{last.Number}")
            {
                yield return $"task {task.Key} has the outputs of attempt {last.Outputs}, and attempt {last.Number} succeeded";
            }

            if (last.Number != last.TaskAttempt || task.Count() != last.Number)
            {
                yield return $"task {task.Key} is at attempt {last.TaskAttempt}, and {task.Count()} are written up to {last.Number}";
            }
        }
    }

    private static IEnumerable<string> NeverRan(
        IReadOnlyList<Attempt> attempts,
        Dictionary<(Guid Task, int Attempt), Ran> ran
    ) =>
        attempts
            .Where(attempt => attempt is { Outcome: "succeeded", Type: "process" })
            .Where(attempt => ran.GetValueOrDefault((attempt.Task, attempt.Number)) is not { Ends: > 0 })
            .Select(attempt =>
                $"attempt {attempt.Number} of task {attempt.Task} succeeded, and no process of it came to its end"
            );

    private static IEnumerable<string> RanTwice(
        IReadOnlyList<Attempt> attempts,
        Dictionary<(Guid Task, int Attempt), Ran> ran
    )
    {
        var known = attempts.Select(attempt => (attempt.Task, attempt.Number)).ToHashSet();
        foreach (var ((task, number), what) in ran)
        {
            if (what.Starts > 1)
            {
                yield return $"attempt {number} of task {task} ran {what.Starts} times";
            }

            if (!known.Contains((task, number)))
            {
                yield return $"attempt {number} of task {task} ran, and nobody has written it down";
            }

            // A process of an attempt that was taken over must be gone before the next one begins.
            if (
                what.EndedAt is { } ended
                && ran.Where(other => other.Key.Task == task && other.Key.Attempt > number)
                    .FirstOrDefault(other => other.Value.StartedAt < ended)
                    is { Value: not null } later
            )
            {
                yield return $"attempts {number} and {later.Key.Attempt} of task {task} ran at once";
            }
        }
    }

    private async Task<IReadOnlyList<string>> BreachesAsync(IReadOnlyList<Attempt> attempts)
    {
        var found = new List<string>();
        Check("queue", limits.Queues, attempts, attempt => attempt.Queue);
        Check("key", limits.Keys, attempts, attempt => attempt.Key);

        // What was handed back never ran: a claim whose answer was lost takes no slot of the worker that does not know of it.
        var slots = await SlotsAsync();
        Check(
            "slots of worker",
            slots,
            attempts.Where(attempt => attempt.Outcome != "released"),
            attempt => $"{attempt.Worker} {attempt.Lane}"
        );

        var open = new List<(string Job, DateTimeOffset At, int Step)>();
        await using var command = db.Database.Main.CreateCommand(Executions);
        await using var row = await command.ExecuteReaderAsync();
        var (execution, running) = (Guid.Empty, false);
        while (await row.ReadAsync())
        {
            var (id, begins) = (row.GetGuid(0), row.GetBoolean(2));
            running = id == execution && running;
            execution = id;
            if (begins != running)
            {
                open.Add((row.GetString(1), row.GetFieldValue<DateTimeOffset>(3), begins ? 1 : -1));
                running = begins;
            }
        }

        foreach (var (job, most) in limits.Jobs)
        {
            Sweep($"job {job}", most, open.Where(step => step.Job == job).Select(step => (step.At, step.Step)));
        }

        return found;

        void Check(
            string what,
            IReadOnlyDictionary<string, int> most,
            IEnumerable<Attempt> of,
            Func<Attempt, string> name
        )
        {
            foreach (var group in of.GroupBy(name).Where(group => most.ContainsKey(group.Key)))
            {
                Sweep(
                    $"{what} {group.Key}",
                    most[group.Key],
                    group.SelectMany(attempt =>
                        attempt.EndedAt is { } end
                            ? new[] { (attempt.StartedAt, 1), (end, -1) }
                            : [(attempt.StartedAt, 1)]
                    )
                );
            }
        }

        void Sweep(string what, int most, IEnumerable<(DateTimeOffset At, int Step)> steps)
        {
            var (now, worst, when) = (0, most, default(DateTimeOffset));
            foreach (var (at, step) in steps.OrderBy(step => step.At).ThenBy(step => step.Step))
            {
                now += step;
                if (now > worst)
                {
                    (worst, when) = (now, at);
                }
            }

            if (worst > most)
            {
                found.Add(
                    string.Create(CultureInfo.InvariantCulture, $"{what}: {worst} at once at {when:O}, {most} may")
                );
            }
        }
    }

    private async Task<Dictionary<string, int>> SlotsAsync()
    {
        var slots = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var command = db.Database.Main.CreateCommand("select id, slots, direct_slots from sje.workers");
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            slots[$"{row.GetGuid(0)} background"] = row.GetInt32(1);
            slots[$"{row.GetGuid(0)} direct"] = row.GetInt32(2);
        }

        return slots;
    }

    private async Task<List<Attempt>> AttemptsAsync()
    {
        var attempts = new List<Attempt>();
        await using var command = db.Database.Main.CreateCommand(Attempts);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            attempts.Add(
                new Attempt(
                    row.GetGuid(0),
                    row.GetInt32(1),
                    row.GetFieldValue<DateTimeOffset>(2),
                    await row.IsDBNullAsync(3) ? null : row.GetFieldValue<DateTimeOffset>(3),
                    row.GetString(4),
                    row.GetGuid(5),
                    row.GetString(6),
                    row.GetString(7),
                    row.GetString(8),
                    row.GetString(9),
                    row.GetString(11),
                    row.GetInt32(12),
                    row.GetString(13)
                )
            );
        }

        return attempts;
    }

    private async Task<IReadOnlyList<string>> LinesAsync(string sql)
    {
        var lines = new List<string>();
        await using var command = db.Database.Main.CreateCommand(sql);
        await using var row = await command.ExecuteReaderAsync();
        while (await row.ReadAsync())
        {
            lines.Add(row.GetString(0));
        }

        return lines;
    }

    private Dictionary<(Guid Task, int Attempt), Ran> ReadEffects()
    {
        var ran = new Dictionary<(Guid, int), Ran>();
        foreach (var line in File.Exists(effects) ? File.ReadLines(effects) : [])
        {
            // A process that is killed while it writes leaves half a line; it has not ended then.
            if (
                line.Split(' ') is not [var word, var task, var attempt, _, var nanoseconds]
                || !Guid.TryParse(task, out var id)
                || !int.TryParse(attempt, CultureInfo.InvariantCulture, out var number)
                || !long.TryParse(nanoseconds, CultureInfo.InvariantCulture, out var at)
            )
            {
                continue;
            }

            var known = ran.GetValueOrDefault((id, number)) ?? new Ran(0, 0, 0, null);
            ran[(id, number)] =
                word == "S"
                    ? known with
                    {
                        Starts = known.Starts + 1,
                        StartedAt = at,
                    }
                    : known with
                    {
                        Ends = known.Ends + 1,
                        EndedAt = at,
                    };
        }

        return ran;
    }

    private sealed record Attempt(
        Guid Task,
        int Number,
        DateTimeOffset StartedAt,
        DateTimeOffset? EndedAt,
        string Outcome,
        Guid Worker,
        string Queue,
        string Lane,
        string Key,
        string Type,
        string Outputs,
        int TaskAttempt,
        string State
    );

    private sealed record Ran(int Starts, int Ends, long StartedAt, long? EndedAt);
}
