using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Benchmarks;

/// <summary>
/// The queue as a whole on a real PostgreSQL with full durability. Machines are noisy, so each figure stands beside what the same
/// database did in the same run: one durable insert at a time, and eight at once.
/// </summary>
internal static class QueueBench
{
    private const int Rounds = 3;
    private const int JobsARound = 1_500;
    private static readonly string[] Parts =
    [
        "accept",
        "start",
        "drain.direct",
        "dispatch.background",
        "drain.background",
        "slots.1000",
        "submit.batch",
        "submit.http",
        "claim.waiting1m",
        "claim.history10m",
        "idle.cpu",
        "worker.rss",
        "takeover",
        "notices",
    ];
    private static readonly TimeProvider Clock = TimeProvider.System;

    /// <summary>Runs the parts whose name begins with one of <paramref name="only"/>, all when there is none.</summary>
    public static async Task<int> RunAsync(string[] only)
    {
        bool Wanted(string part) =>
            only.Length == 0
            || only.Any(o =>
                part.StartsWith(o, StringComparison.Ordinal) || o.StartsWith(part, StringComparison.Ordinal)
            );
        if (
            only.FirstOrDefault(o =>
                !Parts.Any(p => p.StartsWith(o, StringComparison.Ordinal) || o.StartsWith(p, StringComparison.Ordinal))
            ) is
            { } unknown
        )
        {
            await Console.Error.WriteLineAsync(
                $"There is no measure '{unknown}'. Measures: {string.Join(", ", Parts)}."
            );
            return 2;
        }

        var report = new BenchReport();
        await using var server = await BenchDatabases.StartAsync();
        var connectionString = await server.FreshAsync();
        await using var source = NpgsqlDataSource.Create(connectionString);
        var engine = new NoopEngine(Clock);
        using var host = await BenchNode.StartAsync(connectionString, engine, directSlots: 2_000);
        var intake = host.Services.GetRequiredService<ExecutionIntake>();
        if (Wanted("accept"))
        {
            await AcceptPartAsync(report, source, intake);
        }

        if (Wanted("start"))
        {
            await LatencyAsync(report, intake, engine, "background", "default");
            await LatencyAsync(report, intake, engine, "direct", "swarm");
        }

        if (Wanted("drain.direct"))
        {
            await DirectPartAsync(report, source, engine, host.Services);
        }

        if (Wanted("dispatch.background") || Wanted("drain.background"))
        {
            await using var stock = await StockHangfire.StartAsync(
                await server.FreshAsync(migrate: false),
                BenchNode.Slots
            );
            await BackgroundPartAsync(report, source, host.Services, stock);
        }

        await host.StopAsync();
        if (Wanted("slots.1000"))
        {
            await ThousandPartAsync(report, await server.FreshAsync());
        }

        await ProcessPartsAsync(report, server, Wanted);

        report.Write();
        return 0;
    }

    /// <summary>What is measured without a worker of this process, each on a database of its own.</summary>
    private static async Task ProcessPartsAsync(BenchReport report, BenchDatabases server, Func<string, bool> wanted)
    {
        if (wanted("submit.batch") || wanted("claim.waiting1m") || wanted("claim.history10m"))
        {
            var fresh = await server.FreshAsync();
            await using var source = NpgsqlDataSource.Create(fresh);
            await using var database = new Database(fresh);
            var intake = IntakeOf(database);
            if (wanted("submit.batch"))
            {
                await CoreParts.SubmitBatchAsync(report, source, intake, () => Job("swarm"));
            }

            if (wanted("claim.waiting1m") || wanted("claim.history10m"))
            {
                await CoreParts.ClaimAsync(
                    report,
                    fresh,
                    intake,
                    () => Job(DirectLane.LoopQueue),
                    wanted("claim.history10m"),
                    wanted("claim.waiting1m")
                );
            }
        }

        if (wanted("notices"))
        {
            await using var database = new Database(await server.FreshAsync());
            await NoticePart.RunAsync(report, database, IntakeOf(database), () => Job(DirectLane.LoopQueue));
        }

        if (wanted("submit.http"))
        {
            await CoreParts.SubmitHttpAsync(report, await server.FreshAsync());
        }

        if (wanted("idle.cpu") || wanted("worker.rss"))
        {
            await CoreParts.IdleAsync(report, await server.FreshAsync(), wanted("idle.cpu"), wanted("worker.rss"));
        }

        if (wanted("takeover"))
        {
            await CoreParts.TakeoverAsync(report, await server.FreshAsync());
        }
    }

    private static ExecutionIntake IntakeOf(Database database)
    {
        var signals = new Signals(database, Clock, NullLogger<Signals>.Instance);
        return new ExecutionIntake(
            database,
            new SortableIds(Clock),
            signals,
            new Admission(database, signals, Clock, NullLogger<Admission>.Instance)
        );
    }

    private static async Task AcceptPartAsync(BenchReport report, NpgsqlDataSource source, ExecutionIntake intake)
    {
        var raw1 = await RawInsertsAsync(source, 1);
        var raw8 = await RawInsertsAsync(source, 8);
        report.Add("raw.insert.1", raw1, "rows/s");
        report.Add("raw.insert.8", raw8, "rows/s", ("rawInsert1", raw1));
        await WarmUpAsync(source, intake);
        report.Add("accept.1", await AcceptAsync(intake, 1, 300, 1), "jobs/s", ("rawInsert1", raw1));
        report.Add("accept.8", await AcceptAsync(intake, 8, 600, 1), "jobs/s", ("rawInsert8", raw8));
        await DrainedAsync(source);
        report.Add("accept.batch", await AcceptAsync(intake, 1, 2_000, 1_000), "jobs/s", ("rawInsert8", raw8));
        await DrainedAsync(source);
    }

    /// <summary>
    /// The background lane beside stock Hangfire, turn by turn, so that both meet the same noise: background jobs are made, then run by
    /// as many slots. The queue is paused while they are made. A drain ends when both views say so.
    /// </summary>
    private static async Task BackgroundPartAsync(
        BenchReport report,
        NpgsqlDataSource source,
        IServiceProvider services,
        StockHangfire stock
    )
    {
        var intake = services.GetRequiredService<ExecutionIntake>();
        var signals = services.GetRequiredService<Signals>();
        List<double> ourDispatch = [],
            stockDispatch = [],
            ourDrain = [],
            stockDrain = [];
        await WarmUpAsync(source, intake);
        long transactions = 0,
            stockTransactions = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await ExecuteAsync(source, "update sje.queues set paused_at = now()");
            await intake.AcceptAsync([.. Enumerable.Range(0, JobsARound).Select(_ => Job())], CancellationToken.None);
            var began = Clock.GetTimestamp();
            await NoneAsync(source, "select count(*) from sje.tasks where not dispatched");
            ourDispatch.Add(JobsARound / Clock.GetElapsedTime(began).TotalSeconds);
            stockDispatch.Add(stock.Create(JobsARound));

            transactions -= await TransactionsAsync(source);
            await ExecuteAsync(source, "update sje.queues set paused_at = null");
            began = Clock.GetTimestamp();
            signals.Raise(SignalKind.Work);
            await DrainedAsync(source);
            ourDrain.Add(JobsARound / Clock.GetElapsedTime(began).TotalSeconds);
            await Task.Delay(TimeSpan.FromMilliseconds(1200), Clock);
            transactions += await TransactionsAsync(source);

            stockTransactions -= await stock.TransactionsAsync();
            stockDrain.Add(await stock.DrainAsync(BenchNode.Slots));
            await Task.Delay(TimeSpan.FromMilliseconds(1200), Clock);
            stockTransactions += await stock.TransactionsAsync();
        }

        var all = (double)(Rounds * JobsARound);
        report.Add("stock.dispatch", Median(stockDispatch), "jobs/s");
        report.Add("dispatch.background", Median(ourDispatch), "jobs/s", ("stockHangfire", Median(stockDispatch)));
        report.Add("stock.drain", Median(stockDrain), "jobs/s");
        report.Add("drain.background", Median(ourDrain), "jobs/s", ("stockHangfire", Median(stockDrain)));
        report.Add("drain.transactions", transactions / all, "tx/job", ("stockHangfire", stockTransactions / all));
    }

    /// <summary>A thousand slots in one process, all of them taken for ten seconds: what it costs, and that nobody loses a lease.</summary>
    private static async Task ThousandPartAsync(BenchReport report, string connectionString)
    {
        const int Slots = 1_000;
        await using var source = NpgsqlDataSource.Create(connectionString);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var engine = new NoopEngine(Clock) { Until = hold.Task };
        var began = Clock.GetTimestamp();
        using var host = await BenchNode.StartAsync(connectionString, engine, Slots);
        var intake = host.Services.GetRequiredService<ExecutionIntake>();
        await intake.AcceptAsync([.. Enumerable.Range(0, Slots).Select(_ => Job())], CancellationToken.None);
        while (engine.Running < Slots)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock);
        }

        report.Add("slots.1000.start", Clock.GetElapsedTime(began).TotalSeconds, "s");
        var transactions = await TransactionsAsync(source);
        await Task.Delay(TimeSpan.FromSeconds(10), Clock);
        report.Add("slots.1000.memory", Environment.WorkingSet / 1048576.0, "MiB");
        report.Add("slots.1000.idle", (await TransactionsAsync(source) - transactions) / 10.0, "tx/s");
        hold.SetResult();
        began = Clock.GetTimestamp();
        await DrainedAsync(source);
        report.Add("slots.1000.end", Slots / Clock.GetElapsedTime(began).TotalSeconds, "jobs/s");
        report.Add("slots.1000.attempts", await ScalarAsync(source, "select count(*) from sje.attempts"), "");
        await host.StopAsync();
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    private static async Task WarmUpAsync(NpgsqlDataSource source, ExecutionIntake intake)
    {
        await intake.AcceptAsync([.. Enumerable.Range(0, 300).Select(_ => Job())], CancellationToken.None);
        await DrainedAsync(source);
    }

    private static async Task<double> RawInsertsAsync(NpgsqlDataSource source, int writers)
    {
        await ExecuteAsync(
            source,
            "create table if not exists raw (id bigint generated always as identity primary key, body jsonb)"
        );
        const int Rows = 400;
        var began = Clock.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, writers)
                .Select(async _ =>
                {
                    for (var i = 0; i < Rows; i++)
                    {
                        await ExecuteAsync(
                            source,
                            """insert into raw (body) values ('{"name": "bench", "type": "noop"}')"""
                        );
                    }
                })
        );
        return writers * Rows / Clock.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<double> AcceptAsync(ExecutionIntake intake, int callers, int jobs, int batch)
    {
        var began = Clock.GetTimestamp();
        await Task.WhenAll(
            Enumerable
                .Range(0, callers)
                .Select(async _ =>
                {
                    for (var i = 0; i < jobs / callers / batch; i++)
                    {
                        await intake.AcceptAsync(
                            [.. Enumerable.Range(0, batch).Select(_ => Job())],
                            CancellationToken.None
                        );
                    }
                })
        );
        return jobs / Clock.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>
    /// The direct lane, turn by turn with its own statements in a bare loop and with the leanest loop there is.
    /// </summary>
    private static async Task DirectPartAsync(
        BenchReport report,
        NpgsqlDataSource source,
        NoopEngine engine,
        IServiceProvider services
    )
    {
        const int Tasks = 10_000;
        const int WarmRounds = 2;
        const int DirectRounds = 7;
        var intake = services.GetRequiredService<ExecutionIntake>();
        var signals = services.GetRequiredService<Signals>();
        var worker = await DirectLane.PrepareAsync(source);
        await using var database = new Database(services.GetRequiredService<Database>().ConnectionString);
        List<double> direct = [],
            loop = [],
            lean = [];
        using var ended = new EndedAttempts();
        for (var round = -WarmRounds; round < DirectRounds; round++)
        {
            await ExecuteAsync(source, "update sje.queues set paused_at = now() where name = 'swarm'");
            foreach (var queue in new[] { "swarm", DirectLane.LoopQueue })
            {
                for (var i = 0; i < Tasks / 1_000; i++)
                {
                    await intake.AcceptAsync(
                        [.. Enumerable.Range(0, 1_000).Select(_ => Job(queue))],
                        CancellationToken.None
                    );
                }
            }

            await ExecuteAsync(source, "update sje.queues set paused_at = null where name = 'swarm'");
            // Counted here: to ask the database again and again would take a tenth of its time away.
            var all = ended.Count + Tasks;
            var began = Clock.GetTimestamp();
            signals.Raise(SignalKind.Work);
            while (ended.Count < all)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), Clock);
            }

            var drained = Tasks / Clock.GetElapsedTime(began).TotalSeconds;
            if (await ScalarAsync(source, "select count(*) from sje.tasks where queue = 'swarm'") > 0)
            {
                throw new InvalidOperationException("Tasks are left of which it was said that they have ended.");
            }

            began = Clock.GetTimestamp();
            var looped = await DirectLane.TightLoopAsync(database, worker);
            var bare = looped / Clock.GetElapsedTime(began).TotalSeconds;
            var raw = await DirectLane.LeanAsync(source, Tasks);
            if (round >= 0)
            {
                direct.Add(drained);
                loop.Add(bare);
                lean.Add(raw);
            }
        }

        report.Add("tight.loop", Median(loop), "tasks/s");
        report.Add("lean.raw", Median(lean), "tasks/s");
        report.Add("drain.direct", Median(direct), "tasks/s", ("tightLoop", Median(loop)), ("leanRaw", Median(lean)));
    }

    private static async Task LatencyAsync(
        BenchReport report,
        ExecutionIntake intake,
        NoopEngine engine,
        string lane,
        string queue
    )
    {
        var starts = new ConcurrentDictionary<Guid, TaskCompletionSource<long>>();
        engine.Started = (id, at) => starts.GetOrAdd(id, _ => new()).TrySetResult(at);
        var waits = new List<double>();
        using var ended = new EndedAttempts();
        const int Warm = 500;
        const int Measured = 500;
        for (var i = 0; i < Warm + Measured; i++)
        {
            // The worker is to be idle: what was before has ended.
            while (ended.Count < i)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), Clock);
            }

            var began = Clock.GetTimestamp();
            var accepted = (SubmissionAccepted)(await intake.AcceptAsync([Job(queue)], CancellationToken.None))[0];
            var at = await starts.GetOrAdd(accepted.ExecutionId, _ => new()).Task;
            if (i >= Warm)
            {
                waits.Add(Clock.GetElapsedTime(began, at).TotalMilliseconds);
            }
        }

        engine.Started = null;
        waits.Sort();
        report.Add($"start.{lane}.p50", waits[waits.Count / 2], "ms");
        report.Add($"start.{lane}.p99", waits[(int)(waits.Count * 0.99)], "ms");
    }

    private static Submission Job(string queue = "default") =>
        new()
        {
            Job = new JobSpec
            {
                Name = "bench",
                Queue = queue,
                Tasks =
                [
                    new TaskSpec
                    {
                        Name = "main",
                        Type = NoopEngine.TypeName,
                        Settings = [],
                    },
                ],
                Canonical = new JsonObject { ["name"] = "bench", ["type"] = NoopEngine.TypeName },
            },
        };

    /// <summary>Nothing is left to do, and Hangfire says so too.</summary>
    private static Task DrainedAsync(NpgsqlDataSource source) =>
        NoneAsync(
            source,
            """
            select (select count(*) from sje.tasks) + (
                select count(*) from hangfire.job where statename in ('Enqueued', 'Processing', 'Scheduled'))
            """
        );

    private static async Task NoneAsync(NpgsqlDataSource source, string count)
    {
        while (await ScalarAsync(source, count) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock);
        }
    }

    private static Task<long> TransactionsAsync(NpgsqlDataSource source) =>
        ScalarAsync(source, "select xact_commit from pg_stat_database where datname = current_database()");

    private static async Task<long> ScalarAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync() ?? 0L);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
