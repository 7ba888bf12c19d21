using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Storage;

public sealed class CoreLoadReaderTests(TestDatabase db) : IClassFixture<TestDatabase>
{
    [Fact]
    public async Task A_small_queue_is_counted_exactly_beside_a_large_one_that_is_estimated()
    {
        await AddAsync("small", 7, "queued", 0);
        await AddAsync("small", 3, "blocked", 0);
        await AddAsync("small", 2, "waiting_retry", 0);
        var reader = new CoreLoadReader(db.Database, TimeProvider.System);

        var few = reader.Read();
        Assert.True(few.Exact);
        Assert.Equal((3, 7, 2), Of(few, "small"));

        await AddAsync("large", 60_000, "queued", 10);
        var many = new CoreLoadReader(db.Database, TimeProvider.System).Read();
        Assert.False(many.Exact);
        Assert.Equal((3, 7, 2), Of(many, "small"));
        // Pages are drawn, not rows; a fifth off would be far out.
        Assert.InRange(Of(many, "large").Queued, 48_000, 72_000);
        Assert.InRange(many.WaitingByPriority[10], 48_000, 72_000);
        Assert.InRange(many.Queues.Single(q => q.Name == "large").OldestWaitSeconds!.Value, 3_599, 3_800);
    }

    [Fact]
    public async Task Whoever_asks_within_two_seconds_gets_the_same_answer()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var reader = new CoreLoadReader(db.Database, clock);
        var first = reader.Read();

        Assert.Same(first, reader.Read());
        clock.Advance(TimeSpan.FromSeconds(2.1));
        Assert.NotSame(first, reader.Read());
        await Task.CompletedTask;
    }

    private static (long Blocked, long Queued, long WaitingRetry) Of(CoreLoad load, string queue) =>
        load.Queues.Single(q => q.Name == queue) is var found
            ? (found.Blocked, found.Queued, found.WaitingRetry)
            : default;

    private async Task AddAsync(string queue, int count, string state, int priority)
    {
        await using var command = db.Database.Main.CreateCommand(
            $"""
            insert into sje.queues (name, lane) values ('{queue}', 'direct') on conflict do nothing;
            insert into sje.tasks (id, execution_id, name, ordinal, type, queue, lane, priority, rank, state, spec, max_attempts, dispatched,
                pending_dependencies, available_at)
            select gen_random_uuid(), gen_random_uuid(), 'main', 0, 'noop', '{queue}', 'direct', {priority}, now(), '{state}',
                jsonb_build_object('settings', repeat('x', 200)), 3, true, case when '{state}' = 'blocked' then 1 else 0 end,
                now() - interval '1 hour'
            from generate_series(1, {count});
            """
        );
        command.CommandTimeout = 120;
        await command.ExecuteNonQueryAsync();
    }
}
