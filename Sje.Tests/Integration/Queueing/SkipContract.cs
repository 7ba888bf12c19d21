using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public abstract class SkipContract(string lane) : LaneContract(lane)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_skipped_task_takes_what_depends_on_it_along_and_the_rest_goes_on()
    {
        await using var accepting = await StartAsync(worker: false);
        var id = await accepting.SubmitAsync(
            Task("main", "ok"),
            Task("then", "ok", 3, "main"),
            Task("last", "ok", 3, "then"),
            Task("beside", "ok")
        );
        if (Background)
        {
            await ShowsAsync(id, "main", "Enqueued");
        }

        Assert.IsType<ChangeMade>(await accepting.Control.SkipAsync(id, "main", "not needed", "somebody", Stop));

        Assert.Equal(
            "last skipped|main skipped|then skipped",
            await Db.ScalarAsync<string>(
                "select string_agg(name || ' ' || state, '|' order by name) from sje.finished_tasks where execution_id = $1",
                id
            )
        );
        await ShowsAsync(id, "main", "Deleted");
        await using var working = await StartAsync();
        await Db.ExecutionBecomesAsync(id, "succeeded");
        Assert.Equal(1, working.Engine.Started);

        // A retry brings it back with all that was skipped behind it.
        Assert.IsType<ChangeMade>(await accepting.Control.RetryAsync(id, Stop));
        await Eventually.TrueAsync(async () => await Db.TaskStateAsync(id, "last") == "succeeded", "the last one ran");
        Assert.Equal("succeeded", await Db.TaskStateAsync(id, "main"));
        await ShowsAsync(id, "main", "Succeeded");
    }

    [Fact]
    public async Task A_task_that_others_block_can_be_skipped_and_one_whose_retry_is_an_hour_off()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(Task("main", "busy"), Task("then", "ok", 3, "main"));
        await Db.TaskBecomesAsync(id, "main", "waiting_retry");
        await ShowsAsync(id, "main", "Scheduled");

        Assert.IsType<ChangeMade>(await node.Control.SkipAsync(id, "then", "not needed", null, Stop));
        Assert.Equal("skipped", await Db.TaskStateAsync(id, "then"));
        Assert.Equal("running", await Db.ExecutionStateAsync(id));

        Assert.IsType<ChangeMade>(await node.Control.SkipAsync(id, "main", "not needed", null, Stop));
        Assert.Equal("succeeded", await Db.ExecutionStateAsync(id));
        await ShowsAsync(id, "main", "Deleted");
    }

    [Fact]
    public async Task What_runs_has_ended_or_is_not_there_cannot_be_skipped()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(Task("main", "hold"), Task("beside", "ok"));
        await Db.TaskBecomesAsync(id, "main", "running");
        await Db.TaskBecomesAsync(id, "beside", "succeeded");

        Assert.Equal(
            TaskState.Running,
            Assert.IsType<WrongTaskState>(await node.Control.SkipAsync(id, "main", "x", null, Stop)).State
        );
        Assert.Equal(
            TaskState.Succeeded,
            Assert.IsType<WrongTaskState>(await node.Control.SkipAsync(id, "beside", "x", null, Stop)).State
        );
        Assert.IsType<NoSuchTask>(await node.Control.SkipAsync(id, "nothing", "x", null, Stop));
        Assert.IsType<NotFound>(await node.Control.SkipAsync(Guid.NewGuid(), "main", "x", null, Stop));
        node.Engine.Release();
        await Db.ExecutionBecomesAsync(id, "succeeded");
    }

    [Fact]
    public async Task A_skip_and_a_claim_at_once_leave_one_winner()
    {
        await using var node = await StartAsync();
        for (var i = 0; i < 10; i++)
        {
            var id = await node.SubmitAsync(Task("main", "ok"));
            var result = await node.Control.SkipAsync(id, "main", "x", null, Stop);
            var ended = await Eventually.GetAsync(
                () => Db.ExecutionStateAsync(id),
                state => state == "succeeded",
                "it ends"
            );
            Assert.Equal("succeeded", ended);
            Assert.Equal(result is ChangeMade ? "skipped" : "succeeded", await Db.TaskStateAsync(id));
            Assert.Equal(result is ChangeMade ? null : "succeeded", await Db.OutcomesAsync(id));
        }
    }
}

public sealed class BackgroundSkipTests() : SkipContract(Lanes.Background);

public sealed class DirectSkipTests() : SkipContract(Lanes.Direct);
