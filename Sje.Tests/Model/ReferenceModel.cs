using System.Globalization;
using Sje.Core.Jobs;
using Sje.Core.Reliability;

namespace Sje.Tests.Model;

/// <summary>
/// What the core is to do, in plain code over plain lists: API.md's table of states, attempts and their fence, dependencies, retries, cancels,
/// skips, pauses, moves, leases, limits and idempotency keys. It knows nothing of the database, and one thing happens at a time.
/// </summary>
internal sealed class ReferenceModel
{
    public const int Workers = 2;
    public const int Jobs = 1;
    public static readonly string[] Queues = ["swarm", "other"];

    private readonly List<Execution> executions = [];
    private readonly Dictionary<string, Line> lines = Queues.ToDictionary(q => q, q => new Line());
    private readonly Worker[] workers = [.. Enumerable.Range(0, Workers).Select(i => new Worker { Slot = i })];
    private readonly bool[] pausedJobs = new bool[Jobs];
    private readonly Dictionary<string, (string Execution, int Shape)> keys = [];
    private long ticks;

    /// <summary>Answers a claim may have had: which tasks, in any order.</summary>
    public const string ClaimAnswer = "claimed ";

    public IEnumerable<string> Executions => executions.Select(e => e.Name);

    public IEnumerable<string> TasksOf(string execution) => Find(execution)!.Tasks.Select(t => t.Name);

    public string WorkerName(int slot) => workers[slot].Name;

    public IEnumerable<int> DeadWorkers => workers.Where(w => !w.Alive).Select(w => w.Slot);

    /// <summary>A worker that was marked dead has registered anew.</summary>
    public void Register(int slot) =>
        workers[slot] = new Worker { Slot = slot, Generation = workers[slot].Generation + 1 };

    /// <summary>Whose order in time decides is told from outside after things happened at once.</summary>
    public void Order(IReadOnlyDictionary<string, long> accepted, IReadOnlyDictionary<(string, string), long> available)
    {
        executions.Sort((one, other) => accepted[one.Name].CompareTo(accepted[other.Name]));
        for (var i = 0; i < executions.Count; i++)
        {
            executions[i].Accepted = i;
            foreach (var task in executions[i].Tasks)
            {
                task.DueAt = available.GetValueOrDefault((executions[i].Name, task.Name));
            }
        }

        ticks = Math.Max(ticks, available.Values.DefaultIfEmpty().Max());
    }

    /// <summary>
    /// Does it, and returns the answer. A claim that is made while other things happen passes over what is locked: then <paramref name="seen"/> is what
    /// it took, and the answer is the same if it might have.
    /// </summary>
    public string Apply(Act act, string? seen = null) =>
        act switch
        {
            Submit submit => Accept(submit),
            Claim claim => seen is null ? Take(claim) : TakeThese(claim, seen),
            End end => Finish(end),
            Cancel cancel => CancelAll(cancel.Execution, "user", "cancelled"),
            CancelTask cancel => CancelOne(cancel.Execution, cancel.Task, "cancelled"),
            Retry retry => Revive(retry.Execution, null, false),
            RetryTask retry => Revive(retry.Execution, retry.Task, false),
            Repair repair => RepairOne(repair.Execution, repair.Task),
            Requeue requeue => Revive(requeue.Execution, requeue.Task, true),
            Purge purge => DismissOne(purge.Execution, purge.Task, true),
            Dismiss dismiss => DismissOne(dismiss.Execution, dismiss.Task, false),
            Skip skip => SkipOne(skip.Execution, skip.Task),
            RetryNow retry => Change(
                retry.Execution,
                retry.Task,
                TaskState.WaitingRetry,
                t => t.State = TaskState.Queued
            ),
            Restart restart => Change(
                restart.Execution,
                restart.Task,
                TaskState.Running,
                t => (t.Restart, t.Cancel) = (true, null)
            ),
            Move move => MoveAll(move),
            PauseQueue pause => Do(() => lines[pause.Queue].Paused = pause.On),
            PauseJob pause => Do(() => HoldAll(pause.Job, pause.On)),
            PauseWorker pause => Do(() => workers[pause.Worker].Paused = pause.On && workers[pause.Worker].Alive),
            Limit limit => Do(() =>
                (lines[limit.Queue].MaxRunning, lines[limit.Queue].MaxQueued) = (limit.MaxRunning, limit.MaxQueued)
            ),
            Lapse lapse => Do(() => workers[lapse.Worker].Lapsed = true),
            Renew renew => Do(() => workers[renew.Worker].Lapsed &= !workers[renew.Worker].Alive),
            Kill kill => Do(() =>
            {
                workers[kill.Worker].Lapsed = true;
                TakeOver();
            }),
            MarkDead => Do(TakeOver),
            QueueTimeout timeout => Do(() => EndWaiting(timeout)),
            TotalTimeout timeout => Do(() => EndTotal(timeout.Execution)),
            _ => throw new InvalidOperationException($"{act} is unknown."),
        };

    /// <summary>Everything that can be seen, as lines in a fixed order.</summary>
    public string Render()
    {
        var lines = new List<string>();
        foreach (var e in executions.OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            lines.Add(
                $"{e.Name} {e.State.ToSnake()} {e.Queue} {e.Priority}{(e.Cancel is null ? "" : " cancel " + e.Cancel)}"
            );
            foreach (var t in e.Tasks.OrderBy(t => t.Name, StringComparer.Ordinal))
            {
                lines.Add(
                    $"{e.Name}.{t.Name} {t.State.ToSnake()} {t.Queue} {t.Priority} attempt {t.Attempt}{(t is { State: TaskState.WaitingRetry, Due: true } ? " due" : "")} failures {t.Failures} lost {t.Lost}"
                        + $" pending {(t.State == TaskState.Blocked ? Pending(e, t) : 0)} {t.Worker ?? "-"}{(t.Held ? " held" : "")}"
                        + $"{(t.Cancel is null ? "" : " cancel " + t.Cancel)}{(t.Restart ? " restart" : "")}{(t.Dismissed ? " dismissed" : "")}"
                );
                foreach (var (number, outcome) in t.Outcomes.OrderBy(o => o.Key))
                {
                    lines.Add($"{e.Name}.{t.Name}#{number} {outcome}");
                }
            }
        }

        lines.AddRange(
            workers.Select(w =>
                w.Name + (!w.Alive ? " dead" : (w.Lapsed ? " lapsed" : "") + (w.Paused ? " paused" : ""))
            )
        );
        lines.AddRange(
            this.lines.Select(l =>
                $"{l.Key}{(l.Value.Paused ? " paused" : "")} runs {l.Value.MaxRunning} queues {l.Value.MaxQueued}"
            )
        );
        lines.AddRange(pausedJobs.Select((paused, i) => $"job{i}{(paused ? " paused" : "")}"));
        lines.AddRange(keys.Select(k => $"{k.Key} {k.Value.Execution}"));
        return string.Concat(lines.Order(StringComparer.Ordinal).Select(line => line + "\n"));
    }

    /// <summary>What must never be; null when all is well.</summary>
    public string? Broken()
    {
        foreach (var e in executions.Where(e => !e.State.IsFinal()))
        {
            if (e.Tasks.All(t => t.State.IsFinal() || t.State == TaskState.Blocked))
            {
                return $"{e.Name} waits for ever";
            }
        }

        return null;
    }

    public ReferenceModel Clone()
    {
        var clone = new ReferenceModel { ticks = ticks };
        clone.executions.AddRange(executions.Select(e => e.Clone()));
        foreach (var (name, line) in lines)
        {
            clone.lines[name] = line with { };
        }

        for (var i = 0; i < Workers; i++)
        {
            clone.workers[i] = workers[i] with { };
        }

        pausedJobs.CopyTo(clone.pausedJobs, 0);
        foreach (var (key, value) in keys)
        {
            clone.keys[key] = value;
        }

        return clone;
    }

    private static string Do(Action change)
    {
        change();
        return "done";
    }

    private static bool Waits(TaskEntry task) =>
        task.State is TaskState.Blocked or TaskState.Queued or TaskState.WaitingRetry;

    private Execution? Find(string name) => executions.Find(e => e.Name == name);

    private (Execution, TaskEntry)? Find(string execution, string task) =>
        Find(execution) is { } e && e.Tasks.Find(t => t.Name == task) is { } t ? (e, t) : null;

    private string Accept(Submit submit)
    {
        if (submit.Key is { } key && keys.TryGetValue(key, out var first))
        {
            return first.Shape == submit.Shape ? $"repeated {first.Execution}" : "key reused";
        }

        var shape = Shapes.All[submit.Shape];
        if (
            lines[submit.Queue].MaxQueued is { } most
            && shape.Length + executions.SelectMany(e => e.Tasks).Count(t => t.Queue == submit.Queue && Waits(t)) > most
        )
        {
            return "full";
        }

        if (submit.Key is { } taken)
        {
            keys[taken] = (submit.Execution, submit.Shape);
        }

        executions.Add(
            new Execution
            {
                Name = submit.Execution,
                Accepted = executions.Count,
                Queue = submit.Queue,
                Priority = submit.Priority,
                Job = submit.Job,
                PermitsPartial = Shapes.PermitsPartial(submit.Shape),
                Tasks =
                [
                    .. shape.Select(
                        (task, ordinal) =>
                            new TaskEntry
                            {
                                Name = task.Name,
                                Ordinal = ordinal,
                                DependsOn = task.DependsOn,
                                Queue = submit.Queue,
                                Priority = submit.Priority,
                                State = task.DependsOn.Length == 0 ? TaskState.Queued : TaskState.Blocked,
                                Held = submit.Job is { } job && pausedJobs[job],
                            }
                    ),
                ],
            }
        );
        return "accepted";
    }

    /// <summary>The claim's order: each queue by rank, up to its room; then the queues by rank.</summary>
    private string Take(Claim claim)
    {
        if (!MayClaim(claim.Worker))
        {
            return ClaimAnswer;
        }

        var heads = new List<(Execution E, TaskEntry T, int Nth)>();
        foreach (var (queue, line) in lines.Where(l => !l.Value.Paused))
        {
            var room = Math.Min(claim.Slots, Room(queue, line));
            var mine = executions
                .SelectMany(e => e.Tasks.Select(t => (E: e, T: t)))
                .Where(x => x.T.Queue == queue && !x.T.Held);
            var ready = InRank(mine.Where(x => x.T.State == TaskState.Queued)).Take(room);
            var due = mine.Where(x => x.T is { State: TaskState.WaitingRetry, Due: true })
                .OrderBy(x => x.T.DueAt)
                .Take(room);
            heads.AddRange(InRank(ready.Concat(due)).Take(room).Select((x, i) => (x.E, x.T, i)));
        }

        var taken = heads
            .OrderByDescending(x => x.T.Priority)
            .ThenBy(x => x.E.Accepted)
            .ThenBy(x => x.Nth)
            .ThenBy(x => x.T.Ordinal)
            .Take(claim.Slots)
            .ToList();
        taken.ForEach(x => Start(x.E, x.T, claim.Worker));
        return Answer(taken.Select(x => (x.E, x.T)));
    }

    private string TakeThese(Claim claim, string seen)
    {
        var names = seen[ClaimAnswer.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var taken = new List<(Execution E, TaskEntry T)>();
        foreach (var name in names)
        {
            var parts = name.Split('.', '#');
            if (
                !MayClaim(claim.Worker)
                || Find(parts[0], parts[1]) is not var (e, t)
                || t.Held
                || t is not ({ State: TaskState.Queued } or { State: TaskState.WaitingRetry, Due: true })
                || lines[t.Queue].Paused
                || Room(t.Queue, lines[t.Queue]) < 1
                || taken.Count >= claim.Slots
            )
            {
                return "may not be claimed: " + name;
            }

            Start(e, t, claim.Worker);
            taken.Add((e, t));
        }

        return Answer(taken);
    }

    private static string Answer(IEnumerable<(Execution E, TaskEntry T)> taken) =>
        ClaimAnswer
        + string.Join(' ', taken.Select(x => $"{x.E.Name}.{x.T.Name}#{x.T.Attempt}").Order(StringComparer.Ordinal));

    private bool MayClaim(int slot) => workers[slot] is { Alive: true, Lapsed: false, Paused: false };

    private int Room(string queue, Line line) =>
        line.MaxRunning is { } most
            ? Math.Max(
                0,
                most - executions.SelectMany(e => e.Tasks).Count(t => t.Queue == queue && t.State == TaskState.Running)
            )
            : int.MaxValue;

    private static IEnumerable<(Execution E, TaskEntry T)> InRank(IEnumerable<(Execution E, TaskEntry T)> tasks) =>
        tasks.OrderByDescending(x => x.T.Priority).ThenBy(x => x.E.Accepted).ThenBy(x => x.T.Ordinal);

    private void Start(Execution e, TaskEntry t, int slot)
    {
        (t.State, t.Worker, t.Restart) = (TaskState.Running, workers[slot].Name, false);
        t.Attempt++;
        t.Outcomes[t.Attempt] = "running";
        if (e.State == ExecutionState.Queued)
        {
            e.State = ExecutionState.Running;
        }
    }

    private string Finish(End end)
    {
        var claim = end.Claimed;
        if (
            Find(claim.Execution, claim.Task) is not var (e, t)
            || t.State != TaskState.Running
            || t.Attempt != claim.Attempt
            || t.Worker != claim.Worker
        )
        {
            return "not owned";
        }

        return workers.First(w => w.Name == claim.Worker).Lapsed ? "lease" : "ended " + Finish(e, t, end.As).ToSnake();
    }

    private TaskState Finish(Execution e, TaskEntry t, EndAs said)
    {
        var (outcome, next) = said switch
        {
            EndAs.Succeeded => ("succeeded", TaskState.Succeeded),
            EndAs.FailedRetryNow or EndAs.FailedRetryLater => ("failed", TaskState.WaitingRetry),
            EndAs.FailedForGood => ("failed", TaskState.Failed),
            EndAs.TimedOutForGood => ("timed_out", TaskState.TimedOut),
            EndAs.Drained => ("drained", TaskState.Queued),
            EndAs.Released => ("released", TaskState.Queued),
            EndAs.Cancelled => ("cancelled", TaskState.Cancelled),
            EndAs.Restarted => ("restarted", TaskState.Queued),
            _ => ("lost", TaskState.Queued),
        };
        // What was asked for meanwhile decides over what the attempt came to; only that it was lost stays true.
        if (t.Cancel is not null)
        {
            next = t.Cancel == "total timeout" ? TaskState.TimedOut : TaskState.Cancelled;
            outcome = outcome == "lost" ? outcome : "cancelled";
        }
        else if (t.Restart)
        {
            next = TaskState.Queued;
            outcome = outcome == "lost" ? outcome : "restarted";
        }
        else if (outcome == "lost" && t.Lost + 1 >= RetryPolicy.MaxLost)
        {
            next = TaskState.Failed;
        }

        t.Outcomes[t.Attempt] = outcome;
        t.Failures += outcome is "failed" or "timed_out" ? 1 : 0;
        t.Lost += outcome == "lost" ? 1 : 0;
        (t.State, t.Worker, t.Restart) = (next, null, false);
        (t.Due, t.DueAt) = (said != EndAs.FailedRetryLater, ++ticks);
        t.Held &= !next.IsFinal();
        Settle(e);
        return next;
    }

    private void Settle(Execution e)
    {
        while (
            e.Tasks.Find(t =>
                t.State == TaskState.Blocked
                && e.Tasks.Exists(d =>
                    t.DependsOn.Contains(d.Name) && d.State.IsFinal() && d.State != TaskState.Succeeded
                )
            )
                is { } doomed
        )
        {
            End(doomed, TaskState.Skipped, null);
        }

        foreach (var task in e.Tasks.Where(t => t.State == TaskState.Blocked && Pending(e, t) == 0))
        {
            task.State = TaskState.Queued;
        }

        if (e.State.IsFinal() || !e.Tasks.TrueForAll(t => t.State.IsFinal()))
        {
            return;
        }

        int Count(TaskState state) => e.Tasks.Count(t => t.State == state);
        var (failed, timedOut, cancelled) = (
            Count(TaskState.Failed),
            Count(TaskState.TimedOut),
            Count(TaskState.Cancelled)
        );
        e.State =
            e.Cancel == "total timeout" && timedOut + cancelled > 0 ? ExecutionState.TimedOut
            : e.Cancel is not null && cancelled > 0 ? ExecutionState.Cancelled
            : failed == 0 && timedOut > 0 && e.Tasks.Count == 1 ? ExecutionState.TimedOut
            : failed + timedOut > 0
                ? e.PermitsPartial && Count(TaskState.Succeeded) > 0 ? ExecutionState.PartiallySucceeded
                    : ExecutionState.Failed
            : cancelled > 0 ? ExecutionState.Cancelled
            : ExecutionState.Succeeded;
    }

    private static int Pending(Execution e, TaskEntry t) =>
        e.Tasks.Count(d => t.DependsOn.Contains(d.Name) && d.State != TaskState.Succeeded);

    private static void End(TaskEntry task, TaskState state, string? cancel) =>
        (task.State, task.Cancel, task.Held, task.Restart) = (state, cancel, false, false);

    private string CancelAll(string execution, string reason, string what)
    {
        if (Find(execution) is not { } e)
        {
            return "not found";
        }

        if (e.State.IsFinal())
        {
            return "wrong state";
        }

        e.Cancel = reason;
        e.Tasks.ForEach(t => CancelTask(t, reason));
        Settle(e);
        return what;
    }

    private string CancelOne(string execution, string task, string what)
    {
        if (Find(execution, task) is not var (e, t) || !(Waits(t) || t is { State: TaskState.Running, Cancel: null }))
        {
            return "wrong state";
        }

        CancelTask(t, "user");
        Settle(e);
        return what;
    }

    private static void CancelTask(TaskEntry t, string reason)
    {
        if (Waits(t))
        {
            End(
                t,
                reason == "total timeout" && t.State != TaskState.Blocked ? TaskState.TimedOut : TaskState.Cancelled,
                reason
            );
        }
        else if (t.State == TaskState.Running)
        {
            t.Cancel ??= reason;
        }
    }

    private string RepairOne(string execution, string task)
    {
        if (Find(execution, task) is not var (e, t))
        {
            return "not found";
        }

        List<TaskEntry> chosen = [t];
        while (
            e.Tasks.Find(b =>
                !chosen.Contains(b) && b.State.IsFinal() && chosen.Exists(c => b.DependsOn.Contains(c.Name))
            )
                is { } behind
        )
        {
            chosen.Add(behind);
        }

        var inTheWay =
            !t.State.IsFinal()
            || e.Tasks.Exists(b => b.State == TaskState.Running && chosen.Exists(c => b.DependsOn.Contains(c.Name)))
            || e.Tasks.Exists(d => t.DependsOn.Contains(d.Name) && d.State.IsFinal() && d.State != TaskState.Succeeded);
        // Of those behind it one may depend on something else that has failed: as with a single retry it stays.
        return inTheWay ? "wrong state" : Revive(e, chosen, chosen.Contains, false);
    }

    private string Revive(string execution, string? task, bool onlyDead) =>
        Find(execution) is not { } e ? "not found"
        : task is null ? Revive(e, null, t => t.State != TaskState.Succeeded, onlyDead)
        : Revive(e, [.. e.Tasks.Where(t => t.Name == task)], t => t.Name == task, onlyDead);

    private string Revive(Execution e, IReadOnlyList<TaskEntry>? given, Predicate<TaskEntry> asked, bool onlyDead)
    {
        var chosen = e
            .Tasks.Where(t => t.State.IsFinal() && asked(t))
            .Where(t => !onlyDead || IsDead(t))
            // What it depends on has to have succeeded, or be on its way.
            .Where(t =>
                given is null
                || !e.Tasks.Exists(d =>
                    t.DependsOn.Contains(d.Name)
                    && d.State.IsFinal()
                    && d.State != TaskState.Succeeded
                    && !given.Contains(d)
                )
            )
            .ToList();
        if (chosen.Count == 0)
        {
            return "wrong state";
        }

        while (
            e.Tasks.Find(t =>
                t.State == TaskState.Skipped && !chosen.Contains(t) && chosen.Exists(c => t.DependsOn.Contains(c.Name))
            )
                is { } behind
        )
        {
            chosen.Add(behind);
        }

        chosen.ForEach(t =>
        {
            End(t, TaskState.Blocked, null);
            (t.Failures, t.Lost, t.Dismissed) = (0, 0, false);
        });
        foreach (
            var t in e.Tasks.Where(t => t.State is TaskState.Queued or TaskState.WaitingRetry || chosen.Contains(t))
        )
        {
            t.State =
                Pending(e, t) > 0 ? TaskState.Blocked
                : t.State == TaskState.Blocked ? TaskState.Queued
                : t.State;
        }

        if (e.Job is { } job && pausedJobs[job])
        {
            e.Tasks.ForEach(t => t.Held = !t.State.IsFinal());
        }

        if (e.State.IsFinal())
        {
            e.State = e.Tasks.Exists(t => t.State == TaskState.Running)
                ? ExecutionState.Running
                : ExecutionState.Queued;
            e.Cancel = null;
        }

        Settle(e);
        return "revived";
    }

    private static bool IsDead(TaskEntry t) => t is { State: TaskState.Failed or TaskState.TimedOut, Dismissed: false };

    private string DismissOne(string execution, string task, bool onlyDead)
    {
        if (
            Find(execution, task) is not var (_, t)
            || !(IsDead(t) || (!onlyDead && t is { State: TaskState.Succeeded, Dismissed: false }))
        )
        {
            return "wrong state";
        }

        t.Dismissed = true;
        return "dismissed";
    }

    private string SkipOne(string execution, string task)
    {
        if (Find(execution, task) is not var (e, t) || !Waits(t))
        {
            return "wrong state";
        }

        End(t, TaskState.Skipped, null);
        Settle(e);
        return "skipped";
    }

    private string Change(string execution, string task, TaskState from, Action<TaskEntry> change)
    {
        if (Find(execution, task) is var (_, t) && t.State == from)
        {
            change(t);
        }

        return "done";
    }

    private string MoveAll(Move move)
    {
        if (Find(move.Execution) is not { } e)
        {
            return "not found";
        }

        var waiting = e.Tasks.Where(Waits).ToList();
        if (waiting.Count == 0)
        {
            return "wrong state";
        }

        waiting.ForEach(t => (t.Priority, t.Queue) = (move.Priority ?? t.Priority, move.Queue ?? t.Queue));
        (e.Priority, e.Queue) = (move.Priority ?? e.Priority, move.Queue ?? e.Queue);
        return "moved";
    }

    private void HoldAll(int job, bool on)
    {
        pausedJobs[job] = on;
        foreach (
            var task in executions.Where(e => e.Job == job).SelectMany(e => e.Tasks).Where(t => !t.State.IsFinal())
        )
        {
            task.Held = on;
        }
    }

    private void TakeOver()
    {
        foreach (var worker in workers.Where(w => w is { Alive: true, Lapsed: true }))
        {
            worker.Alive = false;
            foreach (var e in executions)
            {
                foreach (var t in e.Tasks.Where(t => t.Worker == worker.Name).ToList())
                {
                    Finish(e, t, EndAs.Lost);
                }
            }
        }
    }

    private void EndWaiting(QueueTimeout timeout)
    {
        if (
            Find(timeout.Execution, timeout.Task) is var (e, t)
            && t.State is TaskState.Queued or TaskState.WaitingRetry
        )
        {
            End(t, TaskState.TimedOut, "queued timeout");
            Settle(e);
        }
    }

    private void EndTotal(string execution)
    {
        if (Find(execution) is { Cancel: null } e && !e.State.IsFinal())
        {
            CancelAll(execution, "total timeout", "");
        }
    }

    private sealed class Execution
    {
        public required string Name { get; init; }
        public required List<TaskEntry> Tasks { get; init; }
        public required bool PermitsPartial { get; init; }
        public int? Job { get; init; }
        public int Accepted { get; set; }
        public required string Queue { get; set; }
        public int Priority { get; set; }
        public ExecutionState State { get; set; } = ExecutionState.Queued;
        public string? Cancel { get; set; }

        public Execution Clone() =>
            new()
            {
                Name = Name,
                Tasks = Tasks.ConvertAll(t => t.Clone()),
                PermitsPartial = PermitsPartial,
                Job = Job,
                Accepted = Accepted,
                Queue = Queue,
                Priority = Priority,
                State = State,
                Cancel = Cancel,
            };
    }

    private sealed class TaskEntry
    {
        public required string Name { get; init; }
        public required int Ordinal { get; init; }
        public required string[] DependsOn { get; init; }
        public required string Queue { get; set; }
        public int Priority { get; set; }
        public TaskState State { get; set; }
        public int Attempt { get; set; }
        public int Failures { get; set; }
        public int Lost { get; set; }
        public string? Worker { get; set; }
        public bool Held { get; set; }
        public string? Cancel { get; set; }
        public bool Restart { get; set; }
        public bool Dismissed { get; set; }
        public bool Due { get; set; }
        public long DueAt { get; set; }
        public SortedDictionary<int, string> Outcomes { get; init; } = [];

        public TaskEntry Clone()
        {
            var clone = (TaskEntry)MemberwiseClone();
            return new TaskEntry
            {
                Name = clone.Name,
                Ordinal = clone.Ordinal,
                DependsOn = clone.DependsOn,
                Queue = clone.Queue,
                Priority = clone.Priority,
                State = clone.State,
                Attempt = clone.Attempt,
                Failures = clone.Failures,
                Lost = clone.Lost,
                Worker = clone.Worker,
                Held = clone.Held,
                Cancel = clone.Cancel,
                Restart = clone.Restart,
                Dismissed = clone.Dismissed,
                Due = clone.Due,
                DueAt = clone.DueAt,
                Outcomes = new SortedDictionary<int, string>(clone.Outcomes),
            };
        }
    }

    private sealed record Line
    {
        public bool Paused { get; set; }
        public int? MaxRunning { get; set; }
        public int? MaxQueued { get; set; }
    }

    private sealed record Worker
    {
        public required int Slot { get; init; }
        public int Generation { get; init; } = 1;
        public bool Alive { get; set; } = true;
        public bool Lapsed { get; set; }
        public bool Paused { get; set; }
        public string Name => string.Create(CultureInfo.InvariantCulture, $"w{Slot}-{Generation}");
    }
}
