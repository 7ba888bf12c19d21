using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Npgsql;

namespace Sje.Benchmarks;

/// <summary>
/// Hangfire as its documentation sets it up, on a database of its own of the same server: the yardstick of the background lane. Its jobs
/// do nothing, too.
/// </summary>
internal sealed class StockHangfire : IAsyncDisposable
{
    private const string Unfinished = "select count(*) from hangfire.job where statename is distinct from 'Succeeded'";

    private readonly NpgsqlDataSource source;
    private readonly PostgreSqlStorage storage;
    private readonly BackgroundJobClient client;

    private StockHangfire(string connectionString)
    {
        source = NpgsqlDataSource.Create(connectionString);
        var options = new PostgreSqlStorageOptions();
        storage = new PostgreSqlStorage(new NpgsqlConnectionFactory(connectionString, options), options);
        client = new BackgroundJobClient(storage);
    }

    /// <summary>Makes the schema and warms the code up.</summary>
    public static async Task<StockHangfire> StartAsync(string connectionString, int slots)
    {
        var stock = new StockHangfire(connectionString);
        stock.Create(200);
        await stock.DrainAsync(slots);
        return stock;
    }

    /// <summary>What every job calls.</summary>
    public static void Nothing() { }

    /// <summary>Enqueues jobs from four threads, as the dispatcher did in the trial; jobs a second.</summary>
    public double Create(int jobs)
    {
        var began = TimeProvider.System.GetTimestamp();
        Parallel.For(0, jobs, new ParallelOptions { MaxDegreeOfParallelism = 4 }, _ => client.Enqueue(() => Nothing()));
        return jobs / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>Starts a server and waits until it has run everything; jobs a second.</summary>
    public async Task<double> DrainAsync(int slots)
    {
        var jobs = await LeftAsync();
        var began = TimeProvider.System.GetTimestamp();
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = slots }, storage);
        while (await LeftAsync() > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        server.SendStop();
        await server.WaitForShutdownAsync(CancellationToken.None);
        return jobs / seconds;
    }

    /// <summary>Transactions that its database has seen.</summary>
    public async Task<long> TransactionsAsync()
    {
        await using var command = source.CreateCommand(
            "select xact_commit from pg_stat_database where datname = current_database()"
        );
        return (long)(await command.ExecuteScalarAsync() ?? 0L);
    }

    private async Task<long> LeftAsync()
    {
        await using var command = source.CreateCommand(Unfinished);
        return (long)(await command.ExecuteScalarAsync() ?? 0L);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => source.DisposeAsync();
}
