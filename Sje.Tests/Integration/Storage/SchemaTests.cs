using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.Storage;
using Npgsql;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Storage;

/// <summary>Databases that are not empty and not of this version: lifted with their rows, or refused as they are.</summary>
public sealed class SchemaTests
{
    private const string Shape = """
        select string_agg(x, E'\n' order by x) from (
            select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable x
            from information_schema.columns where table_schema = 'hangfire'
            union all select indexdef from pg_indexes where schemaname = 'hangfire') all_of_it
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(11)]
    [InlineData(16)]
    [InlineData(18)]
    [InlineData(19)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task A_schema_of_an_older_Hangfire_is_brought_up_and_its_rows_are_there(int version)
    {
        await using var fresh = await EmptyDatabase.CreateAsync();
        await using var old = await EmptyDatabase.CreateAsync();
        await OlderHangfire.InstallAsync(old.ConnectionString, version);
        await OlderHangfire.FillAsync(old.ConnectionString);

        await Migrator.MigrateAsync(fresh.ConnectionString, Stop);
        var ran = await Migrator.MigrateAsync(old.ConnectionString, Stop);

        Assert.Equal(
            version == Migrator.NewestOfHangfire ? 0 : 1,
            ran.Count(step => step == $"Hangfire's schema {version} to {Migrator.NewestOfHangfire}")
        );
        Assert.Equal(Migrator.NewestOfHangfire, await old.ScalarAsync<int>("select version from hangfire.schema"));
        Assert.Equal(await fresh.ScalarAsync<string>(Shape), await old.ScalarAsync<string>(Shape));
        var storage = new PostgreSqlStorage(
            new NpgsqlConnectionFactory(old.ConnectionString, new PostgreSqlStorageOptions()),
            new PostgreSqlStorageOptions { PrepareSchemaIfNecessary = false }
        );
        using var connection = storage.GetConnection();
        var job = connection.GetJobData("41");
        Assert.Equal("Enqueued", job.State);
        Assert.Equal("WriteLine", job.Job.Method.Name);
        Assert.Equal("from the old days", Assert.Single(job.Job.Args));
        Assert.Equal(OlderHangfire.CreatedAt.UtcDateTime, job.CreatedAt.ToUniversalTime());
        Assert.Equal("old", connection.GetStateData("41").Data["Queue"]);
        Assert.Equal("\"de-DE\"", connection.GetJobParameter("41", "CurrentCulture"));
        Assert.Equal("0 3 * * *", Assert.Single(connection.GetRecurringJobs()).Cron);
        Assert.Equal(12, storage.GetMonitoringApi().GetStatistics().Succeeded);
        Assert.Equal(1, await old.ScalarAsync<long>("select count(*) from hangfire.jobqueue where jobid = 41"));
        Assert.Equal(1, await old.ScalarAsync<long>("select count(*) from hangfire.list"));
    }

    [Theory]
    [InlineData(
        "insert into public.sje_schema_versions (scriptname, applied) values ('migrations.9999_from_the_future.sql', now())",
        "9999_from_the_future.sql"
    )]
    [InlineData("update hangfire.schema set version = 99", "version 99, newer than")]
    [InlineData("update hangfire.schema set version = 2", "says version 2, which no Hangfire leaves behind")]
    [InlineData("delete from hangfire.schema", "says version none")]
    [InlineData("insert into hangfire.schema values (5)", "says version 5 and ")]
    [InlineData("drop table public.sje_schema_versions", "does not say which")]
    [InlineData("delete from public.sje_schema_versions", "does not say which")]
    [InlineData("drop schema sje cascade", "although public.sje_schema_versions says")]
    public async Task A_schema_that_is_not_for_this_version_is_refused_in_one_line_and_left_as_it_is(
        string damage,
        string said
    )
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await Migrator.MigrateAsync(database.ConnectionString, Stop);
        Assert.Null(await SchemaVersions.ObstacleAsync(database.ConnectionString, Stop));
        await database.ExecuteAsync(damage);
        var before = await StateAsync(database);

        var refused = await Assert.ThrowsAsync<MigrationException>(() =>
            Migrator.MigrateAsync(database.ConnectionString, Stop)
        );

        Assert.Contains(said, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.Equal(refused.Message, await SchemaVersions.ObstacleAsync(database.ConnectionString, Stop));
        Assert.Equal(before, await StateAsync(database));
    }

    [Fact]
    public async Task A_schema_hangfire_that_is_not_Hangfires_is_told_in_one_line_and_ours_goes_on_after_it_is_gone()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await database.ExecuteAsync(
            "create schema hangfire; create table hangfire.job (id text); create table hangfire.schema (version int)"
        );
        await database.ExecuteAsync("insert into hangfire.schema values (5)");

        var failed = await Assert.ThrowsAsync<MigrationException>(() =>
            Migrator.MigrateAsync(database.ConnectionString, Stop)
        );

        Assert.Contains(
            $"could not be brought to version {Migrator.NewestOfHangfire}",
            failed.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain('\n', failed.Message);
        await database.ExecuteAsync("drop schema hangfire cascade");
        await Migrator.MigrateAsync(database.ConnectionString, Stop);
        Assert.Null(await SchemaVersions.ObstacleAsync(database.ConnectionString, Stop));
    }

    [Fact]
    public async Task Who_starts_waits_for_a_statement_that_a_killed_process_has_left_running()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        var left = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.ConnectionString)
            {
                ApplicationName = "sje-migrate",
                Pooling = false,
            }.ConnectionString
        );
        await left.OpenAsync(Stop);

        var migrating = Migrator.MigrateAsync(database.ConnectionString, Stop);
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, Stop);
        Assert.False(migrating.IsCompleted);
        await left.DisposeAsync();

        Assert.NotEmpty(await migrating);
    }

    private static Task<string?> StateAsync(EmptyDatabase database) =>
        database.ScalarAsync<string>(
            """
            select string_agg(x, E'\n' order by x) from (
                select table_schema || '.' || table_name || '.' || column_name x from information_schema.columns
                where table_schema in ('sje', 'hangfire') or table_name = 'sje_schema_versions'
                union all select 'version ' || version from hangfire.schema) all_of_it
            """
        );
}
