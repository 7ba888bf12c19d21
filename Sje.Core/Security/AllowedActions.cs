using Sje.Core.Jobs;

namespace Sje.Core.Security;

/// <summary>What may be done to an object. Written in small letters, as the API and the pages do.</summary>
public enum ObjectAction
{
    /// <summary>Start a saved job.</summary>
    Run,

    /// <summary>Start the job of a schedule now.</summary>
    Trigger,

    /// <summary>Cancel an execution, or an operation.</summary>
    Cancel,

    /// <summary>Run what did not succeed again, in the same execution.</summary>
    Retry,

    /// <summary>Run the same job text as a new execution.</summary>
    Rerun,

    /// <summary>Another priority for what waits.</summary>
    Prioritize,

    /// <summary>Another queue for what waits.</summary>
    Move,

    /// <summary>Skip a task that waits.</summary>
    Skip,

    /// <summary>Start nothing until resumed.</summary>
    Pause,

    /// <summary>End a pause or a drain.</summary>
    Resume,

    /// <summary>Claim nothing, and hand back what still runs after the grace.</summary>
    Drain,

    /// <summary>Change the definition.</summary>
    Edit,

    /// <summary>Delete it; of a key, end it.</summary>
    Delete,

    /// <summary>Run a dead letter again.</summary>
    Requeue,

    /// <summary>Dismiss a dead letter.</summary>
    Purge,

    /// <summary>Close a circuit breaker.</summary>
    Reset,
}

/// <summary>Of an execution, what decides what may be done to it.</summary>
/// <param name="Ended">Whether all its tasks have ended.</param>
/// <param name="HasWaiting">Whether a task of it waits.</param>
/// <param name="HasUnsuccessful">Whether a task of it has ended without success.</param>
public sealed record ExecutionFacts(bool Ended, bool HasWaiting, bool HasUnsuccessful);

/// <summary>
/// What a caller may do to an object now, by its state and the caller's role. The answers of the API carry it, the pages show it, and the endpoints
/// refuse by it. The statements that change anything check the state once more under their locks, since it may have changed meanwhile.
/// </summary>
public static class AllowedActions
{
    /// <summary>The role that may change anything but keys and tenants.</summary>
    public const Role Changes = Role.Operator;

    /// <summary>The role that may change keys.</summary>
    public const Role ChangesKeys = Role.Admin;

    /// <summary>The role that may change what share a tenant gets.</summary>
    public const Role ChangesTenants = Role.Admin;

    /// <summary>Of an execution.</summary>
    public static IReadOnlyList<ObjectAction> OfExecution(Role role, ExecutionFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return Those(
            role >= Changes,
            (ObjectAction.Cancel, !facts.Ended),
            (ObjectAction.Retry, facts.HasUnsuccessful),
            (ObjectAction.Rerun, true),
            (ObjectAction.Prioritize, facts.HasWaiting),
            (ObjectAction.Move, facts.HasWaiting)
        );
    }

    /// <summary>Of a task of an execution.</summary>
    public static IReadOnlyList<ObjectAction> OfTask(Role role, TaskState state, bool dismissed) =>
        Those(
            role >= Changes,
            (ObjectAction.Skip, state is TaskState.Blocked or TaskState.Queued or TaskState.WaitingRetry),
            (ObjectAction.Requeue, IsDeadLetter(state, dismissed)),
            (ObjectAction.Purge, IsDeadLetter(state, dismissed))
        );

    /// <summary>Of a dead letter.</summary>
    public static IReadOnlyList<ObjectAction> OfDeadLetter(Role role) =>
        OfTask(role, TaskState.Failed, dismissed: false);

    /// <summary>Of a saved job.</summary>
    public static IReadOnlyList<ObjectAction> OfJob(Role role, bool paused) =>
        Those(
            role >= Changes,
            (ObjectAction.Run, true),
            (ObjectAction.Edit, true),
            (ObjectAction.Delete, true),
            (ObjectAction.Pause, !paused),
            (ObjectAction.Resume, paused)
        );

    /// <summary>Of a schedule; one that is part of a job's file is edited there.</summary>
    public static IReadOnlyList<ObjectAction> OfSchedule(Role role, bool paused, bool fromJob) =>
        Those(
            role >= Changes,
            (ObjectAction.Trigger, true),
            (ObjectAction.Edit, !fromJob),
            (ObjectAction.Delete, true),
            (ObjectAction.Pause, !paused),
            (ObjectAction.Resume, paused)
        );

    /// <summary>Of a queue.</summary>
    public static IReadOnlyList<ObjectAction> OfQueue(Role role, bool paused) =>
        Those(role >= Changes, (ObjectAction.Edit, true), (ObjectAction.Pause, !paused), (ObjectAction.Resume, paused));

    /// <summary>Of a worker.</summary>
    public static IReadOnlyList<ObjectAction> OfWorker(Role role, bool alive, bool paused, bool drains) =>
        Those(
            role >= Changes && alive,
            (ObjectAction.Pause, !paused),
            (ObjectAction.Resume, paused),
            (ObjectAction.Drain, !drains)
        );

    /// <summary>Of an operation.</summary>
    public static IReadOnlyList<ObjectAction> OfOperation(Role role, bool running) =>
        Those(role >= Changes, (ObjectAction.Cancel, running));

    /// <summary>Of a concurrency key; one that tasks name cannot be forgotten.</summary>
    public static IReadOnlyList<ObjectAction> OfConcurrencyKey(Role role, bool named) =>
        Those(role >= Changes, (ObjectAction.Edit, true), (ObjectAction.Delete, !named));

    /// <summary>Of a tenant.</summary>
    public static IReadOnlyList<ObjectAction> OfTenant(Role role) =>
        Those(role >= ChangesTenants, (ObjectAction.Edit, true));

    /// <summary>Of a circuit breaker.</summary>
    public static IReadOnlyList<ObjectAction> OfCircuitBreaker(Role role, bool closed) =>
        Those(role >= Changes, (ObjectAction.Reset, !closed));

    /// <summary>Of a key.</summary>
    public static IReadOnlyList<ObjectAction> OfKey(Role role, bool revoked) =>
        Those(role >= ChangesKeys, (ObjectAction.Delete, !revoked));

    private static bool IsDeadLetter(TaskState state, bool dismissed) =>
        state is TaskState.Failed or TaskState.TimedOut && !dismissed;

    private static List<ObjectAction> Those(bool may, params ReadOnlySpan<(ObjectAction Action, bool If)> all)
    {
        var allowed = new List<ObjectAction>();
        foreach (var (action, holds) in all)
        {
            if (may && holds)
            {
                allowed.Add(action);
            }
        }

        return allowed;
    }
}
