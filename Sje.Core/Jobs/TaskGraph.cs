namespace Sje.Core.Jobs;

/// <summary>
/// The dependencies between the tasks of a job. Its checks are linear in tasks and dependencies and do not recurse. Of tasks that
/// share a name, the first has it.
/// </summary>
internal sealed class TaskGraph
{
    public const int MostTasks = 1_000;

    private const int MostShown = 10;

    private readonly IReadOnlyList<TaskSpec> tasks;
    private readonly Dictionary<string, int> byName = new(StringComparer.Ordinal);

    /// <summary>For each task, the indices of the tasks that it depends on directly; itself and unknown ones left out.</summary>
    private readonly int[][] dependencies;

    public TaskGraph(IReadOnlyList<TaskSpec> tasks)
    {
        this.tasks = tasks;
        for (var task = 0; task < tasks.Count; task++)
        {
            byName.TryAdd(tasks[task].Name, task);
        }

        dependencies =
        [
            .. tasks.Select(
                (task, index) =>
                    task
                        .DependsOn.Where(byName.ContainsKey)
                        .Select(name => byName[name])
                        .Where(other => other != index)
                        .Distinct()
                        .ToArray()
            ),
        ];
    }

    public IEnumerable<string> Names => byName.Keys;

    /// <summary>Something wrong with a task, or (with an index) with one of its dependencies.</summary>
    public sealed record Problem(int Task, int? Dependency, string Code, string Detail);

    /// <summary>Names that stand twice, dependencies on nothing or on oneself, and every cycle that shares no task with another.</summary>
    public IEnumerable<Problem> Problems()
    {
        for (var task = 0; task < tasks.Count; task++)
        {
            if (byName[tasks[task].Name] != task)
            {
                yield return new Problem(
                    task,
                    null,
                    FaultCodes.DuplicateName,
                    $"Two tasks are named {Excerpt.Quote(tasks[task].Name)}."
                );
            }

            var seen = new HashSet<string>(StringComparer.Ordinal);
            for (var dependency = 0; dependency < tasks[task].DependsOn.Count; dependency++)
            {
                var name = tasks[task].DependsOn[dependency];
                if (name == tasks[task].Name)
                {
                    yield return new Problem(task, dependency, FaultCodes.Cycle, "A task cannot depend on itself.");
                }
                else if (!byName.ContainsKey(name))
                {
                    yield return new Problem(
                        task,
                        dependency,
                        FaultCodes.UnknownTask,
                        $"There is no task {Excerpt.Quote(name)} in this job.{NearName.Hint(name, byName.Keys)}"
                    );
                }
                else if (!seen.Add(name))
                {
                    yield return new Problem(
                        task,
                        dependency,
                        FaultCodes.DuplicateName,
                        $"{Excerpt.Quote(name)} stands here twice."
                    );
                }
            }
        }

        foreach (var cycle in Cycles())
        {
            var names = cycle.Take(MostShown).Select(task => Excerpt.Cut(tasks[task].Name));
            var more = cycle.Count > MostShown ? $" -> ... ({cycle.Count} tasks)" : "";
            yield return new Problem(
                cycle[0],
                IndexOfDependency(cycle),
                FaultCodes.Cycle,
                $"These tasks wait for each other: {string.Join(" -> ", names)}{more} -> {Excerpt.Cut(tasks[cycle[0]].Name)}."
            );
        }
    }

    public bool Contains(string name) => byName.ContainsKey(name);

    /// <summary>Whether a task must have ended before another starts, by way of any number of others.</summary>
    public Func<string, bool> AncestorsOf(int task)
    {
        var isAncestor = new bool[tasks.Count];
        var open = new Stack<int>(dependencies[task]);
        while (open.TryPop(out var ancestor))
        {
            if (!isAncestor[ancestor])
            {
                isAncestor[ancestor] = true;
                foreach (var further in dependencies[ancestor])
                {
                    open.Push(further);
                }
            }
        }

        return name => byName.TryGetValue(name, out var index) && isAncestor[index];
    }

    /// <summary>
    /// Takes away tasks that depend on nothing that is left, until only cycles and what depends on them remain; from any of those,
    /// going from dependency to dependency must come back to a task already seen.
    /// </summary>
    private IEnumerable<IReadOnlyList<int>> Cycles()
    {
        var dependents = Enumerable.Range(0, tasks.Count).Select(_ => new List<int>()).ToArray();
        var open = new int[tasks.Count];
        for (var task = 0; task < tasks.Count; task++)
        {
            open[task] = dependencies[task].Length;
            foreach (var other in dependencies[task])
            {
                dependents[other].Add(task);
            }
        }

        var gone = new bool[tasks.Count];
        var free = new Stack<int>(Enumerable.Range(0, tasks.Count).Where(task => open[task] == 0));
        Release();
        for (var task = 0; task < tasks.Count; task++)
        {
            if (gone[task])
            {
                continue;
            }

            var cycle = CycleFrom(task);
            yield return cycle;

            // Without its tasks, what only waited for this cycle is free; another cycle remains.
            foreach (var member in cycle)
            {
                gone[member] = true;
                free.Push(member);
            }

            Release();
        }

        void Release()
        {
            while (free.TryPop(out var task))
            {
                gone[task] = true;
                foreach (
                    var dependent in dependents[task].Where(dependent => --open[dependent] == 0 && !gone[dependent])
                )
                {
                    free.Push(dependent);
                }
            }
        }

        List<int> CycleFrom(int start)
        {
            var path = new List<int>();
            var place = new Dictionary<int, int>();
            var task = start;
            while (place.TryAdd(task, path.Count))
            {
                path.Add(task);
                task = dependencies[task].First(other => !gone[other]);
            }

            return path[place[task]..];
        }
    }

    private int IndexOfDependency(IReadOnlyList<int> cycle)
    {
        var next = tasks[cycle[1]].Name;
        return tasks[cycle[0]].DependsOn.Index().First(dependency => dependency.Item == next).Index;
    }
}
