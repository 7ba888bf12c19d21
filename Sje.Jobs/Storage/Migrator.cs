using System.Reflection;
using DbUp;
using DbUp.Engine;
using Hangfire.PostgreSql;
using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>
/// Brings a database to this binary's schema: ours by DbUp from <c>migrations/</c>, then Hangfire's own. Many processes may start at
/// once: all of it happens under one session advisory lock.
/// </summary>
public static class Migrator
{
    private const long LockKey = 0x534A45_4D49; // "SJEMI"

    /// <summary>Runs what has not run yet and returns the names of the scripts that ran.</summary>
    /// <exception cref="MigrationException">A script failed; it was rolled back, those before it stay.</exception>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString,
        CancellationToken cancellationToken
    )
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false };
        await using var guard = new NpgsqlConnection(settings.ConnectionString);
        await guard.OpenAsync(cancellationToken);
        await using (var take = new NpgsqlCommand("select pg_advisory_lock($1)", guard) { CommandTimeout = 0 })
        {
            take.Parameters.Add(new() { Value = LockKey });
            await take.ExecuteNonQueryAsync(cancellationToken);
        }

        var result = Upgrader(settings.ConnectionString).PerformUpgrade();
        if (!result.Successful)
        {
            throw new MigrationException(
                $"Migration '{result.ErrorScript?.Name}' failed: {result.Error.Message}",
                result.Error
            );
        }

        PostgreSqlObjectsInstaller.Install(guard);
        return [.. result.Scripts.Select(s => s.Name)];
    }

    /// <summary>The scripts that this binary has and the database has not seen.</summary>
    public static IReadOnlyList<string> Pending(string connectionString) =>
        [.. Upgrader(connectionString).GetScriptsToExecute().Select(s => s.Name)];

    private static UpgradeEngine Upgrader(string connectionString) =>
        DeployChanges
            .To.PostgresqlDatabase(connectionString)
            .WithScriptsEmbeddedInAssembly(
                Assembly.GetExecutingAssembly(),
                name => name.StartsWith("migrations.", StringComparison.Ordinal)
            )
            .JournalToPostgresqlTable("public", "sje_schema_versions")
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build();
}

/// <summary>A migration script could not be run.</summary>
public sealed class MigrationException(string message, Exception inner) : Exception(message, inner);
