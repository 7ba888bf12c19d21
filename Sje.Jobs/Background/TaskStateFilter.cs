using System.Globalization;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using NpgsqlTypes;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// Stands between our decisions and Hangfire's states. At election it votes down what comes from an attempt that no longer owns its task,
/// and translates Failed into the retry that our runner has decided. At application it puts our side of the change into Hangfire's own
/// transaction: a word on a label of ours, which <see cref="TaskJobQueue.Enqueue"/> hears on that very connection. Never throws on its own.
/// </summary>
internal sealed class TaskStateFilter(Database database, QueueLabels labels)
    : JobFilterAttribute,
        IElectStateFilter,
        IApplyStateFilter
{
    // The attempt is still the last one, and the task is where the new state of Hangfire's says.
    private const string Owns = """
        select exists (
            select 1 from sje.all_tasks where id = $1 and attempt = $2 and state = any ($3) and (worker_id is null or worker_id = $4))
        """;

    /// <inheritdoc/>
    public void OnStateElection(ElectStateContext context)
    {
        if (context.CandidateState is FailedState { Exception: TaskFailedException failed } candidate)
        {
            // Where a retry follows, Hangfire keeps this state in the job's history before Scheduled.
            candidate.Reason = failed.Message;
            context.CandidateState = failed.RetryAt is { } at
                ? new ScheduledState(at.UtcDateTime) { Reason = failed.Message }
                : candidate;
        }

        // An attempt that knows its job's state is checked by the change itself (AttemptTransition).
        if (
            CurrentClaim.For(context.BackgroundJob.Id) is { BackgroundJobState: null } task
            && !Speaks(task, context.CandidateState.Name)
        )
        {
            // Not this attempt's any more. Hangfire compares names only, so the present state is elected again.
            task.Stop(StopCause.LeaseLost);
            context.CandidateState = Keep(
                context,
                $"attempt {task.Identity.Attempt} owned the task no longer; what it said is ignored"
            );
            return;
        }

        if (context.CandidateState is EnqueuedState enqueued)
        {
            enqueued.Queue = labels.For(enqueued.Queue);
        }
    }

    /// <inheritdoc/>
    public void OnStateApplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
    {
        FaultPoint.AtElected(context.NewState.Name);
        // Whether the attempt has lost its lease since the election is for the hook to find out: without its word nobody would ask.
        if (context.NewState is IKeptState)
        {
            return;
        }

        // A new job has its task only from the end of this transaction on, and means nothing beyond itself.
        if (context.OldStateName is null)
        {
            return;
        }

        CurrentClaim.Change = (context.BackgroundJob.Id, context.NewState);
        ((JobStorageTransaction)transaction).AddToQueue(
            StateChangeWord.Write(context.OldStateName, context.NewState.Name),
            context.BackgroundJob.Id
        );
    }

    /// <inheritdoc/>
    public void OnStateUnapplied(ApplyStateContext context, IWriteOnlyTransaction transaction) { }

    private static IState Keep(ElectStateContext context, string why)
    {
        var present = context.Connection.GetStateData(context.BackgroundJob.Id);
        return present?.Name switch
        {
            null => context.CandidateState,

            // Hangfire's handlers of these two cast the state to its own type.
            "Enqueued" => new KeptEnqueuedState(present.Data["Queue"]) { Reason = why },
            "Scheduled" => new KeptScheduledState(JobHelper.DeserializeDateTime(present.Data["EnqueueAt"]))
            {
                Reason = why,
            },
            _ => new KeptState(present, why),
        };
    }

    private bool Speaks(ClaimedTask task, string candidate)
    {
        using var command = database.Main.CreateCommand(Owns);
        command.Parameters.Add(P(task.Identity.TaskId));
        command.Parameters.Add(P(task.Identity.Attempt));
        command.Parameters.Add(P(HangfireStates.Ours(candidate), NpgsqlDbType.Array | NpgsqlDbType.Text));
        command.Parameters.Add(P(task.WorkerId));
        return command.ExecuteScalar() is true;
    }
}

/// <summary>A job's present state, elected once more so that nothing changes.</summary>
internal interface IKeptState : IState;

/// <summary>Enqueued, kept.</summary>
internal sealed class KeptEnqueuedState(string queue) : EnqueuedState(queue), IKeptState;

/// <summary>Scheduled, kept.</summary>
internal sealed class KeptScheduledState(DateTime enqueueAt) : ScheduledState(enqueueAt), IKeptState;

/// <summary>Any other state, kept.</summary>
internal sealed class KeptState(StateData present, string reason) : IKeptState
{
    /// <inheritdoc/>
    public string Name => present.Name;

    /// <inheritdoc/>
    public string Reason => reason;

    /// <inheritdoc/>
    public bool IsFinal => present.Name is "Succeeded" or "Deleted";

    /// <inheritdoc/>
    public bool IgnoreJobLoadException => true;

    /// <inheritdoc/>
    public Dictionary<string, string> SerializeData() => new(present.Data);
}

/// <summary>The word by which a state change of Hangfire's reaches our queue inside its transaction: <c>sje~Failed~Enqueued</c>.</summary>
internal static class StateChangeWord
{
    /// <summary>The word of the reconciler: check the row's version, change nothing.</summary>
    public const string Check = "sje!check";

    /// <summary>All words, to be registered as labels.</summary>
    public static IEnumerable<string> All =>
        HangfireStates.All.SelectMany(old => HangfireStates.All.Select(now => Write(old, now))).Append(Check);

    /// <summary>The word for a change.</summary>
    public static string Write(string? oldState, string newState) =>
        string.Create(CultureInfo.InvariantCulture, $"sje~{oldState ?? HangfireStates.None}~{newState}");

    /// <summary>Reads a word; null when it is the name of a queue.</summary>
    public static (string Old, string New)? Read(string label) =>
        label.Split('~') is ["sje", var old, var now] ? (old, now) : null;
}
