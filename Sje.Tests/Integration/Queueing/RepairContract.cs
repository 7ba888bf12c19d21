using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public abstract class RepairContract(string lane) : LaneContract(lane)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_task_runs_again_with_all_that_depends_on_it_and_nothing_else_and_its_attempts_stay()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(
            Task("main", "ok"),
            Task("then", "ok", 3, "main"),
            Task("last", "ok", 3, "then"),
            Task("beside", "ok")
        );
        await Db.ExecutionBecomesAsync(id, "succeeded");

        Assert.IsType<ChangeMade>(await node.Control.RepairAsync(id, ["then"], "somebody", Stop));

        await Eventually.TrueAsync(
            async () => await AttemptsAsync(id) == "beside 1|last 2|main 1|then 2",
            "the two ran again"
        );
        await Db.ExecutionBecomesAsync(id, "succeeded");
        // The last one waited for the new outputs of the one before it.
        Assert.True(
            await Db.ScalarAsync<bool>(
                """
                select l.started_at >= t.ended_at from sje.all_attempts l, sje.all_attempts t
                where l.task_id = (select id from sje.all_tasks where execution_id = $1 and name = 'last') and l.number = 2
                    and t.task_id = (select id from sje.all_tasks where execution_id = $1 and name = 'then') and t.number = 2
                """,
                id
            )
        );
        Assert.Equal(
            2,
            await Db.ScalarAsync<long>(
                "select count(*) from sje.events where execution_id = $1 and data ->> 'by' = 'somebody' and data ->> 'reason' = 'retried'",
                id
            )
        );
        await ShowsAsync(id, "last", "Succeeded");
    }

    [Fact]
    public async Task A_failed_one_takes_along_what_was_skipped_behind_it_and_several_go_at_once()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(
            Task("main", "fail", 1),
            Task("then", "ok", 3, "main"),
            Task("other", "fail", 1),
            Task("both", "ok", 3, "main", "other")
        );
        await Db.ExecutionBecomesAsync(id, "failed");

        Assert.IsType<ChangeMade>(await node.Control.RepairAsync(id, ["main"], null, Stop));
        await Eventually.TrueAsync(async () => await AttemptsAsync(id) == "main 2|other 1", "only that one ran again");
        await Db.ExecutionBecomesAsync(id, "failed");
        Assert.Equal("skipped", await Db.TaskStateAsync(id, "both"));

        Assert.IsType<ChangeMade>(await node.Control.RepairAsync(id, ["main", "other"], null, Stop));
        await Eventually.TrueAsync(async () => await AttemptsAsync(id) == "main 3|other 2", "both ran again");
        await Db.ExecutionBecomesAsync(id, "failed");
        await ShowsAsync(id, "main", "Failed");
    }

    [Fact]
    public async Task What_is_not_there_has_not_ended_or_is_in_use_is_refused_with_the_reason()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(
            Task("main", "ok"),
            Task("then", "hold", 3, "main"),
            Task("bad", "fail", 1),
            Task("after", "ok", 3, "bad")
        );
        await Db.TaskBecomesAsync(id, "then", "running");
        await Db.TaskBecomesAsync(id, "after", "skipped");

        Assert.Equal(
            "task 'then' depends on 'main' and is running: wait for it, or cancel",
            Assert.IsType<TasksRefused>(await node.Control.RepairAsync(id, ["main"], null, Stop)).Why
        );
        Assert.Equal(
            "task 'then' is running and has not ended",
            Assert.IsType<TasksRefused>(await node.Control.RepairAsync(id, ["then"], null, Stop)).Why
        );
        Assert.Equal(
            "task 'after' depends on 'bad', which is failed: retry that too",
            Assert.IsType<TasksRefused>(await node.Control.RepairAsync(id, ["after"], null, Stop)).Why
        );
        Assert.Equal(
            "none",
            Assert.IsType<NoSuchTask>(await node.Control.RepairAsync(id, ["main", "none"], null, Stop)).Task
        );
        Assert.IsType<NotFound>(await node.Control.RepairAsync(Guid.NewGuid(), ["main"], null, Stop));
        Assert.Equal("bad 1|main 1|then 1", await AttemptsAsync(id));
    }

    private Task<string?> AttemptsAsync(Guid id) =>
        Db.ScalarAsync<string>(
            """
            select string_agg(name || ' ' || attempt, '|' order by name) from sje.all_tasks
            where execution_id = $1 and attempt > 0
            """,
            id
        );
}

public sealed class BackgroundRepairTests() : RepairContract(Lanes.Background);

public sealed class DirectRepairTests() : RepairContract(Lanes.Direct);
