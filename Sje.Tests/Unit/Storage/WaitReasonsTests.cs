using Sje.Core.Jobs;
using Sje.Jobs.Storage;

namespace Sje.Tests.Unit.Storage;

public sealed class WaitReasonsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly WorkerOffer Worker = new(["etl"], ["process"], ["linux"], 4, 8L << 30);

    [Fact]
    public void A_cancel_under_way_comes_before_everything() =>
        Assert.Equal(
            "a cancel is under way since 2026-01-02T03:04:05Z",
            Explain(Waiting() with { CancelRequestedAt = Now })
        );

    [Fact]
    public void A_blocked_task_names_what_it_waits_for()
    {
        var task = Waiting() with { State = TaskState.Blocked };
        var facts = Facts(Worker) with
        {
            BlockedOn = new Dictionary<Guid, string[]> { [task.Id] = ["a", "b", "c", "d", "e", "f", "g"] },
        };

        Assert.Equal("blocked on tasks 'a', 'b', 'c', 'd', 'e' and 2 more", WaitReasons.Explain(task, facts));
    }

    [Fact]
    public void A_paused_queue_says_since_when()
    {
        var facts = Facts(Worker) with
        {
            PausedQueues = new Dictionary<string, DateTimeOffset> { ["etl"] = Now.AddHours(-1) },
        };

        Assert.Equal("queue 'etl' is paused since 2026-01-02T02:04:05Z", WaitReasons.Explain(Waiting(), facts));
    }

    [Fact]
    public void A_retry_says_when_and_after_how_many_failures() =>
        Assert.Equal(
            "waits for its retry at 2026-01-02T03:05:05Z (2 of 3 attempts failed)",
            Explain(
                Waiting() with
                {
                    State = TaskState.WaitingRetry,
                    AvailableAt = Now.AddMinutes(1),
                    Failures = 2,
                    MaxAttempts = 3,
                },
                Worker
            )
        );

    [Fact]
    public void The_first_demand_that_no_living_worker_meets_is_the_reason()
    {
        Assert.Equal("no worker is alive", Explain(Waiting()));
        Assert.Equal("no live worker serves queue 'etl'", Explain(Waiting(), Worker with { Queues = ["other"] }));
        Assert.Equal(
            "no worker of queue 'etl' offers the engine 'spark'",
            Explain(Waiting() with { Type = "spark" }, Worker)
        );
        Assert.Equal(
            "no worker of queue 'etl' has labels 'gpu', 'linux'",
            Explain(Needing(labels: ["gpu", "linux"]), Worker)
        );
        Assert.Equal("needs 16 cpus; the largest worker that could take it has 4", Explain(Needing(cpus: 16), Worker));
        Assert.Equal(
            "needs 16384 MiB of memory; the largest worker that could take it has 8192 MiB",
            Explain(Needing(memory: 16L << 30), Worker)
        );
    }

    [Fact]
    public void One_worker_must_meet_all_demands_at_once() =>
        Assert.Equal(
            "no worker of queue 'etl' has label 'gpu'",
            Explain(Needing(labels: ["gpu"]), Worker, Worker with { Queues = ["other"], Labels = ["gpu"] })
        );

    [Fact]
    public void What_could_run_waits_behind_others_or_for_a_slot()
    {
        var task = Waiting();
        WaitFacts Behind(int count) => Facts(Worker) with { Behind = new Dictionary<Guid, int> { [task.Id] = count } };

        Assert.Equal("behind 1 other in queue 'etl'", WaitReasons.Explain(task, Behind(1)));
        Assert.Equal("behind 7 others in queue 'etl'", WaitReasons.Explain(task, Behind(7)));
        Assert.Equal("behind 1000 or more others in queue 'etl'", WaitReasons.Explain(task, Behind(1000)));
        Assert.Equal("waits for a free slot", WaitReasons.Explain(task, Behind(0)));
    }

    private static string Explain(TaskDetail task, params WorkerOffer[] workers) =>
        WaitReasons.Explain(task, Facts(workers));

    private static WaitFacts Facts(params WorkerOffer[] workers) =>
        new()
        {
            Now = Now,
            Workers = workers,
            PausedQueues = new Dictionary<string, DateTimeOffset>(),
        };

    private static TaskDetail Needing(double cpus = 0, long memory = 0, params string[] labels) =>
        Waiting() with
        {
            Resources = new ResourceSpec
            {
                Cpus = cpus,
                MemoryBytes = memory,
                Labels = labels,
            },
        };

    private static TaskDetail Waiting() =>
        new(
            Guid.NewGuid(),
            Guid.NewGuid(),
            "main",
            0,
            "process",
            "etl",
            "background",
            0,
            TaskState.Queued,
            Now,
            Now,
            [],
            new ResourceSpec(),
            0,
            0,
            0,
            3,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            Now,
            Now,
            null,
            null,
            null
        );
}
