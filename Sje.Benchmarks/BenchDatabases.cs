using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Sje.Jobs.Storage;
using Sje.Web.Hosting.Postgres;

namespace Sje.Benchmarks;

/// <summary>The PostgreSQL of a bench: that of <c>SJE_BENCH_POSTGRES</c>, or one of its own, gone at the end.</summary>
internal sealed class BenchDatabases : IAsyncDisposable
{
    private readonly string connectionString;
    private readonly EmbeddedPostgres? postgres;
    private readonly string? folder;

    private BenchDatabases(string connectionString, EmbeddedPostgres? postgres, string? folder) =>
        (this.connectionString, this.postgres, this.folder) = (connectionString, postgres, folder);

    /// <summary>Finds or starts it.</summary>
    public static async Task<BenchDatabases> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("SJE_BENCH_POSTGRES") is { Length: > 0 } given)
        {
            return new BenchDatabases(given, null, null);
        }

        var folder = Directory.CreateTempSubdirectory("sje-bench-").FullName;
        var postgres = await EmbeddedPostgres.StartAsync(
            folder,
            new EmbeddedPostgresOptions(),
            NullLogger.Instance,
            TimeProvider.System,
            CancellationToken.None
        );
        return new BenchDatabases(postgres.ConnectionString, postgres, folder);
    }

    /// <summary>The connection string of a new database, with our tables or without.</summary>
    public async Task<string> FreshAsync(bool migrate = true)
    {
        var name = $"sje_bench_{Guid.NewGuid():N}";
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"create database {name}", connection);
        await create.ExecuteNonQueryAsync();
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Database = name };
        if (migrate)
        {
            await Migrator.MigrateAsync(settings.ConnectionString, CancellationToken.None);
        }

        return settings.ConnectionString;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (postgres is not null)
        {
            await postgres.StopAsync(CancellationToken.None);
            await postgres.DisposeAsync();
        }

        if (folder is not null)
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
