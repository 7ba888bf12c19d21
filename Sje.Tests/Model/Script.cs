using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Sje.Tests.Model;

internal enum StepKind
{
    Submit,
    Claim,
    End,
    Cancel,
    CancelTask,
    Retry,
    RetryTask,
    Repair,
    Requeue,
    Purge,
    Dismiss,
    Skip,
    RetryNow,
    Restart,
    Move,
    PauseQueue,
    PauseJob,
    PauseWorker,
    Limit,
    Lapse,
    Renew,
    Kill,
    QueueTimeout,
    TotalTimeout,
}

/// <summary>
/// A step before it is known what there is: numbers that choose among it. So a shorter script of the same steps is a script too, and the
/// shortest one that fails can be looked for.
/// </summary>
internal sealed record Step(StepKind Kind, int A, int B, int C)
{
    /// <summary>What it comes to now; null where there is nothing that it could be about.</summary>
    public Act? Resolve(ReferenceModel model, RealCore core, Func<string> newName)
    {
        if (Kind == StepKind.Submit)
        {
            return new Submit(
                newName(),
                A % Shapes.All.Length,
                ReferenceModel.Queues[B % ReferenceModel.Queues.Length],
                C % 3 * 10,
                B % 3 == 0 ? 0 : null,
                C % 4 == 0 ? "k" + (B % 2).ToString(CultureInfo.InvariantCulture) : null
            );
        }

        var slot = A % ReferenceModel.Workers;
        var queue = ReferenceModel.Queues[A % ReferenceModel.Queues.Length];
        switch (Kind)
        {
            case StepKind.Claim:
                return new Claim(slot, (B % 3) + 1);
            case StepKind.PauseQueue:
                return new PauseQueue(queue, B % 3 == 0);
            case StepKind.PauseJob:
                return new PauseJob(0, B % 2 == 0);
            case StepKind.PauseWorker:
                return new PauseWorker(slot, B % 3 == 0);
            case StepKind.Limit:
                return new Limit(queue, B % 3 == 0 ? null : B % 3, C % 2 == 0 ? null : (C % 4) + 2);
            case StepKind.Lapse:
                return new Lapse(slot);
            case StepKind.Renew:
                return new Renew(slot);
            case StepKind.Kill:
                return new Kill(slot);
            case StepKind.End:
                var claims = core.Claims;
                // Mostly one of the latest; now and then one that has ended long ago.
                return claims.Count == 0
                    ? null
                    : new End(claims[A % claims.Count], (EndAs)(B % Enum.GetValues<EndAs>().Length));
        }

        var executions = model.Executions.ToList();
        if (executions.Count == 0)
        {
            return null;
        }

        var execution = executions[A % executions.Count];
        var tasks = model.TasksOf(execution).ToList();
        var task = tasks[B % tasks.Count];
        return Kind switch
        {
            StepKind.Cancel => new Cancel(execution),
            StepKind.CancelTask => new CancelTask(execution, task),
            StepKind.Retry => new Retry(execution),
            StepKind.RetryTask => new RetryTask(execution, task),
            StepKind.Repair => new Repair(execution, task),
            StepKind.Requeue => new Requeue(execution, task),
            StepKind.Purge => new Purge(execution, task),
            StepKind.Dismiss => new Dismiss(execution, task),
            StepKind.Skip => new Skip(execution, task),
            StepKind.RetryNow => new RetryNow(execution, task),
            StepKind.Restart => new Restart(execution, task),
            StepKind.Move => new Move(
                execution,
                C % 2 == 0 ? null : (C % 5 * 10) - 20,
                C % 3 == 0 ? null : ReferenceModel.Queues[C % 2]
            ),
            StepKind.QueueTimeout => new QueueTimeout(execution, task),
            _ => new TotalTimeout(execution),
        };
    }
}

/// <summary>Steps one after the other, or some at once.</summary>
internal sealed record Script(IReadOnlyList<IReadOnlyList<Step>> Rounds)
{
    private static readonly (int Weight, StepKind Kind)[] Weights =
    [
        (8, StepKind.Submit),
        (14, StepKind.Claim),
        (16, StepKind.End),
        (2, StepKind.Cancel),
        (2, StepKind.CancelTask),
        (3, StepKind.Retry),
        (3, StepKind.RetryTask),
        (3, StepKind.Repair),
        (3, StepKind.Requeue),
        (1, StepKind.Purge),
        (1, StepKind.Dismiss),
        (2, StepKind.Skip),
        (2, StepKind.RetryNow),
        (2, StepKind.Restart),
        (2, StepKind.Move),
        (2, StepKind.PauseQueue),
        (2, StepKind.PauseJob),
        (2, StepKind.PauseWorker),
        (2, StepKind.Limit),
        (1, StepKind.Lapse),
        (2, StepKind.Renew),
        (1, StepKind.Kill),
        (1, StepKind.QueueTimeout),
        (1, StepKind.TotalTimeout),
    ];

    /// <summary>Scripts in which one thing happens at a time.</summary>
    public static Arbitrary<Script> OneByOne(int steps) =>
        Arb.From(
            StepGen.ListOf(steps).Select(list => new Script([.. list.Select(step => (IReadOnlyList<Step>)[step])])),
            Shrink
        );

    /// <summary>Scripts that begin one by one and go on with rounds of several things at once.</summary>
    public static Arbitrary<Script> AtOnce(int before, int rounds, int width) =>
        Arb.From(
            from first in StepGen.ListOf(before)
            from then in StepGen.ListOf(width).ListOf(rounds)
            select new Script([
                .. first.Select(step => (IReadOnlyList<Step>)[step]),
                .. then.Select(round => (IReadOnlyList<Step>)[.. round]),
            ]),
            Shrink
        );

    public override string ToString() =>
        string.Join(
            Environment.NewLine,
            Rounds.Select(round => string.Join(" || ", round.Select(s => $"{s.Kind}({s.A}, {s.B}, {s.C})")))
        );

    private static Gen<Step> StepGen =>
        from kind in Gen.Frequency(Weights.Select(w => (w.Weight, Gen.Constant(w.Kind))))
        from a in Gen.Choose(0, 59)
        from b in Gen.Choose(0, 59)
        from c in Gen.Choose(0, 59)
        select new Step(kind, a, b, c);

    /// <summary>Large pieces go first, then single rounds, then single steps of a round.</summary>
    private static IEnumerable<Script> Shrink(Script script)
    {
        var rounds = script.Rounds;
        for (var size = rounds.Count / 2; size >= 1; size /= 2)
        {
            for (var at = rounds.Count - size; at >= 0; at -= size)
            {
                yield return new Script([.. rounds.Take(at), .. rounds.Skip(at + size)]);
            }
        }

        for (var at = 0; at < rounds.Count; at++)
        {
            for (var i = 0; rounds[at].Count > 1 && i < rounds[at].Count; i++)
            {
                yield return new Script([
                    .. rounds.Take(at),
                    [.. rounds[at].Where((_, index) => index != i)],
                    .. rounds.Skip(at + 1),
                ]);
            }
        }
    }
}
