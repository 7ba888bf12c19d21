using Sje.Core.Jobs;
using Sje.Core.Security;
using Sje.Jobs.Storage;

namespace Sje.Web.Api;

/// <summary>Gathers what a page or a list of executions shows from the readers of storage.</summary>
internal sealed class ExecutionPages(
    ExecutionReader executions,
    TaskReader tasks,
    ExecutionFactReader facts,
    TypicalDurationReader durations,
    WaitReasons reasons
)
{
    /// <summary>The execution of an id, or else the newest under a label.</summary>
    public async Task<ExecutionSummary?> FindAsync(string idOrLabel, Caller caller, CancellationToken stop) =>
        (Guid.TryParseExact(idOrLabel, "D", out var id) ? await executions.FindAsync(id, caller.Scope, stop) : null)
        ?? await executions.FindByLabelAsync(idOrLabel, caller.Scope, stop);

    public async Task<IReadOnlyList<ExecutionItem>> ToItemsAsync(
        IReadOnlyList<ExecutionSummary> found,
        Caller caller,
        bool withTypical,
        CancellationToken stop
    )
    {
        Guid[] ids = [.. found.Select(e => e.Id)];
        var telling = await tasks.FindTellingAsync(ids, stop);
        var known = await facts.FindAsync(ids, stop);
        var usual = withTypical
            ? await durations.FindAsync([.. found.Select(TypicalDurationReader.JobOf).Distinct()], stop)
            : null;
        var why = await reasons.ExplainAsync(
            [.. found.Where(IsOpen).Select(e => telling.GetValueOrDefault(e.Id)).OfType<TaskDetail>()],
            stop
        );
        return
        [
            .. found.Select(e =>
            {
                var task = telling.GetValueOrDefault(e.Id);
                return ExecutionViews.ToItem(
                    e,
                    task,
                    task is null ? null : why.GetValueOrDefault(task.Id),
                    known.GetValueOrDefault(e.Id, ExecutionTaskFacts.None),
                    usual?.TryGetValue(TypicalDurationReader.JobOf(e), out var took) == true ? took : null,
                    caller.Role
                );
            }),
        ];
    }

    /// <summary>What a caller may do to an execution now.</summary>
    public async Task<IReadOnlyList<ObjectAction>> ActionsOfAsync(
        ExecutionSummary execution,
        Caller caller,
        CancellationToken stop
    ) =>
        AllowedActions.OfExecution(
            caller.Role,
            (await facts.FindAsync([execution.Id], stop))
                .GetValueOrDefault(execution.Id, ExecutionTaskFacts.None)
                .Of(execution)
        );

    public async Task<ExecutionDetail?> ToDetailAsync(ExecutionSummary execution, Caller caller, CancellationToken stop)
    {
        if (await executions.FindTextAsync(execution.Id, stop) is not { } text)
        {
            return null;
        }

        var shown = await tasks.ListAsync(execution.Id, 0, ExecutionViews.TasksShown, stop);
        var item = (await ToItemsAsync([execution], caller, withTypical: true, stop))[0];
        return new ExecutionDetail(item with { Progress = ExecutionViews.ProgressOf(shown) })
        {
            Job = text.Spec,
            Parameters = text.Parameters,
            Outputs = ExecutionViews.Joined(shown, task => task.Outputs),
            Metrics = ExecutionViews.Joined(shown, task => task.Metrics),
            Error = ExecutionViews.ErrorOf(shown),
            TaskCounts = (await tasks.CountAsync(execution.Id, stop)).ToDictionary(
                count => count.Key.ToSnake(),
                count => count.Value
            ),
            Tasks = await ToItemsAsync(execution.Id, shown, caller, stop),
        };
    }

    public async Task<IReadOnlyList<TaskItem>> ToItemsAsync(
        Guid executionId,
        IReadOnlyList<TaskDetail> shown,
        Caller caller,
        CancellationToken stop
    )
    {
        var why = await reasons.ExplainAsync(shown, stop);
        var names = shown.ToDictionary(task => task.Id, task => task.Name);
        var elsewhere = shown
            .SelectMany(task => task.DependsOn)
            .Where(id => !names.ContainsKey(id))
            .Distinct()
            .ToList();
        foreach (var (id, name) in await tasks.FindNamesAsync(executionId, elsewhere, stop))
        {
            names[id] = name;
        }

        return
        [
            .. shown.Select(task => ExecutionViews.ToItem(task, why.GetValueOrDefault(task.Id), names, caller.Role)),
        ];
    }

    private static bool IsOpen(ExecutionSummary execution) => !execution.State.IsFinal();
}
