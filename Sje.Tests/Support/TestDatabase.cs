using Npgsql;
using Sje.Jobs.Storage;

namespace Sje.Tests.Support;

/// <summary>
/// A database of a test class's own: a clone of a template that is migrated once per run of the tests, dropped at the end.
/// Use as a class fixture. The server is the one of <c>SJE_TEST_POSTGRES</c>.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime
{
    private static readonly SemaphoreSlim TemplateGate = new(1, 1);
    private static string? template;

    private string name = "";

    /// <summary>Pools on the clone.</summary>
    public Database Database { get; private set; } = null!;

    /// <summary>Connection string of the clone.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>A database that somebody else made and will remove.</summary>
    public static TestDatabase Of(string connectionString) =>
        new() { ConnectionString = connectionString, Database = new Database(connectionString) };

    public async ValueTask InitializeAsync()
    {
        var server = await TestPostgres.ConnectionStringAsync();
        await PrepareTemplateAsync(server);
        name = $"sje_test_{Guid.NewGuid():N}";
        await ExecuteAsync(server, $"create database {name} template {template}");
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        Database = new Database(ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        if (name.Length == 0)
        {
            return;
        }

        await ExecuteAsync(await TestPostgres.ConnectionStringAsync(), $"drop database if exists {name} with (force)");
    }

    private static async Task PrepareTemplateAsync(string server)
    {
        await TemplateGate.WaitAsync();
        try
        {
            if (template is not null)
            {
                return;
            }

            var fresh = $"sje_template_{Guid.NewGuid():N}";
            await ExecuteAsync(server, $"create database {fresh}");
            await Migrator.MigrateAsync(
                new NpgsqlConnectionStringBuilder(server) { Database = fresh, Pooling = false }.ConnectionString,
                CancellationToken.None
            );
            template = fresh;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => DropTemplate(server, fresh);
        }
        finally
        {
            TemplateGate.Release();
        }
    }

    private static void DropTemplate(string server, string fresh)
    {
        try
        {
            using var connection = new NpgsqlConnection(server);
            connection.Open();
            using var command = new NpgsqlCommand($"drop database if exists {fresh} with (force)", connection);
            command.ExecuteNonQuery();
        }
        catch (NpgsqlException)
        {
            // The server of the run may be gone already, and its databases with it.
        }
    }

    private static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }
}
