using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using NpgsqlTypes;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;

namespace Sje.Benchmarks;

/// <summary>
/// What the direct lane is held against, on the same database in the same run: its own statements in a loop that does nothing else, and
/// the leanest queue there could be (a narrow table, no history, no events, two connections, a thousand at a time).
/// </summary>
internal static class DirectLane
{
    /// <summary>A queue of the direct lane that no worker serves.</summary>
    public const string LoopQueue = "tight-loop";

    private const int AtOnce = 1_000;

    /// <summary>Makes the loop's queue, and a worker's row for it whose lease outlasts the run.</summary>
    public static async Task<Guid> PrepareAsync(NpgsqlDataSource source)
    {
        var worker = Guid.CreateVersion7();
        await using var command = source.CreateCommand(
            $"""
            insert into sje.queues (name, lane) values ('{LoopQueue}', 'direct') on conflict (name) do nothing;
            insert into sje.workers (id, name, host, process_id, version, queues, engines, slots, cpus, memory_bytes, lease_until)
            values ('{worker}', 'tight-loop', 'bench', 0, '0', '{"{" + LoopQueue + "}"}', '{"{"
                + NoopEngine.TypeName
                + "}"}', 1, 1, 1,
                now() + interval '1 day');
            create table lean (id bigint generated always as identity primary key, state smallint not null);
            create index lean_ready on lean (id) where state = 0;
            """
        );
        await command.ExecuteNonQueryAsync();
        return worker;
    }

    /// <summary>Claims and ends everything in <see cref="LoopQueue"/>; returns how many.</summary>
    public static async Task<int> TightLoopAsync(Database database, Guid worker)
    {
        var queue = new TaskQueue(database);
        var ledger = new AttemptLedger(
            database,
            new Signals(database, TimeProvider.System, NullLogger<Signals>.Instance)
        );
        var request = new ClaimRequest(worker, [LoopQueue], [NoopEngine.TypeName], [], AtOnce, 1, 1, Lanes.Direct);
        var end = new AttemptEnd { Outcome = Core.Jobs.AttemptOutcome.Succeeded, Next = Core.Jobs.TaskState.Succeeded };
        var claims = Channel.CreateBounded<List<ClaimedTask>>(2);
        var unreadable = new List<UnreadableTask>();
        var count = 0;
        var claiming = Task.Run(async () =>
        {
            while (await queue.ClaimAsync(request, unreadable, CancellationToken.None) is { Count: > 0 } tasks)
            {
                await claims.Writer.WriteAsync(tasks);
            }

            claims.Writer.Complete();
        });
        await foreach (var tasks in claims.Reader.ReadAllAsync())
        {
            await Task.WhenAll(tasks.Select(task => ledger.EndAsync(task, end, CancellationToken.None)));
            count += tasks.Count;
        }

        await claiming;
        return count;
    }

    /// <summary>The leanest loop over <paramref name="rows"/> rows.</summary>
    public static async Task<double> LeanAsync(NpgsqlDataSource source, int rows)
    {
        await using (
            var fill = source.CreateCommand($"insert into lean (state) select 0 from generate_series(1, {rows})")
        )
        {
            await fill.ExecuteNonQueryAsync();
        }

        var began = TimeProvider.System.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => LeanLoopAsync(source)));
        return rows / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task LeanLoopAsync(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        while (true)
        {
            var ids = new List<long>();
            await using (
                var claim = new NpgsqlCommand(
                    $"""
                    update lean set state = 1 where id = any (array(
                        select id from lean where state = 0 order by id limit {AtOnce} for update skip locked))
                    returning id
                    """,
                    connection
                )
            )
            {
                await using var taken = await claim.ExecuteReaderAsync();
                while (await taken.ReadAsync())
                {
                    ids.Add(taken.GetInt64(0));
                }
            }

            if (ids.Count == 0)
            {
                return;
            }

            await using var complete = new NpgsqlCommand("update lean set state = 2 where id = any ($1)", connection);
            complete.Parameters.Add(
                new() { Value = ids.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint }
            );
            await complete.ExecuteNonQueryAsync();
        }
    }
}
