using Microsoft.Extensions.DependencyInjection;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Queueing;

public abstract class LimitContract(string lane) : LaneContract(lane)
{
    [Fact]
    public async Task No_more_of_a_queue_run_at_once_than_it_may_over_all_workers_through_retries_and_a_death()
    {
        const int Limit = 3;
        var engine = new ScriptedEngine();
        await using var first = await StartAsync(engine: engine, options: Eager);
        await using var second = await StartAsync(engine: engine, options: Eager);
        await LimitAsync(first, Limit);
        var ids = new List<Guid>();
        for (var i = 0; i < 40; i++)
        {
            ids.Add(await first.SubmitAsync(Task("main", i % 3 == 0 ? "fail-once" : "ok")));
        }

        var worker = first.Services.GetRequiredService<WorkerSession>().Id;
        await Db.ScalarAsync<int>(
            "update sje.workers set state = 'dead', ended_at = now() where id = $1 returning 1",
            worker
        );

        foreach (var id in ids)
        {
            await Db.ExecutionBecomesAsync(id, "succeeded", 60);
        }

        // By our own record, at each instant: attempts that overlap.
        Assert.InRange(
            await Db.ScalarAsync<long>(
                """
                select max(n) from (
                    select (select count(*) from sje.all_attempts o where o.started_at <= a.started_at and o.ended_at > a.started_at) as n
                    from sje.all_attempts a) at_once
                """
            ),
            1,
            Limit
        );
    }

    [Fact]
    public async Task A_task_of_a_full_queue_says_so_and_starts_when_the_limit_is_raised()
    {
        await using var node = await StartAsync();
        await LimitAsync(node, 1);
        await node.SubmitAsync(Task("main", "hold"));
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(node.Engine.Running == 1), "one runs");
        var second = await node.SubmitAsync(Task("main", "hold"));
        var reader = node.Services.GetRequiredService<TaskReader>();
        var reasons = node.Services.GetRequiredService<WaitReasons>();

        await Eventually.GetAsync(
            async () =>
                (
                    await reasons.ExplainAsync(
                        await reader.ListAsync(second, 0, 10, CancellationToken.None),
                        CancellationToken.None
                    )
                ).Values.Single(),
            reason => reason.Text == $"queue '{Queue}' runs 1 of 1 tasks",
            "the reason"
        );
        Assert.Equal(1, node.Engine.Started);

        await LimitAsync(node, null);

        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(node.Engine.Running == 2), "both run");
        node.Engine.Release();
        await Db.ExecutionBecomesAsync(second, "succeeded");
    }

    [Fact]
    public async Task No_more_wait_in_a_queue_than_may_however_many_submit_at_once()
    {
        await using var node = await StartAsync(worker: false);
        await using var other = await StartAsync(worker: false);
        await node
            .Services.GetRequiredService<QueueControl>()
            .SaveAsync(Settings with { MaxQueued = 25 }, CancellationToken.None);

        var results = await System.Threading.Tasks.Task.WhenAll(
            Enumerable
                .Range(0, 40)
                .Select(i =>
                    (i % 2 == 0 ? node : other).Intake.AcceptAsync(
                        [Job(Task("main", "ok")), Job(Task("a", "ok"), Task("b", "ok", 3, "a"))],
                        CancellationToken.None
                    )
                )
        );

        // Where only one task fits, a job of two waits for more room and a job of one takes it.
        Assert.Equal(25, await Db.ScalarAsync<long>("select count(*) from sje.tasks"));
        var answers = results.SelectMany(r => r).ToList();
        Assert.Equal(
            await Db.ScalarAsync<long>("select count(*) from sje.executions"),
            answers.Count(a => a is SubmissionAccepted)
        );
        Assert.All(answers, a => Assert.True(a is SubmissionAccepted or QueueFull { MaxQueued: 25 }, $"{a}"));
    }

    [Fact]
    public async Task What_waits_can_be_given_another_priority_and_another_queue_of_its_lane()
    {
        await using var accepting = await StartAsync(worker: false);
        var control = accepting.Services.GetRequiredService<QueueControl>();
        await control.SaveAsync(Settings with { Name = "beside" }, CancellationToken.None);
        var first = await accepting.SubmitAsync(Task("main", "ok"));
        var second = await accepting.SubmitAsync(Task("main", "ok"), Task("then", "ok", 3, "main"));
        var third = await accepting.SubmitAsync(Task("main", "ok"));

        Assert.IsType<ChangeMade>(
            await accepting.Control.MoveAsync(second, 20, null, "somebody", CancellationToken.None)
        );
        Assert.IsType<ChangeMade>(
            await accepting.Control.MoveAsync(third, null, "beside", "somebody", CancellationToken.None)
        );
        Assert.IsType<WrongState>(
            await accepting.Control.MoveAsync(
                first,
                null,
                Background ? "swarm" : "default",
                "somebody",
                CancellationToken.None
            )
        );
        Assert.IsType<NotFound>(
            await accepting.Control.MoveAsync(Guid.NewGuid(), 1, null, null, CancellationToken.None)
        );

        await Eventually.TrueAsync(
            async () =>
                await Db.ScalarAsync<long>("select count(*) from sje.tasks where state = 'queued' and not dispatched")
                == 0,
            "all can be claimed"
        );
        var engine = new ScriptedEngine();
        await using var node = await StartAsync(options: o => o.Slots = 1, engine: engine);
        await Db.ExecutionBecomesAsync(first, "succeeded");
        await Db.ExecutionBecomesAsync(second, "succeeded");
        Assert.Equal(second, engine.Contexts[0].Identity.ExecutionId);
        Assert.Equal("queued", await Db.TaskStateAsync(third));
        Assert.Equal("beside", await Db.ScalarAsync<string>("select queue from sje.executions where id = $1", third));
        Assert.IsType<WrongState>(await accepting.Control.MoveAsync(first, 1, null, null, CancellationToken.None));
    }

    private static void Eager(WorkerOptions options) => options.Slots = 16;

    private Task LimitAsync(TestNode node, int? limit) =>
        node
            .Services.GetRequiredService<QueueControl>()
            .SaveAsync(Settings with { MaxRunning = limit }, CancellationToken.None);

    private QueueSettings Settings => new(Queue, Background ? Lanes.Background : Lanes.Direct);
}

/// <summary>On the background lane.</summary>
public sealed class BackgroundLimitTests() : LimitContract(Lanes.Background);

/// <summary>On the direct lane.</summary>
public sealed class DirectLimitTests() : LimitContract(Lanes.Direct);
