using Hangfire.States;
using Sje.Core.Jobs;

namespace Sje.Jobs.Background;

/// <summary>Which of Hangfire's states shows which of ours (API.md, "States").</summary>
internal static class HangfireStates
{
    /// <summary>Every state Hangfire knows, and the word for "none yet".</summary>
    public static readonly string[] All =
    [
        EnqueuedState.StateName,
        ScheduledState.StateName,
        ProcessingState.StateName,
        SucceededState.StateName,
        FailedState.StateName,
        DeletedState.StateName,
        AwaitingState.StateName,
        None,
    ];

    /// <summary>A job that has no state yet.</summary>
    public const string None = "none";

    /// <summary>The state that a task's background job should be in; null while it should have none.</summary>
    public static string? Of(TaskState state, bool dismissed) =>
        state switch
        {
            TaskState.Blocked => null,
            TaskState.Queued => EnqueuedState.StateName,
            TaskState.Running => ProcessingState.StateName,
            TaskState.WaitingRetry => ScheduledState.StateName,
            TaskState.Succeeded => dismissed ? DeletedState.StateName : SucceededState.StateName,
            TaskState.Failed or TaskState.TimedOut => dismissed ? DeletedState.StateName : FailedState.StateName,
            TaskState.Cancelled or TaskState.Skipped => DeletedState.StateName,
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No such state."),
        };

    /// <summary>Our states that a state of Hangfire's may stand for, in snake_case.</summary>
    public static string[] Ours(string hangfire) =>
        [
            .. Enum.GetValues<TaskState>()
                .Where(s => Of(s, dismissed: false) == hangfire || Of(s, dismissed: true) == hangfire)
                .Select(s => s.ToSnake()),
        ];
}
