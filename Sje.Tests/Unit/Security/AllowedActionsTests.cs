using Sje.Core.Jobs;
using Sje.Core.Security;

namespace Sje.Tests.Unit.Security;

public sealed class AllowedActionsTests
{
    [Theory]
    [InlineData(false, true, false, "Cancel Rerun Prioritize Move")]
    [InlineData(false, false, false, "Cancel Rerun")]
    [InlineData(false, true, true, "Cancel Retry Rerun Prioritize Move")]
    [InlineData(true, false, true, "Retry Rerun")]
    [InlineData(true, false, false, "Rerun")]
    public void Of_an_execution_by_its_state(bool ended, bool waiting, bool unsuccessful, string allowed) =>
        Assert.Equal(
            allowed,
            string.Join(
                ' ',
                AllowedActions.OfExecution(Role.Operator, new ExecutionFacts(ended, waiting, unsuccessful))
            )
        );

    [Fact]
    public void A_waiting_task_is_skipped_and_a_dead_letter_requeued_or_purged_until_it_is_dismissed()
    {
        foreach (var state in Enum.GetValues<TaskState>())
        {
            var waits = state is TaskState.Blocked or TaskState.Queued or TaskState.WaitingRetry;
            var dead = state is TaskState.Failed or TaskState.TimedOut;
            var expected =
                waits ? "Skip"
                : dead ? "Requeue Purge"
                : "";
            Assert.Equal(expected, string.Join(' ', AllowedActions.OfTask(Role.Operator, state, dismissed: false)));
            Assert.Equal(waits ? 1 : 0, AllowedActions.OfTask(Role.Operator, state, dismissed: true).Count);
        }
    }

    [Fact]
    public void A_concurrency_key_that_tasks_name_is_kept_and_a_closed_breaker_has_nothing_to_reset()
    {
        Assert.Equal("Edit Delete", string.Join(' ', AllowedActions.OfConcurrencyKey(Role.Operator, named: false)));
        Assert.Equal("Edit", string.Join(' ', AllowedActions.OfConcurrencyKey(Role.Operator, named: true)));
        Assert.Equal("Reset", string.Join(' ', AllowedActions.OfCircuitBreaker(Role.Operator, closed: false)));
        Assert.Empty(AllowedActions.OfCircuitBreaker(Role.Operator, closed: true));
        Assert.Equal("Edit", string.Join(' ', AllowedActions.OfTenant(Role.Admin)));
    }

    [Fact]
    public void A_viewer_may_nothing_and_only_an_admin_may_end_keys()
    {
        Assert.Empty(AllowedActions.OfExecution(Role.Viewer, new ExecutionFacts(false, true, true)));
        Assert.Empty(AllowedActions.OfTask(Role.Viewer, TaskState.Failed, false));
        Assert.Empty(AllowedActions.OfJob(Role.Viewer, false));
        Assert.Empty(AllowedActions.OfSchedule(Role.Viewer, true, false));
        Assert.Empty(AllowedActions.OfQueue(Role.Viewer, true));
        Assert.Empty(AllowedActions.OfWorker(Role.Viewer, true, false, false));
        Assert.Empty(AllowedActions.OfOperation(Role.Viewer, true));
        Assert.Empty(AllowedActions.OfConcurrencyKey(Role.Viewer, false));
        Assert.Empty(AllowedActions.OfCircuitBreaker(Role.Viewer, false));
        Assert.Empty(AllowedActions.OfTenant(Role.Operator));
        Assert.Empty(AllowedActions.OfKey(Role.Operator, false));
        Assert.Equal("Delete", string.Join(' ', AllowedActions.OfKey(Role.Admin, false)));
        Assert.Empty(AllowedActions.OfKey(Role.Admin, true));
    }
}
