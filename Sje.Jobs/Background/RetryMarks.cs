using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;

namespace Sje.Jobs.Background;

/// <summary>
/// Keeps the set behind Hangfire's page of retries: a task's job that is Scheduled waits for a retry and for nothing else. Stock Hangfire
/// leaves this to AutomaticRetry, which our jobs do not have. It costs a statement only where a retry is decided or is over.
/// </summary>
internal sealed class RetryMarks : JobFilterAttribute, IApplyStateFilter
{
    private const string Retries = "retries";

    /// <inheritdoc/>
    public void OnStateApplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
    {
        if (context.NewState.Name == ScheduledState.StateName)
        {
            transaction.AddToSet(Retries, context.BackgroundJob.Id);
        }
    }

    /// <inheritdoc/>
    public void OnStateUnapplied(ApplyStateContext context, IWriteOnlyTransaction transaction)
    {
        if (context.OldStateName == ScheduledState.StateName)
        {
            transaction.RemoveFromSet(Retries, context.BackgroundJob.Id);
        }
    }
}
