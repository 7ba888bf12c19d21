using System.Reflection;
using Npgsql;

namespace Sje.Jobs.Storage;

/// <summary>Which schema a database has, ours and Hangfire's, and whether this binary may work on it.</summary>
public static class SchemaVersions
{
    /// <summary>The table in schema <c>public</c> that names the scripts which have run.</summary>
    internal const string Journal = "sje_schema_versions";

    private const string ScriptPrefix = "migrations.";

    // What a script of Hangfire's never leaves behind: its first one ends at 3.
    private const int OldestOfHangfire = 3;

    private const string Tables = """
        select to_regclass('public.sje_schema_versions') is not null, to_regclass('sje.jobs') is not null,
            to_regclass('hangfire.schema') is not null
        """;

    private static readonly HashSet<string> Scripts =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(IsScript),
    ];

    /// <summary>Why this binary must not work on a database, in one line; null when nothing speaks against it.</summary>
    public static async Task<string?> ObstacleAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString
        );
        await connection.OpenAsync(cancellationToken);
        return await ObstacleAsync(connection, cancellationToken);
    }

    /// <inheritdoc cref="ObstacleAsync(string, CancellationToken)"/>
    internal static async Task<string?> ObstacleAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (hasJournal, hasOurs, hasHangfire) = await TablesAsync(connection, cancellationToken);
        List<string> ran = hasJournal
            ? await ReadAsync<string>(
                connection,
                $"select scriptname from public.{Journal} order by 1",
                cancellationToken
            )
            : [];
        var unknown = ran.Where(script => !Scripts.Contains(script)).ToList();
        if (unknown.Count > 0)
        {
            return $"The database's schema is newer than this sje: it has {unknown[^1]}, which this version does not know. "
                + "Use the version that made it, or a later one.";
        }

        if (hasOurs != ran.Count > 0)
        {
            return hasOurs
                ? $"The database has a schema 'sje', but public.{Journal} does not say which: the table was lost, or the schema is no schema of ours."
                : $"The database has no schema 'sje', although public.{Journal} says that it was made: restore both from one backup, or remove both.";
        }

        return hasHangfire ? await HangfireObstacleAsync(connection, cancellationToken) : null;
    }

    /// <summary>The version of Hangfire's schema in a database; null when there is none.</summary>
    internal static async Task<int?> OfHangfireAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var (_, _, hasHangfire) = await TablesAsync(connection, cancellationToken);
        return hasHangfire && await VersionsOfHangfireAsync(connection, cancellationToken) is [.., var newest]
            ? newest
            : null;
    }

    internal static bool IsScript(string resource) => resource.StartsWith(ScriptPrefix, StringComparison.Ordinal);

    private static async Task<string?> HangfireObstacleAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    ) =>
        await VersionsOfHangfireAsync(connection, cancellationToken) switch
        {
            [var version] when version > Migrator.NewestOfHangfire =>
                $"Hangfire's schema in the database is version {version}, newer than the {Migrator.NewestOfHangfire} of this sje: "
                    + "use an sje with that Hangfire, or a database of its own.",
            [>= OldestOfHangfire] => null,
            var versions =>
                $"Schema 'hangfire' in the database says version {(versions.Count == 0 ? "none" : string.Join(" and ", versions))}, "
                    + $"which no Hangfire leaves behind ({OldestOfHangfire} to {Migrator.NewestOfHangfire} are known): restore it, or remove it.",
        };

    private static Task<List<int>> VersionsOfHangfireAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    ) => ReadAsync<int>(connection, "select version from hangfire.schema order by 1", cancellationToken);

    private static async Task<(bool Journal, bool Ours, bool Hangfire)> TablesAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(Tables, connection);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetBoolean(0), row.GetBoolean(1), row.GetBoolean(2));
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection,
        string sql,
        CancellationToken cancellationToken
    )
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        var values = new List<T>();
        while (await rows.ReadAsync(cancellationToken))
        {
            values.Add(rows.GetFieldValue<T>(0));
        }

        return values;
    }
}
