using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Queueing;
using Sje.Jobs.Storage;
using Sje.Web.Hosting.Postgres;

namespace Sje.Benchmarks;

/// <summary>
/// The queue as a whole on a real PostgreSQL with full durability. Machines are noisy, so each figure stands beside what the same
/// database did in the same run: one durable insert at a time, and eight at once.
/// </summary>
internal static class QueueBench
{
    private static readonly TimeProvider Clock = TimeProvider.System;

    public static async Task<int> RunAsync()
    {
        await using var server = await ServerAsync();
        var connectionString = await FreshDatabaseAsync(server.ConnectionString);
        await using var source = NpgsqlDataSource.Create(connectionString);
        var raw1 = await RawInsertsAsync(source, 1);
        var raw8 = await RawInsertsAsync(source, 8);
        Show("raw insert x1", raw1, "rows/s", null);
        Show("raw insert x8", raw8, "rows/s", raw1);

        var engine = new NoopEngine(Clock);
        using var host = await BenchNode.StartAsync(connectionString, engine);
        var intake = host.Services.GetRequiredService<ExecutionIntake>();
        await LatencyAsync(intake, engine);
        Show("accept x1", await AcceptAsync(intake, 1, 300, 1), "jobs/s", raw1);
        Show("accept x8", await AcceptAsync(intake, 8, 600, 1), "jobs/s", raw8);
        await DrainedAsync(source);
        Show("accept 1,000 a call", await AcceptAsync(intake, 1, 2_000, 1_000), "jobs/s", raw8);

        var began = Clock.GetTimestamp();
        var (transactions, left) = (await TransactionsAsync(source), await LeftAsync(source));
        await DrainedAsync(source);
        var seconds = Clock.GetElapsedTime(began).TotalSeconds;
        Show($"drain, {BenchNode.Slots} slots", left / seconds, "jobs/s", raw8);
        Show("transactions a job", (await TransactionsAsync(source) - transactions) / (double)left, "", null);
        await host.StopAsync();
        return 0;
    }

    private static void Show(string what, double value, string unit, double? beside) =>
        Console.WriteLine(
            $"{what, -22} {value, 10:N1} {unit, -7} {(beside is { } b && unit.Length > 0 ? $"{value / b, 8:P0} of the database's pace" : "")}"
        );

    private static async Task<BenchServer> ServerAsync()
    {
        if (Environment.GetEnvironmentVariable("SJE_BENCH_POSTGRES") is { Length: > 0 } given)
        {
            return new BenchServer(given, null, null);
        }

        var folder = Directory.CreateTempSubdirectory("sje-bench-").FullName;
        var postgres = await EmbeddedPostgres.StartAsync(
            folder,
            new EmbeddedPostgresOptions(),
            NullLogger.Instance,
            Clock,
            CancellationToken.None
        );
        return new BenchServer(postgres.ConnectionString, postgres, folder);
    }

    private static async Task<string> FreshDatabaseAsync(string server)
    {
        var name = $"sje_bench_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name}", connection);
        await create.ExecuteNonQueryAsync();
        var settings = new NpgsqlConnectionStringBuilder(server) { Database = name };
        await Migrator.MigrateAsync(settings.ConnectionString, CancellationToken.None);
        return settings.ConnectionString;
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

    private static async Task LatencyAsync(ExecutionIntake intake, NoopEngine engine)
    {
        var starts = new ConcurrentDictionary<Guid, TaskCompletionSource<long>>();
        engine.Started = (id, at) => starts.GetOrAdd(id, _ => new()).TrySetResult(at);
        var waits = new List<double>();
        for (var i = 0; i < 120; i++)
        {
            var began = Clock.GetTimestamp();
            var accepted = (SubmissionAccepted)(await intake.AcceptAsync([Job()], CancellationToken.None))[0];
            var at = await starts.GetOrAdd(accepted.ExecutionId, _ => new()).Task;
            if (i >= 20)
            {
                waits.Add(Clock.GetElapsedTime(began, at).TotalMilliseconds);
            }
        }

        engine.Started = null;
        waits.Sort();
        Show("submit to start, p50", waits[waits.Count / 2], "ms", null);
        Show("submit to start, p99", waits[(int)(waits.Count * 0.99)], "ms", null);
    }

    private static Submission Job() =>
        new()
        {
            Job = new JobSpec
            {
                Name = "bench",
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

    private static async Task DrainedAsync(NpgsqlDataSource source)
    {
        while (await LeftAsync(source) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), Clock);
        }
    }

    private static Task<long> LeftAsync(NpgsqlDataSource source) =>
        ScalarAsync(source, "select count(*) from sje.tasks");

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

    private sealed record BenchServer(string ConnectionString, EmbeddedPostgres? Postgres, string? Folder)
        : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (Postgres is not null)
            {
                await Postgres.StopAsync(CancellationToken.None);
                await Postgres.DisposeAsync();
            }

            if (Folder is not null)
            {
                Directory.Delete(Folder, recursive: true);
            }
        }
    }
}
