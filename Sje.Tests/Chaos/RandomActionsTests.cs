using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Background;
using Sje.Tests.Support;

namespace Sje.Tests.Chaos;

/// <summary>
/// People press buttons, programs cancel and retry, somebody writes into Hangfire's tables, workers come and go: in the end both views agree
/// job by job, and never did two attempts of a task run at once. <c>SJE_TEST_SEED</c> repeats a run's choices, <c>SJE_TEST_ACTIONS_SECONDS</c>
/// makes it longer.
/// </summary>
[Collection(Alone.Name)]
public sealed class RandomActionsTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    private static readonly string[] Names =
    [
        "Enqueued",
        "Scheduled",
        "Processing",
        "Succeeded",
        "Failed",
        "Deleted",
        "Awaiting",
    ];

    private readonly NapEngine engine = new();
    private readonly ConcurrentDictionary<string, int> done = new();

    [Fact]
    public async Task Whatever_is_done_to_tasks_and_jobs_both_views_agree_in_the_end()
    {
        var seed = Number("SJE_TEST_SEED") ?? Random.Shared.Next();
        var span = TimeSpan.FromSeconds(Number("SJE_TEST_ACTIONS_SECONDS") ?? 25);
        var broken = new ConcurrentBag<string>();
        await using var front = await NodeAsync(worker: false);
        using var stop = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var workers = Enumerable.Range(0, 2).Select(i => WorkersAsync(new Random(seed + i), stop.Token)).ToList();
        var actors = Enumerable
            .Range(2, 3)
            .Select(i => Task.Run(() => ActAsync(front, new Random(seed + i), () => clock.Elapsed < span)))
            .ToList();
        var actions = Task.WhenAll(actors);
        while (!actions.IsCompleted)
        {
            foreach (var line in await ViewAuditor.BrokenAsync(db))
            {
                broken.Add(line);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
        }

        await actions;
        await stop.CancelAsync();
        await Task.WhenAll(workers);
        await using var last = await NodeAsync(worker: true);
        await PauseAsync(false);
        await Eventually.GetAsync(
            () => db.ScalarAsync<long>("select count(*) from sje.executions where finished_at is null"),
            n => n == 0,
            $"every execution ends (seed {seed})",
            120
        );
        var took = await ViewAuditor.AgreeAsync(db, 30);

        var story =
            $"seed {seed}: {string.Join(", ", done.OrderBy(d => d.Key).Select(d => $"{d.Key} {d.Value}"))}; agreed {took:0.0} s after the end";
        TestContext.Current.TestOutputHelper?.WriteLine(story);
        Assert.True(broken.IsEmpty, $"{story}\n{string.Join('\n', broken.Distinct().Take(10))}");
        Assert.True(engine.Overlaps.IsEmpty, $"{story}\nTwo attempts at once: {string.Join(", ", engine.Overlaps)}");
        Assert.Equal(
            "",
            await db.ScalarAsync<string>(
                """
                select coalesce(string_agg(format('task %s attempt %s ended %s times', task_id, attempt, n), ', '), '') from (
                    select task_id, data ->> 'attempt' as attempt, count(*) as n from sje.events
                    where data ? 'outcome' group by 1, 2 having count(*) <> 1) twice
                """
            )
        );
        Assert.True(done.GetValueOrDefault("submit") > 10, story);
    }

    private async Task ActAsync(TestNode front, Random random, Func<bool> goesOn)
    {
        while (goesOn())
        {
            var action = random.Next(100) switch
            {
                < 30 => "submit",
                < 45 => "delete",
                < 62 => "requeue",
                < 67 => "cancel",
                < 73 => "retry",
                < 76 => "pause",
                < 84 => "falsify",
                < 87 => "remove",
                < 90 => "foreign queue",
                < 93 => "twin",
                < 97 => "odd state",
                _ => "lose dispatch",
            };
            done.AddOrUpdate(action, 1, (_, n) => n + 1);
            try
            {
                await ActAsync(front, random, action);
            }
            catch (BackgroundJobClientException e)
                when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.ForeignKeyViolation })
            {
                // Somebody removed the job while the button was being pressed. The change is undone in both views.
                done.AddOrUpdate("removed meanwhile", 1, (_, n) => n + 1);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(60)), TimeProvider.System);
        }
    }

    private async Task ActAsync(TestNode front, Random random, string action)
    {
        // Mostly young ones: something is going on there.
        var (task, execution, job) = await PickAsync(random);
        var jobId = job.ToString(CultureInfo.InvariantCulture);
        switch (action)
        {
            case "submit":
                await front.SubmitAsync(Tasks(random));
                break;
            case "delete" when job > 0:
                front.Hangfire.Delete(jobId);
                break;
            case "requeue" when job > 0:
                front.Hangfire.Requeue(jobId);
                break;
            case "cancel" when execution != default:
                await front.Control.CancelAsync(execution, "a program said so", CancellationToken.None);
                break;
            case "retry" when execution != default:
                await front.Control.RetryAsync(execution, CancellationToken.None);
                break;
            case "pause":
                await PauseAsync(true);
                await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System);
                await PauseAsync(false);
                break;
            case "falsify" when job > 0:
                await db.ScalarAsync<int>(
                    "update hangfire.job set statename = $2 where id = $1 returning 1",
                    job,
                    Names[random.Next(Names.Length)]
                );
                break;
            case "remove" when job > 0:
                await db.ScalarAsync<int>("delete from hangfire.job where id = $1 returning 1", job);
                break;
            case "foreign queue" when job > 0:
                await db.ScalarAsync<int>(
                    "insert into hangfire.jobqueue (jobid, queue) values ($1, 'default') returning 1",
                    job
                );
                break;
            case "twin" when task != default:
                front.Hangfire.Create(
                    new Job(typeof(TaskJob), typeof(TaskJob).GetMethod(nameof(TaskJob.Run)), ["twin", task], "default"),
                    new EnqueuedState("default")
                );
                break;
            case "odd state" when job > 0:
                front.Hangfire.ChangeState(
                    jobId,
                    random.Next(3) switch
                    {
                        0 => new ScheduledState(TimeSpan.FromHours(1)),
                        1 => new SucceededState(null, 0, 0),
                        _ => new FailedState(new InvalidOperationException("somebody said so")),
                    }
                );
                break;
            case "lose dispatch" when task != default:
                await db.ScalarAsync<int>(
                    "update sje.tasks set dispatched = false where id = $1 and state in ('queued', 'waiting_retry') returning 1",
                    task
                );
                break;
        }
    }

    /// <summary>A worker that is stopped and started again, until the end.</summary>
    private async Task WorkersAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await using var node = await NodeAsync(worker: true);
            done.AddOrUpdate("worker", 1, (_, n) => n + 1);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(2_000, 9_000)), TimeProvider.System, stop)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task<(Guid Task, Guid Execution, long Job)> PickAsync(Random random)
    {
        await using var command = db.Database.Main.CreateCommand(
            "select id, execution_id, coalesce(hangfire_job_id, 0) from sje.all_tasks order by accepted_at desc, id offset $1 limit 1"
        );
        command.Parameters.Add(new() { Value = (int)(Math.Pow(random.NextDouble(), 3) * 60) });
        await using var row = await command.ExecuteReaderAsync();
        return await row.ReadAsync() ? (row.GetGuid(0), row.GetGuid(1), row.GetInt64(2)) : default;
    }

    private static TaskSpec[] Tasks(Random random)
    {
        TaskSpec One(string name, params string[] dependsOn) =>
            new()
            {
                Name = name,
                Type = NapEngine.TypeName,
                DependsOn = dependsOn,
                Settings = new JsonObject
                {
                    ["script"] = random.Next(10) switch
                    {
                        < 6 => "ok",
                        6 => "fail",
                        7 => "fail-first",
                        _ => "stubborn",
                    },
                    ["milliseconds"] = random.Next(3) == 0 ? random.Next(1_500) : random.Next(100),
                },
                Retry = new RetrySpec
                {
                    MaxAttempts = random.Next(1, 4),
                    Policy = RetrySpec.Fixed,
                    InitialDelay = TimeSpan.FromMilliseconds(random.Next(2_000)),
                },
            };
        return random.Next(3) == 0 ? [One("a"), One("b", "a"), One("c", "a"), One("d", "b", "c")] : [One("main")];
    }

    private Task<TestNode> NodeAsync(bool worker) =>
        TestNode.StartAsync(
            db,
            worker,
            // No lease may lapse on a busy machine: then two attempts at once were nobody's fault but the clock's.
            o => (o.Slots, o.LeaseSeconds, o.HeartbeatSeconds, o.DrainSeconds) = (6, 30, 1, 1),
            services: s =>
            {
                s.AddSingleton(new AuditPace(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1), 100));
                if (worker)
                {
                    s.AddSingleton<IEngine>(engine);
                }
            }
        );

    private async Task PauseAsync(bool pause) =>
        await db.ScalarAsync<int>(
            "update sje.queues set paused_at = case when $1 then now() end where name = 'default' returning 1",
            pause
        );

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number)
            ? number
            : null;

    /// <summary>Sleeps a while, heeds a stop or not, and sees when two attempts of one task are under way.</summary>
    private sealed class NapEngine : IEngine
    {
        public const string TypeName = "nap";

        private readonly ConcurrentDictionary<Guid, int> running = new();

        public ConcurrentBag<string> Overlaps { get; } = [];

        public string Type => TypeName;

        public EnginePlacement Placement => EnginePlacement.Worker;

        public async Task<EngineResult> RunAsync(EngineContext context, CancellationToken stop)
        {
            var task = context.Identity.TaskId;
            if (running.AddOrUpdate(task, 1, (_, n) => n + 1) > 1)
            {
                Overlaps.Add($"{task} attempt {context.Identity.Attempt}");
            }

            try
            {
                var script = context.Settings["script"]!.GetValue<string>();
                var span = TimeSpan.FromMilliseconds(context.Settings["milliseconds"]!.GetValue<int>());
                await Task.Delay(span, TimeProvider.System, script == "stubborn" ? CancellationToken.None : stop);
                return script == "fail" || (script == "fail-first" && context.Identity.Attempt == 1)
                    ? new EngineResult { Error = new TaskError("exit_code", "exit code 3", 3) }
                    : new EngineResult { Outputs = [] };
            }
            finally
            {
                running.AddOrUpdate(task, 0, (_, n) => n - 1);
            }
        }
    }
}
