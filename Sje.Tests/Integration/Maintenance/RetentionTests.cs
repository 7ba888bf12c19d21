using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Sje.Jobs.Background;
using Sje.Jobs.Maintenance;
using Sje.Jobs.Storage;
using Sje.Tests.Support;
using static Sje.Tests.Support.TestNode;

namespace Sje.Tests.Integration.Maintenance;

/// <summary>History goes by the partition when its time is over; what still matters of it stays.</summary>
public sealed class RetentionTests : IAsyncLifetime
{
    private const string Whole = "1 1 1 2 2";

    private readonly TestDatabase db = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => db.InitializeAsync();

    public ValueTask DisposeAsync() => db.DisposeAsync();

    [Fact]
    public async Task What_is_older_than_the_history_goes_with_its_partition_and_what_is_younger_stays()
    {
        var (gone, kept) = (await db.AddWeekAsync(42), await db.AddWeekAsync(28));
        var old = await db.AddOldAsync(40, "succeeded", 40);
        var oldFailure = await db.AddOldAsync(38, "failed", 38, dismissed: true);
        var young = await db.AddOldAsync(25, "succeeded", 25);
        Assert.Equal(
            ($"sje.events_{gone}", $"sje.events_{kept}"),
            (await db.PlaceAsync(old), await db.PlaceAsync(young))
        );

        var report = await db.Retention().RunAsync(Stop);

        Assert.Equal((1, 2, 0), (report.RangesDropped, report.Executions, report.Held.Count));
        Assert.Equal("0 0 0 0 0", await db.RowsAsync(old));
        Assert.Equal("0 0 0 0 0", await db.RowsAsync(oldFailure));
        Assert.Equal(0, await TablesAsync(gone));
        // Its log lines had a shorter time: their partition went alone.
        Assert.Equal(1, report.LogRangesDropped);
        Assert.Equal("1 1 1 2 0", await db.RowsAsync(young));
        Assert.Equal(3, await TablesAsync(kept));

        Assert.Equal((0, 0), ((await db.Retention().RunAsync(Stop)).RangesDropped, await TablesAsync(gone)));
    }

    [Fact]
    public async Task What_lives_or_ended_late_or_is_a_dead_letter_outlives_its_partition_whole_and_goes_when_its_time_comes()
    {
        var week = await db.AddWeekAsync(42);
        var live = await db.AddOldAsync(40, "queued", null);
        var late = await db.AddOldAsync(40, "succeeded", 3);
        var letter = await db.AddOldAsync(40, "failed", 39);
        var dismissed = await db.AddOldAsync(40, "failed", 39, dismissed: true);

        var report = await db.Retention().RunAsync(Stop);

        Assert.Equal((1, 1), (report.RangesDropped, report.Executions));
        Assert.Equal("0 0 0 0 0", await db.RowsAsync(dismissed));
        Assert.Equal(0, await TablesAsync(week));
        foreach (var id in new[] { live, late })
        {
            Assert.Equal(Whole, await db.RowsAsync(id));
            Assert.Equal("sje.events_default", await db.PlaceAsync(id));
        }

        // Of a dead letter everything but its log, whose time is over.
        Assert.Equal("1 1 1 2 0", await db.RowsAsync(letter));
        var lines = await new LogReader(db.Database).ReadAsync(live, live, 1, 1, 10, Stop);
        Assert.Equal(["one", "two", "three"], lines.Select(l => l.Text));

        await db.ExecuteAsync("update sje.finished_tasks set dismissed_at = now() where execution_id = $1", letter);
        await db.ExecuteAsync("update sje.executions set finished_at = now() - interval '15 days' where id = $1", late);
        report = await db.Retention().RunAsync(Stop);

        Assert.Equal("0 0 0 0 0", await db.RowsAsync(letter));
        Assert.Equal("1 1 1 2 0", await db.RowsAsync(late));
        Assert.Equal(Whole, await db.RowsAsync(live));
        Assert.Equal(6, report.DefaultRows); // task, attempt, two events of one; two chunks of the other

        var forgotten = await db.AddOldAsync(100, "failed", 95);
        await db.Retention().RunAsync(Stop);
        Assert.Equal("0 0 0 0 0", await db.RowsAsync(forgotten));
    }

    [Fact]
    public async Task A_task_that_was_carried_over_runs_and_ends_as_any_other_and_a_carried_dead_letter_can_be_retried()
    {
        await db.AddWeekAsync(42);
        var live = await db.AddOldAsync(40, "queued", null);
        var letter = await db.AddOldAsync(40, "failed", 39);
        await db.Retention().RunAsync(Stop);

        await using var node = await StartAsync(db);
        await node.Control.RetryAsync(letter, Stop);

        await db.ExecutionBecomesAsync(live, "succeeded", 60);
        await db.ExecutionBecomesAsync(letter, "succeeded", 60);
        Assert.Equal("sje.finished_tasks_default", await db.PlaceAsync(live, "finished_tasks"));
    }

    [Fact]
    public async Task A_range_with_too_much_that_stays_is_held_whole_and_says_why()
    {
        var week = await db.AddWeekAsync(42);
        await db.ExecuteAsync(
            """
            insert into sje.executions (id, name, job_type, queue, spec, state, task_count)
            select (left(sje.id_at(now() - interval '40 days')::text, 13) || right(gen_random_uuid()::text, 23))::uuid, 'many', 't', 'default',
                '{}', 'queued', 1
            from generate_series(1, $1)
            """,
            HistoryPartitions.MostCarried + 1
        );
        var old = await db.AddOldAsync(40, "succeeded", 40);

        var report = await db.Retention().RunAsync(Stop);

        Assert.Equal(0, report.RangesDropped);
        Assert.Equal(["history", "logs"], report.Held.Select(h => h.What));
        Assert.Contains("more than 2000 executions of it stay", report.Held[0].Why, StringComparison.Ordinal);
        Assert.Equal(4, await TablesAsync(week));
        // Its execution is gone all the same: no list shows it, and nothing brings its task back.
        Assert.Equal("0 1 1 2 2", await db.RowsAsync(old));
        await using var node = await StartAsync(db, worker: false);
        await node.Control.RetryAsync(old, Stop);
        Assert.Equal(0, await db.ScalarAsync<long>("select count(*) from sje.tasks where execution_id = $1", old));

        await db.ExecuteAsync("delete from sje.executions where name = 'many'");
        Assert.Equal(1, (await db.Retention().RunAsync(Stop)).RangesDropped);
        Assert.Equal("0 0 0 0 0", await db.RowsAsync(old));
    }

    [Fact]
    public async Task Partitions_are_made_ahead_one_where_the_last_one_ends_and_in_another_width_when_that_is_wanted()
    {
        Assert.Equal(0, await db.Partitions().ExtendAsync(PartitionWidth.Week, Stop));
        await db.ExecuteAsync("insert into sje.events (execution_id, kind) values (sje.id_at(now()), 'x')");
        Assert.NotEqual("sje.events_default", await db.PlaceAsync(await NowIdAsync()));

        Assert.InRange(await db.Partitions().ExtendAsync(PartitionWidth.Month, Stop), 1, 2);
        Assert.Equal(0, await db.Partitions().ExtendAsync(PartitionWidth.Month, Stop));

        var ranges = await db.Partitions().ReadAsync(Stop);
        Assert.All(ranges, r => Assert.Equal(HistoryPartitions.Tables.Order(), r.PartitionByTable.Keys.Order()));
        Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        Assert.True(ranges[^1].To > TimeProvider.System.GetUtcNow().AddDays(27));
        Assert.Equal(1, ranges[^1].To.UtcDateTime.Day);

        async Task<Guid> NowIdAsync() =>
            await db.ScalarAsync<Guid>("select execution_id from sje.events where kind = 'x'");
    }

    [Fact]
    public async Task Without_a_partition_work_goes_on_and_its_time_gets_none_later_but_the_next_one_does()
    {
        foreach (var range in await db.Partitions().ReadAsync(Stop))
        {
            foreach (var part in range.PartitionByTable.Values)
            {
                await db.ExecuteAsync($"drop table sje.{part}");
            }
        }

        await using var node = await StartAsync(db);
        var id = await node.SubmitAsync(Task("main", "ok"));
        await db.ExecutionBecomesAsync(id, "succeeded");
        Assert.Equal("sje.events_default", await db.PlaceAsync(id));

        Assert.Equal(1, await db.Partitions().ExtendAsync(PartitionWidth.Week, Stop));

        Assert.True((await db.Partitions().ReadAsync(Stop)).Single().From > TimeProvider.System.GetUtcNow());
        await db.ExecutionBecomesAsync(await node.SubmitAsync(Task("main", "ok")), "succeeded");
    }

    [Fact]
    public async Task A_drop_that_has_to_wait_for_somebody_holds_nobody_up_for_long()
    {
        var week = await db.AddWeekAsync(42);
        var old = await db.AddOldAsync(40, "succeeded", 40);
        var young = await db.AddOldAsync(1, "succeeded", 1);
        await using var holder = await db.Database.Locks.OpenConnectionAsync(Stop);
        await using var holding = await holder.BeginTransactionAsync(Stop);
        await using (
            var hold = new NpgsqlCommand(
                "insert into sje.events (execution_id, kind) values ($1, 'held')",
                holder,
                holding
            )
        )
        {
            hold.Parameters.Add(new() { Value = young });
            await hold.ExecuteNonQueryAsync(Stop);
        }

        var dropping = db.Retention().RunAsync(Stop);
        var longest = TimeSpan.Zero;
        for (var i = 0; i < 60; i++)
        {
            var clock = Stopwatch.StartNew();
            await db.ExecuteAsync("insert into sje.events (execution_id, kind) values ($1, 'other')", young);
            longest = clock.Elapsed > longest ? clock.Elapsed : longest;
            await System.Threading.Tasks.Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Stop);
        }

        Assert.False(dropping.IsCompleted);
        Assert.Equal(4, await TablesAsync(week));
        await holding.RollbackAsync(Stop);
        Assert.Equal(1, (await dropping).RangesDropped);
        Assert.Equal("0 0 0 0 0", await db.RowsAsync(old));
        // Four locks, each waited for 0.2 s at most; the rest is for a busy machine.
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task What_a_death_between_taking_off_and_dropping_left_is_dropped_later()
    {
        var week = await db.AddWeekAsync(42);
        await db.ExecuteAsync($"alter table sje.events detach partition sje.events_{week}");

        Assert.Equal(1, (await db.Retention().RunAsync(Stop)).RangesDropped);

        Assert.Equal(0, await TablesAsync(week));
    }

    [Fact]
    public async Task Keys_workers_checkpoints_and_operations_go_when_their_time_is_over_and_not_before()
    {
        await db.ExecuteAsync(
            """
            insert into sje.idempotency_keys (tenant, key, body_hash, execution_id, created_at)
            select 'default', 'k' || d, '', gen_random_uuid(), now() - d * interval '1 day' from generate_series(1, 10) d;
            insert into sje.workers (id, name, host, process_id, version, state, queues, engines, slots, cpus, memory_bytes, lease_until, ended_at)
            select gen_random_uuid(), 'w' || d, 'h', 1, '1', case when d = 50 then 'active' else 'dead' end, '{}', '{}', 1, 1, 1, now(),
                now() - d * interval '1 day' from unnest(array[1, 40, 50]) d
            """
        );
        var (gone, kept) = (
            await db.AddOldAsync(40, "failed", 40, dismissed: true),
            await db.AddOldAsync(5, "failed", 5)
        );
        await db.ExecuteAsync(
            "insert into sje.checkpoints (task_id, execution_id, attempt, body) values ($1, $1, 1, '{}'), ($2, $2, 1, '{}')",
            gone,
            kept
        );

        await db.ExecuteAsync(
            """
            insert into sje.operations (id, kind, filter, state, until, total, finished_at)
            values (gen_random_uuid(), 'dead_letters.purge', '{}', 'succeeded', now(), 1, now() - interval '31 days'),
                (gen_random_uuid(), 'dead_letters.requeue', '{}', 'succeeded', now(), 1, now() - interval '29 days')
            """
        );

        var report = await db.Retention().RunAsync(Stop);

        Assert.Equal("dead_letters.requeue", await db.ScalarAsync<string>("select kind from sje.operations"));
        Assert.Equal((4, 1, 1), (report.IdempotencyKeys, report.Workers, report.Checkpoints));
        Assert.Equal(
            "k1,k2,k3,k4,k5,k6",
            await db.ScalarAsync<string>("select string_agg(key, ',' order by key) from sje.idempotency_keys")
        );
        Assert.Equal(
            "w1,w50",
            await db.ScalarAsync<string>("select string_agg(name, ',' order by name) from sje.workers")
        );
        Assert.Equal(kept, await db.ScalarAsync<Guid>("select task_id from sje.checkpoints"));
    }

    [Fact]
    public async Task Of_many_processes_one_makes_the_round_and_its_report_is_there_for_all()
    {
        await db.AddWeekAsync(42);
        await db.AddOldAsync(40, "succeeded", 40);
        var status = new RetentionStatus(db.Database);
        await status.AskAsync(Stop);

        var rounds = await System.Threading.Tasks.Task.WhenAll(
            Enumerable.Range(0, 6).Select(_ => db.Upkeep().RetainAsync(Stop))
        );

        Assert.Equal(1, Assert.Single(rounds, r => r is not null)!.RangesDropped);
        var run = (await status.ReadAsync(new RetentionOptions(), Stop)).Run;
        Assert.Equal(1, run.Report!["executions"]!.GetValue<long>());
        Assert.True(run.NextAt > run.EndedAt + TimeSpan.FromMinutes(50));
        Assert.Null(run.Error);
        Assert.False(await status.IsDueAsync(Stop));
    }

    [Fact]
    public async Task The_background_job_of_a_task_that_is_gone_is_put_away_and_nothing_else_of_Hangfires_is_touched()
    {
        var quick = new AuditPace(TimeSpan.FromMilliseconds(300), TimeSpan.FromMilliseconds(300), 100);
        await using var node = await StartAsync(db, services: s => s.AddSingleton(quick));
        var letter = await node.SubmitAsync(Task("main", "invalid"));
        var other = await node.SubmitAsync(Task("main", "invalid"));
        var dropped = await node.SubmitAsync(Task("main", "invalid"));
        foreach (var id in new[] { letter, other, dropped })
        {
            await db.HangfireBecomesAsync(id, "main", "Failed", 60);
        }

        await db.ExecuteAsync(
            "update sje.executions set finished_at = now() - interval '100 days' where id = $1",
            letter
        );
        await db.ExecuteAsync(
            "update sje.finished_tasks set finished_at = now() - interval '100 days' where execution_id = $1",
            letter
        );
        var job = await db.HangfireJobAsync(dropped);

        // The id says that it is young, so only a history that is over at once lets it go.
        var report = await db.Retention(new RetentionOptions { History = "0s", Logs = "0s" }).RunAsync(Stop);
        await db.ExecuteAsync("delete from sje.finished_tasks where execution_id = $1", dropped);

        Assert.Equal(1, report.Executions);
        await db.HangfireBecomesAsync(letter, "main", "Deleted", 60);
        await Eventually.GetAsync(
            () => db.ScalarAsync<string>("select statename from hangfire.job where id = $1", job),
            s => s == "Deleted",
            "the background job of a dropped task is deleted",
            60
        );
        await db.HangfireBecomesAsync(other, "main", "Failed");
        await Eventually.TrueAsync(
            async () => await db.ScalarAsync<long>("select count(*) from sje.stray_background_jobs") == 0,
            "no stray is left"
        );
    }

    private Task<long> TablesAsync(string suffix) =>
        db.ScalarAsync<long>(
            "select count(*) from pg_class where relnamespace = 'sje'::regnamespace and relkind = 'r' and relname like $1",
            "%\\_" + suffix
        );
}
