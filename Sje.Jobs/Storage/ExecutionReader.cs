using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Sje.Core.Jobs;

namespace Sje.Jobs.Storage;

/// <summary>What an execution shows in a list. <c>Schedule</c> is the name of the schedule that started it, while there is one.</summary>
public sealed record ExecutionSummary(
    Guid Id,
    Guid? JobId,
    int? JobVersion,
    string Name,
    string? Label,
    string JobType,
    string Queue,
    int Priority,
    string Tenant,
    IReadOnlyList<string> Tags,
    ExecutionState State,
    string Trigger,
    string? Schedule,
    DateTimeOffset? ScheduledFor,
    Guid? RerunOf,
    string? AcceptedBy,
    DateTimeOffset AcceptedAt,
    DateTimeOffset? StartedAt,
    DateTimeOffset? FinishedAt,
    DateTimeOffset? CancelRequestedAt,
    string? CancelReason,
    DateTimeOffset? TotalDeadlineAt,
    long Version
);

/// <summary>The job that an execution runs, and the values it runs with.</summary>
public sealed record ExecutionText(JsonObject Spec, JsonObject Parameters);

/// <summary>Which executions a list shows; a null shows all.</summary>
public sealed record ExecutionFilter
{
    /// <summary>The tenant that may be seen.</summary>
    public string? Tenant { get; init; }

    /// <summary>Any of these states; empty is all. Counts by state leave it out.</summary>
    public IReadOnlyList<ExecutionState> States { get; init; } = [];

    /// <summary>Those that have not ended and of which a task tries again; beside states, those too.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Retrying { get; init; }

    /// <summary>These alone; null is any.</summary>
    public IReadOnlyList<Guid>? Ids { get; init; }

    /// <summary>The name of the schedule that started them.</summary>
    public string? Schedule { get; init; }

    /// <summary>The exact name of the job.</summary>
    public string? Job { get; init; }

    /// <summary>The exact queue.</summary>
    public string? Queue { get; init; }

    /// <summary>One of the tags.</summary>
    public string? Tag { get; init; }

    /// <summary>Part of the name or label, or the whole id.</summary>
    public string? Text { get; init; }

    /// <summary>Accepted at this instant or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Accepted before this instant.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>How far executions have to be for what is to be done to them.</summary>
public enum ExecutionStage
{
    /// <summary>They have not ended.</summary>
    Alive,

    /// <summary>They have ended, and not in success: also those that succeeded in part.</summary>
    EndedWithoutSuccess,
}

/// <summary>How many executions there are in each state, and how many of those that have not ended are trying again.</summary>
public sealed record ExecutionCounts(IReadOnlyDictionary<ExecutionState, int> States, int Retrying);

/// <summary>Reads executions for lists and pages.</summary>
public sealed class ExecutionReader(IDbContextFactory<SjeContext> contexts)
{
    /// <summary>
    /// Where counting stops, per state, so that a list over a long history stays quick: the index on (ended_as, id) gives this many
    /// in some ten milliseconds.
    /// </summary>
    public const int MaxCount = 100_000;

    /// <summary>Executions, newest first, those older than <paramref name="before"/>.</summary>
    public Task<IReadOnlyList<ExecutionSummary>> ListAsync(
        ExecutionFilter filter,
        Guid? before,
        int limit,
        CancellationToken stop
    ) =>
        ListAsync(
            filter,
            new ExecutionOrder(ExecutionSort.Accepted, Descending: true, default)
            {
                After = before is { } id ? new ExecutionPlace(id, "", 0) : null,
            },
            limit,
            stop
        );

    /// <summary>Executions in an order, from its place on.</summary>
    public async Task<IReadOnlyList<ExecutionSummary>> ListAsync(
        ExecutionFilter filter,
        ExecutionOrder order,
        int limit,
        CancellationToken stop
    )
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(order);
        await using var db = await contexts.CreateDbContextAsync(stop);
        return await Summaries(db, order.Apply(Filtered(db, filter)).Take(limit)).ToListAsync(stop);
    }

    /// <summary>How many there are in each state, up to <see cref="MaxCount"/> of each; the filter's states do not matter here.</summary>
    public async Task<ExecutionCounts> CountAsync(ExecutionFilter filter, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var where = new ExecutionCondition(filter with { States = [], Retrying = false });
        var ended = Enum.GetValues<ExecutionState>()
            .Where(state => state.IsFinal())
            .Select(state => state.ToSnake())
            .Select(name =>
                $"""
                    select '{name}', count(*)::int from (
                        select 1 from sje.executions e where {where} and e.ended_as = '{name}' order by e.id desc limit {MaxCount}) x
                    """
            );
        await using var db = await contexts.CreateDbContextAsync(stop);
        await using var command = new NpgsqlCommand(
            $"""
            select state, count(*)::int from (
                select e.state from sje.executions e where {where} and e.finished_at is null limit {MaxCount}) x group by state
            union all
            select 'retrying', count(*)::int from (
                select 1 from sje.executions e where {where} and {ExecutionCondition.IsRetrying} limit {MaxCount}) x
            union all
            {string.Join("\nunion all\n", ended)}
            """,
            (NpgsqlConnection)db.Database.GetDbConnection()
        );
        command.Parameters.AddRange(where.Parameters);
        await db.Database.OpenConnectionAsync(stop);
        var counts = Enum.GetValues<ExecutionState>().ToDictionary(state => state, _ => 0);
        var retrying = 0;
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            if (StateNames.TryParseSnake<ExecutionState>(row.GetString(0), out var state))
            {
                counts[state] = row.GetInt32(1);
            }
            else
            {
                retrying = row.GetInt32(1);
            }
        }

        return new ExecutionCounts(counts, retrying);
    }

    /// <summary>How many there are at a stage; of some that are named, those.</summary>
    public async Task<long> CountChangeableAsync(
        ExecutionFilter filter,
        ExecutionStage stage,
        IReadOnlyList<Guid>? ids,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = At(db, filter, stage);
        if (ids is not null)
        {
            rows = rows.Where(e => ids.Contains(e.Id));
        }

        return await rows.LongCountAsync(stop);
    }

    /// <summary>Ids of those at a stage in their order, those behind <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<Guid>> ListChangeableAsync(
        ExecutionFilter filter,
        ExecutionStage stage,
        Guid? after,
        int limit,
        CancellationToken stop
    )
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var rows = At(db, filter, stage);
        if (after is { } id)
        {
            rows = rows.Where(e => e.Id.CompareTo(id) > 0);
        }

        return await rows.OrderBy(e => e.Id).Select(e => e.Id).Take(limit).ToListAsync(stop);
    }

    private static IQueryable<ExecutionRow> At(SjeContext db, ExecutionFilter filter, ExecutionStage stage)
    {
        var rows = Filtered(db, filter);
        return stage == ExecutionStage.Alive
            ? rows.Where(e => e.FinishedAt == null)
            : rows.Where(e => e.EndedAs != null && e.EndedAs != ExecutionState.Succeeded);
    }

    /// <summary>One execution by its id.</summary>
    public async Task<ExecutionSummary?> FindAsync(Guid id, string? tenant, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        return await Summaries(db, Seen(db, tenant).Where(e => e.Id == id)).FirstOrDefaultAsync(stop);
    }

    /// <summary>The newest execution under a client's label.</summary>
    public async Task<ExecutionSummary?> FindByLabelAsync(string label, string? tenant, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        return await Summaries(db, Seen(db, tenant).Where(e => e.Label == label).OrderByDescending(e => e.Id).Take(1))
            .FirstOrDefaultAsync(stop);
    }

    /// <summary>What an execution runs.</summary>
    public async Task<ExecutionText?> FindTextAsync(Guid id, CancellationToken stop)
    {
        await using var db = await contexts.CreateDbContextAsync(stop);
        var row = await db
            .Executions.AsNoTracking()
            .Where(e => e.Id == id)
            .Select(e => new { e.Spec, e.Parameters })
            .FirstOrDefaultAsync(stop);
        return row is null
            ? null
            : new ExecutionText(JsonNode.Parse(row.Spec)!.AsObject(), JsonNode.Parse(row.Parameters)!.AsObject());
    }

    private static IQueryable<ExecutionRow> Seen(SjeContext db, string? tenant)
    {
        var rows = db.Executions.AsNoTracking();
        return tenant is null ? rows : rows.Where(e => e.Tenant == tenant);
    }

    // Composable: the columns are EF's to choose, and what follows becomes part of the one statement.
    private static IQueryable<ExecutionRow> Filtered(SjeContext db, ExecutionFilter filter)
    {
        var where = new ExecutionCondition(filter);
        var sql = $"select e.* from sje.executions e where {where}";
        return db.Executions.FromSqlRaw(sql, [.. where.Parameters]).AsNoTracking();
    }

    private static IQueryable<ExecutionSummary> Summaries(SjeContext db, IQueryable<ExecutionRow> rows) =>
        rows.Select(e => new ExecutionSummary(
            e.Id,
            e.JobId,
            e.JobVersion,
            e.Name,
            e.Label,
            e.JobType,
            e.Queue,
            e.Priority,
            e.Tenant,
            e.Tags,
            e.State,
            e.Trigger,
            db.ScheduleNames.Where(s => s.Id == e.ScheduleId).Select(s => s.Name).FirstOrDefault(),
            e.ScheduledFor,
            e.RerunOf,
            e.AcceptedBy,
            e.AcceptedAt,
            e.StartedAt,
            e.FinishedAt,
            e.CancelRequestedAt,
            e.CancelReason,
            e.TotalDeadlineAt,
            e.Version
        ));
}
