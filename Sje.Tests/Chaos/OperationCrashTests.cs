using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Core.Jobs;
using Sje.Jobs.DeadLetters;
using Sje.Jobs.Faults;
using Sje.Jobs.Operations;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
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
        var operations = OperationsOf(scene);
        await SubmitAsync(scene, Count, "swarm");
        await using (var fail = scene.Db.Database.Main.CreateCommand(FailAll))
        {
            await fail.ExecuteNonQueryAsync();
        }

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

    [Fact]
    public async Task Operations_on_executions_whose_workers_are_killed_are_finished_by_others_and_do_nothing_twice()
    {
        const int Each = 250;
        (OperationKind Kind, string Queue, string Event)[] wanted =
        [
            (OperationKind.Cancel, "stopped", "task.cancelled"),
            (OperationKind.Retry, "again", "task.queued"),
            (OperationKind.Prioritize, "sooner", "task.moved"),
            (OperationKind.Move, "elsewhere", "task.moved"),
        ];
        await using var scene = await CrashScene.OpenAsync();
        var operations = OperationsOf(scene);
        await SubmitAsync(scene, Each, "again");
        await using (var fail = scene.Db.Database.Main.CreateCommand(FailAll))
        {
            await fail.ExecuteNonQueryAsync();
        }

        foreach (var (_, queue, _) in wanted.Where(operation => operation.Queue != "again"))
        {
            await SubmitAsync(scene, Each, queue);
        }

        // Nothing of it runs, so that what was changed stays as it was changed.
        await using (var pause = scene.Db.Database.Main.CreateCommand("update sje.queues set paused_at = now()"))
        {
            await pause.ExecuteNonQueryAsync();
        }

        var before = await scene.Db.ScalarAsync<long>("select max(seq) from sje.events");
        var begun = new List<Operation>();
        foreach (var (kind, queue, _) in wanted)
        {
            begun.Add(
                await operations.BeginAsync(
                    kind,
                    new ExecutionSelection { Filter = new ExecutionFilter { Queue = queue } },
                    new ExecutionChange
                    {
                        Priority = kind == OperationKind.Prioritize ? 20 : null,
                        Queue = kind == OperationKind.Move ? "stopped" : null,
                    },
                    null,
                    "somebody",
                    CancellationToken.None
                )
            );
            Assert.Equal(Each, begun[^1].Total);
        }

        for (var slice = 1; slice <= 4; slice++)
        {
            var point = slice % 2 == 0 ? FaultPoint.OperationCommitted : FaultPoint.OperationWritten;
            await CrashScene.DiesAsync(await scene.WorkerAsync($"{point}:{slice}:kill"));
        }

        await scene.WorkerAsync();
        for (var i = 0; i < wanted.Length; i++)
        {
            var over = await Eventually.GetAsync(
                () => FindAsync(operations, begun[i].Id),
                operation => operation.State != OperationState.Running,
                "the operation is over",
                60
            );
            Assert.Equal((OperationState.Succeeded, Each, 0), (over.State, over.Done, over.Failed));
            const string Told = """
                from sje.events v join sje.executions e on e.id = v.execution_id
                where v.seq > $1 and v.kind = $2 and v.data ->> 'by' = 'somebody' and e.queue = $3 and (e.priority = 20) = $4
                """;
            object[] which =
            [
                before,
                wanted[i].Event,
                wanted[i].Kind == OperationKind.Move ? "stopped" : wanted[i].Queue,
                wanted[i].Kind == OperationKind.Prioritize,
            ];
            Assert.Equal(
                (Each, Each),
                (
                    await scene.Db.ScalarAsync<long>("select count(*) " + Told, which),
                    await scene.Db.ScalarAsync<long>("select count(distinct v.task_id) " + Told, which)
                )
            );
        }
    }

    private static OperationStore OperationsOf(CrashScene scene) =>
        new(
            scene.Db.Database,
            new SortableIds(TimeProvider.System),
            SignalsOf(scene),
            StoredExecutions.Of(scene.Db.Database)
        );

    private static Signals SignalsOf(CrashScene scene) =>
        new(scene.Db.Database, TimeProvider.System, NullLogger<Signals>.Instance);

    private static async Task SubmitAsync(CrashScene scene, int count, string queue)
    {
        var signals = SignalsOf(scene);
        var admission = new Admission(scene.Db.Database, signals, TimeProvider.System, NullLogger<Admission>.Instance);
        await new ExecutionIntake(
            scene.Db.Database,
            new SortableIds(TimeProvider.System),
            signals,
            admission
        ).AcceptAsync([.. Enumerable.Range(0, count).Select(_ => Job(queue))], CancellationToken.None);
    }

    private static async Task<Operation> FindAsync(OperationStore operations, Guid id) =>
        await operations.FindAsync(id, null, CancellationToken.None)
        ?? throw new InvalidOperationException("The operation is gone.");

    private static Submission Job(string queue) =>
        new()
        {
            Job = new JobSpec
            {
                Name = "test",
                Queue = queue,
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
