using System.Text.Json.Nodes;
using Npgsql;
using NpgsqlTypes;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Engines.Spark.Store;

/// <summary>The applications in <c>sje.spark_applications</c>.</summary>
internal sealed class SparkStore(Database database) : ISparkStore
{
    private const string Columns =
        "a.task_id, a.number, a.cluster, a.identity, a.chosen_at, a.submission_id, a.application_id";

    // An end that was seen by an attempt which was lost before its own end was written is that of the next attempt.
    private const string FindOpen = $"""
        select {Columns}, a.ended_at is not null, a.facts, a.advice, a.cost from sje.spark_applications a
        where a.task_id = $1 and not a.client and (a.ended_at is null or (a.state = 'succeeded' and exists (
            select 1 from sje.attempts p where p.execution_id = a.execution_id and p.task_id = a.task_id and p.number = $2 - 1
                and p.outcome = 'lost' and p.started_at <= a.ended_at)))
        order by a.number desc limit 1
        """;

    // The row lock makes it wait for a takeover that is being written, and the attempt's number is the fence. A driver that was the child of an
    // earlier attempt died with it, and its worker could not say so.
    private const string Choose = $"""
        with gone as (
            update sje.spark_applications set state = 'lost', ended_at = clock_timestamp(), driver_ui = null
            where task_id = $1 and number < $2 and client and ended_at is null)
        insert into sje.spark_applications as a (task_id, number, execution_id, cluster, identity, client, event_log, installation)
        select t.id, t.attempt, t.execution_id, $3, $4, $5, $6, $7 from (
            select id, attempt, execution_id from sje.tasks where id = $1 and attempt = $2 and state = 'running' for share) t
        returning {Columns}
        """;

    private const string Note = """
        update sje.spark_applications set submission_id = coalesce($3, submission_id), application_id = coalesce($4, application_id),
            state = $5, driver_ui = $6, tracking_url = coalesce($7, tracking_url), pending_cause = $8
        where task_id = $1 and number = $2 and ended_at is null
        """;

    private const string End = """
        update sje.spark_applications set state = $3, ended_at = coalesce(ended_at, clock_timestamp()), driver_ui = null, pending_cause = null,
            ending_until = null, facts = coalesce($4::jsonb, facts), advice = coalesce($5::jsonb, advice), cost = coalesce($6::jsonb, cost)
        where task_id = $1 and number = $2
        """;

    // Open ones that no attempt will come for: their task has ended, or is gone. For a minute at a time they are the caller's.
    private const string TakeAbandoned = $"""
        update sje.spark_applications a set ending_until = clock_timestamp() + interval '1 minute'
        from (
            select s.task_id, s.number from sje.spark_applications s
            where s.ended_at is null and not s.client and s.cluster = any ($1) and coalesce(s.ending_until, '-infinity') < clock_timestamp()
                and not exists (select 1 from sje.tasks t where t.id = s.task_id)
            order by s.chosen_at limit 20 for update skip locked) s
        where a.task_id = s.task_id and a.number = s.number
        returning {Columns}
        """;

    // Of the last days only: what is older has been swept in its time.
    private const string Ended = """
        select identity from sje.spark_applications
        where cluster = $1 and ended_at > clock_timestamp() - interval '7 days'
        """;

    public async Task<StoredApplication?> FindOpenAsync(AttemptIdentity attempt, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(FindOpen);
        command.Parameters.AddWithValue(attempt.TaskId);
        command.Parameters.AddWithValue(attempt.Attempt);
        await using var row = await command.ExecuteReaderAsync(stop);
        if (!await row.ReadAsync(stop))
        {
            return null;
        }

        JsonNode? Json(int column) => row.IsDBNull(column) ? null : JsonNode.Parse(row.GetString(column));
        var found = Read(row);
        return row.GetBoolean(7) ? found with { Succeeded = new SparkOutcome(Json(8), Json(9), Json(10)) } : found;
    }

    public async Task<StoredApplication> ChooseAsync(
        AttemptIdentity attempt,
        SparkApplication application,
        string identity,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(Choose);
        command.Parameters.AddWithValue(attempt.TaskId);
        command.Parameters.AddWithValue(attempt.Attempt);
        command.Parameters.AddWithValue(application.ClusterName);
        command.Parameters.AddWithValue(identity);
        command.Parameters.AddWithValue(application.DeployMode == "client");
        Add(command, EventLogOf(application));
        Add(command, application.Installation?.Name);
        await using var row = await command.ExecuteReaderAsync(stop);
        var chosen = await row.ReadAsync(stop) ? Read(row) : throw new AttemptGoneException(attempt);
        // To the end: only then is it committed.
        await row.NextResultAsync(stop);
        return chosen;
    }

    public async Task NoteAsync(StoredApplication application, SparkStatus status, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Note);
        Name(command, application);
        Add(command, status.SubmissionId);
        Add(command, status.ApplicationId);
        command.Parameters.AddWithValue(status.State.ToSnake());
        Add(command, status.DriverUi?.ToString());
        Add(command, status.TrackingUrl?.ToString());
        Add(command, status.PendingCause);
        await command.ExecuteNonQueryAsync(stop);
    }

    public async Task EndAsync(
        StoredApplication application,
        SparkState state,
        SparkOutcome outcome,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(End);
        Name(command, application);
        command.Parameters.AddWithValue(state.ToSnake());
        Add(command, outcome.Facts?.ToJsonString());
        Add(command, outcome.Advice?.ToJsonString());
        Add(command, outcome.Cost?.ToJsonString());
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Applications of the named clusters that may run though their task has ended; the caller has a minute to end them.</summary>
    public async Task<IReadOnlyList<StoredApplication>> TakeAbandonedAsync(string[] clusters, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(TakeAbandoned);
        command.Parameters.AddWithValue(clusters);
        var found = new List<StoredApplication>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found.Add(Read(row));
        }

        return found;
    }

    /// <summary>The identities on a cluster that have ended in the last seven days.</summary>
    public async Task<IReadOnlyList<string>> EndedAsync(string cluster, CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(Ended);
        command.Parameters.AddWithValue(cluster);
        var found = new List<string>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found.Add(row.GetString(0));
        }

        return found;
    }

    private static string? EventLogOf(SparkApplication application) =>
        application.Properties.GetValueOrDefault("spark.eventLog.enabled") == "true"
            ? application.Properties.GetValueOrDefault("spark.eventLog.dir")
            : null;

    private static StoredApplication Read(NpgsqlDataReader row)
    {
        var (task, number) = (row.GetGuid(0), row.GetInt32(1));
        return new StoredApplication(
            task,
            number,
            row.GetString(2),
            new SparkSubmission(SparkMark.Of(task, number), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4))
            {
                SubmissionId = row.IsDBNull(5) ? null : row.GetString(5),
                ApplicationId = row.IsDBNull(6) ? null : row.GetString(6),
            }
        );
    }

    private static void Name(NpgsqlCommand command, StoredApplication application)
    {
        command.Parameters.AddWithValue(application.TaskId);
        command.Parameters.AddWithValue(application.Number);
    }

    private static void Add(NpgsqlCommand command, string? text) =>
        command.Parameters.Add(
            new NpgsqlParameter { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
        );
}
