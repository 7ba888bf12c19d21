namespace Sje.Core.Jobs;

/// <summary>
/// Which state may follow which (API.md, "States"). The SQL of the queue makes these moves and no others; the CHECKs of the
/// schema list the same states; a test walks every pair.
/// </summary>
public static class StateMachine
{
    private static readonly Dictionary<TaskState, TaskState[]> TaskMoves = new()
    {
        [TaskState.Blocked] = [TaskState.Queued, TaskState.Skipped, TaskState.Cancelled],
        [TaskState.Queued] =
        [
            TaskState.Running,
            TaskState.Blocked,
            TaskState.Cancelled,
            TaskState.TimedOut,
            TaskState.Skipped,
        ],
        [TaskState.Running] =
        [
            TaskState.Succeeded,
            TaskState.Failed,
            TaskState.WaitingRetry,
            TaskState.Queued,
            TaskState.Cancelled,
            TaskState.TimedOut,
        ],
        [TaskState.WaitingRetry] =
        [
            TaskState.Running,
            TaskState.Queued,
            TaskState.Blocked,
            TaskState.Cancelled,
            TaskState.TimedOut,
            TaskState.Skipped,
        ],
        [TaskState.Succeeded] = [TaskState.Queued],
        [TaskState.Failed] = [TaskState.Queued],
        [TaskState.Cancelled] = [TaskState.Queued],
        [TaskState.TimedOut] = [TaskState.Queued],
        [TaskState.Skipped] = [TaskState.Queued],
    };

    private static readonly Dictionary<ExecutionState, ExecutionState[]> ExecutionMoves = new()
    {
        [ExecutionState.Accepted] = [ExecutionState.Queued, ExecutionState.Cancelled, ExecutionState.TimedOut],
        [ExecutionState.Queued] =
        [
            ExecutionState.Running,
            ExecutionState.Cancelled,
            ExecutionState.TimedOut,
            ExecutionState.Failed,
            ExecutionState.Succeeded,
        ],
        [ExecutionState.Running] =
        [
            ExecutionState.Succeeded,
            ExecutionState.PartiallySucceeded,
            ExecutionState.Failed,
            ExecutionState.Cancelled,
            ExecutionState.TimedOut,
        ],
        [ExecutionState.Succeeded] = [ExecutionState.Queued],
        [ExecutionState.PartiallySucceeded] = [ExecutionState.Queued],
        [ExecutionState.Failed] = [ExecutionState.Queued],
        [ExecutionState.Cancelled] = [ExecutionState.Queued],
        [ExecutionState.TimedOut] = [ExecutionState.Queued],
    };

    /// <summary>Whether a task in <paramref name="from"/> may move to <paramref name="to"/>.</summary>
    public static bool Allows(TaskState from, TaskState to) => TaskMoves[from].Contains(to);

    /// <summary>Whether an execution in <paramref name="from"/> may move to <paramref name="to"/>.</summary>
    public static bool Allows(ExecutionState from, ExecutionState to) => ExecutionMoves[from].Contains(to);

    /// <summary>Whether nothing but an explicit retry moves a task on.</summary>
    public static bool IsFinal(this TaskState state) => state >= TaskState.Succeeded;

    /// <summary>Whether nothing but an explicit retry of one of its tasks moves an execution on.</summary>
    public static bool IsFinal(this ExecutionState state) => state >= ExecutionState.Succeeded;
}
