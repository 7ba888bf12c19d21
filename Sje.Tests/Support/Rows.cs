using Npgsql;
using Sje.Jobs.Queueing;

namespace Sje.Tests.Support;

/// <summary>Looks at the tables directly.</summary>
internal static class Rows
{
    public static async Task<T?> ScalarAsync<T>(this TestDatabase db, string sql, params object[] values)
    {
        for (var tries = 1; ; tries++)
        {
            await using var command = db.Database.Main.CreateCommand(sql);
            foreach (var value in values)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = value });
            }

            try
            {
                return await command.ExecuteScalarAsync() is T found ? found : default;
            }
            catch (NpgsqlException e) when (tries < 20 && DatabaseOutage.Classify(e) is not null)
            {
                // A test that breaks connections breaks this one too.
            }
        }
    }

    public static Task<string?> ExecutionStateAsync(this TestDatabase db, Guid execution) =>
        db.ScalarAsync<string>("select state from sje.executions where id = $1", execution);

    public static Task<string?> TaskStateAsync(this TestDatabase db, Guid execution, string task = "main") =>
        db.ScalarAsync<string>(
            "select state from sje.all_tasks where execution_id = $1 and name = $2",
            execution,
            task
        );

    public static Task<long> HangfireJobAsync(this TestDatabase db, Guid execution, string task = "main") =>
        db.ScalarAsync<long>(
            "select hangfire_job_id from sje.all_tasks where execution_id = $1 and name = $2",
            execution,
            task
        );

    public static Task<string?> OutcomesAsync(this TestDatabase db, Guid execution, string task = "main") =>
        db.ScalarAsync<string>(
            """
            select string_agg(coalesce(a.outcome, 'running'), ',' order by a.number) from sje.all_attempts a
            join sje.all_tasks t on t.id = a.task_id where t.execution_id = $1 and t.name = $2
            """,
            execution,
            task
        );

    /// <summary>The outcomes of the only task of an execution, whatever its name.</summary>
    public static Task<string?> OutcomesOfAsync(this TestDatabase db, Guid execution) =>
        db.ScalarAsync<string>(
            "select string_agg(coalesce(outcome, 'running'), ',' order by number) from sje.all_attempts where execution_id = $1",
            execution
        );

    public static Task ExecutionBecomesAsync(this TestDatabase db, Guid execution, string state, double seconds = 20) =>
        Eventually.GetAsync(() => db.ExecutionStateAsync(execution), s => s == state, $"execution {state}", seconds);

    public static Task TaskBecomesAsync(
        this TestDatabase db,
        Guid execution,
        string task,
        string state,
        double seconds = 20
    ) =>
        Eventually.GetAsync(() => db.TaskStateAsync(execution, task), s => s == state, $"task {task} {state}", seconds);

    public static Task HangfireBecomesAsync(
        this TestDatabase db,
        Guid execution,
        string task,
        string state,
        double seconds = 20
    ) =>
        Eventually.GetAsync(
            () =>
                db.ScalarAsync<string>(
                    """
                    select j.statename from sje.all_tasks t join hangfire.job j on j.id = t.hangfire_job_id
                    where t.execution_id = $1 and t.name = $2
                    """,
                    execution,
                    task
                ),
            s => s == state,
            $"background job {state}",
            seconds
        );
}
