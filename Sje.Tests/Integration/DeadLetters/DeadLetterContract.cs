using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Core.Jobs;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Operations;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.DeadLetters;

public abstract class DeadLetterContract(string lane) : LaneContract(lane)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_failed_for_good_is_a_dead_letter_until_it_is_requeued_and_comes_back_when_it_fails_again()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(Task("main", "fail", 1), Task("then", "ok", 3, "main"), Task("beside", "ok"));
        await Db.ExecutionBecomesAsync(id, "failed");

        var letter = Assert.Single(await Letters(node).ListAsync(new DeadLetterFilter(), null, null, 10, Stop));
        Assert.Equal(
            (id, "test", "main", "scripted", Queue, "exit_code", "exit code 3", 3, 1),
            (
                letter.ExecutionId,
                letter.Job,
                letter.Task,
                letter.Type,
                letter.Queue,
                letter.Class,
                letter.Message,
                letter.ExitCode,
                letter.Attempt
            )
        );
        Assert.Equal(["then"], await Letters(node).ListSkippedBehindAsync(letter, Stop));
        Assert.Equal(letter, Assert.Single(await Letters(node).FindAsync(letter.Id, null, Stop)));
        Assert.Equal(letter, Assert.Single(await Letters(node).FindAsync(id, null, Stop)));

        Assert.Equal(1, await Control(node).ChangeAsync(DeadLetterChange.Requeue, [letter], "somebody", Stop));

        // What was seen is no dead letter any more: the same wish again changes nothing.
        Assert.Equal(0, await Control(node).ChangeAsync(DeadLetterChange.Requeue, [letter], "somebody", Stop));
        var again = await Eventually.GetAsync(
            async () => (await Letters(node).FindAsync(id, null, Stop)).SingleOrDefault(),
            found => found?.Attempt == 2,
            "it fails again"
        );
        Assert.Equal(letter.Fingerprint, again!.Fingerprint);
        // Nor is what has failed anew what was seen.
        Assert.Equal(0, await Control(node).ChangeAsync(DeadLetterChange.Requeue, [letter], "somebody", Stop));
        Assert.Equal("failed,failed", await Db.OutcomesAsync(id));
        Assert.Equal("skipped", await Db.TaskStateAsync(id, "then"));
        await ShowsAsync(id, "main", "Failed");
    }

    [Fact]
    public async Task A_purged_one_is_dismissed_and_its_history_stays()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(Task("main", "fail", 1));
        await Db.ExecutionBecomesAsync(id, "failed");
        var letters = await Letters(node).FindAsync(id, null, Stop);

        Assert.Equal(1, await Control(node).ChangeAsync(DeadLetterChange.Purge, letters, "somebody", Stop));

        Assert.Empty(await Letters(node).FindAsync(id, null, Stop));
        Assert.Equal(0, await Control(node).ChangeAsync(DeadLetterChange.Requeue, letters, "somebody", Stop));
        Assert.Equal("failed", await Db.ExecutionStateAsync(id));
        Assert.Equal(
            "somebody",
            await Db.ScalarAsync<string>(
                "select data ->> 'by' from sje.events where execution_id = $1 and kind = 'task.dismissed'",
                id
            )
        );
        await ShowsAsync(id, "main", "Deleted");
    }

    [Fact]
    public async Task What_waited_too_long_is_one_too()
    {
        await using var node = await StartAsync(worker: false);
        var id = await node.SubmitAsync(Task("main", "ok") with { QueuedTimeout = TimeSpan.FromMilliseconds(100) });
        await Db.ExecutionBecomesAsync(id, "timed_out");

        var letter = Assert.Single(await Letters(node).FindAsync(id, null, Stop));

        Assert.Equal(
            (TaskState.TimedOut, "timeout", "queued timeout", 0),
            (letter.State, letter.Class, letter.Message, letter.Attempt)
        );
    }

    [Fact]
    public async Task What_killed_its_workers_is_one_too()
    {
        await using var node = await StartAsync();
        var id = await node.SubmitAsync(Task("main", "wait"));
        await Eventually.TrueAsync(() => System.Threading.Tasks.Task.FromResult(node.Engine.Running == 1), "it runs");
        await Db.ScalarAsync<int>("update sje.tasks set lost = 4 where execution_id = $1 returning 1", id);
        await Db.ScalarAsync<int>(
            "update sje.workers set state = 'dead', ended_at = now() where id = $1 returning 1",
            node.Services.GetRequiredService<WorkerSession>().Id
        );
        await Db.ExecutionBecomesAsync(id, "failed", 60);

        Assert.Equal("lost", Assert.Single(await Letters(node).FindAsync(id, null, Stop)).Class);
    }

    [Fact]
    public async Task An_operation_requeues_all_that_match_once_and_nothing_that_came_later()
    {
        await using var node = await StartAsync();
        await using var other = await StartAsync(worker: false);
        var failed = await FailAsync(node, 12);
        var kept = await node.SubmitAsync(Task("main", "invalid", 1));
        await Db.ExecutionBecomesAsync(kept, "failed");

        var begun = await Operations(other)
            .BeginAsync(OperationKind.Requeue, new DeadLetterFilter { Class = "exit_code" }, null, "somebody", Stop);

        Assert.Equal((12, OperationState.Running), (begun.Total, begun.State));
        var over = await OverAsync(node, begun.Id);
        Assert.Equal((OperationState.Succeeded, 12, 0, 0L), (over.State, over.Done, over.Failed, over.Untouched));
        foreach (var id in failed)
        {
            await Db.ExecutionBecomesAsync(id, "failed");
            await Eventually.GetAsync(() => Db.OutcomesAsync(id), o => o == "failed,failed", "run once more");
        }

        // They have failed again since, and are dead letters again: not this operation's.
        Assert.Equal(13, (await Letters(node).ListAsync(new DeadLetterFilter(), null, null, 100, Stop)).Count);
        Assert.Equal("failed", await Db.OutcomesAsync(kept));
    }

    [Fact]
    public async Task An_operation_purges_all_that_match()
    {
        await using var node = await StartAsync();
        var failed = await FailAsync(node, 5);
        var fingerprint = (await Letters(node).FindAsync(failed[0], null, Stop))[0].Fingerprint;
        var kept = await node.SubmitAsync(Task("main", "invalid", 1));
        await Db.ExecutionBecomesAsync(kept, "failed");

        var begun = await Operations(node)
            .BeginAsync(
                OperationKind.Purge,
                new DeadLetterFilter
                {
                    Fingerprint = fingerprint,
                    Job = "test",
                    Text = "code",
                },
                "default",
                null,
                Stop
            );

        Assert.Equal(5, (await OverAsync(node, begun.Id)).Done);
        Assert.Equal(
            kept,
            Assert.Single(await Letters(node).ListAsync(new DeadLetterFilter(), null, null, 100, Stop)).ExecutionId
        );
        await ShowsAsync(failed[4], "main", "Deleted");
    }

    [Fact]
    public async Task A_row_that_cannot_be_changed_is_noted_and_the_others_go_on()
    {
        await using var node = await StartAsync();
        var failed = await FailAsync(node, 6);
        await using (
            var refuse = Db.Database.Main.CreateCommand(
                $"""
                create function refuse() returns trigger language plpgsql as $$ begin raise exception 'not this one'; end $$;
                create trigger refuse before insert on sje.tasks for each row when (new.execution_id = '{failed[
                    2
                ]}') execute function refuse();
                """
            )
        )
        {
            await refuse.ExecuteNonQueryAsync(Stop);
        }

        var begun = await Operations(node).BeginAsync(OperationKind.Requeue, new DeadLetterFilter(), null, null, Stop);

        var over = await OverAsync(node, begun.Id);
        Assert.Equal(
            (OperationState.PartiallySucceeded, 5, 1, "not this one"),
            (over.State, over.Done, over.Failed, over.LastError)
        );
        Assert.Equal("failed", await Db.OutcomesAsync(failed[2]));
    }

    [Fact]
    public async Task A_cancelled_operation_goes_no_further_and_another_tenant_does_not_see_it()
    {
        List<Guid> failed;
        await using (var node = await StartAsync())
        {
            failed = await FailAsync(node, 2);
        }

        // Nobody runs who could work on it.
        var signals = new Signals(Db.Database, TimeProvider.System, NullLogger<Signals>.Instance);
        var operations = new OperationStore(
            Db.Database,
            new SortableIds(TimeProvider.System),
            signals,
            StoredExecutions.Of(Db.Database)
        );
        var begun = await operations.BeginAsync(OperationKind.Requeue, new DeadLetterFilter(), "default", null, Stop);
        Assert.False(await operations.CancelAsync(begun.Id, "another", null, Stop));
        Assert.Null(await operations.FindAsync(begun.Id, "another", Stop));
        Assert.Empty(await operations.ListAsync("another", null, 10, Stop));
        Assert.True(await operations.CancelAsync(begun.Id, "default", null, Stop));
        Assert.False(await operations.CancelAsync(begun.Id, "default", null, Stop));
        var second = await operations.BeginAsync(
            OperationKind.Purge,
            new DeadLetterFilter { Since = TimeProvider.System.GetUtcNow().AddHours(1) },
            null,
            null,
            Stop
        );

        await using var after = await StartAsync();
        Assert.Equal((OperationState.Succeeded, 0), ((await OverAsync(after, second.Id)).State, second.Total));
        var cancelled = Assert.Single(await operations.ListAsync("default", null, 10, Stop));
        Assert.Equal((OperationState.Cancelled, 2, 0), (cancelled.State, cancelled.Total, cancelled.Done));
        Assert.Equal("failed", await Db.OutcomesAsync(failed[0]));
    }

    private async Task<List<Guid>> FailAsync(TestNode node, int count)
    {
        var failed = new List<Guid>();
        for (var i = 0; i < count; i++)
        {
            failed.Add(await node.SubmitAsync(Task("main", "fail", 1)));
        }

        foreach (var id in failed)
        {
            await Db.ExecutionBecomesAsync(id, "failed");
        }

        return failed;
    }

    private static Task<Operation> OverAsync(TestNode node, Guid id) =>
        Eventually.GetAsync(
            async () => (await Operations(node).FindAsync(id, null, Stop))!,
            operation => operation.State != OperationState.Running,
            "the operation is over",
            60
        );

    private static DeadLetterReader Letters(TestNode node) => node.Services.GetRequiredService<DeadLetterReader>();

    private static DeadLetterControl Control(TestNode node) => node.Services.GetRequiredService<DeadLetterControl>();

    private static OperationStore Operations(TestNode node) => node.Services.GetRequiredService<OperationStore>();
}

public sealed class BackgroundDeadLetterTests() : DeadLetterContract(Lanes.Background);

public sealed class DirectDeadLetterTests() : DeadLetterContract(Lanes.Direct);
