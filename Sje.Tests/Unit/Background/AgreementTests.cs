using Sje.Core.Jobs;
using Sje.Jobs.Background;
using Sje.Tests.Support;

namespace Sje.Tests.Unit.Background;

public class AgreementTests
{
    [Fact]
    public void Every_state_of_a_task_has_its_line_and_every_line_names_states_that_there_are()
    {
        Assert.Equal(
            Enum.GetValues<TaskState>()
                .Select(s => s.ToSnake())
                .Append(Agreement.Cancelling)
                .Append(Agreement.Restarting)
                .Append(Agreement.PutAway)
                .Order(StringComparer.Ordinal),
            Agreement.Table.Select(row => row.Side).Order(StringComparer.Ordinal)
        );
        Assert.All(Agreement.Table, row => Assert.Empty(row.Right.Concat(row.Lagging).Except(Agreement.Shown)));
        Assert.All(Agreement.Table, row => Assert.Empty(row.Right.Intersect(row.Lagging)));
    }

    [Fact]
    public void What_the_reconciler_makes_is_right() =>
        Assert.All(Agreement.Table, row => Assert.Equal(Standing.Right, Agreement.Of(row.Side, row.Wanted)));

    [Fact]
    public void What_the_state_filter_writes_of_a_state_is_right()
    {
        foreach (var state in Enum.GetValues<TaskState>())
        {
            if (HangfireStates.Of(state, dismissed: false) is { } shown)
            {
                Assert.Equal(Standing.Right, Agreement.Of(state.ToSnake(), shown));
            }
        }
    }

    [Fact]
    public void An_alive_task_is_never_right_without_a_job_that_shows_it()
    {
        foreach (
            var state in new[] { "queued", "running", "waiting_retry", Agreement.Cancelling, Agreement.Restarting }
        )
        {
            Assert.NotEqual(Standing.Right, Agreement.Of(state, Agreement.Gone));
            Assert.NotEqual(Standing.Right, Agreement.Of(state, Agreement.NoJob));
            Assert.NotEqual(Standing.Right, Agreement.Of(state, "Succeeded"));
            Assert.NotEqual(Standing.Right, Agreement.Of(state, "Failed"));
        }
    }

    [Fact]
    public void The_reference_shows_this_very_table()
    {
        var text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "reference", "hangfire.md"));
        var rows = text.Split('\n')
            .SkipWhile(line => !line.StartsWith("| our tables |", StringComparison.Ordinal))
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'));
        Assert.Equal(
            Agreement.Table.Select(row =>
                $"| {row.Side} | {string.Join(", ", row.Right)} | {string.Join(", ", row.Lagging)} | {row.Mended} |"
            ),
            rows
        );
    }
}
