using System.Globalization;
using Hangfire.PostgreSql;
using Npgsql;

namespace Sje.Tests.Support;

/// <summary>Schemas of earlier versions of Hangfire.PostgreSql, made by its own scripts, with rows in them.</summary>
internal static class OlderHangfire
{
    /// <summary>When the old job was made, in UTC.</summary>
    public static readonly DateTimeOffset CreatedAt = new(2019, 7, 1, 12, 30, 0, TimeSpan.Zero);

    /// <summary>Brings an empty database to one version, as the program of that time did.</summary>
    public static async Task InstallAsync(string connectionString, int version)
    {
        await using var connection = new NpgsqlConnection(Unpooled(connectionString));
        await connection.OpenAsync();
        var previous = 1;
        for (var step = 3; step <= version; previous = step++)
        {
            await ExecuteAsync(
                connection,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Script(step)}; update hangfire.schema set version = {step} where version = {previous}"
                )
            );
        }
    }

    /// <summary>One row in each table, in columns that every version has: an enqueued job, and a recurring one.</summary>
    public static async Task FillAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(Unpooled(connectionString));
        await connection.OpenAsync();
        var at = CreatedAt.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        // The text of an instant in UTC: read as such by columns with a zone, stored as it stands by those without.
        await ExecuteAsync(
            connection,
            $$"""
            set timezone = 'UTC'; set search_path = 'hangfire';
            insert into job (id, statename, invocationdata, arguments, createdat) values (41, 'Enqueued',
                '{"Type":"System.Console, System.Console","Method":"WriteLine","ParameterTypes":"[\"System.String, System.Private.CoreLib\"]","Arguments":null}',
                '["\"from the old days\""]', '{{at}}');
            insert into state (id, jobid, name, reason, createdat, data) values (7, 41, 'Enqueued', 'long ago', '{{at}}',
                '{"EnqueuedAt":"2019-07-01T12:30:00Z","Queue":"old"}');
            update job set stateid = 7;
            insert into jobparameter (jobid, name, value) values (41, 'CurrentCulture', '"de-DE"');
            insert into jobqueue (jobid, queue) values (41, 'old');
            insert into "set" (key, score, value) values ('recurring-jobs', 1, 'tidy');
            insert into hash (key, field, value) values ('recurring-job:tidy', 'Cron', '0 3 * * *');
            insert into counter (key, value) values ('stats:succeeded', 12);
            insert into list (key, value) values ('some:list', 'entry');
            select setval('job_id_seq', 41);
            select setval('state_id_seq', 7);
            """
        );
    }

    private static string Script(int version)
    {
        using var stream = typeof(PostgreSqlStorage).Assembly.GetManifestResourceStream(
            $"Hangfire.PostgreSql.Scripts.Install.v{version}.sql"
        );
        using var reader = new StreamReader(
            stream ?? throw new InvalidOperationException($"Hangfire.PostgreSql has no version {version}.")
        );
        return reader.ReadToEnd();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static string Unpooled(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString;
}
