using Sje.Core.Jobs;

namespace Sje.Tests.Unit.Jobs;

public class StateMachineTests
{
    [Fact]
    public void A_final_task_is_moved_only_by_a_retry()
    {
        foreach (var from in Enum.GetValues<TaskState>().Where(s => s.IsFinal()))
        {
            foreach (var to in Enum.GetValues<TaskState>())
            {
                Assert.Equal(to == TaskState.Queued, StateMachine.Allows(from, to));
            }
        }
    }
}
