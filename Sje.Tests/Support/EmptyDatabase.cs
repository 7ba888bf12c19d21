using Npgsql;

namespace Sje.Tests.Support;

/// <summary>A database that no migration has seen, on the server of the tests; dropped at the end.</summary>
internal sealed class EmptyDatabase : IAsyncDisposable
{
    private readonly string server;
    private readonly string name;

    private EmptyDatabase(string server, string name) => (this.server, this.name) = (server, name);

    /// <summary>For those who pool, as processes do.</summary>
    public string ConnectionString =>
        new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = true }.ConnectionString;

    private string Unpooled =>
        new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = false }.ConnectionString;

    /// <summary>Makes it; its sessions start in a time zone that is not UTC.</summary>
    public static async Task<EmptyDatabase> CreateAsync()
    {
        var server = new NpgsqlConnectionStringBuilder(await TestPostgres.ConnectionStringAsync())
        {
            Pooling = false,
        }.ConnectionString;
        var database = new EmptyDatabase(server, $"sje_empty_{Guid.NewGuid():N}");
        await ExecuteOnAsync(server, $"create database {database.name}");
        await ExecuteOnAsync(server, $"alter database {database.name} set timezone = 'America/New_York'");
        return database;
    }

    public Task ExecuteAsync(string sql) => ExecuteOnAsync(Unpooled, sql);

    public async Task<T?> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(Unpooled);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() is T found ? found : default;
    }

    public async ValueTask DisposeAsync() =>
        await ExecuteOnAsync(server, $"drop database if exists {name} with (force)");

    private static async Task ExecuteOnAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }
}
