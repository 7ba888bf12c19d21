using System.Text.Json.Nodes;
using Npgsql;
using Sje.Core.Jobs;
using Sje.Jobs.Engines.Spark.Advice;
using Sje.Jobs.Engines.Spark.Clusters;
using Sje.Jobs.Engines.Spark.Following;
using Sje.Jobs.Storage;

namespace Sje.Jobs.Engines.Spark.Store;

/// <summary>A Spark task of an execution, with the newest of its applications.</summary>
public sealed record SparkTaskDetail(Guid TaskId, string Task, int Ordinal, TaskState State)
{
    /// <summary>Null as long as nothing was to be submitted for it.</summary>
    public SparkApplicationDetail? Application { get; init; }
}

/// <summary>An application, as it is known.</summary>
/// <param name="Attempt">The attempt of the task that submitted it.</param>
/// <param name="Cluster">The name of the cluster profile.</param>
/// <param name="Client">Whether its driver is a child of the worker.</param>
/// <param name="State"><c>pending</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c>, <c>killed</c> or <c>lost</c>.</param>
/// <param name="Ended">Whether nothing of it runs any more.</param>
/// <param name="Identity">By which the cluster knows it since before it was submitted.</param>
/// <param name="ChosenAt">When that was written down.</param>
public sealed record SparkApplicationDetail(
    int Attempt,
    string Cluster,
    bool Client,
    string State,
    bool Ended,
    string Identity,
    DateTimeOffset ChosenAt
)
{
    /// <summary>What the cluster calls the submission.</summary>
    public string? SubmissionId { get; init; }

    /// <summary>Spark's application id.</summary>
    public string? ApplicationId { get; init; }

    /// <summary>While pending: why, in words.</summary>
    public string? PendingCause { get; init; }

    /// <summary>Where people look on the cluster's own pages.</summary>
    public string? TrackingUrl { get; init; }

    /// <summary>When its end was written down; null before, and where its worker died with it.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>What the run measured.</summary>
    public JsonNode? Facts { get; init; }

    /// <summary>What could be better, from that.</summary>
    public JsonNode? Advice { get; init; }

    /// <summary>What it cost, by the prices of its cluster.</summary>
    public JsonNode? Cost { get; init; }

    /// <summary>The driver's own pages, while it runs.</summary>
    internal Uri? DriverUi { get; init; }

    /// <summary>The folder of its event log.</summary>
    internal string? EventLog { get; init; }

    /// <summary>The installation that it was planned with.</summary>
    internal string? Installation { get; init; }
}

/// <summary>Reads what is known of executions' Spark applications.</summary>
public sealed class SparkReader(Database database)
{
    // Of a job's earlier runs so many are looked through for good ones.
    private const int MostRunsBack = 100;

    private const string ListSql = """
        select t.id, t.name, t.ordinal, t.state, a.number, a.cluster, a.client, a.state,
            a.ended_at is not null or (a.client and not (t.state = 'running' and t.attempt = a.number)) as ended,
            a.identity, a.chosen_at, a.submission_id, a.application_id, a.pending_cause, a.tracking_url, a.ended_at, a.driver_ui, a.event_log,
            a.installation, a.facts, a.advice, a.cost
        from sje.all_tasks t
        left join lateral (
            select * from sje.spark_applications s where s.task_id = t.id order by s.number desc limit 1) a on true
        where t.execution_id = $1 and t.type = 'spark' and t.ordinal >= $2
        order by t.ordinal limit $3
        """;

    private const string EarlierSql = """
        with now as (select name, tenant from sje.executions where id = $1),
        runs as materialized (
            select e.id from sje.executions e, now
            where e.name = now.name and e.tenant = now.tenant and e.id < $1 order by e.id desc limit $3)
        select t.name, jsonb_strip_nulls(jsonb_build_object('durationMs', a.facts -> 'durationMs', 'totals', a.facts -> 'totals')),
            (a.cost ->> 'total')::numeric
        from runs
        join sje.spark_applications a on a.execution_id = runs.id and a.state = 'succeeded' and a.facts is not null
        join sje.finished_tasks t on t.execution_id = runs.id and t.id = a.task_id and t.name = any ($2)
        order by runs.id desc
        """;

    private const string RunningSql = """
        select a.cluster, count(*)::int from sje.spark_applications a
        where a.ended_at is null
            and (not a.client or exists (
                select from sje.tasks t where t.id = a.task_id and t.attempt = a.number and t.state = 'running'))
        group by a.cluster
        """;

    /// <summary>The Spark tasks of an execution in the order of the job, from ordinal <paramref name="from"/> on.</summary>
    public async Task<IReadOnlyList<SparkTaskDetail>> ListAsync(
        Guid executionId,
        int from,
        int limit,
        CancellationToken stop
    )
    {
        await using var command = database.Main.CreateCommand(ListSql);
        command.Parameters.AddWithValue(executionId);
        command.Parameters.AddWithValue(from);
        command.Parameters.AddWithValue(limit);
        var found = new List<SparkTaskDetail>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            found.Add(
                new SparkTaskDetail(
                    row.GetGuid(0),
                    row.GetString(1),
                    row.GetInt32(2),
                    StateNames.ParseSnake<TaskState>(row.GetString(3))
                )
                {
                    Application = row.IsDBNull(4) ? null : ReadApplication(row),
                }
            );
        }

        return found;
    }

    /// <summary>
    /// Each task's run beside the earlier good ones of the same job (by its name and tenant), by the task's name: ratios to their medians, and how
    /// many they were (<c>earlier</c>). Tasks without figures, or without an earlier run, are not in it.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, JsonNode>> CompareAsync(
        Guid executionId,
        IReadOnlyList<SparkTaskDetail> tasks,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(tasks);
        var measured = tasks.Where(task => task.Application?.Facts is not null).ToList();
        if (measured.Count == 0)
        {
            return new Dictionary<string, JsonNode>();
        }

        await using var command = database.Main.CreateCommand(EarlierSql);
        command.Parameters.AddWithValue(executionId);
        command.Parameters.AddWithValue(measured.Select(task => task.Task).ToArray());
        command.Parameters.AddWithValue(MostRunsBack);
        var earlier = new List<(string Task, RunFigures Figures)>();
        await using (var row = await command.ExecuteReaderAsync(stop))
        {
            while (await row.ReadAsync(stop))
            {
                earlier.Add(
                    (
                        row.GetString(0),
                        FiguresOf(JsonNode.Parse(row.GetString(1))!, row.IsDBNull(2) ? null : row.GetDecimal(2)) // Built by the statement.
                    )
                );
            }
        }

        var byTask = earlier.ToLookup(run => run.Task, run => run.Figures, StringComparer.Ordinal);
        var compared = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var task in measured)
        {
            var (facts, cost) = (task.Application!.Facts!, task.Application.Cost); // Filtered just before.
            var total = cost?["total"]?.GetValue<decimal>();
            if (RunComparison.Of(FiguresOf(facts, total), [.. byTask[task.Task]]) is { } comparison)
            {
                compared[task.Task] = comparison.ToJson();
            }
        }

        return compared;
    }

    /// <summary>How many applications of ours run or wait on each cluster.</summary>
    public async Task<IReadOnlyDictionary<string, int>> CountRunningAsync(CancellationToken stop)
    {
        await using var command = database.Main.CreateCommand(RunningSql);
        var counts = new Dictionary<string, int>(StringComparer.OrdinalIgnoreCase);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            counts[row.GetString(0)] = counts.GetValueOrDefault(row.GetString(0)) + row.GetInt32(1);
        }

        return counts;
    }

    private static RunFigures FiguresOf(JsonNode facts, decimal? cost) =>
        RunFigures.Of(SparkFacts.FromJson(facts), null) with
        {
            Cost = cost,
        };

    private static SparkApplicationDetail ReadApplication(NpgsqlDataReader row) =>
        new(
            row.GetInt32(4),
            row.GetString(5),
            row.GetBoolean(6),
            // Its worker died with it and could not say so.
            row.GetBoolean(8) && row.IsDBNull(15)
                ? SparkState.Lost.ToSnake()
                : row.GetString(7),
            row.GetBoolean(8),
            row.GetString(9),
            row.GetFieldValue<DateTimeOffset>(10)
        )
        {
            SubmissionId = Text(row, 11),
            ApplicationId = Text(row, 12),
            PendingCause = Text(row, 13),
            TrackingUrl = Text(row, 14),
            EndedAt = row.IsDBNull(15) ? null : row.GetFieldValue<DateTimeOffset>(15),
            DriverUi = Uri.TryCreate(Text(row, 16), UriKind.Absolute, out var ui) ? ui : null,
            EventLog = Text(row, 17),
            Installation = Text(row, 18),
            Facts = Json(row, 19),
            Advice = Json(row, 20),
            Cost = Json(row, 21),
        };

    private static string? Text(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetString(column);

    private static JsonNode? Json(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : JsonNode.Parse(row.GetString(column));
}
