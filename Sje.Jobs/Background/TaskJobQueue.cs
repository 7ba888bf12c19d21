using System.Data;
using System.Globalization;
using Hangfire.PostgreSql;
using Hangfire.Storage;
using Npgsql;
using Sje.Jobs.Faults;
using Sje.Jobs.Queueing;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// Our queue behind Hangfire's provider seam. <see cref="Dequeue"/> gives a slot its claim; <see cref="Enqueue"/> runs on Hangfire's own
/// connection inside its transaction, for new jobs, and for the words by which the state filter speaks (<see cref="StateChangeWord"/>).
/// </summary>
internal sealed class TaskJobQueue(QueuePages pages, StateChangeHook hook, Func<WorkerFeed> feed)
    : IPersistentJobQueueProvider,
        IPersistentJobQueue
{
    private const string Lookup =
        "select statename, invocationdata ->> 'Type', arguments ->> 1 from hangfire.job where id = $1";

    // The row may have its job already: then this one is a stray, to be deleted later. Only the job on the row counts.
    private const string Attach = """
        update sje.tasks set hangfire_job_id = $1, row_version = row_version + 1, available_at = least(available_at, clock_timestamp()),
            hangfire_sync_at = case when state = 'blocked' then clock_timestamp() end, dispatched = true
        where id = $2 and (hangfire_job_id is null or (hangfire_job_id = $1 and state = 'queued'))
        """;

    private const string NoteStray = """
        insert into sje.stray_background_jobs (hangfire_job_id, task_id)
        select $1, $2 where not exists (select 1 from sje.all_tasks where hangfire_job_id = $1)
        on conflict do nothing
        """;

    private const string AddForeign = "insert into hangfire.jobqueue (jobid, queue) values ($1, $2)";

    private static readonly string OurType = typeof(TaskJob).FullName!;

    /// <inheritdoc/>
    public IPersistentJobQueue GetJobQueue() => this;

    /// <inheritdoc/>
    public IPersistentJobQueueMonitoringApi GetJobQueueMonitoringApi() => pages;

    /// <inheritdoc/>
    public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
    {
        var source = feed();
        var task = source.Take(cancellationToken);
        CurrentClaim.Task = task;
        FaultPoint.At(FaultPoint.SlotTaken);
        return new FetchedTask(task, source);
    }

    /// <inheritdoc/>
    public void Enqueue(IDbConnection connection, string queue, string jobId)
    {
        var id = long.Parse(jobId, CultureInfo.InvariantCulture);
        var npgsql = (NpgsqlConnection)connection;
        if (queue == StateChangeWord.Check)
        {
            StateChangeHook.CheckVersion(npgsql, id);
        }
        else if (StateChangeWord.Read(queue) is { } change)
        {
            hook.Apply(npgsql, id, change.Old, change.New);
            FaultPoint.AtWritten(change.New);
        }
        else
        {
            Attend(npgsql, id);
        }
    }

    /// <summary>A job went to Enqueued, or Hangfire's scheduler holds it for due.</summary>
    private static void Attend(NpgsqlConnection connection, long id)
    {
        string? state,
            type,
            taskText;
        using (var lookup = new NpgsqlCommand(Lookup, connection))
        {
            lookup.Parameters.Add(P(id));
            using var row = lookup.ExecuteReader();
            if (!row.Read())
            {
                return;
            }

            (state, type, taskText) = (Text(row, 0), Text(row, 1), Text(row, 2));
        }

        if (
            type?.StartsWith(OurType, StringComparison.Ordinal) != true
            || !Guid.TryParse(taskText?.Trim('"'), out var task)
        )
        {
            Execute(connection, AddForeign, P(id), P(ForeignJobOptions.DefaultQueue));
            return;
        }

        // For a delayed job Hangfire's scheduler comes here without a state change, even while the job is Processing: our feed starts
        // retries, so there is nothing to do, and no row may be locked (two schedulers would lock them in two orders).
        if (state != "Enqueued")
        {
            return;
        }

        if (Execute(connection, Attach, P(id), P(task)) == 0)
        {
            Execute(connection, NoteStray, P(id), P(task));
        }

        FaultPoint.At(FaultPoint.DispatchAttached);
    }

    private static string? Text(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    private static int Execute(NpgsqlConnection connection, string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command.ExecuteNonQuery();
    }
}
