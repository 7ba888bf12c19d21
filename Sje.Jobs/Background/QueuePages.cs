using Hangfire.PostgreSql;
using Npgsql;
using Sje.Jobs.Storage;
using static Sje.Jobs.Queueing.BatchBuilder;

namespace Sje.Jobs.Background;

/// <summary>
/// What the dashboard's queue pages show of our queues, out of our tables: every queue by its own name, what waits in the order in which
/// it will be claimed, what runs by its start. A task without a background job (blocked, or not dispatched yet) is not on them.
/// </summary>
internal sealed class QueuePages(Database database) : IPersistentJobQueueMonitoringApi
{
    private const string Names = "select name from sje.queues where lane = 'background' order by name collate \"C\"";

    private const string Known = "select exists (select 1 from sje.queues where name = $1 and lane = 'background')";

    private const string Counts = """
        select count(*) filter (where state = 'queued'), count(*) filter (where state = 'running') from sje.tasks
        where queue = $1 and state in ('queued', 'running') and hangfire_job_id is not null
        """;

    private const string Waiting = """
        select t.hangfire_job_id, j.invocationdata::text, j.arguments::text, j.statename, s.data ->> 'EnqueuedAt', t.attempt_started_at
        from (
            select hangfire_job_id, attempt_started_at, rank, id from sje.tasks
            where queue = $1 and state = 'queued' and hangfire_job_id is not null order by rank, id offset $2 limit $3) t
        left join hangfire.job j on j.id = t.hangfire_job_id left join hangfire.state s on s.id = j.stateid
        order by t.rank, t.id
        """;

    private const string Running = """
        select t.hangfire_job_id, j.invocationdata::text, j.arguments::text, j.statename, s.data ->> 'EnqueuedAt', t.attempt_started_at
        from (
            select hangfire_job_id, attempt_started_at, id from sje.tasks
            where queue = $1 and state = 'running' and hangfire_job_id is not null
            order by attempt_started_at, id offset $2 limit $3) t
        left join hangfire.job j on j.id = t.hangfire_job_id left join hangfire.state s on s.id = j.stateid
        order by t.attempt_started_at, t.id
        """;

    /// <inheritdoc/>
    public IEnumerable<string> GetQueues()
    {
        using var command = database.Main.CreateCommand(Names);
        using var row = command.ExecuteReader();
        var names = new List<string>();
        while (row.Read())
        {
            names.Add(row.GetString(0));
        }

        return names;
    }

    /// <summary>Whether a queue is ours.</summary>
    public bool Knows(string queue)
    {
        using var command = database.Main.CreateCommand(Known);
        command.Parameters.Add(P(queue));
        return command.ExecuteScalar() is true;
    }

    /// <inheritdoc/>
    public IEnumerable<long> GetEnqueuedJobIds(string queue, int from, int perPage) =>
        ReadWaiting(queue, from, perPage).ConvertAll(job => job.Id);

    /// <inheritdoc/>
    public IEnumerable<long> GetFetchedJobIds(string queue, int from, int perPage) =>
        ReadRunning(queue, from, perPage).ConvertAll(job => job.Id);

    /// <inheritdoc/>
    public EnqueuedAndFetchedCountDto GetEnqueuedAndFetchedCount(string queue)
    {
        using var command = database.Main.CreateCommand(Counts);
        command.Parameters.Add(P(queue));
        using var row = command.ExecuteReader();
        row.Read();
        return new EnqueuedAndFetchedCountDto { EnqueuedCount = row.GetInt64(0), FetchedCount = row.GetInt64(1) };
    }

    /// <summary>Waiting tasks in the order of claiming.</summary>
    public List<QueuedJob> ReadWaiting(string queue, int from, int count) => Read(Waiting, queue, from, count);

    /// <summary>Running tasks, the longest first.</summary>
    public List<QueuedJob> ReadRunning(string queue, int from, int count) => Read(Running, queue, from, count);

    private List<QueuedJob> Read(string sql, string queue, int from, int count)
    {
        using var command = database.Main.CreateCommand(sql);
        command.Parameters.Add(P(queue));
        command.Parameters.Add(P(from));
        command.Parameters.Add(P(count));
        using var row = command.ExecuteReader();
        var jobs = new List<QueuedJob>();
        while (row.Read())
        {
            jobs.Add(
                new QueuedJob(
                    row.GetInt64(0),
                    Text(row, 1),
                    Text(row, 2),
                    Text(row, 3),
                    Text(row, 4),
                    row.IsDBNull(5) ? null : row.GetDateTime(5)
                )
            );
        }

        return jobs;
    }

    private static string? Text(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>A task in a queue as its background job; the job's own columns are null where Hangfire has it no more.</summary>
internal sealed record QueuedJob(
    long Id,
    string? Invocation,
    string? Arguments,
    string? State,
    string? EnqueuedAt,
    DateTime? AttemptStartedAt
);
