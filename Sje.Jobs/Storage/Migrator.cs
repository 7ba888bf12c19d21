using System.Globalization;
using System.Reflection;
using DbUp;
using DbUp.Engine;
using Hangfire.PostgreSql;
using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>
/// Brings a database to this binary's schema: ours by DbUp from <c>migrations/</c>, then Hangfire's own, made new or lifted from an older
/// version. Many processes may start at once: all of it happens under one session advisory lock. What is newer than this binary, or no
/// schema that either could have left, is refused before anything is changed.
/// </summary>
public static class Migrator
{
    private const long LockKey = 0x534A45_4D49; // "SJEMI"

    // The scripts run on a connection of DbUp's own. Of a process that was killed it may outlive the one that holds the lock.
    private const string ScriptsName = "sje-migrate";
    private const string GuardName = "sje-migrate-guard";

    private const string HangfireScripts = "Hangfire.PostgreSql.Scripts.Install.v";

    private const string OthersAtWork = """
        select count(*) from pg_stat_activity where datname = current_database() and application_name = $1 and pid <> pg_backend_pid()
        """;

    // Of the default width; a configured one begins where these end.
    private const string ExtendHistory = """
        set local lock_timeout = '2s';
        select sje.extend_history('week')
        where coalesce((select max(to_at) from sje.partitions), '-infinity') < now() + interval '6 hours'
        """;

    private static readonly TimeSpan PatienceWithOthers = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    /// <summary>The version to which this binary's Hangfire brings its schema.</summary>
    public static int NewestOfHangfire { get; } =
        typeof(PostgreSqlStorage)
            .Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(HangfireScripts, StringComparison.Ordinal))
            .Max(name => int.Parse(name[HangfireScripts.Length..].Split('.')[0], CultureInfo.InvariantCulture));

    /// <summary>Runs what has not run yet and returns what ran.</summary>
    /// <exception cref="MigrationException">
    /// The database has a schema that is not for this binary, and is left as it is; or a step failed: it was rolled back, those before it stay.
    /// </exception>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<IReadOnlyList<string>> MigrateAsync(
        string connectionString,
        CancellationToken cancellationToken
    )
    {
        await using var guard = new NpgsqlConnection(Named(connectionString, GuardName));
        await guard.OpenAsync(cancellationToken);
        await using (var take = new NpgsqlCommand("select pg_advisory_lock($1)", guard) { CommandTimeout = 0 })
        {
            take.Parameters.Add(new() { Value = LockKey });
            await take.ExecuteNonQueryAsync(cancellationToken);
        }

        await WaitForOthersAsync(guard, cancellationToken);
        if (await SchemaVersions.ObstacleAsync(guard, cancellationToken) is { } obstacle)
        {
            throw new MigrationException(obstacle);
        }

        var result = Upgrader(Named(connectionString, ScriptsName)).PerformUpgrade();
        if (!result.Successful)
        {
            throw result.Error is NpgsqlException and not PostgresException
                ? result.Error
                : new MigrationException(
                    $"Migration '{result.ErrorScript?.Name}' failed: {FirstLine(result.Error)}",
                    result.Error
                );
        }

        await ExtendHistoryAsync(guard, cancellationToken);
        var before = await SchemaVersions.OfHangfireAsync(guard, cancellationToken);
        await InstallHangfireAsync(guard, cancellationToken);
        IEnumerable<string> ran = result.Scripts.Select(s => s.Name);
        return
        [
            .. before == NewestOfHangfire ? ran : ran.Append($"Hangfire's schema {before ?? 0} to {NewestOfHangfire}"),
        ];
    }

    /// <summary>
    /// Makes the partitions that the time until the first upkeep needs, after a long rest above all. Where others are at work and hold the
    /// locks, they have an upkeep of their own.
    /// </summary>
    private static async Task ExtendHistoryAsync(NpgsqlConnection guard, CancellationToken cancellationToken)
    {
        await using var transaction = await guard.BeginTransactionAsync(cancellationToken);
        await using var extend = new NpgsqlCommand(ExtendHistory, guard, transaction);
        try
        {
            await extend.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException busy)
            when (busy.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            // Until then rows go to the default partition.
        }
    }

    /// <summary>The scripts that this binary has and the database has not seen.</summary>
    public static IReadOnlyList<string> Pending(string connectionString) =>
        [.. Upgrader(connectionString).GetScriptsToExecute().Select(s => s.Name)];

    /// <summary>
    /// Each of Hangfire's steps is a transaction of its own, serializable. A live program of its older version may be in the way of one.
    /// </summary>
    private static async Task InstallHangfireAsync(NpgsqlConnection guard, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                PostgreSqlObjectsInstaller.Install(guard);
                break;
            }
            catch (PostgresException inTheWay)
                when (tries < 5
                    && inTheWay.SqlState
                        is PostgresErrorCodes.SerializationFailure
                            or PostgresErrorCodes.DeadlockDetected
                )
            {
                await Task.Delay(BetweenLooks, TimeProvider.System, cancellationToken);
            }
            catch (PostgresException failed)
            {
                throw HangfireFailed(FirstLine(failed), failed);
            }
            catch (NpgsqlException slow) when (slow.InnerException is TimeoutException)
            {
                throw HangfireFailed("a step took too long; is another program using the schema?", slow);
            }
        }

        if (
            await SchemaVersions.OfHangfireAsync(guard, cancellationToken) is var version
            && version != NewestOfHangfire
        )
        {
            throw HangfireFailed(
                $"it says version {version?.ToString(CultureInfo.InvariantCulture) ?? "none"} now",
                null
            );
        }
    }

    private static MigrationException HangfireFailed(string why, Exception? inner) =>
        new($"Hangfire's schema could not be brought to version {NewestOfHangfire}: {why}", inner);

    /// <summary>Waits for the statement that a killed process had sent: the server carries it out although nobody waits for it.</summary>
    private static async Task WaitForOthersAsync(NpgsqlConnection guard, CancellationToken cancellationToken)
    {
        var since = TimeProvider.System.GetTimestamp();
        await using var look = new NpgsqlCommand(OthersAtWork, guard);
        look.Parameters.Add(new() { Value = ScriptsName });
        while (await look.ExecuteScalarAsync(cancellationToken) is > 0L)
        {
            if (TimeProvider.System.GetElapsedTime(since) > PatienceWithOthers)
            {
                throw new MigrationException(
                    $"Another process has been at the database's schema for {PatienceWithOthers.TotalMinutes:0} minutes "
                        + $"(application_name '{ScriptsName}' in pg_stat_activity): end it, or wait for it."
                );
            }

            await Task.Delay(BetweenLooks, TimeProvider.System, cancellationToken);
        }
    }

    private static string Named(string connectionString, string name) =>
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            Pooling = false,
            ApplicationName = name,
            // Before version 19 Hangfire kept instants of UTC in columns without a zone; that step reads them in the session's.
            Timezone = "UTC",
        }.ConnectionString;

    private static string FirstLine(Exception error) => error.Message.Split('\n')[0].TrimEnd();

    private static UpgradeEngine Upgrader(string connectionString) =>
        DeployChanges
            .To.PostgresqlDatabase(connectionString)
            .WithScriptsEmbeddedInAssembly(Assembly.GetExecutingAssembly(), SchemaVersions.IsScript)
            .JournalToPostgresqlTable("public", SchemaVersions.Journal)
            .WithTransactionPerScript()
            .LogToNowhere()
            .Build();
}

/// <summary>The database's schema is not for this binary, or could not be brought to its version. The message is one line for people.</summary>
public sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
