using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Core.Jobs;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>The processes that work on an operation die in the midst of it, one after the other.</summary>
[Collection(Alone.Name)]
public sealed class OperationCrashTests
{
    private const int Count = 1_200;

    // Their end as a worker would have written it.
    private const string FailAll = """
        with gone as (delete from sje.tasks returning *), kept as (
            insert into sje.finished_tasks
            select (jsonb_populate_record(null::sje.finished_tasks, to_jsonb(gone) || jsonb_build_object(
                'state', 'failed', 'finished_at', now(), 'dispatched', false, 'fingerprint', 'error-0000000000000000'))).*
            from gone)
        update sje.executions set state = 'failed', finished_at = now()
        """;

    [Fact]
    public async Task An_operation_whose_workers_are_killed_is_finished_by_another_and_does_nothing_twice()
    {
        await using var scene = await CrashScene.OpenAsync();
        var signals = new Signals(scene.Db.Database, TimeProvider.System, NullLogger<Signals>.Instance);
        var ids = new SortableIds(TimeProvider.System);
        var admission = new Admission(scene.Db.Database, signals, TimeProvider.System, NullLogger<Admission>.Instance);
        await new ExecutionIntake(scene.Db.Database, ids, signals, admission).AcceptAsync(
            [.. Enumerable.Range(0, Count).Select(_ => Job())],
            CancellationToken.None
        );
        await using (var fail = scene.Db.Database.Main.CreateCommand(FailAll))
        {
            await fail.ExecuteNonQueryAsync();
        }

        var operations = new OperationStore(scene.Db.Database, ids, signals);
        var begun = await operations.BeginAsync(
            OperationKind.Requeue,
            new DeadLetterFilter { Queue = "swarm" },
            null,
            "somebody",
            CancellationToken.None
        );
        Assert.Equal(Count, begun.Total);

        await CrashScene.DiesAsync(await scene.WorkerAsync(FaultPoint.OperationWritten + ":kill"));
        Assert.Equal(0, (await FindAsync(operations, begun.Id)).Done);
        await CrashScene.DiesAsync(await scene.WorkerAsync(FaultPoint.OperationCommitted + ":kill"));
        Assert.Equal(OperationRunner.MostTogether, (await FindAsync(operations, begun.Id)).Done);
        await CrashScene.DiesAsync(await scene.WorkerAsync(FaultPoint.OperationWritten + ":2:kill"));
        await scene.WorkerAsync();

        var over = await Eventually.GetAsync(
            () => FindAsync(operations, begun.Id),
            operation => operation.State != OperationState.Running,
            "the operation is over",
            60
        );
        Assert.Equal((OperationState.Succeeded, Count, 0), (over.State, over.Done, over.Failed));
        await Eventually.GetAsync(
            () => scene.Db.ScalarAsync<long>("select count(*) from sje.executions where state = 'succeeded'"),
            succeeded => succeeded == Count,
            "all have succeeded",
            60
        );
        Assert.Equal(
            (Count, Count),
            (
                await scene.Db.ScalarAsync<long>(
                    "select count(*) from sje.events where kind = 'task.queued' and data ->> 'reason' = 'requeued'"
                ),
                await scene.Db.ScalarAsync<long>(
                    "select count(distinct task_id) from sje.events where kind = 'task.queued' and data ->> 'reason' = 'requeued'"
                )
            )
        );
    }

    private static async Task<Operation> FindAsync(OperationStore operations, Guid id) =>
        await operations.FindAsync(id, null, CancellationToken.None)
        ?? throw new InvalidOperationException("The operation is gone.");

    private static Submission Job() =>
        new()
        {
            Job = new JobSpec
            {
                Name = "test",
                Queue = "swarm",
                Tasks =
                [
                    new TaskSpec
                    {
                        Name = "main",
                        Type = "noop",
                        Settings = [],
                        DependsOn = [],
                        Retry = new RetrySpec(),
                    },
                ],
                Canonical = new JsonObject { ["name"] = "test" },
            },
        };
}
