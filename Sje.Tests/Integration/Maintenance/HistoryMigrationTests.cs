using System.Globalization;
using Sje.Jobs.Storage;
using Sje.Tests.Support;

namespace Sje.Tests.Integration.Maintenance;

/// <summary>A database from before there were partitions keeps its rows where they are.</summary>
public sealed class HistoryMigrationTests
{
    private const string Counts = """
        select concat_ws(' ', (select count(*) from sje.executions), (select count(*) from sje.all_tasks), (select count(*) from sje.attempts),
            (select count(*) from sje.events), (select count(*) from sje.log_chunks))
        """;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_there_becomes_the_first_partition_and_work_goes_on()
    {
        await using var database = await EmptyDatabase.CreateAsync();
        await MigrateBefore0010Async(database);
        await database.ExecuteAsync(
            """
            with execution as (
                insert into sje.executions (id, name, job_type, queue, spec, state, task_count, accepted_at, finished_at)
                select (lpad(to_hex((extract(epoch from now() - d * interval '1 day') * 1000)::bigint), 12, '0') || '7000' || right(replace(gen_random_uuid()::text, '-', ''), 16))::uuid,
                    'old', 't', 'default', '{}', 'succeeded', 1, now() - d * interval '1 day', now() - d * interval '1 day'
                from generate_series(0, 99) d returning *
            ), ended as (
                insert into sje.finished_tasks (id, execution_id, name, ordinal, type, queue, rank, state, spec, max_attempts, attempt, hangfire_job_id,
                    finished_at)
                select id, id, 'main', 0, 't', 'default', now(), 'succeeded', '{}', 3, 1, row_number() over (), finished_at from execution
            ), attempt as (
                insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, ended_at, outcome)
                select id, id, 1, id, 'w', now(), 'succeeded' from execution
            ), told as (
                insert into sje.events (execution_id, task_id, kind) select id, null, 'execution.queued' from execution
            )
            insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, body) select id, id, 1, 1, 1, 'o 1 x' from execution
            """
        );
        var last = await database.ScalarAsync<long>("select max(seq) from sje.events");

        await Migrator.MigrateAsync(database.ConnectionString, Stop);

        Assert.Equal("100 100 100 100 100", await database.ScalarAsync<string>(Counts));
        Assert.Equal(
            "attempts_first,events_first,finished_tasks_first,log_chunks_first",
            await database.ScalarAsync<string>(
                "select string_agg(name, ',' order by name) from sje.partitions where from_at is null and to_at is not null"
            )
        );
        await using var db = TestDatabase.Of(database.ConnectionString);
        var old = await db.ScalarAsync<Guid>("select max(id::text)::uuid from sje.executions");
        Assert.Equal("one", await LineAsync(db, old, "one"));
        await using (var node = await TestNode.StartAsync(db))
        {
            var id = await node.SubmitAsync(TestNode.Task("main", "ok"));
            await db.ExecutionBecomesAsync(id, "succeeded");
            Assert.True(
                await db.ScalarAsync<long>("select min(seq) from sje.events where execution_id = $1", id) > last
            );
            Assert.DoesNotContain("default", await db.PlaceAsync(id), StringComparison.Ordinal);
        }

        var report = await db.Retention().RunAsync(Stop);

        Assert.Equal((70, 0), (report.Executions, report.RangesDropped));
        Assert.Equal(await ColumnsAsync(db, "finished_tasks_first"), await ColumnsAsync(db, "finished_tasks_default"));
    }

    private static Task<string?> ColumnsAsync(TestDatabase db, string table) =>
        db.ScalarAsync<string>(
            "select string_agg(column_name || ' ' || data_type, ',' order by ordinal_position) from information_schema.columns where table_schema = 'sje' and table_name = $1",
            table
        );

    private static async Task<string> LineAsync(TestDatabase db, Guid id, string text)
    {
        await db.ExecuteAsync("update sje.log_chunks set body = 'o 1 ' || $2 where execution_id = $1", id, text);
        return Assert.Single(await new LogReader(db.Database).ReadAsync(id, id, 1, 1, 10, Stop)).Text;
    }

    /// <summary>As a version left it that had the steps up to 0009.</summary>
    private static async Task MigrateBefore0010Async(EmptyDatabase database)
    {
        await database.ExecuteAsync(
            "create table public.sje_schema_versions (schemaversionsid serial primary key, scriptname varchar(255) not null, applied timestamp not null)"
        );
        foreach (
            var file in Directory
                .GetFiles(RepositoryFiles.Path("migrations"), "*.sql")
                .Order(StringComparer.Ordinal)
                .Where(file => int.Parse(Path.GetFileName(file)[..4], CultureInfo.InvariantCulture) < 10)
        )
        {
            await database.ExecuteAsync(await File.ReadAllTextAsync(file, Stop));
            await database.ExecuteAsync(
                $"insert into public.sje_schema_versions (scriptname, applied) values ('migrations.{Path.GetFileName(file)}', now())"
            );
        }
    }
}
