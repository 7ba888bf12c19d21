using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Sje.Jobs.Maintenance;

namespace Sje.Tests.Support;

/// <summary>Executions of long ago, with all that belongs to them, in partitions of that time; and the parts that keep or remove them.</summary>
internal static class PastHistory
{
    public static HistoryPartitions Partitions(this TestDatabase db) =>
        new(db.Database, TimeProvider.System, NullLogger<HistoryPartitions>.Instance);

    public static HistoryRetention Retention(this TestDatabase db, RetentionOptions? options = null) =>
        new(db.Database, db.Partitions(), options ?? new RetentionOptions());

    public static Upkeep Upkeep(this TestDatabase db, RetentionOptions? options = null) =>
        new(
            db.Database,
            db.Retention(options),
            new LogMerging(db.Database, MergePace.Default),
            new RetentionStatus(db.Database),
            TimeProvider.System,
            NullLogger<Upkeep>.Instance
        );

    /// <summary>Makes the partitions of the week that began so many days ago; returns a suffix of their names.</summary>
    public static async Task<string> AddWeekAsync(this TestDatabase db, int daysAgo)
    {
        var suffix =
            "p"
            + TimeProvider
                .System.GetUtcNow()
                .UtcDateTime.Date.AddDays(-daysAgo)
                .ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        foreach (var table in HistoryPartitions.Tables)
        {
            await db.ExecuteAsync(
                $"""
                do $$ begin execute format('create table sje.{table}_{suffix} partition of sje.{table} for values from (%L) to (%L)',
                    sje.id_at(date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '{daysAgo} days'),
                    sje.id_at(date_trunc('day', now() at time zone 'UTC') at time zone 'UTC' - interval '{daysAgo
                    - 7} days')); end $$
                """
            );
        }

        return suffix;
    }

    /// <summary>
    /// An execution of one task accepted so many days ago, with an attempt, two events and three lines of log. Without an end the task is queued.
    /// </summary>
    public static async Task<Guid> AddOldAsync(
        this TestDatabase db,
        double daysAgo,
        string state,
        double? endedDaysAgo,
        bool dismissed = false
    )
    {
        var id = await db.ScalarAsync<Guid>(
            "select (left(sje.id_at(now() - $1)::text, 13) || right(gen_random_uuid()::text, 23))::uuid",
            TimeSpan.FromDays(daysAgo)
        );
        await db.ExecuteAsync(
            """
            with execution as (
                insert into sje.executions (id, name, job_type, queue, spec, state, task_count, accepted_at, finished_at)
                values ($1, 'old', 'scripted', 'default', '{"name": "old"}', $2, 1, now() - $3, now() - (case when $4 >= interval '0' then $4 end))
            ), live as (
                insert into sje.tasks (id, execution_id, name, ordinal, type, queue, rank, state, spec, max_attempts, attempt, accepted_at)
                select $1, $1, 'main', 0, 'scripted', 'default', now() - $3, 'queued', '{"settings": {"script": "ok"}, "retry": {}, "resources": {}, "parameters": []}', 3, 1, now() - $3
                where $4 < interval '0'
            ), ended as (
                insert into sje.finished_tasks (id, execution_id, name, ordinal, type, queue, rank, state, spec, max_attempts, attempt, failures,
                    accepted_at, finished_at, dismissed_at)
                select $1, $1, 'main', 0, 'scripted', 'default', now() - $3, $2, '{"settings": {"script": "ok"}, "retry": {}, "resources": {}, "parameters": []}', 3, 1, 1, now() - $3,
                    now() - (case when $4 >= interval '0' then $4 end), case when $5 then now() end
                where $4 >= interval '0'
            ), attempt as (
                insert into sje.attempts (execution_id, task_id, number, worker_id, worker_name, ended_at, outcome)
                values ($1, $1, 1, gen_random_uuid(), 'w', now(), 'failed')
            ), told as (
                insert into sje.events (execution_id, task_id, kind) values ($1, null, 'execution.queued'), ($1, $1, 'task.queued')
            )
            insert into sje.log_chunks (execution_id, task_id, attempt, first_line, line_count, body)
            values ($1, $1, 1, 1, 2, E'o 1 one\no 2 two'), ($1, $1, 1, 3, 1, 'e 3 three')
            """,
            id,
            state,
            TimeSpan.FromDays(daysAgo),
            TimeSpan.FromDays(endedDaysAgo ?? -1),
            dismissed
        );
        return id;
    }

    /// <summary>How many rows there are of an execution: itself, its task, attempt, events, chunks.</summary>
    public static Task<string?> RowsAsync(this TestDatabase db, Guid execution) =>
        db.ScalarAsync<string>(
            """
            select concat_ws(' ', (select count(*) from sje.executions where id = $1), (select count(*) from sje.all_tasks where execution_id = $1),
                (select count(*) from sje.all_attempts where execution_id = $1), (select count(*) from sje.events where execution_id = $1),
                (select count(*) from sje.log_chunks where execution_id = $1))
            """,
            execution
        );

    /// <summary>The partition a table's rows of an execution lie in.</summary>
    public static Task<string?> PlaceAsync(this TestDatabase db, Guid execution, string table = "events") =>
        db.ScalarAsync<string>(
            $"select string_agg(distinct 'sje.' || c.relname, ',') from sje.{table} t join pg_class c on c.oid = t.tableoid where execution_id = $1",
            execution
        );
}
