using Sje.Core.Jobs;

namespace Sje.Jobs.Queueing;

/// <summary>A task of an execution as a repair sees it.</summary>
internal sealed record RepairTask(Guid Id, string Name, TaskState State, IReadOnlyList<Guid> DependsOn);

/// <summary>
/// Which tasks run again when some of an execution are to: those, and all behind them that have ended, in success too, because they ran on outputs
/// that are no longer the newest. What is behind them and has not begun waits for them anew.
/// </summary>
internal sealed record RepairPlan
{
    private RepairPlan() { }

    /// <summary>The tasks that go back into the queue; empty where the repair is refused.</summary>
    public IReadOnlyList<Guid> Tasks { get; private init; } = [];

    /// <summary>A task that was named and is not there.</summary>
    public string? Unknown { get; private init; }

    /// <summary>Why the states of the tasks do not allow it.</summary>
    public string? WhyNot { get; private init; }

    /// <summary>Plans it for the tasks of one execution.</summary>
    public static RepairPlan Of(IReadOnlyList<RepairTask> tasks, IReadOnlyList<string> names)
    {
        var byName = tasks.ToDictionary(task => task.Name);
        if (names.FirstOrDefault(name => !byName.ContainsKey(name)) is { } unknown)
        {
            return new RepairPlan { Unknown = unknown };
        }

        var asked = names.Distinct().Select(name => byName[name]).ToList();
        var chosen = asked.ToDictionary(task => task.Id);
        var behind = tasks.SelectMany(task => task.DependsOn.Select(on => (On: on, Task: task))).ToLookup(d => d.On);
        var open = new Queue<RepairTask>(asked);
        while (open.TryDequeue(out var task))
        {
            foreach (var (_, next) in behind[task.Id])
            {
                if (next.State == TaskState.Running)
                {
                    return Refused(
                        $"task '{next.Name}' depends on '{task.Name}' and is running: wait for it, or cancel"
                    );
                }

                if (next.State.IsFinal() && chosen.TryAdd(next.Id, next))
                {
                    open.Enqueue(next);
                }
            }
        }

        foreach (var task in asked)
        {
            if (!task.State.IsFinal())
            {
                return Refused($"task '{task.Name}' is {task.State.ToSnake()} and has not ended");
            }

            var before = tasks.FirstOrDefault(other =>
                task.DependsOn.Contains(other.Id)
                && other.State.IsFinal()
                && other.State != TaskState.Succeeded
                && !chosen.ContainsKey(other.Id)
            );
            if (before is not null)
            {
                return Refused(
                    $"task '{task.Name}' depends on '{before.Name}', which is {before.State.ToSnake()}: retry that too"
                );
            }
        }

        return new RepairPlan { Tasks = [.. chosen.Keys] };
    }

    private static RepairPlan Refused(string why) => new() { WhyNot = why };
}
